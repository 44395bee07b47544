/* A compiled set that is out of date, damaged or another's: it is told and not used, and harms nobody. */
#include "armed_world.h"

/* Whether a set knows a host, begun now. */
static bool
finds(const struct fixture *f, const char *name, bool *over)
{
	own_arena struct arena mem = {};
	struct match_answers answers = {};
	struct armed *a = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(3);
	struct found found = {.kind = OBS_DOMAIN, .value = span_of(name)};
	refresh(a, set);
	*over = match_set_is_over(set);
	match_set_probe(set, (struct span){}, &found, CONTEXT_PLAIN, &mem, &answers);
	free(answers.at);
	match_set_free(&set);
	armed_free(a);
	return answers.len == 1;
}

static void
change_byte(const struct fixture *f, off_t at, uint8_t with)
{
	uint8_t byte;
	own_fd int fd = open(f->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= with;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static off_t
annex_place(const struct fixture *f)
{
	own_set_file struct set_file *file = NULL;
	assert_rc(set_file_open(f->path, &file, NULL), RC_OK);
	return set_file_annex(file).ptr - set_file_bytes_mapped(file).ptr;
}

static void
what_is_out_of_date_is_not_used(void **state)
{
	struct fixture *f = *state;
	bool over;
	put_many(f, 0, 50);
	compile(f, false);
	assert_true(finds(f, "h7.example", &over) && over);
	off_t annex = annex_place(f);
	static const struct {
		size_t at;
		uint8_t with;
		const char *why;
	} table[] = {
		{offsetof(struct armed_head, recipe), 1, "another build"},
		{offsetof(struct armed_head, vault), 1, "another database"},
		{offsetof(struct armed_head, epoch), 1, "users or grants"},
		{offsetof(struct armed_head, stamp) + 7, 0x10, "older"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		off_t at = annex + (off_t)table[i].at;
		change_byte(f, at, table[i].with);
		struct compile_state state_now = look(f);
		assert_rc(state_now.usable, RC_CONFLICT);
		assert_non_null(strstr(state_now.fault.what, table[i].why));
		assert_non_null(strstr(state_now.fault.todo, "set build"));
		assert_true(finds(f, "h7.example", &over) && !over);
		change_byte(f, at, table[i].with);
	}
	assert_true(finds(f, "h7.example", &over) && over);
	/* Users changed; then a file of now again. */
	change_users(f);
	assert_rc(look(f).usable, RC_CONFLICT);
	assert_true(finds(f, "h7.example", &over) && !over);
	compile(f, false);
	assert_true(finds(f, "h7.example", &over) && over);
}

static void
after_a_restore_the_file_is_of_another_time(void **state)
{
	struct fixture *f = *state;
	bool over;
	char backup[100];
	own_arena struct arena a = {};
	struct armed *live = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(1);
	snprintf(backup, sizeof backup, "%s-backup", f->dir);
	put_many(f, 0, 50);
	assert_rc(store_backup(f->n.store, backup, NULL), RC_OK);
	put_many(f, 50, 50);
	compile(f, false);
	refresh(live, set);
	assert_true(match_set_is_over(set) && match_set_count(set) == 100);
	close_node(f);
	assert_rc(store_restore(layout_path(&a, f->dir, LAYOUT_STORE), backup, node_schemas, NULL),
		RC_OK);
	open_node(f);
	assert_rc(look(f).usable, RC_CONFLICT);
	assert_true(!finds(f, "h70.example", &over) && !over);
	assert_true(finds(f, "h7.example", &over));
	refresh(live, set);
	assert_int_equal(match_set_count(set), 50);
	assert_false(match_set_is_over(set));
	unlink(backup);
	match_set_free(&set);
	armed_free(live);
}

static bool
is_told(const struct fixture *f, const char *what)
{
	struct diag why = {};
	struct armed *a = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(3);
	refresh(a, set);
	bool told = armed_ignored(a, &why);
	if (told && (!strstr(why.what, what) || !strstr(why.where, LAYOUT_ARMED) ||
			    !strstr(why.todo, "set build")))
		fail_msg("%s: %s (%s)", why.where, why.what, why.todo);
	assert_false(armed_ignored(a, &why));
	assert_int_equal(match_set_count(set), 50);
	refresh(a, set);
	assert_false(armed_ignored(a, &why));
	match_set_free(&set);
	armed_free(a);
	return told;
}

static void
what_is_damaged_or_anothers_is_told_and_not_used(void **state)
{
	struct fixture *f = *state;
	char folder[80];
	bool over;
	put_many(f, 0, 50);
	assert_false(is_told(f, ""));
	compile(f, false);
	assert_false(is_told(f, ""));
	off_t annex = annex_place(f);
	change_byte(f, 300, 1);
	assert_true(is_told(f, "damaged"));
	assert_rc(look(f).usable, RC_BAD);
	change_byte(f, 300, 1);
	change_byte(f, annex, 1);
	assert_true(is_told(f, "does not say what the node held"));
	change_byte(f, annex, 1);
	/* How many objects there are, in the packed versions' head. */
	change_byte(f, annex + (off_t)sizeof(struct armed_head) + 8, 1);
	assert_true(is_told(f, "another length"));
	change_byte(f, annex + (off_t)sizeof(struct armed_head) + 8, 1);
	/* Whoever may write there could cut it while it is mapped. */
	assert_int_equal(chmod(f->path, 0660), 0);
	assert_true(is_told(f, "others than its owner"));
	assert_int_equal(chmod(f->path, 0600), 0);
	snprintf(folder, sizeof folder, "%s/" LAYOUT_SET, f->dir);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_true(is_told(f, "others than its owner"));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_false(is_told(f, ""));
	assert_true(finds(f, "h7.example", &over) && over);
	/* A link, to a good file even. */
	char other[100];
	snprintf(other, sizeof other, "%s-other", f->dir);
	assert_int_equal(rename(f->path, other), 0);
	assert_int_equal(symlink(other, f->path), 0);
	assert_true(is_told(f, "no regular file"));
	unlink(f->path);
	unlink(other);
	assert_false(is_told(f, ""));
}

static void
whatever_the_versions_hold_harms_nobody_and_verify_tells(void **state)
{
	struct fixture *f = *state;
	struct diag why = {};
	own_buf struct buf good = {};
	for (unsigned i = 0; i < 60; i++)
		put(f, i % COLLECTIONS, i % OBJECTS, i % VERSIONS, i * 7, false);
	compile(f, false);
	own_set_file struct set_file *file = NULL;
	assert_rc(set_file_open(f->path, &file, NULL), RC_OK);
	assert_rc(armed_file_verify(f->dir, file, &why), RC_OK);
	size_t annex = (size_t)annex_place(f);
	buf_add(&good, set_file_bytes_mapped(file));
	srandom(5);
	for (unsigned round = 0; round < 150; round++) {
		own_buf struct buf bad = {}, described = {};
		buf_add(&bad, buf_span(&good));
		size_t from = annex + sizeof(struct armed_head);
		for (unsigned i = 0; i <= round % 9; i++)
			bad.ptr[from + (size_t)random() % (bad.len - from)] = (char)random();
		/* In its place by rename, as nobody but the owner could. */
		unlink(f->path);
		own_fd int fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, bad.ptr, bad.len), (ssize_t)bad.len);
		struct armed *a = open_armed(f, false);
		own_match_set struct match_set *set = match_set_new(3);
		put(f, round % COLLECTIONS, round % OBJECTS, (round + 1) % VERSIONS, round, false);
		take_away(f, round % COLLECTIONS, (round + 3) % OBJECTS, NULL);
		refresh(a, set);
		describe(set, a, &described);
		match_set_free(&set);
		armed_free(a);
	}
	/* And what is compiled from a damaged one is not damaged. */
	compile(f, false);
	own_buf struct buf want = {}, got = {};
	describe_fresh(f, true, &want);
	describe_fresh(f, false, &got);
	compare(&want, &got, "what was compiled", 0);
}

static void
a_damaged_body_does_not_live_on_in_what_is_compiled_from_it(void **state)
{
	struct fixture *f = *state;
	bool over;
	put_many(f, 0, 400);
	compile(f, false);
	/* In texts: names that nobody put. */
	for (off_t at = 4096; at < 4096 + 2000; at += 40)
		change_byte(f, at, 1);
	unsigned found = 0;
	for (unsigned i = 0; i < 100; i++) {
		char name[30];
		snprintf(name, sizeof name, "h%u.example", i);
		found += finds(f, name, &over) && over;
	}
	assert_true(found < 100);
	put_many(f, 400, 1);
	compile(f, false);
	for (unsigned i = 0; i < 100; i++) {
		char name[30];
		snprintf(name, sizeof name, "h%u.example", i);
		assert_true(finds(f, name, &over) && over);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
		TEST(what_is_out_of_date_is_not_used),
		TEST(after_a_restore_the_file_is_of_another_time),
		TEST(what_is_damaged_or_anothers_is_told_and_not_used),
		TEST(whatever_the_versions_hold_harms_nobody_and_verify_tells),
		TEST(a_damaged_body_does_not_live_on_in_what_is_compiled_from_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
