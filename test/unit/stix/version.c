#include "../test.h"

#include "stix/version.h"

#define ID \
	"\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-" \
	"98ee46b3cd3f\","
#define BY_A "\"created_by_ref\":\"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff\","
#define BY_B "\"created_by_ref\":\"identity--b431f809-377b-45e0-aa1c-6a4751cae5ff\","
#define CREATED "\"created\":\"2016-04-06T20:03:48.000Z\","
#define AT(time) "\"modified\":\"2016-04-06T20:03:" time "Z\","
#define NAMED(name) "\"name\":\"" name "\"}"

static const char base[] = "{" ID BY_A CREATED AT("50.123") NAMED("a");

static enum stix_relation
relate(const char *have, const char *got)
{
	own_stix struct stix_object a = {}, b = {};
	assert_rc(stix_read(span_of(have), &a, NULL), RC_OK);
	assert_rc(stix_read(span_of(got), &b, NULL), RC_OK);
	return stix_relate(&a, &b);
}

#define assert_relation(have, got, word) \
	assert_string_equal(stix_relation_word(relate(have, got)), word)

static void
duplicates_are_told_from_conflicts(void **state)
{
	(void)state;
	assert_relation(base, base, "same");
	/* Other blanks, other order, the same instant written longer: still the same value but for
	 * the text. */
	assert_relation(base, "{ " AT("50.123") BY_A CREATED ID NAMED("a"), "same");
	assert_relation(base, "{" ID BY_A CREATED AT("50.123") NAMED("b"), "conflict");
	assert_relation(base, "{" ID BY_A CREATED AT("50.123000") NAMED("b"), "conflict");
	assert_relation(base,
		"{" ID BY_A "\"created\":\"2016-04-06T20:03:47.000Z\"," AT("51.000") NAMED("a"),
		"conflict");
}

static void
versions_are_ordered_by_exact_instants(void **state)
{
	(void)state;
	assert_relation(base, "{" ID BY_A CREATED AT("50.124") NAMED("b"), "newer");
	assert_relation(base, "{" ID BY_A CREATED AT("50.1230000001") NAMED("b"), "newer");
	assert_relation("{" ID BY_A CREATED AT("50.1230000001") NAMED("b"), base, "older");
}

/* Section 3.6: only the creator may version. */
static void
another_creator_cannot_version(void **state)
{
	(void)state;
	assert_relation(base, "{" ID BY_B CREATED AT("51.000") NAMED("b"), "not-creator");
	assert_relation(base, "{" ID CREATED AT("51.000") NAMED("b"), "not-creator");
	assert_relation(base, "{" ID BY_B CREATED AT("50.123") "\"revoked\":true," NAMED("a"),
		"not-creator");
	assert_relation("{" ID CREATED AT("50.123") NAMED("a"), base, "not-creator");
}

/* Section 3.2: revoking is permanent. */
static void
revocation_is_the_last_version(void **state)
{
	(void)state;
	static const char revoked[] =
		"{" ID BY_A CREATED AT("51.000") "\"revoked\":true," NAMED("a");
	assert_relation(base, revoked, "newer");
	assert_relation(revoked, "{" ID BY_A CREATED AT("52.000") NAMED("a"), "after-revocation");
	assert_relation(revoked, base, "older");
	assert_relation("{" ID BY_A CREATED AT("52.000") NAMED("a"), revoked, "revoked-before");
}

static void
objects_without_versions_have_variants(void **state)
{
	(void)state;
#define SCO "{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\","
	assert_relation(
		SCO "\"value\":\"198.51.100.3\"}", SCO " \"value\":\"198.51.100.3\"}", "same");
	assert_relation(SCO "\"value\":\"198.51.100.3\"}",
		SCO "\"value\":\"198.51.100.3\",\"defanged\":true}", "variant");
	assert_relation(base, "{" ID BY_A CREATED NAMED("a"), "conflict");
}

static enum rc
change(const char *old, const char *changes, int64_t now, struct buf *out)
{
	own_stix struct stix_object o = {};
	assert_rc(stix_read(span_of(old), &o, NULL), RC_OK);
	yyjson_doc *doc = yyjson_read(changes, span_of(changes).len, 0);
	enum rc code = stix_version_make(&o, yyjson_doc_get_root(doc), now, out, NULL);
	yyjson_doc_free(doc);
	return code;
}

static void
a_new_version_keeps_what_must_stay(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	int64_t now;
	assert_rc(time_parse(SPAN("2026-01-02T03:04:05.678901Z"), &now, NULL), RC_OK);
	assert_rc(change(base, "{\"name\":null,\"description\":\"d\"}", now, &out), RC_OK);
	assert_span(buf_span(&out),
		"{" ID BY_A CREATED
		"\"modified\":\"2026-01-02T03:04:05.678Z\",\"description\":\"d\"}");
	assert_string_equal("newer", stix_relation_word(({
		own_buf struct buf text = {};
		buf_add(&text, buf_span(&out));
		buf_add_byte(&text, 0);
		relate(base, text.ptr);
	})));
	static const char *const forbidden[] = {"{\"id\":\"x\"}", "{\"type\":null}",
		"{\"created\":\"x\"}", "{\"created_by_ref\":null}", "{\"modified\":\"x\"}", "[]"};
	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
		assert_rc(change(base, forbidden[i], now, &out), RC_BAD);
}

static void
a_new_version_is_later_even_with_a_slow_clock(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	assert_rc(change("{" ID BY_A CREATED AT("50.123999") NAMED("a"), "{}", 0, &out), RC_OK);
	assert_span(buf_span(&out), "{" ID BY_A CREATED AT("50.124") NAMED("a"));
}

static void
a_revoked_object_has_no_next_version(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	own_stix struct stix_object o = {}, gone = {};
	assert_rc(stix_read(span_of(base), &o, NULL), RC_OK);
	assert_rc(stix_version_revoke(&o, 0, &out, NULL), RC_OK);
	assert_rc(stix_read(buf_span(&out), &gone, NULL), RC_OK);
	assert_true(gone.revoked);
	assert_int_equal(stix_relate(&o, &gone), STIX_NEWER);
	own_buf struct buf again = {};
	assert_rc(stix_version_revoke(&gone, 0, &again, NULL), RC_CONFLICT);
	assert_rc(change(SCO "\"value\":\"198.51.100.3\"}", "{}", 0, &again), RC_BAD);
	assert_int_equal(again.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duplicates_are_told_from_conflicts),
		cmocka_unit_test(versions_are_ordered_by_exact_instants),
		cmocka_unit_test(another_creator_cannot_version),
		cmocka_unit_test(revocation_is_the_last_version),
		cmocka_unit_test(objects_without_versions_have_variants),
		cmocka_unit_test(a_new_version_keeps_what_must_stay),
		cmocka_unit_test(a_new_version_is_later_even_with_a_slow_clock),
		cmocka_unit_test(a_revoked_object_has_no_next_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
