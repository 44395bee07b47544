/* What MISP's attribute types mean: patterns and cyber-observables of each. */
#include "../test.h"

#include <string.h>

#include "base/own.h"
#include "feed/misp.h"
#include "pattern/syntax.h"

static const struct {
	const char *type, *value, *pattern; /* pattern NULL: none */
} table[] = {
	{"ip-src", "192.0.2.1", "ipv4-addr:value = '192.0.2.1'"},
	{"ip-dst", "2001:DB8:0::1", "ipv6-addr:value = '2001:db8::1'"},
	{"ip-dst", "192.0.2.77/24", "ipv4-addr:value ISSUBSET '192.0.2.0/24'"},
	{"ip-dst", "192.0.2[.]9", "ipv4-addr:value = '192.0.2.9'"},
	{"ip-dst", "nonsense", NULL},
	{"ip-src|port", "192.0.2.1|53",
		"network-traffic:src_ref.value = '192.0.2.1' AND network-traffic:src_port = 53"},
	{"ip-dst|port", "2001:db8::1|443",
		"network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 443"},
	{"ip-dst|port", "192.0.2.1", NULL},
	{"ip-dst|port", "192.0.2.1|70000", NULL},
	{"domain", "Evil.Example",
		"domain-name:value = 'evil.example' OR domain-name:value LIKE "
		"'%.evil.example'"},
	{"hostname", "www.evil.example", "domain-name:value = 'www.evil.example'"},
	{"domain", "a b", NULL},
	{"domain|ip", "evil.example|192.0.2.1",
		"domain-name:value = 'evil.example' OR domain-name:value LIKE '%.evil.example' OR "
		"ipv4-addr:value = '192.0.2.1'"},
	{"hostname|port", "www.evil.example|8080",
		"network-traffic:dst_ref.value = 'www.evil.example' AND network-traffic:dst_port = "
		"8080"},
	{"url", "hxxp://evil[.]example/x?y", "url:value = 'http://evil.example/x?y'"},
	{"uri", "/gate.php?id='1'",
		"network-traffic:extensions.'http-request-ext'.request_value = "
		"'/gate.php?id=\\'1\\''"},
	{"email-src", "Bad@Evil.example", "email-message:from_ref.value = 'bad@evil.example'"},
	{"email-dst", "x@evil.example", "email-addr:value = 'x@evil.example'"},
	{"email", "x@evil.example", "email-addr:value = 'x@evil.example'"},
	{"email-subject", "you won", "email-message:subject = 'you won'"},
	{"email-attachment", "a.doc", "file:name = 'a.doc'"},
	{"filename", "C:\\x.exe", "file:name = 'C:\\\\x.exe'"},
	{"md5", "D41D8CD98F00B204E9800998ECF8427E",
		"file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'"},
	{"md5", "d41d", NULL},
	{"sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'"},
	{"filename|md5", "a|b.exe|d41d8cd98f00b204e9800998ecf8427e",
		"file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'"},
	{"malware-sample", "a.exe|d41d8cd98f00b204e9800998ecf8427e",
		"file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'"},
	{"filename|md5", "d41d8cd98f00b204e9800998ecf8427e", NULL},
	{"ssdeep", "3:abc:def", "file:hashes.SSDEEP = '3:abc:def'"},
	{"imphash", "d41d8cd98f00b204e9800998ecf8427e",
		"file:extensions.'windows-pebinary-ext'.imphash = "
		"'d41d8cd98f00b204e9800998ecf8427e'"},
	{"ja3-fingerprint-md5", "e7d705a3286e19ea42f587b344ee6865",
		"network-traffic:x_ja3 = 'e7d705a3286e19ea42f587b344ee6865'"},
	{"x509-fingerprint-sha1", "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
		"x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'"},
	{"x509-fingerprint-sha256", "ab", NULL},
	{"regkey", "HKLM\\a", "windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\a'"},
	{"regkey", "hkcu:\\a", "windows-registry-key:key = 'HKEY_CURRENT_USER\\\\a'"},
	{"regkey", "hkey_users\\a", "windows-registry-key:key = 'HKEY_USERS\\\\a'"},
	{"regkey", "\\REGISTRY\\Machine\\a",
		"windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\a'"},
	{"regkey", "\\Registry\\User\\a", "windows-registry-key:key = 'HKEY_USERS\\\\a'"},
	{"regkey", "Machine\\a", "windows-registry-key:key = 'Machine\\\\a'"},
	{"regkey", "HKEY_USERS\\a", "windows-registry-key:key = 'HKEY_USERS\\\\a'"},
	{"regkey|value", "HKLM\\a|b",
		"windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\a' AND "
		"windows-registry-key:values[*].data = "
		"'b'"},
	{"mutex", "m'x", "mutex:name = 'm\\'x'"},
	{"AS", "AS64500", "autonomous-system:number = 64500"},
	{"AS", "64500", "autonomous-system:number = 64500"},
	{"AS", "ASX", NULL},
	{"user-agent", "Evil/1",
		"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
		"'Evil/1'"},
	{"mac-address", "00:00:5e:00:53:01", "mac-addr:value = '00:00:5e:00:53:01'"},
	{"vulnerability", "cve-2024-1234", "vulnerability:name = 'CVE-2024-1234'"},
	{"vulnerability", "a hole", NULL},
	{"mac-address", "00-00-5E-00-53-01", "mac-addr:value = '00:00:5e:00:53:01'"},
	{"mac-address", "00005E005301", "mac-addr:value = '00:00:5e:00:53:01'"},
	{"mac-address", "00:00:5e:00:53", NULL},
	{"filename|pehash", "a.exe|ab", "file:hashes.PEHASH = 'ab'"},
	{"sha512/256", "ab", "file:hashes.'SHA512-256' = 'ab'"},
	{"email-message-id", "<a@b>", "email-message:message_id = '<a@b>'"},
	{"btc", "1Boat", NULL},
	{"text", "words", NULL},
	{"no such type", "words", NULL},
};

static void
every_type_says_its_pattern(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		own_arena struct arena a = {};
		own_buf struct buf out = {}, whole = {};
		struct pattern pattern;
		enum rc code = misp_comparison(misp_type_find(span_of(table[i].type)),
			span_of(table[i].value), &a, &out, NULL);
		buf_add_byte(&out, 0);
		if (!table[i].pattern) {
			if (!code)
				fail_msg("%s %s: %s", table[i].type, table[i].value, out.ptr);
			assert_int_equal(out.len, 1);
			continue;
		}
		if (code)
			fail_msg("%s %s: %s", table[i].type, table[i].value, rc_word(code));
		assert_string_equal(out.ptr, table[i].pattern);
		buf_printf(&whole, "[%s]", out.ptr);
		if (pattern_parse(buf_span(&whole), &a, &pattern, NULL))
			fail_msg("%s", out.ptr);
	}
}

static void
a_quote_in_a_value_ends_no_string(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf out = {};
	struct pattern pattern;
	buf_add_byte(&out, '[');
	assert_rc(misp_comparison(misp_type_find(SPAN("mutex")), SPAN("x'] OR [file:name = 'y\\"),
			  &a, &out, NULL),
		RC_OK);
	buf_add_byte(&out, ']');
	assert_rc(pattern_parse(buf_span(&out), &a, &pattern, NULL), RC_OK);
	assert_span(buf_span(&out), "[mutex:name = 'x\\'] OR [file:name = \\'y\\\\']");
}

static void
observables_have_the_ids_of_the_standard(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	struct misp_sco sco;
	size_t at = 0;
	const struct misp_type *pair = misp_type_find(SPAN("domain|ip"));
	assert_rc(misp_sco(pair, SPAN("evil.example|198.51.100.3"), &at, &a, &sco), RC_OK);
	assert_true(span_starts(sco.text, SPAN("{\"type\":\"domain-name\"")));
	assert_rc(misp_sco(pair, SPAN("evil.example|198.51.100.3"), &at, &a, &sco), RC_OK);
	/* UUIDv5 over {"value":"198.51.100.3"}, computed elsewhere. */
	assert_string_equal(sco.id, "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
	assert_rc(misp_sco(pair, SPAN("evil.example|198.51.100.3"), &at, &a, &sco), RC_NONE);
	at = 0;
	assert_rc(misp_sco(misp_type_find(SPAN("filename|md5")),
			  SPAN("a.exe|d41d8cd98f00b204e9800998ecf8427e"), &at, &a, &sco),
		RC_OK);
	assert_true(
		span_find(sco.text, SPAN("\"name\":\"a.exe\",\"hashes\":{\"MD5\":")) != SIZE_MAX);
	assert_rc(misp_sco(misp_type_find(SPAN("filename|md5")),
			  SPAN("a.exe|d41d8cd98f00b204e9800998ecf8427e"), &at, &a, &sco),
		RC_NONE);
}

static void
tags_and_distributions_become_levels(void **state)
{
	(void)state;
	assert_int_equal(misp_tag_tlp(SPAN("tlp:white")), TLP_CLEAR);
	assert_int_equal(misp_tag_tlp(SPAN("TLP:AMBER+STRICT")), TLP_AMBER_STRICT);
	assert_int_equal(misp_tag_tlp(SPAN("tlp:ex:chr")), TLP_RED);
	assert_int_equal(misp_tag_tlp(SPAN("pap:red")), TLP_NONE);
	assert_int_equal(misp_distribution_tlp(0), TLP_RED);
	assert_int_equal(misp_distribution_tlp(3), TLP_GREEN);
	assert_int_equal(misp_distribution_tlp(4), TLP_AMBER_STRICT);
	assert_int_equal(misp_distribution_tlp(77), TLP_NONE);
	for (enum tlp level = TLP_NONE; level <= TLP_RED; level++) {
		/* Going out and coming back never widens. */
		enum tlp back = misp_distribution_tlp(misp_tlp_distribution(level));
		assert_true(back >= level || level == TLP_NONE);
	}
	assert_int_equal(
		misp_tag_confidence(SPAN("misp:confidence-level=\"fairly-confident\"")), 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_says_its_pattern),
		cmocka_unit_test(a_quote_in_a_value_ends_no_string),
		cmocka_unit_test(observables_have_the_ids_of_the_standard),
		cmocka_unit_test(tags_and_distributions_become_levels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
