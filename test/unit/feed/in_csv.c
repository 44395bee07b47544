/* Tables of indicators, whatever their header and separator. */
#include "../test.h"

#include "read.h"

static void
columns_are_found_by_their_names(void **state)
{
	(void)state;
	static const char *const tables[] = {
		"value,type,name,valid_from,valid_until,confidence,tlp,reference\n"
		"evil[.]example,domain,Kestrel,2026-01-01,2027-01-01,80,green,https://x.example/"
		"1\n",
		"# a comment, with a comma\n# another\n"
		"indicator;type;title;valid_from;expires;confidence;TLP;link\r\n"
		"evil.example;domain;Kestrel;2026-01-01T00:00:00Z;1798761600;80;tlp:green;https://"
		"x.example/1\r\n",
		"\"ioc\"\t\"kind\"\t\"name\"\t\"valid_"
		"from\"\t\"expiration\"\t\"confidence\"\t\"tlp\"\t\"reference\"\n"
		"\"evil.example\"\t\"domain\"\t\"Kestrel\"\t\"2026-01-01\"\t\"2027-01-"
		"01\"\t\"80\"\t\"GREEN\"\t\"https://x.example/1\"\n",
	};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct got g = got_read("auto", span_of(tables[i]));
		assert_rc(g.code, RC_NONE);
		assert_int_equal(g.count, 1);
		struct span line = buf_span(&g.objects);
		assert_has(line, "domain-name:value = 'evil.example'");
		assert_has(line, "\"name\":\"Kestrel\"");
		assert_has(line, "\"valid_from\":\"2026-01-01T00:00:00.000Z\"");
		assert_has(line, "\"valid_until\":\"2027-01-01T00:00:00.000Z\"");
		assert_has(line, "\"confidence\":80");
		assert_has(line, "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb");
		assert_has(line, "\"url\":\"https://x.example/1\"");
		got_fini(&g);
	}
}

static void
each_value_of_a_row_is_an_indicator(void **state)
{
	(void)state;
	struct got g = got_read("csv", SPAN("name,md5,sha1\nx,d41d8cd98f00b204e9800998ecf8427e,"
					    "da39a3ee5e6b4b0d3255bfef95601890afd80709\ny,,\nz,"
					    "0cc175b9c0f1b6a831c399e269772661,\n"));
	assert_int_equal(g.count, 3);
	got_fini(&g);
}

static void
what_we_wrote_ourselves_is_read_as_it_stands(void **state)
{
	(void)state;
	struct got g = got_read(
		"auto", SPAN("value,kind,id,name,valid_from,valid_until,confidence,tlp\r\n"
			     "\"'=a@evil.example\",email,\"\",\"\",,,,\r\n"
			     "\"#a@evil.example\",email,\"\",\"\",,,,\r\n"
			     "\"http://evil.example/a[.]b;\",url,\"\",\"\",,,,\r\n"
			     "\"e7d705a3286e19ea42f587b344ee6865\",ja3,\"\",\"\",,,,\r\n"));
	assert_int_equal(g.count, 4);
	assert_int_equal(g.left, 0);
	assert_has(buf_span(&g.objects), "email-addr:value = '=a@evil.example'");
	assert_has(buf_span(&g.objects), "email-addr:value = '#a@evil.example'");
	assert_has(buf_span(&g.objects), "url:value = 'http://evil.example/a[.]b;'");
	assert_has(buf_span(&g.objects), "x_ja3 = 'e7d705a3286e19ea42f587b344ee6865'");
	got_fini(&g);
}

/* One indicator that names a digest in two forms stands in two rows under one id. */
static void
an_id_said_twice_makes_no_two_versions_of_one_object(void **state)
{
	(void)state;
	struct got g = got_read("csv",
		SPAN("value,name,id\n"
		     "d41d8cd98f00b204e9800998ecf8427e,a,6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\n"
		     "evil.example,a,6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\n"));
	assert_int_equal(g.count, 2);
	struct span first = got_line(&g, "d41d8cd98f00b204e9800998ecf8427e", "indicator");
	struct span second = got_line(&g, "evil.example", "indicator");
	assert_has(first, "indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001");
	assert_lacks(second, "indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001");
	got_fini(&g);
}

static void
unknown_rows_are_named_by_line(void **state)
{
	(void)state;
	struct got g = got_read("csv", SPAN("value,name\nevil.example,a\n\"what is "
					    "this?\",b\n,c\n\"broken\nevil2.example,d\n"));
	assert_int_equal(g.count >= 1, 1);
	assert_has(buf_span(&g.left_out), "line 3: ");
	assert_has(buf_span(&g.left_out), "line 4: a row without a value");
	got_fini(&g);
}

static void
lines_are_counted_behind_comments_too(void **state)
{
	(void)state;
	struct got g = got_read("csv", SPAN("#one\n#two\nvalue,name\n\"what is this?\",b\n"));
	assert_has(buf_span(&g.left_out), "line 4: ");
	got_fini(&g);
}

static void
misp_s_table_is_read_by_its_own_types(void **state)
{
	(void)state;
	struct got g = got_read("auto",
		SPAN("uuid,event_id,category,type,value,comment,to_ids,date,object_relation,"
		     "attribute_tag\n"
		     "\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\",1,\"Network "
		     "activity\",\"ip-dst|port\",\"192.0.2.1|443\",\"c2\",1,1772440000,\"\",\"tlp:"
		     "amber,kestrel\"\n"
		     "\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1002\",1,\"Network "
		     "activity\",\"domain\",\"benign.example\",\"\",0,1772440000,\"\",\"\"\n"
		     "\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1003\",1,\"Payload "
		     "delivery\",\"yara\",\"rule a { condition: true "
		     "}\",\"\",1,1772440000,\"\",\"\"\n"
		     "\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1004\",1,\"Payload "
		     "delivery\",\"filename|md5\",\"a.exe|d41d8cd98f00b204e9800998ecf8427e\",\"\","
		     "1,1772440000,\"\",\"\"\n"));
	assert_int_equal(g.count, 3);
	assert_int_equal(g.left, 1);
	assert_has(buf_span(&g.left_out), "line 3: not meant for detection");
	struct span line = got_line(&g, "indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001", "");
	assert_has(line,
		"[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]");
	assert_has(line, "\"labels\":[\"tlp:amber\",\"kestrel\"]");
	assert_has(line, "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421");
	assert_has(got_line(&g, "1b6a1003", ""), "\"pattern_type\":\"yara\"");
	assert_has(got_line(&g, "1b6a1004", ""), "[file:hashes.MD5 = ");
	got_fini(&g);
}

static void
the_same_row_has_the_same_id(void **state)
{
	(void)state;
	struct got a = got_read("csv", SPAN("value,name\nevil.example,a\n")),
		   b = got_read("csv", SPAN("name;value\r\nb;EVIL.example\r\n"));
	struct span one = span_sub(buf_span(&a.objects),
			    span_find(buf_span(&a.objects), SPAN("indicator--")), 47),
		    two = span_sub(buf_span(&b.objects),
			    span_find(buf_span(&b.objects), SPAN("indicator--")), 47);
	assert_true(span_eq(one, two));
	got_fini(&a);
	got_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_found_by_their_names),
		cmocka_unit_test(each_value_of_a_row_is_an_indicator),
		cmocka_unit_test(what_we_wrote_ourselves_is_read_as_it_stands),
		cmocka_unit_test(an_id_said_twice_makes_no_two_versions_of_one_object),
		cmocka_unit_test(unknown_rows_are_named_by_line),
		cmocka_unit_test(lines_are_counted_behind_comments_too),
		cmocka_unit_test(misp_s_table_is_read_by_its_own_types),
		cmocka_unit_test(the_same_row_has_the_same_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
