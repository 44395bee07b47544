#include <stdio.h>
#include <string.h>

#include "../test.h"

#include "taxii/query.h"

enum { EVERY = 127 };

static struct arena mem;

static enum rc
parse(const char *text, struct query *q)
{
	struct diag why = {};
	return query_parse(span_of(text), EVERY, &mem, q, &why);
}

static int
clear(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static void
no_query_asks_for_the_last_versions(void **state)
{
	(void)state;
	struct query q;
	assert_rc(query_parse((struct span){}, EVERY, &mem, &q, NULL), RC_OK);
	assert_true(q.last && !q.first && !q.all);
	assert_int_equal(q.added_after, TIME_NONE);
	assert_int_equal(q.limit, 0);
	assert_null(q.next.ptr);
}

static void
a_limit_of_zero_is_refused(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("limit=0", &q), RC_BAD);
	assert_rc(parse("limit=1", &q), RC_OK);
	assert_int_equal(q.limit, 1);
}

static void
a_limit_that_is_no_number_is_refused(void **state)
{
	(void)state;
	struct query q;
	const char *bad[] = {"limit=-1", "limit=abc", "limit=9223372036854775808", "limit=1.0",
		"limit=", "limit=%201", "limit", "limit=99999999999999999999999", "limit=1%00"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_rc(parse(bad[i], &q), RC_BAD);
}

/* TAXII 2.1 section 2: no integer lies beyond 2^53 - 1. */
static void
a_limit_is_an_integer_of_54_bits(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("limit=9007199254740991", &q), RC_OK);
	assert_true(q.limit == QUERY_LIMIT_MOST);
	assert_rc(parse("limit=9007199254740992", &q), RC_BAD);
	assert_rc(parse("limit=9223372036854775807", &q), RC_BAD);
}

static void
added_after_must_be_a_timestamp(void **state)
{
	(void)state;
	struct query q;
	const char *bad[] = {"added_after=2020", "added_after=2020-01-01",
		"added_after=2020-02-30T00:00:00Z", "added_after=2020-01-01T00:00:00.Z",
		"added_after=2020-01-01T00:00:00", "added_after=x"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_rc(parse(bad[i], &q), RC_BAD);
}

static void
a_repeated_parameter_is_refused(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("limit=1&limit=1", &q), RC_BAD);
	assert_rc(parse("match[type]=indicator&match%5Btype%5D=malware", &q), RC_BAD);
	assert_rc(parse("added_after=2020-01-01T00:00:00Z&limit=2&added_after=2020-01-01T00:00:00Z",
			  &q),
		RC_BAD);
}

static void
added_after_takes_any_number_of_fractional_digits(void **state)
{
	(void)state;
	struct query q;
	const char *forms[] = {"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.0Z",
		"2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000000Z",
		"2020-01-01T00:00:00.000000000Z"};
	for (size_t i = 0; i < 5; i++) {
		char text[64];
		snprintf(text, sizeof text, "added_after=%s", forms[i]);
		assert_rc(parse(text, &q), RC_OK);
		assert_int_equal(q.added_after, INT64_C(1577836800000000));
	}
	assert_rc(parse("added_after=2020-01-01T00%3A00%3A00.123456789Z", &q), RC_OK);
	assert_int_equal(q.added_after, INT64_C(1577836800123456));
}

static void
added_after_keeps_its_microseconds(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("added_after=2020-01-01T00:00:00.000999Z", &q), RC_OK);
	assert_int_equal(q.added_after, INT64_C(1577836800000999));
}

static void
values_of_a_field_are_split_at_commas(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("match[type]=malware,indicator,malware&match[id]=a--1&match[spec_version]="
			"2.0,2.1",
			  &q),
		RC_OK);
	assert_int_equal(q.types.count, 2);
	assert_span(q.types.at[0], "indicator");
	assert_span(q.types.at[1], "malware");
	assert_int_equal(q.ids.count, 1);
	assert_int_equal(q.specs.count, 2);
}

static void
malformed_match_values_are_refused(void **state)
{
	(void)state;
	struct query q;
	const char *bad[] = {"match[id]=", "match[id]=a,,b", "match[id]=a,%20b", "match[type]=a,",
		"match[type]=%ff", "match[type]=%0", "match[type]=%zz", "match[spec_version]=two",
		"match[spec_version]=2.", "match[version]=lst", "match[version]=2020",
		"match[version]=first,", "match[type]=a%00b"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_rc(parse(bad[i], &q), RC_BAD);
}

static void
too_many_values_are_refused(void **state)
{
	(void)state;
	char text[5000] = "match[type]=a";
	size_t len = strlen(text);
	for (int i = 0; i < QUERY_VALUES; i++) {
		text[len++] = ',';
		text[len++] = 'a';
	}
	text[len] = 0;
	struct query q;
	assert_rc(parse(text, &q), RC_BAD);
	text[len - 2] = 0;
	assert_rc(parse(text, &q), RC_OK);
}

static void
unknown_parameters_and_match_fields_are_ignored(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("match[confidence]=80&_=12&match[confidence]=90&&limit=5", &q), RC_OK);
	assert_int_equal(q.limit, 5);
	struct diag why = {};
	assert_rc(query_parse(SPAN("limit=0&match[type]=,"), QUERY_VERSION, &mem, &q, &why), RC_OK);
}

static void
all_stands_alone(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("match[version]=all", &q), RC_OK);
	assert_true(q.all && !q.last);
	assert_rc(parse("match[version]=all,last", &q), RC_BAD);
	assert_rc(parse("match[version]=2020-01-01T00:00:00Z,all", &q), RC_BAD);
}

static void
a_version_stands_once(void **state)
{
	(void)state;
	struct query q;
	assert_rc(parse("match[version]=first,first", &q), RC_BAD);
	assert_rc(parse("match[version]=2020-01-01T00:00:00.1Z,2020-01-01T00:00:00.100Z", &q),
		RC_BAD);
	assert_rc(parse("match[version]=first,last,2020-01-01T00:00:00.2Z,2020-01-01T00:00:00.1Z",
			  &q),
		RC_OK);
	assert_true(q.first && q.last);
	assert_int_equal(q.version_count, 2);
	assert_true(q.versions[0] < q.versions[1]);
}

static void
the_digest_is_of_the_filters_alone(void **state)
{
	(void)state;
	struct query a, b;
	uint8_t x[QUERY_DIGEST], y[QUERY_DIGEST];
	assert_rc(parse("match[type]=b,a&limit=3", &a), RC_OK);
	assert_rc(parse("limit=9&match[type]=a,b&next=zzz", &b), RC_OK);
	query_digest(&a, x);
	query_digest(&b, y);
	assert_memory_equal(x, y, QUERY_DIGEST);
	const char *others[] = {"match[type]=a", "match[id]=a,b",
		"match[type]=a,b&added_after=2020-01-01T00:00:00Z",
		"match[type]=a,b&match[version]=all", "match[type]=ab",
		"match[type]=a,b&match[spec_version]=2.1",
		"match[type]=a,b&match[version]=2020-01-01T00:00:00Z"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_rc(parse(others[i], &b), RC_OK);
		query_digest(&b, y);
		assert_memory_not_equal(x, y, QUERY_DIGEST);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(no_query_asks_for_the_last_versions, clear),
		cmocka_unit_test_teardown(a_limit_of_zero_is_refused, clear),
		cmocka_unit_test_teardown(a_limit_that_is_no_number_is_refused, clear),
		cmocka_unit_test_teardown(a_limit_is_an_integer_of_54_bits, clear),
		cmocka_unit_test_teardown(added_after_must_be_a_timestamp, clear),
		cmocka_unit_test_teardown(a_repeated_parameter_is_refused, clear),
		cmocka_unit_test_teardown(added_after_takes_any_number_of_fractional_digits, clear),
		cmocka_unit_test_teardown(added_after_keeps_its_microseconds, clear),
		cmocka_unit_test_teardown(values_of_a_field_are_split_at_commas, clear),
		cmocka_unit_test_teardown(malformed_match_values_are_refused, clear),
		cmocka_unit_test_teardown(too_many_values_are_refused, clear),
		cmocka_unit_test_teardown(unknown_parameters_and_match_fields_are_ignored, clear),
		cmocka_unit_test_teardown(all_stands_alone, clear),
		cmocka_unit_test_teardown(a_version_stands_once, clear),
		cmocka_unit_test_teardown(the_digest_is_of_the_filters_alone, clear),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&mem);
	return failed;
}
