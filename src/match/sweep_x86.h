/* What both kernels of x86 share. */
#include <cpuid.h>
#include <immintrin.h>

/* No name for it that gcc and clang both take. */
static inline bool
has_lzcnt(void)
{
	unsigned a, b, c, d;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & 1 << 5);
}

/* For the lengths of four numbers, where their digits stand in the 16 bytes before the end: hundreds, tens, ones. */
struct digits_places {
	char at[16];
};

#define NO ((char)-128)
#define ONES(end) (char)((end)-1)
#define TENS(end, len) ((len) > 1 ? (char)((end)-2) : NO)
#define HUNDREDS(end, len) ((len) > 2 ? (char)((end)-3) : NO)
/* The numbers end at 16, before it, and so on; the last comes first, as in the address's bytes. */
#define PLACES(a, b, c, d) \
	{ \
		{ \
			NO, HUNDREDS(16, d), TENS(16, d), ONES(16), NO, HUNDREDS(15 - (d), c), \
				TENS(15 - (d), c), ONES(15 - (d)), NO, \
				HUNDREDS(14 - (d) - (c), b), TENS(14 - (d) - (c), b), \
				ONES(14 - (d) - (c)), NO, HUNDREDS(13 - (d) - (c) - (b), a), \
				TENS(13 - (d) - (c) - (b), a), ONES(13 - (d) - (c) - (b)) \
		} \
	}
#define PLACES_3(a, b, c) PLACES(a, b, c, 1), PLACES(a, b, c, 2), PLACES(a, b, c, 3)
#define PLACES_9(a, b) PLACES_3(a, b, 1), PLACES_3(a, b, 2), PLACES_3(a, b, 3)
#define PLACES_27(a) PLACES_9(a, 1), PLACES_9(a, 2), PLACES_9(a, 3)

static const struct digits_places digits_places[81]
	__attribute__((aligned(64))) = {PLACES_27(1), PLACES_27(2), PLACES_27(3)};

static inline bool
read_four(const unsigned char *end, uint64_t w, uint32_t *address, const unsigned char **before)
{
	unsigned d = (unsigned)_lzcnt_u64(w);
	w = w << (d & 63) << 1;
	unsigned c = (unsigned)_lzcnt_u64(w);
	w = w << (c & 63) << 1;
	unsigned b = (unsigned)_lzcnt_u64(w);
	w = w << (b & 63) << 1;
	unsigned a = (unsigned)_lzcnt_u64(w);
	*before = end - (a + b + c + d) - 4;
	bool fine = (a - 1 < 3) & (b - 1 < 3) & (c - 1 < 3) & (d - 1 < 3);
	unsigned which = fine ? (a - 1) * 27 + (b - 1) * 9 + (c - 1) * 3 + (d - 1) : 0;
	const __m128i nine = _mm_set1_epi8(9);
	const __m128i tens = _mm_set1_epi32(0x010a6400); /* 0, 100, 10, 1 */
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
	v = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	v = _mm_shuffle_epi8(
		v, _mm_load_si128((const __m128i *)(const void *)&digits_places[which]));
	fine &= _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, nine), v)) == 0xffff;
	v = _mm_madd_epi16(_mm_maddubs_epi16(tens, v), _mm_set1_epi16(1));
	fine &= (bool)_mm_testz_si128(v, _mm_set1_epi32((int)0xffffff00));
	v = _mm_packus_epi16(_mm_packus_epi32(v, v), v);
	*address = (uint32_t)_mm_cvtsi128_si32(v);
	return fine;
}

#define READ_FOUR
