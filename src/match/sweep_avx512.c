/* The fast pass by AVX-512: bytes by one permutation of a table and a transposition of bits, ends by compression. */
#include <string.h>

#include "base/must.h"
#include "match/sweep-internal.h"
#include "match/sweep_x86.inc"

#include "match/emit_avx512.inc"

/* ---- rows made of rows, eight words at once ---- */

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

static inline bool
is_any(__m512i v)
{
	return _mm512_test_epi64_mask(v, v) != 0;
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

/* ---- bytes to rows ---- */

/* One row for each bit of BYTE_..., of 512 bytes. */
struct rows {
	__m512i token, dot, alpha, hex, colon, line, escape, high;
};

/*
 * Of 64 bytes the eight rows, each a word, bits in reverse in each byte. The affine product of eight bytes with
 * those of one bit each is their transpose.
 */
static inline __m512i
kinds_of(const unsigned char *at)
{
	const __m512i low = _mm512_load_si512(sweep_classes),
		      high = _mm512_load_si512(sweep_classes + 64);
	const __m512i each = _mm512_set1_epi64((long long)UINT64_C(0x8040201008040201));
	__m512i v = _mm512_loadu_si512(at);
	__m512i kinds = _mm512_permutex2var_epi8(low, v, high);
	/* kinds | (v & BYTE_HIGH) */
	kinds = _mm512_ternarylogic_epi64(kinds, v, _mm512_set1_epi8((char)BYTE_HIGH), 0xf8);
	return _mm512_gf2p8affine_epi64_epi8(each, kinds, 0);
}

/* Rows `from` to `from` + 3 of two words: of one, of the other, of one .. */
#define OF_ROW(row) \
	(row), 8 + (row), 16 + (row), 24 + (row), 32 + (row), 40 + (row), 48 + (row), 56 + (row), \
		64 + (row), 72 + (row), 80 + (row), 88 + (row), 96 + (row), 104 + (row), \
		112 + (row), 120 + (row)
static const uint8_t four_rows[2][64] __attribute__((aligned(64))) = {
	{OF_ROW(0), OF_ROW(1), OF_ROW(2), OF_ROW(3)}, {OF_ROW(4), OF_ROW(5), OF_ROW(6), OF_ROW(7)}};

/* Four rows of eight words, from pairs of words as four_rows makes them. */
static inline void
join_pairs(const __m512i pair[4], __m512i out[4])
{
	const __m512i ascending = _mm512_set1_epi64((long long)UINT64_C(0x8040201008040201));
	__m512i a = _mm512_shuffle_i64x2(pair[0], pair[1], 0x44),
		b = _mm512_shuffle_i64x2(pair[2], pair[3], 0x44),
		c = _mm512_shuffle_i64x2(pair[0], pair[1], 0xee),
		d = _mm512_shuffle_i64x2(pair[2], pair[3], 0xee);
	out[0] = _mm512_shuffle_i64x2(a, b, 0x88);
	out[1] = _mm512_shuffle_i64x2(a, b, 0xdd);
	out[2] = _mm512_shuffle_i64x2(c, d, 0x88);
	out[3] = _mm512_shuffle_i64x2(c, d, 0xdd);
	for (unsigned i = 0; i < 4; i++)
		out[i] = _mm512_gf2p8affine_epi64_epi8(out[i], ascending, 0);
}

static inline struct rows
rows_of(const unsigned char *at)
{
	__m512i pair[2][4], row[2][4];
	for (unsigned i = 0; i < 4; i++) {
		__m512i one = kinds_of(at + i * 128), two = kinds_of(at + i * 128 + 64);
		for (unsigned half = 0; half < 2; half++)
			pair[half][i] = _mm512_permutex2var_epi8(
				one, _mm512_load_si512(four_rows[half]), two);
	}
	join_pairs(pair[0], row[0]);
	join_pairs(pair[1], row[1]);
	/* A byte beyond ASCII is nothing else. */
	__m512i high = row[1][3];
	return (struct rows){and_not(row[0][0], high), and_not(row[0][1], high),
		and_not(row[0][2], high), and_not(row[0][3], high), and_not(row[1][0], high),
		and_not(row[1][1], high), and_not(row[1][2], high), high};
}

/* The same where the text ends. */
static inline struct rows
rows_at(const unsigned char *at, size_t len)
{
	if (__builtin_expect(len >= 64 * GROUP, 1))
		return rows_of(at);
	unsigned char padded[64 * GROUP] = {};
	memcpy(padded, at, len);
	return rows_of(padded);
}

/* ---- rows to ends ---- */

/* What the words before were: as vectors, of which only the last word counts. */
struct rows_before {
	__m512i point, alpha, hex, colon;
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
	unsigned level = 0;
	/* A time of day ends here, behind one step. */
	for (; level < CHAINS - 1 && (level == 0 || is_any(row)); level++) {
		__m512i n = neighbour(row, p->chain[level]);
		p->chain[level] = row;
		row = chain_of(row, n);
	}
	for (; level < CHAINS - 1; level++)
		p->chain[level] = row; /* nothing */
	return _mm512_or_si512(both, row);
}

static inline void
rows_begin(struct rows_before *p, const struct bitmaps *b, const struct carries *c)
{
	p->point = last_of(b->point[HISTORY - 1]);
	p->alpha = last_of(b->alpha[HISTORY - 1]);
	p->hex = last_of(b->hex[HISTORY - 1]);
	p->colon = last_of(b->colon[HISTORY - 1]);
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
mark_all(struct sweep *s, const unsigned char *at, size_t len, size_t words)
{
	struct bitmaps *b = &s->bits;
	const struct gates *g = s->gates;
	const __m512i any_tail = _mm512_set1_epi64(g->any_tail ? -1 : 0);
	const bool runs = g->has_digits, chains = g->has_sixes || g->has_fours || g->has_digits;
	struct carries c = s->carries;
	struct rows_before p;
	struct marks m = {};
	__m512i any_odd = {}, any_run = {}, any_colon = {}, any_escape = {}, any_high = {},
		lines = {};
	rows_begin(&p, b, &c);
	for (size_t i = 0; i < words; i += GROUP) {
		size_t k = HISTORY + i, done = i * 64 < len ? i * 64 : len;
		for (size_t w = 0; w < GROUP; w++)
			__builtin_prefetch(at + SWEEP_CHUNK + (i + w) * 64);
		struct rows r = rows_at(at + done, len - done);
		__m512i point_before = neighbour(r.dot, p.point);
		__m512i alpha_before = neighbour(r.alpha, p.alpha);
		__m512i hex_before = neighbour(r.hex, p.hex);
		__m512i second = _mm512_and_si512(r.dot, BEFORE(r.dot, point_before, 1));
		__m512i token = and_not(r.token, second), dot = and_not(r.dot, second);
		__m512i token_before = neighbour(token, p.token),
			dot_before = neighbour(dot, p.dot);
		__m512i behind = and_not(BEFORE(token, token_before, 1), token);
		__m512i letter = BEFORE(r.alpha, alpha_before, 1);
		__m512i digit = and_not(BEFORE(r.hex, hex_before, 1), letter);
		/* token & ~dot & ~(hex & ~alpha) */
		__m512i other = and_not(and_not(token, dot), and_not(r.hex, r.alpha));
		__m512i near = near_of(dot, dot_before);
		__m512i quad = _mm512_and_si512(dot, near_of(near, neighbour(near, p.near)));
		store(&b->word[k], r.token);
		store(&b->point[k], r.dot);
		store(&b->alpha[k], r.alpha);
		store(&b->hex[k], r.hex);
		store(&b->colon[k], r.colon);
		store(&b->escape[i], r.escape);
		store(&b->high[i], r.high);
		store(&b->token[k], token);
		store(&b->dot[k], dot);
		store(&b->edge[k], /* ~word | point */
			_mm512_ternarylogic_epi64(r.token, r.dot, r.dot, 0xcf));
		__m512i names = _mm512_and_si512(add_rows(token, dot, &c.dot), behind);
		__m512i fours =
			_mm512_and_si512(add_rows(token, quad, &c.quad), and_not(behind, letter));
		__m512i pure = and_not(digit, add_rows(token, other, &c.other));
		__m512i odd = and_not(fours, pure);
		/* What is pure ends in a digit: names & ~pure & (~digit | any_tail). */
		names = _mm512_ternarylogic_epi64(and_not(names, pure), digit, any_tail, 0xb0);
		m.names = emit(s->name_at, m.names, names, i);
		m.fours = emit(s->four_at, m.fours, _mm512_and_si512(fours, pure), i);
		store(&b->odd_end[i], odd);
		any_odd = _mm512_or_si512(any_odd, odd);
		if (runs) {
			__m512i ends = run_ends(r.hex, hex_before, &p);
			store(&b->run_end[i], ends);
			any_run = _mm512_or_si512(any_run, ends);
		}
		if (chains) {
			__m512i marks = colon_marks(r.colon, neighbour(r.colon, p.colon), &p);
			store(&b->colons[i], marks);
			any_colon = _mm512_or_si512(any_colon, marks);
		}
		any_escape = _mm512_or_si512(any_escape, r.escape);
		any_high = _mm512_or_si512(any_high, r.high);
		lines = _mm512_add_epi64(lines, _mm512_popcnt_epi64(r.line));
		p.point = r.dot;
		p.alpha = r.alpha;
		p.hex = r.hex;
		p.colon = r.colon;
		p.token = token;
		p.dot = dot;
		p.near = near;
	}
	rows_end(&p, &c);
	s->carries = c;
	*vec_add(&s->line_ends) = (uint16_t)_mm512_reduce_add_epi64(lines);
	m.odds = is_any(any_odd);
	m.runs = is_any(any_run);
	m.colons = is_any(any_colon);
	m.escape = is_any(any_escape);
	m.high = is_any(any_high);
	return m;
}

#define MARK_ALL

static bool
kernel_runs(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vpopcntdq") &&
	       __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("gfni") &&
	       __builtin_cpu_supports("bmi2") && has_lzcnt();
}

#define READ_FOURS "match/sweep_fours_avx512.inc"
#define KERNEL sweep_kernel_avx512
#define KERNEL_NAME "avx512"
#include "match/sweep_kernel.inc"
