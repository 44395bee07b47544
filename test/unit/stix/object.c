#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "stix/id.h"
#include "stix/object.h"

static const char indicator[] =
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\","
	"\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\","
	"\"created_by_ref\":\"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff\","
	"\"created\":\"2016-04-06T20:03:48.000Z\",\"modified\":\"2016-04-06T20:03:48.123456789Z\","
	"\"pattern\":\"[url:value = 'x']\",\"pattern_type\":\"stix\","
	"\"valid_from\":\"2016-01-01T00:00:00Z\",\"lang\":\"de\","
	"\"object_marking_refs\":[\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\"]}";

static void
an_indicators_header_is_read(void **state)
{
	(void)state;
	own_stix struct stix_object o = {};
	assert_rc(stix_read(span_of(indicator), &o, NULL), RC_OK);
	assert_span(o.type, "indicator");
	assert_int_equal(o.kind, STIX_SDO);
	assert_int_equal(o.class, STIX_CLASS_INDICATOR);
	assert_int_equal(o.spec, STIX_2_1);
	assert_span(o.modified.text, "2016-04-06T20:03:48.123456789Z");
	assert_int_equal(o.modified.digits, 9);
	assert_int_equal(o.modified.at - o.created.at, 123456);
	assert_int_equal(o.version.at, o.modified.at);
	assert_span(o.created_by, "identity--f431f809-377b-45e0-aa1c-6a4751cae5ff");
	assert_span(o.lang, "de");
	assert_false(o.revoked);
	assert_int_equal(yyjson_arr_size(o.marking_refs), 1);
	assert_null(o.granular);
	assert_ptr_equal(o.text.ptr, indicator);
}

/* TAXII 2.1 section 3.4.1: an SCO without spec_version is 2.1, an SDO without is 2.0. */
static void
version_and_spec_have_their_defaults(void **state)
{
	(void)state;
	own_stix struct stix_object sco = {}, marking = {}, sdo = {};
	assert_rc(stix_read(SPAN("{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.3\","
				 "\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\"}"),
			  &sco, NULL),
		RC_OK);
	assert_int_equal(sco.spec, STIX_2_1);
	assert_int_equal(sco.kind, STIX_SCO);
	assert_true(sco.version.at == TIME_NONE);
	assert_rc(stix_read(SPAN("{\"type\":\"marking-definition\",\"created\":\"2017-01-20T00:00:"
				 "00.000Z\","
				 "\"id\":\"marking-definition--613f2e26-407d-48c7-9eca-"
				 "b8e91df99dc9\"}"),
			  &marking, NULL),
		RC_OK);
	assert_int_equal(marking.spec, STIX_2_0);
	assert_true(marking.modified.at == TIME_NONE);
	assert_int_equal(marking.version.at, marking.created.at);
	assert_rc(stix_read(SPAN("{\"type\":\"tool\",\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-"
				 "98ee46b3cd3f\","
				 "\"revoked\":true}"),
			  &sdo, NULL),
		RC_OK);
	assert_int_equal(sdo.spec, STIX_2_0);
	assert_true(sdo.revoked);
}

static void
unknown_types_are_what_their_extension_says(void **state)
{
	(void)state;
	static const struct {
		const char *extension;
		enum stix_kind kind;
	} cases[] = {{"new-sdo", STIX_SDO}, {"new-sro", STIX_SRO}, {"new-sco", STIX_SCO},
		{"property-extension", STIX_SCO}};
	for (size_t i = 0; i < 4; i++) {
		own_buf struct buf text = {};
		buf_printf(&text,
			"{\"type\":\"x-thing\",\"id\":\"x-thing--8e2e2d2b-17d4-4cbf-938f-"
			"98ee46b3cd3f\","
			"\"extensions\":{\"extension-definition--9e2e2d2b-17d4-4cbf-938f-"
			"98ee46b3cd3f\":"
			"{\"extension_type\":\"%s\"}}}",
			cases[i].extension);
		own_stix struct stix_object o = {};
		assert_rc(stix_read(buf_span(&text), &o, NULL), RC_OK);
		assert_int_equal(o.kind, cases[i].kind);
		assert_int_equal(o.class, STIX_CLASS_OTHER);
	}
}

/* Each of these once got into a server and made every later read of its collection fail. */
static void
a_bad_header_is_refused_and_named(void **state)
{
	(void)state;
#define GOOD_ID "\"type\":\"tool\",\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\","
	static const struct {
		const char *text, *where;
	} cases[] = {
		{"{\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}", "type"},
		{"{\"type\":1}", "type"},
		{"{\"type\":\"Tool\"}", "type"},
		{"{\"type\":\"bundle\",\"id\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
			"type"},
		{"{\"type\":\"tool\"}", "id"},
		{"{\"type\":\"tool\",\"id\":\"malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
			"id"},
		{"{\"type\":\"tool\",\"id\":\"tool--8e2e2d2b17d44cbf938f98ee46b3cd3f\"}", "id"},
		{"{" GOOD_ID "\"created\":\"yesterday\"}", "created"},
		{"{" GOOD_ID "\"created\":1}", "created"},
		{"{" GOOD_ID "\"modified\":\"2016-04-06T20:03:48.Z\"}", "modified"},
		{"{" GOOD_ID "\"modified\":\"2016-04-06T20:03:48+00:00\"}", "modified"},
		{"{" GOOD_ID "\"spec_version\":\"2.2\"}", "spec_version"},
		{"{" GOOD_ID "\"spec_version\":2.1}", "spec_version"},
		{"{" GOOD_ID "\"created_by_ref\":\"tool--8e2e\"}", "created_by_ref"},
		{"{" GOOD_ID "\"revoked\":\"true\"}", "revoked"},
		{"{" GOOD_ID "\"lang\":[\"en\"]}", "lang"},
		{"{" GOOD_ID "\"object_marking_refs\":\"x\"}", "object_marking_refs"},
		{"{" GOOD_ID "\"granular_markings\":{}}", "granular_markings"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stix_object o = {};
		struct diag why = {};
		assert_rc(stix_read(span_of(cases[i].text), &o, &why), RC_BAD);
		assert_string_equal(why.where, cases[i].where);
		assert_null(o.doc);
	}
	struct stix_object o = {};
	assert_rc(stix_read(SPAN("[]"), &o, NULL), RC_BAD);
	assert_rc(stix_read(SPAN("{\"type\":\"tool\",\"type\":\"tool\"}"), &o, NULL), RC_BAD);
}

static void
times_compare_to_the_last_digit(void **state)
{
	(void)state;
	static const char *const ascending[] = {"2016-04-06T20:03:48Z", "2016-04-06T20:03:48.1Z",
		"2016-04-06T20:03:48.123456Z", "2016-04-06T20:03:48.1234561Z",
		"2016-04-06T20:03:48.12345678Z", "2016-04-06T20:03:48.123456781Z",
		"2016-04-06T20:03:48.123457Z"};
	struct stix_time none = {.at = TIME_NONE}, a, b;
	for (size_t i = 0; i < 7; i++) {
		assert_rc(stix_time_read(span_of(ascending[i]), &a), RC_OK);
		assert_true(stix_time_cmp(&none, &a) < 0);
		for (size_t j = 0; j < 7; j++) {
			assert_rc(stix_time_read(span_of(ascending[j]), &b), RC_OK);
			int order = stix_time_cmp(&a, &b);
			assert_int_equal(order, (i > j) - (i < j));
		}
	}
	assert_rc(stix_time_read(SPAN("2016-04-06T20:03:48.100Z"), &a), RC_OK);
	assert_rc(stix_time_read(SPAN("2016-04-06T20:03:48.1000000000Z"), &b), RC_OK);
	assert_int_equal(stix_time_cmp(&a, &b), 0);
}

static void
type_names_and_ids_have_one_form(void **state)
{
	(void)state;
	static const char *const bad[] = {"ab", "a--b", "-ab", "ab-", "aB-c", "a_bc", "1ab", "a.b"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(stix_type_valid(span_of(bad[i])));
	assert_true(stix_type_valid(SPAN("x-ibm-1")));
	char longest[252];
	memset(longest, 'a', sizeof longest);
	assert_true(stix_type_valid((struct span){longest, 250}));
	assert_false(stix_type_valid((struct span){longest, 251}));
	/* The variant bits of an RFC 9562 UUID. */
	assert_rc(stix_id_parse(SPAN("tool--8e2e2d2b-17d4-4cbf-738f-98ee46b3cd3f"), NULL, NULL),
		RC_BAD);
	assert_rc(stix_id_parse(SPAN("tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"), NULL, NULL),
		RC_OK);
	uint64_t seed = 1;
	char text[STIX_ID_TEXT];
	stix_id_new(SPAN("tool"), rng_seeded(&seed), text);
	struct uuid uuid;
	struct span type;
	assert_rc(stix_id_parse(span_of(text), &type, &uuid), RC_OK);
	assert_span(type, "tool");
	assert_int_equal(uuid_version(&uuid), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_indicators_header_is_read),
		cmocka_unit_test(version_and_spec_have_their_defaults),
		cmocka_unit_test(unknown_types_are_what_their_extension_says),
		cmocka_unit_test(a_bad_header_is_refused_and_named),
		cmocka_unit_test(times_compare_to_the_last_digit),
		cmocka_unit_test(type_names_and_ids_have_one_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
