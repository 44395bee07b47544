/* Bytes in buckets by AVX2: two shuffles look up a byte by its halves, for 32 places. */
#include <immintrin.h>

#include "match/strings-internal.h"
#include "match/sweep-internal.h" /* compiled with the same flags */

struct tables {
	__m256i low[GATE_GRAM], high[GATE_GRAM];
};

static inline __m256i
load(const void *at)
{
	return _mm256_loadu_si256(at);
}

static inline __m256i
load_table(const uint8_t half[static 16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)half));
}

/* In which buckets each byte is; a byte beyond ASCII in none, for its highest bit makes a shuffle say 0. */
static inline __m256i
buckets(const struct tables *t, unsigned which, __m256i v)
{
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
	return _mm256_and_si256(
		_mm256_shuffle_epi8(t->low[which], v), _mm256_shuffle_epi8(t->high[which], high));
}

static inline __m256i
is(__m256i v, char c)
{
	return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

/* gate_is_escape */
static inline __m256i
escapes(__m256i v, __m256i next)
{
	__m256i percent =
		_mm256_and_si256(is(v, '%'), _mm256_cmpgt_epi8(next, _mm256_set1_epi8('1')));
	__m256i letter = _mm256_or_si256(is(next, 'u'), is(next, 'x'));
	return _mm256_or_si256(percent, _mm256_and_si256(is(v, '\\'), letter));
}

/* Where no bucket has all four bytes, nor an escape begins. */
static inline uint32_t
nothing(const struct tables *t, const char *at, __m256i v)
{
	__m256i next = load(at + 1);
	__m256i two = _mm256_and_si256(buckets(t, 0, v), buckets(t, 1, next));
	__m256i four = _mm256_and_si256(buckets(t, 2, load(at + 2)), buckets(t, 3, load(at + 3)));
	__m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(two, four), _mm256_setzero_si256());
	return (uint32_t)_mm256_movemask_epi8(_mm256_andnot_si256(escapes(v, next), none));
}

static bool
mark(const struct gate_tables *tables, const char *text, size_t words, uint64_t *out)
{
	struct tables t;
	__m256i any = _mm256_setzero_si256();
	for (unsigned i = 0; i < GATE_GRAM; i++) {
		t.low[i] = load_table(tables->low[i]);
		t.high[i] = load_table(tables->high[i]);
	}
	for (size_t i = 0; i < words; i++) {
		const char *at = text + 64 * i;
		__m256i a = load(at), b = load(at + 32);
		any = _mm256_or_si256(any, _mm256_or_si256(a, b));
		out[i] = ~(nothing(&t, at, a) | (uint64_t)nothing(&t, at + 32, b) << 32);
	}
	return _mm256_movemask_epi8(any) != 0;
}

#include "match/strings_queue.inc"

static bool
runs(void)
{
	return sweep_kernel_avx2.runs();
}

const struct gate_kernel gate_kernel_avx2 = {"avx2", runs, GATE_BY_BYTES, mark, places};
