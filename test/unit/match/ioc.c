#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "match/table.h"
#include "world.h"

static void
lists_count_what_they_held(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	struct ioc_counts c = {};
	own_stream struct stream *s = stream_new_span(
		SPAN("# list\nevil.org\nEVIL.org.\nnonsense\n\n192.0.2.1:80\nevil..org\nco.uk\n"),
		NULL);
	assert_rc(ioc_add_list(set, s, &c, NULL), RC_OK);
	assert_int_equal(c.armed, 3);
	assert_int_equal(c.repeated, 1);
	assert_int_equal(c.unknown, 2);
	assert_int_equal(c.suffixes, 1);
	assert_string_equal(c.examples[0].where, "line 4");
	assert_non_null(strstr(c.examples[0].what, ": \"nonsense\""));
	assert_string_equal(c.examples[1].where, "line 7");
}

/* One thread reads while another adds: what is counted and in which order it lies is as if there was one. */
static void
a_long_list_is_added_in_its_order_with_nothing_lost(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 2047, 2048, 2049, 4096, 40000};
	for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
		own_match_set struct match_set *set = match_set_new(1);
		own_arena struct arena a = {};
		own_buf struct buf list = {};
		struct ioc_counts c = {};
		uint64_t again = 0, bad = 0;
		char name[40];
		for (unsigned i = 0; i < counts[n]; i++) {
			buf_printf(&list, "h%u.example\n", i);
			if (i % 5 == 0 && ++again)
				buf_printf(&list, "H%u.example.\n", i / 2);
			if (i % 1000 == 999 && ++bad)
				buf_printf(&list, "no sense %u\n", i);
		}
		own_stream struct stream *s = stream_new_span(buf_span(&list), NULL);
		assert_rc(ioc_add_list(set, s, &c, NULL), RC_OK);
		assert_int_equal(c.armed, counts[n]);
		assert_int_equal(c.repeated, again);
		assert_int_equal(c.unknown, bad);
		if (bad > 1) {
			assert_string_equal(c.examples[0].where, "line 1201");
			assert_string_equal(c.examples[1].where, "line 2402");
		}
		for (uint32_t i = 0; i < counts[n]; i++) {
			snprintf(name, sizeof name, "h%u.example", i);
			assert_true(span_eq(match_set_get(set, i, &a).about.value, span_of(name)));
		}
	}
}

static void
csv_columns_carry_the_facts(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	own_arena struct arena a = {};
	struct ioc_counts c = {};
	struct span text =
		SPAN("# made by somebody, once\n"
		     "type,value,comment,confidence,valid_until,tlp,source\n"
		     "domain,evil[.]org,\"a, \"\"b\"\"\",80,2026-06-01T00:00:00Z,amber,CERT-A\n"
		     "ja3,d41d8cd98f00b204e9800998ecf8427e,x,,2026-06-01,,\n"
		     "other,???,,,,,\n");
	assert_true(table_is(text));
	assert_rc(ioc_add_csv(set, text, &c, NULL), RC_OK);
	assert_int_equal(c.armed, 2);
	assert_int_equal(c.unknown, 1);
	struct indicator i = match_set_get(set, 0, &a);
	assert_span(i.name, "a, \"b\"");
	assert_span(i.tlp, "amber");
	assert_span(i.party, "CERT-A");
	assert_int_equal(i.confidence, 80);
	assert_true(i.valid_until == INT64_C(1780272000) * SECOND);
	i = match_set_get(set, 1, &a);
	assert_int_equal(i.about.kind, OBS_JA3);
	assert_true(i.valid_until == INT64_C(1780272000) * SECOND);
}

static void
rows_that_are_not_for_detection_are_told_and_not_armed(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	struct ioc_counts c = {};
	struct span text = SPAN("uuid,type,value,to_ids\n"
				"1,domain,evil.org,1\n"
				"2,domain,harmless.org,0\n"
				"3,filename,evil.exe,1\n"
				"# a comment\n"
				"4,ip-dst,192.0.2.0-192.0.2.2,1\n"
				"5,link,http://report.example/,1\n");
	assert_rc(ioc_add_csv(set, text, &c, NULL), RC_OK);
	assert_int_equal(c.armed, 3);
	assert_int_equal(c.unknown, 3);
	assert_string_equal(c.examples[0].where, "line 3");
	assert_string_equal(c.examples[1].what, "of a type that no set holds: \"evil.exe\"");
	assert_string_equal(c.examples[2].where, "line 7");
}

static void
sides_of_a_value_are_read_by_their_own_types(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	own_arena struct arena a = {};
	struct ioc_counts c = {};
	struct span text = SPAN("uuid,type,value,to_ids\n"
				"1,filename|md5,a.exe|d41d8cd98f00b204e9800998ecf8427e,1\n"
				"2,ip-dst|port,192.0.2.1|443,1\n"
				"3,domain|ip,evil.org|192.0.2.2,1\n"
				"4,regkey|value,HKLM\\a|b.org,1\n"
				"5,imphash,d41d8cd98f00b204e9800998ecf8427f,1\n");
	assert_rc(ioc_add_csv(set, text, &c, NULL), RC_OK);
	assert_int_equal(c.armed, 4);
	assert_int_equal(c.unknown, 2);
	assert_int_equal(match_set_get(set, 0, &a).about.kind, OBS_MD5);
	assert_span(match_set_get(set, 1, &a).about.value, "192.0.2.1");
	assert_span(match_set_get(set, 2, &a).about.value, "evil.org");
	assert_string_equal(c.examples[0].where, "line 5");
}

static void
zeeks_intelligence_is_read(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	own_arena struct arena a = {};
	struct ioc_counts c = {};
	struct span text = SPAN("#separator \\x09\n"
				"#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
				"evil.org\tIntel::DOMAIN\tCERT-A\tKestrel\n"
				"svchost.exe\tIntel::FILE_NAME\tCERT-A\t-\n"
				"a.example/x\tIntel::URL\t-\t-\n");
	assert_true(table_is(text));
	assert_rc(ioc_add_csv(set, text, &c, NULL), RC_OK);
	assert_int_equal(c.armed, 2);
	assert_int_equal(c.unknown, 1);
	struct indicator i = match_set_get(set, 0, &a);
	assert_span(i.about.value, "evil.org");
	assert_span(i.party, "CERT-A");
	assert_span(i.name, "Kestrel");
	i = match_set_get(set, 1, &a);
	assert_int_equal(i.about.kind, OBS_URL);
	assert_int_equal(i.party.len, 0);
}

static void
wide_ranges_are_counted_and_all_of_it_is_refused(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	struct ioc_counts c = {};
	own_stream struct stream *s =
		stream_new_span(SPAN("64.0.0.0/7\n10.0.0.0/8\n2000::/3\n0.0.0.0/0\n::/0\n"), NULL);
	assert_rc(ioc_add_list(set, s, &c, NULL), RC_OK);
	assert_int_equal(c.armed, 3);
	assert_int_equal(c.wide, 2);
	assert_string_equal(c.widest, "64.0.0.0/7");
	assert_int_equal(c.unknown, 2);
	assert_string_equal(c.examples[0].where, "line 4");
	assert_non_null(strstr(c.examples[0].what, "every address there is"));
	assert_rc(ioc_add_csv(set, SPAN("value,name\n0.0.0.0/0,a\n"), &c, NULL), RC_OK);
	assert_int_equal(c.armed, 3);
}

static void
arrays_of_strings_are_lists(void **state)
{
	(void)state;
	own_buf struct buf out = {}, none = {};
	assert_true(table_unwrap(SPAN(" [\n \"evil.org\", \"b\\u002eorg\"]\n"), &out));
	assert_span(buf_span(&out), "evil.org\nb.org\n");
	assert_false(table_unwrap(SPAN("[2001:db8::1]:443"), &none));
	assert_false(table_unwrap(SPAN("[\"evil.org\", 1]"), &none));
	assert_false(table_unwrap(SPAN("[\"evil.org\"] x"), &none));
	assert_false(table_unwrap(SPAN("[\"evil.org\""), &none));
	assert_false(table_unwrap(SPAN("["), &none));
}

static void
flat_objects_are_rows(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(1);
	own_arena struct arena a = {};
	own_buf struct buf out = {}, none = {};
	struct ioc_counts c = {};
	assert_true(table_of_json(
		SPAN("[{\"ip\":\"192.0.2.1\",\"confidence\":70,\"tags\":[\"x\"],\"name\":"
		     "\"a \\\"b\\\", c\"},{\"name\":\"no value\"},{\"ip\":\"192.0.2.2\"}]"),
		&out));
	assert_rc(ioc_add_csv(set, buf_span(&out), &c, NULL), RC_OK);
	assert_int_equal(c.armed, 2);
	assert_int_equal(c.unknown, 1);
	assert_string_equal(c.examples[0].where, "line 3");
	assert_span(match_set_get(set, 0, &a).name, "a \"b\", c");
	assert_int_equal(match_set_get(set, 0, &a).confidence, 70);
	buf_reset(&out);
	assert_true(table_of_json(SPAN("{\"cidr\":\"192.0.2.0/28\",\"(blid\":\"SB,L1\"}"), &out));
	assert_true(table_is(buf_span(&out))); /* whatever text its keys are */
	static const char *const others[] = {"[\"evil.org\"]",
		"{\"type\":\"indicator\",\"id\":\"indicator--1\",\"value\":\"x\"}",
		"[{\"Event\":{},\"ip\":\"192.0.2.1\"}]", "{}", "[]", "[{\"ip\":7}]", "evil.org", "",
		"["};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(table_is_json(span_of(others[i])) ||
			     table_of_json(span_of(others[i]), &none));
}

static void
an_index_of_values_digests_is_told_from_digests_of_files(void **state)
{
	(void)state;
	assert_true(table_is_index(SPAN("d41d8cd98f00b204e9800998ecf8427e,"
					"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\r\n"
					"0cc175b9c0f1b6a831c399e269772661,"
					"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\n0cc1")));
	assert_false(table_is_index(SPAN("d41d8cd98f00b204e9800998ecf8427e,loader\n")));
	assert_false(table_is_index(SPAN("d41d8cd98f00b204e9800998ecf8427e\n")));
	assert_false(table_is_index(SPAN("")));
}

static void
a_list_is_no_csv(void **state)
{
	(void)state;
	assert_false(table_is(SPAN("evil.org\nevil.net\n")));
	assert_false(table_is(SPAN("evil.org,malware\n")));
	assert_false(table_is(SPAN("")));
	assert_false(table_is(SPAN("domain,evil.org\n")));
	assert_false(table_is(SPAN("ip\n192.0.2.1\n")));
	assert_true(table_is(SPAN("no,url,seen\n1,http://evil.org/,x\n")));
	assert_true(table_is(SPAN("indicator;type\nevil.org;domain\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_count_what_they_held),
		cmocka_unit_test(a_long_list_is_added_in_its_order_with_nothing_lost),
		cmocka_unit_test(csv_columns_carry_the_facts),
		cmocka_unit_test(rows_that_are_not_for_detection_are_told_and_not_armed),
		cmocka_unit_test(sides_of_a_value_are_read_by_their_own_types),
		cmocka_unit_test(zeeks_intelligence_is_read),
		cmocka_unit_test(wide_ranges_are_counted_and_all_of_it_is_refused),
		cmocka_unit_test(arrays_of_strings_are_lists),
		cmocka_unit_test(flat_objects_are_rows),
		cmocka_unit_test(an_index_of_values_digests_is_told_from_digests_of_files),
		cmocka_unit_test(a_list_is_no_csv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
