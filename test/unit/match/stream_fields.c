/* What a record's fields tell, as properties of objects. */
#include "stream_world.h"

#include "match/objects.h"
#include "match/sense.h"
#include "pattern/match.h"

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
	struct senses senses = {};
	struct objects *o = objects_new(&senses);
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
		cmocka_unit_test(names_of_fields_are_found_in_any_case),
		cmocka_unit_test(what_windows_tells_are_processes_files_and_keys),
		cmocka_unit_test(fields_become_properties_of_objects),
		cmocka_unit_test(bytes_that_are_no_text_are_told_as_such),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
