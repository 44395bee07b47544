#pragma once
/* Sets of patterns, and logs that are swept with them. */
#include "../test.h"

#include <stdlib.h>

#include "match/arm.h"
#include "match/strings.h"
#include "match/sweep.h"
#include "world.h"

static inline struct match_set *
set_of_patterns(const char *const *patterns, size_t count)
{
	struct match_set *set = match_set_new(42);
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	for (size_t i = 0; i < count; i++) {
		struct indicator facts = {.pattern = span_of(patterns[i]),
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		arm_pattern(&facts, &batch);
	}
	if (arm_commit(set, &batch, &counts, NULL) || counts.partial || counts.unknown)
		fail_msg("%llu partial, %llu unknown", (unsigned long long)counts.partial,
			(unsigned long long)counts.unknown);
	return set;
}

/* Hits of a log that is swept. */
static inline const char *
swept_hits(const struct match_set *set, struct span log, size_t *compiled, struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	enum rc code;
	own_sweep struct sweep *sweep = sweep_new(set);
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	reading_init(&reading, s, reader_find(SPAN("lines")), LINES_ALL, NOON);
	if (!compiled)
		reading.reader = NULL;
	reading_sweep(&reading, sweep, 1);
	if (compiled) {
		r = (struct record){.time = NOON};
		scan_record(&scan, &r, SPAN("log"), &hit);
		*compiled = strings_judge_compile(scan.strings);
	}
	buf_reset(out);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN) {
		size_t hits = code ? 0 : scan_record(&scan, &r, SPAN("log"), &hit);
		tell_hits(hit, hits, out);
	}
	scan_fini(&scan);
	buf_add_byte(out, 0);
	return out->ptr;
}
