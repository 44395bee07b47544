/* Zeek intelligence files and nftables sets. */
#include "feed/out-internal.h"

static void
zeek_begin(struct buf *to, const struct out_meta *meta)
{
	(void)meta;
	buf_add(to, SPAN("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"));
}

static const char *
zeek_type(enum obs_kind kind)
{
	switch (kind) {
	case OBS_IPV4:
	case OBS_IPV6: return "Intel::ADDR";
	case OBS_CIDR4:
	case OBS_CIDR6: return "Intel::SUBNET";
	case OBS_DOMAIN: return "Intel::DOMAIN";
	case OBS_URL: return "Intel::URL";
	case OBS_EMAIL: return "Intel::EMAIL";
	case OBS_MD5:
	case OBS_SHA1:
	case OBS_SHA256: return "Intel::FILE_HASH";
	default: return NULL;
	}
}

/*
 * A field of Zeek's tables: backslashes and controls as \xHH, which it reads back; a line that starts
 * with "#" would be a comment, and "-" alone is no value.
 */
static void
zeek_field(struct buf *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool odd = c < 0x20 || c == 0x7f || c == '\\' || (i == 0 && c == '#') ||
			   (text.len == 1 && c == '-');
		if (odd)
			buf_printf(to, "\\x%02x", c);
		else
			buf_add_byte(to, (char)c);
	}
}

static enum out_fate
zeek_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	(void)o;
	const char *type = zeek_type(e->about.kind);
	if (!type)
		return OUT_NO_WORD;
	struct span value = e->about.value;
	size_t slashes = e->about.kind == OBS_URL ? span_find(value, SPAN("//")) : SIZE_MAX;
	if (slashes != SIZE_MAX) { /* Zeek's URLs have neither scheme nor fragment */
		value = span_sub(value, slashes + 2, SIZE_MAX);
		value = span_sub(value, 0, span_find_byte(value, '#'));
	}
	zeek_field(to, value);
	buf_printf(to, "\t%s\t", type);
	zeek_field(to, e->creator.len ? e->creator : SPAN("tocsin"));
	buf_add_byte(to, '\t');
	if (e->name.len)
		zeek_field(to, e->name);
	else
		buf_add_byte(to, '-');
	buf_add_byte(to, '\n');
	return OUT_WRITTEN;
}

const struct out_format out_zeek = {
	"zeek", "Zeek intelligence file", OUT_VALUE, true, zeek_begin, zeek_add};

/*
 * Three named sets of one table. Elements are added one command each, so that a file of any size streams
 * and "nft -f" takes it as one transaction.
 */
static void
nft_begin(struct buf *to, const struct out_meta *meta)
{
	buf_add(to, SPAN("#!/usr/sbin/nft -f\n# exported by "));
	out_word(to, meta->title);
	buf_add(to,
		SPAN("\nadd table inet tocsin\n"
		     "add set inet tocsin bad4 { type ipv4_addr; flags interval; auto-merge; }\n"
		     "add set inet tocsin bad6 { type ipv6_addr; flags interval; auto-merge; }\n"
		     "add set inet tocsin badmac { type ether_addr; }\n"
		     "flush set inet tocsin bad4\nflush set inet tocsin bad6\n"
		     "flush set inet tocsin badmac\n"));
}

static enum out_fate
nft_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	(void)o;
	enum obs_kind kind = e->about.kind;
	bool four = kind == OBS_IPV4 || kind == OBS_CIDR4,
	     six = kind == OBS_IPV6 || kind == OBS_CIDR6;
	if (!four && !six && kind != OBS_MAC)
		return OUT_NO_WORD;
	if (out_is_wide(e))
		return OUT_TOO_WIDE;
	buf_printf(to, "add element inet tocsin bad%s { ", four ? "4" : six ? "6" : "mac");
	buf_add(to, e->about.value);
	buf_add(to, SPAN(" }\n"));
	return OUT_WRITTEN;
}

const struct out_format out_nft = {
	"nft", "nftables sets of addresses", OUT_VALUE, false, nft_begin, nft_add};
