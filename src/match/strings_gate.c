/* A gate made of texts: which grams of their pieces are looked for, and the marks that lead back to the pieces. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/own.h"
#include "match/strings_gate-internal.h"

enum {
	WINDOWS = 16, /* of a piece, of which the rarest grams are taken */
};

static size_t
step_of(size_t len)
{
	return len >= 11 ? 8 : len >= 7 ? 4 : len >= 5 ? 2 : 1;
}

/* By so many bits of a hash grams are counted. */
static unsigned
count_bits(const struct gate *g)
{
	enum { LEAST = 10, MOST = 20, EACH = 32 };
	unsigned bits = LEAST;
	while (bits < MOST && (size_t)1 << bits < g->pieces.len * EACH)
		bits++;
	return bits;
}

/* How many pieces hold a gram in what windows are made of, nearly: by the hash that the gate's bits go by. */
static void
count_grams(const struct gate *g, uint32_t *count)
{
	const unsigned shift = 32 - count_bits(g);
	for (size_t k = 0; k < g->pieces.len; k++) {
		struct span piece = g->pieces.at[k].text;
		for (size_t i = 0; i + GATE_GRAM <= piece.len && i < WINDOWS + g->step; i++)
			count[gate_hash(gate_gram(piece.ptr + i)) >> shift]++;
	}
}

/* Where `step` grams of a piece lie that few other pieces have. */
static size_t
choose_window(const struct gate *g, const uint32_t *count, struct span piece)
{
	const unsigned shift = 32 - count_bits(g);
	size_t best = 0, last = piece.len - g->step - (GATE_GRAM - 1);
	uint64_t least = UINT64_MAX;
	for (size_t from = 0; from <= last && from < WINDOWS; from++) {
		uint64_t sum = 0;
		for (size_t i = 0; i < g->step; i++)
			sum += count[gate_hash(gate_gram(piece.ptr + from + i)) >> shift];
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
	if (at + 2 * GATE_GRAM <= piece.len)
		m.away = GATE_GRAM;
	else if (at >= GATE_GRAM)
		m.away = -GATE_GRAM;
	else if (at + GATE_GRAM < piece.len)
		m.away = (int8_t)(piece.len - GATE_GRAM - at);
	if (m.away)
		m.beside = gate_gram(piece.ptr + at + m.away);
	return m;
}

/* Into the chain of those that nothing tells apart from it but their pieces. */
static void
add_mark(struct gate *g, struct gate_slot *slot, struct gate_mark m)
{
	uint32_t index = (uint32_t)g->marks.len;
	if (m.away == GATE_GRAM || m.away == -GATE_GRAM) {
		uint64_t key =
			gate_wide_key(slot->gram, m.beside, m.away > 0 ? GATE_BEHIND : GATE_BEFORE);
		struct gate_wide *wide = gate_wide(g, key);
		m.next = wide->key ? wide->first : GATE_NONE;
		*wide = (struct gate_wide){key, index};
	} else {
		m.next = slot->first;
		slot->first = index;
	}
	*vec_add(&g->marks) = m;
}

/* The gram of a piece that few places of a log have, and few other pieces. */
static size_t
choose_anchor(const struct gate *g, const struct gate_anchors *a, const uint32_t *count,
	const struct gate_piece *p, unsigned *bucket)
{
	const unsigned shift = 32 - count_bits(g);
	const float least = 1e-9F;
	/* So many pieces that share a gram make it twice as bad: where nothing beside it tells them apart, and else. */
	enum { ALIKE = 64, APART = 16384 };
	enum { MANY = 8192, OF_MANY = 4 };
	bool few = a->way == GATE_BY_BYTES && g->pieces.len > MANY; /* it takes time */
	struct span piece = p->text;
	size_t best = 0, bytes = g->tables.spans ? GATE_SPAN : GATE_GRAM,
	       apart = few ? 1 + (piece.len < WINDOWS ? piece.len : WINDOWS) / OF_MANY : 1;
	float lowest = 0;
	for (size_t at = 0; at + bytes <= piece.len && at < WINDOWS; at += apart) {
		unsigned into;
		const char *gram = piece.ptr + at;
		float others = (float)count[gate_hash(gate_gram(gram)) >> shift];
		others /= at >= GATE_GRAM || at + 2 * GATE_GRAM <= piece.len ? APART : ALIKE;
		float cost = gate_anchor_cost(a, p, at, &into);
		cost = (cost + least) * (1 + others + others * others);
		if (!at || cost < lowest) {
			lowest = cost;
			best = at;
			*bucket = into;
		}
	}
	return best;
}

static void
add_gram(struct gate *g, uint32_t piece, size_t at)
{
	struct span text = g->pieces.at[piece].text;
	uint32_t gram = gate_gram(text.ptr + at);
	bool spans = g->kernel && at + GATE_SPAN <= text.len;
	struct gate_slot *slot = gate_slot(g, gram);
	if (!slot->count++)
		*slot = (struct gate_slot){gram, GATE_NONE, 1};
	add_mark(g, slot, make_mark(text, piece, at));
	uint64_t bytes = gram, bit, *word;
	for (size_t i = GATE_GRAM; spans && i < GATE_SPAN; i++)
		bytes |= (uint64_t)(uint8_t)(text.ptr[at + i] | 0x20) << 8 * i;
	word = gate_bits_of(&g->bits, bytes, &bit);
	*word |= g->kernel ? bit : UINT64_C(1) << (bytes * GATE_FACTOR >> 32 & 63);
	g->bits.longs |= spans;
	g->bits.shorts |= !spans;
}

/* One gram of each piece, wherever it stands. */
static float
add_anchors(struct gate *g, const uint32_t *count, const struct gate_likely *likely)
{
	enum { STRIDE = 97 };
	struct gate_anchors a;
	gate_anchors_init(&a, g->kernel->way, g->shortest >= GATE_SPAN, &g->tables, likely);
	/* Not in their order: neighbours are alike, and the first ones tell what buckets are of. */
	for (uint32_t from = 0; from < STRIDE; from++)
		for (uint32_t i = from; i < g->pieces.len; i += STRIDE) {
			unsigned bucket = 0;
			const struct gate_piece *p = &g->pieces.at[i];
			size_t at = choose_anchor(g, &a, count, p, &bucket);
			gate_anchor_add(&a, p, at, bucket);
			add_gram(g, i, at);
		}
	return gate_anchors_share(&a);
}

/* As many grams of each as it takes for one to stand at a multiple of the step. */
static void
add_windows(struct gate *g, const uint32_t *count)
{
	for (uint32_t i = 0; i < g->pieces.len; i++) {
		size_t from = choose_window(g, count, g->pieces.at[i].text);
		for (size_t at = from; at < from + g->step; at++)
			add_gram(g, i, at);
	}
}

/* Empty tables for so many grams of each piece. */
static void
make_tables(struct gate *g, size_t step)
{
	free(g->bits.word);
	free(g->slot);
	free(g->wide);
	/* Words for so many grams: behind a kernel few places are looked up, and the first cache is small. */
	enum { LEAST = 8, MOST = 16, GRAMS = 3 };
	size_t words = g->pieces.len * step / (g->kernel ? GRAMS : 1);
	unsigned power = LEAST;
	g->marks.len = 0;
	g->step = step;
	while (power < MOST && (size_t)1 << power < words)
		power++;
	g->bits = (struct gate_bits){.shift = 64 - power};
	g->bits.word = mem_new(((size_t)1 << power) * sizeof *g->bits.word);
	for (g->slots = 64; g->slots < g->pieces.len * step * 2;)
		g->slots *= 2;
	g->slot = mem_new(g->slots * sizeof *g->slot);
	g->wides = g->slots;
	g->wide = mem_new(g->wides * sizeof *g->wide);
}

/* Of very many pieces a kernel would let too much through: those are better looked up at once, by more grams. */
static void
add_pieces(struct gate *g, struct span sample)
{
	/* Of a log's places; pairs stand in a row more often than each for itself would. */
	static const float most[] = {[GATE_BY_PAIRS] = 1.0F / 24, [GATE_BY_BYTES] = 1.0F / 6};
	enum { PIECES_MOST = 16384 };
	size_t step = g->step = step_of(g->shortest);
	if (g->pieces.len > PIECES_MOST)
		g->kernel = NULL;
	own_mem uint32_t *count = mem_new(((size_t)1 << count_bits(g)) * sizeof *count);
	count_grams(g, count);
	if (g->kernel) {
		own_mem struct gate_likely *likely =
			gate_likely_new(sample, g->kernel->way, g->shortest >= GATE_SPAN);
		make_tables(g, 1);
		if (add_anchors(g, count, likely) < most[g->kernel->way])
			return;
		g->kernel = NULL;
	}
	make_tables(g, step);
	add_windows(g, count);
}

struct wanted {
	struct span piece;
	uint32_t string;
	bool begins;
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
			*vec_add(&all->of) = (struct wanted){pieces.at[k], i, pieces.begins};
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
	g->shortest = SIZE_MAX;
	g->kernel = gate_kernel_choose();
	gather(g, s, &all);
	for (size_t i = 0; i < all.of.len; i++) {
		const struct wanted *w = &all.of.at[i];
		if (!i || !span_eq(w->piece, w[-1].piece)) {
			*vec_add(&g->pieces) =
				(struct gate_piece){w->piece, (uint32_t)g->owner.len, true};
			g->shortest = w->piece.len < g->shortest ? w->piece.len : g->shortest;
		}
		g->pieces.at[g->pieces.len - 1].begins &= w->begins;
		*vec_add(&g->owner) = w->string;
	}
	free(all.of.at);
	add_pieces(g, s->sampled ? buf_span(&s->sample) : (struct span){});
	return g;
}

void
gate_free(struct gate **p)
{
	struct gate *g = *p;
	*p = NULL;
	if (!g)
		return;
	free(g->bits.word);
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
