#include "../test.h"

#include <stdlib.h>

#include "world.h"

static struct warn *
warn_of(const char *json)
{
	struct warn *w = warn_new();
	size_t skipped;
	if (warn_add(w, span_of(json), &skipped, NULL))
		abort();
	return w;
}

#define holds(w, kind, value) (warn_find(w, (struct observable){kind, SPAN(value)}).len > 0)

static void
each_type_of_list_means_what_misp_says(void **state)
{
	(void)state;
	own_warn struct warn *w = warn_of("{\"name\":\"s\",\"type\":\"string\",\"list\":[\"good."
					  "org\",\"8.8.8.8\",\"10.0.0.0/8\"]}");
	assert_true(holds(w, OBS_DOMAIN, "good.org"));
	assert_false(holds(w, OBS_DOMAIN, "a.good.org"));
	assert_true(holds(w, OBS_IPV4, "8.8.8.8"));
	own_warn struct warn *h = warn_of(
		"{\"name\":\"h\",\"type\":\"hostname\",\"list\":[\".good.org\",\"fine.org\"]}");
	assert_true(holds(h, OBS_DOMAIN, "a.good.org"));
	assert_true(holds(h, OBS_DOMAIN, "fine.org"));
	assert_false(holds(h, OBS_DOMAIN, "notfine.org"));
	assert_true(holds(h, OBS_URL, "http://a.fine.org/x"));
	own_warn struct warn *c = warn_of(
		"{\"name\":\"c\",\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\",\"2001:db8::/32\"]}");
	assert_true(holds(c, OBS_IPV4, "192.0.2.77"));
	assert_true(holds(c, OBS_IPV6, "2001:db8::1"));
	assert_false(holds(c, OBS_IPV4, "192.0.3.1"));
	own_warn struct warn *s =
		warn_of("{\"name\":\"u\",\"type\":\"substring\",\"list\":[\"good\"]}");
	assert_true(holds(s, OBS_URL, "http://x.org/good/1"));
	assert_false(holds(s, OBS_URL, "http://x.org/bad/1"));
	own_warn struct warn *r = warn_of(
		"{\"name\":\"r\",\"type\":\"regex\",\"list\":[\"/^.*\\\\.GOOD\\\\.org$/i\"]}");
	assert_true(holds(r, OBS_DOMAIN, "x.good.org"));
	assert_false(holds(r, OBS_DOMAIN, "good.org"));
}

static void
a_list_speaks_only_about_its_attributes(void **state)
{
	(void)state;
	own_warn struct warn *w =
		warn_of("{\"name\":\"d\",\"type\":\"hostname\",\"list\":[\"good.org\"],"
			"\"matching_attributes\":[\"domain\",\"domain|ip\"]}");
	assert_true(holds(w, OBS_DOMAIN, "good.org"));
	assert_false(holds(w, OBS_URL, "http://good.org/"));
}

static void
what_is_no_list_is_refused_and_bad_entries_are_counted(void **state)
{
	(void)state;
	own_warn struct warn *w = warn_new();
	size_t skipped;
	assert_rc(warn_add(w, SPAN("[]"), &skipped, NULL), RC_BAD);
	assert_rc(
		warn_add(w, SPAN("{\"list\":[],\"type\":\"sound\"}"), &skipped, NULL), RC_UNKNOWN);
	assert_rc(warn_add(w, SPAN("{"), &skipped, NULL), RC_BAD);
	assert_rc(warn_add(w, SPAN("{\"type\":\"regex\",\"list\":[\"(\",1,\"\",\"/a\"]}"), &skipped,
			  NULL),
		RC_OK);
	assert_int_equal(skipped, 4);
	assert_int_equal(warn_count(w), 0);
}

static void
what_is_listed_does_not_alarm(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	own_match_set struct match_set *set = set_of("evil.org\n8.8.0.0/16");
	own_warn struct warn *w =
		warn_of("{\"name\":\"dns\",\"type\":\"string\",\"list\":[\"8.8.8.8\"]}");
	struct scan like = {.since = TIME_NONE, .until = TIME_NONE, .warn = w};
	assert_string_equal(hits_of(set, SPAN("8.8.8.8 8.8.4.4 evil.org"), &like, "lines", &out),
		"1:8 cidr ipv4 8.8.4.4;1:16 exact domain evil.org;");
}

static void
plain_lists_are_read_as_people_write_them(void **state)
{
	(void)state;
	size_t skipped;
	own_warn struct warn *w = warn_new();
	assert_rc(
		warn_add_list(w,
			SPAN("# ours\ngood.example\n198.51.100.0/24  # the "
			     "lab\nhxxp://partner[.]example/a\n"
			     "desk@mail.example\n\nwhat is this\n00000000000000000000000000000001"),
			SPAN("ours.txt"), &skipped, NULL),
		RC_OK);
	assert_int_equal(skipped, 1);
	assert_int_equal(warn_count(w), 5);
	assert_span(
		warn_find(w, (struct observable){OBS_DOMAIN, SPAN("good.example")}), "ours.txt");
	assert_true(holds(w, OBS_DOMAIN, "www.good.example"));
	assert_false(holds(w, OBS_DOMAIN, "notgood.example"));
	assert_true(holds(w, OBS_IPV4, "198.51.100.7"));
	assert_false(holds(w, OBS_IPV4, "198.51.101.7"));
	assert_true(holds(w, OBS_URL, "http://partner.example/a/b"));
	assert_false(holds(w, OBS_URL, "http://partner.example/b"));
	assert_true(holds(w, OBS_EMAIL, "desk@mail.example"));
	assert_false(holds(w, OBS_EMAIL, "other@mail.example"));
	assert_false(holds(w, OBS_EMAIL, "spam@good.example")); /* it is a provider's name */
	assert_true(holds(w, OBS_MD5, "00000000000000000000000000000001"));
	assert_rc(warn_add_list(w, SPAN(""), SPAN("none"), &skipped, NULL), RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lists_are_read_as_people_write_them),
		cmocka_unit_test(each_type_of_list_means_what_misp_says),
		cmocka_unit_test(a_list_speaks_only_about_its_attributes),
		cmocka_unit_test(what_is_no_list_is_refused_and_bad_entries_are_counted),
		cmocka_unit_test(what_is_listed_does_not_alarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
