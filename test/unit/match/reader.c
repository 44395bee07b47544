#include "../test.h"

#include <string.h>

#include "base/buf.h"
#include "match/reader.h"

static struct buf out;

/* "READER| LINE@OFFSET TIME name=value ...|" for each record. Every place must lead to the value.
 */
static const char *
all(struct span text, const char *forced)
{
	own_stream struct stream *s = stream_new_span(text, NULL);
	own_reading struct reading r;
	struct record rec;
	buf_reset(&out);
	reading_init(&r, s, forced ? reader_find(span_of(forced)) : NULL, LINES_ALL,
		INT64_C(1767268800) * SECOND);
	while (!reading_next(&r, &rec, NULL)) {
		char time[TIME_TEXT] = "-";
		if (rec.time != TIME_NONE)
			time_text(rec.time, time);
		if (!out.len)
			buf_printf(&out, "%s|", r.reader->name);
		buf_printf(&out, "%llu@%llu %s", (unsigned long long)rec.line,
			(unsigned long long)rec.offset, time);
		assert_memory_equal(rec.text.ptr, text.ptr + rec.offset, rec.text.len);
		for (size_t i = 0; i < rec.fields; i++) {
			const struct field *f = &rec.field[i];
			buf_printf(&out, " %.*s=%.*s", (int)f->name.len, f->name.ptr,
				(int)f->value.len, f->value.ptr);
			if (f->value.len && f->coding == FIELD_RAW)
				assert_int_equal(rec.text.ptr[field_place(&rec, f, 0, NULL)],
					f->value.ptr[0]);
		}
		buf_add_byte(&out, '|');
	}
	buf_add_byte(&out, 0);
	return out.ptr;
}

static void
zeek_tables_have_columns_and_epochs(void **state)
{
	(void)state;
	assert_string_equal(
		all(SPAN("#separator "
			 "\\x09\n#unset_field\t-\n#path\thttp\n#fields\tts\tid.orig_h\thost\turi\n"
			 "#types\ttime\taddr\tstring\tstring\n"
			 "1521911720.600843\t10.0.0.1\tevil.org\t/a\\x09b\n"
			 "1521911721.000000\t-\t-\t(empty)\n"
			 "broken line\n#close\t2018\n"),
			NULL),
		"zeek|6@103 2018-03-24T17:15:20.600843Z ts=1521911720.600843 id.orig_h=10.0.0.1 "
		"host=evil.org "
		"uri=/a\tb url=//evil.org/a\tb|7@147 2018-03-24T17:15:21.000000Z "
		"ts=1521911721.000000 id.orig_h= "
		"host= uri=|8@177 - =broken line|");
}

static void
zeek_tables_have_separators_of_their_own(void **state)
{
	(void)state;
	static const char *const separators[] = {"|", "||", "\\x7c", "\\x7c\\x7c", ";", " "};
	for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
		const char *said = separators[i], *used = strncmp(said, "\\x", 2) != 0 ? said
							  : strlen(said) == 4	       ? "|"
										       : "||";
		own_buf struct buf text = {}, want = {};
		buf_printf(&text, "#separator %s\n", said);
		buf_printf(&text, "#fields%sts%shost\n", used, used);
		buf_printf(&want,
			"zeek|3@%zu 2018-03-24T17:15:20.600843Z ts=1521911720.600843 "
			"host=evil.org|",
			text.len);
		buf_printf(&text, "1521911720.600843%sevil.org\n", used);
		buf_add_byte(&want, 0);
		assert_string_equal(all(buf_span(&text), NULL), want.ptr);
	}
}

/* Behind "x" a name would begin where the fast pass sees the middle of one. */
static void
a_separator_that_names_are_made_of_is_none(void **state)
{
	(void)state;
	static const char *const separators[] = {
		"x", "X", "7", "-", "_", "\\x61", "|a|", "\\xc3", "\\x00\\x30"};
	for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
		const char *said = separators[i], *used = strncmp(said, "\\x", 2) == 0 ? "a" : said;
		own_buf struct buf text = {};
		buf_printf(&text, "#separator %s\n#fields%sts%shost\n1521911720.6%sevil.org\n",
			said, used, used, used);
		const char *read = all(buf_span(&text), NULL);
		assert_null(strstr(read, "host="));
	}
}

static void
json_lines_give_paths_keys_and_times(void **state)
{
	(void)state;
	assert_string_equal(all(SPAN("{\"timestamp\":\"2016-10-16T08:14:40.988366+0000\",\"event_"
				     "type\":\"dns\","
				     "\"dns\":{\"rrname\":\"evil.org\",\"answers\":[{\"rdata\":\"1."
				     "2.3.4\"}]},\"n\":1}\n"),
				    NULL),
		"eve|1@0 2016-10-16T08:14:40.988366Z =timestamp "
		"timestamp=2016-10-16T08:14:40.988366+0000 "
		"=event_type event_type=dns =dns =rrname dns.rrname=evil.org =answers =rdata "
		"dns.answers.rdata=1.2.3.4 =n|");
	assert_string_equal(
		all(SPAN("{\"ts\":1521911720.600843,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\"}\n"),
			NULL),
		"zeek-json|1@0 2018-03-24T17:15:20.600843Z =ts =uid uid=C1 =id.orig_h "
		"id.orig_h=10.0.0.1|");
	assert_string_equal(
		all(SPAN("{\"a\":\"b\"}\n{broken\n"), NULL), "json|1@0 - =a a=b|2@10 - ={broken|");
}

static void
arrays_and_wrapped_events_are_records_each(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		/* CloudTrail, in a line and printed over several. */
		{"{\"Records\":[{\"eventTime\":\"2026-01-01T00:00:01Z\",\"a\":\"x\"},"
		 "{\"eventTime\":\"2026-01-01T00:00:02Z\",\"a\":\"y\"}],\"b\":\"z\"}\n",
			"json-documents|1@0 - ={\"Records\":[|"
			"1@12 2026-01-01T00:00:01.000000Z =eventTime "
			"eventTime=2026-01-01T00:00:01Z =a a=x|"
			"1@57 2026-01-01T00:00:02.000000Z =eventTime "
			"eventTime=2026-01-01T00:00:02Z =a a=y|"
			"1@101 - =],\"b\":\"z\"}|"},
		{"{\n \"Records\": [\n  {\n   \"eventTime\": \"2026-01-01T00:00:01Z\"\n  },\n"
		 "  {\n   \"eventTime\": \"2026-01-01T00:00:02Z\"\n  }\n ]\n}\n",
			"json-documents|1@0 - ={\n \"Records\": [\n  |"
			"3@18 2026-01-01T00:00:01.000000Z =eventTime "
			"eventTime=2026-01-01T00:00:01Z|"
			"6@66 2026-01-01T00:00:02.000000Z =eventTime "
			"eventTime=2026-01-01T00:00:02Z|"},
		/* An array of events, CRLF between. */
		{"[\r\n{\"ts\":1521911720.5},\r\n{\"ts\":1521911721.5,\"a\":[\"b\"]}\r\n]\r\n",
			"json-documents|2@3 2018-03-24T17:15:20.500000Z =ts|"
			"3@25 2018-03-24T17:15:21.500000Z =ts =a a=b|"},
		{"[{\"a\":\"x\"},{\"a\":\"y\"}]", "json-documents|1@1 - =a a=x|1@11 - =a a=y|"},
		/* Values over several lines, one behind the other. */
		{"{\n \"a\": \"x\"\n}\n{\n \"a\": \"y\"\n}\n",
			"json-documents|1@0 - =a a=x|4@14 - =a a=y|"},
		/* What an event holds is no event. */
		{"{\n \"timestamp\": \"2026-01-01T00:00:01Z\",\n \"answers\": [{\"r\":\"x\"}]\n}\n",
			"json-documents|1@0 2026-01-01T00:00:01.000000Z =timestamp "
			"timestamp=2026-01-01T00:00:01Z =answers =r answers.r=x|"},
		{"{\n \"answers\": [{\"r\":\"x\"}],\n \"timestamp\": \"2026-01-01T00:00:01Z\"\n}\n",
			"json-documents|1@0 2026-01-01T00:00:01.000000Z =answers =r answers.r=x "
			"=timestamp "
			"timestamp=2026-01-01T00:00:01Z|"},
		/* Elasticsearch. */
		{"{\"took\":1,\"hits\":{\"hits\":[{\"_source\":{\"@timestamp\":"
		 "\"2026-01-01T00:00:01Z\"}}]}}\n",
			"json-documents|1@0 - ={\"took\":1,\"hits\":{\"hits\":[|"
			"1@26 2026-01-01T00:00:01.000000Z =_source =@timestamp "
			"_source.@timestamp=2026-01-01T00:00:01Z|"},
		/* Broken: what can be read is, and nothing is lost. */
		{"[\n{\"a\":\"x\n{\"a\":\"y\"},\n{\"a\":\"z\"}\n]\nhello\n{\"a\":\"w\"}\n",
			"json-documents|2@2 - ={\"a\":\"x|3@10 - =a a=y|4@21 - =a a=z|6@33 - "
			"=hello|"
			"7@39 - =a a=w|"},
		{"[\n{\"a\":\"x\",\n{\"a\":\"y\"}\n]\n",
			"json-documents|2@2 - ={\"a\":\"x\",\n|3@12 - =a a=y|"},
		{"[{\"a\":\"x\"},{\"a\":\"y\"",
			"json-documents|1@1 - =a a=x|1@11 - ={\"a\":\"y\"|"},
		{"[{\"a\":\"x\"]}\n{\"a\":\"y\"}\n",
			"json-documents|1@1 - ={\"a\":\"x\"]}|2@12 - =a a=y|"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(all(span_of(cases[i][0]), NULL), cases[i][1]);
		assert_string_equal(all(span_of(cases[i][0]), "json"), cases[i][1]);
	}
}

/* Each is read with its time and place, however large the whole. */
static void
a_large_array_is_read_an_element_at_a_time(void **state)
{
	(void)state;
	enum { MANY = 40000 };
	own_buf struct buf text = {};
	buf_add(&text, SPAN("{\"Records\":["));
	for (int i = 0; i < MANY; i++)
		buf_printf(&text,
			"%s{\"eventTime\":\"2026-01-01T00:00:00Z\",\"n\":\"host%d.example\"}",
			i ? "," : "", i);
	buf_add(&text, SPAN("]}"));
	own_stream struct stream *s = stream_new_span(buf_span(&text), NULL);
	own_reading struct reading r;
	struct record rec;
	size_t count = 0, largest = 0;
	reading_init(&r, s, NULL, LINES_ALL, 0);
	while (!reading_next(&r, &rec, NULL)) {
		largest = rec.text.len > largest ? rec.text.len : largest;
		assert_memory_equal(rec.text.ptr, text.ptr + rec.offset, rec.text.len);
		count += rec.time == INT64_C(1767225600) * SECOND;
	}
	assert_int_equal(count, MANY);
	assert_true(largest < 100);
}

/* An element beyond what a line may be comes in pieces, the next one whole. */
static void
an_element_too_large_is_text_and_the_next_is_a_record(void **state)
{
	(void)state;
	own_buf struct buf text = {};
	buf_add(&text, SPAN("[{\"ts\":1521911720.5,\"a\":["));
	for (int i = 0; i < 300000; i++)
		buf_printf(&text, "%s\"host%d.example\"", i ? "," : "", i);
	buf_add(&text, SPAN("]},{\"ts\":1521911721.5}]"));
	own_stream struct stream *s = stream_new_span(buf_span(&text), NULL);
	own_reading struct reading r;
	struct record rec;
	size_t bytes = 0, count = 0;
	int64_t last = 0;
	reading_init(&r, s, NULL, LINES_ALL, 0);
	while (!reading_next(&r, &rec, NULL)) {
		assert_true(rec.text.len < 3 << 20);
		assert_memory_equal(rec.text.ptr, text.ptr + rec.offset, rec.text.len);
		bytes += rec.text.len;
		last = rec.time;
		count++;
	}
	assert_true(bytes > text.len - 100 && bytes <= text.len);
	assert_true(count > 2 && count < 20);
	assert_true(last == INT64_C(1521911721500000));
}

static void
text_logs_are_told_apart(void **state)
{
	(void)state;
	assert_string_equal(
		all(SPAN("1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1\n"), NULL),
		"clf|1@0 2015-05-17T10:05:03.000000Z =1.2.3.4 - - [17/May/2015:10:05:03 +0000] "
		"\"GET /\" 200 1 client=1.2.3.4 method=GET url=/ status=200 bytes=1|");
	assert_string_equal(all(SPAN("Mar 27 13:06:56 host sshd[1]: x\n"), NULL),
		"syslog|1@0 2025-03-27T13:06:56.000000Z =Mar 27 13:06:56 host sshd[1]: x "
		"hostname=host procid=1 "
		"appname=sshd message=x|");
	assert_string_equal(all(SPAN("hello\nworld"), NULL), "lines|1@0 - =hello|2@6 - =world|");
	assert_string_equal(all(SPAN("\xef\xbb\xbfhello\n"), NULL), "lines|1@3 - =hello|");
	/* A line of another format in between is understood all the same. */
	assert_string_equal(
		all(SPAN("hello\n{\"ts\":1521911720.5,\"a\":\"b\"}\n1521911720.123 squid\n"), NULL),
		"lines|1@0 - =hello|2@6 2018-03-24T17:15:20.500000Z =ts =a a=b|"
		"3@34 2018-03-24T17:15:20.123000Z =1521911720.123 squid|");
}

static void
names_of_counted_labels_are_read(void **state)
{
	(void)state;
	assert_string_equal(all(SPAN("A (3)www(4)evil(7)example(0) x (2)ab(1)c(0)\n"), NULL),
		"lines|1@0 - =A (3)www(4)evil(7)example(0) x (2)ab(1)c(0) =www.evil.example "
		"=ab.c|");
	assert_string_equal(all(SPAN("f(0) (9)evil(0) (64)x(0) (1)a(2)b(0)\n"), NULL),
		"lines|1@0 - =f(0) (9)evil(0) (64)x(0) (1)a(2)b(0)|");
}

static void
csv_has_a_header_and_records_over_several_lines(void **state)
{
	(void)state;
	assert_string_equal(all(SPAN("time;src ip;note\r\n2026-01-01 00:00:00;1.2.3.4;\"a "
				     "\"\"b\"\"\r\nc\"\r\nx;y;z\r\n"),
				    NULL),
		"csv|2@18 2026-01-01T00:00:00.000000Z time=2026-01-01 00:00:00 src ip=1.2.3.4 "
		"note=a \"b\"\r\nc|"
		"4@60 - time=x src ip=y note=z|");
	assert_string_equal(all(SPAN("Date,Time,Host\n2026-01-31,10:00:00,a\nx,y,z\n"), NULL),
		"csv|2@15 2026-01-31T10:00:00.000000Z Date=2026-01-31 Time=10:00:00 Host=a|"
		"3@37 - Date=x Time=y Host=z|");
}

static void
places_lead_through_escapes(void **state)
{
	(void)state;
	struct span text = SPAN("{\"k\":\"x\",\"m\":\"\\u00fc\\n\\ud83d\\udd14evil\\\\.org\"}");
	own_stream struct stream *s = stream_new_span(text, NULL);
	own_reading struct reading r;
	struct record rec;
	reading_init(&r, s, NULL, LINES_ALL, 0);
	assert_rc(reading_next(&r, &rec, NULL), RC_OK);
	const struct field *m = &rec.field[rec.fields - 1];
	assert_span(m->value, "\xc3\xbc\n\xf0\x9f\x94\x94"
			      "evil\\.org");
	assert_span(span_sub(rec.text, field_place(&rec, m, 7, NULL), 4), "evil");
	assert_span(span_sub(rec.text, field_place(&rec, m, 12, NULL), 4), ".org");
	assert_int_equal(rec.text.ptr[field_place(&rec, m, 16, NULL)], '"');
}

#define NOON_OF_2026 INT64_C(1767268800000000)

static void
every_name_of_a_time_is_one(void **state)
{
	(void)state;
	static const char *const names[] = {"__REALTIME_TIMESTAMP", "t", "WRITE_TS", "_write_ts",
		"CREATEDAT", "created", "CREATED_AT", "first_seen", "FLOW_START", "start_time",
		"DATE_TIME", "datetime", "DATE-TIME", "date", "UNIXTIME", "published",
		"CREATIONTIME", "createddatetime", "ACTIVITYDATETIME", "starteddatetime",
		"EDGESTARTTIMESTAMP", "requestreceivedtimestamp", "TIMECREATED", "utctime",
		"TIME_GENERATED", "timegenerated", "EVENT_TIME", "eventtime", "_TIME", "time",
		"TIMESTAMP", "@timestamp", "TS"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct record r;
		own_buf struct buf line = {};
		buf_printf(
			&line, "{\"%s\":\"2026-01-01T12:00:00Z\",\"%sx\":1}\n", names[i], names[i]);
		own_stream struct stream *stream = stream_new_span(buf_span(&line), NULL);
		own_reading struct reading reading;
		reading_init(&reading, stream, reader_find(SPAN("json")), LINES_ALL, NOON_OF_2026);
		assert_int_equal(reading_next(&reading, &r, NULL), RC_OK);
		if (r.time != NOON_OF_2026)
			fail_msg("%s is no time", names[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_of_a_time_is_one),
		cmocka_unit_test(zeek_tables_have_columns_and_epochs),
		cmocka_unit_test(zeek_tables_have_separators_of_their_own),
		cmocka_unit_test(a_separator_that_names_are_made_of_is_none),
		cmocka_unit_test(json_lines_give_paths_keys_and_times),
		cmocka_unit_test(arrays_and_wrapped_events_are_records_each),
		cmocka_unit_test(a_large_array_is_read_an_element_at_a_time),
		cmocka_unit_test(an_element_too_large_is_text_and_the_next_is_a_record),
		cmocka_unit_test(text_logs_are_told_apart),
		cmocka_unit_test(names_of_counted_labels_are_read),
		cmocka_unit_test(csv_has_a_header_and_records_over_several_lines),
		cmocka_unit_test(places_lead_through_escapes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
