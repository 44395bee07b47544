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
				assert_int_equal(
					rec.text.ptr[field_place(&rec, f, 0)], f->value.ptr[0]);
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
text_logs_are_told_apart(void **state)
{
	(void)state;
	assert_string_equal(
		all(SPAN("1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1\n"), NULL),
		"clf|1@0 2015-05-17T10:05:03.000000Z =1.2.3.4 - - [17/May/2015:10:05:03 +0000] "
		"\"GET /\" 200 1|");
	assert_string_equal(all(SPAN("Mar 27 13:06:56 host sshd[1]: x\n"), NULL),
		"syslog|1@0 2025-03-27T13:06:56.000000Z =Mar 27 13:06:56 host sshd[1]: x|");
	assert_string_equal(all(SPAN("hello\nworld"), NULL), "lines|1@0 - =hello|2@6 - =world|");
	assert_string_equal(all(SPAN("\xef\xbb\xbfhello\n"), NULL), "lines|1@3 - =hello|");
	/* A line of another format in between is understood all the same. */
	assert_string_equal(
		all(SPAN("hello\n{\"ts\":1521911720.5,\"a\":\"b\"}\n1521911720.123 squid\n"), NULL),
		"lines|1@0 - =hello|2@6 2018-03-24T17:15:20.500000Z =ts =a a=b|"
		"3@34 2018-03-24T17:15:20.123000Z =1521911720.123 squid|");
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
	assert_span(span_sub(rec.text, field_place(&rec, m, 7), 4), "evil");
	assert_span(span_sub(rec.text, field_place(&rec, m, 12), 4), ".org");
	assert_int_equal(rec.text.ptr[field_place(&rec, m, 16)], '"');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeek_tables_have_columns_and_epochs),
		cmocka_unit_test(json_lines_give_paths_keys_and_times),
		cmocka_unit_test(text_logs_are_told_apart),
		cmocka_unit_test(csv_has_a_header_and_records_over_several_lines),
		cmocka_unit_test(places_lead_through_escapes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
