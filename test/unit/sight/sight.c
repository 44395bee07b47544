#include "../test.h"

#include <string.h>

#include "codec/json.h"
#include "sight/sight.h"
#include "stix/check.h"

#define NOON INT64_C(1767268800000000) /* 2026-01-01T12:00:00Z */
#define HOUR (INT64_C(3600) * SECOND)

static const char indicator[] = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
static const char identity[] = "identity--311b2d2d-f010-4473-83ec-1edf84858f4c";

static struct hit
hit_at(int64_t time, enum obs_kind kind, const char *value)
{
	struct observable o = {kind, span_of(value)};
	return (struct hit){.time = time,
		.indicator = span_of(indicator),
		.pattern = SPAN("[ipv4-addr:value = '192.0.2.1']"),
		.about = {OBS_CIDR4, SPAN("0.0.0.0/0")},
		.seen = o,
		.confidence = -1};
}

static struct sight *
made(const struct sight_options *with)
{
	struct sight_options o = {.now = NOON + 48 * HOUR, .identity = span_of(identity)};
	if (with)
		o = *with;
	return sight_new(&o);
}

/* How often an object of `type` with this text in it was made. */
static size_t
count(struct sight *s, const char *type, const char *text)
{
	uint64_t state = 1;
	size_t found = 0;
	struct sight_objects all = sight_objects(s, rng_seeded(&state));
	for (size_t i = 0; i < all.len; i++) {
		own_json yyjson_doc *doc = NULL;
		assert_rc(json_read(all.at[i], NULL, &doc, NULL), RC_OK);
		struct span t = json_get_span(yyjson_doc_get_root(doc), "type");
		found += span_eq(t, span_of(type)) &&
			 span_find(all.at[i], span_of(text)) != SIZE_MAX;
	}
	return found;
}

static void
one_sighting_for_an_indicator_and_a_window_with_its_count(void **state)
{
	(void)state;
	own_sight struct sight *s = made(NULL);
	for (int i = 0; i < 5; i++) {
		struct hit h = hit_at(NOON + i * HOUR, OBS_IPV4, i % 2 ? "192.0.2.1" : "192.0.2.2");
		sight_add(s, &h);
	}
	struct hit next = hit_at(NOON + 13 * HOUR, OBS_IPV4, "192.0.2.1");
	sight_add(s, &next);
	assert_int_equal(count(s, "sighting", indicator), 2);
	assert_int_equal(count(s, "sighting",
				 "\"first_seen\":\"2026-01-01T12:00:00.000000Z\",\"last_seen\":"
				 "\"2026-01-01T16:00:00.000000Z\","
				 "\"count\":5"),
		1);
	assert_int_equal(count(s, "observed-data", "\"number_observed\":3"), 1);
	assert_int_equal(count(s, "observed-data", "\"number_observed\":2"), 1);
	assert_int_equal(count(s, "observed-data", ""), 3);
	/* The same address in two windows is one observable. */
	assert_int_equal(count(s, "ipv4-addr", ""), 2);
	assert_int_equal(count(s, "sighting", "\"where_sighted_refs\":[\"identity--311b"), 2);
}

static void
the_observers_inside_is_left_out_and_the_sighting_stays(void **state)
{
	(void)state;
	static const char *const values[] = {"10.1.2.3", "192.168.7.7", "198.51.100.9"};
	const struct span own[] = {SPAN("198.51.100.0/24"), SPAN("corp.example")};
	struct sight_options o = {.now = NOON, .inside = own, .insides = 2};
	own_sight struct sight *s = made(&o);
	struct hit h;
	for (size_t i = 0; i < 3; i++) {
		h = hit_at(NOON, OBS_IPV4, values[i]);
		sight_add(s, &h);
	}
	h = hit_at(NOON, OBS_DOMAIN, "pc7.corp.example");
	sight_add(s, &h);
	h = hit_at(NOON, OBS_URL, "http://wiki.local/x");
	sight_add(s, &h);
	h = hit_at(NOON, OBS_EMAIL, "anna@corp.example");
	sight_add(s, &h);
	assert_int_equal(count(s, "sighting", "\"count\":6"), 1);
	assert_int_equal(count(s, "sighting", "observed_data_refs"), 0);
	assert_int_equal(sight_objects(s, rng_system()).len, 1);
	assert_int_equal(sight_counts(s).internal, 6);
}

static void
a_url_below_the_indicators_is_told_without_its_query(void **state)
{
	(void)state;
	own_sight struct sight *s = made(NULL);
	struct hit h = hit_at(NOON, OBS_URL, "http://evil.example/a/b?user=anna#x");
	h.match = HIT_URL_PREFIX;
	sight_add(s, &h);
	assert_int_equal(count(s, "url", "\"value\":\"http://evil.example/a/b\""), 1);
	assert_int_equal(count(s, "url", "anna"), 0);
}

static void
a_line_of_a_list_gets_one_indicator_over_all_windows(void **state)
{
	(void)state;
	own_sight struct sight *s = made(NULL);
	for (int i = 0; i < 3; i++) {
		struct hit h = hit_at(NOON + i * 24 * HOUR, OBS_IPV4, "192.0.2.1");
		h.indicator = (struct span){};
		h.about = h.seen;
		sight_add(s, &h);
	}
	assert_int_equal(count(s, "indicator", "[ipv4-addr:value = '192.0.2.1']"), 1);
	assert_int_equal(count(s, "sighting", ""), 3);
	/* A line that is the inside itself would tell it. */
	struct hit h = hit_at(NOON, OBS_IPV4, "10.0.0.1");
	h.indicator = (struct span){};
	h.pattern = SPAN("[ipv4-addr:value = '10.0.0.1']");
	h.about = h.seen;
	sight_add(s, &h);
	assert_int_equal(count(s, "indicator", "10.0.0.1"), 0);
	assert_int_equal(count(s, "sighting", ""), 3);
}

static void
tlp_goes_along_and_bounds_what_is_told(void **state)
{
	(void)state;
	struct sight_options o = {.now = NOON, .most = TLP_AMBER_STRICT};
	own_sight struct sight *s = made(&o);
	struct hit h = hit_at(NOON, OBS_IPV4, "192.0.2.1");
	h.tlp = SPAN("amber");
	sight_add(s, &h);
	h.tlp = SPAN("red");
	sight_add(s, &h);
	h.tlp = SPAN("mauve");
	sight_add(s, &h);
	assert_int_equal(sight_counts(s).withheld, 2);
	assert_int_equal(count(s, "sighting", "\"count\":1"), 1);
	const struct tlp_marking *amber = tlp_marking_of(TLP_AMBER);
	assert_int_equal(count(s, "sighting", amber->id.ptr), 1);
	assert_int_equal(count(s, "observed-data", amber->id.ptr), 1);
}

static void
what_is_made_passes_our_own_checks(void **state)
{
	(void)state;
	own_sight struct sight *s = made(NULL);
	static const struct {
		enum obs_kind kind;
		const char *value;
	} all[] = {
		{OBS_IPV4, "192.0.2.1"},
		{OBS_IPV6, "2001:db8::1"},
		{OBS_DOMAIN, "evil.example"},
		{OBS_URL, "http://evil.example/"},
		{OBS_EMAIL, "bad@evil.example"},
		{OBS_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
		{OBS_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{OBS_JA3, "d41d8cd98f00b204e9800998ecf8427e"},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct hit h = hit_at(TIME_NONE, all[i].kind, all[i].value);
		h.indicator = (struct span){};
		h.tlp = SPAN("green");
		sight_add(s, &h);
	}
	/* JA3 has no observable of its own in the standard. */
	assert_int_equal(count(s, "observed-data", ""), 7);
	struct sight_objects objects = sight_objects(s, rng_system());
	for (size_t i = 0; i < objects.len; i++) {
		own_stix struct stix_object o = {};
		assert_rc(stix_read(objects.at[i], &o, NULL), RC_OK);
	}
	size_t made_objects = objects.len;
	own_buf struct buf bundle = {};
	struct stix_verdicts v = {};
	sight_bundle(s, rng_system(), &bundle);
	own_json yyjson_doc *doc = NULL;
	assert_rc(json_read(buf_span(&bundle), NULL, &doc, NULL), RC_OK);
	assert_int_equal(
		yyjson_arr_size(json_get(yyjson_doc_get_root(doc), "objects")), made_objects + 1);
	assert_true(span_find(buf_span(&bundle), SPAN("\"name\":\"TLP:GREEN\"")) != SIZE_MAX);
	enum rc code = stix_check_text(
		buf_span(&bundle), &(struct stix_options){.level = STIX_SHOULD}, &v);
	for (size_t i = 0; i < v.all.len; i++)
		print_error("%s at %s: %s\n", v.all.at[i].code, v.all.at[i].path.ptr,
			v.all.at[i].what.ptr);
	assert_rc(code, RC_OK);
	stix_verdicts_fini(&v);
}

/* What the standard has no place for is not told as something it would refuse. */
static void
what_logs_hold_beyond_the_standard_is_told_as_it_can_be(void **state)
{
	(void)state;
	own_sight struct sight *s = made(NULL);
	struct hit h = hit_at(NOON, OBS_URL, "//evil.example/a");
	sight_add(s, &h);
	assert_int_equal(count(s, "url", ""), 0);
	assert_int_equal(count(s, "domain-name", "evil.example"), 1);
	h = hit_at(NOON, OBS_URL, "//192.0.2.7/a");
	sight_add(s, &h);
	assert_int_equal(count(s, "ipv4-addr", "192.0.2.7"), 1);
	h = hit_at(NOON, OBS_EMAIL, "a..b@evil.example");
	sight_add(s, &h);
	assert_int_equal(count(s, "email-addr", ""), 0);
	assert_int_equal(count(s, "sighting", "\"count\":3"), 1);
	assert_int_equal(count(s, "observed-data", ""), 2);
	h = hit_at(NOON, OBS_MAC, "00:1b:44:11:3a:b7");
	sight_add(s, &h);
	assert_int_equal(count(s, "mac-addr", "\"value\":\"00:1b:44:11:3a:b7\""), 1);
	/* A vulnerability is no cyber-observable: the sighting alone tells of it. */
	h = hit_at(NOON, OBS_CVE, "CVE-2024-1234");
	sight_add(s, &h);
	assert_int_equal(count(s, "vulnerability", ""), 0);
	assert_int_equal(count(s, "observed-data", ""), 3);
	assert_int_equal(count(s, "sighting", "\"count\":5"), 1);
	/* A log's clock may say anything; the standard's years end. */
	h = hit_at(INT64_MAX, OBS_IPV4, "192.0.2.8");
	sight_add(s, &h);
	assert_int_equal(count(s, "sighting", "\"last_seen\":\"2026-01-03T12:00:00"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sighting_for_an_indicator_and_a_window_with_its_count),
		cmocka_unit_test(the_observers_inside_is_left_out_and_the_sighting_stays),
		cmocka_unit_test(a_url_below_the_indicators_is_told_without_its_query),
		cmocka_unit_test(a_line_of_a_list_gets_one_indicator_over_all_windows),
		cmocka_unit_test(tlp_goes_along_and_bounds_what_is_told),
		cmocka_unit_test(what_is_made_passes_our_own_checks),
		cmocka_unit_test(what_logs_hold_beyond_the_standard_is_told_as_it_can_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
