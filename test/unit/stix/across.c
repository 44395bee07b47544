/* MUSTs over two objects of a file. */
#include "judge.h"

#include "stix/across.h"

#define AT(type, uuid, created, modified, more) \
	"{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type "--" uuid \
	"\",\"created\":\"" created "\",\"modified\":\"" modified "\"" more "}"
#define ONE "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define TWO "9e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define THREE "ae2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define T1 "2016-01-01T00:00:00.000Z"
#define T2 "2016-01-02T00:00:00.000Z"
#define T3 "2016-01-03T00:00:00.000Z"
#define VERSION(modified, more) AT("tool", ONE, T1, modified, ",\"name\":\"n\"" more)
#define BY(letter) ",\"created_by_ref\":\"identity--" letter "e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\""

/* Section 3.6. */
static void
versions_of_one_object_agree(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(VERSION(T1, "") "," VERSION(T2, ",\"description\":\"d\"")), "{}", NULL,
			NULL},
		{BUNDLE(VERSION(T2, "") "," VERSION(T1, "")), "{}", NULL, NULL},
		{BUNDLE(VERSION(T1, "") "," VERSION(T1, "")), "{}", NULL, NULL},
		{BUNDLE(VERSION(T1, "") "," VERSION(T1, ",\"description\":\"d\"")), "{}", "version",
			"objects[1].modified"},
		{BUNDLE(VERSION(T1, "") "," VERSION(
			 "2016-01-01T00:00:00.0000Z", ",\"description\":\"d\"")),
			"{}", "version", "objects[1].modified"},
		{BUNDLE(VERSION(T1, "") "," AT("tool", ONE, T2, T2, ",\"name\":\"n\"")), "{}",
			"version", "objects[1].created"},
		{BUNDLE(VERSION(T1, BY("8")) "," VERSION(T2, BY("9"))), "{}", "version",
			"objects[1].created_by_ref"},
		{BUNDLE(VERSION(T1, BY("8")) "," VERSION(T2, "")), "{}", "version",
			"objects[1].created_by_ref"},
		{BUNDLE(VERSION(T1, "") "," VERSION(T2, ",\"revoked\":true")), "{}", NULL, NULL},
		{BUNDLE(VERSION(T3, "") "," VERSION(T1, "") "," VERSION(T2, ",\"revoked\":true")),
			"{}", "revoked", "objects[0].modified"},
		{BUNDLE(SCO("url") "\"value\":\"a:b\"}," SCO("url") "\"value\":\"a:c\"}"), "{}",
			NULL, NULL},
		{BUNDLE(META(
			 "marking-definition") "\"definition_type\":\"statement\",\"definition\":{"
					       "\"statement\":\"a\"}}," META(
						       "marking-definition") "\"definition_type\":"
									     "\"statement\","
									     "\"definition\":{"
									     "\"statement\":\"b\"}"
									     "}"),
			"{}", "version", "objects[1].id"},
	};
	JUDGE(cases);
	static const struct judged strict = {
		BUNDLE(VERSION(T1, "") "," VERSION(T1, "")), "{}", "duplicate-ids", "objects[1]"};
	judge(&strict, 1, &(struct stix_options){.level = STIX_SHOULD});
}

/* Section 2.9. */
static void
a_producer_uses_a_uuid_for_one_type(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(AT("tool", ONE, T1, T1, ",\"name\":\"n\"" BY("8")) "," AT(
			 "campaign", ONE, T1, T1, ",\"name\":\"n\"" BY("8"))),
			"{}", "uuid-reuse", "objects[1].id"},
		{BUNDLE(AT("tool", ONE, T1, T1, ",\"name\":\"n\"" BY("8")) "," AT(
			 "campaign", ONE, T1, T1, ",\"name\":\"n\"" BY("9"))),
			"{}", NULL, NULL},
		{BUNDLE(AT("tool", ONE, T1, T1, ",\"name\":\"n\"") "," AT(
			 "campaign", ONE, T1, T1, ",\"name\":\"n\"")),
			"{}", NULL, NULL},
	};
	JUDGE(cases);
}

#define MARKING(uuid, refs) \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition-" \
	"-" uuid "\",\"created\":\"" T1 \
	"\",\"definition_type\":\"statement\",\"definition\":{\"statement\":" \
	"\"s\"}" refs "}"
#define REFS(uuid) ",\"object_marking_refs\":[\"marking-definition--" uuid "\"]"
#define PART(uuid) \
	",\"granular_markings\":[{\"marking_ref\":\"marking-definition--" uuid "\"," \
	"\"selectors\":[\"definition\"]}]"

/* Section 3.2. */
static void
markings_do_not_mark_in_a_circle(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(MARKING(ONE, REFS(TWO)) "," MARKING(TWO, REFS(THREE)) "," MARKING(
			 THREE, "")),
			"{}", NULL, NULL},
		{BUNDLE(MARKING(ONE, REFS(TWO)) "," MARKING(TWO, REFS(ONE))), "{}", "circular",
			"objects[1].object_marking_refs"},
		{BUNDLE(MARKING(ONE, REFS(TWO)) "," MARKING(TWO, PART(THREE)) "," MARKING(
			 THREE, PART(ONE))),
			"{}", "circular", "objects[2].granular_markings"},
		/* Two ways to one marking are no circle. */
		{BUNDLE(MARKING(ONE, REFS(TWO) PART(THREE)) "," MARKING(
			 TWO, REFS(THREE)) "," MARKING(THREE, "")),
			"{}", NULL, NULL},
	};
	JUDGE(cases);
}

#define ACTOR(modified, more) AT("threat-actor", ONE, T1, modified, ",\"name\":\"n\"" more)
#define TRANSLATION(more, contents) \
	"," META("language-content") "\"modified\":\"2016-04-06T20:03:48.000Z\",\"object_ref\":" \
				     "\"" U("threat-actor") "\"" more \
							    ",\"contents\":{\"de\":{" contents \
							    "}}}"
#define GOALS ",\"goals\":[\"a\",\"b\"]"

/* Section 7.1.1. */
static void
translations_mirror_what_they_translate(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(ACTOR(T1, GOALS) TRANSLATION("", "\"goals\":[\"x\",\"\"],\"name\":\"y\"")),
			"{}", NULL, NULL},
		{BUNDLE(ACTOR(T1, GOALS) TRANSLATION("", "\"nothing\":[7],\"confidence\":\"x\"")),
			"{}", NULL, NULL},
		{BUNDLE(ACTOR(T1, GOALS) TRANSLATION("", "\"goals\":[\"x\"]")), "{}", "translation",
			"objects[1].contents.de.goals"},
		{BUNDLE(ACTOR(T1, GOALS) TRANSLATION("", "\"goals\":\"x\"")), "{}", "translation",
			"objects[1].contents.de.goals"},
		{BUNDLE(ACTOR(T1, GOALS) TRANSLATION("", "\"goals\":[\"x\",7]")), "{}",
			"translation", "objects[1].contents.de.goals[1]"},
		{BUNDLE(ACTOR(T1, GOALS) TRANSLATION("", "\"name\":[\"x\"]")), "{}", "translation",
			"objects[1].contents.de.name"},
		{BUNDLE(ACTOR(T1,
			 ",\"external_references\":[{\"source_name\":\"s\",\"description\":"
			 "\"d\"}]")
				 TRANSLATION("", "\"external_references\":[{\"description\":7}]")),
			"{}", "translation",
			"objects[1].contents.de.external_references[0].description"},
		/* Each version has its translations; the latest where none is named. */
		{BUNDLE(ACTOR(T1, GOALS) "," ACTOR(T2, ",\"goals\":[\"a\"]") TRANSLATION(
			 ",\"object_modified\":\"" T1 "\"", "\"goals\":[\"x\",\"y\"]")),
			"{}", NULL, NULL},
		{BUNDLE(ACTOR(T2, ",\"goals\":[\"a\"]") "," ACTOR(T1, GOALS)
				 TRANSLATION("", "\"goals\":[\"x\",\"y\"]")),
			"{}", "translation", "objects[2].contents.de.goals"},
		{BUNDLE(ACTOR(T1, GOALS)
				 TRANSLATION(",\"object_modified\":\"" T3 "\"", "\"goals\":[]")),
			"{}", "empty", "objects[1].contents.de.goals"},
	};
	JUDGE(cases);
}

#define DEFINITION(types) \
	"{\"type\":\"extension-definition\",\"spec_version\":\"2.1\",\"id\":\"" DEFINED \
	"\",\"created\":\"" T1 "\",\"modified\":\"" T1 \
	"\"" BY("8") ",\"name\":\"n\",\"schema\":\"s\",\"version\":\"1\",\"extension_types\":" \
		     "[" types "]}"
#define INSTANCE(type, more) \
	",\"extensions\":{\"" DEFINED "\":{\"extension_type\":\"" type "\"}}" more

/* Sections 7.3.1, 4.14.1, 5.1.2 and 5.2.1. */
static void
extensions_are_what_their_definition_says(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(DEFINITION("\"property-extension\",\"new-sdo\"") "," VERSION(
			 T1, INSTANCE("property-extension", ""))),
			"{}", NULL, NULL},
		{BUNDLE(VERSION(T1, INSTANCE("toplevel-property-extension", "")) "," DEFINITION(
			 "\"property-extension\"")),
			"{}", "extension-type", "objects[0].extensions." DEFINED ".extension_type"},
		{BUNDLE(AT("x-link", ONE, T1, T1, INSTANCE("new-sro", "")) "," SDO(
			 "relationship") "\"relationship_type\":\"uses\",\"source_ref\":"
					 "\"" U("tool") "\",\"target_ref\":\"x-link--" ONE "\"}"),
			"{}", "reference-type", "objects[1].target_ref"},
		{BUNDLE(AT("x-thing", ONE, T1, T1, INSTANCE("new-sdo", "")) "," SDO(
			 "relationship") "\"relationship_type\":\"uses\",\"source_ref\":"
					 "\"" U("tool") "\",\"target_ref\":\"x-thing--" ONE "\"}"),
			"{}", NULL, NULL},
		{BUNDLE(SCO(
			 "x-seen") "\"extensions\":{\"" DEFINED
				   "\":{\"extension_type\":\"new-sco\"}}}," SDO(
					   "sighting") "\"sighting_of_ref\":\"" U("x-seen") "\"}"),
			"{}", "reference-type", "objects[1].sighting_of_ref"},
		{BUNDLE(AT("x-thing", ONE, T1, T1, INSTANCE("new-sdo", "")) "," SDO(
			 "observed-data") "\"first_observed\":\"" T1 "\",\"last_observed\":\"" T1
					  "\",\"number_observed\":1,\"object_refs\":[\"" U(
						  "url") "\",\"x-thing--" ONE "\"]}"),
			"{}", "reference-type", "objects[1].object_refs[1]"},
	};
	JUDGE(cases);
}

#define MALWARE(uuid, family, more) \
	AT("malware", uuid, T1, T1, ",\"name\":\"n\",\"is_family\":" family more)
#define VARIANT \
	"," SDO("relationship") "\"relationship_type\":\"variant-of\",\"source_ref\":\"malware-" \
				"-" ONE "\",\"target_ref\":\"malware--" TWO "\"}"
#define SAMPLES ",\"sample_refs\":[\"file--" ONE "\",\"file--" TWO "\"]"
#define SAMPLE(uuid, hashes) \
	",{\"type\":\"file\",\"id\":\"file--" uuid "\",\"hashes\":{" hashes "}}"
#define MD5(digit) "\"MD5\":\"" digit "41d8cd98f00b204e9800998ecf8427e\""
#define SHA1 "\"SHA-1\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\""

/* Sections 4.11.1 and 4.11.2. */
static void
families_and_samples_of_malware_fit(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(MALWARE(ONE, "false", "") "," MALWARE(TWO, "true", "") VARIANT), "{}", NULL,
			NULL},
		{BUNDLE(MALWARE(ONE, "true", "") "," MALWARE(TWO, "false", "") VARIANT), "{}",
			"variant", "objects[2].target_ref"},
		{BUNDLE(MALWARE(ONE, "false", SAMPLES) SAMPLE(ONE, MD5("d") "," SHA1)
				 SAMPLE(TWO, MD5("d"))),
			"{}", NULL, NULL},
		{BUNDLE(MALWARE(ONE, "false", SAMPLES) SAMPLE(ONE, MD5("d") "," SHA1)
				 SAMPLE(TWO, MD5("e"))),
			"{}", "samples", "objects[0].sample_refs[1]"},
		{BUNDLE(MALWARE(ONE, "true", SAMPLES) SAMPLE(ONE, MD5("d")) SAMPLE(TWO, MD5("e"))),
			"{}", NULL, NULL},
	};
	JUDGE(cases);
}

/* A list that is no bundle, and one by one as texts: what it says is the same. */
static void
any_list_of_objects_is_judged_together(void **state)
{
	(void)state;
	static const struct span texts[] = {SPAN(VERSION(T1, "")), SPAN("7"), SPAN("{\"id\":1}"),
		SPAN(VERSION(T2, ",\"created\":1")), SPAN(VERSION(T1, ",\"description\":\"d\""))};
	struct stix_verdicts v = {};
	own_buf struct buf list = {};
	own_across struct stix_across *a = stix_across_new("");
	buf_add(&list, SPAN("["));
	for (size_t i = 0; i < 5; i++) {
		stix_across_add(a, i + 1, texts[i]);
		if (i)
			buf_add(&list, SPAN(","));
		buf_add(&list, texts[i]);
	}
	buf_add(&list, SPAN("]"));
	assert_rc(stix_across_judge(a, &(struct stix_options){}, &v), RC_BAD);
	assert_int_equal(v.musts, 1);
	assert_true(has_verdict(&v, "version", "[5].modified"));
	stix_verdicts_reset(&v);
	list.len = 0;
	buf_add(&list, SPAN("[" VERSION(T1, "") "," VERSION(T1, ",\"description\":\"d\"") "]"));
	assert_rc(stix_check_text(buf_span(&list), &(struct stix_options){}, &v), RC_BAD);
	assert_true(has_verdict(&v, "version", "[1].modified"));
	stix_verdicts_fini(&v);
}

/* Each of many translations asks for one object, which is large. */
static void
what_is_read_again_is_bounded(void **state)
{
	(void)state;
	enum { MANY = 200, LARGE = 1 << 20 };
	struct stix_verdicts v = {};
	own_buf struct buf actor = {};
	struct buf texts[MANY] = {};
	own_across struct stix_across *a = stix_across_new("");
	buf_add(&actor, SPAN(SDO("threat-actor") "\"name\":\""));
	for (size_t i = 0; i < LARGE / 64; i++)
		buf_add(&actor,
			SPAN("0123456789012345678901234567890123456789012345678901234567890123"));
	buf_add(&actor, SPAN("\"}"));
	stix_across_add(a, 0, buf_span(&actor));
	for (unsigned i = 0; i < MANY; i++) {
		buf_printf(&texts[i],
			"{\"type\":\"language-content\",\"id\":\"language-content--%08x-17d4-4cbf-"
			"938f-"
			"98ee46b3cd3f\",\"object_ref\":\"" U(
				"threat-actor") "\",\"contents\":{\"de\":{"
						"\"name\":7}}}",
			i);
		stix_across_add(a, i + 1, buf_span(&texts[i]));
	}
	assert_rc(stix_across_judge(a, &(struct stix_options){}, &v), RC_BAD);
	assert_true(v.musts > 50 && v.musts < MANY);
	assert_true(has_verdict(&v, "limit", ""));
	for (size_t i = 0; i < MANY; i++)
		buf_fini(&texts[i]);
	stix_verdicts_fini(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_of_one_object_agree),
		cmocka_unit_test(a_producer_uses_a_uuid_for_one_type),
		cmocka_unit_test(markings_do_not_mark_in_a_circle),
		cmocka_unit_test(translations_mirror_what_they_translate),
		cmocka_unit_test(extensions_are_what_their_definition_says),
		cmocka_unit_test(families_and_samples_of_malware_fit),
		cmocka_unit_test(any_list_of_objects_is_judged_together),
		cmocka_unit_test(what_is_read_again_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
