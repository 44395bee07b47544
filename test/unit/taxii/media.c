#include <string.h>

#include "../test.h"

#include "taxii/media.h"

static bool
accepts(const char *header)
{
	return media_accepts(span_of(header));
}

static void
taxii_without_version_is_acceptable(void **state)
{
	(void)state;
	assert_true(accepts("application/taxii+json"));
	assert_true(accepts("APPLICATION/TAXII+JSON"));
}

static void
accept_is_negotiated_not_compared(void **state)
{
	(void)state;
	assert_true(accepts("application/json;q=0.5, application/taxii+json; version=2.1;q=0.9"));
	assert_true(accepts("application/taxii+json;version=2.1"));
	assert_true(accepts("application/taxii+json; version=\"2.1\"; charset=utf-8"));
	assert_true(accepts("text/html\t,\t application/taxii+json ; version=2.1 ; q=0.001"));
	assert_true(accepts("x/y;a=\",\\\",\",application/taxii+json;VERSION=2.1"));
	assert_true(accepts("application/taxii+json;version=2.1;"));
	assert_true(accepts("nonsense, application/taxii+json"));
}

static void
a_weight_of_zero_refuses(void **state)
{
	(void)state;
	assert_false(accepts("application/taxii+json;version=2.1;q=0"));
	assert_false(accepts("*/*, application/taxii+json;version=2.1;q=0.000"));
	assert_true(accepts("*/*;q=0, application/taxii+json"));
	assert_false(accepts("application/*;q=0, */*"));
	assert_true(accepts("application/taxii+json;version=2.1, application/taxii+json;q=0"));
}

static void
other_versions_and_types_are_not_acceptable(void **state)
{
	(void)state;
	assert_false(accepts("application/taxii+json;version=2.0"));
	assert_false(accepts("application/vnd.oasis.taxii+json; version=2.0"));
	assert_false(accepts("application/json"));
	assert_false(accepts("application/stix+json;version=2.1"));
	assert_false(accepts("text/html, application/xml"));
	assert_false(accepts("application/taxii+json;version=2.1;q=2"));
	assert_false(accepts("application/taxii+json;version=2.10"));
	assert_false(accepts("application/taxii+jsonx"));
	assert_false(accepts("*/taxii+json"));
}

static void
no_accept_header_is_answered(void **state)
{
	(void)state;
	assert_true(media_accepts((struct span){}));
	assert_true(accepts(""));
	assert_true(accepts("  "));
}

static void
wildcards_are_answered(void **state)
{
	(void)state;
	assert_true(accepts("*/*"));
	assert_true(accepts("application/*"));
	assert_true(accepts("text/html, */*;q=0.8"));
}

static void
the_manifests_own_accept_is_acceptable(void **state)
{
	(void)state;
	assert_true(
		accepts("application/taxii+json;version=2.1,application/stix+json;version=2.1"));
	assert_true(
		accepts("application/stix+json;version=2.1,application/taxii+json;version=2.1"));
}

static void
a_body_needs_a_content_type(void **state)
{
	(void)state;
	struct diag why = {};
	assert_rc(media_body((struct span){}, &why), RC_BAD);
	assert_rc(media_body(SPAN(""), &why), RC_BAD);
	assert_rc(media_body(SPAN("taxii"), &why), RC_BAD);
	assert_rc(media_body(SPAN("application/taxii+json, application/taxii+json"), &why), RC_BAD);
}

static void
bodies_of_other_types_are_refused(void **state)
{
	(void)state;
	struct diag why = {};
	assert_rc(media_body(SPAN("application/json"), &why), RC_UNKNOWN);
	assert_rc(media_body(SPAN("application/stix+json;version=2.1"), &why), RC_UNKNOWN);
	assert_rc(media_body(SPAN("application/taxii+json;version=2.1;charset=latin1"), &why),
		RC_UNKNOWN);
}

static void
bodies_of_another_version_are_refused(void **state)
{
	(void)state;
	struct diag why = {};
	assert_rc(media_body(SPAN("application/taxii+json;version=2.0"), &why), RC_UNKNOWN);
}

static void
bodies_of_the_defined_type_are_taken(void **state)
{
	(void)state;
	struct diag why = {};
	assert_rc(media_body(SPAN("application/taxii+json;version=2.1"), &why), RC_OK);
	assert_rc(media_body(SPAN("application/taxii+json"), &why), RC_OK);
	assert_rc(
		media_body(SPAN(" Application/TAXII+json ; Version=\"2.1\" ; charset=UTF-8"), &why),
		RC_OK);
}

static void
prefer_wait_is_read_among_other_preferences(void **state)
{
	(void)state;
	uint64_t seconds = 0;
	assert_rc(prefer_wait(SPAN("respond-async, wait=10; x=y, wait=20"), &seconds), RC_OK);
	assert_int_equal(seconds, 10);
	assert_rc(prefer_wait(SPAN("Wait = \"7\""), &seconds), RC_OK);
	assert_int_equal(seconds, 7);
	assert_rc(prefer_wait(SPAN("return=minimal"), &seconds), RC_NONE);
	assert_rc(prefer_wait(SPAN("wait=abc"), &seconds), RC_NONE);
	assert_rc(prefer_wait(SPAN("wait=0"), &seconds), RC_NONE);
	assert_rc(prefer_wait(SPAN("wait"), &seconds), RC_NONE);
	assert_rc(prefer_wait((struct span){}, &seconds), RC_NONE);
}

static void
a_media_type_keeps_its_parts(void **state)
{
	(void)state;
	struct media m;
	assert_rc(media_parse(SPAN("a/b;version=\"x\\\"y\";q=0.25"), &m, NULL), RC_OK);
	assert_span(m.type, "a");
	assert_span(m.subtype, "b");
	assert_string_equal(m.version, "x\"y");
	assert_int_equal(m.quality, 250);
	assert_rc(media_parse(SPAN("a/b;version=1;version=1"), &m, NULL), RC_BAD);
	assert_rc(media_parse(SPAN("a/b;version=\"1"), &m, NULL), RC_BAD);
	assert_rc(media_parse(SPAN("a/b;version=0123456789012345678901234567890123"), &m, NULL),
		RC_BAD);
	assert_rc(media_parse(SPAN("a/b c"), &m, NULL), RC_BAD);
	assert_rc(media_parse(SPAN("a/"), &m, NULL), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taxii_without_version_is_acceptable),
		cmocka_unit_test(accept_is_negotiated_not_compared),
		cmocka_unit_test(a_weight_of_zero_refuses),
		cmocka_unit_test(other_versions_and_types_are_not_acceptable),
		cmocka_unit_test(no_accept_header_is_answered),
		cmocka_unit_test(wildcards_are_answered),
		cmocka_unit_test(the_manifests_own_accept_is_acceptable),
		cmocka_unit_test(a_body_needs_a_content_type),
		cmocka_unit_test(bodies_of_other_types_are_refused),
		cmocka_unit_test(bodies_of_another_version_are_refused),
		cmocka_unit_test(bodies_of_the_defined_type_are_taken),
		cmocka_unit_test(prefer_wait_is_read_among_other_preferences),
		cmocka_unit_test(a_media_type_keeps_its_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
