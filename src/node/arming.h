#pragma once
/*
 * Indicators on their way from the vault into a set. Whoever reads the vault adds them; a thread of the
 * arming's own reads their patterns; the adder's thread fills the set, in the order of adding. The set
 * and the counts belong to the arming until it is finished.
 */
#include "feed/arm.h"

struct arming;

/* RC_LIMIT: the system gives no thread. */
enum rc arming_new(
	struct match_set *set, struct ioc_counts *counts, struct arming **out, struct diag *why);
/*
 * `bytes` is an indicator; where `replaced` is not empty, what is armed under that id goes first. bytes
 * may be empty. Both are copied. RC_LIMIT: the set is full.
 */
enum rc arming_add(struct arming *a, struct span replaced, struct span bytes, struct diag *why);
/* Everything added is in the set after it, unless something failed. */
enum rc arming_finish(struct arming *a, struct diag *why);
void arming_free(
	struct arming *a); /* NULL accepted; what was added and is not in the set is lost */
