/* The fast pass in plain C: the one that every other must equal. */
#include "match/sweep-internal.h"

const uint8_t sweep_classes[256] __attribute__((aligned(64))) = {
	['0' ... '9'] = BYTE_TOKEN | BYTE_HEX,
	['A' ... 'F'] = BYTE_TOKEN | BYTE_ALPHA | BYTE_HEX,
	['G' ... 'Z'] = BYTE_TOKEN | BYTE_ALPHA,
	['a' ... 'f'] = BYTE_TOKEN | BYTE_ALPHA | BYTE_HEX,
	['g' ... 'z'] = BYTE_TOKEN | BYTE_ALPHA,
	['-'] = BYTE_TOKEN,
	['_'] = BYTE_TOKEN,
	['.'] = BYTE_TOKEN | BYTE_DOT,
	[':'] = BYTE_COLON,
	['\n'] = BYTE_LINE,
	['%'] = BYTE_ESCAPE,
	['\\'] = BYTE_ESCAPE,
	[0x80 ... 0xff] = BYTE_HIGH,
};

/* Bit `bit` of each of eight bytes, the first byte's lowest. */
static inline uint64_t
gather(uint64_t bytes, unsigned bit)
{
	return ((bytes >> bit & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline void
classify(const unsigned char *at, struct classes *out)
{
	*out = (struct classes){};
	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t v = 0;
		for (unsigned k = 0; k < 8; k++)
			v |= (uint64_t)sweep_classes[at[i + k]] << 8 * k;
		out->token |= gather(v, 0) << i;
		out->dot |= gather(v, 1) << i;
		out->alpha |= gather(v, 2) << i;
		out->hex |= gather(v, 3) << i;
		out->colon |= gather(v, 4) << i;
		out->line |= gather(v, 5) << i;
		out->escape |= gather(v, 6) << i;
		out->high |= gather(v, 7) << i;
	}
}

static bool
kernel_runs(void)
{
	return true;
}

#define KERNEL sweep_kernel_c
#define KERNEL_NAME "c"
#include "match/sweep_kernel.inc"
