/* Pairs of bytes by AVX-512: a table is four registers, in which two permutations find a word. */
#include <immintrin.h>

#include "match/strings-internal.h"
#include "match/sweep-internal.h" /* compiled with the same flags */

struct table {
	__m512i part[4];
};

static inline struct table
load(const uint16_t word[static 128])
{
	struct table t;
	for (int i = 0; i < 4; i++)
		t.part[i] = _mm512_loadu_si512(word + 32 * i);
	return t;
}

/* Of two bytes in a row gate_pair(), but for whether the second is a letter: that is bit 11. */
static inline __m512i
pairs_of(__m512i v)
{
	const __m512i low = _mm512_set1_epi16(31);
	return _mm512_ternarylogic_epi64(
		low, v, _mm512_srli_epi16(v, 3), 0xca); /* low ? v : v >> 3 */
}

static inline __mmask32
look_up(const struct table *t, __m512i pair)
{
	__m512i place = _mm512_srli_epi16(pair, 4); /* of 64 words */
	__m512i other = _mm512_permutex2var_epi16(t->part[0], place, t->part[1]);
	__m512i letter = _mm512_permutex2var_epi16(t->part[2], place, t->part[3]);
	__mmask32 is_letter = _mm512_test_epi16_mask(pair, _mm512_set1_epi16(0x800));
	__m512i bit = _mm512_sllv_epi16(
		_mm512_set1_epi16(1), _mm512_and_si512(pair, _mm512_set1_epi16(15)));
	return _mm512_test_epi16_mask(_mm512_mask_blend_epi16(is_letter, other, letter), bit);
}

struct tables {
	struct table first, middle, second;
};

static inline __mmask32
look_at(const struct table *t, const char *at)
{
	return look_up(t, pairs_of(_mm512_loadu_si512(at)));
}

/* Grams that begin at even places from `at` on, a bit each. */
static inline __mmask32
even_places(const struct tables *t, const char *at)
{
	return look_at(&t->first, at) & look_at(&t->middle, at + 1) & look_at(&t->second, at + 2);
}

/* The same at each fourth: what begins one of these pairs ends at the other. */
static inline __mmask32
fourth_places(const struct tables *t, const char *at)
{
	__m512i pair = pairs_of(_mm512_loadu_si512(at));
	return look_up(&t->first, pair) & look_up(&t->second, pair) >> 1 &
	       look_at(&t->middle, at + 1);
}

static void
block(const struct gate_pairs *pairs, const char *text, size_t step,
	uint64_t out[static GATE_BLOCK / 64])
{
	const struct tables t = {load(pairs->first), load(pairs->middle), load(pairs->second)};
	const uint64_t even = UINT64_C(0x5555555555555555);
	const uint64_t steps =
		step == 8 ? UINT64_C(0x0101010101010101) : UINT64_C(0x1111111111111111);
	for (size_t i = 0; i < GATE_BLOCK / 64; i++) {
		const char *at = text + 64 * i;
		if (step >= 4) {
			out[i] = _pdep_u64(fourth_places(&t, at), even) & steps;
			continue;
		}
		out[i] = _pdep_u64(even_places(&t, at), even);
		if (step == 1)
			out[i] |= _pdep_u64(even_places(&t, at + 1), even << 1);
	}
}

static bool
runs(void)
{
	return sweep_kernel_avx512.runs();
}

const struct gate_kernel gate_kernel_avx512 = {"avx512", runs, block};
