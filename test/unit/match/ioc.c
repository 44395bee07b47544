#include "../test.h"

#include <stdlib.h>
#include <string.h>

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
	assert_true(ioc_is_csv(text));
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
a_list_is_no_csv(void **state)
{
	(void)state;
	assert_false(ioc_is_csv(SPAN("evil.org\nevil.net\n")));
	assert_false(ioc_is_csv(SPAN("evil.org,malware\n")));
	assert_false(ioc_is_csv(SPAN("")));
	assert_true(ioc_is_csv(SPAN("indicator;type\nevil.org;domain\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_count_what_they_held),
		cmocka_unit_test(csv_columns_carry_the_facts),
		cmocka_unit_test(rows_that_are_not_for_detection_are_told_and_not_armed),
		cmocka_unit_test(a_list_is_no_csv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
