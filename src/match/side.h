#pragma once
/*
 * Which end of a connection a pattern means: "network-traffic:dst_ref.value" is no source. Where a record says
 * the contrary, what was found there is no hit; where nobody says it, it may be. Pure functions.
 */
#include "match/reader.h"
#include "obs/obs.h"

enum side { SIDE_ANY, SIDE_SOURCE, SIDE_DESTINATION };

/* Of what a pattern names: the end, where each comparison that names it means that one. */
enum side side_of(struct span pattern, struct observable about);
/* Whether the record says that what stands at `place` in its text, found in field f, is the other end. */
bool side_is_other(enum side side, const struct record *r, const struct field *f, size_t place);
