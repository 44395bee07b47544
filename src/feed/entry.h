#pragma once
/*
 * Indicator objects as out_entry rows: one for each observable that by itself decides the pattern. One
 * thread; memory of the caller's arena.
 */
#include "base/vec.h"
#include "feed/out.h"
#include "stix/object.h"

struct entries {
	vec_of(struct out_entry) all; /* free(all.at) */
};

/*
 * Appends the rows of one object. RC_NONE: no indicator, or nothing to say about it (revoked, expired at
 * `now`, another pattern language, a pattern that needs more than one comparison).
 */
enum rc entry_add(const struct stix_object *o, struct facts facts, int64_t now, struct arena *a,
	struct entries *out);
