#include "base/uuid.h"

#include <string.h>

#include "base/ascii.h"

enum rc
uuid_parse(struct span text, struct uuid *out)
{
	struct uuid u = {};
	size_t digit = 0;
	if (text.len != UUID_TEXT - 1)
		return RC_BAD;
	for (size_t i = 0; i < text.len; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text.ptr[i] != '-')
				return RC_BAD;
			continue;
		}
		int value = ascii_hex(text.ptr[i]);
		if (value < 0)
			return RC_BAD;
		u.byte[digit / 2] |= (uint8_t)(value << (digit % 2 ? 0 : 4));
		digit++;
	}
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
