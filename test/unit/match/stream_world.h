#pragma once
/* Whole patterns over logs: hits with the lines of their parts, as short words. */
#include "../test.h"

#include "match/arm.h"
#include "world.h"

static struct buf out;

static inline void
add_pattern(struct match_set *set, const char *id, struct span pattern)
{
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	struct indicator facts = {.id = span_of(id),
		.pattern = pattern,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	arm_pattern(&facts, &batch);
	assert_rc(arm_commit(set, &batch, &counts, NULL), RC_OK);
	assert_true(counts.armed + counts.repeated > 0);
}

static inline struct match_set *
set_of_pattern(const char *pattern)
{
	struct match_set *set = match_set_new(7);
	add_pattern(set, "indicator--1", span_of(pattern));
	return set;
}

/* "LINE MATCH: LINES of parts;" ("late" before it where nothing was read any more) for each hit of a log that is read as `name`, on top of what the scan holds. */
static inline void
scan_more(struct scan *scan, struct span log, const char *name, const char *reader)
{
	struct record r;
	const struct hit *hit;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader_find(span_of(reader)), LINES_ALL, NOON + 86400 * SECOND);
	reading.numbers = true;
	for (bool more = true; more;) {
		more = !reading_next(&reading, &r, NULL);
		size_t hits =
			more ? scan_record(scan, &r, span_of(name), &hit) : scan_settle(scan, &hit);
		for (size_t i = 0; i < hits; i++) {
			buf_printf(&out, "%s%llu %s:", more ? "" : "late ",
				(unsigned long long)hit[i].line, hit_match_word(hit[i].match));
			for (size_t k = 0; k < hit[i].parts; k++)
				buf_printf(&out, " %.*s%llu", (int)hit[i].part[k].file.len,
					hit[i].part[k].file.ptr,
					(unsigned long long)hit[i].part[k].line);
			buf_add_byte(&out, ';');
		}
	}
}

static int64_t clock_at = NOON;

static inline int64_t
clock_said(const void *ctx)
{
	(void)ctx;
	return clock_at;
}

static inline void
begin(struct scan *scan, const struct match_set *set)
{
	scan_init(scan, set, (struct clock){clock_said, NULL});
	buf_reset(&out);
}

static inline const char *
said(void)
{
	buf_add_byte(&out, 0);
	return out.ptr;
}

static inline const char *
hits_in(const struct match_set *set, const char *log)
{
	struct scan scan;
	begin(&scan, set);
	scan_more(&scan, span_of(log), "", "lines");
	scan_fini(&scan);
	return said();
}
