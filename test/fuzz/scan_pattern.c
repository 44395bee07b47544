/*
 * A pattern in the first line, a log in the others: what the pattern arms is evaluated over the log, with the fast
 * pass and without it, with the same hits; their records lie inside the log and are in the order of their times.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/must.h"
#include "base/own.h"
#include "match/arm.h"
#include "match/scan.h"
#include "match/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t
fixed_now(const void *ctx)
{
	(void)ctx;
	return INT64_C(1767268800) * SECOND;
}

static void
note_hits(const struct hit *hit, size_t hits, struct span log, struct buf *out)
{
	for (size_t i = 0; i < hits; i++) {
		buf_printf(out, "%llu %llu %s:", (unsigned long long)hit[i].line,
			(unsigned long long)hit[i].offset, hit_match_word(hit[i].match));
		must(hit[i].match != HIT_PATTERN || hit[i].parts <= hit[i].records);
		int64_t last = INT64_MIN;
		for (size_t k = 0; k < hit[i].parts; k++) {
			const struct hit_part *p = &hit[i].part[k];
			must(p->offset <= log.len);
			must(p->time == TIME_NONE || p->time >= last);
			last = p->time == TIME_NONE ? last : p->time;
			buf_printf(out, " %llu", (unsigned long long)p->line);
		}
		buf_add_byte(out, ';');
	}
}

static void
scan_log(const struct match_set *set, struct sweep *sweep, struct span log, struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	enum rc code;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader_find(SPAN("json")), LINES_ALL, fixed_now(NULL));
	reading.numbers = true;
	/* Any record may matter to an open pattern. */
	if (sweep && match_set_has_open(set))
		reading_sweep_all(&reading, sweep);
	else if (sweep)
		reading_sweep(&reading, sweep, 0);
	scan_init(&scan, set, (struct clock){fixed_now, NULL});
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN)
		if (!code) {
			size_t hits = scan_record(&scan, &r, SPAN("log"), &hit);
			note_hits(hit, hits, log, out);
		}
	size_t hits = scan_settle(&scan, &hit);
	note_hits(hit, hits, log, out);
	scan_fini(&scan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span log = {(const char *)data, size}, pattern;
	if (!size || !span_cut(&log, '\n', &pattern) || !log.ptr)
		return 0;
	own_match_set struct match_set *set = match_set_new(1);
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	struct indicator facts = {.id = SPAN("indicator--1"),
		.pattern = pattern,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	arm_pattern(&facts, &batch);
	if (arm_commit(set, &batch, &counts, NULL) || !counts.armed)
		return 0;
	own_buf struct buf plain = {}, swept = {};
	scan_log(set, NULL, log, &plain);
	/* Filters are large: of one in eight. */
	if (hash64((struct span){(const char *)data, size}, 0) % 8)
		return 0;
	struct sweep *sweep = sweep_new(set);
	scan_log(set, sweep, log, &swept);
	must(span_eq(buf_span(&plain), buf_span(&swept)));
	sweep_free(&sweep);
	return 0;
}
