/* Pairs of bytes by AVX-512: all tables lie in registers, and one permutation looks up 64 places. */
#include <immintrin.h>

#include "match/strings-internal.h"
#include "match/sweep-internal.h" /* compiled with the same flags */

struct table {
	__m512i part[2];
};

static inline struct table
load(const uint8_t byte[static 128])
{
	return (struct table){{_mm512_loadu_si512(byte), _mm512_loadu_si512(byte + 64)}};
}

/* By the low seven bits of each byte. */
static inline __m512i
look_up(const struct table *t, __m512i place)
{
	return _mm512_permutex2var_epi8(t->part[0], place, t->part[1]);
}

static inline uint64_t
has_pair(const struct gate_tables *t, unsigned which, const char *at)
{
	unsigned place = (t->first[at[0] & 127] | t->second[at[1] & 127]) & 127;
	return (t->pair[which][place] & t->bit[at[1] & 127]) != 0;
}

/* Of 64 places: the first pair of a gram and its ends, the pairs in the middle and at the end, escapes. */
struct found_pairs {
	uint64_t begins, middle, last, escape;
};

/* Where all stand in a row; of the places behind, those of the next 64 count. */
static inline uint64_t
in_row(const struct found_pairs *m, uint64_t next_middle, uint64_t next_last)
{
	return (m->begins & (m->middle >> 1 | next_middle << 63) &
		       (m->last >> 2 | next_last << 62)) |
	       m->escape;
}

/* gate_is_escape, of the signs that tell an escape */
static inline uint64_t
escapes(__mmask64 signs, __m512i a, __m512i next)
{
	__mmask64 back = _mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8('\\'));
	__mmask64 letter = _mm512_cmpeq_epi8_mask(next, _mm512_set1_epi8('u')) |
			   _mm512_cmpeq_epi8_mask(next, _mm512_set1_epi8('x'));
	__mmask64 plain = _mm512_cmpgt_epi8_mask(next, _mm512_set1_epi8('1'));
	return signs & ((back & letter) | (~back & plain));
}

static bool
mark(const struct gate_tables *tables, const char *text, size_t words, uint64_t *out)
{
	const struct table first = load(tables->first), second = load(tables->second),
			   bit = load(tables->bit), first_pair = load(tables->pair[0]),
			   middle = load(tables->pair[1]), last = load(tables->pair[2]),
			   ends = load(tables->pair[3]);
	struct found_pairs before = {};
	__m512i high = _mm512_setzero_si512();
	for (size_t i = 0; i < words; i++) {
		__m512i a = _mm512_loadu_si512(text + 64 * i);
		__m512i b = _mm512_loadu_si512(text + 64 * i + 1);
		__m512i d = _mm512_loadu_si512(text + 64 * i + 3);
		__m512i from = look_up(&first, a), bits = look_up(&bit, b);
		__m512i place = _mm512_or_si512(from, look_up(&second, b));
		__m512i far = look_up(&ends, _mm512_or_si512(from, look_up(&second, d)));
		__mmask64 end = _mm512_test_epi8_mask(far, look_up(&bit, d));
		struct found_pairs m = {
			.begins =
				_mm512_mask_test_epi8_mask(end, look_up(&first_pair, place), bits),
			.middle = _mm512_test_epi8_mask(look_up(&middle, place), bits),
			.last = _mm512_test_epi8_mask(look_up(&last, place), bits),
			.escape = escapes(_mm512_movepi8_mask(_mm512_andnot_si512(a, from)), a, b),
		};
		high = _mm512_or_si512(high, a);
		if (i)
			out[i - 1] = in_row(&before, m.middle, m.last);
		before = m;
	}
	const char *end = text + 64 * words;
	out[words - 1] = in_row(&before, has_pair(tables, 1, end),
		has_pair(tables, 2, end) | has_pair(tables, 2, end + 1) << 1);
	return _mm512_movepi8_mask(high) != 0;
}

#include "match/strings_queue.inc"

static bool
runs(void)
{
	return sweep_kernel_avx512.runs();
}

const struct gate_kernel gate_kernel_avx512 = {"avx512", runs, GATE_BY_PAIRS, mark, places};
