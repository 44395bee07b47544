/* Grams told by their pairs of bytes: the plain kernel, which others are held against, and the choice. */
#include <stdlib.h>
#include <string.h>

#include "match/strings-internal.h"

static bool
has(const uint16_t *table, const char *at)
{
	unsigned pair = gate_pair((unsigned char)at[0], (unsigned char)at[1]);
	return table[pair / 16] >> pair % 16 & 1;
}

static void
block(const struct gate_pairs *pairs, const char *text, size_t step,
	uint64_t out[static GATE_BLOCK / 64])
{
	memset(out, 0, GATE_BLOCK / 8);
	for (size_t i = 0; i < GATE_BLOCK; i += step)
		if (has(pairs->first, text + i) && has(pairs->middle, text + i + 1) &&
			has(pairs->second, text + i + 2))
			out[i / 64] |= UINT64_C(1) << i % 64;
}

static bool
always(void)
{
	return true;
}

const struct gate_kernel gate_kernel_c = {"c", always, block};

/* Whether a kernel says here what the plain one says: a compiler or a processor may be wrong. */
static bool
is_sound(const struct gate_kernel *kernel)
{
	struct gate_pairs pairs;
	char text[GATE_BLOCK + 4];
	uint64_t want[GATE_BLOCK / 64], got[GATE_BLOCK / 64];
	uint64_t z = 1;
	for (size_t i = 0; i < sizeof text; i++) {
		z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		text[i] = (char)(z >> 56);
	}
	for (size_t i = 0; i < 128; i++) {
		z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		pairs.first[i] = (uint16_t)(z >> 48);
		pairs.middle[i] = (uint16_t)(z >> 40);
		pairs.second[i] = (uint16_t)(z >> 32);
	}
	for (size_t step = 1; step <= 8; step *= 2) {
		block(&pairs, text, step, want);
		kernel->block(&pairs, text, step, got);
		if (memcmp(want, got, sizeof want) != 0)
			return false;
	}
	return true;
}

const struct gate_kernel *
gate_kernel_choose(void)
{
#if defined __x86_64__
	const char *asked = getenv("TOCSIN_CPU");
	const struct gate_kernel *best = &gate_kernel_avx512;
	if ((!asked || !*asked || strcmp(asked, best->name) == 0) && best->runs() && is_sound(best))
		return best;
#else
	(void)is_sound;
#endif
	return NULL;
}
