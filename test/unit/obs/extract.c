#include "../seed.h"
#include "../test.h"

#include <string.h>

#include "base/buf.h"
#include "obs/extract.h"
#include "obs/url.h"

static struct arena arena;
static struct buf seen;

/* Everything found, as "kind:value kind:value"; URLs and e-mail addresses behind their host. */
static const char *
all(const char *text)
{
	struct extract it;
	struct found f;
	struct span raw;
	enum found_coding coding;
	buf_reset(&seen);
	extract_init(&it, span_of(text), &arena);
	while (extract_next(&it, &f)) {
		char addr[ADDR_TEXT] = "";
		if (f.kind == OBS_IPV4 || f.kind == OBS_IPV6)
			addr_text(&f.addr, addr);
		assert_true(f.len > 0 && f.at + f.len <= strlen(text));
		if (seen.len)
			buf_add_byte(&seen, ' ');
		buf_printf(
			&seen, "%s:%s%.*s", obs_word(f.kind), addr, (int)f.value.len, f.value.ptr);
		if (found_url(span_of(text), &f, &raw, &coding))
			buf_printf(&seen, " %surl:%.*s", coding != FOUND_PLAIN ? "encoded-" : "",
				(int)raw.len, raw.ptr);
		for (unsigned nth = 0; nth < 2; nth++)
			if (found_email(span_of(text), &f, nth, &raw))
				buf_printf(&seen, " email:%.*s", (int)raw.len, raw.ptr);
	}
	buf_add_byte(&seen, 0);
	arena_reset(&arena);
	return seen.ptr;
}

#define check(text, expected) assert_string_equal(all(text), expected)

static void
names_are_whole_and_keep_their_labels(void **state)
{
	(void)state;
	check("lookup a.evil.org failed", "domain:a.evil.org");
	check("michigan.org", "domain:michigan.org");
	check("EVIL.Org", "domain:evil.org");
	check("see evil.org.", "domain:evil.org");
	check("(evil.org),\"a.example\";<b.example>",
		"domain:evil.org domain:a.example domain:b.example");
	check("evil.org...more", "domain:evil.org");
	check("x..evil.org", "domain:evil.org");
	check("--evil.org--", "domain:evil.org");
	check("host:evil.org:443", "domain:evil.org");
	check("not-evil.org my_evil.org", "domain:not-evil.org domain:my_evil.org");
	check("evil", "");
	check("evil.1 a.b", "");
	check("_sip._tcp.evil.org", "domain:_sip._tcp.evil.org");
	check("", "");
	check(".", "");
	check("a.bc", "domain:a.bc");
}

static void
letters_beyond_ascii_belong_to_the_name_and_punctuation_does_not(void **state)
{
	(void)state;
	check("b\xc3\xbc"
	      "cher.de",
		"domain:xn--bcher-kva.de");
	check("\xe2\x80\x9c"
	      "evil.org\xe2\x80\x9d",
		"domain:evil.org");
	check("\xc2\xab"
	      "evil.org\xc2\xbb",
		"domain:evil.org");
	check("evil.org\xe2\x80\xa6", "domain:evil.org");
	check("\xc2\xa0"
	      "evil.org\xc2\xa0",
		"domain:evil.org");
	check("evil\xe3\x80\x82org", "domain:evil.org");
	check("b\xfc"
	      "cher.de",
		"");
	check("b\xfc"
	      "cher.evil.org",
		"domain:\xef\xbf\xbd.evil.org");
	check("\xff\xfe", "");
	check("\xd0\xb5vil.org", "domain:xn--vil-qdd.org");
}

static void
addresses_are_not_cut_out_of_longer_runs(void **state)
{
	(void)state;
	check("192.0.2.1", "ipv4:192.0.2.1");
	check("[192.0.2.1]:22 (192.0.2.2) 192.0.2.3:80 192.0.2.4/24",
		"ipv4:192.0.2.1 ipv4:192.0.2.2 ipv4:192.0.2.3 "
		"ipv4:192.0.2.4");
	check("from 192.0.2.1.", "ipv4:192.0.2.1");
	check("1.2.3.4.5 1.2.3 v1.2.3.4 1.2.3.4-beta x1.2.3.4 1.2.3.4x 1.2.3.400",
		"domain:1.2.3.4-beta domain:1.2.3.4x");
	check("iso .1.3.6.1 OID", "");
	check("foo-1.2.3.4.tar.gz", "domain:foo-1.2.3.4.tar.gz");
	check("pkg-1.2.3.4", "");
	check("192.0.2.1-192.0.2.9", "ipv4:192.0.2.1 ipv4:192.0.2.9");
	check("192.0.2.1-9", "");
	check("4.3.2.1.in-addr.arpa", "domain:4.3.2.1.in-addr.arpa");
	check("01.2.3.4", "");
	check("a=192.0.2.1,192.0.2.2;", "ipv4:192.0.2.1 ipv4:192.0.2.2");
}

static void
ports_stand_behind_dots_and_ats_too(void **state)
{
	(void)state;
	check("IP 192.0.2.1.443 > 198.51.100.2.53: Flags", "ipv4:192.0.2.1 ipv4:198.51.100.2");
	check("IP 192.0.2.1.99999 > 198.51.100.2.53 x", "");
	check("192.0.2.1.5 > 6 1.2.3.4.5: 1 > 1.2.3.4.5", "ipv4:192.0.2.1");
	check("IP 192.0.2.1 > 198.51.100.2: ICMP", "ipv4:192.0.2.1 ipv4:198.51.100.2");
	check("server 192.0.2.1@53", "ipv4:192.0.2.1");
	check("192.0.2.1@53.example", "domain:53.example email:192.0.2.1@53.example");
	check("192.0.2.1@123456 192.0.2.1@5x a.example@53", "");
}

static void
urls_are_found_with_their_slashes_escaped(void **state)
{
	(void)state;
	check("{\\\"u\\\":\\\"http:\\/\\/a.example\\/b?c=\\/d\\\"}",
		"domain:a.example encoded-url:http:\\/\\/a.example\\/b?c=\\/d");
	check("x a.example:81\\/b.", "domain:a.example encoded-url:a.example:81\\/b");
	check("http:\\/\\/a.example\\n", "domain:a.example encoded-url:http:\\/\\/a.example");
}

static void
product_versions_are_no_addresses_but_proxies_log_some(void **state)
{
	(void)state;
	check("\"Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36\"", "");
	check("HIER_DIRECT/192.0.2.1 text/html", "ipv4:192.0.2.1");
	check("tcp/192.0.2.1", "ipv4:192.0.2.1");
	check("/192.0.2.1:50010", "ipv4:192.0.2.1");
	check("node/192.0.2.1:8020", "ipv4:192.0.2.1");
	check("GET /block/192.0.2.1 HTTP/1.1", "ipv4:192.0.2.1");
}

static void
ipv6_is_found_in_every_spelling(void **state)
{
	(void)state;
	check("2001:DB8:0:0::1", "ipv6:2001:db8::1");
	check("[2001:db8::1]:443", "ipv6:2001:db8::1");
	check("fe80::1%eth0", "ipv6:fe80::1");
	check("2001:db8::1/64", "ipv6:2001:db8::1");
	check("src:2001:db8::1", "ipv6:2001:db8::1");
	check("2001:db8::1: refused", "ipv6:2001:db8::1");
	check("IP6 2001:db8::1.5353 > ff02::fb.5353:", "ipv6:2001:db8::1 ipv6:ff02::fb");
	check("::ffff:192.0.2.1", "ipv4:192.0.2.1");
	check("::ffff:c000:201", "ipv4:192.0.2.1");
	check("at 2001:db8::1.", "ipv6:2001:db8::1");
	check("12:34:56 aa:bb:cc:dd:ee:ff 50:06:01:60:3b:20:15:aa", "mac:aa:bb:cc:dd:ee:ff");
	check("1:2:3:4:5:6:7:8:9", "");
	check("2001:db8::1,2001:db8::2", "ipv6:2001:db8::1 ipv6:2001:db8::2");
	check("eth0:2001:db8::1", "ipv6:2001:db8::1");
	check("::", "");
	check("a:b:evil.org:c", "domain:evil.org");
	check("std::vector x::evil.org", "domain:evil.org");
}

static void
hashes_are_whole_runs(void **state)
{
	(void)state;
	check("md5 d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427e");
	check("D41D8CD98F00B204E9800998ECF8427E", "md5:d41d8cd98f00b204e9800998ecf8427e");
	check("xd41d8cd98f00b204e9800998ecf8427e", "");
	check("0d41d8cd98f00b204e9800998ecf8427e", "");
	check("d41d8cd98f00b204e9800998ecf8427eg", "");
	check("d41d8cd98f00b204e9800998ecf8427e.exe",
		"md5:d41d8cd98f00b204e9800998ecf8427e domain:d41d8cd98f00b204e9800998ecf8427e.exe");
	check("sha1-da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709");
	check("md5:d41d8cd98f00b204e9800998ecf8427e:x", "md5:d41d8cd98f00b204e9800998ecf8427e");
	check("123e4567-e89b-12d3-a456-426614174000", "");
	check("ja4=t13d1516h2_8daaf6152771_e5627efa2ab1 ",
		"ja4:t13d1516h2_8daaf6152771_e5627efa2ab1");
	check("t13d1516h2_8daaf6152771_e5627efa2ab1f", "");
}

static void
fingerprints_in_pairs_are_digests(void **state)
{
	(void)state;
	check("sha1=44:D8:86:12:fe:a8:a8:f3:6d:e8:2e:12:78:ab:b0:2f:00:01:02:03,",
		"sha1:44d88612fea8a8f36de82e1278abb02f00010203");
	check("44:D8:86:12:fe:a8:a8:f3:6d:e8:2e:12:78:ab:b0:2f",
		"md5:44d88612fea8a8f36de82e1278abb02f");
	check("44:D8:86:12:fe:a8:a8:f3:6d:e8:2e:12:78:ab:b0:2f:00", "");
	check("44:D8:86:12:fe:a8:a8:f3:6d:e8:2e:12:78:ab:b0:2g", "");
}

static void
macs_are_found_in_every_spelling_and_never_in_a_longer_run(void **state)
{
	(void)state;
	check("00:1B:44:11:3a:b7", "mac:00:1b:44:11:3a:b7");
	check("src 00-1b-44-11-3A-B7, dst 001B.4411.3008",
		"mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:30:08");
	check("from 00:1b:44:11:3a:b7. to 00:1b:44:11:3a:b8: ok",
		"mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:3a:b8");
	check("[00:1b:44:11:3a:b7](00-1b-44-11-3a-b7)",
		"mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:3a:b7");
	check("hw:00:1b:44:11:3a:b7:x dev_00-1b-44-11-3a-b7.json",
		"mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:3a:b7 domain:dev_00-1b-44-11-3a-b7.json");
	check("Called-Station-Id = 00-10-A4-23-19-C0:AP1", "mac:00:10:a4:23:19:c0");
	check("10.0.0.1:00:1b:44:11:3a:b7", "mac:00:1b:44:11:3a:b7 ipv4:10.0.0.1");
	check("00:1b:44:11:3a:b7:10.0.0.1", "ipv6:0:1b:44:11:3a:b7:a00:1");
	check("001b.4411.3ab7.", "mac:00:1b:44:11:3a:b7 domain:001b.4411.3ab7");
	check("port 00:1b:44:11:3a:b7-00:1b:44:11:3a:b8 up",
		"mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:3a:b8");
	check("\\n00:1b:44:11:3a:b7 \\x2000:1b:44:11:3a:b7 %2000-1b-44-11-3a-b7",
		"mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:3a:b7 mac:00:1b:44:11:3a:b7");
	check("\x1b[1;31m00:1b:44:11:3a:b7\x1b[0m", "mac:00:1b:44:11:3a:b7");
	/* A firewall's frame: to, from and a type. */
	check("MAC=00:16:3e:5e:6c:00:00:1b:44:11:3a:b7:08:00 SRC=",
		"mac:00:16:3e:5e:6c:00 mac:00:1b:44:11:3a:b7");
	/* Longer runs, other shapes. */
	check("01:00:1b:44:11:3a:b7 00:1b:44:11:3a:b7:cc 00:1b:44:11:3a:b7:11.", "");
	check("01-00-1b-44-11-3a-b7 00-1b-44-11-3a-b7-0", "");
	check("1.001b.4411.3ab7 001b.4411.3ab7.12 a.001b.4411.3abc 001b.4411.3abc.x1",
		"domain:1.001b.4411.3ab7 domain:a.001b.4411.3abc domain:001b.4411.3abc.x1");
	check("x00:1b:44:11:3a:b7 00:1b:44:11:3a:b7x 00:1b:44:11:3a:b 000:1b:44:11:3a:b7", "");
	check("00:1b:44-11:3a:b7 00:1b:44:11:3a 00_1b_44_11_3a_b7", "");
	check("\xc3\xa9"
	      "00:1b:44:11:3a:b7 00-1b-44-11-3a-b7\xc3\xa9",
		"");
	check("::00:1b:44:11:3a:b7", "ipv6:::1b:44:11:3a:b7");
	check("00:1b:44:11:3a:b7::", "ipv6:0:1b:44:11:3a:b7::");
	check("50:06:01:60:3b:20:15:aa", "");
}

static void
twelve_digits_alone_say_that_they_are_bare(void **state)
{
	(void)state;
	struct extract it;
	struct found f;
	extract_init(&it, SPAN("x 001B44113AB7 00:1b:44:11:3a:b8"), &arena);
	assert_true(extract_next(&it, &f) && f.kind == OBS_MAC && f.bare);
	assert_span(f.value, "00:1b:44:11:3a:b7");
	assert_true(f.at == 2 && f.len == 12);
	assert_true(extract_next(&it, &f) && f.kind == OBS_MAC && !f.bare);
	assert_false(extract_next(&it, &f));
	/* Part of something: a UUID, a longer word. */
	check("123e4567-e89b-12d3-a456-426614174000 x001b44113ab7 001b44113ab70 001b44113ab7-1",
		"");
}

static void
vulnerabilities_are_named_whole(void **state)
{
	(void)state;
	check("(CVE-2024-1234), cve-2021-44228; Cve_2014_0160.",
		"cve:CVE-2024-1234 cve:CVE-2021-44228 cve:CVE-2014-0160");
	check("et/exploit_CVE-2024-12345-poc.py cve:CVE-2024-1234567890123456789",
		"cve:CVE-2024-12345 domain:exploit_cve-2024-12345-poc.py "
		"cve:CVE-2024-1234567890123456789");
	check("\\nCVE-2024-1234 \\x22CVE-2024-1235 %20CVE-2024-1236",
		"cve:CVE-2024-1234 cve:CVE-2024-1235 cve:CVE-2024-1236");
	check("\x1b[31mCVE-2024-1234\x1b[0m \xe2\x80\x9c"
	      "CVE-2024-1235\xe2\x80\x9d",
		"cve:CVE-2024-1234 cve:CVE-2024-1235");
	check("xCVE-2024-1234 CVE-2024-1234x CVE-2024-123 CVE-24-1234 CVE-2024_1234 ACVE-2024-1234",
		"");
	check("CVE-2024-01234 CVE-2024-12345678901234567890 CVE2024-1234 2024-1234", "");
	check("\xc3\xa9"
	      "CVE-2024-1234 CVE-2024-1234\xc3\xa9",
		"");
}

static void
escapes_before_a_word_are_no_part_of_it(void **state)
{
	(void)state;
	check("{\"m\":\"\\nevil.org\"}", "domain:nevil.org domain:evil.org");
	check("\\x22evil.org\\x22", "domain:evil.org");
	check("\\u0022evil.org", "domain:evil.org");
	check("u=http%3A%2F%2Fevil.org%2Fa&b=c",
		"domain:evil.org encoded-url:http%3A%2F%2Fevil.org%2Fa");
	check("u=%252Fevil.org", "domain:evil.org");
	check("%20192.0.2.1%20", "ipv4:192.0.2.1");
	check("\\n192.0.2.1", "ipv4:192.0.2.1");
	check("\\td41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427e");
	check("\\n2001:db8::1", "ipv6:2001:db8::1");
	check("a%41evil.org", "domain:41evil.org");
}

static void
urls_and_addresses_of_people_are_reached_from_their_host(void **state)
{
	(void)state;
	check("GET http://evil.org/a?b=c. x", "domain:evil.org url:http://evil.org/a?b=c");
	check("evil.org/a", "domain:evil.org url:evil.org/a");
	check("evil.org:8080/a", "domain:evil.org url:evil.org:8080/a");
	check("https://u:p@evil.org:1/", "domain:evil.org url:https://u:p@evil.org:1/");
	check("http://[2001:db8::1]:80/x", "ipv6:2001:db8::1 url:http://[2001:db8::1]:80/x");
	check("http://192.0.2.1/x", "ipv4:192.0.2.1 url:http://192.0.2.1/x");
	check("to=<bad.guy@evil.org>", "domain:evil.org email:bad.guy@evil.org");
	check("user=bad@evil.org", "domain:evil.org email:bad@evil.org email:user=bad@evil.org");
	check("evil.org@example.com", "domain:example.com email:evil.org@example.com");
	check("?to=bad%40evil.org&x",
		"domain:evil.org email:bad%40evil.org email:?to=bad%40evil.org");
	check("root@[192.0.2.1]", "ipv4:192.0.2.1 email:root@[192.0.2.1]");
	check("\\nhttp://evil.org/a", "domain:evil.org url:http://evil.org/a");
}

static void
a_terminals_colours_are_no_part_of_a_name(void **state)
{
	(void)state;
	check("\x1b[31mevil.org\x1b[0m", "domain:evil.org");
	check("\x1b[1;31mevil.org\x1b[K", "domain:evil.org");
	check("\x1b[01;31m\x1b[Kevil.org\x1b[m\x1b[K", "domain:evil.org");
	check("\x1b[38;2;255;0;0mevil.org", "domain:evil.org");
	check("\x1b[38:2::255:0:0mevil.org", "domain:evil.org");
	check("\x1b[mevil.org", "domain:evil.org");
	check("\x1b[?25hevil.org", "domain:evil.org");
	check("\xc2\x9b"
	      "31mevil.org",
		"domain:evil.org");
	check("#033[31mevil.org#033[0m", "domain:evil.org"); /* rsyslog */
	check("\\x1b[31mevil.org\\x1b[0m", "domain:evil.org");
	check("\\u001b[31mevil.org\\u001b[0m", "domain:evil.org");
	check("\\033[31mevil.org ^[[31mevil.org", "domain:evil.org domain:evil.org");
	check("\x1b[31m192.0.2.1\x1b[0m", "ipv4:192.0.2.1");
	check("\x1b[31m2001:db8::1\x1b[0m", "ipv6:2001:db8::1");
	check("\x1b[31m44d88612fea8a8f36de82e1278abb02f\x1b[0m",
		"md5:44d88612fea8a8f36de82e1278abb02f");
	check("\x1b[31mhttp://evil.org/a\x1b[0m", "domain:evil.org url:http://evil.org/a");
	check("\x1b[31mb\xc3\xbc"
	      "cher.de\x1b[0m",
		"domain:xn--bcher-kva.de");
	check("\x1b[31mroot@evil.org", "domain:evil.org email:root@evil.org");
	/* Rare letters are read both ways. */
	check("\x1b[evil.org", "domain:evil.org domain:vil.org");
	/* What only looks like one. */
	check("[31mevil.org]", "domain:31mevil.org");
	check("a[1;31mevil.org", "domain:31mevil.org");
	check("x=1;31mevil.org", "domain:31mevil.org");
}

static void
names_of_253_bytes_are_found_and_longer_ones_are_none(void **state)
{
	(void)state;
	char text[300];
	for (int i = 0; i < 299; i++)
		text[i] = i % 5 == 4 ? '.' : 'a';
	text[253] = 0;
	assert_int_equal(strlen(all(text)), 253 + 7);
	text[253] = 'a';
	text[254] = 0;
	check(text, "");
}

/* What one look at a run says is what all of the extraction says; names of no difficulty need no more. */
static void
a_name_that_stands_by_itself_is_found_in_one_look(void **state)
{
	(void)state;
	static const char *const pieces[] = {"evil.org", "EVIL", "a", "9", "12", ".", "..", "-",
		"--", "_", ":", "@", "%", "%2F", "\\", "\\n", "\\x2e", "[", "\x1b[", "\x1b[1;",
		"31m", "=", "?", " ", " ", " ", " ", "/", "\"", "abcd", ".abcd.", "aa-bb-cc",
		"\xc3\xbc", "\xff", "0123456789abcdef0123456789abcdef", "123456789012",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij", "x_y",
		"CVE-2024-1234"};
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	size_t names = 0, runs = 0;
	for (unsigned turn = 0; turn < 20000; turn++) {
		char text[4096], small[NAME_LONGEST];
		size_t len = 0;
		uint8_t v[24];
		rng_fill(rng, v, sizeof v);
		for (size_t i = 1; i < 2 + v[0] % (sizeof v - 2u); i++) {
			const char *piece = pieces[v[i] % (sizeof pieces / sizeof *pieces)];
			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		for (size_t at = 0; at < len; at++) {
			struct extract plain, it;
			struct found one, f;
			struct span all = {text, len};
			extract_init(&plain, all, &arena);
			extract_init(&it, all, &arena);
			runs++;
			if (!strchr("abcdefghijklmnopqrstuvwxyzEVIL", text[at]) ||
				!extract_name(&plain, at, &one))
				continue;
			names++;
			memcpy(small, one.value.ptr, one.value.len);
			extract_around(&it, at);
			assert_int_equal(it.end, plain.end);
			if (!extract_next(&it, &f))
				fail_msg("nothing is found at %zu of %.*s", at, (int)len, text);
			assert_true(f.kind == OBS_DOMAIN && f.at == one.at && f.len == one.len);
			assert_true(span_eq(f.value, (struct span){small, one.value.len}));
			assert_false(extract_next(&it, &f));
		}
		arena_reset(&arena);
	}
	assert_true(names > runs / 200);
	static const char *const plain[] = {"evil.org", "a.b-c.example", "x9.Evil_1.ORG"};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct extract it;
		struct found one;
		extract_init(&it, span_of(plain[i]), &arena);
		assert_true(extract_name(&it, 3, &one));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_whole_and_keep_their_labels),
		cmocka_unit_test(letters_beyond_ascii_belong_to_the_name_and_punctuation_does_not),
		cmocka_unit_test(addresses_are_not_cut_out_of_longer_runs),
		cmocka_unit_test(ports_stand_behind_dots_and_ats_too),
		cmocka_unit_test(urls_are_found_with_their_slashes_escaped),
		cmocka_unit_test(product_versions_are_no_addresses_but_proxies_log_some),
		cmocka_unit_test(ipv6_is_found_in_every_spelling),
		cmocka_unit_test(hashes_are_whole_runs),
		cmocka_unit_test(fingerprints_in_pairs_are_digests),
		cmocka_unit_test(macs_are_found_in_every_spelling_and_never_in_a_longer_run),
		cmocka_unit_test(twelve_digits_alone_say_that_they_are_bare),
		cmocka_unit_test(vulnerabilities_are_named_whole),
		cmocka_unit_test(escapes_before_a_word_are_no_part_of_it),
		cmocka_unit_test(a_terminals_colours_are_no_part_of_a_name),
		cmocka_unit_test(urls_and_addresses_of_people_are_reached_from_their_host),
		cmocka_unit_test(a_name_that_stands_by_itself_is_found_in_one_look),
		cmocka_unit_test(names_of_253_bytes_are_found_and_longer_ones_are_none),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&seen);
	arena_fini(&arena);
	return failed;
}
