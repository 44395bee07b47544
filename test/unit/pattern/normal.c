#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/json.h"
#include "pattern/normal.h"

static enum rc
normal(struct span text, struct buf *out)
{
	own_arena struct arena a = {};
	struct pattern p = {};
	struct diag why = {};
	if (pattern_parse(text, &a, &p, &why))
		fail_msg("%.*s: %s", (int)text.len, text.ptr, why.what);
	return pattern_normal(&p, out, &why);
}

static bool
is_same(struct span a, struct span b)
{
	own_buf struct buf one = {}, two = {}, again = {};
	assert_rc(normal(a, &one), RC_OK);
	assert_rc(normal(b, &two), RC_OK);
	/* A normal form is a pattern, and its own normal form. */
	assert_rc(normal(buf_span(&one), &again), RC_OK);
	if (!span_eq(buf_span(&one), buf_span(&again)))
		fail_msg("%.*s becomes %.*s", (int)one.len, one.ptr, (int)again.len, again.ptr);
	return span_eq(buf_span(&one), buf_span(&two));
}

static void
assert_pairs(const char *const (*pairs)[2], size_t count, bool same)
{
	for (size_t i = 0; i < count; i++)
		if (is_same(span_of(pairs[i][0]), span_of(pairs[i][1])) != same)
			fail_msg("%s and %s", pairs[i][0], pairs[i][1]);
}

static void
order_repetition_and_parentheses_mean_nothing(void **state)
{
	(void)state;
	static const char *const same[][2] = {
		{"[a:b = 1]", "( ([a:'b'=+1]) )"},
		{"[a:b=1 AND a:c=2]", "[(a:c=2 AND a:b=1) AND a:b=1]"},
		{"[a:b=1 OR a:c=2]", "[a:c=2 OR a:b=1 OR a:c=2]"},
		{"[a:b=1] OR [a:b=2] OR [a:b=1]", "[a:b=2] OR [a:b=1]"},
		{"[a:b=1] AND ([a:b=2] AND [a:b=3])", "[a:b=3] AND [a:b=1] AND [a:b=2]"},
		{"[a:b=1] FOLLOWEDBY ([a:b=2] FOLLOWEDBY [a:b=3])",
			"([a:b=1] FOLLOWEDBY [a:b=2]) FOLLOWEDBY [a:b=3]"},
		{"([a:b=1] OR [a:b=2]) WITHIN 5 SECONDS",
			"([a:b=2] OR [a:b=1]) WITHIN 5.0 SECONDS"},
		{"[a:b=1] REPEATS 2 TIMES WITHIN 2 SECONDS",
			"([a:b=1] REPEATS 2 TIMES) WITHIN 2 SECONDS"},
	};
	static const char *const not [][2] = {
		{"[a:b=1] AND [a:b=1]", "[a:b=1]"},
		{"[a:b=1] FOLLOWEDBY [a:b=1]", "[a:b=1]"},
		{"[a:b=1] FOLLOWEDBY [a:b=2]", "[a:b=2] FOLLOWEDBY [a:b=1]"},
		{"[a:b=1 AND a:c=2]", "[a:b=1] AND [a:c=2]"},
		{"[a:b=1 OR a:c=2]", "[a:b=1 AND a:c=2]"},
		{"[a:b=1] REPEATS 2 TIMES WITHIN 2 SECONDS",
			"[a:b=1] WITHIN 2 SECONDS REPEATS 2 TIMES"},
		{"([a:b=1] AND [a:b=2]) WITHIN 2 SECONDS", "[a:b=1] AND [a:b=2] WITHIN 2 SECONDS"},
		{"[a:b=1]", "[a:b!=1]"},
		{"[a:b NOT = 1]", "[a:b != 1]"},
		{"[a:b[0]=1]", "[a:b[*]=1]"},
	};
	assert_pairs(same, sizeof same / sizeof same[0], true);
	assert_pairs(not, sizeof not / sizeof not [0], false);
}

static void
alternatives_are_written_out_and_absorbed(void **state)
{
	(void)state;
	static const char *const same[][2] = {
		{"[a:b=1 AND (a:c=2 OR a:c=3)]", "[a:b=1 AND a:c=2 OR a:c=3 AND a:b=1]"},
		{"[(a:b=1 OR a:b=2) AND (a:b=3 OR a:b=2 OR a:b=1)]", "[a:b=1 OR a:b=2]"},
		{"[a:b=1 OR a:b=1 AND a:c=2]", "[a:b=1]"},
		{"[(a:b=1 OR b:c=1) AND (b:d=1 OR c:d=1)]", "[b:c=1 AND b:d=1]"},
		{"[a:b=1] OR ([a:b=1] AND [a:b=2])", "[a:b=1]"},
		{"[a:b=1] OR ([a:b=2] FOLLOWEDBY [a:b=1])", "[a:b=1]"},
		{"([a:b=1] FOLLOWEDBY [a:b=3]) OR ([a:b=1] FOLLOWEDBY [a:b=2] FOLLOWEDBY [a:b=3])",
			"[a:b=1] FOLLOWEDBY [a:b=3]"},
		{"([a:b=1] OR [a:b=2]) FOLLOWEDBY ([a:b=5] AND [a:b=6])",
			"([a:b=1] FOLLOWEDBY ([a:b=6] AND [a:b=5])) OR ([a:b=2] FOLLOWEDBY "
			"([a:b=5] "
			"AND [a:b=6]))"},
	};
	static const char *const not [][2] = {
		{"([a:b=1] AND [a:b=1]) OR ([a:b=1] AND [a:b=2])", "[a:b=1] AND [a:b=2]"},
		{"([a:b=2] FOLLOWEDBY [a:b=1]) OR ([a:b=1] FOLLOWEDBY [a:b=2] FOLLOWEDBY [a:b=3])",
			"[a:b=2] FOLLOWEDBY [a:b=1]"},
		{"[a:b=1] AND ([a:b=2] OR [a:b=3])", "[a:b=1] AND [a:b=2] OR [a:b=3]"},
	};
	assert_pairs(same, sizeof same / sizeof same[0], true);
	assert_pairs(not, sizeof not / sizeof not [0], false);
}

static void
values_have_one_way_of_writing(void **state)
{
	(void)state;
	static const char *const same[][2] = {
		{"[a:b IN (2, 1.0, +1, 2)]", "[a:b IN (1, 2)]"},
		{"[a:b IN ('x')]", "[a:b = 'x']"},
		{"[a:b = 00.50]", "[a:b = .5]"},
		{"[a:b = -0]", "[a:b = 0.0]"},
		{"[a:b = b'AAH/']", "[a:b = h'0001FF']"},
		{"[a:b = t'2020-01-01T00:00:00.500Z']", "[a:b = t'2020-01-01T00:00:00.5Z']"},
		{"[ipv4-addr:value = '198.51.100.7/24']", "[ipv4-addr:value = '198.51.100.0/24']"},
		{"[ipv4-addr:value = '198.51.100.7/32']", "[ipv4-addr:value = '198.51.100.7']"},
		{"[ipv6-addr:value = '2001:DB8:0::1']", "[ipv6-addr:value = '2001:db8::1/128']"},
		{"[windows-registry-key:key = 'HKLM\\\\Foo']",
			"[windows-registry-key:key = 'hklm\\\\foo']"},
		{"[windows-registry-key:values[*].name = 'A']",
			"[windows-registry-key:values[*].name = 'a']"},
	};
	static const char *const not [][2] = {
		{"[a:b = 1]", "[a:b = '1']"},
		{"[a:b = 'A']", "[a:b = 'a']"},
		{"[a:b = 10]", "[a:b = 1]"},
		{"[a:b = 0.10]", "[a:b = 0.01]"},
		{"[ipv4-addr:value = '198.51.100.7']", "[ipv4-addr:value = '198.51.100.8']"},
		{"[ipv4-addr:x = '198.51.100.7/32']", "[ipv4-addr:x = '198.51.100.7']"},
		{"[windows-registry-key:values[*].data = 'A']",
			"[windows-registry-key:values[*].data = 'a']"},
		{"[a:b IN ()]", "[a:b IN (1)]"},
		{"[a:b NOT IN (1)]", "[a:b IN (1)]"},
	};
	assert_pairs(same, sizeof same / sizeof same[0], true);
	assert_pairs(not, sizeof not / sizeof not [0], false);
}

/* corpus/pattern/nul */
static void
a_zero_byte_ends_no_value(void **state)
{
	(void)state;
	assert_false(is_same(SPAN("[a:b = 'x\0y']"), SPAN("[a:b = 'x\0z']")));
	assert_true(is_same(SPAN("([a:b = 'x\0y'] FOLLOWEDBY [a:b = 1]) OR [a:b = 2]"),
		SPAN("[a:b = 2] OR ([a:b = 'x\0y'] FOLLOWEDBY [a:b = 1])")));
}

static void
too_many_alternatives_are_refused_and_long_lists_are_not(void **state)
{
	(void)state;
	own_buf struct buf text = {}, out = {};
	for (int i = 0; i < 20; i++)
		buf_printf(&text, "%s(a:b = %d OR a:c = %d)", i ? " AND " : "[", i, i);
	buf_add_byte(&text, ']');
	assert_rc(normal(buf_span(&text), &out), RC_LIMIT);
	assert_int_equal(out.len, 0);
	buf_reset(&text);
	for (int i = 0; i < 20; i++)
		buf_printf(&text, "%s([a:b = %d] OR [a:c = %d])", i ? " FOLLOWEDBY " : "", i, i);
	assert_rc(normal(buf_span(&text), &out), RC_LIMIT);
	buf_reset(&text);
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "%s[a:b = %d]", i ? " AND " : "", i);
	assert_rc(normal(buf_span(&text), &out), RC_OK);
	buf_reset(&text);
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "%sa:b != %d", i ? " AND " : "[", i);
	buf_add_byte(&text, ']');
	assert_rc(normal(buf_span(&text), &out), RC_OK);
}

/* The pairs of cti-python-stix2 in TOCSIN_SHARED, where it is there. */
static void
shared_pairs_have_their_verdict(void **state)
{
	(void)state;
	own_buf struct buf path = {}, text = {};
	const char *shared = getenv("TOCSIN_SHARED");
	buf_printf(&path, "%s/data/stix/pattern-equivalence.jsonl", shared ? shared : "");
	FILE *f = fopen(path.ptr, "r");
	if (!f)
		return;
	size_t got, cases = 0;
	while ((got = fread(buf_room(&text, 65536), 1, 65536, f)))
		text.len += got;
	fclose(f);
	struct span rest = buf_span(&text), line;
	while (span_cut(&rest, '\n', &line)) {
		own_json yyjson_doc *doc = NULL;
		if (!line.len)
			continue;
		assert_rc(json_read(line, &(struct json_limits){}, &doc, NULL), RC_OK);
		yyjson_val *one = yyjson_doc_get_root(doc);
		bool same = is_same(json_get_span(one, "a"), json_get_span(one, "b"));
		if (same != yyjson_is_true(json_get(one, "equivalent")))
			fail_msg("%.*s", (int)line.len, line.ptr);
		cases++;
	}
	assert_true(cases > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_repetition_and_parentheses_mean_nothing),
		cmocka_unit_test(alternatives_are_written_out_and_absorbed),
		cmocka_unit_test(values_have_one_way_of_writing),
		cmocka_unit_test(a_zero_byte_ends_no_value),
		cmocka_unit_test(too_many_alternatives_are_refused_and_long_lists_are_not),
		cmocka_unit_test(shared_pairs_have_their_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
