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

/* Tables as their publishers head and quote them. */
static void
published_tables_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text, *has;
		size_t count;
	} tables[] = {
		{"####\r\n# Dump (CSV)  #\r\n#\r\n# id,dateadded,url,url_status,last_online,threat,"
		 "tags,urlhaus_link,reporter\r\n\"2800002\",\"2026-03-01 10:00:05\",\"https://"
		 "evil.example/a,b\",\"offline\",\"\",\"malware_download\",\"None\",\"https://"
		 "x.example/1/\",\"x\"\r\n",
			"\"name\":\"malware_download\"", 1},
		{"# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"malware_printable\","
		 "\"confidence_level\",\"reference\",\"tags\"\r\n\"2026-03-01 10:00:05\", "
		 "\"1\", \"192.0.2.1:4433\", \"ip:port\", \"Cobalt \"\"Strike\"\"\", \"75\", "
		 "\"None\", \"c2,x\"\r\n# Number of entries: 1,000\r\n",
			"\"confidence\":75,\"labels\":[\"c2\",\"x\"],\"name\":\"Cobalt "
			"\\\"Strike\\\"\"",
			1},
		{"# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"sha1_hash\",\"file_name\","
		 "\"signature\"\n\"2026-03-01\", \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
		 "a495991b7852b855\", \"d41d8cd98f00b204e9800998ecf8427e\", "
		 "\"da39a3ee5e6b4b0d3255bf"
		 "ef95601890afd80709\", \"in, voice.exe\", \"AgentTesla\"\n",
			"\"name\":\"AgentTesla\"", 3},
		{"#\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n\"2026-03-01\",\"192."
		 "0."
		 "2.9\",\"443\",\"Emotet\"\n# END 1 entries\n",
			"ipv4-addr:value = '192.0.2.9'", 1},
		{"# "
		 "ja3_md5,Firstseen,Lastseen,Listingreason\nb386946a5a44d1ddcc843bc75336dfce,2017-"
		 "07-14 18:08:15,2019-07-27 20:42:54,Dridex\n",
			"x_ja3 = 'b386946a5a44d1ddcc843bc75336dfce'", 1},
		{"Indicator type,Indicator,Description\r\nFileHash-MD5,"
		 "d41d8cd98f00b204e9800998ecf8427e,\"two\r\nlines\"\r\n",
			"file:hashes.MD5", 1},
		{"\xef\xbb\xbfvalue;type;name\r\n\"evil[.]example\";domain;\"a;b\"\r\n",
			"\"name\":\"a;b\"", 1},
	};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct got g = got_read("auto", span_of(tables[i].text));
		assert_int_equal(g.left, 0);
		assert_int_equal(g.count, tables[i].count);
		assert_has(buf_span(&g.objects), tables[i].has);
		got_fini(&g);
	}
}

static void
words_in_latin_1_are_read_and_values_are_not_guessed(void **state)
{
	(void)state;
	struct got g = got_read(
		"auto", SPAN("value,name\nevil.example,M\xfcnchen\nm\xfcnchen.example,x\n"));
	assert_int_equal(g.count, 1);
	assert_has(buf_span(&g.objects), "\"name\":\"M\xc3\xbcnchen\"");
	assert_has(buf_span(&g.left_out), "line 3: a name that is not UTF-8");
	got_fini(&g);
	g = got_read("auto", SPAN("\xff\xfev\0a\0"));
	assert_has(buf_span(&g.left_out), "UTF-16");
	got_fini(&g);
}

static void
a_reference_that_is_no_url_is_words(void **state)
{
	(void)state;
	struct got g =
		got_read("csv", SPAN("value,reference\nevil.example,report no. 7\n"
				     "evil2.example,https://x.example/7\nevil3.example,n/a\n"));
	assert_int_equal(g.count, 3);
	assert_has(got_line(&g, "evil.example", "description"), "\"description\":\"report no. 7\"");
	assert_has(got_line(&g, "evil2.example", "url"), "\"url\":\"https://x.example/7\"");
	assert_lacks(got_line(&g, "evil3.example", "type"), "external_references");
	got_fini(&g);
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
		cmocka_unit_test(published_tables_are_read),
		cmocka_unit_test(words_in_latin_1_are_read_and_values_are_not_guessed),
		cmocka_unit_test(a_reference_that_is_no_url_is_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
