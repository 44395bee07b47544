/* Response Policy Zone (draft-vixie-dnsop-dns-rpz-00): answers NXDOMAIN for names and addresses. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "feed/out-internal.h"

static void
rpz_begin(struct buf *to, const struct out_meta *meta)
{
	struct span zone = meta->zone.len ? meta->zone : SPAN("rpz.tocsin");
	buf_add(to, SPAN("; Response Policy Zone, exported by "));
	out_word(to, meta->title);
	buf_add(to, SPAN("\n$ORIGIN "));
	buf_add(to, zone);
	buf_printf(to,
		".\n$TTL 300\n@ SOA localhost. hostmaster.localhost. %u 3600 600 604800 300\n@ NS "
		"localhost.\n",
		(unsigned)((uint64_t)(meta->now / SECOND) & 0xffffffffu));
}

/* A name that fits under the zone: a domain name of at most 200 bytes of the bytes that names have. */
static bool
name_is_plain(struct span name)
{
	if (name.len > 200)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			    c == '.'))
			return false;
	}
	return true;
}

/* "24.0.2.0.192.rpz-ip", "48.zz.0.db8.2001.rpz-ip"-like: prefix, then the address backwards. */
static bool
rpz_address(struct buf *to, struct span value)
{
	char text[64];
	size_t slash = span_find_byte(value, '/');
	span_copy(span_sub(value, 0, slash), text, sizeof text);
	uint64_t prefix = 0;
	unsigned char b[16];
	if (slash != SIZE_MAX && !span_to_u64(span_sub(value, slash + 1, SIZE_MAX), &prefix))
		return false;
	if (inet_pton(AF_INET, text, b) == 1) {
		buf_printf(to, "%u.%u.%u.%u.%u", slash == SIZE_MAX ? 32 : (unsigned)prefix, b[3],
			b[2], b[1], b[0]);
	} else if (inet_pton(AF_INET6, text, b) == 1) {
		buf_printf(to, "%u", slash == SIZE_MAX ? 128 : (unsigned)prefix);
		for (int i = 14; i >= 0; i -= 2)
			buf_printf(to, ".%x", (unsigned)b[i] << 8 | b[i + 1]);
	} else {
		return false;
	}
	buf_add(to, SPAN(".rpz-ip CNAME .\n"));
	return true;
}

static bool
rpz_add(struct buf *to, const struct out_entry *e, uint64_t number)
{
	(void)number;
	switch (e->about.kind) {
	case OBS_IPV4:
	case OBS_IPV6:
	case OBS_CIDR4:
	case OBS_CIDR6: return rpz_address(to, e->about.value);
	case OBS_DOMAIN:
		if (!name_is_plain(e->about.value))
			return false;
		buf_add(to, e->about.value);
		buf_add(to, SPAN(" CNAME .\n"));
		if (!e->exact) {
			buf_add(to, SPAN("*."));
			buf_add(to, e->about.value);
			buf_add(to, SPAN(" CNAME .\n"));
		}
		return true;
	default: return false; /* a zone that blocked a URL would block its whole host */
	}
}

const struct out_format out_rpz = {
	"rpz", "Response Policy Zone for DNS servers", rpz_begin, rpz_add, NULL};
