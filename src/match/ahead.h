#pragma once
/*
 * A stream that is read ahead by a crew: whole lines in blocks, swept and, where the format permits, with only
 * the lines left that are likely; in the order of the stream. A plain regular file's blocks are read where they
 * lie, by any thread at a time; what is packed by one after the other; what may keep a reader waiting (a pipe, a
 * terminal) by the caller alone. The caller's thread calls.
 */
#include "match/crew.h"

/* So many lines and bytes were passed over in front of text[at]. */
struct ahead_gap {
	uint32_t at, bytes, lines;
};

/* One block; borrowed until the next call. SWEEP_SLACK bytes are readable around the text. */
struct ahead_block {
	struct span text; /* whole lines; of the last block the rest of the stream */
	struct sweep_result found;
	bool swept;	/* false: all of its lines are likely */
	bool by_record; /* of what was swept */
	bool thin;	/* it was swept, and only what is likely is left in it: see `gap` */
	const struct ahead_gap *gap; /* ascending */
	size_t gaps;
	uint64_t taken; /* of the stream, packed, so far */
	/*
	 * Nothing was read ahead beyond: the caller goes on behind this text with the stream. It is part of a line
	 * longer than LINE_LONGEST, or the beginning of UTF-16, or empty.
	 */
	bool rough;
};

/*
 * On from where the stream stands; `carry`: what was read before and is to come first. keep: which lines are
 * likely. At most one at a time, besides those of crew_take.
 */
struct ahead *ahead_new(struct crew *c, struct stream *stream, struct span carry,
	enum lines_keep keep, enum stretch_names names);
void ahead_free(struct ahead *a); /* NULL accepted */
/*
 * The next block; the one before is given back by this. RC_NONE at the end; faults of the stream as they are,
 * after the blocks before them.
 */
enum rc ahead_next(struct ahead *a, const struct ahead_block **out, struct diag *why);
/* Of a file of crew_take: what its beginning is; NULL: UTF-16, to be judged when it was read as UTF-8. */
const struct judgement *ahead_judged(const struct ahead *a);
