/* The marking-definitions of TLP 2.0 go along with what bears them. */
#include "world.h"

#include "stix/tlp.h"
#include "taxii/parcel.h"

#define MALWARE_ID(n) "malware--0000000" #n "-0000-4000-8000-000000000000"
#define HEAD(type, n) \
	"{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type "--0000000" #n \
	"-0000-4000-8000-000000000000\",\"created\":\"2023-01-01T00:00:00.000Z\",\"modified\":" \
	"\"2023-01-01T00:00:00.000Z\","
#define MALWARE(n, rest) HEAD("malware", n) "\"name\":\"m\",\"is_family\":false" rest "}"
#define MARK(id) ",\"object_marking_refs\":[\"" id "\"]"
#define PART(id) ",\"granular_markings\":[{\"marking_ref\":\"" id "\",\"selectors\":[\"name\"]}]"
#define CLEAR "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
#define GREEN "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define AMBER "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define STRICT "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
#define RED "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define WHITE_1 "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"

static void
put_fine(const char *object)
{
	assert_int_equal(put(object), 202);
	if (!body_has("\"success_count\":1,") || !body_has("\"total_count\":1"))
		fail_msg("%.*s", (int)body().len, body().ptr);
}

/* The ids that bob's page shows, in its order, a space behind each; all of the first letter of their type. */
static const char *
page(const char *types)
{
	static char text[2000];
	size_t i, count, at = 0;
	yyjson_val *one;
	assert_int_equal(get_as(BOB, SHARED "objects/?limit=20"), 200);
	text[0] = 0;
	yyjson_arr_foreach(json_get(json(), "objects"), i, count, one)
	{
		struct span id = json_get_span(one, "id");
		if (strchr(types, id.ptr[1]))
			at += (size_t)snprintf(
				text + at, sizeof text - at, "%.*s ", (int)id.len, id.ptr);
	}
	return text;
}

static void
a_definition_comes_once_before_what_bears_it(void **state)
{
	(void)state;
	put_fine(MALWARE(1, ""));
	put_fine(MALWARE(2, MARK(WHITE_1))); /* of TLP 1: everybody has it */
	assert_string_equal(page("a"), MALWARE_ID(1) " " MALWARE_ID(2) " ");
	put_fine(MALWARE(3, MARK(GREEN)));
	put_fine(MALWARE(4, MARK(GREEN)));
	assert_string_equal(page("a"),
		MALWARE_ID(1) " " MALWARE_ID(2) " " GREEN " " MALWARE_ID(3) " " MALWARE_ID(4) " ");
	put_fine(MALWARE(3, MARK(GREEN))); /* a duplicate brings it too, where it was taken away */
	ask_as(ALICE, "DELETE", SHARED "objects/" GREEN "/", (struct span){});
	assert_int_equal(w.call.status, 200);
	put_fine(MALWARE(3, MARK(GREEN)));
	assert_string_equal(page("a"),
		MALWARE_ID(1) " " MALWARE_ID(2) " " MALWARE_ID(3) " " MALWARE_ID(4) " " GREEN " ");
}

static void
each_of_the_four_is_the_standards_text(void **state)
{
	(void)state;
	static const char *const ids[] = {CLEAR, GREEN, AMBER, STRICT};
	put_fine(MALWARE(1, MARK(CLEAR)));
	put_fine(MALWARE(2, MARK(STRICT) PART(AMBER))); /* marks of parts count */
	put_fine(MALWARE(3, MARK(GREEN)));
	for (size_t i = 0; i < 4; i++) {
		char target[200];
		snprintf(target, sizeof target, SHARED "objects/%s/", ids[i]);
		assert_int_equal(get_as(BOB, target), 200);
		own_json yyjson_doc *want = NULL;
		assert_rc(json_read(tlp_markings[i].json, NULL, &want, NULL), RC_OK);
		yyjson_val *got = yyjson_arr_get(json_get(json(), "objects"), 0);
		assert_true(yyjson_equals(got, yyjson_doc_get_root(want)));
	}
}

/* Whether that definition lies in the collection, and as how strict. */
static int
level_of(const char *id)
{
	own_arena struct arena mem = {};
	struct vault_item item;
	return vault_get(w.vault, span_of(id), &mem, &item, NULL) ? -1 : item.object.tlp;
}

static void
none_tells_of_what_is_hidden(void **state)
{
	(void)state;
	put_fine(MALWARE(1, MARK(RED)));
	put_fine(MALWARE(2, MARK(GREEN) PART(RED)));
	put_fine(HEAD("relationship", 3) "\"relationship_type\":\"uses\",\"source_ref\":"
					 "\"" MALWARE_ID(1) "\",\"target_ref\":\"" MALWARE_ID(
						 2) "\"" MARK(GREEN) "}");
	assert_string_equal(page("ae"), "");
	assert_int_equal(level_of(RED), -1);
	assert_int_equal(level_of(GREEN), -1);
	/* What is refused brings nothing. */
	put(MALWARE(6, ",\"labels\":1" MARK(STRICT)));
	assert_true(body_has("\"failure_count\":1"));
	assert_int_equal(level_of(STRICT), -1);
}

static void
one_is_as_strict_as_the_least_strict_that_bears_it(void **state)
{
	(void)state;
	/* What is CLEAR but for a part goes to nobody who may read CLEAR alone, and neither do its definitions. */
	put_fine(MALWARE(1, MARK(CLEAR) PART(STRICT)));
	assert_int_equal(level_of(CLEAR), TLP_AMBER_STRICT);
	assert_int_equal(level_of(STRICT), TLP_AMBER_STRICT);
	put_fine(MALWARE(2, MARK(CLEAR) PART(AMBER)));
	assert_int_equal(level_of(CLEAR), TLP_AMBER);
	assert_int_equal(level_of(AMBER), TLP_AMBER);
	put_fine(MALWARE(3, MARK(GREEN)));
	assert_string_equal(page("a"), STRICT " " MALWARE_ID(1) " " CLEAR " " AMBER " " MALWARE_ID(
					       2) " " GREEN " " MALWARE_ID(3) " ");
	/* Whoever may read this one has read past the others: so it comes anew, and stays so. */
	put_fine(MALWARE(4, MARK(CLEAR)));
	assert_int_equal(level_of(CLEAR), TLP_CLEAR);
	put_fine(MALWARE(5, MARK(CLEAR) PART(AMBER)));
	assert_int_equal(level_of(CLEAR), TLP_CLEAR);
	assert_string_equal(page("a"),
		STRICT " " MALWARE_ID(1) " " AMBER " " MALWARE_ID(2) " " GREEN " " MALWARE_ID(
			3) " " CLEAR " " MALWARE_ID(4) " " MALWARE_ID(5) " ");
	/* Within one request too, whatever the order. */
	own_buf struct buf both = {};
	buf_printf(&both, "{\"objects\":[%s,%s,%s]}", MALWARE(6, MARK(CLEAR) PART(AMBER)),
		MALWARE(7, MARK(CLEAR)), MALWARE(8, MARK(CLEAR) PART(STRICT)));
	buf_add_byte(&both, 0);
	ask_as(ALICE, "DELETE", SHARED "objects/" CLEAR "/", (struct span){});
	assert_int_equal(post_as(ALICE, SHARED, both.ptr), 202);
	assert_int_equal(level_of(CLEAR), TLP_CLEAR);
}

static void
how_strict_it_lies_in_one_collection_is_nothing_to_another(void **state)
{
	(void)state;
	char id[UUID_TEXT];
	uuid_text(&w.other.id, id);
	assert_rc(grant_set(w.store, span_of(id), SPAN("alice"), GRANT_BOTH, NULL), RC_OK);
	put_fine(MALWARE(1, MARK(CLEAR) PART(AMBER)));
	assert_int_equal(level_of(CLEAR), TLP_AMBER);
	assert_int_equal(post_as(ALICE, OTHER, "{\"objects\":[" MALWARE(2, MARK(CLEAR)) "]}"), 202);
	struct vault_standing s;
	assert_rc(vault_standing(w.vault, SPAN(CLEAR), &s, NULL), RC_OK);
	assert_int_equal(s.tlps, 1 << TLP_AMBER | 1 << TLP_CLEAR);
}

#define LINK(n, from, to, rest) \
	HEAD("relationship", n) \
	"\"relationship_type\":\"uses\",\"source_ref\":\"" MALWARE_ID( \
		from) "\",\"target_ref\":\"" MALWARE_ID(to) "\"" rest "}"

static void
what_has_ends_is_judged_with_them(void **state)
{
	(void)state;
	put_fine(MALWARE(1, ""));
	put_fine(MALWARE(2, MARK(WHITE_1)));
	put_fine(MALWARE(3, MARK(WHITE_1)));
	put_fine(MALWARE(4, MARK(RED)));
	put_fine(LINK(1, 4, 2, MARK(GREEN)));
	assert_int_equal(level_of(GREEN), -1);
	put_fine(LINK(2, 1, 2, MARK(GREEN))); /* unmarked is AMBER */
	assert_int_equal(level_of(GREEN), TLP_AMBER);
	put_fine(LINK(3, 2, 3, MARK(CLEAR)));
	assert_int_equal(level_of(CLEAR), TLP_CLEAR);
	/* An end that never came is as one without marks. */
	put_fine(HEAD("sighting", 1) "\"sighting_of_ref\":\"" MALWARE_ID(9) "\"" MARK(STRICT) "}");
	assert_int_equal(level_of(STRICT), TLP_AMBER_STRICT);
	put_fine(HEAD("sighting", 2) "\"sighting_of_ref\":\"" MALWARE_ID(2) "\"" MARK(GREEN) "}");
	assert_int_equal(level_of(GREEN), TLP_GREEN);
	put_fine(LINK(4, 9, 2, MARK(AMBER)));
	assert_string_equal(page("eia"),
		MALWARE_ID(1) " " MALWARE_ID(2) " " MALWARE_ID(
			3) " "
			   "relationship--00000002-0000-4000-8000-000000000000 " CLEAR
			   " relationship--00000003-0000-4000-8000-000000000000 " STRICT
			   " sighting--00000001-0000-4000-8000-000000000000 " GREEN
			   " sighting--00000002-0000-4000-8000-000000000000 " AMBER
			   " relationship--00000004-0000-4000-8000-000000000000 ");
}

static void
ends_that_come_along_count(void **state)
{
	(void)state;
	own_buf struct buf both = {};
	buf_printf(&both, "{\"objects\":[%s,%s,%s]}", LINK(1, 1, 2, MARK(GREEN)),
		MALWARE(1, MARK(RED)), MALWARE(2, MARK(WHITE_1)));
	buf_add_byte(&both, 0);
	assert_int_equal(post_as(ALICE, SHARED, both.ptr), 202);
	assert_int_equal(level_of(GREEN), -1);
	buf_reset(&both);
	buf_printf(&both, "{\"objects\":[%s,%s,%s]}", LINK(2, 3, 4, MARK(GREEN)),
		MALWARE(3, MARK(WHITE_1)), MALWARE(4, MARK(WHITE_1)));
	buf_add_byte(&both, 0);
	assert_int_equal(post_as(ALICE, SHARED, both.ptr), 202);
	assert_int_equal(level_of(GREEN), TLP_GREEN);
}

/* The thread that fills a parcel does not know what is being stored; whoever stores it does. */
static void
what_has_ends_waits_for_what_is_being_stored(void **state)
{
	(void)state;
	struct diag why = {};
	struct parcel *p = parcel_new();
	own_vault_batch struct vault_batch *b = vault_batch_new(w.vault);
	p->collection = w.shared.number;
	p->source = (struct vault_source){.name = SPAN("local"), .power = VAULT_OPERATOR};
	parcel_add(p, SPAN(LINK(1, 1, 2, MARK(GREEN))));
	assert_rc(parcel_prepare(p, b, w.pages, NULL, &why), RC_NONE);
	parcel_add(p, SPAN(MALWARE(1, MARK(GREEN)))); /* names it already: nothing to wait for */
	assert_rc(parcel_prepare(p, b, w.pages, NULL, &why), RC_OK);
	assert_rc(vault_batch_commit(b, &why), RC_OK);
	assert_int_equal(level_of(GREEN), TLP_GREEN);
	parcel_free(p);
}

static void
whoever_brings_it_himself_is_answered_as_ever(void **state)
{
	(void)state;
	static const char nameless[] =
		"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" GREEN
		"\",\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-"
		"definition--"
		"60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{\"extension_type\":\"property-extension\","
		"\"tlp_2_0\":\"green\"}}}";
	own_buf struct buf both = {};
	buf_printf(&both, "{\"objects\":[%s,%s]}", MALWARE(1, MARK(GREEN)), nameless);
	buf_add_byte(&both, 0);
	assert_int_equal(post_as(ALICE, SHARED, both.ptr), 202);
	assert_true(body_has("\"success_count\":2,") && body_has("\"total_count\":2"));
	assert_string_equal(page("a"), GREEN " " MALWARE_ID(1) " ");
	assert_int_equal(get_as(BOB, SHARED "objects/" GREEN "/"), 200);
	assert_false(body_has("TLP:GREEN")); /* his own text: no other was put in its place */
	/* Where ours lies already his is no second version of it: nothing to set aside. */
	put_fine(MALWARE(2, MARK(AMBER)));
	own_buf struct buf amber = {};
	buf_add(&amber, tlp_markings[2].json);
	size_t name = span_find(buf_span(&amber), SPAN(",\"name\":\"TLP:AMBER\""));
	assert_true(name != SIZE_MAX);
	memset(amber.ptr + name, ' ', strlen(",\"name\":\"TLP:AMBER\""));
	buf_add_byte(&amber, 0);
	put_fine(amber.ptr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_definition_comes_once_before_what_bears_it),
		T(each_of_the_four_is_the_standards_text),
		T(none_tells_of_what_is_hidden),
		T(one_is_as_strict_as_the_least_strict_that_bears_it),
		T(how_strict_it_lies_in_one_collection_is_nothing_to_another),
		T(what_has_ends_is_judged_with_them),
		T(ends_that_come_along_count),
		T(what_has_ends_waits_for_what_is_being_stored),
		T(whoever_brings_it_himself_is_answered_as_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
