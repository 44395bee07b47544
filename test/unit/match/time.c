#include "../test.h"

#include "match/time.h"

static const char *
text(int64_t at)
{
	static char out[TIME_TEXT];
	if (at == TIME_NONE)
		return "none";
	time_text(at, out);
	return out;
}

static void
iso_times_are_read_with_every_zone(void **state)
{
	(void)state;
	assert_string_equal(text(time_iso(SPAN("2016-10-16T08:14:40.988366+0000"))),
		"2016-10-16T08:14:40.988366Z");
	assert_string_equal(
		text(time_iso(SPAN("2026-01-01T01:30:00+01:30"))), "2026-01-01T00:00:00.000000Z");
	assert_string_equal(
		text(time_iso(SPAN("2026-01-01 00:00:00,5"))), "2026-01-01T00:00:00.500000Z");
	assert_string_equal(
		text(time_iso(SPAN("2025-12-31T23:00:00-01"))), "2026-01-01T00:00:00.000000Z");
	assert_string_equal(
		text(time_iso(SPAN("2026/01/01 00:00:00 +0100"))), "2025-12-31T23:00:00.000000Z");
	assert_string_equal(text(time_iso(SPAN("2026-02-30T00:00:00Z"))), "none");
	assert_string_equal(text(time_iso(SPAN("2026-01-01T24:00:00Z"))), "none");
	assert_string_equal(text(time_iso(SPAN("2026-01-01T00:00:00Zx"))), "none");
	assert_string_equal(text(time_iso(SPAN("2026-01-01"))), "none");
}

static void
epochs_are_told_apart_by_their_digits(void **state)
{
	(void)state;
	assert_string_equal(
		text(time_epoch(SPAN("1521911720.600843"))), "2018-03-24T17:15:20.600843Z");
	assert_string_equal(text(time_epoch(SPAN("1521911720600"))), "2018-03-24T17:15:20.600000Z");
	assert_string_equal(
		text(time_epoch(SPAN("1521911720600843"))), "2018-03-24T17:15:20.600843Z");
	assert_string_equal(text(time_epoch(SPAN("1521911720"))), "2018-03-24T17:15:20.000000Z");
	assert_string_equal(text(time_epoch(SPAN("12345"))), "none");
	assert_string_equal(text(time_epoch(SPAN("1521911720x"))), "none");
	assert_string_equal(text(time_epoch(SPAN("99999999999999999999999"))), "none");
	assert_string_equal(text(time_epoch(SPAN("XXXXXXXXXX.XXXXXX"))), "none");
}

static void
access_logs_and_syslog_give_their_time(void **state)
{
	(void)state;
	int64_t noon = INT64_C(1767268800) * SECOND; /* 2026-01-01T12:00:00Z */
	assert_string_equal(
		text(time_clf(SPAN("1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET /\""))),
		"2015-05-17T08:05:03.000000Z");
	assert_string_equal(text(time_clf(SPAN("[17/Foo/2015:10:05:03 +0200]"))), "none");
	assert_string_equal(
		text(time_syslog(SPAN("<34>1 2003-10-11T22:14:15.003Z host app"), noon)),
		"2003-10-11T22:14:15.003000Z");
	assert_string_equal(text(time_syslog(SPAN("<34>Oct 11 22:14:15 host su"), noon)),
		"2025-10-11T22:14:15.000000Z");
	assert_string_equal(text(time_syslog(SPAN("Jan  1 11:00:00 host su"), noon)),
		"2026-01-01T11:00:00.000000Z");
	/* Tomorrow in a zone east of us is this year, the day after is last year's. */
	assert_string_equal(text(time_syslog(SPAN("Jan  2 11:00:00 host su"), noon)),
		"2026-01-02T11:00:00.000000Z");
	assert_string_equal(text(time_syslog(SPAN("Jan  3 11:00:00 host su"), noon)),
		"2025-01-03T11:00:00.000000Z");
	assert_string_equal(text(time_syslog(SPAN("Feb 29 00:00:00 host su"), noon)),
		"2024-02-29T00:00:00.000000Z");
	assert_string_equal(text(time_syslog(SPAN("Feb 30 00:00:00 host su"), noon)), "none");
	assert_string_equal(text(time_syslog(SPAN("Mar 27 2019 13:06:56 asa"), noon)),
		"2019-03-27T13:06:56.000000Z");
	assert_string_equal(text(time_syslog(SPAN(""), noon)), "none");
	assert_string_equal(text(time_syslog(SPAN("<"), noon)), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iso_times_are_read_with_every_zone),
		cmocka_unit_test(epochs_are_told_apart_by_their_digits),
		cmocka_unit_test(access_logs_and_syslog_give_their_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
