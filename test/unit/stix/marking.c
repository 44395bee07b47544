#include "../test.h"

#include "base/buf.h"
#include "codec/json.h"
#include "stix/lang.h"
#include "stix/marking.h"

#define ID \
	"\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-" \
	"98ee46b3cd3f\""
#define M(digit) "marking-definition--" digit "e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define CLEAR2 "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
#define GREEN2 "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define AMBER2 "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define STRICT2 "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
#define RED2 "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define WHITE1 "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
#define GREEN1 "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
#define AMBER1 "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
#define RED1 "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"

/* Marking-definitions this test knows, by the first digit of their UUID. */
static const char *const known[] = {
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" M(
		"1") "\","
		     "\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"statement\","
		     "\"definition\":{\"statement\":\"(c)\"}}",
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" M(
		"2") "\","
		     "\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"statement\","
		     "\"definition\":{\"statement\":\"(c)\"},\"object_marking_refs\":[\"" AMBER2
		     "\"]}",
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" M(
		"3") "\","
		     "\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\","
		     "\"definition\":{\"tlp\":\"white\"}}",
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" M(
		"4") "\","
		     "\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"statement\","
		     "\"definition\":{\"statement\":\"(c)\"},\"object_marking_refs\":[\"" M(
			     "4") "\"]}",
};

static struct stix_object objects[4];

static const struct stix_object *
find(void *ctx, struct span id)
{
	(void)ctx;
	for (size_t i = 0; i < 4; i++)
		if (span_eq(objects[i].id, id))
			return &objects[i];
	return NULL;
}

static struct stix_tlp
tlp_of(const char *members)
{
	own_buf struct buf text = {};
	buf_printf(&text, "{" ID "%s%s}", *members ? "," : "", members);
	own_stix struct stix_object o = {};
	struct stix_resolver resolve = {find, NULL};
	assert_rc(stix_read(buf_span(&text), &o, NULL), RC_OK);
	struct stix_tlp result = stix_tlp(&o, &resolve);
	result.strictest = (struct span){};
	return result;
}

#define assert_tlp(members, word, is_unknown) \
	do { \
		struct stix_tlp tlp_ = tlp_of(members); \
		assert_string_equal(tlp_word(tlp_.level), word); \
		assert_int_equal(tlp_.unknown, is_unknown); \
	} while (0)
#define REFS(list) "\"object_marking_refs\":[" list "]"
#define GRANULAR(list) "\"granular_markings\":[" list "]"
#define Q(id) "\"" id "\""

static void
the_nine_fixed_markings_have_their_levels(void **state)
{
	(void)state;
	assert_tlp("", "none", false);
	assert_tlp(REFS(Q(CLEAR2)), "clear", false);
	assert_tlp(REFS(Q(GREEN2)), "green", false);
	assert_tlp(REFS(Q(AMBER2)), "amber", false);
	assert_tlp(REFS(Q(STRICT2)), "amber+strict", false);
	assert_tlp(REFS(Q(RED2)), "red", false);
	assert_tlp(REFS(Q(WHITE1)), "clear", false);
	assert_tlp(REFS(Q(GREEN1)), "green", false);
	assert_tlp(REFS(Q(AMBER1)), "amber+strict", false);
	assert_tlp(REFS(Q(RED1)), "red", false);
}

static void
the_strictest_marking_counts(void **state)
{
	(void)state;
	assert_tlp(REFS(Q(GREEN2) "," Q(STRICT2) "," Q(CLEAR2)), "amber+strict", false);
	assert_tlp(REFS(Q(GREEN2)) "," GRANULAR(
			   "{\"marking_ref\":" Q(RED2) ",\"selectors\":[\"name\"]}"),
		"red", false);
	assert_tlp(GRANULAR("{\"lang\":\"de\",\"selectors\":[\"name\"]}"), "none", false);
}

static void
what_is_not_understood_counts_as_red(void **state)
{
	(void)state;
	assert_tlp(REFS(Q(M("9"))), "red", true);
	assert_tlp(REFS(Q(CLEAR2) "," Q(M("9"))), "red", true);
	assert_tlp(REFS("1"), "red", true);
	assert_tlp(GRANULAR("{\"selectors\":[\"name\"]}"), "red", true);
	assert_tlp(GRANULAR("7"), "red", true);
	/* A TLP marking with an id of its own is forged (section 7.2.1.4). */
	assert_tlp(REFS(Q(M("3"))), "red", true);
	/* Tails that public code invents for TLP 2.0. */
	assert_tlp(
		REFS("\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8488\""), "red", true);
}

static void
statements_say_nothing_but_their_own_markings_do(void **state)
{
	(void)state;
	assert_tlp(REFS(Q(M("1"))), "none", false);
	assert_tlp(REFS(Q(M("1")) "," Q(GREEN2)), "green", false);
	assert_tlp(REFS(Q(M("2"))), "amber", false);
	assert_tlp(REFS(Q(M("4"))), "red", true);
}

static void
a_resolver_may_be_missing(void **state)
{
	(void)state;
	own_stix struct stix_object o = {};
	assert_rc(stix_read(SPAN("{" ID "," REFS(Q(M("1"))) "}"), &o, NULL), RC_OK);
	struct stix_tlp result = stix_tlp(&o, NULL);
	assert_int_equal(result.level, TLP_RED);
	assert_true(result.unknown);
	assert_span(result.strictest, M("1"));
}

static void
tlp_labels_are_read(void **state)
{
	(void)state;
	enum tlp level = TLP_NONE;
	assert_rc(tlp_parse(SPAN("TLP:AMBER+STRICT"), &level, NULL), RC_OK);
	assert_int_equal(level, TLP_AMBER_STRICT);
	assert_rc(tlp_parse(SPAN("white"), &level, NULL), RC_OK);
	assert_int_equal(level, TLP_CLEAR);
	assert_rc(tlp_parse(SPAN("Red"), &level, NULL), RC_OK);
	assert_int_equal(level, TLP_RED);
	assert_rc(tlp_parse(SPAN("TLP:"), &level, NULL), RC_BAD);
	assert_rc(tlp_parse(SPAN("none"), &level, NULL), RC_BAD);
	assert_rc(tlp_parse(SPAN("amber strict"), &level, NULL), RC_BAD);
	assert_int_equal(level, TLP_RED);
}

static void
the_fixed_bodies_are_objects_with_their_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < TLP_MARKINGS; i++) {
		own_stix struct stix_object o = {};
		assert_rc(stix_read(tlp_markings[i].json, &o, NULL), RC_OK);
		assert_true(span_eq(o.id, tlp_markings[i].id));
		assert_true(span_eq(json_get_span(o.root, "name"), tlp_markings[i].label));
		assert_ptr_equal(tlp_marking_find(o.id), &tlp_markings[i]);
	}
	for (enum tlp level = TLP_CLEAR; level <= TLP_RED; level++)
		assert_int_equal(tlp_marking_of(level)->level, level);
	assert_null(tlp_marking_of(TLP_NONE));
}

#define OBJECT \
	"{\"name\":\"n\",\"name_2\":\"m\",\"d\":{\"k-1\":[1,{\"x\":2}]}," \
	"\"modified\":\"2016-04-06T20:03:48.000Z\"," \
	"\"granular_markings\":[{\"marking_ref\":\"" GREEN2 "\",\"selectors\":[\"name\"]}," \
	"{\"lang\":\"de\",\"selectors\":[\"name\"],\"x_own\":1}]}"

static enum rc
select_one(const char *selector)
{
	own_json yyjson_doc *doc = NULL;
	yyjson_val *got;
	assert_rc(json_read(SPAN(OBJECT), NULL, &doc, NULL), RC_OK);
	return stix_select(yyjson_doc_get_root(doc), span_of(selector), &got, NULL);
}

/* Section 7.2.3, selector syntax. */
static void
selectors_follow_the_syntax(void **state)
{
	(void)state;
	static const char *const good[] = {"name", "d", "d.k-1", "d.k-1.[0]", "d.k-1.[1].x"};
	static const char *const bad[] = {"", ".", "name.", ".name", "d..k-1", "d.k-1.[]",
		"d.k-1.[01]", "d.k-1.[-1]", "d.k-1.[1", "d.k-1.[1]x"};
	static const char *const none[] = {"foo", "name.[0]", "d.[0]", "d.k-1.[2]", "d.k-1.x",
		"d.k-1[0]", "d.k-1.[18446744073709551615]"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_rc(select_one(good[i]), RC_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_rc(select_one(bad[i]), RC_BAD);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_rc(select_one(none[i]), RC_NONE);
}

static enum rc
edit(enum stix_marks_edit how, const char *mark, const char *selector, struct buf *out)
{
	own_json yyjson_doc *doc = NULL;
	struct span marks[] = {span_of(mark)}, selectors[] = {span_of(selector)};
	struct stix_marks what = {{marks, 1}, {selector ? selectors : NULL, selector ? 1 : 0}, 0};
	assert_rc(json_read(SPAN(OBJECT), NULL, &doc, NULL), RC_OK);
	buf_reset(out);
	return stix_marks_change(yyjson_doc_get_root(doc), how, &what, 0, out, NULL);
}

/* "name" must not be taken for an ancestor of "name_2", as comparing prefixes would. */
static void
inheritance_goes_by_components(void **state)
{
	(void)state;
	own_json yyjson_doc *doc = NULL;
	struct span selectors[] = {SPAN("name_2")};
	struct stix_marks what = {
		{}, {selectors, 1}, STIX_MARKS_INHERITED | STIX_MARKS_DESCENDANTS};
	bool has = true;
	assert_rc(json_read(SPAN(OBJECT), NULL, &doc, NULL), RC_OK);
	assert_rc(stix_marks_has(yyjson_doc_get_root(doc), &what, &has, NULL), RC_OK);
	assert_false(has);
}

static void
edits_keep_what_they_do_not_touch(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	assert_rc(edit(STIX_MARKS_ADD, GREEN2, "d", &out), RC_OK);
	assert_span(buf_span(&out),
		"{\"name\":\"n\",\"name_2\":\"m\",\"d\":{\"k-1\":[1,{\"x\":2}]},"
		"\"modified\":\"2016-04-06T20:03:48.001Z\","
		"\"granular_markings\":[{\"marking_ref\":\"" GREEN2
		"\",\"selectors\":[\"name\",\"d\"]},"
		"{\"lang\":\"de\",\"selectors\":[\"name\"],\"x_own\":1}]}");
	assert_rc(edit(STIX_MARKS_ADD, GREEN2, "name", &out), RC_OK);
	assert_span(buf_span(&out), OBJECT);
	assert_rc(edit(STIX_MARKS_REMOVE, RED2, NULL, &out), RC_OK);
	assert_span(buf_span(&out), OBJECT);
	assert_rc(edit(STIX_MARKS_REMOVE, RED2, "name", &out), RC_NONE);
	assert_rc(edit(STIX_MARKS_ADD, "de", NULL, &out), RC_BAD);
	assert_rc(edit(STIX_MARKS_ADD, "d e", "name", &out), RC_BAD);
	assert_int_equal(out.len, 0);
}

/* RFC 5646 appendix A, and its wrong ones. */
static void
language_tags_are_registered_or_not(void **state)
{
	(void)state;
	static const char *const good[] = {"de", "i-enochian", "zh-Hant", "zh-cmn-Hans-CN",
		"cmn-Hans-CN", "zh-yue-HK", "sr-Latn-RS", "sl-rozaj-biske", "de-CH-1901",
		"hy-Latn-IT-arevela", "es-419", "x-whatever", "qaa-Qaaa-QM-x-southern",
		"en-US-u-islamcal", "zh-CN-a-myext-x-private", "en-a-myext-b-another", "EN-gb",
		"bbb", "sr-Latn-RS-x-a-a", "zh-gan-hak"};
	static const char *const bad[] = {"", "d", "de-", "-de", "de--CH", "de_CH", "de-419-DE",
		"a-DE", "en-a", "en-a-b-cc", "x-", "abcdefghi", "en-toolongtag", "de-CH-CH", "e n",
		"1de", "foo", "abcdefgh", "de-Nope", "de-QA-x", "de-QK", "de-000", "de-nonesuch",
		"de-1901-1901", "en-a-bb-a-cc", "zh-foo", "de-DE-Latn"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(lang_is_tag(span_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(lang_is_tag(span_of(bad[i])));
}

static int
read_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_rc(stix_read(span_of(known[i]), &objects[i], NULL), RC_OK);
	return 0;
}

static int
free_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		stix_fini(&objects[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nine_fixed_markings_have_their_levels),
		cmocka_unit_test(the_strictest_marking_counts),
		cmocka_unit_test(what_is_not_understood_counts_as_red),
		cmocka_unit_test(statements_say_nothing_but_their_own_markings_do),
		cmocka_unit_test(a_resolver_may_be_missing),
		cmocka_unit_test(tlp_labels_are_read),
		cmocka_unit_test(the_fixed_bodies_are_objects_with_their_ids),
		cmocka_unit_test(selectors_follow_the_syntax),
		cmocka_unit_test(inheritance_goes_by_components),
		cmocka_unit_test(edits_keep_what_they_do_not_touch),
		cmocka_unit_test(language_tags_are_registered_or_not),
	};
	return cmocka_run_group_tests(tests, read_known, free_known);
}
