/* The fast pass by AVX-512: bytes by one permutation of a table, ends by compression. */
#include "match/sweep-internal.h"
#include "match/sweep_x86.inc"

struct classes {
	uint64_t token, dot, alpha, hex, colon, line, escape, high;
};

enum { TOKEN = 1, ALPHA = 2, HEX = 4, ESCAPE = 8 };

static const uint8_t table[128] __attribute__((aligned(64))) = {
	['0' ... '9'] = TOKEN | HEX,
	['A' ... 'F'] = TOKEN | ALPHA | HEX,
	['G' ... 'Z'] = TOKEN | ALPHA,
	['a' ... 'f'] = TOKEN | ALPHA | HEX,
	['g' ... 'z'] = TOKEN | ALPHA,
	['-'] = TOKEN,
	['_'] = TOKEN,
	['.'] = TOKEN,
	['%'] = ESCAPE,
	['\\'] = ESCAPE,
};

static inline void
classify(const unsigned char *at, struct classes *out)
{
	const __m512i low = _mm512_load_si512(table), high = _mm512_load_si512(table + 64);
	__m512i v = _mm512_loadu_si512(at);
	__mmask64 beyond = _mm512_movepi8_mask(v);
	__m512i kinds = _mm512_maskz_permutex2var_epi8(~beyond, low, v, high);
	out->token = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(TOKEN));
	out->alpha = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(ALPHA));
	out->hex = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(HEX));
	out->escape = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(ESCAPE));
	out->dot = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'));
	out->colon = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(':'));
	out->line = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
	out->high = beyond;
}

/* Positions of the bits of `ends`; writes up to 32 past `count`. */
static inline size_t
emit(uint16_t *queue, size_t count, uint64_t ends, unsigned base)
{
	static const uint8_t numbers[64] __attribute__((aligned(64))) = {0, 1, 2, 3, 4, 5, 6, 7, 8,
		9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
		30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
		51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i places = _mm512_maskz_compress_epi8(ends, _mm512_load_si512(numbers));
	__m512i from = _mm512_set1_epi16((short)base);
	_mm512_storeu_si512(queue + count,
		_mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(places)), from));
	return count + (unsigned)__builtin_popcountll(ends);
}

#define EMIT

static bool
kernel_runs(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") &&
	       has_lzcnt();
}

#define KERNEL sweep_kernel_avx512
#define KERNEL_NAME "avx512"
#include "match/sweep_kernel.inc"
