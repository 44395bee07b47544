#pragma once
/* What atoms of both kinds share: observables (atoms.c) and texts (strings.c). Pure functions. */
#include "base/arena.h"
#include "pattern/syntax.h"

/* Compared step by step with the printed form, without printing; an index is written like a star. */
bool atoms_is_path(const struct pattern_path *path, struct span text);
/* Whether atoms of observables, each of which decides, say all that the comparison says. */
bool atoms_say(const struct pattern_test *t, struct arena *a);
