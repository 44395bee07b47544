/* What a pattern says that is looked for as text. */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pattern/strings.h"

/* "PROPERTY FORM TEXT;" of each, and "whole". */
static const char *
said(const char *text)
{
	static struct buf out;
	static const char *const forms[] = {"=", "LIKE", "MATCHES"};
	own_arena struct arena a = {};
	struct pattern p;
	struct pattern_strings all;
	buf_reset(&out);
	if (pattern_parse(span_of(text), &a, &p, NULL))
		abort();
	pattern_strings(&p, &a, &all);
	for (size_t i = 0; i < all.len; i++)
		buf_printf(&out, "%d %s %.*s%s;", (int)all.at[i].property, forms[all.at[i].form],
			(int)all.at[i].text.len, all.at[i].text.ptr,
			all.at[i].from != TIME_NONE ? " from" : "");
	buf_printf(&out, "%s", all.whole ? "whole" : "");
	buf_add_byte(&out, 0);
	return out.ptr;
}

static void
alternatives_of_single_comparisons_are_texts(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		enum pattern_property property;
		const char *rest;
	} cases[] = {
		{"[file:name = 'evil.exe']", PROPERTY_FILE, "= evil.exe;whole"},
		{"[process:command_line MATCHES '^a+$']", PROPERTY_COMMAND, "MATCHES ^a+$;whole"},
		{"[mutex:name LIKE 'Global%']", PROPERTY_MUTEX, "LIKE Global%;whole"},
		{"[windows-registry-key:values[0].name = 'Run']", PROPERTY_VALUE_NAME,
			"= Run;whole"},
		{"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
		 "'x y']",
			PROPERTY_AGENT, "= x y;whole"},
		{"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] = "
		 "'x y']",
			PROPERTY_AGENT, "= x y;whole"},
		{"[network-traffic:extensions.'http-request-ext'.request_header.Referer[0] LIKE "
		 "'x%']",
			PROPERTY_REFERRER, "LIKE x%;whole"},
		{"[network-traffic:extensions.'http-request-ext'.request_header.Host[*] LIKE "
		 "'%evil%']",
			PROPERTY_DOMAIN, "LIKE %evil%;whole"},
		{"[domain-name:value MATCHES 'evil']", PROPERTY_DOMAIN, "MATCHES evil;whole"},
		{"[url:value LIKE '%/gate.php']", PROPERTY_URL, "LIKE %/gate.php;whole"},
		{"[file:name = 'a.exe'] START t'2026-01-01T00:00:00Z' STOP "
		 "t'2026-02-01T00:00:00Z'",
			PROPERTY_FILE, "= a.exe from;whole"},
		{"[file:name = 'a.exe' OR ipv4-addr:value = '192.0.2.1']", PROPERTY_FILE,
			"= a.exe;whole"},
		{"[file:name = 'a.exe'] OR [ipv4-addr:value = '192.0.2.1']", PROPERTY_FILE,
			"= a.exe;whole"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		own_buf struct buf want = {};
		buf_printf(&want, "%d %s", (int)cases[i].property, cases[i].rest);
		buf_add_byte(&want, 0);
		assert_string_equal(said(cases[i].pattern), want.ptr);
	}
}

static void
what_needs_more_than_one_comparison_is_not_whole(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"[file:name = 'a.exe' AND file:size = 3]",
		"[file:name = 'a.exe'] AND [mutex:name = 'b']",
		"[file:name = 'a.exe'] FOLLOWEDBY [mutex:name = 'b']",
		"[file:name = 'a.exe'] REPEATS 2 TIMES",
		"[file:name NOT = 'a.exe']",
		"[file:name != 'a.exe']",
		"[file:name = 'a.exe' OR file:size = 3]",
		"[file:size = 3 OR file:name = 'a.exe']",
		"[file:name = 'a.exe' OR (ipv4-addr:value = '192.0.2.1' AND file:size = 3)]",
		"[file:name = '']",
		"[file:name > 'a']",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_null(strstr(said(cases[i]), "whole"));
	/* What is an observable is one. */
	assert_string_equal(said("[domain-name:value = 'evil.org']"), "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(alternatives_of_single_comparisons_are_texts),
		cmocka_unit_test(what_needs_more_than_one_comparison_is_not_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
