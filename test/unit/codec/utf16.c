#include "../test.h"

#include "codec/utf16.h"

static void
check(enum utf16 order, struct span text, struct span utf8, size_t taken)
{
	own_buf struct buf out = {};
	assert_int_equal(utf16_read(order, text, &out), taken);
	assert_int_equal(out.len, utf8.len);
	assert_memory_equal(out.ptr, utf8.ptr, utf8.len);
	assert_int_equal(utf16_bytes(buf_span(&out)), taken);
}

static void
both_byte_orders_become_utf8(void **state)
{
	(void)state;
	check(UTF16_LITTLE,
		SPAN("\xff\xfe"
		     "a\0\xfc\0\xac\x20"),
		SPAN("\xef\xbb\xbf"
		     "a\xc3\xbc\xe2\x82\xac"),
		8);
	check(UTF16_BIG, SPAN("\xfe\xff\0a"),
		SPAN("\xef\xbb\xbf"
		     "a"),
		4);
	check(UTF16_LITTLE, SPAN("\x3d\xd8\x00\xde"), SPAN("\xf0\x9f\x98\x80"), 4);
	check(UTF16_LITTLE, SPAN("\0\0"), SPAN("\0"), 2);
}

static void
what_is_unfinished_stays_and_what_is_broken_is_replaced(void **state)
{
	(void)state;
	check(UTF16_LITTLE, SPAN("a\0b"), SPAN("a"), 2);
	check(UTF16_LITTLE, SPAN("a\0\x3d\xd8"), SPAN("a"), 2);
	check(UTF16_LITTLE, SPAN("a\0\x3d\xd8\0"), SPAN("a"), 2);
	check(UTF16_LITTLE,
		SPAN("\x3d\xd8"
		     "a\0"),
		SPAN("\xef\xbf\xbd"
		     "a"),
		4);
	check(UTF16_LITTLE,
		SPAN("\x00\xde"
		     "a\0"),
		SPAN("\xef\xbf\xbd"
		     "a"),
		4);
}

static void
the_mark_tells_the_order(void **state)
{
	(void)state;
	assert_int_equal(utf16_by_start(SPAN("\xff\xfe"
					     "a\0")),
		UTF16_LITTLE);
	assert_int_equal(utf16_by_start(SPAN("\xfe\xff\0a")), UTF16_BIG);
	assert_int_equal(utf16_by_start(SPAN("\xff\xfe\0\0a")), UTF16_NONE);
	assert_int_equal(utf16_by_start(SPAN("\xef\xbb\xbf"
					     "a")),
		UTF16_NONE);
	assert_int_equal(utf16_by_start(SPAN("")), UTF16_NONE);
}

static void
without_a_mark_zeros_beside_letters_do(void **state)
{
	(void)state;
	assert_int_equal(utf16_by_start(SPAN("a\0b\0")), UTF16_LITTLE);
	assert_int_equal(utf16_by_start(SPAN("\0a\0b\0")), UTF16_BIG);
	assert_int_equal(utf16_by_start(SPAN("{\0\r\0\n\0\t\0~\0")), UTF16_LITTLE);
	static const struct span none[] = {SPAN("a\0"), SPAN("a\0b"), SPAN("ab\0\0"),
		SPAN("\0\0\0\0"), SPAN("a\0\0b"), SPAN("a\0b\0c\0de"), SPAN("\x01\0a\0"),
		SPAN("a\0\x7f\0"), SPAN("abcd"), SPAN("\0a\0b\0c\0\xe9")};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(utf16_by_start(none[i]), UTF16_NONE);
	/* What comes later may be any character. */
	char text[200];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 ? 0 : 'x';
	text[101] = 4;
	assert_int_equal(utf16_by_start((struct span){text, sizeof text}), UTF16_LITTLE);
	text[31] = 4;
	assert_int_equal(utf16_by_start((struct span){text, sizeof text}), UTF16_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_byte_orders_become_utf8),
		cmocka_unit_test(what_is_unfinished_stays_and_what_is_broken_is_replaced),
		cmocka_unit_test(the_mark_tells_the_order),
		cmocka_unit_test(without_a_mark_zeros_beside_letters_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
