#pragma once
/*
 * For whoever evaluates a whole pattern over what is seen, one observation after the other: what an observation
 * shows that can stand for any part of it (a [ ... ]). Any thread.
 */
#include "pattern/atoms.h"
#include "pattern/strings.h"

/*
 * True: an observation that can stand for a part shows one of these atoms or texts, which live in the arena and
 * borrow from the pattern; START and STOP do not narrow them. False, and none: a part can be made by what
 * shows nothing that is looked for - a negation, a port - or the pattern is never evaluated.
 */
bool pattern_parts(const struct pattern *p, struct arena *a, struct pattern_atoms *atoms,
	struct pattern_strings *strings);
