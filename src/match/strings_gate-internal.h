#pragma once
/* What making a gate and asking it share: grams, hashed, and the tables of marks. */
#include <string.h>

#include "match/strings-internal.h"

#define GATE_FACTOR UINT64_C(0x9e3779b97f4a7c15)

static inline uint32_t
gate_gram(const char *at)
{
	uint32_t v;
	memcpy(&v, at, GATE_GRAM);
	return v | UINT32_C(0x20202020);
}

static inline uint32_t
gate_hash(uint32_t gram)
{
	return gram * UINT32_C(0x9e3779b1);
}

/* Where looking for it begins. */
static inline size_t
gate_slot_place(const struct gate *g, uint32_t gram)
{
	return gram * GATE_FACTOR >> 32 & (g->slots - 1);
}

static inline struct gate_slot *
gate_slot(const struct gate *g, uint32_t gram)
{
	size_t at = gate_slot_place(g, gram);
	while (g->slot[at].count && g->slot[at].gram != gram)
		at = (at + 1) & (g->slots - 1);
	return &g->slot[at];
}

enum gate_side { GATE_BEFORE, GATE_BEHIND };

/* Letters are ASCII: the highest bit is free. */
static inline uint64_t
gate_wide_key(uint32_t gram, uint32_t beside, enum gate_side side)
{
	return (uint64_t)gram << 32 | beside | (uint64_t)side << 63;
}

static inline size_t
gate_wide_place(const struct gate *g, uint64_t key)
{
	return (key ^ key >> 32) * GATE_FACTOR >> 32 & (g->wides - 1);
}

static inline struct gate_wide *
gate_wide(const struct gate *g, uint64_t key)
{
	size_t at = gate_wide_place(g, key);
	while (g->wide[at].key && g->wide[at].key != key)
		at = (at + 1) & (g->wides - 1);
	return &g->wide[at];
}

/* Of a gram, or of so many bytes more as are hashed with it, the word in the table of grams and the bits there. */
static inline uint64_t *
gate_bits_of(const struct gate_bits *b, uint64_t bytes, uint64_t *bit)
{
	uint64_t hash = bytes * GATE_FACTOR;
	*bit = UINT64_C(1) << (hash >> 32 & 63) | UINT64_C(1) << (hash >> 38 & 63) |
	       UINT64_C(1) << (hash >> 44 & 63);
	return &b->word[hash >> b->shift];
}

/* GATE_SPAN bytes, letters small; two more are read. */
static inline uint64_t
gate_span(const char *at)
{
	uint64_t v;
	memcpy(&v, at, sizeof v);
	return (v | UINT64_C(0x2020202020202020)) << 16 >> 16;
}

static inline bool
gate_has(const struct gate_bits *b, uint64_t bytes)
{
	uint64_t bit, word = *gate_bits_of(b, bytes, &bit);
	return (word & bit) == bit;
}

/* Of eight bytes. */
static inline bool
gate_passes(const struct gate_bits *b, const char *at)
{
	uint64_t span = gate_span(at);
	return (b->longs && gate_has(b, span)) || (b->shorts && gate_has(b, (uint32_t)span));
}

/* At first sight: \u, \x, and a percent sign whose byte is no blank and no control. */
static inline bool
gate_is_escape(const char *at)
{
	signed char next = (signed char)at[1];
	return ((*at == '%') & (next >= '2')) | ((*at == '\\') & ((next == 'u') | (next == 'x')));
}

/* Without a kernel one bit is set and looked at, for every place is looked up. */
static inline bool
gate_has_first(const struct gate_bits *b, uint32_t gram)
{
	uint64_t hash = gram * GATE_FACTOR;
	return b->word[hash >> b->shift] >> (hash >> 32 & 63) & 1;
}

/* No gram begins with a sign: what is marked there is an escape, nearly always. */
static inline size_t
gate_is_sign(const char *at)
{
	return (size_t)(*at == '%') | (size_t)(*at == '\\');
}

/*
 * Of the marks of a kernel in the queue those that are places, as it says of them, with `first` added; how many. No
 * step depends on what a mark turns out to be.
 */
static __attribute__((noinline, unused)) size_t
gate_keep_places(
	const struct gate *g, const char *text, size_t first, uint16_t *queue, size_t count)
{
	const struct gate_bits bits = g->bits;
	size_t kept = 0;
	for (size_t i = 0; i < count && !bits.shorts; i++) {
		const char *at = text + queue[i];
		queue[kept] = (uint16_t)(queue[i] + first);
		kept += (size_t)gate_has(&bits, gate_span(at)) | gate_is_sign(at);
	}
	for (size_t i = 0; i < count && bits.shorts; i++) {
		const char *at = text + queue[i];
		uint64_t span = gate_span(at);
		queue[kept] = (uint16_t)(queue[i] + first);
		kept += (size_t)gate_has(&bits, span) | (size_t)gate_has(&bits, (uint32_t)span) |
			gate_is_sign(at);
	}
	return kept;
}
