#pragma once
/*
 * What patterns over a stream hold, as text that outlives the process: records that wait for others, so that a
 * stream can be followed on by the next one. Lines of words, blanks and what is no text written as %XX:
 *
 *     stream TURN UNTIMED               how many records were judged; the last time given to one without, or -
 *     file NAME                         0, 1, ... in this order
 *     pattern PARTS REST PENDING FIRST LAST ID PATTERN
 *     seen TIME FITS LINE OFFSET TURN FILE KIND FLAGS VALUE       by time; "=" before the value, "-": none
 *
 * An indicator is known by its id and its pattern, whatever set it lies in. The text may be anybody's.
 */
#include "base/buf.h"
#include "match/set.h"
#include "match/stream.h"

enum {
	STREAMS_KEPT_VALUES =
		32 << 20, /* behind so many bytes records are kept without what was seen */
	STREAMS_KEPT_MAX = 128 << 20, /* what is behind is left out */
};

struct streams_kept {
	uint64_t patterns, records; /* that are held now */
	uint64_t
		gone; /* patterns that the set does not hold any more, or for which there is no room */
};

/* Appends it; how many records were left out for their size. Nothing held: a line all the same. */
uint64_t streams_keep(const struct streams *s, struct buf *out);
/*
 * Takes up what was kept, of those patterns that the set still holds, with what it says of them now. s must hold
 * nothing. RC_BAD: it is nothing that streams_keep wrote, why->where names the line; s may hold some of it then.
 */
enum rc streams_resume(struct streams *s, const struct match_set *set, struct span kept,
	struct streams_kept *out, struct diag *why);
