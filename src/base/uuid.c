#include "base/uuid.h"

#include <string.h>

#include "base/ascii.h"

enum rc
uuid_parse(struct span text, struct uuid *out)
{
	/* Where each byte's two digits stand. */
	static const uint8_t places[16] = {
		0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
	const uint8_t *p = (const uint8_t *)text.ptr;
	struct uuid u;
	bool good = true;
	if (text.len != UUID_TEXT - 1 || p[8] != '-' || p[13] != '-' || p[18] != '-' ||
		p[23] != '-')
		return RC_BAD;
	for (size_t i = 0; i < 16; i++) {
		unsigned high = ascii_digit_of[p[places[i]]],
			 low = ascii_digit_of[p[places[i] + 1]];
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
