#pragma once
/*
 * Reads a stream ahead in blocks of whole lines and sweeps them by several threads, of which the caller's is
 * one; blocks come in the order of the stream. The caller alone reads the stream.
 */
#include "codec/stream.h"
#include "match/sweep.h"

struct ahead;

/* One block; borrowed until it is given back. SWEEP_SLACK bytes are readable around the text. */
struct ahead_block {
	struct span text; /* whole lines; of the last block the rest of the stream */
	struct sweep_result found;
	bool rough; /* nothing but a part of a line that is longer than `longest`: not swept, and the last block */
};

/*
 * `carry`: what was read before and is to come first. `threads` besides the caller's. The sweep's set must
 * not change meanwhile. A line of more than `longest` bytes ends reading ahead.
 */
struct ahead *ahead_new(struct stream *stream, const struct sweep *like, struct span carry,
	unsigned threads, size_t longest);
void ahead_free(struct ahead *a); /* NULL accepted */
/*
 * The next block; the one before is given back by this. RC_NONE at the end; faults of the stream as they are,
 * after the blocks before them.
 */
enum rc ahead_next(struct ahead *a, const struct ahead_block **out, struct diag *why);
