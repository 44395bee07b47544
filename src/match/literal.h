#pragma once
/*
 * What must stand in a log for a text to match: of an equation, a LIKE or an expression of a stranger some
 * pieces, of which each match holds at least one, so that whoever looks for those alone loses nothing.
 * Pieces are of bytes that no format of logs writes otherwise, small letters for both cases. Pure function.
 */
#include "base/arena.h"
#include "pattern/strings.h"

enum {
	LITERAL_SHORTEST = 4,
	LITERAL_LONGEST = 32,
	LITERALS_MAX = 16, /* of one text */
};

struct literals {
	struct span at[LITERALS_MAX];
	size_t len; /* 0: nothing that could be looked for */
};

void literal_of(enum pattern_form form, enum pattern_property property, struct span text,
	struct arena *a, struct literals *out);
/* Whether a byte may stand in a piece. */
bool literal_is_plain(char c);
