#pragma once
/* Escapes by a backslash that name a byte or a letter by its number. Pure functions. */
#include "base/ascii.h"
#include "base/span.h"

/* Of \uXXXX or \xHH, whose backslash stands at `at`, the number; false where it is none. */
static inline bool
escape_value(struct span text, size_t at, unsigned *value)
{
	char c = at + 1 < text.len ? text.ptr[at + 1] : 0;
	size_t digits = c == 'u' ? 4 : c == 'x' ? 2 : 0;
	*value = 0;
	if (!digits || text.len - at < 2 + digits)
		return false;
	for (size_t i = at + 2; i < at + 2 + digits; i++) {
		int digit = ascii_hex(text.ptr[i]);
		if (digit < 0)
			return false;
		*value = *value * 16 + (unsigned)digit;
	}
	return true;
}
