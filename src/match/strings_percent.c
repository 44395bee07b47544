/*
 * Texts behind percent signs: "evil%2Eexe". Pieces hold no "%", so what the signs hide is looked at with them
 * undone, once, as the judge does it. "%2F" hides no byte of a piece: "%2Fevil.exe" needs no look.
 */
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "match/strings-internal.h"

/* What "%XX" at `at` stands for; -1: it is none. */
static int
byte_at(struct span text, size_t at)
{
	if (text.ptr[at] != '%' || at + 2 >= text.len)
		return -1;
	int high = ascii_hex(text.ptr[at + 1]), low = ascii_hex(text.ptr[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool
hides(int byte)
{
	return (byte >= 0 && byte < 0x80 && literal_is_plain((char)byte)) || byte >= 0x80;
}

static size_t
next_hiding(struct span text, size_t at, size_t end)
{
	for (; at < end; at++) {
		const char *sign = memchr(text.ptr + at, '%', end - at);
		if (!sign)
			return end;
		at = (size_t)(sign - text.ptr);
		if (hides(byte_at(text, at)))
			return at;
	}
	return end;
}

bool
gate_has_percent(struct span line)
{
	return next_hiding(line, 0, line.len) < line.len;
}

enum {
	REACH = 3 * LITERAL_LONGEST, /* bytes of a piece, written so */
	WINDOW = 128,
};

static bool
holds_piece(const struct gate *g, struct span raw)
{
	char plain[WINDOW + 2 * REACH];
	size_t len = 0;
	struct gate_place p = {.mark = GATE_NONE};
	for (size_t at = 0; at < raw.len; at++) {
		int byte = byte_at(raw, at);
		plain[len++] = byte >= 0 ? (char)byte : raw.ptr[at];
		at += byte >= 0 ? 2 : 0;
	}
	struct span text = {plain, len};
	return gate_next(g, text, &p) || (g->folds && gate_has_odd_letter(text));
}

/* Some of what no piece holds: what is behind it has nothing to do with what is before. */
static bool
ends_piece(char c)
{
	return (c >= 0 && c <= ' ') || c == '/' || c == '"' || c == '&' || c == '=';
}

bool
gate_hides_percent(const struct gate *g, struct span text, size_t at, size_t *done)
{
	if (!hides(byte_at(text, at)) || mutant(1765))
		return false;
	size_t from = at, end = at, least = at < REACH ? 0 : at - REACH;
	size_t most = text.len - at < WINDOW + REACH ? text.len : at + WINDOW + REACH;
	while (from > least && !ends_piece(text.ptr[from - 1]))
		from--;
	while (end < most && !ends_piece(text.ptr[end]))
		end++;
	if (holds_piece(g, span_sub(text, from, end - from)))
		return true;
	*done = end < at + WINDOW ? end : at + WINDOW;
	return false;
}

size_t
gate_next_percent(const struct gate *g, struct span text, size_t at, size_t end)
{
	while ((at = next_hiding(text, at, end)) < end && !mutant(1765)) {
		size_t done = at + 1;
		if (gate_hides_percent(g, text, at, &done))
			return at;
		at = done;
	}
	return end;
}
