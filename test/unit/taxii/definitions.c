/* The marking-definitions of TLP 2.0 go along with what bears them. */
#include "world.h"

#include "stix/tlp.h"

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
	/* The public may read what is CLEAR as a whole; AMBER by a part tells it nothing. */
	put_fine(MALWARE(4, MARK(CLEAR) PART(AMBER)));
	assert_int_equal(level_of(CLEAR), -1);
	assert_int_equal(level_of(AMBER), TLP_AMBER);
	put_fine(MALWARE(5, MARK(CLEAR)));
	assert_int_equal(level_of(CLEAR), TLP_CLEAR);
	/* What is refused brings nothing. */
	put(MALWARE(6, ",\"labels\":1" MARK(STRICT)));
	assert_true(body_has("\"failure_count\":1"));
	assert_int_equal(level_of(STRICT), -1);
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
		T(whoever_brings_it_himself_is_answered_as_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
