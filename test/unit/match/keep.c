/*
 * What patterns hold outlives the process: read back at every record of a log, or every so many, it makes the same
 * hits as if nobody had stopped.
 */
#include "../test.h"

#include "chance.h"
#include "match/arm.h"
#include "match/stream_keep.h"
#include "world.h"

static int64_t clock_at = NOON;

static int64_t
clock_said(const void *ctx)
{
	(void)ctx;
	return clock_at;
}

static const char *const patterns[] = {
	"[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']",
	"[domain-name:value = 'a.org'] AND [ipv4-addr:value = '192.0.2.1']",
	"([domain-name:value IN ('a.org', 'c.org')] FOLLOWEDBY [domain-name:value = 'b.org']) "
	"WITHIN 40 SECONDS",
	"[domain-name:value = 'c.org'] REPEATS 4 TIMES",
	"[ipv4-addr:value ISSUBSET '192.0.2.0/24'] REPEATS 3 TIMES WITHIN 20 SECONDS",
	"[file:name = 'evil.exe'] FOLLOWEDBY [domain-name:value LIKE '%.b.org']",
	"([domain-name:value = 'a.org'] AND [domain-name:value = 'b.org'] AND "
	"[domain-name:value = 'c.org']) START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'",
	"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' AND domain-name:value = 'a.org'] OR "
	"[url:value = 'http://a.org/x'] FOLLOWEDBY [email-addr:value = 'bad@c.org']",
};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

static void
add_pattern(struct match_set *set, size_t number, const char *pattern)
{
	char id[64];
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	snprintf(id, sizeof id, "indicator--%08zu-0000-4000-8000-000000000000", number);
	struct indicator facts = {.id = span_of(id),
		.name = span_of(id),
		.party = SPAN("CERT A"),
		.pattern = span_of(pattern),
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = (int)number};
	arm_pattern(&facts, &batch);
	assert_rc(arm_commit(set, &batch, &counts, NULL), RC_OK);
	assert_true(counts.compound == 1);
}

/* With another seed and in another order each time. */
static struct match_set *
make_set(void)
{
	struct match_set *set = match_set_new(chance(1 << 30));
	size_t first = chance(PATTERNS);
	for (size_t i = 0; i < PATTERNS; i++)
		add_pattern(set, (first + i) % PATTERNS, patterns[(first + i) % PATTERNS]);
	return set;
}

static void
tell(const struct hit *hit, size_t hits, struct buf *out)
{
	for (size_t i = 0; i < hits; i++) {
		buf_printf(out, "%.*s %.*s %d %llu:", (int)hit[i].indicator.len,
			hit[i].indicator.ptr, (int)hit[i].party.len, hit[i].party.ptr,
			hit[i].confidence, (unsigned long long)hit[i].line);
		for (size_t k = 0; k < hit[i].parts; k++) {
			const struct hit_part *p = &hit[i].part[k];
			buf_printf(out, " %lld %.*s %.*s %llu %llu", (long long)p->time,
				(int)p->seen.value.len, p->seen.value.ptr, (int)p->file.len,
				p->file.ptr, (unsigned long long)p->line,
				(unsigned long long)p->offset);
		}
		buf_add_byte(out, '\n');
	}
}

/* The process ends and another one goes on. */
static void
restart(struct scan *scan, struct match_set **set)
{
	own_buf struct buf kept = {};
	struct diag why = {};
	struct streams_kept counts;
	enum stream_pace pace = scan->pace;
	assert_int_equal(streams_keep(scan_streams(scan), &kept), 0);
	scan_fini(scan);
	match_set_free(set);
	*set = make_set();
	scan_init(scan, *set, (struct clock){clock_said, NULL});
	scan->pace = pace;
	enum rc code = streams_resume(scan_streams(scan), *set, buf_span(&kept), &counts, &why);
	if (code)
		fail_msg("%s: %s\n%.*s", why.where, why.what, (int)kept.len, kept.ptr);
	assert_int_equal(counts.gone, 0);
	own_buf struct buf again = {};
	assert_int_equal(streams_keep(scan_streams(scan), &again), 0);
	assert_int_equal(again.len, kept.len);
}

/* every: so many records between two ends, 0: none. */
static void
scan_log(struct span log, enum stream_pace pace, size_t every, struct buf *out)
{
	struct record r;
	struct scan scan;
	const struct hit *hit;
	static const char *const files[] = {"x.log", "a file", "100%"};
	struct match_set *set = make_set();
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	scan_init(&scan, set, (struct clock){clock_said, NULL});
	scan.pace = pace;
	clock_at = NOON;
	reading_init(&reading, s, reader_find(SPAN("lines")), LINES_ALL, NOON + 86400 * SECOND);
	reading.numbers = true;
	for (size_t n = 1; !reading_next(&reading, &r, NULL); n++) {
		tell(hit, scan_record(&scan, &r, span_of(files[r.line % 3]), &hit), out);
		clock_at += SECOND / 2;
		if (every && n % every == 0)
			restart(&scan, &set);
	}
	tell(hit, scan_settle(&scan, &hit), out);
	scan_fini(&scan);
	match_set_free(&set);
}

static void
write_log(struct buf *out, size_t lines, bool timed)
{
	static const char *const words[] = {"a.org", "b.org", "c.org", "192.0.2.1", "192.0.2.9",
		"x.b.org", "C:\\Temp\\evil.exe", "http://a.org/x", "bad@c.org", "nothing.org",
		"d41d8cd98f00b204e9800998ecf8427e a.org"};
	int64_t time = NOON;
	for (size_t i = 0; i < lines; i++) {
		char text[TIME_TEXT];
		time_text(time + (int64_t)chance(3) * SECOND, text);
		time += (int64_t)chance(12) * SECOND;
		if (timed && chance(9))
			buf_printf(out, "%s ", text);
		buf_printf(out, "%s", words[chance(sizeof words / sizeof *words)]);
		if (!chance(4))
			buf_printf(out, " and %s", words[chance(9)]);
		buf_add_byte(out, '\n');
	}
}

static void
ended_at_every_record_the_hits_are_those_of_one_run(void **state)
{
	(void)state;
	size_t hits = 0;
	for (unsigned round = 0; round < 400; round++) {
		own_buf struct buf log = {}, once = {}, often = {};
		enum stream_pace pace = chance(2) ? STREAM_LIVE : STREAM_STORED;
		write_log(&log, 5 + chance(60), chance(4) != 0);
		scan_log(buf_span(&log), pace, 0, &once);
		scan_log(buf_span(&log), pace, 1 + (chance(2) ? 0 : chance(9)), &often);
		buf_add_byte(&once, 0);
		buf_add_byte(&often, 0);
		if (strcmp(once.ptr, often.ptr) != 0)
			fprintf(stderr, "# round %u of seed\n# %.*s\n", round, (int)log.len,
				log.ptr);
		assert_string_equal(often.ptr, once.ptr);
		for (size_t i = 0; i < once.len; i++)
			hits += once.ptr[i] == '\n';
	}
	assert_true(hits > 400);
}

/* More is held than is asked about at once, and some of it was forgotten. */
static void
a_long_wait_is_kept_too(void **state)
{
	(void)state;
	own_buf struct buf log = {}, once = {}, often = {};
	for (unsigned i = 0; i < 17000; i++)
		buf_printf(&log, "2026-01-01T%02u:%02u:%02uZ %s\n", i / 3600, i / 60 % 60, i % 60,
			i % 3500 == 3400 ? "b.org" : "192.0.2.1");
	buf_add(&log, SPAN("2026-01-01T12:00:00Z a.org\n2026-01-01T12:00:01Z a.org\n"
			   "2026-01-01T12:00:02Z b.org\n"));
	scan_log(buf_span(&log), STREAM_STORED, 0, &once);
	scan_log(buf_span(&log), STREAM_STORED, 1999, &often);
	assert_true(once.len > 100 && once.len == often.len);
	assert_memory_equal(once.ptr, often.ptr, once.len);
}

static const char written[] =
	"stream 2 1767268800000001\n"
	"file a%20b\n"
	"pattern 2 0 0 0 0 indicator--1 "
	"[domain-name:value%20=%20'a.org']%20FOLLOWEDBY%20[domain-name:value%20=%20'b.org']\n"
	"seen 1767268800000000 1 7 100 1 0 3 1 =a.org\n"
	"seen 1767268800000001 1 8 200 2 0 3 0 -\n";

/* Resumes `text` over a set with that pattern under `id`; then "b.org" is read. RC of resuming. */
static enum rc
resume(struct span text, const char *id, const char *pattern, struct streams_kept *counts,
	struct diag *why, struct buf *out)
{
	struct scan scan;
	const struct hit *hit;
	own_match_set struct match_set *set = match_set_new(3);
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts armed = {};
	struct indicator facts = {.id = span_of(id),
		.name = SPAN("its name now"),
		.pattern = span_of(pattern),
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = 5};
	arm_pattern(&facts, &batch);
	assert_rc(arm_commit(set, &batch, &armed, NULL), RC_OK);
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	enum rc code = streams_resume(scan_streams(&scan), set, text, counts, why);
	if (!code && out) {
		struct field f = {.name = SPAN("line"), .value = SPAN("b.org")};
		struct record r = {.time = NOON + SECOND, .line = 9, .text = f.value};
		r.field = &f;
		r.fields = 1;
		tell(hit, scan_record(&scan, &r, SPAN("c"), &hit), out);
		buf_add_byte(out, 0);
	}
	scan_fini(&scan);
	return code;
}

#define A_THEN_B "[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']"

/* What stands in files of this version means this for ever: the numbers of parts, too. */
static void
what_was_written_goes_on(void **state)
{
	(void)state;
	struct streams_kept counts;
	own_buf struct buf out = {};
	assert_rc(resume(span_of(written), "indicator--1", A_THEN_B, &counts, NULL, &out), RC_OK);
	assert_int_equal(counts.patterns, 1);
	assert_int_equal(counts.records, 2);
	assert_string_equal(out.ptr, "indicator--1  5 9: -9223372036854775808  a b 8 200 "
				     "1767268801000000 b.org c 9 0\n");
}

static void
what_the_set_holds_no_more_is_dropped(void **state)
{
	(void)state;
	static const char *const others[][2] = {
		{"indicator--2", A_THEN_B},
		{"indicator--1", A_THEN_B " WITHIN 5 SECONDS"},
		{"indicator--1", "[domain-name:value = 'a.org']"},
		{"indicator--1", "[file:name = 'a.org'] AND [file:name = 'b']"},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct streams_kept counts;
		assert_rc(resume(span_of(written), others[i][0], others[i][1], &counts, NULL, NULL),
			RC_OK);
		assert_int_equal(counts.gone, 1);
		assert_int_equal(counts.patterns + counts.records, 0);
	}
}

static void
what_nobody_wrote_is_refused_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		unsigned line;
	} changes[] = {
		{"stream", "strean", 1},
		{"stream 2", "stream 1", 5}, /* a turn that did not come yet */
		{"stream 2 1", "stream 2 9223372036854775807", 1}, /* the next one would overflow */
		{"a%20b", "a%2", 2},
		{"a%20b", "a%00b", 2},
		{"a%20b", "a b", 2},
		{"pattern 2", "pattern 3", 3},
		{"pattern 2 0 0", "pattern 2 0 3", 5}, /* more to ask about than is held */
		{"pattern 2 0 0 0", "pattern 2 0 0 1", 5},
		{"indicator--1 ", "indicator--1  ", 3},
		{"seen 1767268800000000 1", "seen 1767268800000000 4", 4}, /* a third part */
		{"seen 1767268800000000 1", "seen 1767268800000000 0", 4},
		{"seen 1767268800000000", "seen 1767268800000002", 5}, /* not by time */
		{"seen 1767268800000000", "seen -9223372036854775808", 4},
		{"1 7 100 1 0 3 1", "1 7 100 1 1 3 1", 4}, /* another file */
		{"1 7 100 1 0 3 1", "1 7 100 1 0 99 1", 4},
		{"1 7 100 1 0 3 1", "1 7 100 1 0 3 4", 4},
		{"=a.org", "a.org", 4},
		{"=a.org", "=a.org x", 4},
		{"=a.org", "=a.or%G0", 4},
		{"-\n", "-", 5},
		{"-\n", "-\nseen\n", 6},
		{"-\n", "-\npattern 2 0 0 0 0 indicator--1 x\nnote\n", 7},
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct streams_kept counts;
		struct diag why = {};
		char where[64];
		own_buf struct buf text = {};
		size_t at = span_find(span_of(written), span_of(changes[i].from));
		assert_true(at != SIZE_MAX);
		buf_add(&text, span_sub(span_of(written), 0, at));
		buf_add(&text, span_of(changes[i].to));
		buf_add(&text, span_sub(span_of(written), at + strlen(changes[i].from), SIZE_MAX));
		enum rc code =
			resume(buf_span(&text), "indicator--1", A_THEN_B, &counts, &why, NULL);
		if (code != RC_BAD)
			fail_msg("taken: %.*s", (int)text.len, text.ptr);
		snprintf(where, sizeof where, "line %u of what patterns hold", changes[i].line);
		assert_string_equal(why.where, where);
	}
	assert_rc(resume(SPAN(""), "indicator--1", A_THEN_B, &(struct streams_kept){}, NULL, NULL),
		RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ended_at_every_record_the_hits_are_those_of_one_run),
		cmocka_unit_test(a_long_wait_is_kept_too),
		cmocka_unit_test(what_was_written_goes_on),
		cmocka_unit_test(what_the_set_holds_no_more_is_dropped),
		cmocka_unit_test(what_nobody_wrote_is_refused_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
