/* The fast pass by AVX2. */
#include <pthread.h>
#include <string.h>

#include "match/sweep-internal.h"
#include "match/sweep_x86.inc"

#include "match/sweep_fours_avx2.inc"

/*
 * Kinds of bytes as products of a low and a high half: each bit is one rectangle of the table of ASCII.
 * 1 letters @ABC.. without @, 2 letters P..Z, 4 digits, 8 "-" and ".", 16 "_", 32 A to F, 64 "%", 128 backslash
 */
enum {
	LETTER_1 = 1,
	LETTER_2 = 2,
	DIGIT = 4,
	SIGN = 8,
	LOW_LINE = 16,
	HEX_LETTER = 32,
	PERCENT = 64
};

#define BACKSLASH ((char)128)

static inline uint64_t
mask(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b)
							   << 32;
}

static inline __m256i
kinds(__m256i v)
{
	enum { L = LETTER_1 | HEX_LETTER };
	const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(LETTER_2 | DIGIT,
		LETTER_1 | LETTER_2 | DIGIT | HEX_LETTER, L | LETTER_2 | DIGIT,
		L | LETTER_2 | DIGIT, L | LETTER_2 | DIGIT, L | LETTER_2 | DIGIT | PERCENT,
		L | LETTER_2 | DIGIT, LETTER_1 | LETTER_2 | DIGIT, LETTER_1 | LETTER_2 | DIGIT,
		LETTER_1 | LETTER_2 | DIGIT, LETTER_1 | LETTER_2, LETTER_1,
		(char)(LETTER_1 | BACKSLASH), LETTER_1 | SIGN, LETTER_1 | SIGN,
		LETTER_1 | LOW_LINE));
	const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, SIGN | PERCENT, DIGIT,
		L, (char)(LETTER_2 | LOW_LINE | BACKSLASH), L, LETTER_2, 0, 0, 0, 0, 0, 0, 0, 0));
	const __m256i half = _mm256_set1_epi8(15);
	/* A byte beyond ASCII has a high half of 8 or more: no kind at all. */
	return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(v, half)),
		_mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

static inline uint64_t
any_of(__m256i a, __m256i b, char bits)
{
	const __m256i want = _mm256_set1_epi8(bits), zero = _mm256_setzero_si256();
	return ~mask(_mm256_cmpeq_epi8(_mm256_and_si256(a, want), zero),
		_mm256_cmpeq_epi8(_mm256_and_si256(b, want), zero));
}

static inline uint64_t
equal(__m256i a, __m256i b, char c)
{
	const __m256i want = _mm256_set1_epi8(c);
	return mask(_mm256_cmpeq_epi8(a, want), _mm256_cmpeq_epi8(b, want));
}

static inline void
classify(const unsigned char *at, struct classes *out)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)at);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
	__m256i ka = kinds(a), kb = kinds(b);
	out->token = any_of(ka, kb, LETTER_1 | LETTER_2 | DIGIT | SIGN | LOW_LINE);
	out->alpha = any_of(ka, kb, LETTER_1 | LETTER_2);
	out->hex = any_of(ka, kb, DIGIT | HEX_LETTER);
	out->escape = any_of(ka, kb, (char)(PERCENT | BACKSLASH));
	out->dot = equal(a, b, '.');
	out->colon = equal(a, b, ':');
	out->line = equal(a, b, '\n');
	out->high = mask(a, b);
}

static bool
kernel_runs(void)
{
	pthread_once(&shapes_made, make_shapes);
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && has_lzcnt() && __builtin_cpu_supports("popcnt");
}

#define CLASSIFY_WHOLE "match/sweep_classes_avx2.inc"
#define FIND_ENDS "match/sweep_ends_avx2.inc"
#define KERNEL sweep_kernel_avx2
#define KERNEL_NAME "avx2"
#include "match/sweep_kernel.inc"
