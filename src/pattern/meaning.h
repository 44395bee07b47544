#pragma once
/*
 * What the standard demands of a pattern beyond its grammar and what therefore is never evaluated:
 * a positive WITHIN and REPEATS (STIX 2.1 section 9.5.1), sets of one type (section 9.6.1),
 * timestamps that exist (section 2.16), addresses after ISSUBSET and ISSUPERSET (section 9.6.1).
 * Any thread.
 */
#include "pattern/syntax.h"

/*
 * RC_BAD: *column (may be NULL) and why->where name the place. A pattern that passes may still hold
 * a MATCHES that is no regular expression; matcher_new says so.
 */
enum rc pattern_meaning(const struct pattern *p, size_t *column, struct diag *why);
/* WITHIN's seconds in microseconds, rounded up; 0 when not positive. At most INT64_MAX / 4. */
int64_t pattern_window(const struct pattern_const *seconds);
