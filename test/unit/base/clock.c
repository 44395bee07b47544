#include "../test.h"

#include "base/clock.h"

static void
timestamps_round_trip_with_six_digits(void **state)
{
	(void)state;
	int64_t at;
	unsigned digits;
	char text[TIME_TEXT];
	assert_rc(time_parse(SPAN("2016-02-29T23:59:59.123456789Z"), &at, &digits), RC_OK);
	assert_int_equal(digits, 9);
	time_text(at, text);
	assert_string_equal(text, "2016-02-29T23:59:59.123456Z");
	time_text_ms(at, text);
	assert_string_equal(text, "2016-02-29T23:59:59.123Z");
	assert_rc(time_parse(SPAN("0001-01-01T00:00:00Z"), &at, &digits), RC_OK);
	time_text(at, text);
	assert_string_equal(text, "0001-01-01T00:00:00.000000Z");
	assert_rc(time_parse(SPAN("9999-12-31T23:59:59.999999Z"), &at, NULL), RC_OK);
	time_text(at, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void
every_day_of_four_centuries_round_trips(void **state)
{
	(void)state;
	int64_t day = 0;
	assert_true(time_days(1600, 1, 1, &day));
	for (int64_t i = 0; i < 146097 * 2; i++) {
		char text[TIME_TEXT];
		int64_t at;
		time_text((day + i) * 86400 * SECOND, text);
		assert_rc(time_parse(span_of(text), &at, NULL), RC_OK);
		assert_true(at == (day + i) * 86400 * SECOND);
	}
}

static void
malformed_timestamps_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"2016-02-30T00:00:00Z", "2015-02-29T00:00:00Z",
		"2016-01-01t00:00:00Z", "2016-01-01T00:00:00z", "2016-01-01T00:00:00.Z",
		"2016-01-01T24:00:00Z", "2016-01-01T00:60:00Z", "2016-01-01T00:00:61Z",
		"2016-01-01T00:00:00+00:00", "2016-01-01 00:00:00Z", "2016", "",
		"2016-01-01T00:00:00Zx", "0000-01-01T00:00:00Z", "2016-13-01T00:00:00Z"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int64_t at;
		assert_rc(time_parse(span_of(bad[i]), &at, NULL), RC_BAD);
	}
}

static void
durations_read_in_both_forms(void **state)
{
	(void)state;
	int64_t span;
	assert_rc(time_span_parse(SPAN("9mo"), &span), RC_OK);
	assert_true(span == 270 * 86400 * SECOND);
	assert_rc(time_span_parse(SPAN("P1DT12H"), &span), RC_OK);
	assert_true(span == 36 * 3600 * SECOND);
	assert_rc(time_span_parse(SPAN("1h30m"), &span), RC_OK);
	assert_true(span == 90 * 60 * SECOND);
	assert_rc(time_span_parse(SPAN("9999999999999y"), &span), RC_BAD);
	assert_rc(time_span_parse(SPAN("5"), &span), RC_BAD);
	assert_rc(time_span_parse(SPAN("h"), &span), RC_BAD);
	assert_rc(time_span_parse(SPAN("P"), &span), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamps_round_trip_with_six_digits),
		cmocka_unit_test(every_day_of_four_centuries_round_trips),
		cmocka_unit_test(malformed_timestamps_are_refused),
		cmocka_unit_test(durations_read_in_both_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
