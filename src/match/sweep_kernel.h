/*
 * The fast pass, once for each instruction set: whoever includes this defines KERNEL, the kernel's name, and
 *     static inline void classify(const unsigned char *at, struct classes *out);
 * and is compiled with its own flags. Everything goes in passes over a chunk of 16 KiB: bytes become bits,
 * bits become ends of tokens, and each filter drops most of what the one before it left.
 */
#include <string.h>

/* A pass over a chunk; profiles tell them apart. */
#define PASS static __attribute__((noinline))

/* ---- bits ---- */

/* `count` bits to the left over a row of words: what was so many bytes before. */
static inline uint64_t
before(const uint64_t *row, unsigned count)
{
	return row[0] << count | row[-1] >> (64 - count);
}

static inline uint64_t
before_near(const uint64_t *row, unsigned from)
{
	return before(row, from) | before(row, from + 1) | before(row, from + 2);
}

__attribute__((noinline)) PASS void
classify_all(struct sweep *s, const unsigned char *at, size_t len, uint64_t *escape, uint64_t *high)
{
	struct bitmaps *b = &s->bits;
	uint64_t any_escape = 0, any_high = 0, lines = 0;
	for (size_t i = 0; i < CHUNK_WORDS && i * 64 < len; i++) {
		struct classes c;
		size_t rest = len - i * 64, k = HISTORY + i;
		unsigned char padded[64];
		if (rest < 64) {
			memset(padded, '\n', sizeof padded);
			memcpy(padded, at + i * 64, rest);
			classify(padded, &c);
			c.line &= (UINT64_C(1) << rest) - 1;
		} else {
			classify(at + i * 64, &c);
		}
		/* Words end at two dots: the second is no part of one. */
		uint64_t second = c.dot & (c.dot << 1 | b->dot[k - 1] >> 63);
		b->token[k] = c.token & ~second;
		b->dot[k] = c.dot & ~second;
		b->edge[k] = ~c.token | c.dot;
		b->alpha[k] = c.alpha;
		b->hex[k] = c.hex;
		b->colon[k] = c.colon;
		b->escape[i] = c.escape;
		b->high[i] = c.high;
		any_escape |= c.escape;
		any_high |= c.high;
		lines += (unsigned)__builtin_popcountll(c.line);
	}
	*escape = any_escape;
	*high = any_high;
	*vec_add(&s->line_ends) = (uint16_t)lines;
}

/* Rows made of rows, for `words` words; nothing in these loops depends on the step before. */
__attribute__((noinline)) PASS void
find_quads(struct bitmaps *b, size_t words)
{
	for (size_t k = HISTORY; k < HISTORY + words; k++)
		b->near[k] = b->dot[k] & before_near(&b->dot[k], 2);
	for (size_t k = HISTORY; k < HISTORY + words; k++)
		b->quad[k] = b->dot[k] & before_near(&b->near[k], 2);
}

__attribute__((
	noinline)) /* Whether there is one. Of the word before only its last 31 bits count, and those are right. */
PASS bool
find_runs(struct bitmaps *b, size_t words)
{
	uint64_t any = 0;
	for (size_t k = HISTORY; k < HISTORY + words; k++) {
		uint64_t p = b->hex[k - 1], m = b->hex[k];
		m &= m << 1 | p >> 63;
		p &= p << 1;
		m &= m << 2 | p >> 62;
		p &= p << 2;
		m &= m << 4 | p >> 60;
		p &= p << 4;
		m &= m << 8 | p >> 56;
		p &= p << 8;
		m &= m << 16 | p >> 48;
		b->run[k] = m;
		any |= m;
	}
	return any | b->run[HISTORY - 1];
}

static inline uint64_t
before_group(const uint64_t *row)
{
	return before(row, 2) | before(row, 3) | before(row, 4) | before(row, 5);
}

/*
 * Colons side by side, and those with five others before them, one to four bytes between: what an IPv6 address
 * or a fingerprint in pairs has, and no time of day and no MAC address. Whether there is anything.
 */
__attribute__((noinline)) PASS bool
find_chains(struct bitmaps *b, size_t words)
{
	uint64_t any = 0, some = 0;
	for (size_t k = HISTORY; k < HISTORY + words; k++)
		b->colons[k] = b->colon[k] & before(&b->colon[k], 1);
	for (size_t k = HISTORY; k < HISTORY + words; k++)
		any |= b->colons[k];
	for (size_t k = HISTORY; k < HISTORY + words; k++)
		some |= b->chain[0][k] = b->colon[k] & before_group(&b->colon[k]);
	for (unsigned level = 1; level < CHAINS; level++) {
		uint64_t *row = b->chain[level];
		const uint64_t *from = b->chain[level - 1];
		if (!some && !from[HISTORY - 1]) {
			memset(&row[HISTORY], 0, words * sizeof *row);
			continue;
		}
		some = 0;
		for (size_t k = HISTORY; k < HISTORY + words; k++)
			some |= row[k] = from[k] & before_group(&from[k]);
	}
	return any | some;
}

static inline uint64_t
add(uint64_t a, uint64_t b, uint64_t *carry)
{
	uint64_t sum, one = __builtin_add_overflow(a, b, &sum);
	uint64_t two = __builtin_add_overflow(sum, *carry, &sum);
	*carry = one | two;
	return sum;
}

#ifndef EMIT
static inline size_t
emit(uint16_t *queue, size_t count, uint64_t ends, unsigned base)
{
	for (; ends; ends &= ends - 1)
		queue[count++] = (uint16_t)(base + (unsigned)__builtin_ctzll(ends));
	return count;
}
#endif

struct ends {
	size_t names, fours;
};

/*
 * Ends of tokens that hold a dot: adding a token's dots to it carries out of its end. Those behind a letter
 * may end a name, those behind a digit with three dots close by an address, those behind a dot or a
 * hyphen, which are trimmed, both.
 */
__attribute__((noinline)) PASS struct ends
find_ends(struct sweep *s, const unsigned char *at, size_t words)
{
	const struct bitmaps *b = &s->bits;
	struct ends n = {};
	uint64_t has_dot = s->has_dot, has_quad = s->has_quad;
	uint64_t any_tail = s->gates.any_tail ? UINT64_MAX : 0;
	for (size_t i = 0; i < words; i++) {
		size_t k = HISTORY + i;
		__builtin_prefetch(at + SWEEP_CHUNK + i * 64);
		uint64_t token = b->token[k], behind = before(&b->token[k], 1) & ~token;
		uint64_t letter = before(&b->alpha[k], 1);
		uint64_t digit = before(&b->hex[k], 1) & ~letter;
		uint64_t dots = add(token, b->dot[k], &has_dot) & behind;
		uint64_t quads = add(token, b->quad[k], &has_quad) & behind;
		n.names = emit(s->name_at, n.names, dots & (~digit | any_tail), (unsigned)i * 64);
		n.fours = emit(s->four_at, n.fours, quads & ~letter, (unsigned)i * 64);
	}
	s->has_dot = has_dot;
	s->has_quad = has_quad;
	return n;
}

/* Bits of a row before place `end` of the chunk, the nearest in the top: WINDOW of them at least. */
static inline uint64_t
window(const uint64_t *row, ptrdiff_t end)
{
	ptrdiff_t byte = (end - 1) >> 3;
	uint64_t v;
	memcpy(&v, (const unsigned char *)(row + HISTORY) + byte - 7, sizeof v);
	return v << (7 - ((end - 1) & 7));
}

static inline unsigned
zeros(uint64_t v)
{
	return v ? (unsigned)__builtin_clzll(v) : 64;
}

/* ---- names ---- */

static inline bool
is_trimmed(unsigned char c)
{
	return c == '.' || c == '-';
}

/* A first look, for nearly all begin as they seem to. */
static inline bool
may_be_odd(const struct sweep *s, const unsigned char *start)
{
	return *start == '-' || (start > s->text && sweep_odd_before[start[-1]]);
}

static unsigned
label_before(const struct sweep *s, const unsigned char *end)
{
	unsigned len = 0;
	while (len < 64 && end - len > s->text && sweep_label[end[-1 - (ptrdiff_t)len]])
		len++;
	return len;
}

/* Those whose last label is some name's. */
__attribute__((noinline)) PASS size_t
filter_last_label(struct sweep *s, const unsigned char *at, size_t count)
{
	size_t kept = 0;
	for (size_t j = 0; j < count; j++) {
		unsigned end = s->name_at[j];
		const unsigned char *p = at + end;
		unsigned len;
		if (__builtin_expect(is_trimmed(p[-1]), 0)) {
			while (p > s->text && is_trimmed(p[-1]))
				p--;
			if (p <= at) { /* it ends in the chunk before */
				sweep_run(s, p - 1);
				continue;
			}
			len = label_before(s, p);
			end = (unsigned)(p - at);
		} else {
			len = zeros(window(s->bits.edge, end));
			if (__builtin_expect(len >= WINDOW, 0))
				len = label_before(s, p);
		}
		s->name_at[kept] = (uint16_t)end;
		s->label[kept] = (uint8_t)len;
		kept += len > 0 && len < 64 && p[-1 - (ptrdiff_t)len] == '.' &&
			s->gates.last_label[sweep_last_label(p, len)];
	}
	return kept;
}

/* Those whose last two labels are some name's. */
__attribute__((noinline)) PASS size_t
filter_two_labels(struct sweep *s, const unsigned char *at, size_t count)
{
	const struct word_filter *f = &s->gates.two_labels;
	size_t kept = 0;
	for (size_t j = 0; j < count; j++) {
		const unsigned char *end = at + s->name_at[j], *dot = end - s->label[j] - 1;
		unsigned len =
			zeros(window(s->bits.edge, (ptrdiff_t)s->name_at[j] - s->label[j] - 1));
		if (__builtin_expect(len >= WINDOW, 0))
			len = label_before(s, dot);
		uint64_t h = sweep_join(s->gates.seed + SWEEP_LABEL_KEY, end, s->label[j]);
		h = sweep_join(h, dot, len);
		__builtin_prefetch(&f->word[word_place(f, h)]);
		const unsigned char *start = dot - len;
		if (may_be_odd(s, start) && sweep_is_odd(s, start))
			sweep_name_odd(s, start, end);
		s->name_at[kept] = s->name_at[j];
		s->label[kept] = s->label[j];
		s->second[kept] = (uint8_t)len;
		s->hash[kept] = h;
		if (__builtin_expect(len > 63, 0))
			sweep_run(s, dot);
		kept += len > 0 && len < 64;
	}
	count = kept;
	kept = 0;
	for (size_t j = 0; j < count; j++) {
		s->name_at[kept] = s->name_at[j];
		s->label[kept] = s->label[j];
		s->second[kept] = s->second[j];
		s->hash[kept] = s->hash[j];
		kept += word_has(f, s->hash[j]);
	}
	return kept;
}

static inline void
add_probe(struct sweep *s, uint64_t hash, const unsigned char *start, const unsigned char *end)
{
	const struct block_filter *f = &s->gates.names;
	*vec_add(&s->probes) = (struct probe_name){hash, start, end};
	__builtin_prefetch(&f->block[block_place(f, hash)]);
}

/* Every suffix of what is left. */
__attribute__((noinline)) PASS void
probe_names(struct sweep *s, const unsigned char *at, size_t count)
{
	enum { FARTHEST = 320 };
	s->probes.len = 0;
	for (size_t j = 0; j < count; j++) {
		const unsigned char *end = at + s->name_at[j];
		const unsigned char *start = end - s->label[j] - 1 - s->second[j];
		uint64_t h = s->hash[j];
		add_probe(s, h, start, end);
		while (start > s->text && start[-1] == '.' && end - start < FARTHEST) {
			unsigned len = label_before(s, start - 1);
			if (len > 63) /* unless some of it is an escape's */
				sweep_run(s, start);
			if (len == 0 || len > 63)
				break;
			h = sweep_join(h, start - 1, len);
			start -= len + 1;
			add_probe(s, h, start, end);
			if (may_be_odd(s, start) && sweep_is_odd(s, start))
				sweep_name_odd(s, start, end);
		}
	}
	for (size_t j = 0; j < s->probes.len; j++)
		if (block_has(&s->gates.names, s->probes.at[j].hash))
			sweep_name(s, s->probes.at[j].start, s->probes.at[j].end);
}

/* ---- IPv4 ---- */

#ifndef READ_FOUR
/* Four numbers before `end`, whose dots are in `w`; *before: the byte in front. */
static inline bool
read_four(const unsigned char *end, uint64_t w, uint32_t *address, const unsigned char **before)
{
	*address = 0;
	for (unsigned k = 0; k < 4; k++) {
		unsigned value = 0, len = zeros(w);
		*before = end - len - 1;
		if (len - 1 > 2)
			return false;
		for (unsigned i = len; i > 0; i--) {
			unsigned digit = (unsigned)end[-(ptrdiff_t)i] - '0';
			if (digit > 9)
				return false;
			value = value * 10 + digit;
		}
		if (value > 255)
			return false;
		*address |= value << 8 * k;
		end -= len + 1;
		w = w << len << 1;
	}
	return true;
}
#endif

__attribute__((noinline)) PASS size_t
read_fours(struct sweep *s, const unsigned char *at, size_t count)
{
	const struct word_filter *f = &s->gates.fours;
	size_t kept = 0;
	for (size_t j = 0; j < count; j++) {
		uint32_t address;
		unsigned end = s->four_at[j];
		const unsigned char *p = at + end, *before;
		if (__builtin_expect((unsigned)p[-1] - '0' > 9, 0)) {
			sweep_four_odd(s, p);
			continue;
		}
		bool fine = read_four(p, window(s->bits.edge, end), &address, &before);
		if (__builtin_expect(
			    !fine || *before == '.' || *before == '%' || *before == '\\', 0))
			sweep_four_odd(s, p);
		if (!fine)
			continue;
		uint64_t h = sweep_four(&s->gates, address);
		__builtin_prefetch(&f->word[word_place(f, h)]);
		s->four_at[kept] = (uint16_t)end;
		s->hash[kept] = h;
		s->address[kept++] = address;
	}
	return kept;
}

__attribute__((noinline)) PASS void
probe_fours(struct sweep *s, const unsigned char *at, size_t count)
{
	const struct gates *g = &s->gates;
	for (size_t j = 0; j < count; j++) {
		uint32_t route = s->address[j] >> 16;
		if (word_has(&g->fours, s->hash[j]) || (g->routes[route / 8] & 1 << route % 8))
			sweep_four_likely(s, at + s->four_at[j], s->address[j]);
	}
}

/* ---- digits ---- */

/* 32 or more hexadecimal digits before `end`. */
static void
read_digits(struct sweep *s, const unsigned char *at, ptrdiff_t end)
{
	enum { FAR = 256 };
	size_t len = 0;
	unsigned more;
	do {
		more = zeros(~window(s->bits.hex, end - (ptrdiff_t)len));
		more = more < WINDOW ? more : WINDOW;
		len += more;
	} while (more == WINDOW && len < FAR);
	sweep_digits(s, at + end, len);
}

/* ---- a chunk ---- */

__attribute__((noinline)) PASS void
find_rest(struct sweep *s, const unsigned char *at, size_t len, size_t words)
{
	const struct gates *g = &s->gates;
	struct bitmaps *b = &s->bits;
	if (g->has_digits && find_runs(b, words)) {
		for (size_t k = HISTORY; k < HISTORY + words; k++)
			for (uint64_t e = ~b->hex[k] & before(&b->run[k], 1); e; e &= e - 1)
				read_digits(
					s, at, (ptrdiff_t)(k - HISTORY) * 64 + __builtin_ctzll(e));
	}
	if ((g->has_sixes || g->has_fours || g->has_digits) && find_chains(b, words)) {
		for (size_t k = HISTORY; k < HISTORY + words; k++) {
			uint64_t e = b->chain[CHAINS - 1][k] | b->colons[k];
			for (; e; e &= e - 1)
				sweep_colons(s, at + (k - HISTORY) * 64 + __builtin_ctzll(e));
		}
	}
	if (g->has_ja4)
		sweep_ja4(s, at, len);
}

__attribute__((noinline)) PASS void
find_marks(struct sweep *s, const unsigned char *at, const uint64_t *row, size_t words,
	void (*look)(struct sweep *, const unsigned char *))
{
	for (size_t i = 0; i < words; i++)
		for (uint64_t e = row[i]; e; e &= e - 1)
			look(s, at + i * 64 + __builtin_ctzll(e));
}

/* The last words become the history of the next chunk. */
__attribute__((noinline)) static void
keep_history(struct bitmaps *b, size_t words)
{
	uint64_t *const rows[] = {b->token, b->edge, b->dot, b->alpha, b->hex, b->colon, b->near,
		b->quad, b->run, b->chain[0], b->chain[1], b->chain[2], b->chain[3], b->chain[4]};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		memmove(rows[i], rows[i] + words, HISTORY * sizeof *rows[i]);
}

static void
chunk(struct sweep *s, const unsigned char *at, size_t len)
{
	size_t words = (len + 63) / 64;
	uint64_t escape, high;
	classify_all(s, at, len, &escape, &high);
	find_quads(&s->bits, words);
	/* What ends with the text ends in its last word, or, where that is full, behind it. */
	if (len % 64 == 0 && at + len == s->text_end) {
		size_t k = HISTORY + words;
		s->bits.token[k] = s->bits.dot[k] = s->bits.alpha[k] = s->bits.hex[k] = 0;
		s->bits.colon[k] = s->bits.near[k] = s->bits.quad[k] = 0;
		s->bits.edge[k] = UINT64_MAX;
		words++;
	}
	struct ends ends = find_ends(s, at, words);
	if (s->gates.has_names) {
		size_t count = filter_last_label(s, at, ends.names);
		probe_names(s, at, filter_two_labels(s, at, count));
	}
	if (s->gates.has_fours)
		probe_fours(s, at, read_fours(s, at, ends.fours));
	find_rest(s, at, len, words);
	size_t marked = (len + 63) / 64;
	if (escape)
		find_marks(s, at, s->bits.escape, marked, sweep_escape);
	if (high)
		find_marks(s, at, s->bits.high, marked, sweep_run_high);
	keep_history(&s->bits, (len + 63) / 64);
}

const struct sweep_kernel KERNEL = {KERNEL_NAME, kernel_runs, chunk};
