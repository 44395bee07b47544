/* Pages of objects, manifests and versions: order, limits, cursors, stamps. */
#include "walk.h"

static void
stamp_is_full(const char *text)
{
	assert_non_null(text);
	assert_int_equal(strlen(text), 27);
	assert_true(text[19] == '.' && text[26] == 'Z');
}

static void
stamps_have_six_digits_in_headers(void **state)
{
	(void)state;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	static const char *const paths[] = {"objects/", "manifest/",
		"objects/indicator--00000001-0000-4000-8000-000000000000/",
		"objects/indicator--00000001-0000-4000-8000-000000000000/versions/"};
	for (size_t i = 0; i < 4; i++) {
		char target[200];
		snprintf(target, sizeof target, SHARED "%s", paths[i]);
		assert_int_equal(get(target), 200);
		stamp_is_full(header("X-TAXII-Date-Added-First"));
		stamp_is_full(header("X-TAXII-Date-Added-Last"));
	}
}

static void
stamps_have_six_digits_in_bodies(void **state)
{
	(void)state;
	assert_int_equal(put(indicator_text(1, "2023-01-01T00:00:00.000Z")), 202);
	char text[64];
	span_copy(json_get_span(json(), "request_timestamp"), text, sizeof text);
	stamp_is_full(text);
	assert_int_equal(get(SHARED "manifest/"), 200);
	span_copy(json_get_span(yyjson_arr_get(json_get(json(), "objects"), 0), "date_added"), text,
		sizeof text);
	stamp_is_full(text);
	assert_string_equal(text, header("X-TAXII-Date-Added-First"));
}

static void
added_after_is_strict_and_of_the_collections_date(void **state)
{
	(void)state;
	char target[200], first[40];
	put_indicator(1, "2023-06-01T00:00:00.000Z");
	put_indicator(2, "2023-05-01T00:00:00.000Z"); /* modified earlier, added later */
	assert_int_equal(get(SHARED "objects/?limit=1"), 200);
	snprintf(first, sizeof first, "%s", header("X-TAXII-Date-Added-Last"));
	snprintf(target, sizeof target, SHARED "objects/?added_after=%s", first);
	assert_int_equal(get(target), 200);
	assert_int_equal(count_of("objects"), 1);
	assert_int_equal(number_of(yyjson_arr_get(json_get(json(), "objects"), 0)), 2);
	snprintf(target, sizeof target, SHARED "objects/?added_after=%s",
		header("X-TAXII-Date-Added-Last"));
	assert_int_equal(get(target), 200);
	assert_span(body(), "{}");
}

static void
stamps_are_those_of_this_page(void **state)
{
	(void)state;
	put_many(1, 6);
	char first[40], last[40];
	static const char *const paths[] = {SHARED "objects/", SHARED "manifest/"};
	for (size_t i = 0; i < 2; i++) {
		char target[200];
		snprintf(target, sizeof target, "%s?limit=2", paths[i]);
		assert_int_equal(get(target), 200);
		snprintf(first, sizeof first, "%s", header("X-TAXII-Date-Added-First"));
		snprintf(last, sizeof last, "%s", header("X-TAXII-Date-Added-Last"));
		assert_true(strcmp(first, last) < 0);
		snprintf(target, sizeof target, "%s?limit=2&added_after=%s", paths[i], last);
		assert_int_equal(get(target), 200);
		assert_true(strcmp(last, header("X-TAXII-Date-Added-First")) < 0);
	}
}

static void
an_empty_page_has_no_stamps(void **state)
{
	(void)state;
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_null(header("X-TAXII-Date-Added-First"));
	assert_null(header("X-TAXII-Date-Added-Last"));
	assert_int_equal(get(SHARED "manifest/"), 200);
	assert_null(header("X-TAXII-Date-Added-Last"));
}

static void
pages_ascend_by_date_added(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++)
		put_indicator(20 - i, "2023-01-01T00:00:00.000Z");
	struct walk walk = {};
	walk_by_next(&walk, SHARED "objects/?", "limit=2");
	assert_int_equal(walk.count, 7);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(walk.seen[i], 20 - i);
	put_indicator(20, "2023-02-01T00:00:00.000Z"); /* old and new versions are merged */
	assert_int_equal(get(SHARED "manifest/?limit=20&match[version]=all"), 200);
	yyjson_val *objects = json_get(json(), "objects");
	assert_int_equal(yyjson_arr_size(objects), 8);
	for (size_t i = 1; i < 8; i++)
		assert_true(span_cmp(json_get_span(yyjson_arr_get(objects, i - 1), "date_added"),
				    json_get_span(yyjson_arr_get(objects, i), "date_added")) < 0);
}

static void
objects_of_one_moment_have_stamps_of_their_own(void **state)
{
	(void)state;
	put_many(1, 40); /* one transaction, a clock that stands */
	struct walk walk = {};
	walk_by_stamp(&walk, SHARED "objects/?");
	in_order(&walk, 1, 40);
}

static void
later_commits_have_later_stamps_whatever_the_clock_says(void **state)
{
	(void)state;
	char target[200];
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	assert_int_equal(get(SHARED "objects/"), 200);
	snprintf(target, sizeof target, SHARED "objects/?added_after=%s",
		header("X-TAXII-Date-Added-Last"));
	w.now -= 3600 * SECOND;
	put_indicator(2, "2023-01-01T00:00:00.000Z");
	assert_int_equal(get(target), 200);
	assert_int_equal(count_of("objects"), 1);
}

static void
paging_bears_inserts_and_deletes(void **state)
{
	(void)state;
	char target[400], next[100] = "";
	struct walk walk = {};
	put_many(1, 12);
	for (unsigned page = 0; page < 50; page++) {
		snprintf(target, sizeof target, SHARED "objects/?limit=3%s%s",
			next[0] ? "&next=" : "", next);
		assert_int_equal(get(target), 200);
		take_page(&walk);
		if (!says_more())
			break;
		span_copy(json_get_span(json(), "next"), next, sizeof next);
		if (page == 0) { /* one that was read, one that comes, two new ones */
			static const unsigned gone[] = {2, 8};
			for (size_t i = 0; i < 2; i++) {
				snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/",
					gone[i]);
				assert_int_equal(
					ask_as(ALICE, "DELETE", target, (struct span){}), 200);
			}
			put_many(100, 2);
		}
	}
	static const unsigned expected[] = {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 100, 101};
	assert_int_equal(walk.count, 13);
	for (size_t i = 0; i < 13; i++)
		assert_int_equal(walk.seen[i], expected[i]);
}

static void
cursors_serve_nobody_and_nothing_else(void **state)
{
	(void)state;
	char target[400], next[100];
	put_many(1, 6);
	assert_int_equal(get_as(ALICE, SHARED "objects/?limit=2"), 200);
	span_copy(json_get_span(json(), "next"), next, sizeof next);
	static const struct {
		int who;
		const char *path;
		unsigned status;
	} cases[] = {
		{ALICE, SHARED "objects/?limit=2&next=%s", 200},
		{BOB, SHARED "objects/?limit=2&next=%s", 400},
		{BOB, OTHER "objects/?limit=2&next=%s", 400},
		{ALICE, SHARED "objects/?match[type]=indicator&next=%s", 400},
		{ALICE, SHARED "objects/?added_after=2000-01-01T00:00:00Z&next=%s", 400},
		{ALICE, SHARED "manifest/?next=%s", 400},
		{CAROL, SHARED "objects/?next=%s", 403},
		{DAVE, SHARED "objects/?next=%s", 404},
		{LIAR, SHARED "objects/?next=%s", 401},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t at = (size_t)(strstr(cases[i].path, "%s") - cases[i].path);
		snprintf(target, sizeof target, "%.*s%s", (int)at, cases[i].path, next);
		assert_int_equal(get_as(cases[i].who, target), cases[i].status);
	}
}

static void
a_cursor_works_with_any_limit_twice_and_after_a_restart(void **state)
{
	(void)state;
	char target[400], next[100];
	put_many(1, 9);
	assert_int_equal(get(SHARED "objects/?limit=2"), 200);
	span_copy(json_get_span(json(), "next"), next, sizeof next);
	static const char *const limits[] = {"", "&limit=1", "&limit=7", "&limit=2", "&limit=2"};
	static const size_t counts[] = {5, 1, 7, 2, 2};
	for (int restarted = 0; restarted < 2; restarted++) {
		for (size_t i = 0; i < 5; i++) {
			snprintf(target, sizeof target, SHARED "objects/?next=%s%s", next,
				limits[i]);
			assert_int_equal(get(target), 200);
			assert_int_equal(count_of("objects"), counts[i]);
			assert_int_equal(
				number_of(yyjson_arr_get(json_get(json(), "objects"), 0)), 3);
		}
		world_close();
		world_open();
	}
}

static void
a_cursor_at_a_full_second_works(void **state)
{
	(void)state;
	w.now += SECOND - w.now % SECOND;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	put_indicator(2, "2023-01-01T00:00:00.000Z");
	assert_int_equal(get(SHARED "objects/?limit=1"), 200);
	assert_non_null(strstr(header("X-TAXII-Date-Added-Last"), ".000000Z"));
	struct walk walk = {};
	walk_by_next(&walk, SHARED "objects/?", "limit=1");
	in_order(&walk, 1, 2);
}

static void
never_more_than_the_limit(void **state)
{
	(void)state;
	put_many(1, 12);
	for (size_t limit = 1; limit < 12; limit++) {
		char target[100];
		snprintf(target, sizeof target, SHARED "objects/?limit=%zu", limit);
		assert_int_equal(get(target), 200);
		assert_int_equal(count_of("objects"), limit);
		snprintf(target, sizeof target, SHARED "manifest/?limit=%zu", limit);
		assert_int_equal(get(target), 200);
		assert_int_equal(count_of("objects"), limit);
	}
}

static void
more_is_said_exactly_when_there_is_more(void **state)
{
	(void)state;
	put_many(1, 4);
	assert_int_equal(get(SHARED "objects/?limit=4"), 200);
	assert_int_equal(count_of("objects"), 4);
	assert_false(says_more());
	assert_null(json_get(json(), "next"));
	assert_int_equal(get(SHARED "objects/?limit=3"), 200);
	assert_true(says_more());
	assert_true(json_get_span(json(), "next").len > 0);
	assert_int_equal(get(SHARED "manifest/?limit=3"), 200);
	assert_true(says_more());
}

static void
the_servers_default_and_cap_hold(void **state)
{
	(void)state;
	put_many(1, 30);
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_int_equal(count_of("objects"), 5);
	assert_int_equal(get(SHARED "objects/?limit=9007199254740991"), 200);
	assert_int_equal(count_of("objects"), 20);
	assert_true(says_more());
}

static void
manifests_and_versions_have_no_next(void **state)
{
	(void)state;
	char target[200];
	put_many(1, 4);
	for (int i = 0; i < 3; i++) {
		char modified[40];
		snprintf(modified, sizeof modified, "2023-01-0%dT00:00:00.000Z", i + 2);
		put_indicator(1, modified);
	}
	assert_int_equal(get(SHARED "manifest/?limit=1"), 200);
	assert_true(says_more());
	assert_null(json_get(json(), "next"));
	snprintf(target, sizeof target, SHARED "objects/" INDICATOR "/versions/?limit=1", 1);
	assert_int_equal(get(target), 200);
	assert_true(says_more());
	assert_null(json_get(json(), "next"));
}

static void
manifests_and_versions_page_by_stamp(void **state)
{
	(void)state;
	struct walk walk = {};
	put_many(1, 10);
	walk_by_stamp(&walk, SHARED "manifest/?");
	in_order(&walk, 1, 10);
	char target[300], last[40] = "2000-01-01T00:00:00Z", text[400] = "";
	for (int i = 0; i < 4; i++) {
		char modified[40];
		snprintf(modified, sizeof modified, "2023-01-0%dT00:00:00.000Z", i + 2);
		put_indicator(1, modified);
	}
	for (int i = 0; i < 5; i++) {
		snprintf(target, sizeof target,
			SHARED "objects/" INDICATOR "/versions/?limit=1&added_after=%s", 1, last);
		assert_int_equal(get(target), 200);
		yyjson_val *versions = json_get(json(), "versions");
		assert_int_equal(yyjson_arr_size(versions), 1);
		struct span version = json_span(yyjson_arr_get(versions, 0));
		assert_true(span_find(span_of(text), version) == SIZE_MAX);
		strncat(text, version.ptr, version.len);
		snprintf(last, sizeof last, "%s", header("X-TAXII-Date-Added-Last"));
		assert_int_equal(says_more(), i < 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(stamps_have_six_digits_in_headers),
		T(stamps_have_six_digits_in_bodies),
		T(added_after_is_strict_and_of_the_collections_date),
		T(stamps_are_those_of_this_page),
		T(an_empty_page_has_no_stamps),
		T(pages_ascend_by_date_added),
		T(objects_of_one_moment_have_stamps_of_their_own),
		T(later_commits_have_later_stamps_whatever_the_clock_says),
		T(paging_bears_inserts_and_deletes),
		T(cursors_serve_nobody_and_nothing_else),
		T(a_cursor_works_with_any_limit_twice_and_after_a_restart),
		T(a_cursor_at_a_full_second_works),
		T(never_more_than_the_limit),
		T(more_is_said_exactly_when_there_is_more),
		T(the_servers_default_and_cap_hold),
		T(manifests_and_versions_have_no_next),
		T(manifests_and_versions_page_by_stamp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
