/* The fast pass by NEON, which every 64-bit ARM has: bytes by a table of 128, bits by adding neighbours. */
#include <arm_neon.h>

#include "match/sweep-internal.h"

/* 64 bytes, all ones or none each. */
static inline uint64_t
bits_of(uint8x16x4_t v)
{
	static const uint8_t weight[16] = {
		1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	const uint8x16_t w = vld1q_u8(weight);
	uint8x16_t low = vpaddq_u8(vandq_u8(v.val[0], w), vandq_u8(v.val[1], w));
	uint8x16_t high = vpaddq_u8(vandq_u8(v.val[2], w), vandq_u8(v.val[3], w));
	uint8x16_t all = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline uint64_t
with_bit(uint8x16x4_t kinds, uint8_t bit)
{
	const uint8x16_t want = vdupq_n_u8(bit);
	uint8x16x4_t v;
	for (int i = 0; i < 4; i++)
		v.val[i] = vtstq_u8(kinds.val[i], want);
	return bits_of(v);
}

static inline void
classify(const unsigned char *at, struct classes *out)
{
	const uint8x16x4_t low = vld1q_u8_x4(sweep_classes), high = vld1q_u8_x4(sweep_classes + 64);
	const uint8x16_t half = vdupq_n_u8(64), top = vdupq_n_u8(128);
	uint8x16x4_t kinds, beyond;
	for (int i = 0; i < 4; i++) {
		uint8x16_t v = vld1q_u8(at + 16 * i);
		/* What is out of a table's range is none there; beyond ASCII it is in neither's. */
		kinds.val[i] = vqtbx4q_u8(vqtbl4q_u8(low, v), high, vsubq_u8(v, half));
		beyond.val[i] = vcgeq_u8(v, top);
	}
	out->token = with_bit(kinds, BYTE_TOKEN);
	out->dot = with_bit(kinds, BYTE_DOT);
	out->alpha = with_bit(kinds, BYTE_ALPHA);
	out->hex = with_bit(kinds, BYTE_HEX);
	out->colon = with_bit(kinds, BYTE_COLON);
	out->line = with_bit(kinds, BYTE_LINE);
	out->escape = with_bit(kinds, BYTE_ESCAPE);
	out->high = bits_of(beyond);
}

static bool
kernel_runs(void)
{
	return true;
}

#define KERNEL sweep_kernel_neon
#define KERNEL_NAME "neon"
#include "match/sweep_kernel.inc"
