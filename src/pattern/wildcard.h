#pragma once
/* LIKE: '%' is any run of characters, '_' is one (STIX 2.1 section 9.6.1). Any thread. */
#include "base/rc.h"

/*
 * Whole text against whole pattern, both UTF-8 in one normal form. RC_NONE: does not match;
 * RC_LIMIT: not known within *work steps, which it takes off.
 */
enum rc wildcard_match(struct span pattern, struct span text, uint64_t *work);
