#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "match/lines.h"

/* "NUMBER@OFFSET=LENGTH" of each line, pieces with a "+". */
static const char *
all(struct span text, struct buf *out)
{
	own_stream struct stream *s = stream_new_span(text, NULL);
	own_lines struct lines l;
	struct line line;
	lines_init(&l, s, LINES_ALL);
	buf_reset(out);
	while (!lines_next(&l, &line, NULL)) {
		assert_memory_equal(line.text.ptr, text.ptr + line.offset, line.text.len);
		buf_printf(out, "%llu@%llu=%zu%s ", (unsigned long long)line.number,
			(unsigned long long)line.offset, line.text.len, line.piece ? "+" : "");
	}
	buf_add_byte(out, 0);
	return out->ptr;
}

static void
lines_have_numbers_and_places(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	assert_string_equal(all(SPAN("ab\ncd\r\n\ne"), &b), "1@0=2 2@3=2 3@7=0 4@8=1 ");
	assert_string_equal(all(SPAN(""), &b), "");
	assert_string_equal(all(SPAN("\n"), &b), "1@0=0 ");
	assert_string_equal(all(SPAN("x"), &b), "1@0=1 ");
}

static void
a_line_without_end_comes_in_pieces_cut_between_words(void **state)
{
	(void)state;
	size_t size = 3 * LINE_LONGEST;
	char *text = malloc(size);
	for (size_t i = 0; i < size; i++)
		text[i] = i % 100 == 99 ? ' ' : 'a';
	text[size - 1] = '\n';
	own_stream struct stream *s = stream_new_span((struct span){text, size}, NULL);
	own_lines struct lines l;
	struct line line;
	uint64_t total = 0;
	size_t pieces = 0;
	lines_init(&l, s, LINES_ALL);
	while (!lines_next(&l, &line, NULL)) {
		assert_int_equal(line.number, 1);
		assert_int_equal(line.offset, total);
		assert_true(line.text.len <= LINE_LONGEST + (256 << 10));
		total += line.text.len;
		/* A piece that is not the last ends behind a blank. */
		if (total < size - 1)
			assert_int_equal(line.text.ptr[line.text.len - 1], ' ');
		pieces++;
	}
	assert_int_equal(total, size - 1);
	assert_true(pieces >= 3);
	free(text);
}

static void
a_word_without_end_is_passed_over_and_what_follows_is_not(void **state)
{
	(void)state;
	own_buf struct buf text = {};
	size_t size = 5 * LINE_LONGEST;
	memset(buf_room(&text, size), 'a', size);
	text.len = size;
	buf_add(&text, SPAN(" evil.example\nnext\n"));
	own_stream struct stream *s = stream_new_span(buf_span(&text), NULL);
	own_lines struct lines l;
	struct line line;
	lines_init(&l, s, LINES_ALL);
	assert_rc(lines_next(&l, &line, NULL), RC_OK);
	assert_span(line.text, " evil.example");
	assert_int_equal(line.number, 1);
	assert_int_equal(line.offset, size);
	assert_true(line.piece);
	assert_rc(lines_next(&l, &line, NULL), RC_OK);
	assert_span(line.text, "next");
	assert_int_equal(line.number, 2);
	assert_false(line.piece);
	assert_rc(lines_next(&l, &line, NULL), RC_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_numbers_and_places),
		cmocka_unit_test(a_line_without_end_comes_in_pieces_cut_between_words),
		cmocka_unit_test(a_word_without_end_is_passed_over_and_what_follows_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
