#include "node/pack.h"

#include <string.h>

void
pack_number(struct buf *out, uint64_t value)
{
	buf_add(out, (struct span){(const char *)&value, sizeof value});
}

void
pack_span(struct buf *out, struct span s)
{
	pack_number(out, s.len);
	buf_add(out, s);
}

uint64_t
unpack_number(struct unpack *u)
{
	uint64_t value = 0;
	if (u->rest.len < sizeof value) {
		u->broken = true;
		u->rest = (struct span){};
		return 0;
	}
	memcpy(&value, u->rest.ptr, sizeof value);
	u->rest = span_sub(u->rest, sizeof value, SIZE_MAX);
	return value;
}

struct span
unpack_span(struct unpack *u)
{
	uint64_t len = unpack_number(u);
	if (len > u->rest.len) {
		u->broken = true;
		u->rest = (struct span){};
	}
	if (u->broken)
		return (struct span){"", 0};
	struct span s = span_sub(u->rest, 0, len);
	u->rest = span_sub(u->rest, len, SIZE_MAX);
	return s;
}

bool
unpack_done(const struct unpack *u)
{
	return !u->broken && u->rest.len == 0;
}
