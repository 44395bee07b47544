#include "pattern/address.h"

#include <arpa/inet.h>
#include <string.h>

bool
network_parse(struct span text, struct network *out)
{
	char address[INET6_ADDRSTRLEN];
	struct network n = {};
	size_t slash = span_find_byte(text, '/'), len = slash < text.len ? slash : text.len;
	if (!len || len >= sizeof address || memchr(text.ptr, 0, len))
		return false;
	memcpy(address, text.ptr, len);
	address[len] = 0;
	n.v6 = memchr(address, ':', len) != NULL;
	if (inet_pton(n.v6 ? AF_INET6 : AF_INET, address, n.byte) != 1)
		return false;
	n.bits = n.v6 ? 128 : 32;
	if (slash < text.len) {
		uint64_t bits;
		struct span digits = span_sub(text, slash + 1, text.len);
		if (digits.len > 3 || !span_to_u64(digits, &bits) || bits > n.bits)
			return false;
		n.bits = (unsigned)bits;
	}
	for (unsigned i = 0; i < sizeof n.byte; i++) {
		unsigned kept = n.bits <= i * 8 ? 0 : n.bits - i * 8;
		if (kept < 8)
			n.byte[i] &= (uint8_t)(0xff00 >> kept);
	}
	*out = n;
	return true;
}

bool
network_holds(const struct network *outer, const struct network *inner)
{
	if (outer->v6 != inner->v6 || inner->bits < outer->bits)
		return false;
	unsigned whole = outer->bits / 8, rest = outer->bits % 8;
	if (memcmp(outer->byte, inner->byte, whole))
		return false;
	return !rest ||
	       ((outer->byte[whole] ^ inner->byte[whole]) & (uint8_t)(0xff00 >> rest)) == 0;
}
