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

/*
 * Appends the rows of one object. RC_NONE: no indicator, or nothing to say about it (revoked,
 * expired at `now`, another pattern language, a pattern that needs more than one comparison).
 * RC_DENIED: the pass does not permit it. Rows borrow from the item and the arena.
 */
struct entry_ask {
	const struct pass *pass;
	int64_t now;
};
enum rc entry_add(const struct entry_ask *ask, const struct vault_item *item, struct arena *a,
	struct entries *out);
/*
 * The same for an object that the gate was asked about, revoked and expired ones too. *whole: the
 * observables of the rows together say all that its pattern says, without START and STOP.
 */
enum rc entry_all(const struct stix_object *o, struct facts facts, struct arena *a,
	struct entries *out, bool *whole);
