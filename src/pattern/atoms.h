#pragma once
/*
 * What a scanner can look for on behalf of a pattern: observables in normal form, one an atom,
 * taken from comparisons by "=", IN and ISSUBSET on paths whose values we know by kind. The atoms
 * live in the caller's arena and borrow from the pattern. Any thread.
 */
#include "base/clock.h"
#include "obs/obs.h"
#include "pattern/syntax.h"

enum pattern_reach {
	PATTERN_EXACT,	  /* `what` itself */
	PATTERN_BELOW,	  /* LIKE '%.name': names below `what`, not `what` itself */
	PATTERN_COVERING, /* both, because the pattern says both */
};

struct pattern_atom {
	struct observable what;
	const struct pattern_test *test; /* object path and operator */
	const struct pattern_const *constant;
	int64_t from, until; /* START and STOP: from <= time < until; TIME_NONE: open */
	enum pattern_reach reach;
	/*
	 * Seeing `what` in that time is a match of the whole pattern. Otherwise it makes a
	 * candidate: the pattern is then to be evaluated over what was seen around it.
	 */
	bool decides;
	/*
	 * "=" with a network: the letter of section 9.6.2 compares texts, so that no single address
	 * ever equals it; those who write it mean every address inside.
	 */
	bool loose;
};

struct pattern_atoms {
	const struct pattern_atom *at;
	size_t len;
	/* The pattern cannot match without one of the atoms being seen; else it may by other ways
	 * too. */
	bool covers;
	/* The atoms say all that the pattern says: it is covered, and every atom decides. */
	bool whole;
};

/* No atoms (len 0, neither covered nor whole) where the pattern says nothing that a scanner sees. */
void pattern_atoms(const struct pattern *p, struct arena *a, struct pattern_atoms *out);
/*
 * Brings the constants of a pattern, where atoms can be made of them, into the normal form that a scanner sees
 * values in, and "=" with a network and a header of HTTP without "[*]" into what those who write them mean.
 * The pattern's tree must be nobody else's.
 */
void pattern_spell(struct pattern *p, struct arena *a);
