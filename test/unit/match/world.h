#pragma once
/* A set made of a list, a log scanned with it, hits as short words: what the tests of match share.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "match/ioc.h"
#include "match/scan.h"
#include "match/set_file.h"

#define NOON INT64_C(1767268800000000) /* 2026-01-01T12:00:00Z */

static int64_t
noon_now(const void *ctx)
{
	(void)ctx;
	return NOON;
}

static inline void
set_add(struct match_set *set, struct span list)
{
	struct ioc_counts counts = {};
	own_stream struct stream *s = stream_new_span(list, NULL);
	if (ioc_add_list(set, s, &counts, NULL))
		abort();
}

static inline struct match_set *
set_of(const char *list)
{
	struct match_set *set = match_set_new(42);
	set_add(set, span_of(list));
	return set;
}

/* The same out of a file, which was checked and has no name any more. */
static inline struct match_set *
mapped_of(const struct match_set *set)
{
	char folder[] = "/tmp/tocsin-set-XXXXXX", path[64];
	struct set_file *file = NULL;
	struct diag why = {};
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof path, "%s/set", folder);
	if (set_file_write(set, path, (struct span){}, NOON, &why) ||
		set_file_open(path, &file, &why) || set_file_verify(file, &why)) {
		fprintf(stderr, "%s: %s\n", why.where, why.what);
		abort();
	}
	unlink(path);
	rmdir(folder);
	return match_set_over(&file);
}

/* The first lines of a list out of a file, the others added. */
static inline struct match_set *
parted_of(const char *list, size_t lines)
{
	size_t at = 0, len = strlen(list);
	for (; lines && at < len; at++)
		lines -= list[at] == '\n';
	own_match_set struct match_set *first = match_set_new(42);
	set_add(first, (struct span){list, at});
	struct match_set *set = mapped_of(first);
	set_add(set, (struct span){list + at, len - at});
	return set;
}

/* "LINE:OFFSET match kind value;" for each. */
static inline void
tell_hits(const struct hit *hit, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%llu:%llu %s %s %.*s;", (unsigned long long)hit[i].line,
			(unsigned long long)hit[i].offset, hit_match_word(hit[i].match),
			obs_word(hit[i].seen.kind), (int)hit[i].seen.value.len,
			hit[i].seen.value.ptr);
}

/* Those of a log, in the caller's buffer, as a C string. */
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
		tell_hits(hit, hits, out);
	}
	scan_fini(&scan);
	buf_add_byte(out, 0);
	return out->ptr;
}
