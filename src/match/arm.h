#pragma once
/*
 * STIX patterns into a set. Where one comparison decides a pattern - single comparisons and alternatives of
 * such (OR, IN), with START/STOP as validity, on values that a set holds: addresses, ranges, names, URLs,
 * e-mail addresses, hashes, or that are looked for as text (pattern/strings.h) - seeing the value is the hit. Of
 * all others each part's values are armed as parts: seeing one has the whole pattern evaluated
 * (match/stream.h). Where some part is selected by no value (a negation alone, a port), any record may be
 * it: such a pattern is open, its other parts are armed. A pattern that can be made of such parts alone, or that wants
 * more than is held, is counted as partial or wanting, not armed.
 *
 * Reading patterns touches no set: one thread may read a batch while another fills the set with the
 * batch before. A batch belongs to one thread at a time.
 */
#include "match/ioc.h"

struct arm_batch {
	struct arena arena; /* of all that lies in `all`; callers may keep more in it */
	struct arena scratch;
	vec_of(struct indicator) all;
	struct ioc_counts counts; /* what became of everything else */
};

#define own_arm_batch __attribute__((cleanup(arm_batch_fini)))

/* struct arm_batch b = {}; is a valid empty one. */
void arm_batch_fini(struct arm_batch *b);
/* Empty again, counts too; keeps memory. */
void arm_batch_reset(struct arm_batch *b);
/*
 * Appends what the pattern arms. facts: everything but `about` and `reach`, which each comparison
 * gives; facts->pattern is read and kept. Spans are copied.
 */
void arm_pattern(const struct indicator *facts, struct arm_batch *to);
/* Adds from[first] and on, up to before `end`, to the set. RC_LIMIT: the set is full. */
enum rc arm_add(struct match_set *set, const struct arm_batch *from, size_t first, size_t end,
	struct ioc_counts *counts, struct diag *why);
/* All of it, its counts too, and empties it. */
enum rc arm_commit(
	struct match_set *set, struct arm_batch *from, struct ioc_counts *counts, struct diag *why);
