/* Whole patterns over logs: which records complete them. */
#include "../seed.h"
#include "stream_world.h"

#include "match/sweep.h"

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

static int
ascending(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Of many records in any order, those nearest in time make a hit. */
static void
many_records_may_come_in_any_order(void **state)
{
	(void)state;
	enum { TURNS = 30, MOST = 900 };
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_match_set struct match_set *set = set_of_pattern(
		"[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']");
	for (unsigned turn = 0; turn < TURNS; turn++) {
		own_buf struct buf log = {};
		unsigned second[MOST], count = 1 + chance(rng, MOST), nearest = 0;
		char want[60], time[TIME_TEXT];
		for (unsigned i = 0; i < count; i++) {
			unsigned other = chance(rng, i + 1);
			second[i] = second[other];
			second[other] = i * 2;
		}
		qsort(second, count / 2, sizeof *second, ascending);
		unsigned at = 1 + 2 * chance(rng, count);
		for (unsigned i = 0; i < count; i++) {
			time_text(NOON + second[i] * SECOND, time);
			buf_printf(&log, "%s a.org\n", time);
			if (second[i] + 1 == at)
				nearest = i + 1;
		}
		time_text(NOON + at * SECOND, time);
		buf_printf(&log, "%s b.org\n", time);
		buf_add_byte(&log, 0);
		snprintf(want, sizeof want, "%u pattern: %u %u;", count + 1, nearest, count + 1);
		assert_string_equal(hits_in(set, log.ptr), want);
	}
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
/* Seen with percent signs undone, or defanging, it is told so; what the field tells as it stands is something else. */
static void
what_is_undone_in_a_field_is_told_so(void **state)
{
	(void)state;
	static const struct {
		const char *part, *line;
		enum scan_text text;
	} cases[] = {
		{"url:value LIKE 'http://%/x y/gate.php'",
			"{\"url\":\"http://a.b.org/x%20y/g%61te.php\"}", SCAN_AS_IS},
		{"url:value MATCHES '/x y/gate\\\\.php$'",
			"{\"url\":\"http://a.b.org/x%20y/g%61te.php\"}", SCAN_AS_IS},
		{"file:name = 'evil.exe'", "{\"msg\":\"GET /a/evil%2Eexe HTTP/1.1\"}", SCAN_AS_IS},
		{"process:command_line MATCHES '^GET.*evil[.]exe HTTP/1[.]1$'",
			"{\"msg\":\"GET /a/evil%2Eexe HTTP/1.1\"}", SCAN_AS_IS},
		{"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
		 "'Evil Bot/1.0'",
			"{\"http\":{\"http_user_agent\":\"Evil%20Bot/1%2E0\"}}", SCAN_AS_IS},
		{"process:command_line MATCHES '^to evil[.]org now$'",
			"{\"msg\":\"to evil[.]org now\"}", SCAN_DEFANGED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		own_buf struct buf pattern = {}, log = {};
		struct scan scan;
		buf_printf(&pattern, "[%s] AND [domain-name:value = 'c.example']", cases[i].part);
		buf_printf(&log, "%s\n{\"query\":\"c.example\"}\n", cases[i].line);
		buf_add_byte(&pattern, 0);
		own_match_set struct match_set *set = set_of_pattern(pattern.ptr);
		begin(&scan, set);
		scan.text = cases[i].text;
		scan_more(&scan, buf_span(&log), "", "json");
		scan_fini(&scan);
		if (strcmp(said(), "2 pattern: 1 2;") != 0)
			fail_msg("%s: %s", pattern.ptr, out.ptr);
	}
}

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hit_is_told_at_the_record_that_completes_it),
		cmocka_unit_test(records_may_come_in_any_order_and_from_several_files),
		cmocka_unit_test(a_record_counts_for_one_hit_of_a_pattern),
		cmocka_unit_test(many_records_may_come_in_any_order),
		cmocka_unit_test(what_a_set_takes_a_text_for_it_is),
		cmocka_unit_test(fields_say_who_is_who),
		cmocka_unit_test(an_end_that_a_pattern_names_is_not_the_other),
		cmocka_unit_test(texts_select_records_too),
		cmocka_unit_test(what_is_undone_in_a_field_is_told_so),
		cmocka_unit_test(what_one_pattern_looks_for_no_field_tells_another),
		cmocka_unit_test(records_without_a_time_are_in_no_window),
		cmocka_unit_test(warninglists_keep_out_what_is_harmless_altogether),
		cmocka_unit_test(parts_come_out_of_a_file_as_parts),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
