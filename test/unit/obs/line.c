#include "../test.h"

#include <string.h>

#include "obs/line.h"

static struct arena arena;

/* "kind value", or the result code's word. */
static const char *
read_line(const char *line)
{
	struct obs_list all;
	enum rc code = obs_line(span_of(line), &arena, &all, NULL);
	struct span out = SPAN("");
	for (size_t i = 0; !code && i < all.len; i++)
		out = arena_printf(&arena, "%.*s%s%s %.*s", (int)out.len, out.ptr, i ? ", " : "",
			obs_word(all.at[i].kind), (int)all.at[i].value.len, all.at[i].value.ptr);
	return code ? rc_word(code) : out.ptr;
}

static void
within_quotes_a_comma_is_the_value_s_own(void **state)
{
	(void)state;
	assert_string_equal(read_line("\"http://evil.example/x,\""), "url http://evil.example/x,");
	assert_string_equal(read_line("'http://evil.example/x;',"), "url http://evil.example/x;");
	assert_string_equal(read_line("http://evil.example/x;"), "url http://evil.example/x");
	assert_string_equal(read_line("\"evil.example\", seen twice"), "domain evil.example");
}

static void
kinds_are_detected(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"192.0.2.1", "ipv4 192.0.2.1"},
		{"192.0.2.1:8080", "ipv4 192.0.2.1"},
		{"192.0.2.9/24", "cidr4 192.0.2.0/24"},
		{"192.0.2.9/32", "ipv4 192.0.2.9"},
		{"2001:DB8::1", "ipv6 2001:db8::1"},
		{"[2001:db8::1]", "ipv6 2001:db8::1"},
		{"::ffff:192.0.2.1", "ipv4 192.0.2.1"},
		{"2001:db8::/32", "cidr6 2001:db8::/32"},
		{"Evil.Example.", "domain evil.example"},
		{"*.evil.example", "domain evil.example"},
		{".evil.example", "domain evil.example"},
		{"evil.example:443", "domain evil.example"},
		{"b\xc3\xbc"
		 "cher.de",
			"domain xn--bcher-kva.de"},
		{"http://192.0.2.1:81/pixel.gif", "url http://192.0.2.1:81/pixel.gif"},
		{"evil.example/wp/a.php", "url //evil.example/wp/a.php"},
		{"Bad.Guy@Evil.Example", "email bad.guy@evil.example"},
		{"D41D8CD98F00B204E9800998ECF8427E", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"da39a3ee5e6b4b0d3255bfef95601890afd80709",
			"sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			"sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"t13d1516h2_8daaf6152771_e5627efa2ab1",
			"ja4 t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"00:1B:44:11:3A:B7", "mac 00:1b:44:11:3a:b7"},
		{"00-1b-44-11-3a-b7 # printer", "mac 00:1b:44:11:3a:b7"},
		{"001b.4411.3ab7", "mac 00:1b:44:11:3a:b7"},
		{"mac: 001B44113AB7", "mac 00:1b:44:11:3a:b7"},
		{"MAC-Address=00:1B:44:11:3A:B7", "mac 00:1b:44:11:3a:b7"},
		{"001b44113ab7", "unknown"},
		{"dead.beef.cafe", "domain dead.beef.cafe"},
		{"00:1b:44:11:3a:b7 00:1b:44:11:3a:b8 x",
			"mac 00:1b:44:11:3a:b7, mac 00:1b:44:11:3a:b8"},
		{"192.0.2.1,00:1b:44:11:3a:b7", "ipv4 192.0.2.1, mac 00:1b:44:11:3a:b7"},
		{"cve-2024-1234", "cve CVE-2024-1234"},
		{"CVE-2021-44228 # log4j", "cve CVE-2021-44228"},
		{"CVE-2021-44228,Apache,Log4j2", "cve CVE-2021-44228"},
		{"cve: CVE_2021_44228", "cve CVE-2021-44228"},
		{"CVE-2024-1234 CVE-2024-1235", "cve CVE-2024-1234, cve CVE-2024-1235"},
		{"CVE-2024-123", "unknown"},
		/* Context of what stands beside it. */
		{"192.0.2.1 CVE-2024-1234 exploits", "ipv4 192.0.2.1"},
		{"CVE-2024-1234,evil.example", "domain evil.example"},
		{"2026-01-01;CVE-2024-1234;evil.example", "domain evil.example"},
		{"44:D8:86:12:FE:A8:A8:F3:6D:E8:2E:12:78:AB:B0:2F:00:01:02:03",
			"sha1 44d88612fea8a8f36de82e1278abb02f00010203"},
		{"ja3: d41d8cd98f00b204e9800998ecf8427e", "ja3 d41d8cd98f00b204e9800998ecf8427e"},
		{"md5=d41d8cd98f00b204e9800998ecf8427e,", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"0.0.0.0 evil.example # sinkholed", "domain evil.example"},
		{"  \"evil.example\" , ", "domain evil.example"},
		{"192.0.2.1 # scanner", "ipv4 192.0.2.1"},
		{"evil.example 2026-01-01", "domain evil.example"},
		{"\xef\xbb\xbf"
		 "evil.example\r",
			"domain evil.example"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
defanged_forms_are_undone(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"hxxp://evil[.]example/a", "url http://evil.example/a"},
		{"hXXps[:]//evil(.)example/a", "url https://evil.example/a"},
		{"hxxps[://]evil{.}example", "url https://evil.example/"},
		{"h**p://evil.example/a", "url http://evil.example/a"},
		{"meow://evil[.]example/", "url http://evil.example/"},
		{"evil[dot]example", "domain evil.example"},
		{"evil(DOT)example", "domain evil.example"},
		{"evil\\.example", "domain evil.example"},
		{"192[.]0[.]2[.]1", "ipv4 192.0.2.1"},
		{"192.0.2[.]1", "ipv4 192.0.2.1"},
		{"2001[:]db8[:][:]1", "ipv6 2001:db8::1"},
		{"bad[at]evil[.]example", "email bad@evil.example"},
		{"bad(at)evil.example", "email bad@evil.example"},
		{"fxp://evil[.]example/", "url ftp://evil.example/"},
		{"00[:]1b[:]44[:]11[:]3a[:]b7", "mac 00:1b:44:11:3a:b7"},
		{"001b[.]4411[.]3ab7", "mac 00:1b:44:11:3a:b7"},
		/* What only looks like it stays. */
		{"xhxxp.example", "domain xhxxp.example"},
		{"meow.example", "domain meow.example"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
blanks_comments_and_nonsense_are_told_apart(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "none"},
		{"   ", "none"},
		{"# evil.example", "none"},
		{"; evil.example", "none"},
		{"// evil.example", "none"},
		{"evil", "unknown"},
		{"1234", "unknown"},
		{"evil..example", "bad"},
		{"1.2.3.4.5", "bad"},
		{"http:///a", "bad"},
		{"sha256: d41d8cd98f00b204e9800998ecf8427e", "bad"},
		{"\"\"", "unknown"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
lists_are_read_as_they_occur(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"evil.example#comment", "domain evil.example"},
		{"evil.example // comment", "domain evil.example"},
		{"http://evil.example/a#b", "url http://evil.example/a#b"},
		{"evil.example,loader,2026-01-01", "domain evil.example"},
		{"\"evil.example\",\"loader, two\"", "domain evil.example"},
		{"evil.example,\"loader two\",5", "domain evil.example"},
		{"192.0.2.1;5;6", "ipv4 192.0.2.1"},
		{"evil.example|loader", "domain evil.example"},
		{"2026-01-01,evil.example,loader", "domain evil.example"},
		{"2026-01-01,evil.example,192.0.2.1", "domain evil.example, ipv4 192.0.2.1"},
		{"Generated by us, evil.example, all rights reserved", "unknown"},
		{"192.0.2.1:80/tcp", "ipv4 192.0.2.1"},
		{"192.0.2.1/udp", "ipv4 192.0.2.1"},
		{"[192.0.2.1]:80", "ipv4 192.0.2.1"},
		{"[2001:db8::1]:443", "ipv6 2001:db8::1"},
		{"fe80::1%eth0", "ipv6 fe80::1"},
		{"evil.example:8080/tcp", "domain evil.example"},
		{"evil.example/", "domain evil.example"},
		{"192.0.2.1/", "ipv4 192.0.2.1"},
		{"http://evil.example/", "url http://evil.example/"},
		{"192.0.2.0-192.0.2.255", "cidr4 192.0.2.0/24"},
		{"192.0.2.4 - 192.0.2.6 # three", "cidr4 192.0.2.4/31, ipv4 192.0.2.6"},
		{"192.0.2.1-2", "ipv4 192.0.2.1, ipv4 192.0.2.2"},
		{"192.0.2.1 - 5 reports", "ipv4 192.0.2.1"},
		{"192.0.2.9-192.0.2.1", "bad"},
		{"192.0.2.*", "cidr4 192.0.2.0/24"},
		{"192.0.*.*", "cidr4 192.0.0.0/16"},
		{"192.0.*", "cidr4 192.0.0.0/16"},
		{"192.0.2.5/255.255.255.0", "cidr4 192.0.2.0/24"},
		{"192.0.2.5/255.0.255.0", "bad"},
		{"evil (dot) example", "domain evil.example"},
		{"bad [at] evil [.] example", "email bad@evil.example"},
		{"- evil.example", "domain evil.example"},
		{"* evil.example", "domain evil.example"},
		{"\xe2\x80\xa2 evil.example", "domain evil.example"},
		{"12. evil.example", "domain evil.example"},
		{"(evil.example)", "domain evil.example"},
		{"<evil.example>", "domain evil.example"},
		{"! an ad blocker's comment", "none"},
		{"[Adblock Plus 2.0]", "none"},
		{"||evil.example^", "domain evil.example"},
		{"||evil.example^$third-party", "domain evil.example"},
		{"||evil.example/a^", "url //evil.example/a"},
		{"|http://evil.example/a|", "url http://evil.example/a"},
		{"@@||good.example^", "unknown"},
		{"||good.example^$badfilter", "unknown"},
		{"||evil.example^a/b^", "unknown"},
		{"evil.example##.banner", "unknown"},
		{"evil.example ## comment", "domain evil.example"},
		{"0.0.0.0 evil.example other.example", "domain evil.example, domain other.example"},
		{":: evil.example # c", "domain evil.example"},
		{"0.0.0.0 0.0.0.0", "none"},
		{"127.0.0.1 localhost", "none"},
		{"::1\tlocalhost ip6-localhost", "none"},
		{"address=/evil.example/0.0.0.0", "domain evil.example"},
		{"server=/a.example/b.example/", "domain a.example, domain b.example"},
		{"local-zone: \"evil.example\" always_nxdomain", "domain evil.example"},
		{"local-data: \"evil.example A 0.0.0.0\"", "domain evil.example"},
		{"*.evil.example CNAME .", "domain evil.example"},
		{"32.1.2.0.192.rpz-ip CNAME .", "unknown"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(read_line(cases[i][0]), cases[i][1]) != 0)
			fail_msg(
				"%s: %s, not %s", cases[i][0], read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
several_values_in_a_row_are_all_meant(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"evil.example 192.0.2.1", "domain evil.example, ipv4 192.0.2.1"},
		{"192.0.2.1,evil.example", "ipv4 192.0.2.1, domain evil.example"},
		{"192.0.2.1;evil.example", "ipv4 192.0.2.1, domain evil.example"},
		{"192.0.2.1|evil.example|443", "ipv4 192.0.2.1, domain evil.example"},
		{"192.0.2.1\tevil.example", "ipv4 192.0.2.1, domain evil.example"},
		{"192.0.2.1, 192.0.2.2 ,192.0.2.3 # three",
			"ipv4 192.0.2.1, ipv4 192.0.2.2, ipv4 192.0.2.3"},
		{"evil.example -> 192.0.2.1", "domain evil.example, ipv4 192.0.2.1"},
		{"evil[.]example, other[.]example", "domain evil.example, domain other.example"},
		{"\"evil.example\",\"192.0.2.1\"", "domain evil.example, ipv4 192.0.2.1"},
		{"ip: 192.0.2.1, domain: evil.example", "ipv4 192.0.2.1, domain evil.example"},
		{"ip:192.0.2.1,domain:evil.example", "ipv4 192.0.2.1, domain evil.example"},
		{"domain: evil.example 192.0.2.1", "domain evil.example, ipv4 192.0.2.1"},
		{"2026-01-01 10:00:00,evil.example,loader", "domain evil.example"},
		{"http://evil.example/a,192.0.2.1", "url http://evil.example/a, ipv4 192.0.2.1"},
		{"http://evil.example/a,loader,2026-01-01", "url http://evil.example/a"},
		{"http://evil.example/a,b", "url http://evil.example/a,b"},
		{"192.0.2.1,192.0.2.8/29", "ipv4 192.0.2.1, cidr4 192.0.2.8/29"},
		/* What follows a word that is no value is a comment. */
		{"evil.example is no c.example", "domain evil.example"},
		{"192.0.2.1 ; http://report.example/", "ipv4 192.0.2.1"},
		{"192.0.2.1 // see a.example", "ipv4 192.0.2.1"},
		{"192.0.2.1,loader,http://report.example/", "ipv4 192.0.2.1"},
		/* Files stand beside digests and servers. */
		{"d41d8cd98f00b204e9800998ecf8427e  a.zip", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"d41d8cd98f00b204e9800998ecf8427e *a.com", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"loader.exe,d41d8cd98f00b204e9800998ecf8427e",
			"md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"192.0.2.1,svchost.exe", "ipv4 192.0.2.1"},
		{"MD5 (loader.exe) = d41d8cd98f00b204e9800998ecf8427e",
			"md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"ja3: d41d8cd98f00b204e9800998ecf8427e, 0cc175b9c0f1b6a831c399e269772661",
			"ja3 d41d8cd98f00b204e9800998ecf8427e, ja3 "
			"0cc175b9c0f1b6a831c399e269772661"},
		/* Orders to other tools. */
		{"++http://evil.example/a++", "url http://evil.example/a"},
		{"**evil.example**", "domain evil.example"},
		{"| evil[.]example | loader |", "domain evil.example"},
		{"deny 192.0.2.1;", "ipv4 192.0.2.1"},
		{"Deny from 192.0.2.0/24", "cidr4 192.0.2.0/24"},
		{"Require not ip 192.0.2.1", "ipv4 192.0.2.1"},
		{"add blocked 192.0.2.1 timeout 60", "ipv4 192.0.2.1"},
		{"ExitAddress 192.0.2.1 2026-01-01 10:00:00", "ipv4 192.0.2.1"},
		{"-A INPUT -s 192.0.2.1/32 -j DROP", "ipv4 192.0.2.1"},
		{"-A INPUT -s 192.0.2.1/32 -j ACCEPT", "unknown"},
		{"allow 192.0.2.1;", "unknown"},
		{"[", "none"},
		{"  \"evil.example\",", "domain evil.example"},
		{"]", "none"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(read_line(cases[i][0]), cases[i][1]) != 0)
			fail_msg(
				"%s: %s, not %s", cases[i][0], read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
ranges_are_read_in_every_spelling(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"somebody, elsewhere:192.0.2.0-192.0.2.255", "cidr4 192.0.2.0/24"},
		{"192.000.002.000 - 192.000.002.255 , 000 , somebody", "cidr4 192.0.2.0/24"},
		{"192.0.2.0\t192.0.2.255\t24\t9\tSOMEBODY\tXX\ta@b.example", "cidr4 192.0.2.0/24"},
		{"192.0.2.1\t192.0.2.255\t24", "ipv4 192.0.2.1, ipv4 192.0.2.255"},
		{"192.0.2.0-192.0.2.255,loader", "cidr4 192.0.2.0/24"},
		{"2001:db8::-2001:db8::ffff", "cidr6 2001:db8::/112"},
		{"2001:db8::1 - 2001:db8::2", "ipv6 2001:db8::1, ipv6 2001:db8::2"},
		{"255.255.255.254-255.255.255.255", "cidr4 255.255.255.254/31"},
		{"0.0.0.0-0.255.255.255", "cidr4 0.0.0.0/8"},
		{"192.0.2.1-2001:db8::1", "bad"},
		{"2001:db8::2-2001:db8::1", "bad"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(read_line(cases[i][0]), cases[i][1]) != 0)
			fail_msg(
				"%s: %s, not %s", cases[i][0], read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
every_address_there_is_is_no_indicator(void **state)
{
	(void)state;
	static const char *const cases[] = {"0.0.0.0/0", "192.0.2.1/0", "::/0", "0.0.0.0/0.0.0.0",
		"0.0.0.0-255.255.255.255", "::ffff:0:0/96", "192.0.2.1,0.0.0.0/0",
		"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	for (size_t i = 0; i + 2 < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i]), "unknown");
	assert_string_equal(read_line(cases[6]), "ipv4 192.0.2.1");
	assert_string_equal(read_line(cases[7]), "unknown");
	assert_true(obs_is_wide((struct observable){OBS_CIDR4, SPAN("64.0.0.0/7")}));
	assert_false(obs_is_wide((struct observable){OBS_CIDR4, SPAN("10.0.0.0/8")}));
	assert_true(obs_is_wide((struct observable){OBS_CIDR6, SPAN("2000::/15")}));
	assert_false(obs_is_wide((struct observable){OBS_CIDR6, SPAN("2001::/16")}));
	assert_false(obs_is_wide((struct observable){OBS_IPV4, SPAN("192.0.2.1")}));
	arena_fini(&arena);
}

static void
an_observable_says_itself_as_a_stix_pattern(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	obs_pattern((struct observable){OBS_DOMAIN, SPAN("evil.example")}, &b);
	buf_add_byte(&b, '\n');
	obs_pattern((struct observable){OBS_CIDR4, SPAN("192.0.2.0/24")}, &b);
	buf_add_byte(&b, '\n');
	obs_pattern((struct observable){OBS_SHA256, SPAN("00")}, &b);
	buf_add_byte(&b, '\n');
	obs_pattern((struct observable){OBS_URL, SPAN("//evil.example/it's")}, &b);
	assert_span(buf_span(&b),
		"[domain-name:value = 'evil.example']\n"
		"[ipv4-addr:value ISSUBSET '192.0.2.0/24']\n"
		"[file:hashes.'SHA-256' = '00']\n"
		"[url:value IN ('http://evil.example/it\\'s', 'https://evil.example/it\\'s')]");
}

/* Texts put together from what signs are made of: whatever refanging changes, a sign is found in. */
static void
what_no_sign_is_in_is_its_own_refanging(void **state)
{
	(void)state;
	static const char *const parts[] = {"[", "]", "(", ")", "{", "}", ".", "\\", ":", "/", "//",
		",", "@", "dot", "DOT", "at", "At", "www", "punkt", "h", "x", "X", "t", "p", "P",
		"s", "f", "*", "hxxp", "h**ps", "HtXp", "hxtp", "fxp", "meow", "MeoW", "a", " "};
	uint64_t z = 7;
	unsigned changed = 0, same = 0;
	for (unsigned turn = 0; turn < 300000; turn++) {
		char text[64] = "";
		for (unsigned i = 0; i < 6; i++) {
			z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			strcat(text, parts[(z >> 33) % (sizeof parts / sizeof *parts)]);
		}
		struct span raw = span_of(text);
		bool sign = false;
		for (size_t i = 0; i < raw.len; i++)
			sign |= obs_refang_may_begin(text[i], text[i + 1]) &&
				obs_refang_is_sign(raw, i);
		if (span_eq(obs_refang(raw, &arena), raw)) {
			same += !sign;
			continue;
		}
		changed++;
		if (!sign)
			fail_msg("no sign in %s", text);
		for (size_t i = 0; i + 1 < raw.len;
			i++) /* of one byte more: the first is part of it */
			if (obs_refang_may_begin(text[i], text[i + 1]) &&
				obs_refang_is_sign(raw, i))
				assert_true(obs_refang_has_byte(text[i]));
	}
	assert_true(changed > 10000 && same > 10000);
}

static void
signs_are_found_behind_the_escapes_of_slashes(void **state)
{
	(void)state;
	static const char *const forms[] = {
		"[\\/]", "[:\\/\\/]", "(:\\/\\/)", "[\\/\\/]", "[:\\//]"};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		assert_true(obs_refang_may_begin(forms[i][0], forms[i][1]));
		assert_true(obs_refang_is_sign(span_of(forms[i]), 0));
	}
	static const char *const none[] = {"[1234]", "(dots", "[:x]", "\\n.", "hxxp ", "homeowner"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		for (size_t k = 0; none[i][k]; k++)
			assert_false(obs_refang_may_begin(none[i][k], none[i][k + 1]) &&
				     obs_refang_is_sign(span_of(none[i]), k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_quotes_a_comma_is_the_value_s_own),
		cmocka_unit_test(kinds_are_detected),
		cmocka_unit_test(defanged_forms_are_undone),
		cmocka_unit_test(what_no_sign_is_in_is_its_own_refanging),
		cmocka_unit_test(signs_are_found_behind_the_escapes_of_slashes),
		cmocka_unit_test(blanks_comments_and_nonsense_are_told_apart),
		cmocka_unit_test(lists_are_read_as_they_occur),
		cmocka_unit_test(several_values_in_a_row_are_all_meant),
		cmocka_unit_test(ranges_are_read_in_every_spelling),
		cmocka_unit_test(every_address_there_is_is_no_indicator),
		cmocka_unit_test(an_observable_says_itself_as_a_stix_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
