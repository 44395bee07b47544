/* Wherever the plain scanner has a hit, the fast pass names a place on its line, by every kernel that runs here. */
#include "../seed.h"
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/own.h"
#include "base/rng.h"
#include "jail/sanitizer.h"
#include "match/sweep.h"
#include "world.h"

/* Under a sanitizer the same takes five to twenty times as long: fewer turns there. */
enum { SLOW = SANITIZER != SANITIZER_NONE };

static const char *const cpus[] = {"c", "avx2", "avx512", "neon"};

static const char list[] =
	"evil.org\nsub.worse.example\nhttp://url.example/a/b\nhttp://192.0.2.77/"
	"x\nspam@mail.example\n"
	"198.51.100.7\n203.0.113.0/28\n10.20.0.0/15\n2001:db8::7\n2001:db8:5::/"
	"48\n::beef:7\n::ffff:192.0.2.200\n"
	"d41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	"aa:bb:cc:dd:ee:ff\n00:1b:44:11:3a:b7\nCVE-2024-1234\nCVE-2021-44228\n"
	"t13d1516h2_8daaf6152771_e5627efa2ab1\nb\xc3\xbc"
	"cher.de\nfoo.xn--p1ai\n"
	"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5.long.example\n";

/* Names that end in a digit: ends of words that do are looked at only where a set has such. */
static const char tails[] = "evil.d5\nsub.evil.de55\n12.34.56.7a8\n";
static bool with_tails;

static struct match_set *
world(void)
{
	struct match_set *set = set_of(list);
	if (with_tails)
		set_add(set, span_of(tails));
	return set;
}

/* What texts are put together from. */
static const char *const pieces[] = {"evil.org", "EVIL.Org", "www.evil.org", "evil.org.", "evil.d5",
	"EVIL.D5", "1.evil.d5", "evil.d55", "sub.evil.de55", "9.12.34.56.7a8", "12.34.56.7A8",
	"12.34.56.78", "evil.d5.", "xevil.org", "evil.organic", "-evil.org", "--evil.org-",
	"evil.org..", "..evil.org", "a..evil.org", "_evil.org", "sub.worse.example",
	"a.sub.worse.example", "worse.example", "http://url.example/a/b/c",
	"https://url.example/a/b", "http:\\/\\/url.example\\/a\\/b",
	"http%3A%2F%2Furl.example%2Fa%2Fb", "spam@mail.example", "spam%40mail.example",
	"x@evil.org", "198.51.100.7", "198.51.100.7.", "198.51.100.7:80", "198.51.100.70",
	"1198.51.100.7", "198.51.100.7.8", "198.51.100.7-198.51.100.9", "198.51.100.5-198.51.100.7",
	"1.2.3.4-5.6.7.8", "198.51.100.7.443 > 5.6.7.8.53:", "203.0.113.9", "203.0.113.99",
	"10.21.255.255", "10.22.0.0", "2001:db8::7", "2001:DB8:0:0:0:0:0:7", "[2001:db8::7]:80",
	"2001:db8:5::1%eth0", "::beef:7", "\\t::beef:7", "\\x09::beef:7", "\\u0009::beef:7",
	"\\x09a::beef:7", "SMTP::beef:7", "\\x09SMTP::beef:7", "\\nSMTP::beef:7", "\\tbe::beef:7",
	"68:5d:43:8b:f9:de", "198.51.100.7/./", "198.51.100.7/../", "1.2.3", "198.51.100%2e7",
	"0:0:0:0:0:0:beef:7", "0:0:0:0:0:0:190.239.0.7", "::190.239.0.7", "2001:db8:5:6:7:8:9:a",
	"::ffff:198.51.100.7", "::ffff:c633:6407", "64:ff9b::1", "aa:bb:cc:dd:ee:ff", "12:34:56",
	"AA:bb:CC:dd:EE:ff", "aa-bb-cc-dd-ee-ff", "AABB.CCDD.EEFF", "aabbccddeeff",
	"00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7", "001B44113AB7", "CVE-2024-1234",
	"cve-2024-1234", "CVE_2021_44228", "cVe-2021-44228", "xCVE-2024-1234", "CVE-2024-12345",
	"CVE-2024-1234-x", "\\nCVE-2024-1234", "\\u0043VE-2024-1234", "CVE\\u002d2024-1234",
	"CVE-2024-1234\xc3\xa9", "%20CVE-2024-1234", "exploit_CVE-2021-44228",
	"\x1b[31mCVE-2024-1234\x1b[0m", "ab-2024-1234", "01:aa:bb:cc:dd:ee:ff",
	"aa:bb:cc:dd:ee:ff:1", "aa-bb-cc-dd-ee-ff-1", "x.aabb.ccdd.eeff",
	"MAC=aa:bb:cc:dd:ee:ff:00:1b:44:11:3a:b7:08:00", "mac:aabbccddeeff", "\\naabbccddeeff",
	"\\baabbccddeeff", "%0Aaabbccddeeff", "\\u0022aabbccddeeff", "\\u0061abbccddeeff",
	"\\baa:bb:cc:dd:ee:ff", "aa\\u003abb:cc:dd:ee:ff", "%20aa-bb-cc-dd-ee-ff",
	"\x1b[31maa:bb:cc:dd:ee:ff\x1b[0m", "\x1b[0maabb.ccdd.eeff", "2026-11-26T12:30:45",
	"{\"mac\":\"aabbccddeeff\"}", "{\"src_mac\":\"\\n001B44113AB7\"}",
	"d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E",
	"xd41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e0",
	"d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"t13d1516h2_8daaf6152771_e5627efa2ab1", "T13D1516H2_8DAAF6152771_E5627EFA2AB1",
	"\\tt13d1516h2_8daaf6152771_e5627efa2ab1", "-t13d1516h2_8daaf6152771_e5627efa2ab1.",
	"t13d1516h2\\u005f8daaf6152771_e5627efa2ab1", "x_t13d1516h2_8daaf6152771_e5627efa2ab1_y",
	"t13d1516h2-8daaf6152771-e5627efa2ab1",
	"{\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\"}", "99aabbccddeeff",
	"\\x0099aabbccddeeff", "q99aabbccddeeff", ":0001b44113ab7",
	"b\xc3\xbc"
	"cher.de",
	"B\xc3\x9c"
	"CHER.de",
	"x.b\xc3\xbc"
	"cher.de",
	"xn--bcher-kva.de", "foo.xn--p1ai", "foo.\xd1\x80\xd1\x84", "evil\xe3\x80\x82org",
	"\xef\xbd\x85vil.org", "evil.org\xc3\xbc",
	"\xc3\xbc"
	"evil.org",
	"\xffvil.org",
	"\xe3\x80\x80"
	"evil.org",
	"%2Fevil.org", "%252Fevil.org", "%20198.51.100.7", "%2Eevil.org", "evil%2Eorg",
	"b%C3%BCcher.de", "\\nevil.org", "\\x22evil.org", "\\u0022evil.org", "\\u0065vil.org",
	"evil\\u002eorg", "evil\\x2eorg", "\\n198.51.100.7", "\\t198.51.100.7", "\\x20198.51.100.7",
	"\\nd41d8cd98f00b204e9800998ecf8427e", "%0Ad41d8cd98f00b204e9800998ecf8427e",
	"\x1b[31mevil.org\x1b[0m", "\x1b[1;31mevil.org", "#033[Kevil.org", "\\u001b[1m198.51.100.7",
	"\x1b[0md41d8cd98f00b204e9800998ecf8427e", "[evil.org]", "v1.2.3.4", "Chrome/198.51.100.7",
	"tcp/198.51.100.7", "1.3.6.1.4.1.198.51.100.7", "0.0.0.0", "3.14159", "17.1", "\xc2\xa0",
	"\xe2\x80\xa6",
	"\xe3\x80\x8c"
	"b\xc3\xbc"
	"cher.de\xe3\x80\x8d\xe3\x83\x86",
	"\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88\xe3\x80\x82", "\xe3\x83\x86.evil.org\xe3\x80\x82",
	"foo\xe3\x80\x82\xd1\x80\xd1\x84\xe3\x80\x82\xe3\x83\x86", "\xe3\x83\x86\xe3\x80\x82",
	"\\u30c6\\u30b9\\u3002", "b\\u00fccher.de", "\\u0431.\\u0440\\u0444", "foo.\\u0440\\u0444",
	"foo\\u3002\\u0440\\u0444\\u2026", "\\uff45vil.org", "evil\\uff0eorg", "\\u2026evil.org",
	"\\ud835\\udc1evil.org", "\xf0\x9d\x90\x9evil.org", "www.\\u3042.evil.org",
	"\xc3\xa9vil.org\xc2\xbb",
	"\xc2\xab"
	"b\xc3\xbc"
	"cher.de\xc2\xbb",
	"\xe2\x93\x94vil.org", "evil.\xe2\x93\x9e\xe2\x93\xa1\xe2\x93\x96",
	"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5.long.example",
	"x.a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5.long.example"};

/* What is found with defanging undone, or nearly; the rest is put together by chance. */
static const char *const defanged[] = {"evil[.]org", "EVIL[.]ORG", "evil(dot)org", "evil[DOT]org",
	"evil{.}org", "evil[,]org", "evil[punkt]org", "www[.]evil[.]org", "[www].evil.org",
	"evil\\.org", "evil\\\\.org", "evil[\\u002e]org", "evil\\u005b.]org",
	"evil[.\\u005d"
	"org",
	"evil\\x5b.\\x5dorg", "evil\\x5b.]org", "evil[d\\u006ft]org", "evil\\u005c.org",
	"hxxp://url.example/a/b", "HXXPS://url[.]example/a/b", "h**p://url.example/a/b",
	"htxp://url.example/a/b", "hxtps://url.example/a/b", "meow://url.example/a/b",
	"hxxp[:]//url.example/a/b", "hxxp[://]url.example/a/b", "http[:]//url.example/a/b",
	"http[:\\/\\/]url.example\\/a\\/b", "hxxp:\\/\\/url[.]example\\/a\\/b",
	"hx\\u0078p://url.example/a/b", "hxxp\\u003a//url.example/a/b",
	"http://url.example[/]a[/]b", "http:\\/\\/url.example[\\/]a[\\/]b",
	"http:[//]url.example/a/b", "hxxp://192.0.2[.]77/x", "198[.]51[.]100[.]7", "198.51.100[.]7",
	"198.51.100\\.7", "198(.)51(.)100(.)7", "[198].[51].[100].[7]", "203[.]0[.]113[.]9",
	"2001[:]db8[:][:]7", "2001[:]db8::7", "2001(:)db8::7", "spam[at]mail.example",
	"spam(at)mail[.]example", "spam[@]mail.example", "spam{at}mail.example",
	"spam\\u0028at)mail.example", "aa[:]bb[:]cc[:]dd[:]ee[:]ff", "aabb[.]ccdd[.]eeff",
	"xevil[.]org", "evil[.]organic",
	"b\xc3\xbc"
	"cher[.]de",
	"\nhxxp://url.example/a/b", "x[.]y", "app[1234]:", "{\"a\":[1,2]}", "evil[", "[/]a",
	"/]a/b", "url.example["};

/* How the plain scanner reads, and of what texts are made. */
static enum scan_text reads;

static const char *const between[] = {" ", "\t", ",", "\"", "=", ":", ";", "/", ".", "-", "_", "@",
	"%", "\\", "[", "]", "(", "'", "", "", "\n", "\n", "\r\n", " \n", "x", "0", "::", "..",
	"\xc3\xa9", "\xff", "|", "\\\\"};

static uint32_t
chance(struct rng rng, uint32_t below)
{
	uint32_t v;
	rng_fill(rng, &v, sizeof v);
	return v % below;
}

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
		while (at < r.places && r.place[at] < record.offset)
			at++;
		bool there = at < r.places && r.place[at] <= record.offset + record.text.len;
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

static size_t
put(char *to, size_t at, const char *piece)
{
	size_t len = strlen(piece);
	memcpy(to + at, piece, len);
	return at + len;
}

static size_t
make_text(struct rng rng, char *to, size_t want)
{
	size_t at = 0;
	while (at < want) {
		uint32_t kind = chance(rng, 10);
		if (kind < 4 && reads == SCAN_DEFANGED)
			at = put(to, at, defanged[chance(rng, sizeof defanged / sizeof *defanged)]);
		else if (kind < 6)
			at = put(to, at, pieces[chance(rng, sizeof pieces / sizeof *pieces)]);
		else if (kind < 7)
			for (uint32_t n = chance(rng, 40); n; n--)
				to[at++] = "abcXYZ012.-_"[chance(rng, 12)];
		else if (kind < 8)
			for (uint32_t n = chance(rng, 12); n; n--)
				to[at++] = (char)chance(rng, 256);
		at = put(to, at, between[chance(rng, sizeof between / sizeof *between)]);
	}
	return at;
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
tell_hits(const struct match_set *set, struct sweep *s, struct span log, const char *reader,
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
	if (s)
		reading_sweep(&reading, s, log.len % 3); /* threads besides this one */
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
				tell_hits(set, NULL, text, logs[i].reader, &plain);
				tell_hits(set, s, text, logs[i].reader, &swept);
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
		tell_hits(set, NULL, buf_span(&log), frames[f][0], &plain);
		tell_hits(set, s, buf_span(&log), frames[f][0], &swept);
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
		tell_hits(set, NULL, buf_span(&log), "csv", &plain);
		tell_hits(set, s, buf_span(&log), "csv", &swept);
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
