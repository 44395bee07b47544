#include "base/uuid.h"

#include <string.h>

enum rc
uuid_parse(struct span text, struct uuid *out)
{
	/* Where each byte's two digits stand. */
	static const uint8_t places[16] = {
		0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
	/* A digit's value and one; 0 for what is no digit. */
	static const uint8_t values[256] = {['0'] = 1,
		['1'] = 2,
		['2'] = 3,
		['3'] = 4,
		['4'] = 5,
		['5'] = 6,
		['6'] = 7,
		['7'] = 8,
		['8'] = 9,
		['9'] = 10,
		['a'] = 11,
		['b'] = 12,
		['c'] = 13,
		['d'] = 14,
		['e'] = 15,
		['f'] = 16,
		['A'] = 11,
		['B'] = 12,
		['C'] = 13,
		['D'] = 14,
		['E'] = 15,
		['F'] = 16};
	const uint8_t *p = (const uint8_t *)text.ptr;
	struct uuid u;
	bool good = true;
	if (text.len != UUID_TEXT - 1 || p[8] != '-' || p[13] != '-' || p[18] != '-' ||
		p[23] != '-')
		return RC_BAD;
	for (size_t i = 0; i < 16; i++) {
		unsigned high = values[p[places[i]]], low = values[p[places[i] + 1]];
		good = good && high && low;
		u.byte[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	if (!good)
		return RC_BAD;
	*out = u;
	return RC_OK;
}

void
uuid_text(const struct uuid *u, char out[static UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[u->byte[i] >> 4];
		*p++ = hex[u->byte[i] & 15];
	}
	*p = 0;
}

unsigned
uuid_version(const struct uuid *u)
{
	return u->byte[6] >> 4;
}

bool
uuid_is_rfc(const struct uuid *u)
{
	return (u->byte[8] & 0xc0) == 0x80;
}

static void
stamp(struct uuid *u, unsigned version)
{
	u->byte[6] = (uint8_t)((u->byte[6] & 0x0f) | (version << 4));
	u->byte[8] = (uint8_t)((u->byte[8] & 0x3f) | 0x80);
}

struct uuid
uuid_v4(struct rng r)
{
	struct uuid u;
	rng_fill(r, u.byte, sizeof u.byte);
	stamp(&u, 4);
	return u;
}

struct uuid
uuid_v5_from_sha1(const uint8_t sha1[static 20])
{
	struct uuid u;
	memcpy(u.byte, sha1, sizeof u.byte);
	stamp(&u, 5);
	return u;
}
