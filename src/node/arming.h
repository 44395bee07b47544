#pragma once
/*
 * Indicators on their way from the vault into a set. Whoever reads the vault adds them; a thread of the
 * arming's own reads their patterns; the adder's thread fills the set, in the order of adding. The set
 * and the counts belong to the arming until it is finished.
 */
#include "feed/arm.h"
#include "vault/vault.h"

struct arming;

/* RC_LIMIT: the system gives no thread. */
enum rc arming_new(
	struct match_set *set, struct ioc_counts *counts, struct arming **out, struct diag *why);
/*
 * ARMING_NEW: its pattern is armed; ARMING_REPLACES: what is armed under its id goes first;
 * ARMING_WITHDRAWS: that goes, and no more. The object is one that the vault took in, so that it is not
 * checked again; it is copied. RC_LIMIT: the set is full.
 */
enum arming_change { ARMING_NEW, ARMING_REPLACES, ARMING_WITHDRAWS };
enum rc arming_add(struct arming *a, enum arming_change change, const struct vault_object *o,
	struct diag *why);
/* Everything added is in the set after it, unless something failed. */
enum rc arming_finish(struct arming *a, struct diag *why);
void arming_free(
	struct arming *a); /* NULL accepted; what was added and is not in the set is lost */
