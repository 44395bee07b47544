/* Which lines may hold a text: grams of its pieces, looked for at every `step`th byte. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "match/strings-internal.h"

enum {
	GRAM = 4,
	STEP_MOST = 8,
	WINDOWS = 16,	 /* of a piece, of which the rarest grams are taken */
	BITS_LEAST = 15, /* of the table of grams: a power of two */
	BITS_MOST = 22,
	SPREAD = 6, /* so many more bits than grams, a power of two */
};

static inline uint32_t
gram_of(const char *at)
{
	uint32_t v;
	memcpy(&v, at, GRAM);
	return v | UINT32_C(0x20202020);
}

static inline uint32_t
gram_hash(uint32_t gram)
{
	return gram * UINT32_C(0x9e3779b1);
}

static struct gate_slot *
find_slot(const struct gate *g, uint32_t gram)
{
	size_t at = gram_hash(gram) >> 7 & (g->slots - 1);
	while (g->slot[at].count && g->slot[at].gram != gram)
		at = (at + 1) & (g->slots - 1);
	return &g->slot[at];
}

static size_t
step_of(size_t len)
{
	return len >= 11 ? 8 : len >= 7 ? 4 : len >= 5 ? 2 : 1;
}

/* Where `step` grams of a piece lie that few other pieces have. */
static size_t
choose_window(const struct gate *g, struct span piece)
{
	size_t best = 0, least = SIZE_MAX, last = piece.len - g->step - (GRAM - 1);
	for (size_t from = 0; from <= last && from < WINDOWS; from++) {
		size_t sum = 0;
		for (size_t i = 0; i < g->step; i++)
			sum += find_slot(g, gram_of(piece.ptr + from + i))->count;
		if (sum < least) {
			least = sum;
			best = from;
		}
	}
	return best;
}

static void
add_piece(struct gate *g, uint32_t index)
{
	struct span piece = g->pieces.at[index].text;
	size_t from = choose_window(g, piece);
	for (size_t i = from; i < from + g->step; i++) {
		uint32_t gram = gram_of(piece.ptr + i), bit = gram_hash(gram) >> g->shift;
		struct gate_slot *slot = find_slot(g, gram);
		*vec_add(&g->marks) = (struct gate_mark){
			index, slot->count ? slot->first : GATE_NONE, (uint32_t)i};
		*slot = (struct gate_slot){gram, (uint32_t)g->marks.len - 1, slot->count + 1};
		g->bits[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

struct wanted {
	struct span piece;
	uint32_t string;
};

static int
by_piece(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int order = span_cmp(x->piece, y->piece);
	return order ? order : (x->string > y->string) - (x->string < y->string);
}

struct wanted_list {
	vec_of(struct wanted) of;
};

static void
gather(struct gate *g, const struct strings *s, struct wanted_list *all)
{
	for (uint32_t i = 0; i < s->list.len; i++) {
		struct literals pieces;
		const struct indicator *f = &s->list.at[i].facts;
		if (s->list.at[i].dead)
			continue;
		g->folds |= f->text.form != FORM_EQUAL;
		literal_of(f->text.form, f->text.property, f->about.value, &g->arena, &pieces);
		if (!pieces.len)
			*vec_add(&g->bare) = i;
		for (size_t k = 0; k < pieces.len; k++)
			*vec_add(&all->of) = (struct wanted){pieces.at[k], i};
	}
	if (all->of.len)
		qsort(all->of.at, all->of.len, sizeof *all->of.at, by_piece);
}

void
gate_make(struct gate *g, const struct strings *s)
{
	struct wanted_list all = {};
	*g = (struct gate){.step = STEP_MOST};
	gather(g, s, &all);
	for (size_t i = 0; i < all.of.len; i++) {
		const struct wanted *w = &all.of.at[i];
		if (!i || !span_eq(w->piece, w[-1].piece)) {
			*vec_add(&g->pieces) =
				(struct gate_piece){w->piece, (uint32_t)g->owner.len};
			g->step = step_of(w->piece.len) < g->step ? step_of(w->piece.len) : g->step;
		}
		*vec_add(&g->owner) = w->string;
	}
	free(all.of.at);
	unsigned bits = BITS_LEAST;
	while (bits < BITS_MOST && (size_t)1 << bits < (g->pieces.len * g->step) << SPREAD)
		bits++;
	g->shift = 32 - bits;
	g->bits = mem_new(((size_t)1 << bits) / 8);
	for (g->slots = 64; g->slots < g->pieces.len * g->step * 2;)
		g->slots *= 2;
	g->slot = mem_new(g->slots * sizeof *g->slot);
	for (uint32_t i = 0; i < g->pieces.len; i++)
		add_piece(g, i);
}

void
gate_fini(struct gate *g)
{
	free(g->bits);
	free(g->slot);
	free(g->marks.at);
	free(g->pieces.at);
	free(g->owner.at);
	free(g->bare.at);
	arena_fini(&g->arena);
	*g = (struct gate){};
}

static inline uint64_t
passes(const uint64_t *bits, unsigned shift, const char *at)
{
	uint32_t bit = gram_hash(gram_of(at)) >> shift;
	return bits[bit / 64] >> bit % 64 & 1;
}

/* The next of those places that passes; `last` or behind where none does. */
static inline __attribute__((always_inline)) size_t
next_place(const struct gate *g, const char *text, size_t at, size_t last, size_t step)
{
	const uint64_t *bits = g->bits;
	unsigned shift = g->shift;
	while (at + 3 * step < last) {
		uint64_t some = passes(bits, shift, text + at) |
				passes(bits, shift, text + at + step) |
				passes(bits, shift, text + at + 2 * step) |
				passes(bits, shift, text + at + 3 * step);
		if (some)
			break;
		at += 4 * step;
	}
	while (at < last && !passes(bits, shift, text + at))
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

/* Marks of one place, from p->mark on. */
static bool
next_mark(const struct gate *g, struct span text, struct gate_place *p)
{
	while (p->mark != GATE_NONE) {
		const struct gate_mark *m = &g->marks.at[p->mark];
		p->mark = m->next;
		if (m->offset > p->at ||
			!stands(g->pieces.at[m->piece].text, text, p->at - m->offset))
			continue;
		p->piece = m->piece;
		p->start = p->at - m->offset;
		return true;
	}
	return false;
}

bool
gate_next(const struct gate *g, struct span text, struct gate_place *p)
{
	if (!g->pieces.len || text.len < GRAM)
		return false;
	size_t last = text.len - GRAM + 1;
	while (!next_mark(g, text, p)) {
		p->at = next_by_step(g, text.ptr, p->looked ? p->at + g->step : p->at, last);
		p->looked = true;
		if (p->at >= last)
			return false;
		const struct gate_slot *slot = find_slot(g, gram_of(text.ptr + p->at));
		p->mark = slot->count ? slot->first : GATE_NONE;
	}
	return true;
}

/* The long s is an "s" but for case, and the sign of Kelvin a "k" even in form C. */
bool
gate_has_odd_letter(struct span text)
{
	return span_find(text, SPAN("\xc5\xbf")) != SIZE_MAX ||
	       span_find(text, SPAN("\xe2\x84\xaa")) != SIZE_MAX;
}

/* ---- raw bytes ---- */

/* Behind a backslash at `at`: whether it stands for a byte that a piece may hold, or for an odd letter. */
static bool
hides_plain(struct span text, size_t at)
{
	char c = at + 1 < text.len ? text.ptr[at + 1] : 0;
	size_t digits = c == 'u' ? 4 : c == 'x' ? 2 : 0;
	unsigned value = 0;
	if (!digits || at + 2 + digits > text.len)
		return false;
	for (size_t i = at + 2; i < at + 2 + digits; i++) {
		int digit = ascii_hex(text.ptr[i]);
		if (digit < 0)
			return false;
		value = value * 16 + (unsigned)digit;
	}
	return (value < 0x80 && literal_is_plain((char)value)) || value == 0x17f || value == 0x212a;
}

/* The first such at `at` or behind, before `end`; `end` where there is none. */
static size_t
next_hidden(struct span text, size_t at, size_t end)
{
	while (at < end) {
		const char *found = memchr(text.ptr + at, '\\', end - at);
		if (!found)
			return end;
		at = (size_t)(found - text.ptr);
		if (hides_plain(text, at) && !mutant(1683))
			return at;
		at++;
	}
	return end;
}

static size_t
next_bytes(struct span text, size_t at, size_t end, struct span bytes)
{
	while (at < end) {
		const char *found = memchr(text.ptr + at, bytes.ptr[0], end - at);
		if (!found)
			return end;
		at = (size_t)(found - text.ptr);
		if (span_starts(span_sub(text, at, SIZE_MAX), bytes))
			return at;
		at++;
	}
	return end;
}

static size_t
next_odd(const struct gate *g, struct span text, size_t at, size_t end)
{
	size_t odd = next_hidden(text, at, end);
	if (g->folds) {
		odd = next_bytes(text, at, odd, SPAN("\xc5\xbf"));
		odd = next_bytes(text, at, odd, SPAN("\xe2\x84\xaa"));
	}
	return odd;
}

/* A piece or something odd from w->at on, before the stretch's end. */
static bool
next_in_stretch(const struct gate *g, struct span text, struct strings_walk *w)
{
	size_t reach = w->end + LITERAL_LONGEST < text.len ? w->end + LITERAL_LONGEST : text.len;
	struct gate_place p = {.at = (w->at + g->step - 1) / g->step * g->step, .mark = GATE_NONE};
	if (w->odd < w->at)
		w->odd = next_odd(g, text, w->at, w->end);
	w->place = w->odd;
	if (gate_next(g, (struct span){text.ptr, reach}, &p) && p.start < w->place)
		w->place = p.start;
	return w->place < w->end;
}

bool
strings_next_line(const struct strings *s, struct span text, struct strings_walk *w)
{
	enum { STRETCH = 8192 }; /* its bytes are near for both looks */
	const struct gate *g = &s->gate;
	if (!g->pieces.len && !g->bare.len)
		return false;
	for (; w->at < text.len; w->at = w->end) {
		if (w->at >= w->end) {
			w->end = w->at + STRETCH < text.len ? w->at + STRETCH : text.len;
			w->odd = g->bare.len ? 0 : next_odd(g, text, w->at, w->end);
		}
		if (g->bare.len)
			w->place = w->at;
		else if (!next_in_stretch(g, text, w))
			continue;
		const char *end = memchr(text.ptr + w->place, '\n', text.len - w->place);
		w->at = end ? (size_t)(end - text.ptr) + 1 : text.len;
		return true;
	}
	return false;
}
