/* Files that are no set, or a damaged one: refused with what to do, and harming nobody whatever they hold. */
#include "set_file_world.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/rng.h"

static struct buf
a_file(void)
{
	struct diag why = {};
	own_match_set struct match_set *set = many_facts();
	set_add(set, span_of(list));
	assert_rc(set_file_write(set, path, (struct span){}, NOON, &why), RC_OK);
	return bytes_of(path);
}

static enum rc
open_it(struct diag *why)
{
	own_set_file struct set_file *file = NULL;
	*why = (struct diag){};
	return set_file_open(path, &file, why);
}

static void
another_format_is_refused_with_what_to_do(void **state)
{
	(void)state;
	struct diag why;
	own_buf struct buf file = a_file();
	struct file_head *head = (void *)file.ptr;
	head->version = SET_FILE_VERSION + 1;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_NEWER);
	assert_non_null(strstr(why.what, "newer"));
	assert_non_null(strstr(why.todo, "set build"));
	head->version = 0;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_CONFLICT);
	assert_non_null(strstr(why.what, "older"));
	head->version = SET_FILE_VERSION;
	head->kinds++;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_CONFLICT);
	assert_non_null(strstr(why.what, "kinds"));
	head->kinds--;
	head->order = 0x04030201;
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_CONFLICT);
	assert_non_null(strstr(why.todo, "set build"));
}

static void
a_damaged_first_page_is_refused_at_opening(void **state)
{
	(void)state;
	struct diag why;
	own_buf struct buf file = a_file();
	for (size_t i = 0; i < SET_FILE_PAGE; i += i < sizeof(struct file_head) ? 1 : 97) {
		file.ptr[i] ^= 0x10;
		write_bytes(buf_span(&file));
		enum rc code = open_it(&why);
		assert_true(code == RC_BAD || code == RC_NEWER || code == RC_CONFLICT);
		assert_true(why.what[0] && why.todo[0] && strstr(why.where, path));
		file.ptr[i] ^= 0x10;
	}
	for (size_t len = 0; len < file.len; len += 1 + file.len / 50) {
		write_bytes(span_sub(buf_span(&file), 0, len));
		assert_rc(open_it(&why), RC_BAD);
	}
	buf_add_byte(&file, 0);
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_BAD);
	write_bytes(SPAN("evil.org\n"));
	assert_rc(open_it(&why), RC_BAD);
	assert_non_null(strstr(why.what, "no compiled set"));
	unlink(path);
	assert_rc(open_it(&why), RC_NONE);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_rc(open_it(&why), RC_BAD);
	rmdir(path);
}

/* Sections that claim other places, with a check that says they are right. */
static void
no_section_reaches_outside_the_file(void **state)
{
	(void)state;
	struct diag why;
	own_buf struct buf file = a_file();
	struct file_head *head = (void *)file.ptr;
	const uint64_t odd[] = {0, 1, 7, 8, 64, SET_FILE_PAGE, file.len - 64, file.len,
		file.len + 64, UINT32_MAX, UINT64_MAX - 63, UINT64_MAX};
	unsigned refused = 0, taken = 0;
	for (enum section k = 0; k < SECTIONS; k++) {
		for (size_t i = 0; i < 2 * sizeof odd / sizeof *odd; i++) {
			struct file_section keep = head->section[k];
			*(i % 2 ? &head->section[k].offset : &head->section[k].len) = odd[i / 2];
			head->check = set_file_check(file.ptr);
			write_bytes(buf_span(&file));
			if (open_it(&why)) {
				refused++;
			} else {
				const struct file_section *s = &head->section[k];
				assert_true(
					s->offset <= file.len && s->len <= file.len - s->offset);
				taken++;
			}
			head->section[k] = keep;
		}
	}
	/* Shorter ones are sections too. */
	assert_true(refused > taken && taken > 0);
	head->check = set_file_check(file.ptr);
	write_bytes(buf_span(&file));
	assert_rc(open_it(&why), RC_OK);
}

/* Asks all there is to ask of a file in memory. */
static void
use(struct span bytes, bool *is_sound)
{
	struct set_file *file = NULL;
	own_arena struct arena a = {};
	if (set_file_of(bytes, &file, NULL))
		return;
	*is_sound = !set_file_verify(file, NULL);
	set_file_facts(file);
	own_match_set struct match_set *set = match_set_over(&file);
	hits_of(set, span_of(text), NULL, "lines", &out);
	for (uint32_t i = 0; i < 40; i++)
		match_set_get(set, i < set->base_items ? i : 0, &a);
	match_set_revoke(set, SPAN(ID_A));
	match_set_revoke(set, SPAN("my own id"));
	set_add(set, SPAN("192.0.2.1\nlater.example\nevil.org\n"));
	own_sweep struct sweep *s = sweep_new(set);
	struct sweep_result r;
	own_mem char *room = mem_new(sizeof text + 2 * SWEEP_SLACK);
	memcpy(room + SWEEP_SLACK, text, sizeof text);
	sweep_text(s, (struct span){room + SWEEP_SLACK, sizeof text - 1}, &r);
}

static void
whatever_the_bodies_hold_harms_nobody_and_verify_tells(void **state)
{
	(void)state;
	own_buf struct buf file = a_file();
	own_mem char *copy = aligned_alloc(SET_FILE_ALIGN, (file.len + 63) / 64 * 64);
	const struct file_head *head = (const void *)file.ptr;
	const uint32_t odd[] = {0, 1, 0x7fffffff, UINT32_MAX, 0xff, 0x01010101};
	uint64_t seed = 5;
	struct rng rng = rng_seeded(&seed);
	bool is_sound = false;
	memcpy(copy, file.ptr, file.len);
	use((struct span){copy, file.len}, &is_sound);
	assert_true(is_sound);
	for (enum section k = 0; k < SECTIONS; k++) {
		const struct file_section *s = &head->section[k];
		size_t step = s->len > 4096 ? s->len / 64 / 4 * 4 : 4;
		for (size_t at = 0; at + 4 <= s->len; at += step)
			for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
				if (memcmp(copy + s->offset + at, &odd[i], 4) == 0)
					continue;
				memcpy(copy + s->offset + at, &odd[i], 4);
				use((struct span){copy, file.len}, &is_sound);
				assert_false(is_sound);
				memcpy(copy + s->offset + at, file.ptr + s->offset + at, 4);
			}
		/* And a whole section of chance. */
		rng_fill(rng, copy + s->offset, s->len);
		use((struct span){copy, file.len}, &is_sound);
		memcpy(copy + s->offset, file.ptr + s->offset, s->len);
	}
}

/* Of 256 GiB there are two pages on the disk; who read them would not end before this test is ended. */
static void
opening_reads_the_first_page_alone(void **state)
{
	(void)state;
	struct diag why = {};
	own_set_file struct set_file *opened = NULL;
	own_buf struct buf file = a_file();
	struct file_head *head = (void *)file.ptr;
	const size_t huge = (size_t)1 << 38;
	uint64_t items = head->section[SECTION_ITEMS].len / sizeof(struct file_item);
	assert_true(items > 10);
	head->section[SECTION_ANNEX].len = huge;
	head->size = head->section[SECTION_ANNEX].offset + head->section[SECTION_ANNEX].len;
	head->check = set_file_check(file.ptr);
	write_bytes((struct span){file.ptr, SET_FILE_PAGE});
	assert_int_equal(truncate(path, (off_t)head->size), 0);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *room = mmap(NULL, head->size, PROT_READ, MAP_SHARED, fd, 0);
	if (room == MAP_FAILED) /* an emulator, or a limit */
		skip();
	munmap(room, head->size);
	assert_rc(set_file_open(path, &opened, &why), RC_OK);
	struct set_file_facts facts = set_file_facts(opened);
	assert_true(facts.annex == huge && facts.indicators > 10);
	own_match_set struct match_set *set = match_set_over(&opened);
	assert_int_equal(match_set_count(set), facts.indicators);
	assert_string_equal(hits_of(set, SPAN("evil.org"), NULL, "lines", &out), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_format_is_refused_with_what_to_do),
		cmocka_unit_test(a_damaged_first_page_is_refused_at_opening),
		cmocka_unit_test(no_section_reaches_outside_the_file),
		cmocka_unit_test(whatever_the_bodies_hold_harms_nobody_and_verify_tells),
		cmocka_unit_test(opening_reads_the_first_page_alone),
	};
	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
