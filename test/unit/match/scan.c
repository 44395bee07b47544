#include "../test.h"

#include <stdlib.h>

#include "match/hit_json.h"
#include "world.h"

static struct buf out;

static void
json_escapes_are_no_letters_and_places_stay_exact(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.org\nhttp://evil.org/a");
	assert_string_equal(hits_of(set, SPAN("{\"m\":\"x\\nevil.org\"}"), NULL, NULL, &out),
		"1:9 exact domain evil.org;");
	assert_string_equal(hits_of(set, SPAN("{\"m\":\"\\u0065vil.org\"}"), NULL, NULL, &out),
		"1:6 exact domain evil.org;");
	assert_string_equal(
		hits_of(set, SPAN("{\"u\":\"http:\\/\\/evil.org\\/a\"}"), NULL, NULL, &out),
		"1:6 exact url http://evil.org/a;1:15 url-host domain evil.org;");
	assert_string_equal(hits_of(set, SPAN("{\"evil.org\":1}"), NULL, NULL, &out),
		"1:2 exact domain evil.org;");
	/* No JSON any more: inside a syslog line both readings count. */
	assert_string_equal(hits_of(set, SPAN("Jan  1 00:00:00 h a: {\"m\":\"\\nevil.org\"}"), NULL,
				    NULL, &out),
		"1:29 exact domain evil.org;");
}

static void
names_behind_percent_signs_are_found_at_their_place(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.org\nb\xc3\xbc"
						     "cher.de\nhttp://evil.org/a");
	assert_string_equal(hits_of(set, SPAN("x=evil%2Eorg&y=EVIL%2eORG"), NULL, "lines", &out),
		"1:2 exact domain evil.org;");
	assert_string_equal(
		hits_of(set, SPAN("GET /?u=http%3A%2F%2Fevil%2Eorg%2Fa HTTP"), NULL, "lines", &out),
		"1:8 exact url http://evil.org/a;1:21 url-host domain evil.org;");
	assert_string_equal(hits_of(set, SPAN("ref=www.b%C3%BCcher.de"), NULL, "lines", &out),
		"1:4 subdomain domain www.xn--bcher-kva.de;");
	/* What is there already as it stands is told once, and what is no escape stays. */
	assert_string_equal(hits_of(set, SPAN("evil.org %2E %2 %zz %"), NULL, "lines", &out),
		"1:0 exact domain evil.org;");
	assert_string_equal(hits_of(set, SPAN("xevil%2Eorg evil%2Eorgs"), NULL, "lines", &out), "");
}

/* Places in a long record are found without walking it for each. */
static void
places_of_many_hits_in_a_long_record_are_theirs(void **state)
{
	(void)state;
	static const struct {
		const char *reader, *before, *left, *right,
			*after; /* of each name but its number */
	} shapes[] = {
		{"lines", "", "%20h", "%2Eevil%2Eorg%20", ""},
		{"json", "{\"m\":\"", "\\th", ".evil.org", "\"}"},
		{"json", "[\"x\"", ",\"h", ".evil.org\"", "]"},
		{"csv", "a,b\n1,\"", "\"\" h", ".evil.org\n", "\""},
	};
	own_match_set struct match_set *set = set_of("evil.org");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		own_buf struct buf text = {};
		enum { MANY = 40000 }; /* about as long as a record may be */
		buf_add(&text, span_of(shapes[i].before));
		for (int k = 0; k < (i == 3 ? 60 : MANY); k++)
			buf_printf(&text, "%s%d%s", shapes[i].left, k, shapes[i].right);
		buf_add(&text, span_of(shapes[i].after));
		const char *all = hits_of(set, buf_span(&text), NULL, shapes[i].reader, &out);
		size_t count = 0, last = 0;
		for (const char *at = all; (at = strchr(at, ':')); count++, at++) {
			size_t place = strtoul(at + 1, NULL, 10);
			assert_true(text.ptr[place] == 'h' && place >= last);
			last = place;
		}
		assert_int_equal(count, i == 3 ? 60 : MANY);
	}
}

static void
one_hit_for_an_indicator_and_an_observable_in_a_record(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.org");
	assert_string_equal(hits_of(set, SPAN("evil.org a.evil.org evil.org A.evil.org\nevil.org"),
				    NULL, "lines", &out),
		"1:0 exact domain evil.org;1:9 subdomain domain a.evil.org;2:40 exact domain "
		"evil.org;");
	/* Many different ones in one record, each once. */
	own_buf struct buf text = {};
	for (int i = 0; i < 3000; i++)
		buf_printf(&text, "h%d.evil.org h%d.evil.org ", i, i);
	const char *all = hits_of(set, buf_span(&text), NULL, "lines", &out);
	size_t count = 0;
	for (; *all; all++)
		count += *all == ';';
	assert_int_equal(count, 3000);
}

static void
fields_tell_fingerprints_from_files(void **state)
{
	(void)state;
	static const char md5[] = "d41d8cd98f00b204e9800998ecf8427e";
	own_match_set struct match_set *set = match_set_new(3);
	struct indicator i = {.about = {OBS_JA3, span_of(md5)},
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	assert_rc(match_set_add(set, &i), RC_OK);
	assert_string_equal(
		hits_of(set,
			SPAN("{\"tls\":{\"ja3\":{\"hash\":\"d41d8cd98f00b204e9800998ecf8427e\"}}}"),
			NULL, NULL, &out),
		"1:23 exact ja3 d41d8cd98f00b204e9800998ecf8427e;");
	assert_string_equal(hits_of(set, SPAN("{\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"}"),
				    NULL, NULL, &out),
		"");
	own_match_set struct match_set *file = match_set_new(3);
	i.about.kind = OBS_MD5;
	assert_rc(match_set_add(file, &i), RC_OK);
	assert_string_equal(hits_of(file, SPAN("{\"ja3\":\"d41d8cd98f00b204e9800998ecf8427e\"}"),
				    NULL, NULL, &out),
		"");
	assert_string_equal(hits_of(file, SPAN("{\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"}"),
				    NULL, NULL, &out),
		"1:8 exact md5 d41d8cd98f00b204e9800998ecf8427e;");
}

static void
host_and_path_in_two_fields_are_one_url(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("http://evil.org/a");
	assert_string_equal(
		hits_of(set, SPAN("{\"http\":{\"hostname\":\"evil.org\",\"url\":\"/a?b\"}}"), NULL,
			NULL, &out),
		"1:38 url-prefix url //evil.org/a?b;");
	assert_string_equal(
		hits_of(set,
			SPAN("#separator "
			     "\\x09\n#fields\tts\thost\turi\n1521911720.0\tevil.org\t/a\n"),
			NULL, NULL, &out),
		"3:58 exact url //evil.org/a;");
}

static void
indicators_count_only_while_they_are_valid(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(3);
	struct indicator i = {.about = {OBS_DOMAIN, SPAN("evil.org")}, .confidence = 30};
	assert_rc(time_parse(SPAN("2026-01-01T10:00:00Z"), &i.valid_from, NULL), RC_OK);
	assert_rc(time_parse(SPAN("2026-01-01T11:00:00Z"), &i.valid_until, NULL), RC_OK);
	assert_rc(match_set_add(set, &i), RC_OK);
	struct span log =
		SPAN("2026-01-01T09:59:59.999999Z evil.org\n2026-01-01T10:00:00Z evil.org\n"
		     "2026-01-01T10:59:59Z evil.org\n2026-01-01T11:00:00Z evil.org\nevil.org\n");
	/* The last line has no time and counts as now, which is noon. */
	assert_string_equal(hits_of(set, log, NULL, NULL, &out),
		"2:58 exact domain evil.org;3:88 exact domain evil.org;");
	struct scan like = {.since = INT64_C(1767264000) * SECOND, .until = TIME_NONE}; /* 10:40 */
	assert_string_equal(hits_of(set, log, &like, NULL, &out), "3:88 exact domain evil.org;");
	like = (struct scan){.since = TIME_NONE, .until = INT64_C(1767264000) * SECOND};
	assert_string_equal(hits_of(set, log, &like, NULL, &out), "2:58 exact domain evil.org;");
	like = (struct scan){.since = TIME_NONE, .until = TIME_NONE, .min_confidence = 31};
	assert_string_equal(hits_of(set, log, &like, NULL, &out), "");
}

static void
defanged_reports_are_read_when_asked(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("http://evil.org/a\n192.0.2.1");
	struct span log = SPAN("see hxxp://evil[.]org/a and 192[.]0[.]2[.]1.");
	assert_string_equal(hits_of(set, log, NULL, NULL, &out), "");
	struct scan like = {.since = TIME_NONE, .until = TIME_NONE, .text = SCAN_DEFANGED};
	assert_string_equal(hits_of(set, log, &like, NULL, &out),
		"1:4 exact url http://evil.org/a;1:28 exact ipv4 192.0.2.1;");
}

static void
hits_in_json_are_the_contract(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	struct hit h = {.time = NOON,
		.indicator = SPAN("indicator--1"),
		.name = SPAN("a \"b\""),
		.pattern = SPAN("[domain-name:value = 'evil.org']"),
		.match = HIT_SUBDOMAIN,
		.seen = {OBS_DOMAIN, SPAN("a.evil.org")},
		.file = SPAN("x.log"),
		.line = 7,
		.offset = 99,
		.party = SPAN("CERT-A"),
		.memo = SPAN("m"),
		.tlp = SPAN("amber"),
		.confidence = 80};
	hit_json(&h, &b);
	assert_span(buf_span(&b),
		"{\"time\":\"2026-01-01T12:00:00.000000Z\",\"indicator\":\"indicator--1\",\"name\":"
		"\"a \\\"b\\\"\","
		"\"pattern\":\"[domain-name:value = 'evil.org']\",\"match\":\"subdomain\","
		"\"observable\":{\"kind\":\"domain\",\"value\":\"a.evil.org\"},\"file\":\"x.log\","
		"\"line\":7,"
		"\"offset\":99,\"party\":\"CERT-A\",\"memo\":\"m\",\"tlp\":\"amber\","
		"\"confidence\":80}\n");
	buf_reset(&b);
	h = (struct hit){.time = TIME_NONE,
		.seen = {OBS_IPV4, SPAN("192.0.2.1")},
		.line = 1,
		.confidence = -1};
	hit_json(&h, &b);
	assert_span(buf_span(&b), "{\"match\":\"exact\",\"observable\":{\"kind\":\"ipv4\","
				  "\"value\":\"192.0.2.1\"},\"line\":1,\"offset\":0}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_escapes_are_no_letters_and_places_stay_exact),
		cmocka_unit_test(names_behind_percent_signs_are_found_at_their_place),
		cmocka_unit_test(places_of_many_hits_in_a_long_record_are_theirs),
		cmocka_unit_test(one_hit_for_an_indicator_and_an_observable_in_a_record),
		cmocka_unit_test(fields_tell_fingerprints_from_files),
		cmocka_unit_test(host_and_path_in_two_fields_are_one_url),
		cmocka_unit_test(indicators_count_only_while_they_are_valid),
		cmocka_unit_test(defanged_reports_are_read_when_asked),
		cmocka_unit_test(hits_in_json_are_the_contract),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
