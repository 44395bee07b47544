/* What Windows and its servers write: samples as manuals show them, and hostile ones. */
#include "format_world.h"

static void
dns_servers_own_files_are_told_apart(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{"22-Nov-2025 07:37:10.123 queries: info: client @0x7f 192.0.2.5#53124 (evil.org): "
		 "query: "
		 "evil.org IN A +E(0)K (192.0.2.53)\n"
		 "22-Nov-2025 07:37:11.000 general: info: all zones loaded\n",
			"dns|2025-11-22T07:37:10.123000Z client=192.0.2.5; query_class=IN; "
			"query=evil.org; "
			"query_type=A; server=192.0.2.53;|2025-11-22T07:37:11.000000Z|"},
		{"[1763797030] unbound[9:0] notice: init module 0\n"
		 "[1763797031] unbound[9:0] info: 192.0.2.5 evil.org. A IN\n[x] unbound[\n",
			"dns|2025-11-22T07:37:10.000000Z|2025-11-22T07:37:11.000000Z "
			"client=192.0.2.5; "
			"query=evil.org; query_type=A;|-|"},
		{"Nov 22 07:37:10 3 [5/1] question for 'evil.org|A' from 192.0.2.5:5353\n",
			"dns|2025-11-22T07:37:10.000000Z query=evil.org; query_type=A; "
			"client=192.0.2.5:5353;|"},
		{"msg=\"Question\" prio=\"Info\" ts=\"1763797030.123\" qname=\"evil.org\" "
		 "qtype=\"A\" "
		 "remote=\"192.0.2.5:5353\"\n",
			"dns|2025-11-22T07:37:10.123000Z query=evil.org; query_type=A; "
			"client=192.0.2.5:5353;|"},
		{"DNS Server log file creation at 11/22/2025 7:00:00 AM\n\n"
		 "11/22/2025 7:37:10 AM 0F94 PACKET  000000D5A1 UDP Rcv 192.0.2.5   0002   Q [0001 "
		 "  D   "
		 "NOERROR] A      (3)www(4)evil(3)org(0)\n"
		 "11/22/2025 7:37:11 PM 0F94 PACKET  000000D5A1 UDP Snd 192.0.2.5   0002 R Q [8081 "
		 "  D "
		 "NOERROR] AAAA   (4)evil(3)org(0)\n"
		 "20251122 07:37:12 0F94 PACKET  000000D5A1 TCP Snd 192.0.2.53   0002   Q [0001] A "
		 "(4)evil(3)org(0)\n"
		 "20251122 07:37:13 0F94 PACKET  000000D5A1 TCP Rcv 192.0.2.53   0002 R Q [0001\n"
		 "PACKET\n",
			"windows-dns|2025-11-22T07:00:00.000000Z|-|2025-11-22T07:37:10.000000Z "
			"query=www.evil.org; protocol=UDP; client=192.0.2.5; query_type=A;|"
			"2025-11-22T19:37:11.000000Z query=evil.org; protocol=UDP; "
			"client=192.0.2.5; "
			"query_type=AAAA;|- query=evil.org; protocol=TCP; server=192.0.2.53; "
			"query_type=A;|- protocol=TCP; server=192.0.2.53;|-|"},
		/* Labels that lie about their length. */
		{"11/22/2025 7:37:10 AM 0F94 PACKET  1 UDP Rcv 192.0.2.5 2 Q [1] A (9)evil(0)\n"
		 "11/22/2025 7:37:10 AM 0F94 PACKET  1 UDP Rcv 192.0.2.5 2 Q [1] A (4)evil(3)org\n",
			"windows-dns|2025-11-22T07:37:10.000000Z protocol=UDP; client=192.0.2.5; "
			"query_type=A;|2025-11-22T07:37:10.000000Z protocol=UDP; client=192.0.2.5; "
			"query_type=A;|"},
	};
	assert_samples(samples, NULL);
}

static void
windows_events_in_json_say_their_data_by_name(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{"{\"@timestamp\":\"2025-11-22T07:37:10Z\",\"winlog\":{\"event_id\":3,\"event_"
		 "data\":{"
		 "\"DestinationIp\":\"192.0.2.66\"}}}\n",
			"windows-json|2025-11-22T07:37:10.000000Z @timestamp=2025-11-22T07:37:10Z; "
			"winlog.event_data.DestinationIp=192.0.2.66;|"},
		{"{\"TimeCreated\":\"2025-11-22T07:37:10.1234567+00:00\",\"Channel\":\"Security\","
		 "\"Payload\":\"{\\\"EventData\\\":{\\\"Data\\\":[{\\\"@Name\\\":\\\"QueryName\\\","
		 "\\\"#text\\\":\\\"evil.org\\\"},{\\\"@Name\\\":5},7]}}\"}\n",
			"windows-json|2025-11-22T07:37:10.123456Z "
			"TimeCreated=2025-11-22T07:37:10.1234567+00:00; Channel=Security; "
			"Payload={\"EventData\":{\"Data\":[{\"@Name\":\"QueryName\",\"#text\":"
			"\"evil.org\"},"
			"{\"@Name\":5},7]}}; Payload.EventData.QueryName=evil.org;|"},
		{"{\"Event\":{\"System\":{\"TimeCreated\":{\"#attributes\":{\"SystemTime\":"
		 "\"2025-11-22T07:37:10Z\"}}},\"EventData\":{\"Image\":\"C:\\\\x.exe\"}}}\n",
			"windows-json|2025-11-22T07:37:10.000000Z "
			"Event.System.TimeCreated.#attributes.SystemTime=2025-11-22T07:37:10Z; "
			"Event.EventData.Image=C:\\x.exe;|"},
		{"{\"Event\":{\"System\":{\"TimeCreated\":{\"@SystemTime\":\"2025-11-22T07:37:"
		 "10Z\"}},"
		 "\"EventData\":{\"Data\":[{\"@Name\":\"Image\",\"#text\":\"x.exe\"},"
		 "{\"#attributes\":{\"Name\":\"User\"},\"#text\":\"u\"},{\"#text\":\"v\"}]}}}\n",
			"windows-json|2025-11-22T07:37:10.000000Z "
			"Event.System.TimeCreated.@SystemTime=2025-11-22T07:37:10Z; "
			"Event.EventData.Data.@Name=Image; Event.EventData.Image=x.exe; "
			"Event.EventData.Data.#attributes.Name=User; Event.EventData.User=u; "
			"Event.EventData.Data=v;|"},
		/* PowerShell's ConvertTo-Json; a payload that is none. */
		{"{\"TimeCreated\":\"\\/Date(1763797030123)\\/"
		 "\",\"Channel\":\"x\",\"Payload\":\"{\"}\n",
			"windows-json|2025-11-22T07:37:10.123000Z "
			"TimeCreated=/Date(1763797030123)/; "
			"Channel=x; Payload={;|"},
	};
	assert_samples(samples, NULL);
}

#define EVENT_HEAD \
	"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>" \
	"<TimeCreated SystemTime='2025-11-22T07:37:10.5Z'/></System><EventData>"
#define EVENT_TOLD \
	"2025-11-22T07:37:10.500000Z " \
	"xmlns=http://schemas.microsoft.com/win/2004/08/events/event; " \
	"System.TimeCreated.SystemTime=2025-11-22T07:37:10.5Z;"

static void
windows_events_in_xml_are_records(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		/* One a line, two in a line, in an <Events>, over several lines. */
		{EVENT_HEAD
			"<Data Name='QueryName'>evil.org</Data></EventData></Event>\n" EVENT_HEAD
			"<Data>a &amp; b&#46;c&#x2E;d</Data></EventData></Event>" EVENT_HEAD
			"</EventData></Event>\r\n",
			"windows-xml|" EVENT_TOLD " EventData.QueryName=evil.org;|" EVENT_TOLD
			" EventData.Data=a & b.c.d;|" EVENT_TOLD "|"},
		{"<?xml version=\"1.0\"?>\r\n<Events>\r\n" EVENT_HEAD
		 "\r\n<Data\r\n Name=\"A\" >\r\n x\r\n</Data><Data Name=\"B\" "
		 "/>\r\n</EventData>\r\n"
		 "</Event>\r\n</Events>\r\n",
			"windows-xml|-|-|" EVENT_TOLD " EventData.A=x;|-|"},
		/* What nothing is expanded of; CDATA; a comment. */
		{EVENT_HEAD "<Data Name='A'>&lol; &#0; &#xD800; &#x110000; &; &amp</Data>"
			    "<Data Name='B'><![CDATA[<evil.org>&amp;]]></Data><!-- c "
			    "--></EventData></Event>\n",
			"windows-xml|" EVENT_TOLD
			" EventData.A=&lol; &#0; &#xD800; &#x110000; &; &amp; "
			"EventData.B=<evil.org>&amp;;|"},
		/* Malformed, cut off, one inside another: text, and the next is read. */
		{EVENT_HEAD "<Data Name='A'>x</EventData></Event>\n" EVENT_HEAD
			    "<Data Name='A'>cut\n" EVENT_HEAD
			    "<Data Name='A'>y</Data></EventData></Event>\n"
			    "</Event>\n<Event x=></Event>\n<Event>",
			"windows-xml|2025-11-22T07:37:10.500000Z|2025-11-22T07:37:10."
			"500000Z|" EVENT_TOLD " EventData.A=y;|-|-|-|"},
		{EVENT_HEAD "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></EventData></"
			    "Event>\n",
			"windows-xml|2025-11-22T07:37:10.500000Z|"},
	};
	assert_samples(samples, NULL);
	assert_string_equal(told("<Event", "windows-xml"), "windows-xml|-|");
	assert_string_equal(told("&#46;\n\n<>\n", "windows-xml"), "windows-xml|-|");
	/* What ends as text is dated as text is. */
	assert_string_equal(told("2025-11-22T07:37:10Z x\n", "windows-xml"),
		"windows-xml|2025-11-22T07:37:10.000000Z|");
}

/* Hits lie where the bytes do, whatever stands for them. */
static void
hits_are_where_references_and_labels_stand(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.org\nhttp://evil.org/a?b=1&c=2\n");
	struct buf hits = {};
	assert_string_equal(hits_of(set, SPAN("<Event><a>evil&#46;org x</a></Event>\n"), NULL,
				    "windows-xml", &hits),
		"1:10 exact domain evil.org;");
	assert_string_equal(hits_of(set, SPAN("<Event>\n<a b='&lt;evil&#x2e;org'/></Event>\n"),
				    NULL, "windows-xml", &hits),
		"2:18 exact domain evil.org;");
	assert_string_equal(
		hits_of(set, SPAN("<Event><a>http://evil.org/a?b=1&amp;c=2</a></Event>\n"), NULL,
			"windows-xml", &hits),
		"1:10 exact url http://evil.org/a?b=1&c=2;1:17 url-host domain evil.org;");
	assert_string_equal(hits_of(set, SPAN("x\n(4)evil(3)org(0)\n"), NULL, "windows-dns", &hits),
		"2:2 exact domain evil.org;");
	/* Named twice, seen once. */
	assert_string_equal(
		hits_of(set,
			SPAN("Nov 22 07:37:10 h named[1]: client 192.0.2.5#1 (evil.org): "
			     "query: evil.org IN A +\n"),
			NULL, NULL, &hits),
		"1:48 exact domain evil.org;");
	buf_fini(&hits);
}

/* An event as large as a line may be, and one beyond, in short lines. */
static void
an_event_without_end_is_text_in_bounded_memory(void **state)
{
	(void)state;
	own_buf struct buf log = {};
	struct record rec;
	size_t bytes = 0, count = 0;
	buf_add(&log, SPAN(EVENT_HEAD));
	for (unsigned i = 0; i < 300000; i++)
		buf_add(&log, SPAN("<Data>\n"));
	buf_add(&log, SPAN(EVENT_HEAD "</EventData></Event>\n"));
	own_stream struct stream *s = stream_new_span(buf_span(&log), NULL);
	own_reading struct reading r;
	reading_init(&r, s, NULL, LINES_ALL, NOON);
	while (!reading_next(&r, &rec, NULL)) {
		assert_true(rec.text.len < 2 * LINE_LONGEST);
		assert_memory_equal(rec.text.ptr, log.ptr + rec.offset, rec.text.len);
		bytes += rec.text.len;
		count++;
	}
	assert_true(count > 2 && count < 200000);
	assert_true(bytes > log.len - 300010);
	assert_true(rec.time == INT64_C(1763797030500000));
	assert_int_equal(rec.line, 300001);
}

/* Elements without values, with long names and deep: none of them may cost more than the text by much. */
static void
an_event_of_countless_elements_is_text_in_bounded_memory(void **state)
{
	(void)state;
	own_buf struct buf log = {};
	char name[101];
	struct record rec;
	memset(name, 'n', 100);
	name[100] = 0;
	buf_add(&log, SPAN("<Event>"));
	for (unsigned i = 0; i < 14; i++)
		buf_printf(&log, "<%s>", name);
	for (unsigned i = 0; i < 200000; i++)
		buf_add(&log, SPAN("<a/>"));
	for (unsigned i = 0; i < 14; i++)
		buf_printf(&log, "</%s>", name);
	buf_add(&log, SPAN("</Event>\n"));
	own_stream struct stream *s = stream_new_span(buf_span(&log), NULL);
	own_reading struct reading r;
	reading_init(&r, s, reader_find(SPAN("windows-xml")), LINES_ALL, NOON);
	assert_rc(reading_next(&r, &rec, NULL), RC_OK);
	assert_int_equal(rec.text.len, log.len - 1);
	assert_int_equal(rec.fields, 1);
	assert_true(r.arena.total < 32 << 20);
	assert_rc(reading_next(&r, &rec, NULL), RC_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_servers_own_files_are_told_apart),
		cmocka_unit_test(windows_events_in_json_say_their_data_by_name),
		cmocka_unit_test(windows_events_in_xml_are_records),
		cmocka_unit_test(hits_are_where_references_and_labels_stand),
		cmocka_unit_test(an_event_without_end_is_text_in_bounded_memory),
		cmocka_unit_test(an_event_of_countless_elements_is_text_in_bounded_memory),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
