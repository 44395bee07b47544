/* Parts of patterns that any record may be: which records are looked at for them, and what they are then. */
#include "stream_world.h"

struct case_of {
	const char *line, *part;
	bool fits;
};

/* Whether a pattern comes true by a record of which something is looked for, and this one. */
static bool
comes_true(const struct case_of *c, struct stream_counts *counts)
{
	own_buf struct buf pattern = {}, log = {};
	struct scan scan;
	buf_printf(&pattern, "[domain-name:value = 'first.example'] AND [%s]", c->part);
	buf_printf(&log, "{\"query\":\"first.example\",\"x\":1}\n%s\n", c->line);
	buf_add_byte(&pattern, 0);
	own_match_set struct match_set *set = set_of_pattern(pattern.ptr);
	begin(&scan, set);
	scan_more(&scan, buf_span(&log), "", "json");
	*counts = scan_patterns(&scan);
	scan_fini(&scan);
	return said()[0] != 0;
}

static void
what_any_record_may_be_is_found_by_its_fields(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"{\"dest_port\":4444}", "network-traffic:dst_port = 4444", true},
		{"{\"dest_port\":\"04444\"}", "network-traffic:dst_port = 4444", true},
		{"{\"dest_port\":4445}", "network-traffic:dst_port = 4444", false},
		{"{\"dest_port\":4445}", "network-traffic:dst_port IN (1, 4445)", true},
		{"{\"dest_port\":4445}", "network-traffic:dst_port NOT IN (1, 4445)", false},
		{"{\"dest_port\":4445}", "network-traffic:dst_port != 4444", true},
		{"{\"dest_port\":\"none\"}", "network-traffic:dst_port != 4444", false},
		{"{\"src_port\":4445}", "network-traffic:dst_port != 4444", false},
		{"{\"dest_port\":4445}", "network-traffic:dst_port > 4444.5", true},
		{"{\"dest_port\":4445}", "network-traffic:dst_port = '4445'", false},
		{"{\"dest_port\":4445}", "network-traffic:dst_port != '4445'", true},
		{"{\"dest_port\":1}", "EXISTS network-traffic:dst_port", true},
		{"{\"dest_port\":1}", "NOT EXISTS network-traffic:src_port", true},
		{"{\"dest_port\":1}", "NOT EXISTS network-traffic:dst_port", false},
		{"{\"CommandLine\":\"x\"}", "NOT EXISTS process:pid", true},
		{"{\"proto\":\"TCP,x\"}", "network-traffic:protocols[*] = 'tcp'", true},
		{"{\"proto\":\"TCP\"}", "network-traffic:protocols[*] = 'udp'", false},
		{"{\"http\":{\"http_method\":\"PUT\"}}",
			"network-traffic:extensions.'http-request-ext'.request_method = 'put'",
			true},
		{"{\"CommandLine\":\"a\"}", "process:command_line != 'a'", false},
		{"{\"CommandLine\":\"a\",\"ParentCommandLine\":\"b\"}",
			"process:command_line != 'a'", true},
		{"{\"CommandLine\":\"a\",\"ParentCommandLine\":\"b\"}",
			"process:parent_ref.command_line != 'a'", true},
		{"{\"CommandLine\":\"a\",\"ProcessId\":7}",
			"process:pid < 8 AND process:command_line <= 'b'", true},
		{"{\"CommandLine\":\"a\",\"ProcessId\":7}",
			"process:pid > 8 OR process:command_line >= 'b'", false},
		{"{\"CommandLine\":\"a\",\"ProcessId\":7}",
			"process:pid > 8 OR process:command_line >= 'a'", true},
		{"{\"Image\":\"C:\\\\x.exe\"}", "file:name != 'y.exe'", true},
		{"{\"Image\":\"C:\\\\x.exe\"}", "directory:path != 'y'", true},
		{"{\"TargetFilename\":\"C:\\\\x.exe\"}", "file:name NOT LIKE 'y%'", true},
		{"{\"file\":{\"path\":\"/a/b\",\"size\":5}}", "file:size >= 5", true},
		{"{\"TargetObject\":\"HKLM\\\\A\\\\b\"}", "windows-registry-key:key != 'x'", true},
		{"{\"user\":{\"name\":\"eve\"}}", "user-account:user_id != 'x'", true},
		{"{\"tls\":{\"issuerdn\":\"CN=a\"}}", "x509-certificate:issuer != 'CN=b'", true},
		{"{\"mailfrom\":\"e@x.org\",\"subject\":\"hi\"}", "email-message:subject != 'x'",
			true},
		{"{\"mailfrom\":\"e@x.org\"}", "email-message:from_ref.value != 'x'", true},
		{"{\"a\":\"b.org\"}", "domain-name:value != 'x'", true},
		{"{\"a\":\"x\"}", "domain-name:value != 'x'", false},
		{"{\"a\":\"192.0.2.1\"}", "ipv4-addr:value != 'x'", true},
		{"{\"a\":\"192.0.2.1\"}", "network-traffic:src_ref.value != 'x'", true},
		{"{\"a\":\"b.org\"}", "mutex:name != 'x'", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stream_counts counts;
		if (comes_true(&cases[i], &counts) != cases[i].fits)
			fail_msg("%s %s %s", cases[i].line, cases[i].fits ? "is not" : "is",
				cases[i].part);
	}
}

static void
records_that_cannot_be_it_are_not_told(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"{\"dest_port\":4445}", "network-traffic:dst_port = 4444", false},
		{"{\"src_port\":4444}", "network-traffic:dst_port >= 4444", false},
		{"{\"dest_port\":1,\"x\":\"b.org\"}",
			"network-traffic:dst_port = 4444 AND domain-name:value != 'x'", false},
		{"{\"CommandLine\":\"a\"}", "process:command_line != 'a'", false},
		{"{\"a\":\"b.org\"}", "process:command_line NOT LIKE 'a'", false},
		{"{\"a\":\"b.org\"}", "user-account:user_id != 'x'", false},
		{"{\"a\":\"b.org\"}", "mutex:name != 'x'", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stream_counts counts;
		assert_false(comes_true(&cases[i], &counts));
		if (counts.told != 1)
			fail_msg("%s was told for %s", cases[i].line, cases[i].part);
	}
}

static const char lines[] =
	"{\"timestamp\":\"2026-01-01T00:00:00Z\",\"dest_port\":4444}\n"
	"{\"timestamp\":\"2026-01-01T00:00:01Z\",\"dest_port\":4444}\n"
	"{\"timestamp\":\"2026-01-01T00:00:02Z\",\"query\":\"a.org\"}\n"
	"{\"timestamp\":\"2026-01-01T00:00:03Z\",\"TargetFilename\":\"C:\\\\evil.exe\"}\n";

/* Of whatever the set holds, be it in its file, added or a text: also what comes before the part that selects. */
static void
what_comes_before_is_known(void **state)
{
	(void)state;
	static const char by_name[] =
		"[network-traffic:dst_port = 4444] FOLLOWEDBY [domain-name:value = 'a.org']";
	static const char by_text[] =
		"[network-traffic:dst_port = 4444] FOLLOWEDBY [file:name = 'evil.exe']";
	own_match_set struct match_set *both = set_of_pattern(by_name);
	add_pattern(both, "indicator--2", span_of(by_text));
	own_match_set struct match_set *mapped = mapped_of(both), *first = set_of_pattern(by_name);
	own_match_set struct match_set *parted = mapped_of(first);
	add_pattern(parted, "indicator--2", span_of(by_text));
	struct match_set *const sets[] = {both, mapped, parted};
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		struct scan scan;
		begin(&scan, sets[i]);
		scan_more(&scan, span_of(lines), "", "json");
		scan_fini(&scan);
		assert_string_equal(said(), "3 pattern: 2 3;4 pattern: 2 4;");
	}
	/* What is revoked, or not trusted as far as is asked for, is not watched for. */
	struct scan scan;
	assert_true(match_set_revoke(mapped, SPAN("indicator--1")) > 0);
	begin(&scan, mapped);
	scan_more(&scan, span_of(lines), "", "json");
	assert_string_equal(said(), "4 pattern: 2 4;");
	assert_int_equal(scan_patterns(&scan).patterns, 1);
	/* What comes later is watched for from then on. */
	add_pattern(mapped, "indicator--3", span_of(by_name));
	buf_reset(&out);
	scan_more(&scan, span_of(lines), "", "json");
	assert_non_null(strstr(said(), "3 pattern: 2 3;"));
	scan_fini(&scan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_any_record_may_be_is_found_by_its_fields),
		cmocka_unit_test(records_that_cannot_be_it_are_not_told),
		cmocka_unit_test(what_comes_before_is_known),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
