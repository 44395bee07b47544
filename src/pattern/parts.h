#pragma once
/*
 * For whoever evaluates a whole pattern over what is seen, one observation after the other: what an observation
 * shows that can stand for any part of it (a [ ... ]). Any thread.
 */
#include "pattern/atoms.h"
#include "pattern/strings.h"

enum pattern_cover {
	COVER_NONE, /* it can be made by what shows nothing that is looked for, or is never evaluated: no atoms */
	COVER_SOME, /* so can parts of it - a negation, a port - but never all of it */
	COVER_ALL,  /* whatever can stand for a part of it shows one of the atoms or texts */
};

/*
 * What is looked for on behalf of the parts that can be: it lives in the arena and borrows from the pattern; START and
 * STOP do not narrow it.
 */
enum pattern_cover pattern_parts(const struct pattern *p, struct arena *a,
	struct pattern_atoms *atoms, struct pattern_strings *strings);
/* Whether that can be done for one part. */
bool pattern_part_is_covered(const struct pattern_expr *part, struct arena *a);
