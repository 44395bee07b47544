/* Response Policy Zone (draft-vixie-dnsop-dns-rpz-00): answers NXDOMAIN for names and addresses. */
#include "feed/out-internal.h"
#include "obs/addr.h"
#include "obs/name.h"

static struct span
zone_of(const struct out_meta *meta)
{
	return meta->zone.len ? meta->zone : SPAN("rpz.tocsin");
}

static void
rpz_begin(struct buf *to, const struct out_meta *meta)
{
	buf_add(to, SPAN("; Response Policy Zone, exported by "));
	out_word(to, meta->title);
	buf_add(to, SPAN("\n$ORIGIN "));
	buf_add(to, zone_of(meta));
	buf_printf(to,
		".\n$TTL 300\n@ SOA localhost. hostmaster.localhost. %u 3600 600 604800 300\n@ NS "
		"localhost.\n",
		(unsigned)((uint64_t)(meta->now / SECOND) & 0xffffffffu));
}

/* A name of the bytes that names have, which with "*." and the zone is still a domain name. */
static bool
name_is_plain(struct span name, struct span zone)
{
	if (name.len + zone.len + 3 > NAME_LONGEST)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			    c == '.'))
			return false;
	}
	return true;
}

/* The longest run of zero words, two at least: [*from, *to). */
static void
longest_run(const uint16_t word[static 8], int *from, int *to)
{
	*from = *to = 8;
	for (int i = 0; i < 8; i++) {
		int end = i;
		while (end < 8 && word[end] == 0)
			end++;
		if (end - i > 1 && end - i > *to - *from) {
			*from = i;
			*to = end;
		}
	}
}

/* "24.0.2.0.192.rpz-ip", "48.zz.1.db8.2001.rpz-ip": prefix, then the address backwards. */
static void
rpz_address(struct buf *to, const struct addr *a)
{
	uint16_t word[8];
	int from, behind;
	buf_printf(to, "%u", a->bits);
	for (int i = 3; !a->six && i >= 0; i--)
		buf_printf(to, ".%u", a->byte[i]);
	for (int i = 0; i < 8; i++)
		word[i] = (uint16_t)(a->byte[2 * i] << 8 | a->byte[2 * i + 1]);
	longest_run(word, &from, &behind);
	for (int i = 7; a->six && i >= 0; i--) {
		if (i >= from && i < behind) {
			buf_add(to, SPAN(".zz"));
			i = from;
		} else {
			buf_printf(to, ".%x", (unsigned)word[i]);
		}
	}
	buf_add(to, SPAN(".rpz-ip CNAME .\n"));
}

static enum out_fate
rpz_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	struct addr a;
	if (out_is_wide(e))
		return OUT_TOO_WIDE;
	switch (e->about.kind) {
	case OBS_IPV4:
	case OBS_IPV6:
	case OBS_CIDR4:
	case OBS_CIDR6:
		if (!addr_parse(e->about.value, &a) && !addr_parse_range(e->about.value, &a))
			return OUT_NO_WORD;
		a = addr_unmap(a); /* what name servers see it as */
		rpz_address(to, &a);
		return OUT_WRITTEN;
	case OBS_DOMAIN:
		if (!name_is_plain(e->about.value, zone_of(&o->meta)))
			return OUT_NO_WORD;
		buf_add(to, e->about.value);
		buf_add(to, SPAN(" CNAME .\n"));
		if (!e->exact) {
			buf_add(to, SPAN("*."));
			buf_add(to, e->about.value);
			buf_add(to, SPAN(" CNAME .\n"));
		}
		return OUT_WRITTEN;
	default: return OUT_NO_WORD; /* a zone that blocked a URL would block its whole host */
	}
}

const struct out_format out_rpz = {
	"rpz", "Response Policy Zone for DNS servers", OUT_REACH, false, rpz_begin, rpz_add};
