#pragma once
/*
 * STIX patterns into a set. A pattern is armed when one comparison decides it: single comparisons
 * and alternatives of such (OR, IN), with START/STOP as validity, on values that a set holds -
 * addresses, ranges, names, URLs, e-mail addresses, hashes. Everything else needs an evaluator over
 * events; it is counted as partial, never armed by half.
 */
#include "match/ioc.h"

/*
 * facts: everything but `about` and `reach`, which each comparison gives; facts->pattern is read
 * and kept. RC_OK also for what was only counted; RC_LIMIT: the set is full.
 */
enum rc arm_pattern(struct match_set *set, const struct indicator *facts, struct ioc_counts *counts,
	struct diag *why);
