/* Patterns and observations made to take long, much or too deep: each ends soon, small and known. */
#include "../test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "codec/json.h"
#include "pattern/match.h"

static const int64_t allowed = SECOND / 10; /* for comparisons */

/* Evaluates within `allowed`; whatever the machine, it must end within ten seconds. */
static enum rc
run(const struct buf *json, const struct buf *pattern, struct diag *why)
{
	own_arena struct arena a = {};
	own_json yyjson_doc *doc = NULL;
	own_matcher struct matcher *m = NULL;
	own_observations struct observations *o = observations_new();
	struct pattern p = {};
	assert_rc(json_read(buf_span(json), &(struct json_limits){}, &doc, why), RC_OK);
	assert_rc(observations_add(o, yyjson_doc_get_root(doc), why), RC_OK);
	enum rc rc = pattern_parse(buf_span(pattern), &a, &p, why);
	if (!rc)
		rc = matcher_new(&p, &m, why);
	if (rc)
		return rc;
	matcher_allow(m, allowed);
	int64_t from = clock_monotonic();
	rc = matcher_run(m, o, why);
	assert_true(clock_monotonic() - from < 10 * SECOND);
	return rc;
}

static void
begin(struct buf *json)
{
	buf_add(json, SPAN("{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:"
			   "00Z\",\"objects\":{"));
}

/* "[type:i = 0 OR type:i = 1 ...]" */
static void
many_tests(struct buf *pattern, const char *path, int count)
{
	for (int i = 0; i < count; i++)
		buf_printf(pattern, "%s%s = %d", i ? " OR " : "[", path, i);
	buf_add_byte(pattern, ']');
}

static void
a_set_of_100000_is_searched_and_not_walked(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	begin(&json);
	buf_add(&json, SPAN("\"0\":{\"type\":\"x\",\"l\":[7"));
	for (int i = 0; i < 20000; i++)
		buf_add(&json, SPAN(",7"));
	buf_add(&json, SPAN(",200000]}}}"));
	buf_add(&pattern, SPAN("[x:l[*] IN (8"));
	for (int i = 0; i < 100000; i++)
		buf_printf(&pattern, ",%d", 100001 + i);
	buf_add(&pattern, SPAN(")]"));
	assert_rc(run(&json, &pattern, &why), RC_OK);
}

static void
comparisons_end_when_their_time_is_over(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	/* Objects of another type cost little each; there are 20,000 times 50,000. */
	begin(&json);
	for (int i = 0; i < 20000; i++)
		buf_printf(&json, "%s\"%d\":{\"type\":\"x\"}", i ? "," : "", i);
	buf_add(&json, SPAN("}}"));
	many_tests(&pattern, "y:i", 50000);
	assert_rc(run(&json, &pattern, &why), RC_LIMIT);
	assert_string_equal(why.what, "the comparisons took more than 0.1 seconds");
	/* Members are looked for one by one. */
	buf_reset(&json);
	buf_reset(&pattern);
	begin(&json);
	buf_add(&json, SPAN("\"0\":{\"type\":\"x\""));
	for (int i = 0; i < 100000; i++)
		buf_printf(&json, ",\"k%d\":1", i);
	buf_add(&json, SPAN("}}}"));
	many_tests(&pattern, "x:i", 50000);
	assert_rc(run(&json, &pattern, &why), RC_LIMIT);
	/* Every object refers to every object, ten times over. */
	buf_reset(&json);
	buf_reset(&pattern);
	begin(&json);
	for (int i = 0; i < 1000; i++) {
		buf_printf(&json, "%s\"%d\":{\"type\":\"x\",\"k_refs\":[\"0\"", i ? "," : "", i);
		for (int k = 1; k < 1000; k++)
			buf_printf(&json, ",\"%d\"", k);
		buf_add(&json, SPAN("]}"));
	}
	buf_add(&json, SPAN("}}"));
	buf_add(&pattern, SPAN("[x:"));
	for (int i = 0; i < 10; i++)
		buf_add(&pattern, SPAN("k_refs[*]."));
	buf_add(&pattern, SPAN("i = 5]"));
	assert_rc(run(&json, &pattern, &why), RC_LIMIT);
	/* What was found in time is found. */
	buf_reset(&pattern);
	buf_add(&pattern, SPAN("[x:type = 'x'] OR [x:k_refs[*].k_refs[*].k_refs[*].i = 5]"));
	assert_rc(run(&json, &pattern, &why), RC_OK);
}

static void
late_comparisons_are_never_taken_for_true(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	begin(&json);
	buf_add(&json, SPAN("\"0\":{\"type\":\"x\",\"i\":1,\"l\":[[]"));
	for (int i = 0; i < 200000; i++)
		buf_add(&json, SPAN(",[]"));
	buf_add(&json, SPAN("]}}}"));
	buf_add(&pattern, SPAN("[x:i = 1"));
	for (int i = 0; i < 5000; i++)
		buf_printf(&pattern, " AND x:l[*] NOT = %d", i);
	buf_add(&pattern, SPAN(" AND x:i = 2]"));
	assert_rc(run(&json, &pattern, &why), RC_LIMIT);
}

static void
regular_expressions_are_bounded_together(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	begin(&json);
	buf_add(&json, SPAN("\"0\":{\"type\":\"x\",\"s\":\"c\"}}}"));
	for (int i = 0; i < 20000; i++)
		buf_printf(&pattern, "%sx:s MATCHES '(((a{1,99}){1,99})+b){2}%d'", i ? " OR " : "[",
			i);
	buf_add_byte(&pattern, ']');
	assert_rc(run(&json, &pattern, &why), RC_LIMIT);
	assert_true(span_starts(span_of(why.where), SPAN("column ")));
}

static void
observations(struct buf *json, int count)
{
	for (int i = 0; i < count; i++)
		buf_printf(json,
			"%s{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T%02d:%02d:%"
			"02dZ\",\"objects\":{\"0\":{\"type\":\"x\",\"i\":%d,\"j\":%d}}}",
			i ? "," : "[", i / 3600, i / 60 % 60, i % 60, i % 2, i % 3);
	buf_add_byte(json, ']');
}

static void
chain(struct buf *pattern, const char *word, int count)
{
	buf_reset(pattern);
	for (int i = 0; i < count; i++)
		buf_printf(pattern, "%s[x:i = 1]", i ? word : "");
}

static void
long_chains_over_many_observations_are_decided(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	observations(&json, 3000);
	static const char *const words[] = {" FOLLOWEDBY ", " AND "};
	for (size_t i = 0; i < 2; i++) {
		chain(&pattern, words[i], 1500);
		assert_rc(run(&json, &pattern, &why), RC_OK);
		chain(&pattern, words[i], 1501);
		assert_rc(run(&json, &pattern, &why), RC_NONE);
		chain(&pattern, words[i], 15000);
		assert_rc(run(&json, &pattern, &why), RC_NONE);
	}
	/* Observations that fit several parts, close together and in order. */
	buf_reset(&pattern);
	buf_add(&pattern,
		SPAN("([x:i = 1] FOLLOWEDBY [x:j = 1] FOLLOWEDBY [x:i = 0] FOLLOWEDBY [x:j = 2]) "
		     "WITHIN 2 SECONDS"));
	assert_rc(run(&json, &pattern, &why), RC_NONE);
}

static void
chains_of_parts_that_nearly_agree_end_soon(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	for (int i = 0; i < 4000; i++)
		buf_printf(&json,
			"%s{\"type\":\"observed-data\",\"first_observed\":\"2020-01-01T00:00:00Z\","
			"\"objects\":{\"0\":{\"type\":\"x\",\"i\":%d}}}",
			i ? "," : "[", i);
	buf_add_byte(&json, ']');
	static const char *const words[] = {" FOLLOWEDBY ", " AND "};
	for (size_t k = 0; k < 2; k++) {
		buf_reset(&pattern);
		for (int i = 0; i < 400; i++)
			buf_printf(&pattern, "%s[x:i != %d]", i ? words[k] : "", 3999 - i % 390);
		enum rc rc = run(&json, &pattern, &why);
		assert_true(rc == RC_OK || rc == RC_LIMIT);
	}
}

static void
counts_and_windows_of_any_size_are_taken(void **state)
{
	(void)state;
	own_buf struct buf json = {}, pattern = {};
	struct diag why = {};
	observations(&json, 10);
	static const char *const none[] = {"1000000000", "9223372036854775807",
		"99999999999999999999999999999999999999999999"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		buf_reset(&pattern);
		buf_printf(&pattern, "([x:i = 1] FOLLOWEDBY [x:i = 0]) REPEATS %s TIMES", none[i]);
		assert_rc(run(&json, &pattern, &why), RC_NONE);
	}
	/* A double holds neither. */
	buf_reset(&pattern);
	buf_printf(&pattern, "[x:i = 1] WITHIN 1%0400d SECONDS", 0);
	assert_rc(run(&json, &pattern, &why), RC_OK);
	buf_reset(&pattern);
	buf_printf(&pattern, "[x:i = 1] WITHIN 0.%0400d1 SECONDS", 0);
	assert_rc(run(&json, &pattern, &why), RC_OK);
	buf_reset(&pattern);
	buf_printf(&pattern, "[x:i = 1] WITHIN 0.%0400d SECONDS", 0);
	assert_rc(run(&json, &pattern, &why), RC_BAD);
}

static void
qualifiers_in_parentheses_nest_so_deep_and_no_deeper(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf text = {};
	struct pattern p = {};
	struct diag why = {};
	for (int i = 0; i < 150; i++)
		buf_add_byte(&text, '(');
	buf_add(&text, SPAN("[a:b = 1]"));
	for (int i = 0; i < 150; i++) {
		buf_add_byte(&text, ')');
		for (int k = 0; k < 150; k++)
			buf_add(&text, SPAN(" WITHIN 1 SECONDS"));
	}
	assert_rc(pattern_parse(buf_span(&text), &a, &p, &why), RC_LIMIT);
	assert_true(p.column > 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_of_100000_is_searched_and_not_walked),
		cmocka_unit_test(comparisons_end_when_their_time_is_over),
		cmocka_unit_test(late_comparisons_are_never_taken_for_true),
		cmocka_unit_test(regular_expressions_are_bounded_together),
		cmocka_unit_test(long_chains_over_many_observations_are_decided),
		cmocka_unit_test(chains_of_parts_that_nearly_agree_end_soon),
		cmocka_unit_test(counts_and_windows_of_any_size_are_taken),
		cmocka_unit_test(qualifiers_in_parentheses_nest_so_deep_and_no_deeper),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
