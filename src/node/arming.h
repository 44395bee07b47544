#pragma once
/*
 * Indicators on their way from the vault into a set. Whoever reads the vault adds them; a thread of the
 * arming's own reads their patterns; the adder's thread fills the set, in the order of adding, and notes
 * with the versions what there was to say. The set belongs to the arming until it is finished.
 */
#include "feed/arm.h"
#include "node/versions.h"

struct arming;

/* RC_LIMIT: the system gives no thread. */
enum rc arming_new(
	struct match_set *set, struct versions *versions, struct arming **out, struct diag *why);
/*
 * ARMING_NEW: its pattern is armed; ARMING_REPLACES: what is armed under its id goes first;
 * ARMING_WITHDRAWS: that goes, and no more, since it is revoked; ARMING_DROPS: or was lost; ARMING_REVOKED: it
 * is revoked and nothing is armed under its id. Of these three the id alone is read. The object is one that the vault took in, so that it is not checked again; it is copied.
 * RC_LIMIT: the set is full.
 */
enum arming_change { ARMING_NEW, ARMING_REPLACES, ARMING_WITHDRAWS, ARMING_DROPS, ARMING_REVOKED };
enum rc arming_add(struct arming *a, enum arming_change change, const struct vault_object *o,
	struct diag *why);
/* Everything added is in the set after it, unless something failed. */
enum rc arming_finish(struct arming *a, struct diag *why);
/* NULL accepted; what was added and is not in the set is lost */
void arming_free(struct arming *a);
/* Counts what arming this object alone has to say, with examples. */
void arming_explain(const struct vault_object *o, struct ioc_counts *counts);
