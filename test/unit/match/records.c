/* Records that span lines, or share one: what holds nothing is passed over, and the hits are those of the plain scanner. */
#include "../test.h"

#include <stdlib.h>

#include "base/own.h"
#include "match/sweep.h"
#include "world.h"

static const char list[] = "evil.org\n198.51.100.7\nhttp://url.example/a\n2001:db8::7\n";

struct told {
	struct buf hits;
	uint64_t read, passed;
};

static void
scan_log(const struct match_set *set, struct sweep *s, struct span log, const char *reader,
	struct told *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	enum rc code;
	own_stream struct stream *stream = stream_new_span(log, NULL);
	own_reading struct reading reading;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	reading_init(&reading, stream, reader_find(span_of(reader)), LINES_ALL, NOON);
	if (s)
		reading_sweep(&reading, s, (unsigned)(log.len % 2));
	buf_reset(&out->hits);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN) {
		size_t hits = code ? 0 : scan_record(&scan, &r, SPAN("log"), &hit);
		for (size_t i = 0; i < hits; i++)
			buf_printf(&out->hits, "%llu:%llu+%zu %.*s time %lld\n",
				(unsigned long long)hit[i].line, (unsigned long long)hit[i].offset,
				hit[i].length, (int)hit[i].seen.value.len, hit[i].seen.value.ptr,
				(long long)hit[i].time);
	}
	buf_add_byte(&out->hits, 0);
	out->read = scan.counts.records;
	out->passed = reading_passed(&reading);
	scan_fini(&scan);
}

static void
put(struct buf *out, const char *text, bool wide)
{
	for (; *text; text++) {
		buf_add_byte(out, *text);
		if (wide)
			buf_add_byte(out, 0);
	}
}

/* Megabytes, a hit in each 3,000th record. */
static void
what_holds_nothing_is_passed_over(void **state)
{
	(void)state;
	static const struct {
		const char *reader, *head, *record, *with_hit, *between;
		bool wide;
	} logs[] = {
		{"windows-xml", "<?xml version='1.0'?>\n<Events>",
			"<Event><a>quiet.example &quot;x&quot; 10.0.0.1</a></Event>",
			"<Event><a>at www.evil.org</a></Event>", "", false},
		{"windows-xml", "<Events>\r\n",
			"<Event>\r\n  <a b='c'>quiet.example</a>\r\n  <d>\r\n  </d>\r\n</Event>",
			"<Event>\r\n  <a>www.evil.org</a>\r\n</Event>", "\r\n", false},
		{"windows-xml", "\xff\xfe", "<Event><a>quiet.example 10.0.0.1</a></Event>",
			"<Event><a>www.evil.org</a></Event>", "\r\n", true},
		{"json-documents", "{\"Records\":[",
			"{\"time\":\"2026-01-01T00:00:00Z\",\"a\":[1,{\"b\":\"}\\\"\"}]}",
			"{\"time\":\"2026-01-01T00:00:01Z\",\"a\":\"www.evil.org\"}", ",", false},
		{"json-documents", "[\n",
			"{\n  \"time\": \"2026-01-01T00:00:00Z\",\n  \"a\": [\n    1\n  ]\n}",
			"{\n  \"time\": \"2026-01-01T00:00:01Z\",\n  \"a\": \"www.evil.org\"\n}",
			",\n", false},
		{"json-documents", "",
			"{\n  \"time\": \"2026-01-01T00:00:00Z\",\n  \"a\": [\n    1\n  ]\n}",
			"{\n  \"time\": \"2026-01-01T00:00:01Z\",\n  \"a\": \"www.evil.org\"\n}",
			"\n", false},
		{"csv", "time,src,note\n",
			"\"2026-01-01T00:00:00Z\",\"10.0.0.1\",\"two\nlines, \"\"quoted\"\"\"",
			"\"2026-01-01T00:00:01Z\",\"198.51.100.7\",\"one\nmore\"", "\n", false},
	};
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *s = sweep_new(set);
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
		own_buf struct buf log = {};
		struct told plain = {}, swept = {};
		unsigned records = 0;
		if (logs[i].wide)
			buf_add(&log, span_of(logs[i].head));
		else
			put(&log, logs[i].head, false);
		for (; log.len < 4 << 20; records++) {
			if (records)
				put(&log, logs[i].between, logs[i].wide);
			put(&log, records % 3000 == 2999 ? logs[i].with_hit : logs[i].record,
				logs[i].wide);
		}
		scan_log(set, NULL, buf_span(&log), logs[i].reader, &plain);
		scan_log(set, s, buf_span(&log), logs[i].reader, &swept);
		assert_string_equal(plain.hits.ptr, swept.hits.ptr);
		assert_true(plain.hits.len > 100);
		assert_int_equal(plain.read, swept.read + swept.passed);
		assert_true(swept.read < records / 8);
		buf_fini(&plain.hits);
		buf_fini(&swept.hits);
	}
}

/* References behind which something stands, or that say how what stands there is read. */
static void
what_a_reference_hides_is_read(void **state)
{
	(void)state;
	static const char *const values[] = {"evil&#46;org", "evil&#x2e;org", "&#101;vil.org",
		"198.51.100&#46;7", "198.51.100.7.443 &gt; 5.6.7.8.53:",
		"198.51.100.7.443&#32;> 5.6.7.8.53:", "5.6.7.8.53 &gt; 198.51.100.7.80: x",
		"\\x1b[3&gt;mevil.org", "\\x1b[&lt;31mevil.org", "\\x1b[3&gt;&lt;1mevil.org",
		"&gt;Chrome/198.51.100.7-198.51.100.9", "&lt;Chrome/198.51.100.7-198.51.100.9",
		"&amp;Chrome/198.51.100.7-198.51.100.9", "&#13;Chrome/198.51.100.7-198.51.100.9",
		"2001:db8&#58;&#58;7", "http&#58;//url.example/a", "\xe2\x90\x9b[3&gt;mevil.org"};
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *s = sweep_new(set);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		for (unsigned form = 0; form < 3; form++) {
			own_buf struct buf log = {};
			struct told plain = {}, swept = {};
			const char *end = form == 0 ? "" : "\n";
			for (unsigned n = 0; n < 40; n++)
				if (form == 2 && n == 20)
					buf_printf(&log, "<Event>\n<a b=\"%s\"/>\n</Event>\n",
						values[i]);
				else
					buf_printf(&log, "<Event><a>%s</a></Event>%s",
						n == 20 ? values[i] : "quiet =&gt; 7 &amp;&quot;",
						end);
			scan_log(set, NULL, buf_span(&log), "windows-xml", &plain);
			scan_log(set, s, buf_span(&log), "windows-xml", &swept);
			if (plain.hits.len < 10)
				fail_msg("nothing in %s", values[i]);
			if (strcmp(plain.hits.ptr, swept.hits.ptr) != 0)
				fail_msg("%s: %s%s", values[i], plain.hits.ptr, swept.hits.ptr);
			assert_true(swept.passed > 30);
			buf_fini(&plain.hits);
			buf_fini(&swept.hits);
		}
}

/* Brackets, quotes and line ends in any order: the records are those that are read without a fast pass. */
static void
broken_documents_are_read_the_same(void **state)
{
	(void)state;
	static const struct {
		const char *reader, *part[24];
	} kinds[] = {
		{"json-documents", {"{", "}", "[", "]", "\"", "\"", ",", ":", "\n", " ", "\\", "a",
					   "{\"b\":1},", "{\"c\":{}}", "\"evil.org\"",
					   "{\"a\":\"evil.org\"},", "{\"a\":[{\"b\":1}]},", "\r\n",
					   "{}", "1", "{\"time\":\"2026-01-01T00:00:00Z\"},", "[{",
					   "}]", "{\"events\":["}},
		{"windows-xml",
			{"<Event>", "</Event>", "<Event>", "</Event>", "<Event", "<a>", "</a>",
				"\n", "\r\n", " ", "evil.org", "x", "<Event><a>quiet</a></Event>",
				"<Event><a>evil.org</a></Event>", "&lt;", "&#46;", "<Events>",
				"</Events>", "<EventID>1</EventID>", "<!--", "-->",
				"<Event><a>1</a>\n</Event>", "&amp;", "<b c='d'/>"}},
		{"csv", {"\"", "\"", "\"\"", ",", ",", "\n", "\n", "\r\n", "evil.org",
				"198.51.100.7", "a", " ", "b", "\"evil.org\",", "x,y\n",
				"\"p\",\"q\"\n", "\"p\nq\"", ";", "1", "\t", "'", "\"\n", ",\"",
				"z\n"}},
	};
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *s = sweep_new(set);
	uint64_t z = 11;
	uint64_t passed = 0, hits = 0;
	for (unsigned turn = 0; turn < 30000; turn++) {
		size_t k = turn % (sizeof kinds / sizeof *kinds);
		own_buf struct buf log = {};
		struct told plain = {}, swept = {};
		buf_add(&log, k == 0 && turn % 2 ? SPAN("[") : k == 2 ? SPAN("a,b\n") : SPAN(""));
		for (unsigned i = 0; i < 12 + turn % 20; i++) {
			z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			put(&log, kinds[k].part[(z >> 33) % 24], false);
		}
		scan_log(set, NULL, buf_span(&log), kinds[k].reader, &plain);
		scan_log(set, s, buf_span(&log), kinds[k].reader, &swept);
		if (strcmp(plain.hits.ptr, swept.hits.ptr) != 0 ||
			plain.read != swept.read + swept.passed)
			fail_msg("%.*s\n%llu records: %s%llu and %llu: %s", (int)log.len, log.ptr,
				(unsigned long long)plain.read, plain.hits.ptr,
				(unsigned long long)swept.read, (unsigned long long)swept.passed,
				swept.hits.ptr);
		passed += swept.passed;
		hits += plain.hits.len > 1;
		buf_fini(&plain.hits);
		buf_fini(&swept.hits);
	}
	assert_true(passed > 1000 && hits > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_holds_nothing_is_passed_over),
		cmocka_unit_test(what_a_reference_hides_is_read),
		cmocka_unit_test(broken_documents_are_read_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
