#include "../test.h"

#include <string.h>

#include "match/stamp.h"

#define REFERENCE (INT64_C(1606780800) * SECOND) /* 2020-12-01T00:00:00Z */

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
lines_say_when_in_every_daemons_way(void **state)
{
	(void)state;
	static const char ten[] = "2020-06-15T10:00:00.000000Z",
			  eight[] = "2020-06-15T08:00:00.000000Z",
			  part[] = "2020-06-15T10:00:00.123000Z",
			  finer[] = "2020-06-15T10:00:00.123456Z";
	static const char *const cases[][2] = {
		{"2020-06-15T10:00:00Z x", ten},
		{"2020-06-15T10:00:00+0200 x", eight},
		{"2020-06-15 10:00:00,123 INFO x", part},
		{"2020/06/15 10:00:00 [error] x", ten},
		{"[2020-06-15T10:00:00.123Z][info] x", part},
		{"<34>1 2020-06-15T10:00:00.123Z host", part},
		{"<34>Jun 15 10:00:00 host", ten},
		{"Jun 15 10:00:00.123456 host", finer},
		{"Jun 15 2020 10:00:00: %ASA-6", ten},
		{"*Jun 15 10:00:00.123: %SEC", part},
		{"<189>123: Jun 15 10:00:00.123: %SEC", part},
		{"Mon Jun 15 10:00:00 2020 x", ten},
		{"Mon Jun 15 10:00:00 UTC 2020 x", ten},
		{"[Mon Jun 15 10:00:00.123456 2020] [error]", finer},
		{"Mon, 15 Jun 2020 10:00:00 +0200 x", eight},
		{"Mon, 15 Jun 2020 10:00:00 GMT", ten},
		{"15-Jun-2020 10:00:00.123 queries: info", part},
		{"1.2.3.4 - - [15/Jun/2020:10:00:00 +0200] \"GET /\"", eight},
		{"haproxy[1]: 1.2.3.4:5 [15/Jun/2020:10:00:00.123] x", part},
		{"1592215200.123    100 10.0.0.1 TCP_MISS/200", part},
		{"1592215200 x", ten},
		{"1592215200000000000 x", ten},
		{"06/15/2020 10:00:00 AM x", ten},
		{"6/15/2020 10:00:00 x", ten},
		{"6/15/2020, 8:00:00 PM", "2020-06-15T20:00:00.000000Z"},
		{"15/06/2020 10:00:00 x", ten},
		{"15.06.2020 10:00:00 x", ten},
		{"06/15/2020-10:00:00.123456  [**] x", finer},
		{"06/15-10:00:00.123456  [**] x", finer},
		{"date=2020-06-15 time=10:00:00 devname=x", ten},
		{"<13>date=2020-06-15 time=10:00:00 devname=x eventtime=1592208000", eight},
		{"<189>date=2020-06-15 time=10:00:00 devname=x", ten},
		{"<Event "
		 "xmlns=\"http://schemas.microsoft.com/win/2004/08/events/"
		 "event\"><System><Provider "
		 "Name=\"Microsoft-Windows-Sysmon\" "
		 "Guid=\"{5770385f-c22a-43e0-bf4c-06f5698ffbd9}\"/>"
		 "<TimeCreated SystemTime=\"2020-06-15T10:00:00.123456Z\"/>",
			finer},
		{"type=SYSCALL msg=audit(1592215200.123:45): arch=c000003e", part},
		{"I0615 10:00:00.123456 1 a.go:1] x", finer},
		{"time=\"2020-06-15T10:00:00Z\" level=info", ten},
		{"level=info ts=2020-06-15T10:00:00.123Z x", part},
		{"ts=1592215200 level=info", ten},
		{"https 2020-06-15T10:00:00.123456Z app/x", finer},
		{"1,2020/06/15 10:00:00,0011,TRAFFIC", ten},
		{"CEF:0|a|b|c|d|e|5|rt=Jun 15 2020 10:00:00 dhost=x", ten},
		{"CEF:0|a|b|c|d|e|5|rt=1592215200000 dhost=x", ten},
		{"20200615T100000Z x", ten},
		{"", "none"},
		{"nothing at all", "none"},
		{"1592215200x", "none"},
		{"192.0.2.1 10.11.12.13 x", "none"},
		{"99/99/2020 10:00:00", "none"},
		{"runtime=2020-06-15T10:00:00Z", "none"},
		{"Monday, 15 of June", "none"},
		{"13:00:00 PM", "none"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(text(stamp_of_line(span_of(cases[i][0]), REFERENCE)), cases[i][1]) != 0)
			fail_msg("%s: %s, not %s", cases[i][0],
				text(stamp_of_line(span_of(cases[i][0]), REFERENCE)), cases[i][1]);
}

static void
no_beginning_of_a_line_is_read_beyond_it(void **state)
{
	(void)state;
	static const char *const lines[] = {"Mon, 15 Jun 2020 10:00:00 +0200",
		"date=2020-06-15 time=10:00:00", "06/15/2020 10:00:00 AM", "20200615T100000Z",
		"haproxy[1]: [15/Jun/2020:10:00:00.123]", "CEF:0|rt=1592215200000"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (size_t len = 0; len <= strlen(lines[i]); len++) {
			char copy[64];
			memcpy(copy, lines[i], len); /* under a sanitizer, in bounds */
			(void)stamp_of_line((struct span){copy, len}, REFERENCE);
			(void)stamp_of_value((struct span){copy, len}, REFERENCE);
		}
}

static void
values_are_times_and_nothing_else(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"2020-06-15T10:00:00Z", "2020-06-15T10:00:00.000000Z"},
		{"1592215200.5", "2020-06-15T10:00:00.500000Z"},
		{"Jun 15 10:00:00", "2020-06-15T10:00:00.000000Z"},
		{"15/Jun/2020:10:00:00 +0200", "2020-06-15T08:00:00.000000Z"},
		{"[15/Jun/2020:10:00:00 +0200]", "2020-06-15T08:00:00.000000Z"},
		{" 06/15/2020 10:00:00 PM ", "2020-06-15T22:00:00.000000Z"},
		{"2020-06-15T10:00:00Z x", "none"},
		{"Jun 15 10:00:00 host", "none"},
		{"", "none"},
		{"[", "none"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(text(stamp_of_value(span_of(cases[i][0]), REFERENCE)), cases[i][1]) != 0)
			fail_msg("%s: %s", cases[i][0],
				text(stamp_of_value(span_of(cases[i][0]), REFERENCE)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_when_in_every_daemons_way),
		cmocka_unit_test(no_beginning_of_a_line_is_read_beyond_it),
		cmocka_unit_test(values_are_times_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
