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
	LITERALS_ALSO = 4,
};

struct literals {
	struct span at[LITERALS_MAX];
	size_t len; /* 0: nothing that could be looked for */
	/*
	 * Of a text that is compared as a whole: before its piece no letter and no digit stands in a log, unless an
	 * escape ends there, for the text begins with the piece, or with a byte before it that is in no piece.
	 */
	bool begins;
	struct span also[LITERALS_ALSO]; /* each match holds these, too, anywhere */
	size_t alsos;
};

/* Pieces that the log at hand is full of, sorted: others are taken where there are some. */
struct literal_common {
	const struct span *at;
	size_t len;
};
bool literal_is_common(const struct literal_common *common, struct span piece);

/* common: may be NULL. */
void literal_of(enum pattern_form form, enum pattern_property property, struct span text,
	const struct literal_common *common, struct arena *a, struct literals *out);
/* Whether a byte may stand in a piece. */
bool literal_is_plain(char c);
