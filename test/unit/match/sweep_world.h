#pragma once
/* Texts of chance, out of pieces that a set knows and what harms most beside them. */
#include "../seed.h"
#include "../test.h"

#include <string.h>

#include "match/sweep.h"
#include "world.h"

static const char list[] =
	"evil.org\nsub.worse.example\nhttp://url.example/a/b\nhttp://192.0.2.77/"
	"x\nspam@mail.example\n"
	"198.51.100.7\n203.0.113.0/28\n10.20.0.0/15\n2001:db8::7\n2001:db8:5::/"
	"48\n::beef:7\n::ffff:192.0.2.200\n"
	"d41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	"aa:bb:cc:dd:ee:ff\n00:1b:44:11:3a:b7\nCVE-2024-1234\nCVE-2021-44228\n"
	"t13d1516h2_8daaf6152771_e5627efa2ab1\nb\xc3\xbc"
	"cher.de\nfoo.xn--p1ai\n"
	"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5.long.example\n";

/* Names that end in a digit: ends of words that do are looked at only where a set has such. */
static const char tails[] = "evil.d5\nsub.evil.de55\n12.34.56.7a8\n";
static bool with_tails;

static inline struct match_set *
world(void)
{
	struct match_set *set = set_of(list);
	if (with_tails)
		set_add(set, span_of(tails));
	return set;
}

/* What texts are put together from. */
static const char *const pieces[] = {"evil.org", "EVIL.Org", "www.evil.org", "evil.org.", "evil.d5",
	"EVIL.D5", "1.evil.d5", "evil.d55", "sub.evil.de55", "9.12.34.56.7a8", "12.34.56.7A8",
	"12.34.56.78", "evil.d5.", "xevil.org", "evil.organic", "-evil.org", "--evil.org-",
	"evil.org..", "..evil.org", "a..evil.org", "_evil.org", "sub.worse.example",
	"a.sub.worse.example", "worse.example", "http://url.example/a/b/c",
	"https://url.example/a/b", "http:\\/\\/url.example\\/a\\/b",
	"http%3A%2F%2Furl.example%2Fa%2Fb", "spam@mail.example", "spam%40mail.example",
	"x@evil.org", "198.51.100.7", "198.51.100.7.", "198.51.100.7:80", "198.51.100.70",
	"1198.51.100.7", "198.51.100.7.8", "198.51.100.7-198.51.100.9", "198.51.100.5-198.51.100.7",
	"1.2.3.4-5.6.7.8", "198.51.100.7.443 > 5.6.7.8.53:", "203.0.113.9", "203.0.113.99",
	"10.21.255.255", "10.22.0.0", "2001:db8::7", "2001:DB8:0:0:0:0:0:7", "[2001:db8::7]:80",
	"2001:db8:5::1%eth0", "::beef:7", "\\t::beef:7", "\\x09::beef:7", "\\u0009::beef:7",
	"\\x09a::beef:7", "SMTP::beef:7", "\\x09SMTP::beef:7", "\\nSMTP::beef:7", "\\tbe::beef:7",
	"68:5d:43:8b:f9:de", "198.51.100.7/./", "198.51.100.7/../", "1.2.3", "198.51.100%2e7",
	"0:0:0:0:0:0:beef:7", "0:0:0:0:0:0:190.239.0.7", "::190.239.0.7", "2001:db8:5:6:7:8:9:a",
	"::ffff:198.51.100.7", "::ffff:c633:6407", "64:ff9b::1", "aa:bb:cc:dd:ee:ff", "12:34:56",
	"AA:bb:CC:dd:EE:ff", "aa-bb-cc-dd-ee-ff", "AABB.CCDD.EEFF", "aabbccddeeff",
	"00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7", "001B44113AB7", "CVE-2024-1234",
	"cve-2024-1234", "CVE_2021_44228", "cVe-2021-44228", "xCVE-2024-1234", "CVE-2024-12345",
	"CVE-2024-1234-x", "\\nCVE-2024-1234", "\\u0043VE-2024-1234", "CVE\\u002d2024-1234",
	"CVE-2024-1234\xc3\xa9", "%20CVE-2024-1234", "exploit_CVE-2021-44228",
	"\x1b[31mCVE-2024-1234\x1b[0m", "ab-2024-1234", "01:aa:bb:cc:dd:ee:ff",
	"aa:bb:cc:dd:ee:ff:1", "aa-bb-cc-dd-ee-ff-1", "x.aabb.ccdd.eeff",
	"MAC=aa:bb:cc:dd:ee:ff:00:1b:44:11:3a:b7:08:00", "mac:aabbccddeeff", "\\naabbccddeeff",
	"\\baabbccddeeff", "%0Aaabbccddeeff", "\\u0022aabbccddeeff", "\\u0061abbccddeeff",
	"\\baa:bb:cc:dd:ee:ff", "aa\\u003abb:cc:dd:ee:ff", "%20aa-bb-cc-dd-ee-ff",
	"\x1b[31maa:bb:cc:dd:ee:ff\x1b[0m", "\x1b[0maabb.ccdd.eeff", "2026-11-26T12:30:45",
	"{\"mac\":\"aabbccddeeff\"}", "{\"src_mac\":\"\\n001B44113AB7\"}",
	"d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E",
	"xd41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e0",
	"d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"t13d1516h2_8daaf6152771_e5627efa2ab1", "T13D1516H2_8DAAF6152771_E5627EFA2AB1",
	"\\tt13d1516h2_8daaf6152771_e5627efa2ab1", "-t13d1516h2_8daaf6152771_e5627efa2ab1.",
	"t13d1516h2\\u005f8daaf6152771_e5627efa2ab1", "x_t13d1516h2_8daaf6152771_e5627efa2ab1_y",
	"t13d1516h2-8daaf6152771-e5627efa2ab1",
	"{\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\"}", "99aabbccddeeff",
	"\\x0099aabbccddeeff", "q99aabbccddeeff", ":0001b44113ab7",
	"b\xc3\xbc"
	"cher.de",
	"B\xc3\x9c"
	"CHER.de",
	"x.b\xc3\xbc"
	"cher.de",
	"xn--bcher-kva.de", "foo.xn--p1ai", "foo.\xd1\x80\xd1\x84", "evil\xe3\x80\x82org",
	"\xef\xbd\x85vil.org", "evil.org\xc3\xbc",
	"\xc3\xbc"
	"evil.org",
	"\xffvil.org",
	"\xe3\x80\x80"
	"evil.org",
	"%2Fevil.org", "%252Fevil.org", "%20198.51.100.7", "%2Eevil.org", "evil%2Eorg",
	"b%C3%BCcher.de", "\\nevil.org", "\\x22evil.org", "\\u0022evil.org", "\\u0065vil.org",
	"evil\\u002eorg", "evil\\x2eorg", "\\n198.51.100.7", "\\t198.51.100.7", "\\x20198.51.100.7",
	"\\nd41d8cd98f00b204e9800998ecf8427e", "%0Ad41d8cd98f00b204e9800998ecf8427e",
	"\x1b[31mevil.org\x1b[0m", "\x1b[1;31mevil.org", "#033[Kevil.org", "\\u001b[1m198.51.100.7",
	"\x1b[0md41d8cd98f00b204e9800998ecf8427e", "[evil.org]", "v1.2.3.4", "Chrome/198.51.100.7",
	"tcp/198.51.100.7", "1.3.6.1.4.1.198.51.100.7", "0.0.0.0", "3.14159", "17.1", "\xc2\xa0",
	"\xe2\x80\xa6",
	"\xe3\x80\x8c"
	"b\xc3\xbc"
	"cher.de\xe3\x80\x8d\xe3\x83\x86",
	"\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88\xe3\x80\x82", "\xe3\x83\x86.evil.org\xe3\x80\x82",
	"foo\xe3\x80\x82\xd1\x80\xd1\x84\xe3\x80\x82\xe3\x83\x86", "\xe3\x83\x86\xe3\x80\x82",
	"\\u30c6\\u30b9\\u3002", "b\\u00fccher.de", "\\u0431.\\u0440\\u0444", "foo.\\u0440\\u0444",
	"foo\\u3002\\u0440\\u0444\\u2026", "\\uff45vil.org", "evil\\uff0eorg", "\\u2026evil.org",
	"\\ud835\\udc1evil.org", "\xf0\x9d\x90\x9evil.org", "www.\\u3042.evil.org",
	"\xc3\xa9vil.org\xc2\xbb",
	"\xc2\xab"
	"b\xc3\xbc"
	"cher.de\xc2\xbb",
	"\xe2\x93\x94vil.org", "evil.\xe2\x93\x9e\xe2\x93\xa1\xe2\x93\x96",
	"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5.long.example",
	"x.a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5.long.example"};

/* What is found with defanging undone, or nearly; the rest is put together by chance. */
static const char *const defanged[] = {"evil[.]org", "EVIL[.]ORG", "evil(dot)org", "evil[DOT]org",
	"evil{.}org", "evil[,]org", "evil[punkt]org", "www[.]evil[.]org", "[www].evil.org",
	"evil\\.org", "evil\\\\.org", "evil[\\u002e]org", "evil\\u005b.]org",
	"evil[.\\u005d"
	"org",
	"evil\\x5b.\\x5dorg", "evil\\x5b.]org", "evil[d\\u006ft]org", "evil\\u005c.org",
	"hxxp://url.example/a/b", "HXXPS://url[.]example/a/b", "h**p://url.example/a/b",
	"htxp://url.example/a/b", "hxtps://url.example/a/b", "meow://url.example/a/b",
	"hxxp[:]//url.example/a/b", "hxxp[://]url.example/a/b", "http[:]//url.example/a/b",
	"http[:\\/\\/]url.example\\/a\\/b", "hxxp:\\/\\/url[.]example\\/a\\/b",
	"hx\\u0078p://url.example/a/b", "hxxp\\u003a//url.example/a/b",
	"http://url.example[/]a[/]b", "http:\\/\\/url.example[\\/]a[\\/]b",
	"http:[//]url.example/a/b", "hxxp://192.0.2[.]77/x", "198[.]51[.]100[.]7", "198.51.100[.]7",
	"198.51.100\\.7", "198(.)51(.)100(.)7", "[198].[51].[100].[7]", "203[.]0[.]113[.]9",
	"2001[:]db8[:][:]7", "2001[:]db8::7", "2001(:)db8::7", "spam[at]mail.example",
	"spam(at)mail[.]example", "spam[@]mail.example", "spam{at}mail.example",
	"spam\\u0028at)mail.example", "aa[:]bb[:]cc[:]dd[:]ee[:]ff", "aabb[.]ccdd[.]eeff",
	"xevil[.]org", "evil[.]organic",
	"b\xc3\xbc"
	"cher[.]de",
	"\nhxxp://url.example/a/b", "x[.]y", "app[1234]:", "{\"a\":[1,2]}", "evil[", "[/]a",
	"/]a/b", "url.example["};

/* How the plain scanner reads, and of what texts are made. */
static enum scan_text reads;

static const char *const between[] = {" ", "\t", ",", "\"", "=", ":", ";", "/", ".", "-", "_", "@",
	"%", "\\", "[", "]", "(", "'", "", "", "\n", "\n", "\r\n", " \n", "x", "0", "::", "..",
	"\xc3\xa9", "\xff", "|", "\\\\"};

static inline size_t
put(char *to, size_t at, const char *piece)
{
	size_t len = strlen(piece);
	memcpy(to + at, piece, len);
	return at + len;
}

static inline size_t
make_text(struct rng rng, char *to, size_t want)
{
	size_t at = 0;
	while (at < want) {
		uint32_t kind = chance(rng, 10);
		if (kind < 4 && reads == SCAN_DEFANGED)
			at = put(to, at, defanged[chance(rng, sizeof defanged / sizeof *defanged)]);
		else if (kind < 6)
			at = put(to, at, pieces[chance(rng, sizeof pieces / sizeof *pieces)]);
		else if (kind < 7)
			for (uint32_t n = chance(rng, 40); n; n--)
				to[at++] = "abcXYZ012.-_"[chance(rng, 12)];
		else if (kind < 8)
			for (uint32_t n = chance(rng, 12); n; n--)
				to[at++] = (char)chance(rng, 256);
		at = put(to, at, between[chance(rng, sizeof between / sizeof *between)]);
	}
	return at;
}
