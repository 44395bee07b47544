/* The fast pass by AVX-512: bytes by one permutation of a table, ends by compression. */
#include "base/must.h"
#include "match/sweep-internal.h"
#include "match/sweep_x86.inc"

static inline void
classify(const unsigned char *at, struct classes *out)
{
	const __m512i low = _mm512_load_si512(sweep_classes),
		      high = _mm512_load_si512(sweep_classes + 64);
	__m512i v = _mm512_loadu_si512(at);
	__mmask64 beyond = _mm512_movepi8_mask(v);
	__m512i kinds = _mm512_maskz_permutex2var_epi8(~beyond, low, v, high);
	out->token = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(BYTE_TOKEN));
	out->alpha = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(BYTE_ALPHA));
	out->hex = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(BYTE_HEX));
	out->escape = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(BYTE_ESCAPE));
	out->dot = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'));
	out->colon = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(':'));
	out->line = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
	out->high = beyond;
}

static inline void
store_places(uint16_t *queue, __m128i places, __m256i from)
{
	_mm256_storeu_si256(
		(__m256i *)(void *)queue, _mm256_add_epi16(_mm256_cvtepu8_epi16(places), from));
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
	__m256i from = _mm256_set1_epi16((short)base);
	size_t more = (unsigned)__builtin_popcountll(ends);
	store_places(queue + count, _mm512_castsi512_si128(places), from);
	if (__builtin_expect(more > 16, 0))
		store_places(queue + count + 16, _mm512_extracti32x4_epi32(places, 1), from);
	return count + more;
}

#define EMIT

/* ---- rows made of rows, eight words at once ---- */

static inline __m512i
load(const uint64_t *row)
{
	return _mm512_loadu_si512(row);
}

static inline void
store(uint64_t *row, __m512i v)
{
	_mm512_storeu_si512(row, v);
}

/* Each word's neighbour before, where the last of the words before is the last of `then`. */
static inline __m512i
neighbour(__m512i v, __m512i then)
{
	return _mm512_alignr_epi64(v, then, 7);
}

#define BEFORE(v, neighbour, count) _mm512_shldi_epi64(v, neighbour, count)
#define OR_3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0xfe)

static inline __m512i
and_not(__m512i v, __m512i without)
{
	return _mm512_andnot_si512(without, v);
}

/* v where one of `row` is two to four bytes before */
static inline __m512i
near_of(__m512i row, __m512i n)
{
	return _mm512_and_si512(row, OR_3(BEFORE(row, n, 2), BEFORE(row, n, 3), BEFORE(row, n, 4)));
}

static inline __m512i
chain_of(__m512i row, __m512i n)
{
	__m512i three = OR_3(BEFORE(row, n, 2), BEFORE(row, n, 3), BEFORE(row, n, 4));
	return _mm512_ternarylogic_epi64(row, three, BEFORE(row, n, 5), 0xe0); /* a & (b | c) */
}

/* One number of 512 bits: a word that overflows carries into the next, through those of nothing but ones. */
static inline __m512i
add_rows(__m512i a, __m512i b, uint64_t *carry)
{
	const __m512i ones = _mm512_set1_epi64(-1);
	__m512i sum = _mm512_add_epi64(a, b);
	unsigned over = _mm512_cmplt_epu64_mask(sum, a), full = _mm512_cmpeq_epi64_mask(sum, ones);
	unsigned more = (over << 1 | (unsigned)*carry) + full;
	*carry = more >> GROUP;
	return _mm512_mask_sub_epi64(sum, (__mmask8)(more ^ full), sum, ones);
}

static inline __m512i
last_of(uint64_t word)
{
	return _mm512_maskz_set1_epi64(0x80, (long long)word);
}

static inline uint64_t
last_word(__m512i v)
{
	return (uint64_t)_mm_extract_epi64(_mm512_extracti32x4_epi32(v, 3), 1);
}

/* What the words before were: as vectors, of which only the last word counts. */
struct rows_before {
	__m512i token, dot, near, run[5], chain[CHAINS - 1];
};

/* One end of 32 digits or more. */
static inline __m512i
run_ends(__m512i hex, __m512i hex_before, struct rows_before *p)
{
	__m512i m = _mm512_and_si512(hex, BEFORE(hex, hex_before, 1)), n;
	n = neighbour(m, p->run[0]), p->run[0] = m;
	m = _mm512_and_si512(m, BEFORE(m, n, 2));
	n = neighbour(m, p->run[1]), p->run[1] = m;
	m = _mm512_and_si512(m, BEFORE(m, n, 4));
	n = neighbour(m, p->run[2]), p->run[2] = m;
	m = _mm512_and_si512(m, BEFORE(m, n, 8));
	n = neighbour(m, p->run[3]), p->run[3] = m;
	m = _mm512_and_si512(m, BEFORE(m, n, 16));
	n = neighbour(m, p->run[4]), p->run[4] = m;
	return and_not(BEFORE(m, n, 1), hex);
}

static inline __m512i
colon_marks(__m512i colon, __m512i colon_before, struct rows_before *p)
{
	__m512i both = _mm512_and_si512(colon, BEFORE(colon, colon_before, 1));
	__m512i row = chain_of(colon, colon_before);
	for (unsigned level = 0; level < CHAINS - 1; level++) {
		__m512i n = neighbour(row, p->chain[level]);
		p->chain[level] = row;
		row = chain_of(row, n);
	}
	return _mm512_or_si512(both, row);
}

static inline void
rows_begin(struct rows_before *p, const struct bitmaps *b, const struct carries *c)
{
	p->token = last_of(b->token[HISTORY - 1]);
	p->dot = last_of(b->dot[HISTORY - 1]);
	p->near = last_of(c->near);
	for (unsigned i = 0; i < 5; i++)
		p->run[i] = last_of(c->run[i]);
	for (unsigned i = 0; i < CHAINS - 1; i++)
		p->chain[i] = last_of(c->chain[i]);
}

static inline void
rows_end(const struct rows_before *p, struct carries *c)
{
	c->near = last_word(p->near);
	for (unsigned i = 0; i < 5; i++)
		c->run[i] = last_word(p->run[i]);
	for (unsigned i = 0; i < CHAINS - 1; i++)
		c->chain[i] = last_word(p->chain[i]);
}

static __attribute__((noinline)) struct marks
find_marks(struct sweep *s, size_t words)
{
	struct bitmaps *b = &s->bits;
	const struct gates *g = s->gates;
	const __m512i any_tail = _mm512_set1_epi64(g->any_tail ? -1 : 0);
	const bool runs = g->has_digits, chains = g->has_sixes || g->has_fours || g->has_digits;
	struct carries c = s->carries;
	struct rows_before p;
	__m512i any_odd = {}, any_run = {}, any_colon = {};
	rows_begin(&p, b, &c);
	for (size_t i = 0; i < words; i += GROUP) {
		size_t k = HISTORY + i;
		__m512i word = load(&b->word[k]), point = load(&b->point[k]);
		__m512i second = _mm512_and_si512(point, BEFORE(point, load(&b->point[k - 1]), 1));
		__m512i token = and_not(word, second), dot = and_not(point, second);
		__m512i token_before = neighbour(token, p.token),
			dot_before = neighbour(dot, p.dot);
		__m512i alpha = load(&b->alpha[k]), hex = load(&b->hex[k]);
		__m512i alpha_before = load(&b->alpha[k - 1]), hex_before = load(&b->hex[k - 1]);
		__m512i behind = and_not(BEFORE(token, token_before, 1), token);
		__m512i letter = BEFORE(alpha, alpha_before, 1);
		__m512i digit = and_not(BEFORE(hex, hex_before, 1), letter);
		/* token & ~dot & ~(hex & ~alpha) */
		__m512i other = and_not(and_not(token, dot), and_not(hex, alpha));
		__m512i near = near_of(dot, dot_before);
		__m512i quad = _mm512_and_si512(dot, near_of(near, neighbour(near, p.near)));
		p.token = token;
		p.dot = dot;
		p.near = near;
		store(&b->token[k], token);
		store(&b->dot[k], dot);
		store(&b->edge[k],
			_mm512_ternarylogic_epi64(word, point, point, 0xcf)); /* ~word | point */
		__m512i names = _mm512_and_si512(add_rows(token, dot, &c.dot), behind);
		__m512i fours =
			_mm512_and_si512(add_rows(token, quad, &c.quad), and_not(behind, letter));
		__m512i pure = and_not(digit, add_rows(token, other, &c.other));
		__m512i odd = and_not(fours, pure);
		/* names & (~digit | any_tail) */
		store(&b->name_end[i], _mm512_ternarylogic_epi64(names, digit, any_tail, 0xb0));
		store(&b->four_end[i], _mm512_and_si512(fours, pure));
		store(&b->odd_end[i], odd);
		any_odd = _mm512_or_si512(any_odd, odd);
		if (runs) {
			__m512i ends = run_ends(hex, hex_before, &p);
			store(&b->run_end[i], ends);
			any_run = _mm512_or_si512(any_run, ends);
		}
		if (chains) {
			__m512i marks = colon_marks(load(&b->colon[k]), load(&b->colon[k - 1]), &p);
			store(&b->colons[i], marks);
			any_colon = _mm512_or_si512(any_colon, marks);
		}
	}
	rows_end(&p, &c);
	s->carries = c;
	return (struct marks){_mm512_test_epi64_mask(any_odd, any_odd) != 0,
		_mm512_test_epi64_mask(any_run, any_run) != 0,
		_mm512_test_epi64_mask(any_colon, any_colon) != 0};
}

#define FIND_MARKS

static bool
kernel_runs(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") &&
	       has_lzcnt();
}

#define READ_FOURS "match/sweep_fours_avx512.inc"
#define KERNEL sweep_kernel_avx512
#define KERNEL_NAME "avx512"
#include "match/sweep_kernel.inc"
