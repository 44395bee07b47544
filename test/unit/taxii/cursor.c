#include <string.h>

#include "../test.h"

#include "base/clock.h"
#include "taxii/cursor.h"

static const uint8_t key[CURSOR_KEY] = {7};

static struct cursor_scope
scope(void)
{
	return (struct cursor_scope){
		.reader = SPAN("alice"), .collection = {{1}}, .endpoint = 1, .filter = {3}};
}

static void
a_cursor_comes_back_as_its_position(void **state)
{
	(void)state;
	struct cursor_scope s = scope();
	const int64_t positions[] = {
		0, 1, INT64_C(1577836800000000), INT64_C(1577836800000001), INT64_MAX, -5};
	for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
		char text[CURSOR_TEXT];
		int64_t got;
		cursor_seal(key, &s, positions[i], text);
		for (int twice = 0; twice < 2; twice++) {
			assert_rc(cursor_open(key, &s, span_of(text), &got, NULL), RC_OK);
			assert_int_equal(got, positions[i]);
		}
	}
}

static void
opens_for_nobody_else(struct cursor_scope other)
{
	struct cursor_scope s = scope();
	char text[CURSOR_TEXT];
	int64_t got = 99;
	struct diag why = {};
	cursor_seal(key, &s, 1, text);
	assert_rc(cursor_open(key, &other, span_of(text), &got, &why), RC_BAD);
	assert_int_equal(got, 99);
}

static void
a_cursor_of_another_reader_is_refused(void **state)
{
	(void)state;
	struct cursor_scope other = scope();
	other.reader = SPAN("bob");
	opens_for_nobody_else(other);
}

static void
a_cursor_of_another_collection_is_refused(void **state)
{
	(void)state;
	struct cursor_scope other = scope();
	other.collection.byte[15] = 1;
	opens_for_nobody_else(other);
}

static void
a_cursor_of_another_filter_is_refused(void **state)
{
	(void)state;
	struct cursor_scope other = scope();
	other.filter[31] = 1;
	opens_for_nobody_else(other);
}

static void
a_cursor_of_another_endpoint_or_object_is_refused(void **state)
{
	(void)state;
	struct cursor_scope other = scope();
	other.endpoint = 2;
	opens_for_nobody_else(other);
	other = scope();
	other.object = SPAN("x");
	opens_for_nobody_else(other);
}

static void
a_forged_cursor_is_refused(void **state)
{
	(void)state;
	struct cursor_scope s = scope();
	char text[CURSOR_TEXT];
	int64_t got;
	cursor_seal(key, &s, INT64_C(1577836800000000), text);
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		char kept = text[i];
		text[i] = kept == 'A' ? 'B' : 'A';
		assert_rc(cursor_open(key, &s, span_of(text), &got, NULL), RC_BAD);
		text[i] = kept;
	}
	assert_rc(cursor_open(key, &s, (struct span){text, len - 1}, &got, NULL), RC_BAD);
	assert_rc(cursor_open(key, &s, SPAN(""), &got, NULL), RC_BAD);
	assert_rc(cursor_open(key, &s, SPAN("2020-01-01T00:00:00Z"), &got, NULL), RC_BAD);
	const uint8_t later[CURSOR_KEY] = {8};
	assert_rc(cursor_open(later, &s, span_of(text), &got, NULL), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_comes_back_as_its_position),
		cmocka_unit_test(a_cursor_of_another_reader_is_refused),
		cmocka_unit_test(a_cursor_of_another_collection_is_refused),
		cmocka_unit_test(a_cursor_of_another_filter_is_refused),
		cmocka_unit_test(a_cursor_of_another_endpoint_or_object_is_refused),
		cmocka_unit_test(a_forged_cursor_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
