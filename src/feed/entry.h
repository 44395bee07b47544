#pragma once
/*
 * Indicator objects as out_entry rows: one for each observable that by itself decides the pattern. One
 * thread; memory of the caller's arena.
 */
#include "base/vec.h"
#include "feed/out.h"
#include "stix/object.h"
#include "vault/vault.h"

struct entries {
	vec_of(struct out_entry) all; /* free(all.at) */
};

/* Indicators that gave no row, or fewer than they say, by what stood in the way. */
struct entry_counts {
	uint64_t revoked, expired;
	uint64_t early;	  /* not valid yet */
	uint64_t foreign; /* of another pattern language */
	uint64_t joint;	  /* no observable decides the pattern by itself */
	uint64_t partial; /* rows were made, and the pattern says more than they */
};

/*
 * Appends the rows of one object. RC_NONE: no indicator, or nothing to say about it: the counts say
 * why. RC_DENIED: the pass does not permit it. Rows borrow from the item and the arena.
 */
struct entry_ask {
	const struct pass *pass;
	int64_t now;
	struct entry_counts *counts;
};
enum rc entry_add(const struct entry_ask *ask, const struct vault_item *item, struct arena *a,
	struct entries *out);
/*
 * The same for an object that the gate was asked about, revoked and expired ones too. *whole: the
 * observables of the rows together say all that its pattern says, without START and STOP.
 */
enum rc entry_all(const struct stix_object *o, struct facts facts, struct arena *a,
	struct entries *out, bool *whole);
