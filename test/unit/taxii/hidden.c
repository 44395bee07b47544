/* What the gate hides looks like what is not there: bytes, headers, counts, waiting, statuses. */
#include "world.h"

#define MARK(id) ",\"object_marking_refs\":[\"marking-definition--" id "\"]"
/* Of TLP 1, which bring nothing along. */
#define CLEAR MARK("613f2e26-407d-48c7-9eca-b8e91df99dc9")
#define GREEN MARK("34098fce-860f-48ae-8e50-ebd3cc5e41da")
#define RED MARK("5e57c739-391a-4eb3-b6be-7d15ca92d5ed")
#define MALWARE_ID(n) "malware--0000000" #n "-0000-4000-8000-000000000000"
#define VERSION(n, day, rest) \
	"{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"" MALWARE_ID( \
		n) "\",\"created\":\"2023-01-01T00:00:00.000Z\",\"modified\":\"2023-01-" day \
		   "T00:00:00.000Z\",\"name\":\"m\",\"is_family\":false" rest "}"
#define LINK(type, n, rest) \
	"{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type "--0000000" #n \
	"-0000-4000-8000-000000000000\",\"created\":\"2023-01-01T00:00:00.000Z\"," \
	"\"modified\":\"2023-01-01T00:00:00.000Z\"," rest CLEAR "}"

static void
put_fine(const char *object)
{
	assert_int_equal(put(object), 202);
	if (!body_has("\"success_count\":1"))
		fail_msg("%.*s", (int)body().len, body().ptr);
}

/* Status, headers and body of an answer as one text. */
static void
answer_text(struct buf *out)
{
	buf_reset(out);
	buf_printf(out, "%u\n", w.call.status);
	for (size_t i = 0; i < w.call.headers; i++)
		buf_printf(out, "%s: %s\n", w.call.header[i].name, w.call.header[i].value);
	buf_add(out, body());
}

/* Whatever is asked about object 1, the answer is that about object 9, which nobody ever had. */
static void
like_absent(int who)
{
	static const char *const asks[] = {"objects/%s/", "objects/%s/versions/",
		"objects/%s/?match[version]=all", "objects/%s/?match[version]=first",
		"objects/%s/?match[version]=2023-01-01T00:00:00.000Z", "objects/?match[id]=%s",
		"objects/?match[version]=all&match[id]=%s",
		"manifest/?match[version]=first&match[id]=%s",
		"objects/%s/versions/?added_after=2020-01-01T00:00:00Z"};
	own_buf struct buf here = {}, absent = {};
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		char path[200], target[300];
		snprintf(path, sizeof path, SHARED "%s", asks[i]);
		size_t hole = (size_t)(strstr(path, "%s") - path);
		for (int k = 0; k < 2; k++) {
			snprintf(target, sizeof target, "%.*s%s%s", (int)hole, path,
				k ? MALWARE_ID(9) : MALWARE_ID(1), path + hole + 2);
			get_as(who, target);
			answer_text(k ? &absent : &here);
		}
		if (!span_eq(buf_span(&here), buf_span(&absent)))
			fail_msg("%s: %.*s, not %.*s", path, (int)here.len, here.ptr,
				(int)absent.len, absent.ptr);
	}
}

static void
what_is_hidden_answers_like_what_is_absent(void **state)
{
	(void)state;
	put_fine(VERSION(1, "01", RED));
	put_fine(VERSION(2, "01", GREEN));
	like_absent(BOB);
	like_absent(ALICE);
	own_buf struct buf one = {}, two = {};
	ask_as(ALICE, "DELETE", SHARED "objects/" MALWARE_ID(1) "/", (struct span){});
	answer_text(&one);
	ask_as(ALICE, "DELETE", SHARED "objects/" MALWARE_ID(9) "/", (struct span){});
	answer_text(&two);
	assert_true(span_eq(buf_span(&one), buf_span(&two)));
}

static void
the_newest_version_decides_about_the_older_ones(void **state)
{
	(void)state;
	put_fine(VERSION(1, "01", CLEAR));
	assert_int_equal(get_as(BOB, SHARED "objects/" MALWARE_ID(1) "/"), 200);
	put_fine(VERSION(1, "02", RED)); /* its creator takes back what it let out */
	like_absent(BOB);
	assert_int_equal(get_as(BOB, SHARED "objects/?match[version]=all"), 200);
	assert_span(body(), "{}");
	put_fine(VERSION(1, "03", GREEN)); /* and thinks again: the middle one stays RED */
	assert_int_equal(get_as(BOB, SHARED "objects/?match[version]=all"), 200);
	assert_int_equal(count_of("objects"), 2);
	assert_false(body_has("2023-01-02T00:00:00.000Z"));
}

static void
stamps_counts_and_more_are_of_what_is_shown(void **state)
{
	(void)state;
	char first[40], target[200];
	put_fine(VERSION(1, "01", RED));
	put_fine(VERSION(2, "01", GREEN));
	put_fine(VERSION(3, "01", RED));
	put_fine(VERSION(4, "01", GREEN));
	put_fine(VERSION(5, "01", RED));
	static const char *const lists[] = {"objects/", "manifest/"};
	for (size_t i = 0; i < 2; i++) {
		snprintf(target, sizeof target, SHARED "%s?limit=1", lists[i]);
		assert_int_equal(get_as(BOB, target), 200);
		assert_int_equal(count_of("objects"), 1);
		assert_true(says_more() && body_has(MALWARE_ID(2)));
		snprintf(first, sizeof first, "%s", header("X-TAXII-Date-Added-First"));
		assert_string_equal(first, header("X-TAXII-Date-Added-Last"));
		snprintf(
			target, sizeof target, SHARED "%s?limit=1&added_after=%s", lists[i], first);
		assert_int_equal(get_as(BOB, target), 200);
		assert_true(body_has(MALWARE_ID(4)) && !says_more());
		snprintf(target, sizeof target, SHARED "%s?added_after=%s", lists[i],
			header("X-TAXII-Date-Added-Last"));
		assert_int_equal(get_as(BOB, target), 200);
		assert_span(body(), "{}");
		assert_null(header("X-TAXII-Date-Added-Last"));
	}
}

static void
a_held_request_is_not_ended_by_what_is_hidden(void **state)
{
	(void)state;
	w.prefer = "wait=100";
	get_as(BOB, SHARED "objects/");
	assert_true(w.waits);
	struct taxii_call held = w.call;
	held.request.path = SPAN(SHARED "objects/");
	w.call = (struct taxii_call){};
	w.prefer = NULL;
	put_fine(VERSION(1, "01", RED));
	assert_int_equal(taxii_handle(&w.server, &w.reader, &held), TAXII_WAIT);
	put_fine(VERSION(2, "01", GREEN));
	assert_int_equal(taxii_handle(&w.server, &w.reader, &held), TAXII_DONE);
	assert_int_equal(held.status, 200);
	assert_true(span_find(buf_span(&held.body), SPAN(MALWARE_ID(2))) != SIZE_MAX);
	assert_true(span_find(buf_span(&held.body), SPAN(MALWARE_ID(1))) == SIZE_MAX);
	taxii_call_fini(&w.server, &held);
}

static void
a_status_tells_of_what_was_taken_nothing_but_that(void **state)
{
	(void)state;
	static const char address[] =
		"{\"objects\":[{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"id\":\"ipv4-addr-"
		"-"
		"28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\"value\":\"198.51.100.3\"}]}";
	/* Carol may write and not read: what lies here already is none of her business. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post_as(CAROL, SHARED, address), 202);
		assert_true(body_has("\"success_count\":1"));
		assert_false(body_has("message"));
	}
}

/* A sighting of what is RED does not come to light through a translation of its description. */
static void
a_translation_of_a_sighting_or_relationship_is_hidden(void **state)
{
	(void)state;
	put_fine(VERSION(1, "01", RED));
	put_fine(VERSION(2, "01", CLEAR));
	put_fine(LINK(
		"sighting", 3, "\"sighting_of_ref\":\"" MALWARE_ID(1) "\",\"description\":\"d\""));
	put_fine(LINK("relationship", 3,
		"\"relationship_type\":\"uses\",\"source_ref\":\"" MALWARE_ID(
			2) "\",\"target_ref\":\"" MALWARE_ID(1) "\""));
	put_fine(LINK("language-content", 4,
		"\"object_ref\":\"sighting--00000003-0000-4000-8000-000000000000\","
		"\"contents\":{\"de\":{\"description\":\"geheim\"}}"));
	put_fine(LINK("language-content", 5,
		"\"object_ref\":\"relationship--00000003-0000-4000-8000-000000000000\","
		"\"contents\":{\"de\":{\"description\":\"geheim\"}}"));
	put_fine(LINK("language-content", 6,
		"\"object_ref\":\"" MALWARE_ID(2) "\",\"contents\":{\"de\":{\"name\":\"offen\"}}"));
	assert_int_equal(get_as(BOB, SHARED "objects/"), 200);
	assert_false(body_has("geheim"));
	assert_true(body_has("offen"));
	assert_int_equal(count_of("objects"), 2);
}

/* The same bytes brought into another collection under a weaker reading of their marks lower nothing. */
static void
a_relationship_is_as_strict_as_the_strictest_copy_of_its_end(void **state)
{
	(void)state;
	struct vault_result result;
	put_fine(VERSION(1, "01", RED));
	put_fine(LINK("relationship", 3,
		"\"relationship_type\":\"uses\",\"source_ref\":\"" MALWARE_ID(
			2) "\",\"target_ref\":\"" MALWARE_ID(1) "\""));
	struct vault_request r = {.collection = w.other.number,
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	own_stix struct stix_object o = {};
	assert_rc(stix_read(SPAN(VERSION(1, "01", RED)), &o, NULL), RC_OK);
	struct vault_object copy = {.id = o.id,
		.version = o.version.text,
		.version_at = o.version.at,
		.created_at = o.created.at,
		.spec = VAULT_SPEC_2_1,
		.class = STIX_CLASS_MALWARE,
		.tlp = TLP_CLEAR,
		.bytes = o.text};
	assert_rc(vault_put(w.vault, &r, &copy, &result, NULL), RC_OK);
	assert_int_equal(result.verdict, VAULT_ADDED);
	assert_int_equal(get_as(BOB, SHARED "objects/"), 200);
	assert_span(body(), "{}");
}

static void
an_end_that_never_leaves_hides_what_names_it(void **state)
{
	(void)state;
	struct vault_collection home = {.id = uuid_v4(rng_system()),
		.alias = SPAN("home"),
		.title = SPAN("Home"),
		.never_leaves = true};
	struct vault_result result;
	assert_rc(vault_collection_add(w.vault, &home, NULL), RC_OK);
	struct vault_request r = {.collection = home.number,
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	own_stix struct stix_object o = {};
	assert_rc(stix_read(SPAN(VERSION(1, "01", CLEAR)), &o, NULL), RC_OK);
	struct vault_object end = {.id = o.id,
		.version = o.version.text,
		.version_at = o.version.at,
		.created_at = o.created.at,
		.spec = VAULT_SPEC_2_1,
		.class = STIX_CLASS_MALWARE,
		.tlp = TLP_CLEAR,
		.bytes = o.text};
	assert_rc(vault_put(w.vault, &r, &end, &result, NULL), RC_OK);
	put_fine(LINK("relationship", 3,
		"\"relationship_type\":\"uses\",\"source_ref\":\"" MALWARE_ID(
			2) "\",\"target_ref\":\"" MALWARE_ID(1) "\""));
	assert_int_equal(get_as(BOB, SHARED "objects/"), 200);
	assert_span(body(), "{}");
	/* Once it lies where things may leave too, the relationship tells nothing new. */
	put_fine(VERSION(1, "01", CLEAR));
	assert_int_equal(get_as(BOB, SHARED "objects/"), 200);
	assert_int_equal(count_of("objects"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_hidden_answers_like_what_is_absent),
		T(the_newest_version_decides_about_the_older_ones),
		T(stamps_counts_and_more_are_of_what_is_shown),
		T(a_held_request_is_not_ended_by_what_is_hidden),
		T(a_status_tells_of_what_was_taken_nothing_but_that),
		T(a_translation_of_a_sighting_or_relationship_is_hidden),
		T(a_relationship_is_as_strict_as_the_strictest_copy_of_its_end),
		T(an_end_that_never_leaves_hides_what_names_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
