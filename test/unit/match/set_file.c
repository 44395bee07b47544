/* Sets as files: they say what the set said, and stand under what comes later. */
#include "set_file_world.h"

#include <sys/stat.h>

#include "match/strings.h"

/* All that a set knows, a line each, in the order of its answers about some values. */
static void
tell(const struct match_set *set, struct buf *to)
{
	own_arena struct arena a = {};
	struct match_answers answers = {};
	const struct found asked[] = {
		{.kind = OBS_DOMAIN, .value = SPAN("evil.org")},
		{.kind = OBS_DOMAIN, .value = SPAN("covers.org")},
		{.kind = OBS_IPV4, .addr = {{192, 0, 2, 7}, 32, false}},
		{.kind = OBS_IPV6, .addr = {{0x20, 1, 0x0d, 0xb8}, 128, true}},
		{.kind = OBS_SHA1, .value = SPAN("da39a3ee5e6b4b0d3255bfef95601890afd80709")},
	};
	buf_reset(to);
	for (size_t k = 0; k < sizeof asked / sizeof *asked; k++)
		match_set_probe(set, (struct span){}, &asked[k], CONTEXT_PLAIN, &a, &answers);
	for (size_t k = 0; k < answers.len; k++) {
		struct indicator i = match_set_get(set, answers.at[k].item, &a);
		buf_printf(to,
			"%s %.*s reach %d id %.*s name %.*s %.*s from %.*s %.*s %.*s %lld %lld "
			"%d\n",
			obs_word(i.about.kind), (int)i.about.value.len, i.about.value.ptr, i.reach,
			(int)i.id.len, i.id.ptr, (int)i.name.len, i.name.ptr, (int)i.pattern.len,
			i.pattern.ptr, (int)i.party.len, i.party.ptr, (int)i.memo.len, i.memo.ptr,
			(int)i.tlp.len, i.tlp.ptr, (long long)i.valid_from,
			(long long)i.valid_until, i.confidence);
	}
	buf_add_byte(to, 0);
	free(answers.at);
}

static void
what_indicators_say_of_themselves_comes_back(void **state)
{
	(void)state;
	own_buf struct buf heap = {}, mapped = {};
	own_match_set struct match_set *set = many_facts(), *other = mapped_of(set);
	tell(set, &heap);
	tell(other, &mapped);
	assert_string_equal(heap.ptr, mapped.ptr);
	assert_non_null(strstr(heap.ptr, "my own id"));
	assert_null(strstr(heap.ptr, "revoked soon"));
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		assert_int_equal(match_set_count_kind(set, k), match_set_count_kind(other, k));
	/* And once more, out of a set that stands on a file. */
	add(set, OBS_DOMAIN, "later.example", ID_C, "later");
	add(other, OBS_DOMAIN, "later.example", ID_C, "later");
	own_match_set struct match_set *joined = mapped_of(other);
	tell(set, &heap);
	tell(joined, &mapped);
	assert_string_equal(heap.ptr, mapped.ptr);
	assert_int_equal(match_set_count(joined), match_set_count(set));
}

static void
add_text(struct match_set *set, const struct string_about *about, const char *value, const char *id)
{
	struct indicator i = {.about = {OBS_TEXT, span_of(value)},
		.text = *about,
		.id = span_of(id),
		.name = SPAN("a text"),
		.pattern = SPAN("[process:name = 'whatever']"),
		.party = SPAN("CERT-C"),
		.memo = SPAN("memo 8"),
		.tlp = SPAN("green"),
		.valid_from = NOON - 5,
		.valid_until = TIME_NONE,
		.confidence = 42,
		.part = about->property == PROPERTY_URL};
	assert_rc(match_set_add_text(set, &i, NULL), RC_OK);
}

static void
list_texts(const struct match_set *set, struct buf *to)
{
	buf_reset(to);
	const struct strings *all = match_set_strings(set);
	for (uint32_t i = 0; all && i < strings_length(all); i++) {
		struct indicator t = match_set_get(set, STRING_ITEM | i, NULL);
		if (!t.revoked)
			buf_printf(to,
				"%d %d %d %.*s %.*s %.*s %.*s %.*s %.*s %.*s %lld %lld %d %d\n",
				t.text.property, t.text.form, t.text.fold, (int)t.about.value.len,
				t.about.value.ptr, (int)t.id.len, t.id.ptr, (int)t.name.len,
				t.name.ptr, (int)t.pattern.len, t.pattern.ptr, (int)t.party.len,
				t.party.ptr, (int)t.memo.len, t.memo.ptr, (int)t.tlp.len, t.tlp.ptr,
				(long long)t.valid_from, (long long)t.valid_until, t.confidence,
				t.part);
	}
	buf_add_byte(to, 0);
}

static void
texts_and_expressions_come_back_with_all_that_is_said_of_them(void **state)
{
	(void)state;
	own_buf struct buf before = {}, after = {};
	/* A set of texts alone is a set, too. */
	own_match_set struct match_set *set = match_set_new(5);
	for (int p = PROPERTY_NONE + 1; p < PROPERTIES; p++)
		for (int form = FORM_EQUAL; form <= FORM_MATCHES; form++) {
			struct string_about about = {
				(enum pattern_property)p, (enum pattern_form)form, p % 2};
			add_text(set, &about, form == FORM_LIKE ? "%evil_" : "ev[i]l.exe",
				p % 3 ? ID_A : "another id");
		}
	own_match_set struct match_set *mapped = mapped_of(set);
	assert_int_equal(match_set_unread(mapped), 0);
	assert_int_equal(match_set_count(mapped), match_set_count(set));
	assert_true(match_set_has_parts(mapped));
	list_texts(set, &before);
	list_texts(mapped, &after);
	assert_true(before.len > 1000);
	assert_string_equal(after.ptr, before.ptr);
	/* What was revoked stays behind, what came since goes along. */
	assert_true(match_set_revoke(mapped, SPAN(ID_A)) > 30);
	add_text(mapped, &(struct string_about){PROPERTY_FILE, FORM_EQUAL, false}, "new.exe", ID_B);
	add(mapped, OBS_DOMAIN, "evil.org", ID_C, "a name");
	own_match_set struct match_set *joined = mapped_of(mapped);
	list_texts(mapped, &before);
	list_texts(joined, &after);
	assert_string_equal(after.ptr, before.ptr);
	assert_int_equal(match_set_count(joined), match_set_count(mapped));
	match_set_reset(joined);
	assert_null(match_set_strings(joined));
}

static void
what_repeats_the_value_takes_no_room(void **state)
{
	(void)state;
	uint64_t bytes[2];
	for (unsigned twice = 0; twice < 2; twice++) {
		own_match_set struct match_set *set = match_set_new(9);
		own_set_file struct set_file *file = NULL;
		for (unsigned n = 0; n < 1000; n++) {
			char name[30], id[60], pattern[160];
			snprintf(name, sizeof name, "host%u.evil.org", n);
			snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000001", n);
			/* As lists are stored, or with a blank that says the same. */
			snprintf(pattern, sizeof pattern,
				"[domain-name:value = '%s' OR domain-name:value LIKE '%%.%s'%s]",
				name, name, twice ? " " : "");
			struct indicator i = {.about = {OBS_DOMAIN, span_of(name)},
				.reach = REACH_COVERING,
				.id = span_of(id),
				.pattern = span_of(pattern),
				.valid_from = TIME_NONE,
				.valid_until = TIME_NONE,
				.confidence = -1};
			assert_rc(match_set_add(set, &i), RC_OK);
		}
		assert_rc(set_file_write(set, path, (struct span){}, NOON, NULL), RC_OK);
		assert_rc(set_file_open(path, &file, NULL), RC_OK);
		bytes[twice] = set_file_facts(file).second;
	}
	assert_true(bytes[0] + 80 * 1000 < bytes[1]);
}

static void
what_comes_later_stands_on_the_file(void **state)
{
	(void)state;
	own_match_set struct match_set *set = many_facts(), *over = mapped_of(set);
	own_arena struct arena a = {};
	size_t count = match_set_count(over);
	struct indicator same = match_set_get(over, 0, &a);
	assert_rc(match_set_add(over, &same), RC_CONFLICT);
	same.confidence = 5;
	assert_rc(match_set_add(over, &same), RC_OK);
	assert_rc(match_set_add(over, &same), RC_CONFLICT);
	assert_int_equal(match_set_count(over), count + 1);
	/* Both of one id; of those beside it nothing. */
	assert_int_equal(match_set_revoke(over, SPAN(ID_A)), 2);
	assert_int_equal(match_set_revoke(over, SPAN(ID_A)), 0);
	assert_int_equal(match_set_revoke(over, SPAN("my own id")), 1);
	assert_int_equal(match_set_revoke(over, SPAN("nobody's id")), 0);
	assert_int_equal(match_set_count(over), count - 2);
	assert_int_equal(match_set_count_kind(over, OBS_URL), 0);
	assert_string_equal(hits_of(over, SPAN("http://evil.org/a"), NULL, "lines", &out),
		"1:7 url-host domain evil.org;1:7 url-host domain evil.org;"
		"1:7 url-host domain evil.org;");
	own_match_set struct match_set *joined = mapped_of(over);
	assert_int_equal(match_set_count(joined), count - 2);
	match_set_reset(over);
	assert_int_equal(match_set_count(over), 0);
	assert_string_equal(hits_of(over, SPAN("evil.org"), NULL, "lines", &out), "");
}

static void
many_of_each_are_found_and_no_other(void **state)
{
	(void)state;
	enum { MANY = 60000 };
	own_match_set struct match_set *set = match_set_new(3);
	own_arena struct arena a = {};
	struct match_answers answers = {};
	char value[80], id[80];
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(value, sizeof value, "host%u.zone%u.example", i * 2, i % 97);
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000000", i);
		add(set, OBS_DOMAIN, value, id, "many");
		snprintf(value, sizeof value, "%064x", i * 2);
		add(set, OBS_SHA256, value, id, "many");
	}
	own_match_set struct match_set *mapped = mapped_of(set);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		arena_reset(&a);
		snprintf(value, sizeof value, "%064x", i);
		struct found f = {.kind = OBS_SHA256, .value = span_of(value)};
		answers.len = 0;
		match_set_probe(mapped, (struct span){}, &f, CONTEXT_PLAIN, &a, &answers);
		assert_int_equal(answers.len, i % 2 == 0);
		if (i % 2)
			continue;
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000000", i / 2);
		struct indicator got = match_set_get(mapped, answers.at[0].item, &a);
		assert_true(span_eq(got.id, span_of(id)) && span_eq(got.about.value, f.value));
	}
	for (unsigned i = 0; i < MANY; i += 3) {
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-000000000000", i);
		assert_int_equal(match_set_revoke(mapped, span_of(id)), 2);
	}
	assert_int_equal(match_set_count(mapped), 2 * (MANY - MANY / 3));
	free(answers.at);
}

static void
the_fast_pass_takes_its_filters_from_the_file(void **state)
{
	(void)state;
	enum { LINES = 23 };
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *plain = sweep_new(set);
	own_mem char *room = mem_new(sizeof text + 2 * SWEEP_SLACK);
	struct span log = {room + SWEEP_SLACK, sizeof text - 1};
	struct sweep_result want, got;
	memcpy(room + SWEEP_SLACK, text, sizeof text);
	sweep_text(plain, log, &want);
	assert_true(want.places > 10);
	for (size_t lines = 0; lines <= LINES; lines++) {
		own_match_set struct match_set *over = parted_of(list, lines);
		own_sweep struct sweep *s = sweep_new(over);
		sweep_text(s, log, &got);
		assert_int_equal(got.places, want.places);
		for (size_t i = 0; i < want.places; i++)
			assert_int_equal(got.place[i].at, want.place[i].at);
	}
	/* Who adds nothing copies less of them. */
	own_match_set struct match_set *alone = parted_of(list, LINES),
				       *added = parted_of(list, LINES - 1);
	own_sweep struct sweep *borrows = sweep_new(alone), *copies = sweep_new(added);
	assert_true(sweep_bytes(borrows) + 1000 < sweep_bytes(copies));
	/* More than the file's filters can take: they are made anew, of both. */
	own_match_set struct match_set *over = parted_of(list, 9);
	own_sweep struct sweep *s = sweep_new(over);
	for (unsigned i = 0; i < 20000; i++) {
		char value[40];
		snprintf(value, sizeof value, "h%u.more.example", i);
		add(over, OBS_DOMAIN, value, "", "");
	}
	sweep_text(s, log, &got);
	assert_int_equal(got.places, want.places);
}

static void
who_has_the_old_one_goes_on_with_it(void **state)
{
	(void)state;
	struct diag why = {};
	struct set_file *file = NULL;
	own_match_set struct match_set *first = set_of("evil.org\n"),
				       *second = set_of("worse.org\n");
	assert_rc(set_file_write(first, path, (struct span){}, NOON, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	own_match_set struct match_set *old = match_set_over(&file);
	assert_rc(set_file_write(second, path, (struct span){}, NOON + 1, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	struct set_file_facts facts = set_file_facts(file);
	assert_true(facts.made == NOON + 1 && facts.indicators == 1 &&
		    facts.count[OBS_DOMAIN] == 1 && facts.first + facts.second == facts.bytes);
	own_match_set struct match_set *fresh = match_set_over(&file);
	struct span both = SPAN("evil.org worse.org");
	assert_string_equal(hits_of(old, both, NULL, "lines", &out), "1:0 exact domain evil.org;");
	assert_string_equal(
		hits_of(fresh, both, NULL, "lines", &out), "1:9 exact domain worse.org;");
	/* Nothing is left beside it, and nothing where it could not be written. */
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	assert_rc(set_file_write(second, path, (struct span){}, NOON, &why), RC_IO);
	assert_true(why.what[0] && strstr(why.where, path));
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void
what_the_writer_adds_lies_behind_all_else(void **state)
{
	(void)state;
	own_set_file struct set_file *file = NULL;
	own_match_set struct match_set *set = set_of("evil.org\n");
	struct diag why = {};
	assert_rc(set_file_write(set, path, SPAN("whatever it likes"), NOON, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	struct span annex = set_file_annex(file);
	assert_span(annex, "whatever it likes");
	assert_int_equal((uintptr_t)annex.ptr % 64, 0);
	assert_rc(set_file_verify(file, &why), RC_OK);
	own_buf struct buf bytes = bytes_of(path);
	bytes.ptr[annex.ptr - file->map] ^= 1;
	write_bytes(buf_span(&bytes));
	set_file_close(&file);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	assert_rc(set_file_verify(file, &why), RC_BAD);
}

static void
a_set_is_put_onto_another_file(void **state)
{
	(void)state;
	struct diag why = {};
	struct set_file *file = NULL;
	struct sweep_result found;
	char room[300] = {};
	const char both[] = "evil.org worse.org new.org";
	own_match_set struct match_set *first = set_of("evil.org\n"),
				       *set = set_of("worse.org\n10.0.0.0/8\n");
	own_sweep struct sweep *sweep = sweep_new(set);
	memcpy(room + SWEEP_SLACK, both, sizeof both);
	struct span logged = {room + SWEEP_SLACK, sizeof both - 1};
	assert_rc(set_file_write(first, path, (struct span){}, NOON, &why), RC_OK);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	match_set_rebase(set, &file);
	set_add(set, SPAN("new.org\n"));
	assert_int_equal(match_set_count(set), 2);
	assert_string_equal(hits_of(set, logged, NULL, "lines", &out),
		"1:0 exact domain evil.org;1:19 exact domain new.org;");
	/* The fast pass, which was made before, knows. */
	sweep_text(sweep, logged, &found);
	assert_int_equal(found.places, 2);
	match_set_reset(set);
	assert_int_equal(match_set_count(set), 0);
	assert_string_equal(hits_of(set, logged, NULL, "lines", &out), "");
}

static void
who_writes_says_how_far_he_is_and_stops_when_told(void **state)
{
	(void)state;
	struct diag why = {};
	struct set_work work = {};
	struct set_file *file = NULL;
	own_match_set struct match_set *set = match_set_new(1);
	match_set_watch(set, &work);
	set_add(set, SPAN("evil.org\nworse.org\n"));
	assert_int_equal(work.put, 2);
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_OK);
	own_buf struct buf before = bytes_of(path);
	assert_int_equal(work.written, before.len - SET_FILE_PAGE);
	assert_true(work.to_write > 0);
	assert_rc(set_file_open(path, &file, &why), RC_OK);
	match_set_rebase(set, &file);
	work.stop = true;
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_AGAIN);
	assert_non_null(strstr(why.what, "stopped"));
	match_set_reset(set);
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_AGAIN);
	own_buf struct buf after = bytes_of(path);
	assert_true(span_eq(buf_span(&before), buf_span(&after)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_indicators_say_of_themselves_comes_back),
		cmocka_unit_test(texts_and_expressions_come_back_with_all_that_is_said_of_them),
		cmocka_unit_test(what_repeats_the_value_takes_no_room),
		cmocka_unit_test(what_comes_later_stands_on_the_file),
		cmocka_unit_test(many_of_each_are_found_and_no_other),
		cmocka_unit_test(the_fast_pass_takes_its_filters_from_the_file),
		cmocka_unit_test(who_has_the_old_one_goes_on_with_it),
		cmocka_unit_test(what_the_writer_adds_lies_behind_all_else),
		cmocka_unit_test(a_set_is_put_onto_another_file),
		cmocka_unit_test(who_writes_says_how_far_he_is_and_stops_when_told),
	};
	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
