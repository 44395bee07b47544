/* Wherever the plain scanner has a hit, the fast pass names a place on its line, by every kernel that runs here. */
#include "sweep_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/own.h"
#include "base/rng.h"
#include "jail/sanitizer.h"

/* Under a sanitizer the same takes five to twenty times as long: fewer turns there. */
enum { SLOW = SANITIZER != SANITIZER_NONE };

static const char *const cpus[] = {"c", "avx2", "avx512", "neon"};

enum { ROOM = 200000 };

static void
tell_hit(const struct hit *h, struct buf *out)
{
	buf_printf(out, "%llu:%llu+%zu %s %s %.*s of %.*s time %lld\n", (unsigned long long)h->line,
		(unsigned long long)h->offset, h->length, hit_match_word(h->match),
		obs_word(h->seen.kind), (int)h->seen.value.len, h->seen.value.ptr,
		(int)h->pattern.len, h->pattern.ptr, (long long)h->time);
}

/* A record's places lead to all of its hits, where each is one that may. */
static void
compare_spots(
	struct scan *scan, struct record *record, struct stretch *stretch, const struct buf *want)
{
	const struct hit *hit;
	own_buf struct buf got = {};
	size_t from = (size_t)record->offset;
	record->spots = stretch_spots(stretch, from, from + record->text.len + 1);
	if (!record->spots.count)
		return;
	record->spots.base = (const char *)((uintptr_t)record->text.ptr - from);
	size_t hits = scan_record(scan, record, SPAN("log"), &hit);
	for (size_t i = 0; i < hits; i++)
		tell_hit(&hit[i], &got);
	if (!span_eq(buf_span(&got), buf_span(want)))
		fail_msg("line %llu, by its places:\n%.*sas a whole:\n%.*sof %.*s",
			(unsigned long long)record->line, (int)got.len, got.ptr, (int)want->len,
			want->ptr, (int)(record->text.len < 300 ? record->text.len : 300),
			record->text.ptr);
}

/* Lines of hits of the plain scanner that no place is on, or that not all hits are around the places of. */
static void
compare(const struct match_set *set, struct sweep *s, struct span text, const char *reader)
{
	struct sweep_result r;
	struct scan scan;
	struct record record;
	const struct hit *hit;
	sweep_text(s, text, &r);
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	scan.text = reads;
	own_stream struct stream *stream = stream_new_span(text, NULL);
	own_reading struct reading reading;
	reading_init(&reading, stream, reader_find(span_of(reader)), LINES_ALL, NOON);
	size_t at = 0;
	struct stretch stretch = {.text = text, .found = r};
	own_buf struct buf want = {};
	while (!reading_next(&reading, &record, NULL)) {
		size_t hits = scan_record(&scan, &record, SPAN("log"), &hit);
		while (at < r.places && r.place[at].at < record.offset)
			at++;
		bool there = at < r.places && r.place[at].at <= record.offset + record.text.len;
		if (hits && !there)
			fail_msg("%s, %s: no place on line %llu for %s %.*s: %.*s", sweep_cpu(s),
				reader, (unsigned long long)record.line, obs_word(hit->seen.kind),
				(int)hit->seen.value.len, hit->seen.value.ptr,
				(int)(record.text.len < 300 ? record.text.len : 300),
				record.text.ptr);
		buf_reset(&want);
		for (size_t i = 0; i < hits; i++)
			tell_hit(&hit[i], &want);
		bool by_line = reading.lines.keep == LINES_KEEP_LIKELY ||
			       reading.lines.keep == LINES_KEEP_HEADINGS ||
			       (reading.lines.keep == LINES_KEEP_UNQUOTED &&
				       !memchr(record.text.ptr, '"', record.text.len));
		if (by_line && !record.wide && record.text.len)
			compare_spots(&scan, &record, &stretch, &want);
	}
	scan_fini(&scan);
	size_t ends = 0, line_ends = 0;
	for (size_t i = 0; i < r.chunks; i++)
		ends += r.line_ends[i];
	for (size_t i = 0; i < text.len; i++)
		line_ends += text.ptr[i] == '\n';
	assert_int_equal(ends, line_ends);
}

/* A copy whose neighbours are what harms most: bytes that could belong to its first and last word. */
static struct span
framed(char *room, const char *text, size_t len, char frame)
{
	memset(room, frame, SWEEP_SLACK);
	memcpy(room + SWEEP_SLACK, text, len);
	memset(room + SWEEP_SLACK + len, frame, SWEEP_SLACK);
	return (struct span){room + SWEEP_SLACK, len};
}

static void
no_hit_is_without_a_place(void **state)
{
	(void)state;
	own_match_set struct match_set *set = world();
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_mem char *text = mem_new(ROOM), *room = mem_new(ROOM + 2 * SWEEP_SLACK);
	static const char *const readers_to_try[] = {"lines", "json", "zeek", "csv", "eve",
		"syslog", "clf", "squid", "w3c", "dns", "ecs", "windows-json"};
	for (size_t k = 0; k < sizeof cpus / sizeof *cpus; k++) {
		setenv("TOCSIN_CPU", cpus[k], 1);
		own_sweep struct sweep *s = sweep_new(set);
		if (strcmp(sweep_cpu(s), cpus[k]) != 0)
			continue;
		if (reads == SCAN_DEFANGED)
			sweep_defanged(s);
		for (unsigned turn = 0; turn < (SLOW ? 80 : 400); turn++) {
			size_t len = make_text(rng, text, turn % 10 ? 2000 : 100000);
			struct span framed_text =
				framed(room, text, len, "x.0-:%\\\xc3"[chance(rng, 8)]);
			compare(set, s, framed_text,
				readers_to_try[turn % 2 ? chance(rng, 12) : 0]);
		}
	}
	unsetenv("TOCSIN_CPU");
}

/* Each piece at every place around a word's, a block's and a chunk's edge. */
static void
edges_hide_nothing(void **state)
{
	(void)state;
	own_match_set struct match_set *set = world();
	own_mem char *text = mem_new(ROOM), *room = mem_new(ROOM + 2 * SWEEP_SLACK);
	static const size_t edges[] = {64, 512, SWEEP_CHUNK, 2 * SWEEP_CHUNK};
	for (size_t k = 0; k < sizeof cpus / sizeof *cpus; k++) {
		setenv("TOCSIN_CPU", cpus[k], 1);
		own_sweep struct sweep *s = sweep_new(set);
		if (strcmp(sweep_cpu(s), cpus[k]) != 0)
			continue;
		if (reads == SCAN_DEFANGED)
			sweep_defanged(s);
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
			for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
				size_t len = strlen(pieces[i]);
				for (size_t back = 0; back <= len + 2; back++) {
					size_t from =
						edges[e] - (back < edges[e] ? back : edges[e]);
					for (size_t j = 0; j < from; j++)
						text[j] = j % 50 == 49 ? '\n' : ' ';
					size_t end = put(text, from, pieces[i]);
					end = put(text, end, e % 2 ? "\n" : "");
					compare(set, s, framed(room, text, end, 'x'), "lines");
				}
			}
		}
	}
	unsetenv("TOCSIN_CPU");
}

static void
names_may_end_in_digits(void **state)
{
	with_tails = true;
	no_hit_is_without_a_place(state);
	edges_hide_nothing(state);
	with_tails = false;
}

/* Hits and counts of a whole log, as words. */
static void
tell_log(const struct match_set *set, struct sweep *s, struct span log, const char *reader,
	struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	scan.text = reads;
	own_stream struct stream *stream = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(
		&reading, stream, reader ? reader_find(span_of(reader)) : NULL, LINES_ALL, NOON);
	if (s && log.len % 4 == 3)
		reading_sweep_all(&reading, s);
	else if (s)
		reading_sweep(&reading, s, log.len % 4); /* threads besides this one */
	buf_reset(out);
	enum rc code;
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN) {
		size_t hits = code ? 0 : scan_record(&scan, &r, SPAN("log"), &hit);
		for (size_t i = 0; i < hits; i++)
			tell_hit(&hit[i], out);
	}
	buf_printf(out, "%llu hits in %llu records\n", (unsigned long long)scan.counts.hits,
		(unsigned long long)(scan.counts.records + reading_passed(&reading)));
	buf_add_byte(out, 0);
	scan_fini(&scan);
}

/* Long stretches without a hit between, so that there is something to pass over. */
static size_t
make_log(struct rng rng, char *to, size_t want, const char *quiet)
{
	size_t at = 0;
	while (at < want) {
		if (chance(rng, 30) == 0) {
			at += make_text(rng, to + at, chance(rng, 120));
			at = put(to, at, "\n");
			continue;
		}
		for (uint32_t n = chance(rng, 40); n && at < want; n--)
			at = put(to, at, quiet);
	}
	return at;
}

static void
a_swept_log_has_the_same_hits(void **state)
{
	(void)state;
	static const struct {
		const char *reader, *head, *quiet;
	} logs[] = {
		{"lines", "", "nothing to see 10.0.0.1 here.example\n"},
		{NULL, "", "nothing\n"},
		{"zeek",
			"#separator "
			"\\x09\n#fields\tts\tid.orig_h\tquery\n#types\ttime\taddr\tstring\n",
			"1700000000.5\t10.0.0.1\tquiet.example\n"},
		{"csv", "time,src,name\n", "2026-01-01T00:00:00Z,10.0.0.1,quiet.example\n"},
		{"csv", "time,src,name\n",
			"2026-01-01T00:00:00Z,\"10.0.0.1\",\"a \"\"b\"\"\nc\"\n"},
		{"json", "", "{\"a\":\"quiet.example\",\"n\":[1,2]}\n"},
		{"eve", "",
			"{\"timestamp\":\"2026-01-01T00:00:00.000000+0000\",\"src_ip\":\"10.0.0."
			"1\"}\n"},
		{"syslog", "", "Jan  1 00:00:00 host app[1]: quiet\r\n"},
		{"clf", "", "10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n"},
		{"syslog", "",
			"<13>1 2026-01-01T00:00:00Z host named 1 - [a b=\"c\"] client 10.0.0.1#5 "
			"(quiet.example): query: quiet.example IN A + (10.0.0.53)\n"},
		{"syslog", "",
			"Jan  1 00:00:00 host postfix/smtp[1]: 4F: to=<a@quiet.example>, "
			"relay=quiet.example[10.0.0.1]:25\n"},
		{"squid", "",
			"1767225600.000 1 10.0.0.1 TCP_MISS/200 1 GET http://quiet.example/ - "
			"HIER_DIRECT/10.0.0.2 text/html\n"},
		{"w3c", "#Fields: date time c-ip cs-host cs-uri-stem cs-uri-query\n",
			"2026-01-01 00:00:00 10.0.0.1 quiet.example / -\n"},
		{"w3c", "#Date: 2026-01-01 00:00:00\n#Fields: time,client-ip,sender-address\n",
			"00:00:01,10.0.0.1,\"a@quiet.example\"\n#Date: 2026-01-02 00:00:00\n"},
		{"ecs", "",
			"{\"@timestamp\":\"2026-01-01T00:00:00Z\",\"url\":{\"domain\":"
			"\"url.example\",\"path\":\"/\"}}\n"},
		{"windows-json", "",
			"{\"TimeCreated\":\"2026-01-01T00:00:00Z\",\"Payload\":\"{"
			"\\\"EventData\\\":"
			"{\\\"Data\\\":[{\\\"@Name\\\":\\\"ja3\\\",\\\"#text\\\":\\\"x\\\"}]}}\"}"
			"\n"},
		{"windows-xml", "", "<Event><a>quiet&#46;example</a><b>evil&#46;org</b></Event>\n"},
		{"dns", "",
			"01-Jan-2026 00:00:00.000 client 10.0.0.1#5 (quiet.example): query: "
			"quiet.example IN A +\n"},
		{"windows-dns", "",
			"1/1/2026 0:00:00 AM 1 PACKET 2 UDP Rcv 10.0.0.1 3 Q [1] A "
			"(4)evil(3)org(0)\n"},
		{NULL, "(4)evil(3)org(0)\n", "(4)evil(3)org(0) nothing\n"},
		{"json-documents", "[", "{\"a\":\"quiet.example\"},\n"},
		{"json-documents", "{\"Records\":[",
			"{\"time\":\"2026-01-01T00:00:00Z\",\"a\":[{\"b\":{}}]},"},
		{"json-documents", "",
			"{\n \"a\": [\"quiet\\\"\", {}],\n \"time\":\"2026-01-01T00:00:00Z\"\n}\n"},
		{"json-documents", "", "{\n \"a\": \"quiet\",\n \"b\": [1, [{}, 2]]\n}\n"},
		{"json-documents", "[\n", "{\n\"a\":\"quiet\"\n},\r\n{},{\"\":\"\"},\n1,\n"},
		{"windows-xml", "<?xml version='1.0'?>\n<Events>",
			"<Event><a b='c'>quiet &quot;x&quot;</a></Event>"},
		{"windows-xml", "<Events>\n", "<Event>\r\n <a>quiet</a>\r\n <b/>\r\n</Event>\r\n"},
		{"windows-xml", "",
			"<Event><a>quiet</a></Event>\nbetween\n\n<Event><b>1&lt;2</b></Event> "
			"<Event>"},
		{"csv", "time,src,name\n", "\"2026-01-01T00:00:00Z\",\"10.0.0.1\",\"a\"\n"},
	};
	own_match_set struct match_set *set = set_of(list);
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_buf struct buf plain = {}, swept = {};
	enum { LONG = 3 << 20 };
	own_mem char *log = mem_new(LONG + 10000);
	for (size_t k = 0; k < sizeof cpus / sizeof *cpus; k++) {
		setenv("TOCSIN_CPU", cpus[k], 1);
		own_sweep struct sweep *s = sweep_new(set);
		if (strcmp(sweep_cpu(s), cpus[k]) != 0)
			continue;
		if (reads == SCAN_DEFANGED)
			sweep_defanged(s);
		for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
			for (unsigned turn = SLOW ? 2 : 0; turn < 4; turn++) {
				size_t at = put(log, 0, logs[i].head);
				at += make_log(rng, log + at, turn ? LONG >> 2 * turn : 300000,
					logs[i].quiet);
				struct span text = {log, at};
				tell_log(set, NULL, text, logs[i].reader, &plain);
				tell_log(set, s, text, logs[i].reader, &swept);
				if (strcmp(plain.ptr, swept.ptr) != 0) {
					size_t d = 0;
					while (plain.ptr[d] == swept.ptr[d])
						d++;
					fail_msg("%s, %s: plain %.300s\nswept %.300s", cpus[k],
						logs[i].reader ? logs[i].reader : "sniffed",
						plain.ptr + (d < 100 ? 0 : d - 100),
						swept.ptr + (d < 100 ? 0 : d - 100));
				}
			}
		}
	}
	unsetenv("TOCSIN_CPU");
}

/* The same with defanging undone. */
static void
no_defanged_hit_is_without_a_place(void **state)
{
	reads = SCAN_DEFANGED;
	no_hit_is_without_a_place(state);
	reads = SCAN_AS_IS;
}

static void
a_swept_defanged_log_has_the_same_hits(void **state)
{
	reads = SCAN_DEFANGED;
	a_swept_log_has_the_same_hits(state);
	reads = SCAN_AS_IS;
}

/* Whether a form alone on its line is found by both, as each reader undoes what hides it; how often it is found. */
static unsigned
alone(const struct match_set *set, struct sweep *s, const char *form)
{
	static const char *const frames[][4] = {{"lines", "quiet\n", "", "\n"},
		{"json", "{\"a\":\"quiet\"}\n", "{\"mac\":\"", "\"}\n"},
		{"zeek", "#separator \\x09\n#fields\tts\tmac\n#types\ttime\tstring\n",
			"1700000000.5\t", "\n"}};
	own_buf struct buf log = {}, plain = {}, swept = {};
	unsigned hits = 0;
	for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
		buf_reset(&log);
		buf_add(&log, span_of(frames[f][1]));
		buf_printf(&log, "%s%s%s", frames[f][2], form, frames[f][3]);
		tell_log(set, NULL, buf_span(&log), frames[f][0], &plain);
		tell_log(set, s, buf_span(&log), frames[f][0], &swept);
		hits += plain.ptr[0] != '0';
		assert_string_equal(plain.ptr, swept.ptr);
	}
	return hits;
}

static void
each_form_is_seen_alone(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *s = sweep_new(set);
	unsigned hits = 0;
	sweep_defanged(s);
	reads = SCAN_DEFANGED;
	for (size_t i = 0; i < sizeof defanged / sizeof *defanged; i++)
		hits += alone(set, s, defanged[i]);
	reads = SCAN_AS_IS;
	assert_true(hits > 100);
}

static void
each_piece_is_seen_alone(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of(list);
	for (size_t k = 0; k < sizeof cpus / sizeof *cpus; k++) {
		unsigned hits = 0;
		setenv("TOCSIN_CPU", cpus[k], 1);
		own_sweep struct sweep *s = sweep_new(set);
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
			hits += alone(set, s, pieces[i]);
		assert_true(hits > 200);
	}
	unsetenv("TOCSIN_CPU");
}

/* In a line of a table it seems to go on behind the separator. */
static void
a_url_ends_where_its_field_does(void **state)
{
	(void)state;
	static const char *const urls[] = {"http://[2001:db8::99]/x", "http://192.0.2.7/x",
		"http://evil.example/x", "http://\303\274ber.example/x"};
	own_buf struct buf log = {}, plain = {}, swept = {};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		own_match_set struct match_set *set = set_of(urls[i]);
		own_sweep struct sweep *s = sweep_new(set);
		buf_reset(&log);
		buf_printf(&log, "k,v,n\nx,q,1\nx,%s,1\nb,c,1\nx,(%s|2),1\n", urls[i], urls[i]);
		tell_log(set, NULL, buf_span(&log), "csv", &plain);
		tell_log(set, s, buf_span(&log), "csv", &swept);
		assert_true(plain.ptr[0] == '3');
		assert_string_equal(plain.ptr, swept.ptr);
	}
}

/* Lines with brackets, but without a sign, are not read. */
static void
what_no_sign_is_in_is_passed_over(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of(list);
	own_buf struct buf log = {};
	while (log.len < 300000)
		buf_add(&log,
			SPAN("Jan  1 00:00:00 host app[12]: GET /x.html (text) {\"next\":\"C:\\\\"
			     "Windows\\\\x.exe\"} meowing [::1] [info]\n"));
	buf_add(&log, SPAN("look at evil[.]org\n"));
	own_sweep struct sweep *s = sweep_new(set);
	sweep_defanged(s);
	own_stream struct stream *stream = stream_new_span(buf_span(&log), NULL);
	own_reading struct reading reading;
	struct record r;
	enum rc code;
	size_t read = 0;
	reading_init(&reading, stream, reader_find(SPAN("lines")), LINES_ALL, NOON);
	reading_sweep(&reading, s, 0);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN)
		read += !code;
	assert_int_equal(read, 1);
	assert_true(reading_passed(&reading) > 1000);
}

/* The one that TOCSIN_CPU asks for runs, where this machine has it. */
static void
what_is_asked_for_runs(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of(list);
	setenv("TOCSIN_CPU", "c", 1);
	own_sweep struct sweep *plain = sweep_new(set);
	assert_string_equal(sweep_cpu(plain), "c");
#if defined __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		setenv("TOCSIN_CPU", "avx2", 1);
		own_sweep struct sweep *s = sweep_new(set);
		assert_string_equal(sweep_cpu(s), "avx2");
	}
#endif
	setenv("TOCSIN_CPU", "plain", 1);
	assert_false(sweep_is_wanted());
	unsetenv("TOCSIN_CPU");
	assert_true(sweep_is_wanted());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_hit_is_without_a_place),
		cmocka_unit_test(edges_hide_nothing),
		cmocka_unit_test(names_may_end_in_digits),
		cmocka_unit_test(a_swept_log_has_the_same_hits),
		cmocka_unit_test(no_defanged_hit_is_without_a_place),
		cmocka_unit_test(a_swept_defanged_log_has_the_same_hits),
		cmocka_unit_test(each_form_is_seen_alone),
		cmocka_unit_test(each_piece_is_seen_alone),
		cmocka_unit_test(a_url_ends_where_its_field_does),
		cmocka_unit_test(what_no_sign_is_in_is_passed_over),
		cmocka_unit_test(what_is_asked_for_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
