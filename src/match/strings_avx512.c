/* Pairs of bytes by AVX-512: all tables lie in registers, and one permutation looks up 64 places. */
#include "base/mutant.h"
#include "match/emit_avx512.inc"
#include "match/strings_gate-internal.h"
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

/* Rows of bits, one a byte, in words: one word comes before, GROUP behind. */
enum { WORDS = STRINGS_STRETCH / 64, WORDS_ROW = 2 + WORDS + GROUP };

struct rows {
	uint64_t pair[GATE_PAIRS][WORDS_ROW]; /* where one of each table begins */
	uint64_t sign[WORDS_ROW];	      /* "%" and backslash */
	uint64_t both[WORDS_ROW]; /* one of the third table, and one of the fourth behind it */
};

struct tables {
	struct table first, second, bit, pair[GATE_PAIRS];
};

/* Of 64 places, a word of each row; b is the same one byte on. */
static inline void
find_pairs(const struct tables *t, __m512i a, __m512i b, struct rows *r, size_t k)
{
	/* bytes beyond ASCII are nothing */
	__m512i from = look_up(&t->first, _mm512_max_epi8(a, _mm512_setzero_si512()));
	__m512i bits = look_up(&t->bit, b);
	__m512i place = _mm512_or_si512(from, look_up(&t->second, b));
	r->sign[k] = _mm512_movepi8_mask(from);
	for (unsigned i = 0; i < GATE_PAIRS; i++)
		r->pair[i][k] = _mm512_test_epi8_mask(look_up(&t->pair[i], place), bits);
}

/* Whether any byte is beyond ASCII. */
static inline bool
find_rows(const struct gate_tables *tables, const char *text, size_t words, struct rows *r)
{
	struct tables t = {load(tables->first), load(tables->second), load(tables->bit),
		{load(tables->pair[0]), load(tables->pair[1]), load(tables->pair[2]),
			load(tables->pair[3])}};
	enum { FETCHED = 1024 };
	__m512i high = _mm512_setzero_si512();
	for (size_t i = 0; i < words; i++) {
		__m512i a = _mm512_loadu_si512(text + 64 * i);
		__builtin_prefetch(text + 64 * i + FETCHED);
		high = _mm512_or_si512(high, a);
		find_pairs(&t, a, _mm512_loadu_si512(text + 64 * i + 1), r, 1 + i);
	}
	/* What grams of the last bytes go on in. */
	const __mmask64 ahead = (UINT64_C(1) << GATE_AHEAD) - 1;
	const char *end = text + 64 * words;
	find_pairs(&t, _mm512_maskz_loadu_epi8(ahead, end),
		_mm512_maskz_loadu_epi8(ahead >> 1, end + 1), r, 1 + words);
	return _mm512_movepi8_mask(high) != 0;
}

static inline __m512i
row(const uint64_t *at)
{
	return _mm512_loadu_si512(at);
}

/* What is so many bytes ahead, and before. */
#define AHEAD(at, count) _mm512_shrdi_epi64(row(at), row((at) + 1), count)
#define BEFORE(at, count) _mm512_shldi_epi64(row(at), row((at)-1), count)

static inline void
find_both(struct rows *r, size_t words)
{
	for (size_t k = 1; k <= 1 + words; k += GROUP)
		_mm512_storeu_si512(&r->both[k],
			_mm512_and_si512(row(&r->pair[2][k]), AHEAD(&r->pair[3][k], 1)));
}

/* Where a sign stands two bytes to GATE_ESCAPE before. */
static inline __m512i
behind_signs(const uint64_t *sign)
{
	__m512i two = _mm512_or_si512(BEFORE(sign, 2), BEFORE(sign, 3));
	__m512i four = _mm512_or_si512(BEFORE(sign, 4), BEFORE(sign, 5));
	return _mm512_or_si512(BEFORE(sign, 6), _mm512_or_si512(two, four));
}

/* gate_is_escape, of words that hold signs */
static __attribute__((noinline)) __m512i
escapes(const char *text, const uint64_t *sign, unsigned words)
{
	uint64_t out[GROUP] = {};
	for (; words; words &= words - 1) {
		unsigned i = (unsigned)__builtin_ctz(words);
		__m512i next = _mm512_loadu_si512(text + 64 * i + 1);
		__mmask64 back = _mm512_mask_cmpeq_epi8_mask(
			sign[i], _mm512_loadu_si512(text + 64 * i), _mm512_set1_epi8('\\'));
		__mmask64 letter = _mm512_cmpeq_epi8_mask(next, _mm512_set1_epi8('u')) |
				   _mm512_cmpeq_epi8_mask(next, _mm512_set1_epi8('x'));
		__mmask64 plain = _mm512_cmpgt_epi8_mask(next, _mm512_set1_epi8('1'));
		out[i] = (back & letter) | (sign[i] & ~back & plain);
	}
	return row(out);
}

/* Of GROUP words from `i` on, those up to `words`: where a gram may begin or an escape does. */
static inline __m512i
marks(const struct rows *r, const char *text, bool spans, size_t i, size_t words)
{
	size_t k = 1 + i;
	const __mmask8 these =
		words - i < GROUP ? (__mmask8)((1u << (words - i)) - 1) : (__mmask8)UINT8_MAX;
	__m512i before = BEFORE(&r->pair[0][k], 1), sign = row(&r->sign[k]);
	__m512i is = _mm512_and_si512(row(&r->pair[1][k]), AHEAD(&r->both[k], 1));
	if (spans && !mutant(1865))
		is = _mm512_and_si512(is, AHEAD(&r->both[k], 3));
	__m512i near = _mm512_or_si512(sign, row(&r->sign[k - 1]));
	if (__builtin_expect(_mm512_test_epi64_mask(near, near), 0) && !mutant(1864))
		before = _mm512_or_si512(before, behind_signs(&r->sign[k]));
	is = _mm512_and_si512(is, before);
	unsigned some = _mm512_mask_test_epi64_mask(these, sign, sign);
	if (__builtin_expect(some, 0))
		is = _mm512_or_si512(is, escapes(text + 64 * i, &r->sign[k], some));
	return _mm512_maskz_mov_epi64(these, is);
}

/* All rows of the text. Before it something may be an escape; behind what is read there is nothing. */
static inline bool
begin_rows(const struct gate_tables *t, const char *text, size_t words, struct rows *r)
{
	for (unsigned i = 0; i < GATE_PAIRS; i++) {
		r->pair[i][0] = 0;
		_mm512_storeu_si512(&r->pair[i][1 + words], _mm512_setzero_si512());
	}
	r->sign[0] = mutant(1863) ? 0 : UINT64_MAX;
	_mm512_storeu_si512(&r->sign[1 + words], _mm512_setzero_si512());
	bool high = find_rows(t, text, words, r);
	find_both(r, words);
	return high;
}

static bool
mark(const struct gate_tables *t, const char *text, size_t words, uint64_t *out)
{
	__attribute__((uninitialized)) struct rows r;
	bool high = begin_rows(t, text, words, &r);
	for (size_t i = 0; i < words; i += GROUP) {
		size_t many = words - i < GROUP ? words - i : GROUP;
		_mm512_mask_storeu_epi64(
			out + i, (__mmask8)((1u << many) - 1), marks(&r, text, t->spans, i, words));
	}
	return high;
}

/* Places, which come not quite in their order. Few are in the queue, mostly. */
static void
sort_few(uint16_t *queue, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint16_t place = queue[i];
		size_t k = i;
		for (; k > 0 && queue[k - 1] > place; k--)
			queue[k] = queue[k - 1];
		queue[k] = place;
	}
}

/* The same of any number in steps that only their number bounds. */
static void
sort_many(uint16_t *queue, size_t count, size_t first)
{
	uint64_t row[WORDS] = {};
	for (size_t i = 0; i < count; i++)
		row[(queue[i] - first) / 64] |= UINT64_C(1) << (queue[i] - first) % 64;
	for (size_t i = 0, k = 0; i < WORDS; i++)
		for (; row[i]; row[i] &= row[i] - 1)
			queue[k++] = (uint16_t)(first + 64 * i + (size_t)__builtin_ctzll(row[i]));
}

static size_t
places(const struct gate *g, const char *text, size_t words, size_t first, uint16_t *queue,
	bool *high)
{
	enum { FEW = 16 };
	__attribute__((uninitialized)) struct rows r;
	size_t count = 0;
	*high |= begin_rows(&g->tables, text, words, &r);
	for (size_t i = 0; i < words; i += GROUP)
		count = emit(queue, count, marks(&r, text, g->tables.spans, i, words), i);
	count = gate_keep_places(g, text, first, queue, count);
	if (mutant(1866))
		return count;
	if (count > FEW)
		sort_many(queue, count, first);
	else
		sort_few(queue, count);
	return count;
}

static bool
runs(void)
{
	return sweep_kernel_avx512.runs();
}

const struct gate_kernel gate_kernel_avx512 = {"avx512", runs, GATE_BY_PAIRS, mark, places};
