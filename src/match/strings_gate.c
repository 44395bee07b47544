/* Which lines may hold a text: grams of its pieces, looked for at every `step`th byte. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/escape.h"
#include "match/strings-internal.h"

enum {
	GRAM = 4,
	STEP_MOST = 8,
	WINDOWS = 16,	  /* of a piece, of which the rarest grams are taken */
	GATE_BITS = 20,	  /* of the table of grams: a power of two, which the first caches hold */
	OWNERS_MOST = 32, /* of a piece, looked at in a line; of more, one may fit */
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

enum side { BEFORE, BEHIND };

/* Letters are ASCII: the highest bit is free. */
static inline uint64_t
wide_key(uint32_t gram, uint32_t beside, enum side side)
{
	return (uint64_t)gram << 32 | beside | (uint64_t)side << 63;
}

static struct gate_wide *
find_wide(const struct gate *g, uint64_t key)
{
	size_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 24 & (g->wides - 1);
	while (g->wide[at].key && g->wide[at].key != key)
		at = (at + 1) & (g->wides - 1);
	return &g->wide[at];
}

static size_t
step_of(size_t len)
{
	return len >= 11 ? 8 : len >= 7 ? 4 : len >= 5 ? 2 : 1;
}

/* How many pieces hold a gram in what windows are made of, nearly: by the hash that the gate's bits go by. */
static void
count_grams(const struct gate *g, uint32_t *count)
{
	for (size_t k = 0; k < g->pieces.len; k++) {
		struct span piece = g->pieces.at[k].text;
		for (size_t i = 0; i + GRAM <= piece.len && i < WINDOWS + g->step; i++)
			count[gram_hash(gram_of(piece.ptr + i)) >> (32 - GATE_BITS)]++;
	}
}

/* Where `step` grams of a piece lie that few other pieces have. */
static size_t
choose_window(const struct gate *g, const uint32_t *count, struct span piece)
{
	size_t best = 0, last = piece.len - g->step - (GRAM - 1);
	uint64_t least = UINT64_MAX;
	for (size_t from = 0; from <= last && from < WINDOWS; from++) {
		uint64_t sum = 0;
		for (size_t i = 0; i < g->step; i++)
			sum += count[gram_hash(gram_of(piece.ptr + from + i)) >> (32 - GATE_BITS)];
		if (sum < least) {
			least = sum;
			best = from;
		}
	}
	return best;
}

/* What tells most marks of a gram apart before their pieces are looked at. */
static struct gate_mark
make_mark(struct span piece, uint32_t index, size_t at)
{
	struct gate_mark m = {.piece = index, .next = GATE_NONE, .offset = (uint8_t)at};
	if (at + 2 * GRAM <= piece.len)
		m.away = GRAM;
	else if (at >= GRAM)
		m.away = -GRAM;
	else if (at + GRAM < piece.len)
		m.away = (int8_t)(piece.len - GRAM - at);
	if (m.away)
		m.beside = gram_of(piece.ptr + at + m.away);
	return m;
}

/* Into the chain of those that nothing tells apart from it but their pieces. */
static void
add_mark(struct gate *g, struct gate_slot *slot, struct gate_mark m)
{
	uint32_t index = (uint32_t)g->marks.len;
	if (m.away == GRAM || m.away == -GRAM) {
		uint64_t key = wide_key(slot->gram, m.beside, m.away > 0 ? BEHIND : BEFORE);
		struct gate_wide *wide = find_wide(g, key);
		m.next = wide->key ? wide->first : GATE_NONE;
		*wide = (struct gate_wide){key, index};
	} else {
		m.next = slot->first;
		slot->first = index;
	}
	*vec_add(&g->marks) = m;
}

static void
note_pair(uint16_t *table, const char *at)
{
	unsigned pair = gate_pair((unsigned char)at[0], (unsigned char)at[1]);
	table[pair / 16] |= (uint16_t)(1u << pair % 16);
}

static void
add_piece(struct gate *g, const uint32_t *count, uint32_t index)
{
	struct span piece = g->pieces.at[index].text;
	size_t from = choose_window(g, count, piece);
	for (size_t i = from; i < from + g->step; i++) {
		uint32_t gram = gram_of(piece.ptr + i), bit = gram_hash(gram) >> (32 - GATE_BITS);
		struct gate_slot *slot = find_slot(g, gram);
		if (!slot->count++)
			*slot = (struct gate_slot){gram, GATE_NONE, 1};
		add_mark(g, slot, make_mark(piece, index, i));
		g->bits[bit / 64] |= UINT64_C(1) << bit % 64;
		note_pair(g->pairs.first, piece.ptr + i);
		note_pair(g->pairs.middle, piece.ptr + i + 1);
		note_pair(g->pairs.second, piece.ptr + i + 2);
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
	const struct literal_common common = {s->common.at, s->common.len};
	g->first_also = mem_grow(NULL, s->list.len + 1, sizeof *g->first_also);
	for (uint32_t i = 0; i < s->list.len; i++) {
		struct literals pieces;
		g->first_also[i] = g->first_also[i + 1] = (uint32_t)g->also.len;
		const struct indicator *f = &s->list.at[i].facts;
		if (s->list.at[i].dead)
			continue;
		g->folds |= f->text.form != FORM_EQUAL;
		literal_of(f->text.form, f->text.property, f->about.value, &common, &g->arena,
			&pieces);
		if (!pieces.len)
			*vec_add(&g->bare) = i;
		for (size_t k = 0; k < pieces.len; k++)
			*vec_add(&all->of) = (struct wanted){pieces.at[k], i};
		for (size_t k = 0; k < pieces.alsos; k++)
			*vec_add(&g->also) = pieces.also[k];
		g->first_also[i + 1] = (uint32_t)g->also.len;
	}
	if (all->of.len)
		qsort(all->of.at, all->of.len, sizeof *all->of.at, by_piece);
}

struct gate *
gate_new(const struct strings *s)
{
	struct wanted_list all = {};
	struct gate *g = mem_new(sizeof *g);
	g->step = STEP_MOST;
	g->kernel = gate_kernel_choose();
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
	g->bits = mem_new(((size_t)1 << GATE_BITS) / 8);
	for (g->slots = 64; g->slots < g->pieces.len * g->step * 2;)
		g->slots *= 2;
	g->slot = mem_new(g->slots * sizeof *g->slot);
	g->wides = g->slots;
	g->wide = mem_new(g->wides * sizeof *g->wide);
	own_mem uint32_t *count = mem_new(((size_t)1 << GATE_BITS) * sizeof *count);
	count_grams(g, count);
	for (uint32_t i = 0; i < g->pieces.len; i++)
		add_piece(g, count, i);
	return g;
}

void
gate_free(struct gate **p)
{
	struct gate *g = *p;
	*p = NULL;
	if (!g)
		return;
	free(g->bits);
	free(g->slot);
	free(g->wide);
	free(g->marks.at);
	free(g->pieces.at);
	free(g->owner.at);
	free(g->bare.at);
	free(g->also.at);
	free(g->first_also);
	arena_fini(&g->arena);
	free(g);
}

static inline bool
passes_gram(const uint64_t *bits, uint32_t gram)
{
	uint32_t bit = gram_hash(gram) >> (32 - GATE_BITS);
	return bits[bit / 64] >> bit % 64 & 1;
}

static inline bool
passes(const uint64_t *bits, const char *at)
{
	return passes_gram(bits, gram_of(at));
}

/* The next of those places that passes; `last` or behind where none does. */
static inline __attribute__((always_inline)) size_t
next_place(const struct gate *g, const char *text, size_t at, size_t last, size_t step)
{
	const uint64_t *bits = g->bits;
	/* Grams two bytes apart lie in one word: three of them, and the fourth begins in it. */
	for (; step == 2 && at + 8 < last; at += 8) {
		uint64_t v[2];
		memcpy(v, text + at, sizeof v[0]);
		memcpy(v + 1, text + at + 6, GRAM);
		v[0] |= UINT64_C(0x2020202020202020);
		if (__builtin_expect(passes_gram(bits, (uint32_t)v[0]), 0))
			return at;
		if (__builtin_expect(passes_gram(bits, (uint32_t)(v[0] >> 16)), 0))
			return at + 2;
		if (__builtin_expect(passes_gram(bits, (uint32_t)(v[0] >> 32)), 0))
			return at + 4;
		if (__builtin_expect(passes_gram(bits, (uint32_t)v[1] | UINT32_C(0x20202020)), 0))
			return at + 6;
	}
	for (; at + 3 * step < last; at += 4 * step) {
		if (__builtin_expect(passes(bits, text + at), 0))
			return at;
		if (__builtin_expect(passes(bits, text + at + step), 0))
			return at + step;
		if (__builtin_expect(passes(bits, text + at + 2 * step), 0))
			return at + 2 * step;
		if (__builtin_expect(passes(bits, text + at + 3 * step), 0))
			return at + 3 * step;
	}
	while (at < last && !passes(bits, text + at))
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

/* The next place of the block that `p` is in; SIZE_MAX where there is none. */
static size_t
next_of_block(const struct gate *g, struct span text, struct gate_place *p, size_t at)
{
	size_t start = p->block - GATE_BLOCK;
	for (size_t word = (at - start) / 64; word < GATE_BLOCK / 64; word++)
		while (p->may[word]) {
			size_t place = start + 64 * word + (size_t)__builtin_ctzll(p->may[word]);
			p->may[word] &= p->may[word] - 1;
			if (place >= at && passes(g->bits, text.ptr + place))
				return place;
		}
	return SIZE_MAX;
}

/* The same by a kernel, as far as whole blocks lie in the text. */
static size_t
next_by_block(const struct gate *g, struct span text, struct gate_place *p, size_t at, size_t last)
{
	while (at < p->block || text.len - at >= GATE_BLOCK + GRAM) {
		if (at >= p->block) {
			g->kernel->block(&g->pairs, text.ptr + at, g->step, p->may);
			p->block = at + GATE_BLOCK;
		}
		size_t place = next_of_block(g, text, p, at);
		if (place != SIZE_MAX)
			return place;
		at = p->block;
	}
	return next_by_step(g, text.ptr, at, last);
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
	return !m->away || (other + GRAM <= text.len && gram_of(text.ptr + other) == m->beside);
}

/* Chains of marks of the place: of its gram, and of that with the one behind or before. */
static void
find_marks(const struct gate *g, struct span text, struct gate_place *p)
{
	uint32_t gram = gram_of(text.ptr + p->at);
	const struct gate_slot *slot = find_slot(g, gram);
	p->mark = p->other[BEFORE] = p->other[BEHIND] = GATE_NONE;
	if (!slot->count)
		return;
	p->mark = slot->first;
	if (p->at >= GRAM) {
		uint32_t before = gram_of(text.ptr + p->at - GRAM);
		const struct gate_wide *wide = find_wide(g, wide_key(gram, before, BEFORE));
		p->other[BEFORE] = wide->key ? wide->first : GATE_NONE;
	}
	if (p->at + 2 * GRAM <= text.len) {
		uint32_t behind = gram_of(text.ptr + p->at + GRAM);
		const struct gate_wide *wide = find_wide(g, wide_key(gram, behind, BEHIND));
		p->other[BEHIND] = wide->key ? wide->first : GATE_NONE;
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
gate_next(const struct gate *g, struct span text, struct gate_place *p)
{
	if (!g->pieces.len || text.len < GRAM)
		return false;
	size_t last = text.len - GRAM + 1;
	while (!next_mark(g, text, p)) {
		size_t at = p->looked ? p->at + g->step : p->at;
		p->at = g->kernel && at < last ? next_by_block(g, text, p, at, last)
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
	return span_find(text, SPAN("\xc5\xbf")) != SIZE_MAX ||
	       span_find(text, SPAN("\xe2\x84\xaa")) != SIZE_MAX;
}

/* ---- what a log is full of ---- */

static int
by_text(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* Under the lock. Pieces that stand there more than once; whether some were not known. */
static bool
note_common(struct strings *s, const struct gate *g, struct span text)
{
	enum { OFTEN = 2, COMMON_MOST = 4096 };
	struct gate_place p = {.mark = GATE_NONE};
	own_mem uint32_t *count = mem_new((g->pieces.len + 1) * sizeof *count);
	size_t known = s->common.len;
	while (gate_next(g, text, &p)) {
		const struct literal_common common = {s->common.at, known};
		struct span piece = g->pieces.at[p.piece].text;
		if (++count[p.piece] == OFTEN && s->common.len < COMMON_MOST &&
			!literal_is_common(&common, piece))
			*vec_add(&s->common) = arena_dup(&s->learned, piece);
	}
	if (s->common.len == known)
		return false;
	qsort(s->common.at, s->common.len, sizeof *s->common.at, by_text);
	return true;
}

const struct gate *
gate_of(const struct strings *s)
{
	return __atomic_load_n(&s->gate, __ATOMIC_ACQUIRE);
}

void
gate_learn(struct strings *s, struct span text)
{
	enum { GATES_MOST = 32, ROUNDS = 3 }; /* what is taken instead may be common too */
	/* Where somebody else learns, this text is passed over. */
	if (pthread_mutex_trylock(&s->lock) != 0)
		return;
	for (unsigned i = 0; i < ROUNDS && s->old.len < GATES_MOST; i++) {
		if (!note_common(s, s->gate, text))
			break;
		*vec_add(&s->old) = s->gate;
		__atomic_store_n(&s->gate, gate_new(s), __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- raw bytes ---- */

/* Behind a backslash at `at`: whether it stands for a byte that a piece may hold, or for an odd letter. */
static bool
hides_plain(struct span text, size_t at)
{
	unsigned value;
	if (!escape_value(text, at, &value))
		return false;
	bool plain = value < 0x80 && (literal_is_plain((char)value) || value == '%');
	return plain || value == 0x17f || value == 0x212a;
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
	size_t odd = gate_next_percent(g, text, at, next_hidden(text, at, end));
	if (g->folds) {
		odd = next_bytes(text, at, odd, SPAN("\xc5\xbf"));
		odd = next_bytes(text, at, odd, SPAN("\xe2\x84\xaa"));
	}
	return odd;
}

/* Whether one of those that wait for the piece may be on the line around it. */
static bool
line_fits(const struct gate *g, struct span text, const struct gate_place *p)
{
	size_t first = g->pieces.at[p->piece].owner;
	size_t end = p->piece + 1 < g->pieces.len ? g->pieces.at[p->piece + 1].owner : g->owner.len;
	const char *from = memrchr(text.ptr, '\n', p->start);
	from = from ? from + 1 : text.ptr;
	const char *to = memchr(text.ptr + p->start, '\n', text.len - p->start);
	struct span line = {from, (size_t)((to ? to : text.ptr + text.len) - from)};
	if (end - first > OWNERS_MOST || gate_has_percent(line))
		return true;
	for (size_t i = first; i < end; i++)
		if (gate_fits(g, g->owner.at[i], line))
			return true;
	return false;
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
	while (gate_next(g, (struct span){text.ptr, reach}, &p) && p.start < w->odd)
		if (line_fits(g, text, &p)) {
			w->place = p.start;
			break;
		}
	return w->place < w->end;
}

bool
strings_next_line(struct strings *s, struct span text, struct strings_walk *w)
{
	enum { STRETCH = 8192 };	  /* its bytes are near for both looks */
	enum { LOOKS = 8, LOOK = 65536 }; /* a part of each eighth text */
	if (!w->gate && __atomic_fetch_add(&s->looks, 1, __ATOMIC_RELAXED) % LOOKS == 0)
		gate_learn(s, span_sub(text, 0, LOOK));
	if (!w->gate)
		w->gate = gate_of(s);
	const struct gate *g = w->gate;
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
