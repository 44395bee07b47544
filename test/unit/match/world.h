#pragma once
/* A set made of a list, a log scanned with it, hits as short words: what the tests of match share.
 */
#include <string.h>

#include "base/buf.h"
#include "match/ioc.h"
#include "match/scan.h"

#define NOON INT64_C(1767268800000000) /* 2026-01-01T12:00:00Z */

static int64_t
noon_now(const void *ctx)
{
	(void)ctx;
	return NOON;
}

static inline struct match_set *
set_of(const char *list)
{
	struct match_set *set = match_set_new(42);
	struct ioc_counts counts = {};
	own_stream struct stream *s = stream_new_span(span_of(list), NULL);
	if (ioc_add_list(set, s, &counts, NULL))
		abort();
	return set;
}

/* "LINE:OFFSET match kind value;" for each hit, in the caller's buffer, as a C string. */
static inline const char *
hits_of(const struct match_set *set, struct span log, const struct scan *like, const char *reader,
	struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	if (like) {
		scan.warn = like->warn;
		scan.since = like->since;
		scan.until = like->until;
		scan.text = like->text;
		scan.min_confidence = like->min_confidence;
	}
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader ? reader_find(span_of(reader)) : NULL, LINES_ALL, NOON);
	buf_reset(out);
	while (!reading_next(&reading, &r, NULL)) {
		size_t hits = scan_record(&scan, &r, SPAN("log"), &hit);
		for (size_t i = 0; i < hits; i++)
			buf_printf(out, "%llu:%llu %s %s %.*s;", (unsigned long long)hit[i].line,
				(unsigned long long)hit[i].offset, hit_match_word(hit[i].match),
				obs_word(hit[i].seen.kind), (int)hit[i].seen.value.len,
				hit[i].seen.value.ptr);
	}
	scan_fini(&scan);
	buf_add_byte(out, 0);
	return out->ptr;
}
