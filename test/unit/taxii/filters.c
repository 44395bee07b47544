/* What a page shows: filters, versions, bytes; and answers that are held. */
#include "walk.h"

#define MALWARE(n) \
	"{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--0000000" #n \
	"-0000-4000-8000-000000000000\",\"created\":\"2023-01-01T00:00:00.000Z\",\"modified\":" \
	"\"2023-01-01T00:00:00.000Z\"," \
	"\"name\":\"m\",\"is_family\":false}"
#define ADDRESS \
	"{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\"," \
	"\"value\":\"198.51.100.3\"}"

static size_t
hits(const char *query)
{
	char target[400];
	snprintf(target, sizeof target, SHARED "objects/?limit=20&%s", query);
	assert_int_equal(get(target), 200);
	size_t objects = count_of("objects");
	snprintf(target, sizeof target, SHARED "manifest/?limit=20&%s", query);
	assert_int_equal(get(target), 200);
	assert_int_equal(count_of("objects"), objects);
	return objects;
}

static void
fields_are_joined_by_and_values_by_or(void **state)
{
	(void)state;
	put_many(1, 3);
	assert_int_equal(put(MALWARE(7)), 202);
	assert_int_equal(put(ADDRESS), 202);
	assert_int_equal(hits(""), 5);
	assert_int_equal(hits("match[type]=malware"), 1);
	assert_int_equal(hits("match[type]=malware,indicator"), 4);
	assert_int_equal(hits("match%5Btype%5D=malware%2Cindicator"), 4);
	assert_int_equal(hits("match[id]=indicator--00000001-0000-4000-8000-000000000000,"
			      "malware--00000007-0000-4000-8000-000000000000"),
		2);
	assert_int_equal(hits("match[type]=indicator&match[id]=indicator--00000001-0000-4000-8000-"
			      "000000000000,"
			      "malware--00000007-0000-4000-8000-000000000000"),
		1);
	assert_int_equal(hits("match[type]=campaign"), 0);
	assert_int_equal(hits("match[confidence]=5"), 5);
}

static void
three_versions(void)
{
	put_indicator(1, "2023-01-02T00:00:00.100Z");
	put_indicator(1, "2023-01-03T00:00:00.000Z");
	put_indicator(2, "2023-01-01T00:00:00.000Z");
	put_indicator(1, "2023-01-01T00:00:00.000Z"); /* the oldest comes last */
}

static void
without_match_version_only_the_last_is_shown(void **state)
{
	(void)state;
	three_versions();
	assert_int_equal(hits(""), 2);
	assert_int_equal(
		get(SHARED "objects/?match[id]=indicator--00000001-0000-4000-8000-000000000000"),
		200);
	assert_true(body_has("2023-01-03T00:00:00.000Z"));
	assert_int_equal(hits("match[version]=last"), 2);
}

static void
versions_are_chosen_by_word_and_instant(void **state)
{
	(void)state;
	three_versions();
	assert_int_equal(hits("match[version]=all"), 4);
	assert_int_equal(hits("match[version]=first"), 2);
	assert_int_equal(hits("match[version]=first,last"), 3);
	assert_int_equal(
		hits("match[version]=2023-01-02T00:00:00.100Z,2023-01-03T00:00:00.000Z"), 2);
	assert_int_equal(hits("match[version]=2023-01-01T00:00:00.000Z"), 2);
	assert_int_equal(hits("match[version]=2023-01-01T00:00:00.001Z"), 0);
}

static void
exact_versions_are_compared_as_instants(void **state)
{
	(void)state;
	three_versions();
	assert_int_equal(hits("match[version]=2023-01-02T00:00:00.1Z"), 1);
	assert_int_equal(hits("match[version]=2023-01-02T00:00:00.100000Z"), 1);
	assert_int_equal(hits("match[version]=2023-01-03T00:00:00Z"), 1);
}

static void
an_old_version_that_came_late_is_not_the_last(void **state)
{
	(void)state;
	char target[200];
	put_indicator(1, "2023-01-03T00:00:00.000Z");
	assert_int_equal(get(SHARED "objects/"), 200);
	snprintf(target, sizeof target, SHARED "objects/?added_after=%s",
		header("X-TAXII-Date-Added-Last"));
	put_indicator(1, "2023-01-02T00:00:00.000Z");
	assert_int_equal(get(target), 200);
	assert_span(body(), "{}");
	strncat(target, "&match[version]=all", sizeof target - strlen(target) - 1);
	assert_int_equal(get(target), 200);
	assert_int_equal(count_of("objects"), 1);
	/* Among what the other fields let through, object by object. */
	assert_int_equal(get(SHARED "objects/?match[version]=last&match[type]=indicator"), 200);
	assert_int_equal(count_of("objects"), 1);
}

#define OLD_SPEC \
	"{\"type\":\"malware\",\"id\":\"malware--00000007-0000-4000-8000-000000000000\"," \
	"\"created\":\"2022-01-01T00:00:00.000Z\"," \
	"\"modified\":\"2022-01-01T00:00:00.000Z\",\"name\":\"m\",\"labels\":[\"worm\"]}"
#define NEW_SPEC \
	"{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--00000007-0000-4000-" \
	"8000-000000000000\"," \
	"\"created\":\"2022-01-01T00:00:00.000Z\",\"modified\":\"2023-01-01T00:00:00.000Z\"," \
	"\"name\":\"m\",\"is_family\":false}"

static void
only_the_latest_specification_is_shown_unless_asked(void **state)
{
	(void)state;
	assert_int_equal(put(OLD_SPEC), 202);
	assert_true(body_has("\"success_count\":1"));
	assert_int_equal(hits("match[version]=all"), 1);
	assert_int_equal(put(NEW_SPEC), 202);
	assert_true(body_has("\"success_count\":1"));
	assert_int_equal(hits("match[version]=all"), 1);
	assert_int_equal(hits("match[version]=all&match[spec_version]=2.0,2.1"), 2);
}

static void
asked_specifications_alone_are_shown(void **state)
{
	(void)state;
	assert_int_equal(put(OLD_SPEC), 202);
	assert_int_equal(put(NEW_SPEC), 202);
	assert_int_equal(hits("match[spec_version]=2.0"), 1);
	assert_true(body_has("2022-01-01T00:00:00.000Z"));
	assert_int_equal(hits("match[spec_version]=2.1"), 1);
	assert_int_equal(hits("match[spec_version]=3.0"), 0);
}

static void
observables_without_spec_version_are_of_2_1(void **state)
{
	(void)state;
	assert_int_equal(put(ADDRESS), 202);
	assert_int_equal(put(OLD_SPEC), 202);
	assert_int_equal(hits("match[spec_version]=2.1"), 1);
	assert_true(body_has("ipv4-addr"));
	assert_true(body_has("application/stix+json;version=2.1"));
	assert_int_equal(hits("match[spec_version]=2.0"), 1);
	assert_true(body_has("malware"));
	assert_true(body_has("application/stix+json;version=2.0"));
}

#define STATEMENT \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--" \
	"00000007-0000-4000-8000-" \
	"000000000000\",\"created\":\"2021-05-05T00:00:00.000Z\",\"definition_type\":" \
	"\"statement\",\"definition\":" \
	"{\"statement\":\"x\"}}"

static void
objects_without_modified_use_created(void **state)
{
	(void)state;
	assert_int_equal(put(STATEMENT), 202);
	assert_true(body_has("\"success_count\":1"));
	assert_true(body_has("\"version\":\"2021-05-05T00:00:00.000Z\""));
	assert_int_equal(hits("match[version]=2021-05-05T00:00:00Z"), 1);
	assert_true(body_has("\"version\":\"2021-05-05T00:00:00.000Z\""));
}

static void
objects_without_any_date_have_a_constant_version(void **state)
{
	(void)state;
	char version[64], target[200];
	assert_int_equal(put(ADDRESS), 202);
	yyjson_val *one = yyjson_arr_get(json_get(json(), "successes"), 0);
	span_copy(json_get_span(one, "version"), version, sizeof version);
	assert_true(version[0] != 0);
	for (int restarted = 0; restarted < 2; restarted++) {
		assert_int_equal(get(SHARED "manifest/"), 200);
		one = yyjson_arr_get(json_get(json(), "objects"), 0);
		assert_true(span_eq(json_get_span(one, "version"), span_of(version)));
		assert_int_equal(
			get(SHARED "objects/ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4/"
				   "versions/"),
			200);
		assert_int_equal(count_of("versions"), 1);
		assert_true(span_eq(json_span(yyjson_arr_get(json_get(json(), "versions"), 0)),
			span_of(version)));
		snprintf(target, sizeof target, "match[version]=%s", version);
		assert_int_equal(hits(target), 1);
		world_close();
		world_open();
	}
}

static void
versions_of_an_unversioned_object_are_its_created(void **state)
{
	(void)state;
	assert_int_equal(put(STATEMENT), 202);
	assert_int_equal(
		get(SHARED "objects/marking-definition--00000007-0000-4000-8000-000000000000/"
			   "versions/"),
		200);
	assert_int_equal(count_of("versions"), 1);
	assert_true(body_has("[\"2021-05-05T00:00:00.000Z\"]"));
}

static void
an_unknown_object_is_404_a_filter_without_hit_is_not(void **state)
{
	(void)state;
	char target[200];
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/", 2);
	assert_int_equal(get(target), 404);
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/versions/", 2);
	assert_int_equal(get(target), 404);
	assert_int_equal(get(SHARED "objects/not-an-id/"), 404);
	snprintf(target, sizeof target,
		SHARED "objects/" INDICATOR "/?added_after=2100-01-01T00:00:00Z", 1);
	assert_int_equal(get(target), 200);
	assert_span(body(), "{}");
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/?match[spec_version]=2.0", 1);
	assert_int_equal(get(target), 200);
	assert_span(body(), "{}");
	assert_int_equal(get(SHARED "objects/?match[id]=x--1"), 200);
	assert_span(body(), "{}");
}

static void
objects_leave_in_the_bytes_they_came_in(void **state)
{
	(void)state;
	static const char odd[] =
		"{ \"type\" : \"indicator\",\n\t\"x_z\":1.50,\"x_a\":\"\\u0041\\/\", "
		"\"id\":\"indicator--00000001-0000-4000-8000-"
		"000000000000\",\"spec_version\":\"2.1\",\"created\":\"2023-01-01T00:00:00."
		"000000Z\",\"modified\":"
		"\"2023-01-01T00:00:00.000000Z\",\"pattern\":\"[file:name = "
		"'x']\",\"pattern_type\":\"stix\",\"valid_from\":"
		"\"2023-01-01T00:00:00Z\" }";
	assert_int_equal(put(odd), 202);
	assert_true(body_has("\"success_count\":1"));
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_true(body_has(odd));
}

static void
a_page_ends_before_it_grows_too_large(void **state)
{
	(void)state;
	put_many(1, 5);
	w.server.config.page_bytes = 800;
	struct walk walk = {};
	walk_by_next(&walk, SHARED "objects/?", "limit=5");
	in_order(&walk, 1, 5);
	assert_int_equal(walk.pages, 5 / 2 + 1);
}

static void
an_empty_answer_is_held_until_a_commit(void **state)
{
	(void)state;
	w.prefer = "wait=30";
	get(SHARED "objects/");
	assert_true(w.waits);
	assert_true(w.call.wait_until > clock_monotonic() + 20 * SECOND);
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_WAIT);
	struct taxii_call held = w.call;
	char target[512];
	memcpy(target, w.target, sizeof target);
	held.request.path.ptr = target;
	w.call = (struct taxii_call){};
	w.prefer = NULL;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	assert_int_equal(taxii_handle(&w.server, &w.reader, &held), TAXII_DONE);
	assert_int_equal(held.status, 200);
	assert_true(span_find(buf_span(&held.body), SPAN("indicator--00000001")) != SIZE_MAX);
	taxii_call_fini(&w.server, &held);
}

static void
a_held_answer_ends_empty_when_its_time_is_over(void **state)
{
	(void)state;
	w.prefer = "wait=30";
	get(SHARED "objects/");
	assert_true(w.waits);
	w.call.hold_until = clock_monotonic() - 1;
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_DONE);
	assert_int_equal(w.call.status, 200);
	assert_span(body(), "{}");
	assert_string_equal(header("Preference-Applied"), "wait=30");
	w.prefer = "wait=100000";
	get(SHARED "objects/");
	assert_true(w.waits && w.call.wait_until < clock_monotonic() + 301 * SECOND);
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	assert_int_equal(get(SHARED "objects/"), 200);
}

static void
who_was_removed_while_waiting_gets_nothing(void **state)
{
	(void)state;
	struct diag why = {};
	w.prefer = "wait=30";
	get_as(BOB, SHARED "objects/");
	assert_true(w.waits);
	assert_rc(user_remove(w.store, SPAN("bob"), &why), RC_OK);
	w.call.seen = -1; /* as if something had been committed */
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_DONE);
	assert_int_equal(w.call.status, 401);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(fields_are_joined_by_and_values_by_or),
		T(without_match_version_only_the_last_is_shown),
		T(versions_are_chosen_by_word_and_instant),
		T(exact_versions_are_compared_as_instants),
		T(an_old_version_that_came_late_is_not_the_last),
		T(only_the_latest_specification_is_shown_unless_asked),
		T(asked_specifications_alone_are_shown),
		T(observables_without_spec_version_are_of_2_1),
		T(objects_without_modified_use_created),
		T(objects_without_any_date_have_a_constant_version),
		T(versions_of_an_unversioned_object_are_its_created),
		T(an_unknown_object_is_404_a_filter_without_hit_is_not),
		T(objects_leave_in_the_bytes_they_came_in),
		T(a_page_ends_before_it_grows_too_large),
		T(an_empty_answer_is_held_until_a_commit),
		T(a_held_answer_ends_empty_when_its_time_is_over),
		T(who_was_removed_while_waiting_gets_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
