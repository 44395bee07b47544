#pragma once
/* What making a gate and asking it share: grams, hashed, and the tables of marks. */
#include <string.h>

#include "match/strings-internal.h"

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
	return gram * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (g->slots - 1);
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
	return (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (g->wides - 1);
}

static inline struct gate_wide *
gate_wide(const struct gate *g, uint64_t key)
{
	size_t at = gate_wide_place(g, key);
	while (g->wide[at].key && g->wide[at].key != key)
		at = (at + 1) & (g->wides - 1);
	return &g->wide[at];
}

/* Of a gram its word in the table of grams, and two of its bits. */
static inline uint64_t *
gate_bits_of(const struct gate_bits *b, uint32_t gram, uint64_t bit[static 2])
{
	uint64_t hash = gram * UINT64_C(0x9e3779b97f4a7c15);
	bit[0] = UINT64_C(1) << (hash >> 32 & 63);
	bit[1] = UINT64_C(1) << (hash >> 38 & 63);
	return &b->word[hash >> b->shift];
}

static inline bool
gate_passes(const struct gate_bits *b, const char *at)
{
	uint64_t bit[2], *word = gate_bits_of(b, gate_gram(at), bit);
	return (*word & (bit[0] | bit[1])) == (bit[0] | bit[1]);
}

/* At first sight: \u, \x, and a percent sign whose byte is no blank and no control. */
static inline bool
gate_is_escape(const char *at)
{
	signed char next = (signed char)at[1];
	return ((*at == '%') & (next >= '2')) | ((*at == '\\') & ((next == 'u') | (next == 'x')));
}

/* Without a kernel one of the two is set and looked at, for every place is looked up. */
static inline bool
gate_has_first(const struct gate_bits *b, uint32_t gram)
{
	uint64_t bit[2], *word = gate_bits_of(b, gram, bit);
	return *word & bit[0];
}
