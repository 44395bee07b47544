/* Where pieces stand in a text: places whose gram some piece has, then the piece itself. */
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "match/strings_gate-internal.h"

/* The next of those places that passes; `last` or behind where none does. */
static inline __attribute__((always_inline)) size_t
next_place(const struct gate *g, const char *text, size_t at, size_t last, size_t step)
{
	const struct gate_bits *bits = &g->bits;
	/* Grams two bytes apart lie in one word: three of them, and the fourth begins in it. */
	for (; step == 2 && at + 8 < last; at += 8) {
		uint64_t v[2];
		memcpy(v, text + at, sizeof v[0]);
		memcpy(v + 1, text + at + 6, GATE_GRAM);
		v[0] |= UINT64_C(0x2020202020202020);
		if (__builtin_expect(gate_has_first(bits, (uint32_t)v[0]), 0))
			return at;
		if (__builtin_expect(gate_has_first(bits, (uint32_t)(v[0] >> 16)), 0))
			return at + 2;
		if (__builtin_expect(gate_has_first(bits, (uint32_t)(v[0] >> 32)), 0))
			return at + 4;
		if (__builtin_expect(
			    gate_has_first(bits, (uint32_t)v[1] | UINT32_C(0x20202020)), 0))
			return at + 6;
	}
	for (; at + 3 * step < last; at += 4 * step) {
		if (__builtin_expect(gate_has_first(bits, gate_gram(text + at)), 0))
			return at;
		if (__builtin_expect(gate_has_first(bits, gate_gram(text + at + step)), 0))
			return at + step;
		if (__builtin_expect(gate_has_first(bits, gate_gram(text + at + 2 * step)), 0))
			return at + 2 * step;
		if (__builtin_expect(gate_has_first(bits, gate_gram(text + at + 3 * step)), 0))
			return at + 3 * step;
	}
	while (at < last && !gate_has_first(bits, gate_gram(text + at)))
		at += step;
	return at;
}

static size_t
next_by_step(const struct gate *g, const char *text, size_t at, size_t last)
{
	switch (g->step) {
	case 8: return next_place(g, text, at, last, 8);
	case 4: return next_place(g, text, at, last, 4);
	case 2: return next_place(g, text, at, last, 2);
	default: return next_place(g, text, at, last, 1);
	}
}

/* What the kernel says of the bytes from `at` on; behind the text's end nothing is. */
static void
mark_block(const struct gate *g, struct span text, size_t at, struct gate_place *p)
{
	struct span rest = span_sub(text, at, GATE_BLOCK + GATE_AHEAD);
	size_t words = rest.len < GATE_BLOCK ? (rest.len + 63) / 64 : GATE_BLOCK / 64;
	memset(p->may, 0, sizeof p->may);
	p->block = at + GATE_BLOCK;
	if (64 * words + GATE_AHEAD <= rest.len) {
		g->kernel->mark(&g->tables, rest.ptr, words, p->may);
		return;
	}
	char padded[GATE_BLOCK + GATE_AHEAD];
	memcpy(padded, rest.ptr, rest.len);
	memset(padded + rest.len, 0, 64 * words + GATE_AHEAD - rest.len);
	g->kernel->mark(&g->tables, padded, words, p->may);
}

/* What is behind the text's end is nothing. */
static bool
passes(const struct gate *g, struct span text, size_t at)
{
	char padded[8] = {};
	if (text.len - at >= sizeof padded)
		return gate_passes(&g->bits, text.ptr + at);
	memcpy(padded, text.ptr + at, text.len - at);
	return gate_passes(&g->bits, padded);
}

/* The next place of the block that `p` is in; SIZE_MAX where there is none. */
static size_t
next_of_block(const struct gate *g, struct span text, struct gate_place *p, size_t at)
{
	size_t start = p->block - GATE_BLOCK;
	for (size_t word = (at - start) / 64; word < GATE_BLOCK / 64; word++)
		while (p->may[word]) {
			size_t place = start + 64 * word + (size_t)__builtin_ctzll(p->may[word]);
			p->may[word] &= p->may[word] - 1;
			if (place >= at && passes(g, text, place))
				return place;
		}
	return SIZE_MAX;
}

static size_t
next_by_block(const struct gate *g, struct span text, struct gate_place *p, size_t at, size_t last)
{
	while (at < last) {
		if (at >= p->block)
			mark_block(g, text, at, p);
		size_t place = next_of_block(g, text, p, at);
		if (place != SIZE_MAX)
			return place;
		at = p->block;
	}
	return last;
}

static bool
stands(struct span piece, struct span text, size_t at)
{
	if (piece.len > text.len - at)
		return false;
	for (size_t i = 0; i < piece.len; i++)
		if (ascii_lower(text.ptr[at + i]) != piece.ptr[i])
			return false;
	return true;
}

static bool
is_beside(const struct gate_mark *m, struct span text, size_t at)
{
	size_t other = at + (size_t)m->away; /* the piece begins within the text */
	return !m->away ||
	       (other + GATE_GRAM <= text.len && gate_gram(text.ptr + other) == m->beside);
}

void
gate_prefetch(const struct gate *g, struct span text, size_t at)
{
	if (at < GATE_GRAM || text.len - at < 2 * GATE_GRAM)
		return;
	uint32_t gram = gate_gram(text.ptr + at), before = gate_gram(text.ptr + at - GATE_GRAM),
		 behind = gate_gram(text.ptr + at + GATE_GRAM);
	__builtin_prefetch(&g->slot[gate_slot_place(g, gram)]);
	__builtin_prefetch(&g->wide[gate_wide_place(g, gate_wide_key(gram, before, GATE_BEFORE))]);
	__builtin_prefetch(&g->wide[gate_wide_place(g, gate_wide_key(gram, behind, GATE_BEHIND))]);
}

/* Chains of marks of the place: of its gram, and of that with the one behind or before. */
static void
find_marks(const struct gate *g, struct span text, struct gate_place *p)
{
	uint32_t gram = gate_gram(text.ptr + p->at);
	const struct gate_slot *slot = gate_slot(g, gram);
	p->mark = p->other[GATE_BEFORE] = p->other[GATE_BEHIND] = GATE_NONE;
	if (!slot->count)
		return;
	p->mark = slot->first;
	if (p->at >= GATE_GRAM) {
		uint32_t before = gate_gram(text.ptr + p->at - GATE_GRAM);
		const struct gate_wide *wide =
			gate_wide(g, gate_wide_key(gram, before, GATE_BEFORE));
		p->other[GATE_BEFORE] = wide->key ? wide->first : GATE_NONE;
	}
	if (p->at + 2 * GATE_GRAM <= text.len) {
		uint32_t behind = gate_gram(text.ptr + p->at + GATE_GRAM);
		const struct gate_wide *wide =
			gate_wide(g, gate_wide_key(gram, behind, GATE_BEHIND));
		p->other[GATE_BEHIND] = wide->key ? wide->first : GATE_NONE;
	}
}

static void
next_chain(struct gate_place *p)
{
	for (int side = 0; side < 2 && p->mark == GATE_NONE; side++) {
		p->mark = p->other[side];
		p->other[side] = GATE_NONE;
	}
}

/* Marks of one place, from p->mark on. */
static bool
next_mark(const struct gate *g, struct span text, struct gate_place *p)
{
	while (p->looked) {
		next_chain(p);
		if (p->mark == GATE_NONE)
			return false;
		const struct gate_mark *m = &g->marks.at[p->mark];
		p->mark = m->next;
		if (m->offset > p->at || !is_beside(m, text, p->at) ||
			!stands(g->pieces.at[m->piece].text, text, p->at - m->offset))
			continue;
		p->piece = m->piece;
		p->start = p->at - m->offset;
		return true;
	}
	return false;
}

bool
gate_next_at(const struct gate *g, struct span text, size_t at, struct gate_place *p)
{
	if (!p->looked && at + GATE_GRAM <= text.len) {
		p->looked = true;
		p->at = at;
		find_marks(g, text, p);
	}
	return next_mark(g, text, p);
}

bool
gate_next(const struct gate *g, struct span text, struct gate_place *p)
{
	if (!g->pieces.len || text.len < GATE_GRAM)
		return false;
	size_t last = text.len - GATE_GRAM + 1;
	while (!next_mark(g, text, p)) {
		size_t at = p->looked ? p->at + g->step : p->at;
		p->at = g->kernel ? next_by_block(g, text, p, at, last)
				  : next_by_step(g, text.ptr, at, last);
		p->looked = true;
		if (p->at >= last)
			return false;
		find_marks(g, text, p);
	}
	return true;
}

/* Where the byte of a piece stands that is seldom in logs. */
static size_t
rarest(struct span piece)
{
	static const char often[] = "e0t1a2oi3n45.sr6-7h8l:d9cupmf,gwy_vbkxjqz";
	size_t best = 0, place = 0;
	for (size_t i = 0; i < piece.len; i++) {
		const char *at = memchr(often, piece.ptr[i], sizeof often - 1);
		size_t rank = at ? (size_t)(at - often) : sizeof often;
		if (rank > best) {
			best = rank;
			place = i;
		}
	}
	return place;
}

static bool
holds_by(struct span text, struct span piece, size_t rare, char byte)
{
	for (size_t at = rare; at < text.len; at++) {
		const char *found = memchr(text.ptr + at, byte, text.len - at);
		if (!found)
			return false;
		at = (size_t)(found - text.ptr);
		if (stands(piece, text, at - rare))
			return true;
	}
	return false;
}

static bool
holds(struct span text, struct span piece)
{
	size_t rare = rarest(piece);
	char small = piece.ptr[rare], large = ascii_upper(small);
	return holds_by(text, piece, rare, small) ||
	       (large != small && holds_by(text, piece, rare, large));
}

bool
gate_fits(const struct gate *g, uint32_t string, struct span text)
{
	for (uint32_t i = g->first_also[string]; i < g->first_also[string + 1]; i++)
		if (!holds(text, g->also.at[i]) && !mutant(1686))
			return false;
	return true;
}

/* The long s is an "s" but for case, and the sign of Kelvin a "k" even in form C. */
bool
gate_has_odd_letter(struct span text)
{
	char any = 0;
	for (size_t i = 0; i < text.len; i++)
		any |= text.ptr[i];
	return (any & 0x80) && (span_find(text, SPAN("\xc5\xbf")) != SIZE_MAX ||
				       span_find(text, SPAN("\xe2\x84\xaa")) != SIZE_MAX);
}
