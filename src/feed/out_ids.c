/* Formats of network sensors: Suricata rules, Zeek intelligence files, nftables sets. */
#include <stdlib.h>

#include "base/hash.h"
#include "feed/out-internal.h"

/* Bytes that Suricata's content and msg cannot hold as they are go in hexadecimal between bars. */
static void
content(struct buf *to, struct span text)
{
	bool hex = false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool plain = c > 0x20 && c < 0x7f && c != '"' && c != ';' && c != ':' &&
			     c != '\\' && c != '|';
		if (plain == hex)
			buf_add_byte(to, '|');
		else if (hex)
			buf_add_byte(to, ' ');
		hex = !plain;
		if (plain)
			buf_add_byte(to, (char)c);
		else
			buf_printf(to, "%02X", c);
	}
	if (hex)
		buf_add_byte(to, '|');
}

/* msg takes no quotes, semicolons or backslashes at all. */
static void
message(struct buf *to, const struct out_entry *e)
{
	buf_add(to, SPAN("(msg:\"tocsin "));
	struct span text = e->name.len ? e->name : e->about.value;
	for (size_t i = 0; i < text.len && i < 120; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		buf_add_byte(to,
			c < 0x20 || c >= 0x7f || c == '"' || c == ';' || c == '\\' ? ' ' : (char)c);
	}
	buf_add(to, SPAN("\"; "));
}

/* Stable over exports: from what it is about, in the range for local rules (1,000,000 to 1,999,999,999). */
static void
finish(struct buf *to, const struct out_entry *e, unsigned part)
{
	uint64_t hash = hash64(e->about.value, (uint64_t)e->about.kind * 8 + part);
	buf_add(to, SPAN("metadata:indicator "));
	out_word(to, e->id.len ? e->id : SPAN("none"));
	buf_printf(to, "; classtype:trojan-activity; sid:%u; rev:1;)\n",
		(unsigned)(1000000 + hash % 1999000000u));
}

static void
name_rule(struct buf *to, const struct out_entry *e, const char *head, const char *keyword,
	unsigned part)
{
	buf_printf(to, "alert %s ", head);
	message(to, e);
	buf_printf(to, "%s; ", keyword);
	if (!e->exact)
		buf_add(to, SPAN("dotprefix; "));
	buf_add(to, e->exact ? SPAN("content:\"") : SPAN("content:\"."));
	content(to, e->about.value);
	buf_add(to, e->exact ? SPAN("\"; startswith; endswith; nocase; ")
			     : SPAN("\"; endswith; nocase; "));
	finish(to, e, part);
}

static void
url_rule(struct buf *to, const struct out_entry *e)
{
	struct span path, host = url_host(e->about.value, &path);
	buf_add(to, SPAN("alert http any any -> any any "));
	message(to, e);
	buf_add(to, SPAN("http.host; content:\""));
	content(to, host);
	buf_add(to, SPAN("\"; startswith; endswith; "));
	if (path.len) {
		buf_add(to, SPAN("http.uri.raw; content:\""));
		content(to, path);
		buf_add(to, SPAN("\"; startswith; endswith; "));
	}
	finish(to, e, 0);
}

static bool
suricata_add(struct buf *to, const struct out_entry *e, uint64_t number)
{
	(void)number;
	switch (e->about.kind) {
	case OBS_IPV4:
	case OBS_IPV6:
	case OBS_CIDR4:
	case OBS_CIDR6:
		buf_add(to, SPAN("alert ip any any <> ["));
		buf_add(to, e->about.value);
		buf_add(to, SPAN("] any "));
		message(to, e);
		finish(to, e, 0);
		return true;
	case OBS_DOMAIN:
		name_rule(to, e, "dns any any -> any any", "dns.query", 0);
		name_rule(to, e, "tls any any -> any any", "tls.sni", 1);
		name_rule(to, e, "http any any -> any any", "http.host", 2);
		return true;
	case OBS_URL: url_rule(to, e); return true;
	case OBS_JA3:
	case OBS_JA4:
		buf_add(to, SPAN("alert tls any any -> any any "));
		message(to, e);
		buf_printf(
			to, "%s; content:\"", e->about.kind == OBS_JA3 ? "ja3.hash" : "ja4.hash");
		content(to, e->about.value);
		buf_add(to, SPAN("\"; "));
		finish(to, e, 0);
		return true;
	default: return false; /* file hashes need files of their own there */
	}
}

const struct out_format out_suricata = {"suricata", "Suricata rules", NULL, suricata_add, NULL};

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

static bool
zeek_add(struct buf *to, const struct out_entry *e, uint64_t number)
{
	(void)number;
	const char *type = zeek_type(e->about.kind);
	if (!type)
		return false;
	struct span value = e->about.value;
	size_t slashes = e->about.kind == OBS_URL ? span_find(value, SPAN("//")) : SIZE_MAX;
	if (slashes != SIZE_MAX) /* Zeek's URLs have no scheme */
		value = span_sub(value, slashes + 2, SIZE_MAX);
	out_word(to, value);
	buf_printf(to, "\t%s\t", type);
	out_word(to, e->creator.len ? e->creator : SPAN("tocsin"));
	buf_add_byte(to, '\t');
	out_word(to, e->name.len ? e->name : SPAN("-"));
	buf_add_byte(to, '\n');
	return true;
}

const struct out_format out_zeek = {"zeek", "Zeek intelligence file", zeek_begin, zeek_add, NULL};

/*
 * Two named sets of one table. Elements are added one command each, so that a file of any size streams
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
		     "flush set inet tocsin bad4\nflush set inet tocsin bad6\n"));
}

static bool
nft_add(struct buf *to, const struct out_entry *e, uint64_t number)
{
	(void)number;
	enum obs_kind kind = e->about.kind;
	bool four = kind == OBS_IPV4 || kind == OBS_CIDR4,
	     six = kind == OBS_IPV6 || kind == OBS_CIDR6;
	if (!four && !six)
		return false;
	buf_printf(to, "add element inet tocsin bad%d { ", four ? 4 : 6);
	buf_add(to, e->about.value);
	buf_add(to, SPAN(" }\n"));
	return true;
}

const struct out_format out_nft = {"nft", "nftables sets of addresses", nft_begin, nft_add, NULL};
