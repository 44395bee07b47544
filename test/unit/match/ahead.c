/* What several threads read ahead is what one reads, whatever the files are and become meanwhile. */
#include "../seed.h"
#include "../test.h"

#include <fcntl.h>

#include "base/hash.h"
#include "base/own.h"
#include "match/ahead.h"
#include "match/sweep.h"
#include "world.h"

enum { BLOCK = LINES_FIRST, FILES = 40 };

/* The files of one crew, without names. */
static struct {
	struct buf text;
	int fd;
	struct stream *stream;
} files[FILES];

static struct stream *
open_file(void *ctx, size_t file)
{
	(void)ctx;
	return file % 16 == 7 ? NULL : files[file].stream;
}

static void
make_file(size_t i)
{
	char path[] = "/tmp/tocsin-ahead-XXXXXX";
	struct buf *text = &files[i].text;
	files[i].fd = mkstemp(path);
	assert_true(files[i].fd >= 0);
	unlink(path);
	assert_int_equal(write(files[i].fd, text->ptr, text->len), text->len);
	assert_int_equal(lseek(files[i].fd, 0, SEEK_SET), 0);
	/* Of a file blocks are read wherever they lie, of other bytes one after the other, as of what is packed. */
	files[i].stream = i % 3 == 1 ? stream_new_span(buf_span(text), NULL)
				     : stream_new_fd(files[i].fd, NULL);
}

static void
drop_file(size_t i)
{
	stream_free(&files[i].stream);
	close(files[i].fd);
	buf_fini(&files[i].text);
}

/* Lines of all lengths, some as long as a block or longer than is read whole; the last may lack its end. */
static void
add_lines(struct rng rng, struct buf *out, size_t want)
{
	static const char *const words[] = {
		"evil.example ", "a ", "10.0.0.1", ",", "quiet.example\t"};
	size_t most = out->len + want;
	while (out->len < most) {
		size_t length = chance(rng, 60);
		if (chance(rng, 4000) == 0)
			length = BLOCK / 2 + chance(rng, 5 * BLOCK);
		const char *word = chance(rng, 40) ? words[1 + chance(rng, 4)] : words[0];
		size_t begin = out->len;
		while (out->len - begin < length)
			buf_add(out, span_of(word));
		buf_add(out, chance(rng, 10) ? SPAN("\n") : SPAN("\r\n"));
	}
	if (out->len && chance(rng, 2))
		out->len--;
}

static void
make_files(struct rng rng)
{
	static const size_t sizes[] = {0, 1, 50, 5000, BLOCK - 1, BLOCK, BLOCK + 1, 6 * BLOCK};
	for (size_t i = 0; i < FILES; i++) {
		files[i].text = (struct buf){};
		add_lines(rng, &files[i].text, sizes[chance(rng, 8)]);
		make_file(i);
	}
}

static void
tell_line(struct buf *out, const struct line *l)
{
	buf_printf(out, "%llu@%llu=%zu%s %llx\n", (unsigned long long)l->number,
		(unsigned long long)l->offset, l->text.len, l->piece ? "+" : "",
		(unsigned long long)hash64(l->text, 1));
}

static void
tell_lines(struct lines *l, struct buf *out)
{
	struct line line;
	buf_reset(out);
	while (!lines_next(l, &line, NULL))
		tell_line(out, &line);
	buf_add_byte(out, 0);
}

static void
begin_crew(struct crew *c, const char *reader)
{
	struct crew_files all = {FILES, open_file, NULL, reader_find(span_of(reader)), 10};
	crew_add_files(c, &all);
}

static void
all_lines_come_in_the_files_order(void **state)
{
	uint64_t seed = 3;
	struct rng rng = rng_seeded(&seed);
	(void)state;
	for (unsigned turn = 0; turn < 4; turn++) {
		make_files(rng);
		own_crew struct crew *c = crew_new(NULL, turn % 4);
		begin_crew(c, "lines");
		for (size_t i = 0; i < FILES; i++) {
			own_buf struct buf one = {}, many = {};
			own_stream struct stream *s =
				stream_new_span(buf_span(&files[i].text), NULL);
			own_lines struct lines plain, swift;
			lines_init(&plain, s, LINES_ALL);
			lines_init(&swift, files[i].stream, LINES_ALL);
			struct ahead *a = crew_take(c);
			assert_int_equal(a == NULL, i % 16 == 7);
			if (a)
				lines_ahead(&swift, a);
			tell_lines(&plain, &one);
			tell_lines(&swift, &many);
			assert_string_equal(one.ptr, many.ptr);
			lines_fini(&swift);
			drop_file(i);
		}
	}
}

/* Each line where it says it is, none with the name left out, all counted. */
static void
check_likely(const struct buf *text, struct reading *r)
{
	struct record record;
	enum rc code;
	uint64_t given = 0, names = 0, pieces = 0;
	size_t at = 0;
	uint64_t number = 1;
	while (!(code = reading_next(r, &record, NULL)) || code == RC_AGAIN) {
		if (code)
			continue;
		for (; at < record.offset; at++)
			number += text->ptr[at] == '\n';
		assert_int_equal(record.line, number);
		assert_memory_equal(text->ptr + record.offset, record.text.ptr, record.text.len);
		pieces += record.text.len >= LINE_LONGEST / 2;
		names += span_find(record.text, SPAN("evil.example")) != SIZE_MAX;
		given++;
	}
	assert_rc(code, RC_NONE);
	uint64_t total = 0, with = 0;
	struct span rest = buf_span(text), line;
	while (rest.len && span_cut(&rest, '\n', &line)) {
		total++;
		with += span_find(line, SPAN("evil.example")) != SIZE_MAX;
		if (line.len >= LINE_LONGEST - 1)
			pieces++;
	}
	if (pieces == 0) {
		assert_int_equal(given + reading_passed(r), total);
		assert_int_equal(names, with);
	}
	assert_true(names >= with);
}

static void
likely_lines_are_where_they_say_and_the_others_counted(void **state)
{
	uint64_t seed = 4;
	struct rng rng = rng_seeded(&seed);
	(void)state;
	own_match_set struct match_set *set = set_of("evil.example\n");
	own_sweep struct sweep *like = sweep_new(set);
	for (unsigned turn = 0; turn < 4; turn++) {
		make_files(rng);
		own_crew struct crew *c = crew_new(like, turn % 4);
		const char *reader = turn % 3 ? "lines" : "zeek";
		begin_crew(c, reader);
		for (size_t i = 0; i < FILES; i++) {
			own_reading struct reading r;
			struct ahead *a = crew_take(c);
			reading_init(
				&r, files[i].stream, reader_find(span_of(reader)), LINES_ALL, NOON);
			reading_ahead(&r, like, c, a);
			check_likely(&files[i].text, &r);
			reading_fini(&r);
			drop_file(i);
		}
	}
}

enum change { GROWS, SHRINKS, IS_CUT_TO_NOTHING, IS_WRITTEN_ANEW, CHANGES };

/* After `when` lines were read of it. */
static void
change_file(size_t i, enum change how, struct rng rng)
{
	struct buf *text = &files[i].text;
	size_t old = text->len;
	if (how == GROWS) {
		add_lines(rng, text, BLOCK + chance(rng, BLOCK));
		assert_int_equal(pwrite(files[i].fd, text->ptr + old, text->len - old, (off_t)old),
			text->len - old);
	} else if (how == IS_WRITTEN_ANEW) {
		text->len = 0;
		add_lines(rng, text, old);
		assert_int_equal(pwrite(files[i].fd, text->ptr, text->len, 0), text->len);
	} else {
		text->len = how == SHRINKS ? chance(rng, (uint32_t)old) : 0;
		assert_int_equal(ftruncate(files[i].fd, (off_t)text->len), 0);
	}
}

static void
a_file_may_change_while_it_is_read(void **state)
{
	uint64_t seed = 5;
	struct rng rng = rng_seeded(&seed);
	(void)state;
	for (unsigned turn = 0; turn < 20; turn++) {
		enum change how = turn % CHANGES;
		for (size_t i = 0; i < FILES; i++)
			files[i].text = (struct buf){};
		add_lines(rng, &files[0].text, 20 * BLOCK);
		own_buf struct buf was = {};
		buf_add(&was, buf_span(&files[0].text));
		make_file(0);
		own_crew struct crew *c = crew_new(NULL, turn / 4 % 4);
		struct crew_files all = {1, open_file, NULL, reader_find(SPAN("lines")), 1};
		crew_add_files(c, &all);
		own_lines struct lines l;
		lines_init(&l, files[0].stream, LINES_ALL);
		lines_ahead(&l, crew_take(c));
		struct line line;
		uint64_t count = 0, end = 0, when = chance(rng, 60000);
		while (!lines_next(&l, &line, NULL)) {
			/* Nothing twice and, but for words that are too long, nothing left out. */
			assert_true(line.offset >= end);
			end = line.offset + line.text.len;
			if (count++ == when)
				change_file(0, how, rng);
			else if (how == GROWS)
				assert_memory_equal(files[0].text.ptr + line.offset, line.text.ptr,
					line.text.len);
			else if (how != IS_WRITTEN_ANEW)
				assert_memory_equal(
					was.ptr + line.offset, line.text.ptr, line.text.len);
		}
		if (how == GROWS && count > when)
			assert_true(end + 2 >= files[0].text.len);
		lines_fini(&l);
		drop_file(0);
	}
}

/* A crew ends in whatever its threads do: nothing is waited for but what they have in hand. */
static void
it_may_be_left_at_any_time(void **state)
{
	uint64_t seed = 6;
	struct rng rng = rng_seeded(&seed);
	(void)state;
	for (unsigned turn = 0; turn < 24; turn++) {
		make_files(rng);
		struct crew *c = crew_new(NULL, turn % 4);
		begin_crew(c, "lines");
		for (size_t i = 0; i < turn % FILES; i++) {
			struct line line;
			own_lines struct lines l;
			struct ahead *a = crew_take(c);
			lines_init(&l, files[i].stream, LINES_ALL);
			if (a)
				lines_ahead(&l, a);
			for (uint32_t n = chance(rng, 3); n && !lines_next(&l, &line, NULL); n--)
				assert_true(line.number > 0);
		}
		crew_free(&c);
		for (size_t i = 0; i < FILES; i++)
			drop_file(i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_lines_come_in_the_files_order),
		cmocka_unit_test(likely_lines_are_where_they_say_and_the_others_counted),
		cmocka_unit_test(a_file_may_change_while_it_is_read),
		cmocka_unit_test(it_may_be_left_at_any_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
