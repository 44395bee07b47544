#pragma once
/* Names as Microsoft's DNS servers log them: each label behind its length, "(3)www(4)evil(7)example(0)". Pure functions. */
#include "base/span.h"

enum { COUNTED_LONGEST = 253 };

struct counted {
	char room[COUNTED_LONGEST + 1];
	struct span name; /* in room, with dots */
	size_t at;	  /* where it stands in the text */
};

/* The next from *from on, which goes behind it; false: there is none, *from is the text's end. */
bool counted_next(struct span text, size_t *from, struct counted *out);
