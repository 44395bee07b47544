/* Whole patterns over hostile logs: state, memory and time are bounded, and it is said where a bound was hit. */
#include "stream_world.h"

#include <time.h>

#include "base/own.h"

/* Lines of one second each, from 2026-01-01T00:00:00Z. */
static void
add_lines(struct buf *log, size_t first, size_t count, const char *text)
{
	for (size_t i = first; i < first + count; i++) {
		char time[TIME_TEXT];
		time_text(NOON + (int64_t)i * SECOND, time);
		buf_printf(log, "%s %s\n", time, text);
	}
}

static double
processor_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

enum { HOSTILE = 50000, BYTES_MOST = 8 << 20 };

/* Each pattern over a log of which every line fits a part and none makes the whole. */
static void
a_hostile_log_takes_bounded_memory_and_linear_time(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		bool forgets;
		const char *line, *first;
	} cases[] = {
		{"[domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']", true},
		{"[domain-name:value = 'b.org'] FOLLOWEDBY [domain-name:value = 'a.org' OR "
		 "domain-name:value = 'c.org'] FOLLOWEDBY [domain-name:value = 'd.org']",
			true},
		/* What lies before the window is gone for good, and nothing is lost. */
		{"([domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']) WITHIN 60 "
		 "SECONDS",
			false},
		{"([domain-name:value = 'a.org'] REPEATS 15000 TIMES) WITHIN 100 SECONDS", false},
		{"([domain-name:value = 'a.org'] REPEATS 7 TIMES WITHIN 6 SECONDS) REPEATS 2000 "
		 "TIMES",
			true},
		{"([domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value LIKE '%.x.org' OR "
		 "domain-name:value = 'a.org']) REPEATS 5 TIMES WITHIN 4 SECONDS",
			false},
		/* There is enough of each, and the order is wrong. */
		{"[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']", true,
			"a.org", "b.org"},
		{"[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org'] "
		 "FOLLOWEDBY "
		 "[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']",
			true, "a.org", "b.org a.org"},
		/* Each record fits both, and there are too few for twice as many. */
		{"([domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']) REPEATS "
		 "40 "
		 "TIMES WITHIN 60 SECONDS",
			false, "a.org b.org"},
		{"(([domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']) WITHIN "
		 "1 "
		 "SECONDS) REPEATS 7000 TIMES",
			true, "a.org b.org"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scan scan;
		own_buf struct buf log = {};
		add_lines(&log, 0, 1, cases[i].first ? cases[i].first : "a.org");
		add_lines(&log, 1, HOSTILE - 1, cases[i].line ? cases[i].line : "a.org");
		double began = processor_seconds();
		own_match_set struct match_set *set = set_of_pattern(cases[i].pattern);
		begin(&scan, set);
		scan_more(&scan, buf_span(&log), "", "lines");
		struct stream_counts c = scan_patterns(&scan);
		printf("# %.1f us a record, %zu KiB, %llu forgotten, %llu undecided: %.60s\n",
			(processor_seconds() - began) * 1e6 / HOSTILE,
			streams_bytes(scan.streams) >> 10, (unsigned long long)c.forgotten,
			(unsigned long long)c.undecided, cases[i].pattern);
		assert_string_equal(said(), "");
		assert_true(streams_bytes(scan.streams) < BYTES_MOST);
		assert_int_equal(c.forgotten > 0, cases[i].forgets);
		assert_int_equal(c.forgetful, cases[i].forgets);
		assert_int_equal(stream_counts_matter(&c), cases[i].forgets || c.undecided);
		/* A second for each megabyte would be far too slow, and is far from it. */
		assert_true(processor_seconds() - began < 60);
		scan_fini(&scan);
	}
}

static void
an_expression_that_takes_for_ever_is_given_up(void **state)
{
	(void)state;
	struct scan scan;
	own_buf struct buf log = {}, line = {};
	own_match_set struct match_set *set =
		set_of_pattern("[domain-name:value LIKE '%.a.org' AND domain-name:value MATCHES "
			       "'^(([a-z.])+)+[A-Z0-9]$'] AND [domain-name:value = 'b.org']");
	for (int i = 0; i < 55; i++)
		buf_add_byte(&line, 'a');
	buf_add(&line, SPAN(".a.org"));
	buf_add_byte(&line, 0);
	add_lines(&log, 0, 5000, line.ptr);
	double began = processor_seconds();
	begin(&scan, set);
	scan_more(&scan, buf_span(&log), "", "lines");
	struct stream_counts c = scan_patterns(&scan);
	assert_int_equal(c.stopped, 1);
	assert_int_equal(c.undecided, 3);
	assert_true(stream_counts_matter(&c));
	printf("# %.2f s for 5,000 records\n", processor_seconds() - began);
	scan_fini(&scan);
}

static void
a_pattern_may_want_as_many_records_as_are_held(void **state)
{
	(void)state;
	own_buf struct buf log = {};
	struct scan scan;
	own_match_set struct match_set *set = set_of_pattern(
		"[domain-name:value = 'a.org'] REPEATS 15360 TIMES WITHIN 15360 SECONDS");
	add_lines(&log, 0, STREAM_LEAST_MAX - 1, "a.org");
	begin(&scan, set);
	scan_more(&scan, buf_span(&log), "", "lines");
	assert_string_equal(said(), "");
	buf_reset(&log);
	add_lines(&log, STREAM_LEAST_MAX - 1, 1, "a.org");
	buf_reset(&out);
	scan_more(&scan, buf_span(&log), "", "lines");
	struct stream_counts c = scan_patterns(&scan);
	assert_false(stream_counts_matter(&c));
	/* The first of them and the last. */
	assert_string_equal(said(), "1 pattern: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 1;");
	scan_fini(&scan);
}

static void
what_is_forgotten_is_what_came_first(void **state)
{
	(void)state;
	own_buf struct buf log = {};
	struct scan scan;
	own_match_set struct match_set *set = set_of_pattern(
		"([domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']) WITHIN "
		"10 SECONDS");
	add_lines(&log, 0, 3 * (size_t)STREAM_HELD_MAX, "a.org");
	begin(&scan, set);
	scan_more(&scan, buf_span(&log), "x", "lines");
	/* Long ago: gone. A moment ago: held. */
	buf_reset(&log);
	add_lines(&log, 5, 1, "b.org");
	add_lines(&log, 3 * (size_t)STREAM_HELD_MAX, 1, "b.org");
	scan_more(&scan, buf_span(&log), "y", "lines");
	assert_string_equal(said(), "2 pattern: x49152 y2;");
	scan_fini(&scan);
}

/* Of records that any part may be more come than are held, before anything comes that they could go with. */
static void
what_made_room_is_told_when_it_could_matter(void **state)
{
	(void)state;
	own_match_set struct match_set *set =
		set_of_pattern("[domain-name:value = 'a.org'] AND [network-traffic:dst_port != 1]");
	own_buf struct buf log = {};
	struct scan scan;
	begin(&scan, set);
	for (unsigned i = 0; i < STREAM_HELD_MAX + 10; i++)
		buf_add(&log, SPAN("{\"dest_port\":2}\n"));
	scan_more(&scan, buf_span(&log), "", "json");
	assert_int_equal(scan_patterns(&scan).forgotten, 0);
	assert_int_equal(scan_patterns(&scan).forgetful, 0);
	scan_more(&scan, SPAN("{\"query\":\"a.org\"}\n"), "", "json");
	assert_non_null(strstr(said(), "1 pattern: "));
	assert_true(scan_patterns(&scan).forgotten > 10);
	assert_int_equal(scan_patterns(&scan).forgetful, 1);
	scan_fini(&scan);
}

static void
many_patterns_take_bounded_memory(void **state)
{
	(void)state;
	enum { MANY = 400, TESTS = 1000 };
	struct scan scan;
	own_match_set struct match_set *set = match_set_new(7);
	for (int i = 0; i < MANY; i++) {
		own_buf struct buf p = {};
		char id[32];
		snprintf(id, sizeof id, "indicator--%d", i);
		buf_printf(&p, "[domain-name:value = 'a.org' AND (domain-name:value = 'n%d'", i);
		for (int k = 0; k < TESTS; k++)
			buf_printf(&p, " OR domain-name:value = 'x%d.org'", k);
		buf_add(&p, SPAN(")] AND [domain-name:value = 'b.org']"));
		add_pattern(set, id, buf_span(&p));
	}
	begin(&scan, set);
	scan_more(&scan, SPAN("2026-01-01T10:00:00Z b.org\n2026-01-01T10:00:01Z a.org\n"), "",
		"lines");
	struct stream_counts c = scan_patterns(&scan);
	printf("# %llu patterns in %zu MiB, %llu without room\n", (unsigned long long)c.patterns,
		streams_bytes(scan.streams) >> 20, (unsigned long long)c.unheld);
	assert_true(c.unheld > 0 && c.patterns > 50);
	assert_true(streams_bytes(scan.streams) < STREAMS_BYTES_MAX + (16u << 20));
	scan_fini(&scan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hostile_log_takes_bounded_memory_and_linear_time),
		cmocka_unit_test(an_expression_that_takes_for_ever_is_given_up),
		cmocka_unit_test(a_pattern_may_want_as_many_records_as_are_held),
		cmocka_unit_test(what_is_forgotten_is_what_came_first),
		cmocka_unit_test(what_made_room_is_told_when_it_could_matter),
		cmocka_unit_test(many_patterns_take_bounded_memory),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
