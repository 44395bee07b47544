/* Keys: what an indicator lies under, as bytes, and back. */
#include <string.h>

#include "base/hash.h"
#include "match/set-internal.h"

uint32_t
set_hash(uint64_t seed, enum key key, struct span bytes)
{
	return (uint32_t)(hash64(bytes, seed + (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

struct span
set_range_key(const struct addr *net, char out[static 17])
{
	size_t width = net->six ? 16 : 4;
	memcpy(out, net->byte, width);
	out[width] = (char)net->bits;
	return (struct span){out, width + 1};
}

enum key
set_key_of(enum obs_kind kind)
{
	switch (kind) {
	case OBS_IPV4:
	case OBS_IPV6: return KEY_ADDR;
	case OBS_CIDR4:
	case OBS_CIDR6: return KEY_RANGE;
	case OBS_DOMAIN: return KEY_NAME;
	case OBS_URL: return KEY_URL;
	case OBS_EMAIL: return KEY_EMAIL;
	default: return KEY_DIGITS;
	}
}

enum rc
set_key_make(const struct observable *o, struct addr *addr, char room[static 17], enum key *key,
	struct span *bytes)
{
	*bytes = o->value;
	switch (o->kind) {
	case OBS_IPV4:
	case OBS_IPV6:
		if (!addr_parse(o->value, addr))
			return RC_BAD;
		*addr = addr_unmap(*addr);
		*bytes = (struct span){(char *)addr->byte, addr->six ? 16 : 4};
		*key = KEY_ADDR;
		return RC_OK;
	case OBS_CIDR4:
	case OBS_CIDR6:
		if (!addr_parse_range(o->value, addr))
			return RC_BAD;
		*addr = addr_unmap(*addr);
		*bytes = set_range_key(addr, room);
		*key = KEY_RANGE;
		return RC_OK;
	case OBS_NONE:
	case OBS_TEXT:
	case OBS_KINDS: return RC_UNKNOWN;
	default: *key = set_key_of(o->kind); return RC_OK;
	}
}

struct span
set_value(enum key key, struct span bytes, struct arena *a)
{
	if (key != KEY_ADDR && key != KEY_RANGE)
		return bytes;
	bool range = key == KEY_RANGE;
	size_t width = bytes.len - range;
	struct addr addr = {.six = width == 16, .bits = width == 16 ? 128 : 32};
	memcpy(addr.byte, bytes.ptr, width);
	if (range)
		addr.bits = (uint8_t)bytes.ptr[width];
	char text[ADDR_TEXT];
	size_t len = addr_text(&addr, text);
	return arena_dup(a, (struct span){text, len});
}
