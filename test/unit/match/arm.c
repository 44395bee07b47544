#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "match/arm.h"
#include "world.h"

/* "KIND VALUE;" of what a pattern armed, with "part " before it, or "partial", "wanting" or "unknown". */
static const char *
armed(const char *pattern)
{
	static struct buf out;
	own_match_set struct match_set *set = match_set_new(1);
	own_arm_batch struct arm_batch batch = {};
	own_arena struct arena a = {};
	struct ioc_counts c = {};
	struct indicator facts = {.pattern = span_of(pattern),
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	buf_reset(&out);
	arm_pattern(&facts, &batch);
	if (arm_commit(set, &batch, &c, NULL))
		abort();
	uint32_t texts = (uint32_t)match_set_count_kind(set, OBS_TEXT);
	for (uint32_t i = 0, left = (uint32_t)c.armed - texts; left; i++) {
		struct indicator got = match_set_get(set, i, &a);
		if (got.about.kind == OBS_NONE)
			continue; /* a note about a host */
		left--;
		buf_printf(&out, "%s%s %.*s%s%s;", got.part ? "part " : "",
			obs_word(got.about.kind), (int)got.about.value.len, got.about.value.ptr,
			got.valid_from != TIME_NONE ? " from" : "",
			got.reach == REACH_BELOW ? " below" : "");
	}
	for (uint32_t i = 0; i < texts; i++) {
		struct indicator got = match_set_get(set, STRING_ITEM | i, &a);
		buf_printf(&out, "%s%s %.*s%s;", got.part ? "part " : "", obs_word(got.about.kind),
			(int)got.about.value.len, got.about.value.ptr,
			got.valid_from != TIME_NONE ? " from" : "");
	}
	if (c.open)
		buf_printf(&out, "open");
	if (c.partial)
		buf_printf(&out, "partial");
	if (c.wanting)
		buf_printf(&out, "wanting");
	if (c.unknown)
		buf_printf(&out, "unknown");
	buf_add_byte(&out, 0);
	return out.ptr;
}

static void
what_one_comparison_decides_is_armed(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"[domain-name:value = 'Evil.org']", "domain evil.org;"},
		{"[ipv4-addr:value = '192.0.2.1']", "ipv4 192.0.2.1;"},
		{"[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "cidr4 192.0.2.0/24;"},
		{"[ipv4-addr:value = '192.0.2.9/24']", "cidr4 192.0.2.0/24;"},
		{"[ipv6-addr:value = '2001:DB8::1']", "ipv6 2001:db8::1;"},
		{"[url:value = 'http://Evil.org/a' OR domain-name:value = 'evil.org']",
			"url http://evil.org/a;domain evil.org;"},
		{"[domain-name:value IN ('a.org', 'b.org')]", "domain a.org;domain b.org;"},
		{"[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
			"sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709;"},
		{"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
			"md5 d41d8cd98f00b204e9800998ecf8427e;"},
		{"[email-addr:value = 'a@b.org']", "email a@b.org;"},
		{"[network-traffic:dst_ref.value = '192.0.2.1']", "ipv4 192.0.2.1;"},
		{"[network-traffic:x_ja3 = 'd41d8cd98f00b204e9800998ecf8427e']",
			"ja3 d41d8cd98f00b204e9800998ecf8427e;"},
		{"[ipv4-addr:value = '192.0.2.1'] OR [ipv4-addr:value = '192.0.2.2']",
			"ipv4 192.0.2.1;ipv4 192.0.2.2;"},
		{"[ipv4-addr:value = '192.0.2.1'] WITHIN 5 SECONDS", "ipv4 192.0.2.1;"},
		{"[ipv4-addr:value = '192.0.2.1'] START t'2026-01-01T00:00:00Z' STOP "
		 "t'2026-02-01T00:00:00Z'",
			"ipv4 192.0.2.1 from;"},
		{"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
		 "'203.0.113.33']",
			"ipv4 203.0.113.33;"},
		{"[network-traffic:extensions.'http-request-ext'.request_header.Host = 'a.org']",
			"domain a.org;"},
		{"[domain-name:value LIKE '%.a.org']", "domain a.org below;"},
		{"[domain-name:value LIKE '%.a.org' OR domain-name:value = 'a.org']",
			"domain a.org;"},
		{"[domain-name:value LIKE '%.co.uk' OR ipv4-addr:value = '192.0.2.1']",
			"ipv4 192.0.2.1;"},
		{"[domain-name:value MATCHES 'a']", "text a;"},
		{"[domain-name:value = 'a.org' OR file:name = 'x.exe']",
			"domain a.org;text x.exe;"},
		{"[file:name = 'x.exe'] START t'2026-01-01T00:00:00Z' STOP "
		 "t'2026-02-01T00:00:00Z'",
			"text x.exe from;"},
		/* Times that exclude each other leave nothing. */
		{"([ipv4-addr:value = '192.0.2.1'] START t'2026-01-01T00:00:00Z' STOP "
		 "t'2026-02-01T00:00:00Z') START t'2026-03-01T00:00:00Z' STOP "
		 "t'2026-04-01T00:00:00Z' OR [ipv4-addr:value = '192.0.2.2']",
			"ipv4 192.0.2.2;"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(armed(cases[i][0]), cases[i][1]);
}

static void
of_open_patterns_the_other_parts_are_armed(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"[domain-name:value = 'a.org'] AND [domain-name:value != 'b.org']",
			"part domain a.org;open"},
		{"[network-traffic:dst_port = 443] FOLLOWEDBY [domain-name:value = 'a.org']",
			"part domain a.org;open"},
		{"([file:size > 9] OR [domain-name:value = 'b.org']) AND [file:name = 'evil.exe']",
			"part domain b.org;part text evil.exe;open"},
		{"[domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']",
			"part domain a.org;part domain b.org;"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(armed(cases[i][0]), cases[i][1]);
}

static void
what_needs_more_is_never_armed_by_half(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"[domain-name:value != 'a.org']",
		"[domain-name:value != 'a.org'] AND [network-traffic:dst_port = 443]",
		"([domain-name:value = 'a.org'] OR [file:size > 9]) WITHIN 5 SECONDS",
		"[network-traffic:dst_port = 443] REPEATS 5 TIMES",
		"[domain-name:value NOT = 'a.org']",
		"[domain-name:value LIKE '%.org']",
		"[domain-name:value = 'nodots']",
		"[ipv4-addr:value ISSUPERSET '192.0.2.0/24']",
		("[file:hashes.'SHA3-256' = "
		 "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']"),
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(armed(cases[i]), "partial") != 0)
			fail_msg("%s: %s", cases[i], armed(cases[i]));
	assert_string_equal(armed("[mutex:name MATCHES '(']"), "unknown");
	assert_string_equal(armed("[domain-name:value = "), "unknown");
	assert_string_equal(armed(""), "unknown");
}

static void
of_a_pattern_over_records_each_part_is_armed(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"[domain-name:value = 'a.org' AND url:value = 'http://a.org/']",
			"part url http://a.org/;"},
		{"[domain-name:value = 'A.org'] AND [url:value = 'http://a.org/']",
			"part domain a.org;part url http://a.org/;"},
		{"[domain-name:value = 'a.org'] FOLLOWEDBY [ipv4-addr:value ISSUBSET "
		 "'192.0.2.0/24' AND ipv4-addr:value != '192.0.2.9']",
			"part domain a.org;part cidr4 192.0.2.0/24;"},
		{"[domain-name:value = 'a.org'] REPEATS 5 TIMES WITHIN 60 SECONDS",
			"part domain a.org;"},
		/* A registry's suffix alarms on nothing as a part, and would be missed. */
		{"[domain-name:value LIKE '%.co.uk'] REPEATS 2 TIMES", "part domain co.uk below;"},
		{"[domain-name:resolves_to_refs[*].value = '192.0.2.1']", "part ipv4 192.0.2.1;"},
		/* START and STOP are looked at where the whole is. */
		{"[ipv4-addr:value = '192.0.2.1'] START t'2026-01-01T00:00:00Z' STOP "
		 "t'2026-02-01T00:00:00Z' AND [ipv4-addr:value = '192.0.2.2']",
			"part ipv4 192.0.2.1;part ipv4 192.0.2.2;"},
		/* Texts where no value can be looked up. */
		{"[file:name = 'x.exe'] FOLLOWEDBY [domain-name:value = 'a.org']",
			"part domain a.org;part text x.exe;"},
		{"[process:command_line LIKE '%-enc%' AND process:name = 'p.exe' AND process:pid > "
		 "4] REPEATS 3 TIMES",
			"part text p.exe;"},
		{"[(file:size > 9 AND file:name MATCHES '^x') OR domain-name:value = 'a.org'] AND "
		 "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' AND file:name = 'y']",
			"part domain a.org;part md5 d41d8cd98f00b204e9800998ecf8427e;part text "
			"^x;"},
		{"[domain-name:value = 'a.org'] REPEATS 15360 TIMES", "part domain a.org;"},
		{"[domain-name:value = 'a.org'] REPEATS 15361 TIMES", "wanting"},
		{"[domain-name:value = 'a.org'] REPEATS 1000000 TIMES WITHIN 9000000000 SECONDS",
			"wanting"},
		{"[domain-name:value = 'a.org' AND domain-name:value MATCHES '(']", "unknown"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(armed(cases[i][0]), cases[i][1]);
	own_buf struct buf many = {};
	buf_add(&many, SPAN("[domain-name:value = 'a0.org']"));
	for (int i = 1; i <= 64; i++)
		buf_printf(&many, " AND [domain-name:value = 'a%d.org']", i);
	buf_add_byte(&many, 0);
	assert_string_equal(armed(many.ptr), "wanting");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_comparison_decides_is_armed),
		cmocka_unit_test(of_open_patterns_the_other_parts_are_armed),
		cmocka_unit_test(what_needs_more_is_never_armed_by_half),
		cmocka_unit_test(of_a_pattern_over_records_each_part_is_armed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
