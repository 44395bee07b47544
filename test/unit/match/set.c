#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "world.h"

static struct buf out;

/* On the heap, out of a file, and parted between both at each line. */
#define check(list, text, expected) \
	do { \
		own_match_set struct match_set *set_ = set_of(list), *mapped_ = mapped_of(set_); \
		assert_string_equal(hits_of(set_, span_of(text), NULL, "lines", &out), expected); \
		assert_string_equal( \
			hits_of(mapped_, span_of(text), NULL, "lines", &out), expected); \
		for (size_t lines_ = 0; lines_ < 3; lines_++) { \
			own_match_set struct match_set *parted_ = parted_of(list, lines_); \
			assert_string_equal( \
				hits_of(parted_, span_of(text), NULL, "lines", &out), expected); \
		} \
	} while (0)

static void
names_cover_what_lies_under_them_and_nothing_else(void **state)
{
	(void)state;
	check("evil.org", "a.evil.org", "1:0 subdomain domain a.evil.org;");
	check("evil.org", "evil.org", "1:0 exact domain evil.org;");
	check("higan.org", "michigan.org", "");
	check("cher.de",
		"b\xc3\xbc"
		"cher.de",
		"");
	check("b\xc3\xbc"
	      "cher.de",
		"x xn--bcher-kva.de", "1:2 exact domain xn--bcher-kva.de;");
	check("xn--bcher-kva.de",
		"www.B\xc3\x9c"
		"CHER.de.",
		"1:0 subdomain domain www.xn--bcher-kva.de;");
	check("evil.org", "evil.org.example.com", "");
	check("a.evil.org", "evil.org b.evil.org", "");
	check("evil.org", "http://a.evil.org/x", "1:7 subdomain domain a.evil.org;");
	check("evil.org", "http://evil.org/x", "1:7 url-host domain evil.org;");
}

static void
a_registrys_suffix_covers_nothing(void **state)
{
	(void)state;
	check("co.uk", "bbc.co.uk co.uk", "1:10 exact domain co.uk;");
}

static void
addresses_and_ranges_of_both_families(void **state)
{
	(void)state;
	check("192.0.2.1", "192.0.2.1 192.0.2.10 1192.0.2.1", "1:0 exact ipv4 192.0.2.1;");
	check("192.0.2.0/24", "192.0.2.255 192.0.3.0", "1:0 cidr ipv4 192.0.2.255;");
	check("0.0.0.0/1", "8.8.8.8 208.8.8.8", "1:0 cidr ipv4 8.8.8.8;");
	check("10.0.0.0/8\n10.1.0.0/16\n10.1.2.3", "10.1.2.3",
		"1:0 exact ipv4 10.1.2.3;1:0 cidr ipv4 10.1.2.3;1:0 cidr ipv4 10.1.2.3;");
	check("192.0.2.1", "::ffff:192.0.2.1", "1:0 exact ipv4 192.0.2.1;");
	check("::ffff:192.0.2.1", "192.0.2.1", "1:0 exact ipv4 192.0.2.1;");
	check("2001:db8::/33", "2001:db8:7fff::1 2001:db8:8000::1",
		"1:0 cidr ipv6 2001:db8:7fff::1;");
	check("2001:db8::1", "[2001:DB8:0::0:1]:443", "1:1 exact ipv6 2001:db8::1;");
	check("192.0.2.1", "http://192.0.2.1:8080/x", "1:7 url-host ipv4 192.0.2.1;");
}

static void
urls_match_whole_and_below_at_their_segments(void **state)
{
	(void)state;
	check("http://evil.org/a", "GET HTTP://EVIL.org:80/a", "1:4 exact url http://evil.org/a;");
	check("http://evil.org/a", "http://evil.org/a/b",
		"1:0 url-prefix url http://evil.org/a/b;");
	check("http://evil.org/a", "http://evil.org/a?x=1",
		"1:0 url-prefix url http://evil.org/a?x=1;");
	check("http://evil.org/a/", "http://evil.org/a/b",
		"1:0 url-prefix url http://evil.org/a/b;");
	check("http://evil.org/a",
		"http://evil.org/ab https://evil.org/a http://x.evil.org/a evil.org", "");
	check("evil.org/a", "https://evil.org/a", "1:0 exact url https://evil.org/a;");
	check("http://evil.org/a", "evil.org/a", "1:0 exact url //evil.org/a;");
	check("http://192.0.2.1", "http://192.0.2.1/x 192.0.2.1",
		"1:0 url-prefix url http://192.0.2.1/x;");
	check("http://evil.org/a", "u=http%3A%2F%2Fevil.org%2Fa%2Fb&c",
		"1:2 url-prefix url http://evil.org/a/b;");
	check("http://[2001:db8::1]/", "http://[2001:db8::1]/x",
		"1:0 url-prefix url http://[2001:db8::1]/x;");
	/* A port that goes without saying. */
	check("evil.org:80/a", "http://evil.org/a https://evil.org/a",
		"1:0 exact url http://evil.org/a;");
	check("evil.org:443/a", "https://evil.org/a/b", "1:0 url-prefix url https://evil.org/a/b;");
	check("[2001:db8::1]:80/a", "http://[2001:db8::1]/a",
		"1:0 exact url http://[2001:db8::1]/a;");
	check("evil.org:80/a", "http://evil.org:8080/a http://evil.org:443/a", "");
	check("http://evil.org/a", "evil.org:80/a", "1:0 exact url //evil.org:80/a;");
	check("http://evil.org/a", "u\":\"http:\\/\\/evil.org\\/a\"",
		"1:4 exact url http://evil.org/a;");
}

static void
people_and_digests(void **state)
{
	(void)state;
	check("Bad@Evil.org", "from=<bad@evil.org>", "1:6 exact email bad@evil.org;");
	check("bad@evil.org", "notbad@evil.org bad@x.evil.org", "");
	check("x=y@evil.org", "to x=y@evil.org", "1:3 exact email x=y@evil.org;");
	check("D41D8CD98F00B204E9800998ECF8427E",
		"d41d8cd98f00b204e9800998ecf8427e 0d41d8cd98f00b204e9800998ecf8427e",
		"1:0 exact md5 d41d8cd98f00b204e9800998ecf8427e;");
	check("ja3:d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e", "");
	check("t13d1516h2_8daaf6152771_e5627efa2ab1", "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1",
		"1:4 exact ja4 t13d1516h2_8daaf6152771_e5627efa2ab1;");
}

static void
hardware_by_every_spelling(void **state)
{
	(void)state;
	check("00:1B:44:11:3A:B7", "a 001b.4411.3ab7 01:00:1b:44:11:3a:b7 00-1B-44-11-3A-B7",
		"1:2 exact mac 00:1b:44:11:3a:b7;");
	check("001b.4411.3ab7", "wlan0: STA 00:1b:44:11:3a:b7: associated",
		"1:11 exact mac 00:1b:44:11:3a:b7;");
	/* Digits alone need a field that says so. */
	check("00:1b:44:11:3a:b7", "001b44113ab7", "");
	own_match_set struct match_set *set = set_of("00:1b:44:11:3a:b7");
	static const char *const named[] = {"mac", "src_mac", "dstMac", "macAddress", "srcmacaddr",
		"MAC", "Calling-Station-Id", "ether"};
	static const char *const others[] = {"machine", "id", "MACHINE_ID", "macro"};
	own_buf struct buf text = {};
	char want[64];
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		buf_reset(&text);
		buf_printf(&text, "{\"%s\":\"001B44113AB7\"}", named[i]);
		snprintf(want, sizeof want, "1:%zu exact mac 00:1b:44:11:3a:b7;",
			strlen(named[i]) + 5);
		assert_string_equal(hits_of(set, buf_span(&text), NULL, "json", &out), want);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		buf_reset(&text);
		buf_printf(&text, "{\"%s\":\"001B44113AB7\"}", others[i]);
		assert_string_equal(hits_of(set, buf_span(&text), NULL, "json", &out), "");
	}
}

static void
vulnerabilities_in_any_case_and_never_in_longer_ones(void **state)
{
	(void)state;
	check("cve-2024-1234", "[**] exploit (CVE-2024-1234) [**] CVE-2024-12345",
		"1:14 exact cve CVE-2024-1234;");
	check("CVE-2021-44228\nCVE-2021-4422", "cve_2021_44228", "1:0 exact cve CVE-2021-44228;");
	check("CVE-2024-1234", "xCVE-2024-1234 CVE-2024-12345 CVE-2024-123", "");
}

static void
fingerprints_of_certificates_are_digests(void **state)
{
	(void)state;
	static const char pairs[] = "44:d8:86:12:fe:a8:a8:f3:6d:e8:2e:12:78:ab:b0:2f:00:01:02:03";
	check("44d88612fea8a8f36de82e1278abb02f00010203", pairs,
		"1:0 exact sha1 44d88612fea8a8f36de82e1278abb02f00010203;");
	check(pairs, "fp=44D88612FEA8A8F36DE82E1278ABB02F00010203",
		"1:3 exact sha1 44d88612fea8a8f36de82e1278abb02f00010203;");
}

static struct indicator
plain(enum obs_kind kind, const char *value)
{
	return (struct indicator){.about = {kind, span_of(value)},
		.reach = REACH_EXACT,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
}

static void
exact_indicators_do_not_cover(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	struct indicator i = plain(OBS_DOMAIN, "evil.org");
	assert_rc(match_set_add(set, &i), RC_OK);
	i = plain(OBS_URL, "http://evil.org/a");
	assert_rc(match_set_add(set, &i), RC_OK);
	assert_string_equal(
		hits_of(set, SPAN("a.evil.org http://evil.org/a/b"), NULL, "lines", &out),
		"1:18 url-host domain evil.org;");
}

static void
what_is_below_a_name_can_be_meant_without_it(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	struct indicator i = plain(OBS_DOMAIN, "evil.org");
	i.reach = REACH_BELOW;
	assert_rc(match_set_add(set, &i), RC_OK);
	assert_string_equal(
		hits_of(set, SPAN("evil.org a.b.evil.org http://evil.org/"), NULL, "lines", &out),
		"1:9 subdomain domain a.b.evil.org;");
	i = plain(OBS_IPV4, "192.0.2.1");
	i.reach = REACH_BELOW;
	assert_rc(match_set_add(set, &i), RC_UNKNOWN);
}

static void
the_same_is_refused_the_revoked_too_and_each_source_answers(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	own_arena struct arena a = {};
	struct indicator i = plain(OBS_DOMAIN, "evil.org");
	i.id = SPAN("indicator--1");
	assert_rc(match_set_add(set, &i), RC_OK);
	assert_rc(match_set_add(set, &i), RC_CONFLICT);
	i.id = SPAN("indicator--2");
	i.party = SPAN("CERT-B");
	assert_rc(match_set_add(set, &i), RC_OK);
	i.id = SPAN("indicator--3");
	i.revoked = true;
	assert_rc(match_set_add(set, &i), RC_NONE);
	assert_int_equal(match_set_count(set), 2);
	assert_int_equal(match_set_count_kind(set, OBS_DOMAIN), 2);
	assert_string_equal(hits_of(set, SPAN("evil.org"), NULL, "lines", &out),
		"1:0 exact domain evil.org;1:0 exact domain evil.org;");
	assert_int_equal(match_set_revoke(set, SPAN("indicator--1")), 1);
	assert_int_equal(match_set_revoke(set, SPAN("indicator--1")), 0);
	assert_string_equal(
		hits_of(set, SPAN("evil.org"), NULL, "lines", &out), "1:0 exact domain evil.org;");
	assert_span(match_set_get(set, 1, &a).party, "CERT-B");
}

static void
an_indicator_is_revoked_whole_and_alone_however_the_set_grows(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(11);
	enum { MANY = 5000 };
	for (unsigned i = 0; i < MANY; i++) {
		char id[40], name[40];
		snprintf(id, sizeof id, "indicator--%u", i);
		/* As a vault is loaded: whatever there was of this id goes, then comes what is. */
		assert_int_equal(match_set_revoke(set, span_of(id)), 0);
		for (unsigned k = 0; k < 2; k++) {
			snprintf(name, sizeof name, "h%u-%u.example", i, k);
			struct indicator one = plain(OBS_DOMAIN, name);
			one.id = span_of(id);
			assert_rc(match_set_add(set, &one), RC_OK);
		}
		if (i % 7 == 6) {
			snprintf(id, sizeof id, "indicator--%u", i / 2);
			assert_int_equal(match_set_revoke(set, span_of(id)), 2);
			assert_int_equal(match_set_revoke(set, span_of(id)), 0);
		}
	}
	size_t left = match_set_count(set), gone = 0;
	for (unsigned i = 0; i < MANY; i++) {
		char id[40];
		snprintf(id, sizeof id, "indicator--%u", i);
		size_t count = match_set_revoke(set, span_of(id));
		assert_true(count == 2 || count == 0);
		gone += count;
	}
	assert_int_equal(gone, left);
	assert_int_equal(left, 2 * (MANY - MANY / 7));
	assert_int_equal(match_set_count(set), 0);
}

static void
many_addresses_are_each_found_and_no_other(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(7);
	own_arena struct arena a = {};
	struct match_answers answers = {};
	for (uint32_t i = 0; i < 200000; i++) {
		char text[20];
		snprintf(text, sizeof text, "11.%u.%u.%u", i * 2 >> 16 & 255, i * 2 >> 8 & 255,
			i * 2 & 255);
		struct indicator one = plain(OBS_IPV4, text);
		assert_rc(match_set_add(set, &one), RC_OK);
	}
	for (uint32_t i = 0; i < 400000; i++) {
		struct found f = {.kind = OBS_IPV4,
			.addr = {{11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 32,
				false}};
		answers.len = 0;
		match_set_probe(set, (struct span){}, &f, CONTEXT_PLAIN, &a, &answers);
		assert_int_equal(answers.len, i % 2 == 0);
	}
	free(answers.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_cover_what_lies_under_them_and_nothing_else),
		cmocka_unit_test(a_registrys_suffix_covers_nothing),
		cmocka_unit_test(addresses_and_ranges_of_both_families),
		cmocka_unit_test(urls_match_whole_and_below_at_their_segments),
		cmocka_unit_test(people_and_digests),
		cmocka_unit_test(hardware_by_every_spelling),
		cmocka_unit_test(vulnerabilities_in_any_case_and_never_in_longer_ones),
		cmocka_unit_test(fingerprints_of_certificates_are_digests),
		cmocka_unit_test(exact_indicators_do_not_cover),
		cmocka_unit_test(what_is_below_a_name_can_be_meant_without_it),
		cmocka_unit_test(the_same_is_refused_the_revoked_too_and_each_source_answers),
		cmocka_unit_test(an_indicator_is_revoked_whole_and_alone_however_the_set_grows),
		cmocka_unit_test(many_addresses_are_each_found_and_no_other),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
