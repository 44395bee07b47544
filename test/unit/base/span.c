#include "../test.h"

static void
cutting_yields_every_piece_and_the_empty_last_one(void **state)
{
	(void)state;
	struct span rest = SPAN("a,b,"), piece;
	assert_true(span_cut(&rest, ',', &piece));
	assert_span(piece, "a");
	assert_true(span_cut(&rest, ',', &piece));
	assert_span(piece, "b");
	assert_true(span_cut(&rest, ',', &piece));
	assert_span(piece, "");
	assert_false(span_cut(&rest, ',', &piece));
}

static void
sub_spans_are_clamped(void **state)
{
	(void)state;
	assert_span(span_sub(SPAN("hello"), 1, 3), "ell");
	assert_span(span_sub(SPAN("hello"), 4, 99), "o");
	assert_span(span_sub(SPAN("hello"), 9, 1), "");
}

static void
numbers_refuse_signs_blanks_and_overflow(void **state)
{
	(void)state;
	uint64_t u;
	int64_t i;
	assert_true(span_to_u64(SPAN("18446744073709551615"), &u));
	assert_true(u == UINT64_MAX);
	assert_false(span_to_u64(SPAN("18446744073709551616"), &u));
	assert_false(span_to_u64(SPAN("+1"), &u));
	assert_false(span_to_u64(SPAN(" 1"), &u));
	assert_false(span_to_u64(SPAN(""), &u));
	assert_true(span_to_i64(SPAN("-9223372036854775808"), &i));
	assert_true(i == INT64_MIN);
	assert_false(span_to_i64(SPAN("9223372036854775808"), &i));
	assert_false(span_to_i64(SPAN("-"), &i));
}

static void
utf8_refuses_surrogates_overlong_forms_and_cut_sequences(void **state)
{
	(void)state;
	assert_true(span_is_utf8(SPAN("b\xc3\xbc"
				      "cher \xf0\x9f\x94\x94 \xef\xbf\xbf")));
	assert_false(span_is_utf8(SPAN("\xed\xa0\x80")));
	assert_false(span_is_utf8(SPAN("\xc0\xaf")));
	assert_false(span_is_utf8(SPAN("\xe0\x80\xaf")));
	assert_false(span_is_utf8(SPAN("\xf4\x90\x80\x80")));
	assert_int_equal(span_utf8_bad(SPAN("eight bytes ok\xe2\x82")), 14);
}

static void
folding_is_ascii_only(void **state)
{
	(void)state;
	assert_true(span_eq_fold(SPAN("Evil.ORG"), SPAN("evil.org")));
	assert_false(span_eq_fold(SPAN("\xc3\x84"), SPAN("\xc3\xa4")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cutting_yields_every_piece_and_the_empty_last_one),
		cmocka_unit_test(sub_spans_are_clamped),
		cmocka_unit_test(numbers_refuse_signs_blanks_and_overflow),
		cmocka_unit_test(utf8_refuses_surrogates_overlong_forms_and_cut_sequences),
		cmocka_unit_test(folding_is_ascii_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
