/*
 * What stands before a word and is no part of it.
 * [ESCAPE] what stands before a word may be half of an escape
 * [COLOUR] the "31m" of a terminal's "ESC [ 31m" is no part of the name behind it
 */
#include <string.h>

#include "base/ascii.h"
#include "obs/extract-internal.h"

/* Whether the byte that an escape stands for parts words. */
static bool
ends_escape(int byte)
{
	return byte < 0x80 && extract_class[byte] != NAME && extract_class[byte] != DOT;
}

static bool
is_parameter(char c)
{
	return c >= '0' && c <= '?'; /* ECMA-48 section 5.4: digits ; : < = > ? */
}

/* ESC and the ways in which logs that allow no control bytes write it, and "[" behind it. */
static bool
is_introduced(struct span before)
{
	static const struct span forms[] = {SPAN("\x1b["), SPAN("\xc2\x9b"), SPAN("#033["),
		SPAN("\\x1b["), SPAN("\\x1B["), SPAN("\\u001b["), SPAN("\\u001B["), SPAN("\\033["),
		SPAN("\\e["), SPAN("^[["), SPAN("%1B["), SPAN("%1b["), SPAN("\xe2\x90\x9b[")};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (span_ends(before, forms[i]))
			return true;
	return false;
}

/* [COLOUR] */
size_t
extract_sequence(struct span text, size_t start, size_t stop, bool *both)
{
	enum { PARAMETERS = 32 };
	size_t from = start, end = start;
	*both = false;
	while (from > 0 && start - from < PARAMETERS && is_parameter(text.ptr[from - 1]))
		from--;
	char mark = from > 0 ? text.ptr[from - 1] : 0;
	if ((mark != '[' && mark != '\x9b') || !is_introduced(span_sub(text, 0, from)))
		return 0;
	while (end < stop && is_parameter(text.ptr[end]))
		end++;
	if (end == stop || !ascii_is_alpha(text.ptr[end]))
		return 0;
	char c = text.ptr[end];
	*both = end == from && c != 'm' && c != 'K';
	return end + 1 - start;
}

/* [ESCAPE] */
size_t
extract_escape(const struct extract *it, size_t start, size_t stop, bool *both)
{
	*both = false;
	if (start == 0)
		return 0;
	char last = it->text.ptr[start - 1];
	if (last == '[' || last == '\x9b' || is_parameter(last))
		return extract_sequence(it->text, start, stop, both);
	const char *p = it->text.ptr + start;
	size_t len = stop - start;
	if (p[-1] == '%') {
		size_t skip = 0;
		while (len >= skip + 4 && p[skip] == '2' && p[skip + 1] == '5')
			skip += 2; /* %252F */
		if (len < skip + 2 || ascii_hex(p[skip]) < 0 || ascii_hex(p[skip + 1]) < 0)
			return 0;
		int byte = ascii_hex(p[skip]) * 16 + ascii_hex(p[skip + 1]);
		return ends_escape(byte) ? skip + 2 : 0;
	}
	if (p[-1] != '\\' || len < 2)
		return 0;
	if (p[0] == 'x' && len > 3 && ascii_hex(p[1]) >= 0 && ascii_hex(p[2]) >= 0) {
		int byte = ascii_hex(p[1]) * 16 + ascii_hex(p[2]);
		return ends_escape(byte) ? 3 : 0;
	}
	if (p[0] == 'u' && len > 5) {
		int byte = 0;
		for (int i = 1; i < 5; i++) {
			if (ascii_hex(p[i]) < 0)
				return 0;
			byte = byte * 16 + ascii_hex(p[i]);
		}
		return ends_escape(byte) ? 5 : 0;
	}
	*both = strchr("abefnrtv", p[0]) != NULL && p[0];
	return *both ? 1 : 0;
}
