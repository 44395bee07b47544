/* Names as counted labels: read as they are written, and swept without reading every line. */
#include "../seed.h"
#include "strings_world.h"

#include "base/own.h"
#include "match/counted.h"

static void
labels_are_read_by_their_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *text, *names;
	} cases[] = {
		{"A (3)www(4)evil(3)org(0)", "2 www.evil.org;"},
		{"(4)evil(3)org(0)(1)x(0) (03)abc(00)", "0 evil.org;16 x;24 abc;"},
		{"(0) () (a) (4)evil (4)evil(3)or(0)", ""},
		{"(3)a(b(0)", "0 a(b;"},
		{"(9)evil(3)org(0)", "7 org;"},
		{"(4)evil(3)org", ""},
		{"(4)evil(3", ""},
		{"(100)x(0) (64)x(0) (1)y(0)", "19 y;"},
		{"((((3)org(0)", "3 org;"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		own_buf struct buf names = {};
		struct counted one;
		for (size_t at = 0; counted_next(span_of(cases[i].text), &at, &one);)
			buf_printf(&names, "%zu %.*s;", one.at, (int)one.name.len, one.name.ptr);
		buf_add_byte(&names, 0);
		assert_string_equal(names.ptr, cases[i].names);
	}
	own_buf struct buf longest = {};
	struct counted one;
	for (unsigned i = 0; i < 63; i++)
		buf_add(&longest, SPAN("(3)abc"));
	size_t before = longest.len, at = 0;
	buf_add(&longest, SPAN("(1)d(0)"));
	assert_true(counted_next(buf_span(&longest), &at, &one));
	assert_int_equal(one.name.len, COUNTED_LONGEST);
	longest.len = before;
	buf_add(&longest, SPAN("(2)de(0)"));
	at = 0;
	assert_false(counted_next(buf_span(&longest), &at, &one));
}

static void
a_swept_log_of_counted_names_has_the_same_hits(void **state)
{
	(void)state;
	static const char *const pieces[] = {"(4)evil(3)org(0)", "(3)www(4)evil(3)org(0)",
		"(4)EVIL(3)org(0)", "evil.org", "(5)quiet(7)example(0)", "(4)evil", "(3)org(0)",
		"(0)", "(3)", "(", ")", "198.51.100.7", " ", "\n", "\n", "(9)evil-corp(2)de(0)",
		"(4)evil(3)org(00)", "(7)evi\nl(3)org(0)", "http://evil.org/a",
		"[R 0001 NOERROR] A ", "(4)ev[.](3)org(0)", "{\"a\":\"", "\"}\n"};
	static const char *const readers_to_try[] = {"windows-dns", "lines", NULL, "json", "csv"};
	enum { TURNS = 600, PIECES = sizeof pieces / sizeof *pieces };
	static const char *const one[] = {"[domain-name:value LIKE '%evil-corp%']"};
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_match_set struct match_set *set = set_of_patterns(one, 1);
	set_add(set, SPAN("evil.org\n198.51.100.7\n"));
	unsigned some = 0;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		own_buf struct buf log = {}, plain = {}, swept = {};
		buf_add(&log, SPAN("(5)first(7)example(0)\n"));
		uint32_t want = turn % 100 ? chance(rng, 400) : 1 << 20;
		while (log.len < want) {
			buf_add(&log, span_of(pieces[chance(rng, PIECES)]));
			for (uint32_t quiet = chance(rng, 20) ? 0 : chance(rng, 200); quiet;
				quiet--)
				buf_add(&log, SPAN("\nquiet (3)www(5)quiet(7)example(0)"));
		}
		const char *reader = readers_to_try[turn % 5];
		hits_of(set, buf_span(&log), NULL, reader, &plain);
		struct scan scan;
		struct record r;
		const struct hit *hit;
		enum rc code;
		own_sweep struct sweep *sweep = sweep_new(set);
		own_stream struct stream *s = stream_new_span(buf_span(&log), NULL);
		own_reading struct reading reading;
		scan_init(&scan, set, (struct clock){noon_now, NULL});
		reading_init(
			&reading, s, reader ? reader_find(span_of(reader)) : NULL, LINES_ALL, NOON);
		reading_sweep(&reading, sweep, turn % 3);
		while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN)
			if (!code) {
				size_t hits = scan_record(&scan, &r, SPAN("log"), &hit);
				tell_hits(hit, hits, &swept);
			}
		scan_fini(&scan);
		buf_add_byte(&swept, 0);
		if (strcmp(plain.ptr, swept.ptr) != 0)
			fail_msg("turn %u, %s:\n%s\n%s\n%.*s", turn, reader ? reader : "sniffed",
				plain.ptr, swept.ptr, (int)(log.len < 1000 ? log.len : 1000),
				log.ptr);
		some += plain.len > 1;
	}
	assert_true(some > TURNS / 2);
}

static void
lines_of_counted_names_that_nobody_knows_are_passed_over(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.org\n");
	own_sweep struct sweep *sweep = sweep_new(set);
	own_buf struct buf log = {};
	struct record r;
	enum rc code;
	size_t read = 0;
	while (log.len < 300000)
		buf_add(&log, SPAN("1/1/2026 0:00:00 AM 1 PACKET 2 UDP Rcv 10.0.0.1 3 Q [1] A "
				   "(5)quiet(7)example(0)\n"));
	buf_add(&log, SPAN("1/1/2026 0:00:00 AM 1 PACKET 2 UDP Rcv 10.0.0.1 3 Q [1] A "
			   "(1)x(4)evil(3)org(0)\n"));
	own_stream struct stream *s = stream_new_span(buf_span(&log), NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, NULL, LINES_ALL, NOON);
	reading_sweep(&reading, sweep, 0);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN)
		read += !code;
	assert_string_equal(reading.reader->name, "windows-dns");
	assert_int_equal(read, 1);
	assert_true(reading_passed(&reading) > 3000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_read_by_their_lengths),
		cmocka_unit_test(a_swept_log_of_counted_names_has_the_same_hits),
		cmocka_unit_test(lines_of_counted_names_that_nobody_knows_are_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
