/* Places where a gram may begin: the plain kernels, which others are held against, and the choice. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "match/strings_gate-internal.h"

/* A byte beyond ASCII has no number where a pair begins with it. */
static bool
has_pair(const struct gate_tables *t, unsigned which, const char *at)
{
	unsigned a = at[0] < 0 ? 0 : (unsigned)at[0], b = at[1] & 127;
	unsigned place = (t->first[a] | t->second[b]) & 127;
	return t->pair[which][place] & t->bit[b];
}

/* Whether what stands before `at` may be an escape's end, or nobody knows what it is. */
static bool
is_behind_escape(const char *text, size_t at)
{
	bool is = at < GATE_ESCAPE;
	for (size_t i = 2; i <= GATE_ESCAPE && !is; i++)
		is = text[at - i] == '%' || text[at - i] == '\\';
	return is;
}

static bool
by_pairs(const struct gate_tables *t, const char *text, size_t at)
{
	bool is = is_behind_escape(text, at) || has_pair(t, gate_pair_table[0], text + at - 1);
	for (unsigned i = 1; i < (t->spans ? GATE_SPAN : GATE_GRAM) && is; i++)
		is = has_pair(t, gate_pair_table[i], text + at + i - 1);
	return is;
}

/* Bytes beyond ASCII have a high half of eight or more. */
static bool
by_bytes(const struct gate_tables *t, const char *text, size_t at)
{
	unsigned buckets = UINT8_MAX;
	for (unsigned i = 0; i < GATE_GRAM; i++) {
		unsigned char c = (unsigned char)text[at + i];
		buckets &= c < 0x80 ? (unsigned)t->low[i][c & 15] & t->high[i][c >> 4] : 0;
	}
	return buckets;
}

static bool
mark(const struct gate_tables *t, const char *text, size_t words, uint64_t *out,
	bool (*may)(const struct gate_tables *, const char *, size_t))
{
	unsigned char any = 0;
	memset(out, 0, words * sizeof *out);
	for (size_t i = 0; i < words * 64; i++) {
		any |= (unsigned char)text[i];
		if (gate_is_escape(text + i) || may(t, text, i))
			out[i / 64] |= UINT64_C(1) << i % 64;
	}
	return any >= 0x80;
}

static bool
mark_pairs(const struct gate_tables *t, const char *text, size_t words, uint64_t *out)
{
	return mark(t, text, words, out, by_pairs);
}

static bool
mark_bytes(const struct gate_tables *t, const char *text, size_t words, uint64_t *out)
{
	return mark(t, text, words, out, by_bytes);
}

static size_t
places(const struct gate *g, const char *text, size_t words, size_t first, uint16_t *queue,
	bool *high)
{
	size_t count = 0;
	uint64_t may[STRINGS_STRETCH / 64];
	*high |= (g->kernel->way == GATE_BY_PAIRS ? mark_pairs : mark_bytes)(
		&g->tables, text, words, may);
	for (size_t i = 0; i < words; i++)
		for (; may[i]; may[i] &= may[i] - 1) {
			const char *place = text + 64 * i + __builtin_ctzll(may[i]);
			if (gate_passes(&g->bits, place) || gate_is_sign(place))
				queue[count++] = (uint16_t)(first + (size_t)(place - text));
		}
	return count;
}

static bool
always(void)
{
	return true;
}

const struct gate_kernel gate_kernel_pairs = {"c", always, GATE_BY_PAIRS, mark_pairs, places};
const struct gate_kernel gate_kernel_bytes = {"c", always, GATE_BY_BYTES, mark_bytes, places};

#if defined __x86_64__

/* Whether a kernel says here what the plain one says: a compiler or a processor may be wrong. */
static bool
is_sound(const struct gate_kernel *kernel)
{
	enum { WORDS = 3 };
	const struct gate_kernel *plain =
		kernel->way == GATE_BY_PAIRS ? &gate_kernel_pairs : &gate_kernel_bytes;
	struct gate_anchors a;
	struct gate_tables t;
	char text[64 * WORDS + GATE_AHEAD];
	uint64_t want[WORDS], got[WORDS], z = 1;
	gate_anchors_init(&a, kernel->way, true, &t, NULL);
	for (size_t i = 0; i < sizeof text; i++) {
		z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		text[i] = (char)(z >> 56);
	}
	unsigned char *table = (unsigned char *)&t.pair;
	for (size_t i = 0; i < sizeof t.pair; i++) {
		z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		table[i] = (uint8_t)(z >> 48 | z >> 56);
	}
	t.spans = true;
	bool high = plain->mark(&t, text, WORDS, want);
	return kernel->mark(&t, text, WORDS, got) == high && memcmp(want, got, sizeof want) == 0;
}

const struct gate_kernel *
gate_kernel_choose(void)
{
	static const struct gate_kernel *const kernels[] = {&gate_kernel_avx512, &gate_kernel_avx2};
	const char *asked = getenv("TOCSIN_CPU");
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
		const struct gate_kernel *k = kernels[i];
		if ((!asked || !*asked || strcmp(asked, k->name) == 0) && k->runs() && is_sound(k))
			return k;
	}
	return NULL;
}

#else

const struct gate_kernel *
gate_kernel_choose(void)
{
	return NULL;
}

#endif
