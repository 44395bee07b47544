#include "../test.h"

#include <time.h>

#include "match/arm.h"
#include "match/objects.h"
#include "match/sweep.h"
#include "match/told.h"
#include "pattern/match.h"
#include "world.h"

static struct buf out;

static void
add_pattern(struct match_set *set, const char *id, struct span pattern)
{
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	struct indicator facts = {.id = span_of(id),
		.pattern = pattern,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	arm_pattern(&facts, &batch);
	assert_rc(arm_commit(set, &batch, &counts, NULL), RC_OK);
	assert_true(counts.armed + counts.repeated > 0);
}

static struct match_set *
set_of_pattern(const char *pattern)
{
	struct match_set *set = match_set_new(7);
	add_pattern(set, "indicator--1", span_of(pattern));
	return set;
}

/* "LINE MATCH: LINES of parts;" ("late" before it where nothing was read any more) for each hit of a log that is read as `name`, on top of what the scan holds. */
static void
scan_more(struct scan *scan, struct span log, const char *name, const char *reader)
{
	struct record r;
	const struct hit *hit;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader_find(span_of(reader)), LINES_ALL, NOON + 86400 * SECOND);
	reading.numbers = true;
	for (bool more = true; more;) {
		more = !reading_next(&reading, &r, NULL);
		size_t hits =
			more ? scan_record(scan, &r, span_of(name), &hit) : scan_settle(scan, &hit);
		for (size_t i = 0; i < hits; i++) {
			buf_printf(&out, "%s%llu %s:", more ? "" : "late ",
				(unsigned long long)hit[i].line, hit_match_word(hit[i].match));
			for (size_t k = 0; k < hit[i].parts; k++)
				buf_printf(&out, " %.*s%llu", (int)hit[i].part[k].file.len,
					hit[i].part[k].file.ptr,
					(unsigned long long)hit[i].part[k].line);
			buf_add_byte(&out, ';');
		}
	}
}

static int64_t clock_at = NOON;

static int64_t
clock_said(const void *ctx)
{
	(void)ctx;
	return clock_at;
}

static void
begin(struct scan *scan, const struct match_set *set)
{
	scan_init(scan, set, (struct clock){clock_said, NULL});
	buf_reset(&out);
}

static const char *
said(void)
{
	buf_add_byte(&out, 0);
	return out.ptr;
}

static const char *
hits_in(const struct match_set *set, const char *log)
{
	struct scan scan;
	begin(&scan, set);
	scan_more(&scan, span_of(log), "", "lines");
	scan_fini(&scan);
	return said();
}

static void
a_hit_is_told_at_the_record_that_completes_it(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of_pattern(
		"[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']");
	assert_string_equal(
		hits_in(set, "2026-01-01T10:00:00Z a.org\n2026-01-01T10:00:01Z x.org\n"
			     "2026-01-01T10:00:02Z b.org\n2026-01-01T10:00:03Z y.org\n"),
		"3 pattern: 1 3;");
	/* Not in this order. */
	assert_string_equal(
		hits_in(set, "2026-01-01T10:00:01Z b.org\n2026-01-01T10:00:02Z a.org\n"), "");
	/* In one record there is one observation, not two. */
	assert_string_equal(hits_in(set, "2026-01-01T10:00:01Z a.org b.org\n"), "");
}

static void
records_may_come_in_any_order_and_from_several_files(void **state)
{
	(void)state;
	struct scan scan;
	own_match_set struct match_set *set = set_of_pattern(
		"([domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']) "
		"WITHIN 60 SECONDS");
	begin(&scan, set);
	scan_more(&scan, SPAN("2026-01-01T10:05:00Z b.org\n2026-01-01T11:00:00Z b.org\n"), "x",
		"lines");
	scan_more(&scan, SPAN("2026-01-01T10:03:59Z a.org\n2026-01-01T10:04:01Z a.org\n"), "y",
		"lines");
	assert_string_equal(said(), "2 pattern: y2 x1;");
	scan_fini(&scan);
}

static void
a_record_counts_for_one_hit_of_a_pattern(void **state)
{
	(void)state;
	own_match_set struct match_set *set =
		set_of_pattern("[domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']");
	assert_string_equal(hits_in(set, "2026-01-01T10:00:00Z a.org\n2026-01-01T10:00:01Z b.org\n"
					 "2026-01-01T10:00:02Z b.org\n2026-01-01T10:00:03Z b.org\n"
					 "2026-01-01T10:00:04Z a.org\n"),
		"2 pattern: 1 2;5 pattern: 4 5;");
	/* A pattern of one observation holds nothing. */
	own_match_set struct match_set *one = set_of_pattern(
		"[domain-name:value LIKE '%.a.org' AND domain-name:value NOT LIKE 'x.%']");
	assert_string_equal(
		hits_in(one, "2026-01-01T10:00:00Z y.a.org\n2026-01-01T10:00:01Z x.a.org\n"
			     "2026-01-01T10:00:02Z z.A.org\n"),
		"1 pattern: 1;3 pattern: 3;");
}

static void
what_a_set_takes_a_text_for_it_is(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of_pattern(
		"[url:value = 'http://A.org/x'] AND [ipv4-addr:value = '192.0.2.0/24']");
	assert_string_equal(hits_in(set, "2026-01-01T10:00:00Z see a.org/x\n"
					 "2026-01-01T10:00:01Z from 192.0.2.9\n"),
		"2 pattern: 1 2;");
}

static void
fields_say_who_is_who(void **state)
{
	(void)state;
	struct scan scan;
	own_match_set struct match_set *set = set_of_pattern(
		"[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]");
	begin(&scan, set);
	scan_more(&scan,
		SPAN("{\"src_ip\":\"192.0.2.1\",\"src_port\":443,\"dest_ip\":\"192.0.2.2\",\"dest_"
		     "port\":443}\n"
		     "{\"src_ip\":\"192.0.2.2\",\"src_port\":443,\"dest_ip\":\"192.0.2.1\",\"dest_"
		     "port\":80}\n"
		     "{\"src_ip\":\"192.0.2.2\",\"src_port\":80,\"dest_ip\":\"192.0.2.1\",\"dest_"
		     "port\":443}\n"
		     "{\"source\":{\"ip\":\"192.0.2.2\"},\"destination\":{\"ip\":\"192.0.2.1\","
		     "\"port\":443}}\n"),
		"", "json");
	assert_string_equal(said(), "3 pattern: 3;4 pattern: 4;");
	scan_fini(&scan);
}

/* Patterns of one comparison, too. */
static void
an_end_that_a_pattern_names_is_not_the_other(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *reader, *log, *hits;
	} cases[] = {
		{"[network-traffic:dst_ref.value = '192.0.2.1']", "json",
			"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\"}\n"
			"{\"src_ip\":\"192.0.2.2\",\"dest_ip\":\"192.0.2.1\"}\n"
			"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.1\"}\n"
			"{\"src_ip\":\"192.0.2.1\",\"message\":\"to 192.0.2.1\"}\n"
			"{\"answers\":[\"192.0.2.1\"],\"src_ip\":\"192.0.2.2\"}\n",
			"2 exact:;3 exact:;4 exact:;5 exact:;"},
		{"[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = "
		 "'192.0.2.1']",
			"json",
			"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\"}\n"
			"{\"src_ip\":\"192.0.2.2\",\"dest_ip\":\"192.0.2.1\"}\n",
			"1 exact:;"},
		{"[network-traffic:dst_ref.value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.1']",
			"json", "{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\"}\n",
			"1 exact:;"},
		/* The parts of a line have names, the line has none. */
		{"[network-traffic:dst_ref.value = '192.0.2.1']", "clf",
			"192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] \"GET / HTTP/1.0\" 200 5\n"
			"192.0.2.2 - - [10/Oct/2025:13:55:36 +0000] \"GET http://192.0.2.1/ "
			"HTTP/1.0\" "
			"200 5\n",
			"2 url-host:;"},
		{"[network-traffic:dst_ref.value = '192.0.2.1']", "lines", "x 192.0.2.1 y\n",
			"1 exact:;"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scan scan;
		own_match_set struct match_set *set = set_of_pattern(cases[i].pattern);
		begin(&scan, set);
		scan_more(&scan, span_of(cases[i].log), "", cases[i].reader);
		assert_string_equal(said(), cases[i].hits);
		scan_fini(&scan);
	}
}

static void
texts_select_records_too(void **state)
{
	(void)state;
	struct scan scan;
	own_match_set struct match_set *set = set_of_pattern(
		"[process:command_line MATCHES '-enc\\\\b' AND process:name = 'p.exe'] FOLLOWEDBY "
		"[domain-name:value = 'a.org'] FOLLOWEDBY [mutex:name LIKE 'Global%']");
	begin(&scan, set);
	scan_more(&scan,
		SPAN("{\"Image\":\"C:\\\\p.exe\",\"CommandLine\":\"p.exe -x\"}\n"
		     "{\"Image\":\"C:\\\\p.exe\",\"CommandLine\":\"p.exe -enc y\"}\n"
		     "{\"query\":\"a.org\"}\n"
		     "{\"mutex\":\"Local x\"}\n"
		     "{\"mutex\":\"Global x\"}\n"),
		"", "json");
	assert_string_equal(said(), "5 pattern: 2 3 5;");
	scan_fini(&scan);
	/* In a line that nobody explains, what is like a text is it. */
	own_match_set struct match_set *line = set_of_pattern(
		"[file:name = 'evil.exe'] AND [windows-registry-key:key MATCHES "
		"'CurrentVersion.Run$'] "
		"AND [network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' "
		"LIKE "
		"'bot/%']");
	assert_string_equal(hits_in(line, "2026-01-01T10:00:00Z ran /tmp/evil.exe twice\n"
					  "2026-01-01T10:00:01Z set HKLM\\X\\CurrentVersion\\Run\n"
					  "2026-01-01T10:00:02Z not notevil.exe\n"
					  "2026-01-01T10:00:03Z agent bot/7\n"),
		"4 pattern: 1 2 4;");
}

/* Whatever else is armed, and in whatever order a set answers. */
static void
what_one_pattern_looks_for_no_field_tells_another(void **state)
{
	(void)state;
	static const char *const patterns[] = {"[process:name = 'evil.exe'] REPEATS 2 TIMES",
		"[file:name = 'evil.exe'] AND [domain-name:value = 'a.org']",
		"[process:command_line LIKE '%evil.exe%'] AND [domain-name:value = 'b.org']"};
	static const char *const ids[] = {"indicator--1", "indicator--2", "indicator--3"};
	for (unsigned round = 0; round < 60; round++) {
		own_match_set struct match_set *set = match_set_new(round);
		for (unsigned i = 0; i < 3; i++)
			add_pattern(set, ids[(round + i) % 3], span_of(patterns[(round + i) % 3]));
		assert_string_equal(hits_in(set, "2026-01-01T10:00:00Z ran evil.exe\n"
						 "2026-01-01T10:00:01Z ran evil.exe\n"),
			"2 pattern: 1 2;");
	}
}

static void
records_without_a_time_are_in_no_window(void **state)
{
	(void)state;
	struct scan scan;
	static const char log[] = "a.org\nx.org\nb.org\n";
	own_match_set struct match_set *set =
		set_of_pattern("([domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']) "
			       "WITHIN 60 SECONDS");
	begin(&scan, set);
	scan_more(&scan, span_of(log), "", "lines");
	assert_string_equal(said(), "");
	struct stream_counts c = scan_patterns(&scan);
	assert_int_equal(c.untimed, 2);
	assert_true(stream_counts_matter(&c));
	scan_fini(&scan);
	/* Read as they are written, they happen now. */
	begin(&scan, set);
	scan.pace = STREAM_LIVE;
	scan_more(&scan, span_of(log), "", "lines");
	assert_string_equal(said(), "3 pattern: 1 3;");
	scan_fini(&scan);
	/* Their order is known in any case. */
	own_match_set struct match_set *order = set_of_pattern(
		"[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']");
	assert_string_equal(hits_in(order, log), "3 pattern: 1 3;");
	assert_string_equal(hits_in(order, "b.org\na.org\n"), "");
}

static void
warninglists_keep_out_what_is_harmless_altogether(void **state)
{
	(void)state;
	struct scan scan;
	own_warn struct warn *warn = warn_new();
	size_t skipped;
	assert_rc(warn_add(warn,
			  SPAN("{\"name\":\"n\",\"type\":\"hostname\",\"list\":[\"a.org\",\"c."
			       "org\"]}"),
			  &skipped, NULL),
		RC_OK);
	own_match_set struct match_set *set = set_of_pattern(
		"[domain-name:value = 'a.org'] AND [domain-name:value IN ('b.org', 'c.org')]");
	begin(&scan, set);
	scan.warn = warn;
	scan_more(&scan,
		SPAN("2026-01-01T10:00:00Z a.org\n2026-01-01T10:00:01Z c.org\n"
		     "2026-01-01T10:00:02Z a.org\n2026-01-01T10:00:03Z b.org\n"),
		"", "lines");
	assert_string_equal(said(), "4 pattern: 3 4;");
	assert_int_equal(scan_patterns(&scan).harmless, 1);
	scan_fini(&scan);
}

static void
parts_come_out_of_a_file_as_parts(void **state)
{
	(void)state;
	own_match_set struct match_set *set =
		set_of_pattern("[domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']");
	set_add(set, SPAN("c.org\n"));
	own_match_set struct match_set *mapped = mapped_of(set), *plain = set_of("c.org");
	own_match_set struct match_set *none = mapped_of(plain);
	assert_true(match_set_has_parts(set) && match_set_has_parts(mapped));
	assert_false(match_set_has_parts(plain) || match_set_has_parts(none));
	assert_string_equal(hits_in(mapped, "2026-01-01T10:00:00Z a.org c.org\n"
					    "2026-01-01T10:00:01Z b.org\n"),
		"1 exact:;2 pattern: 1 2;");
}

/* ---- bounds ---- */

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

/* ---- fields ---- */

/* Whether a pattern of one observation fits what a record tells. */
static bool
tells(const char *line, const char *pattern)
{
	struct record r;
	own_arena struct arena a = {};
	own_matcher struct matcher *m = NULL;
	struct pattern p;
	bool fits[STREAM_PARTS_MAX];
	own_stream struct stream *s = stream_new_span(span_of(line), NULL);
	own_reading struct reading reading;
	struct objects *o = objects_new();
	reading_init(&reading, s, reader_find(SPAN("json")), LINES_ALL, NOON);
	reading.numbers = true;
	assert_rc(reading_next(&reading, &r, NULL), RC_OK);
	assert_rc(pattern_parse(span_of(pattern), &a, &p, NULL), RC_OK);
	assert_rc(matcher_new(&p, &m, NULL), RC_OK);
	enum rc rc = matcher_fit(m, objects_of(o, &r, false), fits, NULL);
	objects_free(o);
	return rc == RC_OK;
}

static void
names_of_fields_are_found_in_any_case(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum told told;
	} cases[] = {
		{"id.resp_p", TOLD_DST_PORT},
		{"DestinationPort", TOLD_DST_PORT},
		{"winlog.event_data.CommandLine", TOLD_COMMAND},
		{"app_proto", TOLD_PROTOCOL},
		{"tls.subject", TOLD_CERTIFICATE_SUBJECT},
		{"zzz", TOLD_NOTHING},
		{"", TOLD_NOTHING},
	};
	/* JSON's numbers are read where their names end so. */
	static const char *const numbers[] = {"[network-traffic:src_port = 7 AND "
					      "network-traffic:dst_port = 8 AND "
					      "network-traffic:src_byte_count = 9 AND "
					      "network-traffic:dst_packets = 10]",
		"[process:pid = 11]", "[file:size = 12 AND file:name = 'x']"};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		assert_true(tells("{\"source\":{\"port\":7,\"bytes\":9},\"dest_port\":8,\"flow\":{"
				  "\"pkts_toclient\":10},\"process\":{\"pid\":11,\"name\":\"p\"},"
				  "\"file\":{\"size\":12,\"name\":\"x\"}}",
			numbers[i]));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(field_tells(span_of(cases[i].name)), cases[i].told);
}

static void
what_windows_tells_are_processes_files_and_keys(void **state)
{
	(void)state;
	struct scan scan;
	own_match_set struct match_set *set = set_of_pattern(
		"[process:command_line MATCHES '-enc' AND process:image_ref.name = 'p.exe' AND "
		"process:parent_ref.command_line LIKE 'winword%' AND "
		"process:image_ref.hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']");
	begin(&scan, set);
	scan_more(&scan,
		SPAN("{\"Image\":\"C:\\\\W\\\\p.exe\",\"CommandLine\":\"p -enc x\",\"ProcessId\":4,"
		     "\"ParentCommandLine\":\"winword /a\",\"Hashes\":\"MD5="
		     "D41D8CD98F00B204E9800998ECF8427E\"}\n"),
		"", "json");
	assert_string_equal(said(), "1 pattern: 1;");
	scan_fini(&scan);
}

static void
fields_become_properties_of_objects(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"{\"TargetObject\":\"HKLM\\\\S\\\\Run\\\\evil\",\"Details\":\"c:\\\\x.exe\"}",
			"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\S\\\\Run' AND "
			"windows-registry-key:values[*].name = 'evil' AND "
			"windows-registry-key:values[*].data LIKE '%x.exe']"},
		{"{\"tls\":{\"fingerprint\":\"da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:"
		 "d8:07:09\","
		 "\"issuerdn\":\"CN=Evil\"}}",
			"[x509-certificate:hashes.'SHA-1' = "
			"'da39a3ee5e6b4b0d3255bfef95601890afd80709']"},
		{"{\"tls\":{\"subject\":\"CN=a\",\"issuerdn\":\"CN=Evil\"}}",
			"[x509-certificate:issuer = 'CN=Evil' AND x509-certificate:subject = "
			"'CN=a']"},
		{"{\"src_ip\":\"192.0.2.1\",\"flow\":{\"bytes_toserver\":7,\"pkts_toclient\":2}}",
			"[network-traffic:src_byte_count = 7 AND network-traffic:dst_packets = 2 "
			"AND "
			"network-traffic:src_ref.value = '192.0.2.1']"},
		{"{\"user\":{\"name\":\"CORP\\\\eve\"}}", "[user-account:account_login = 'eve' AND "
							  "user-account:user_id = 'CORP\\\\eve']"},
		{"{\"query\":\"A.org\",\"answers\":[\"192.0.2.1\",\"b.org\"]}",
			"[domain-name:value = 'a.org' AND domain-name:resolves_to_refs[*].value = "
			"'192.0.2.1' AND domain-name:resolves_to_refs[*].value = 'b.org']"},
		{"{\"query\":\"A.org\",\"answers\":[]}", "[domain-name:value = 'A.org']"},
		{"{\"mailfrom\":\"e@x.org\",\"rcptto\":\"v@y.org\",\"subject\":\"hi\"}",
			"[email-message:from_ref.value = 'e@x.org' AND "
			"email-message:to_refs[*].value = "
			"'v@y.org' AND email-message:subject = 'hi']"},
		{"{\"ja3\":\"d41d8cd98f00b204e9800998ecf8427e\",\"dest_ip\":\"192.0.2.1\"}",
			"[network-traffic:x_ja3 = 'd41d8cd98f00b204e9800998ecf8427e' AND "
			"network-traffic:dst_ref.value = '192.0.2.1']"},
		{"{\"http\":{\"hostname\":\"a.org\",\"url\":\"/x?y\",\"http_method\":\"POST\"}}",
			"[network-traffic:extensions.'http-request-ext'.request_method = 'post' "
			"AND "
			"network-traffic:extensions.'http-request-ext'.request_value = '/x?y' AND "
			"network-traffic:extensions.'http-request-ext'.request_header.Host[*] = "
			"'a.org']"},
		{"{\"file\":{\"path\":\"/tmp/x/e.bin\",\"size\":12,\"hash\":{\"md5\":"
		 "\"d41d8cd98f00b204e9800998ecf8427e\"}}}",
			"[file:name = 'e.bin' AND file:size = 12 AND "
			"file:parent_directory_ref.path = "
			"'/tmp/x' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (!tells(cases[i][0], cases[i][1]))
			fail_msg("%s does not tell %s", cases[i][0], cases[i][1]);
	/* Where somebody says who is the source, the others are not. */
	assert_false(tells("{\"src_ip\":\"192.0.2.1\",\"x\":\"192.0.2.2\"}",
		"[network-traffic:src_ref.value = '192.0.2.2']"));
	/* The time of a line is no name. */
	assert_false(tells("2026-01-01T12:01:05.500000Z x", "[domain-name:value LIKE '%']"));
}

/* Whatever bytes a record holds, it tells something or nothing, and harms nobody. */
static void
bytes_that_are_no_text_are_told_as_such(void **state)
{
	(void)state;
	static const char line[] =
		"2026-01-01T12:01:05Z a.org \xff\xfe \x01\x02 \xed\xa0\x80 \"\\ x";
	assert_true(tells(line, "[domain-name:value = 'a.org']"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hit_is_told_at_the_record_that_completes_it),
		cmocka_unit_test(records_may_come_in_any_order_and_from_several_files),
		cmocka_unit_test(a_record_counts_for_one_hit_of_a_pattern),
		cmocka_unit_test(what_a_set_takes_a_text_for_it_is),
		cmocka_unit_test(fields_say_who_is_who),
		cmocka_unit_test(an_end_that_a_pattern_names_is_not_the_other),
		cmocka_unit_test(texts_select_records_too),
		cmocka_unit_test(what_one_pattern_looks_for_no_field_tells_another),
		cmocka_unit_test(records_without_a_time_are_in_no_window),
		cmocka_unit_test(warninglists_keep_out_what_is_harmless_altogether),
		cmocka_unit_test(parts_come_out_of_a_file_as_parts),
		cmocka_unit_test(a_hostile_log_takes_bounded_memory_and_linear_time),
		cmocka_unit_test(an_expression_that_takes_for_ever_is_given_up),
		cmocka_unit_test(a_pattern_may_want_as_many_records_as_are_held),
		cmocka_unit_test(what_is_forgotten_is_what_came_first),
		cmocka_unit_test(many_patterns_take_bounded_memory),
		cmocka_unit_test(names_of_fields_are_found_in_any_case),
		cmocka_unit_test(what_windows_tells_are_processes_files_and_keys),
		cmocka_unit_test(fields_become_properties_of_objects),
		cmocka_unit_test(bytes_that_are_no_text_are_told_as_such),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
