/*
 * Suricata rules. One rule that the engine cannot load makes it refuse the file, so nothing is written
 * that it does not know, and no number twice.
 */
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "feed/out-internal.h"
#include "obs/url.h"

/* A byte of a content: what Suricata cannot hold as it is goes in hexadecimal between bars. */
struct content {
	struct buf *to;
	bool hex;
};

static void
content_byte(struct content *c, unsigned char byte)
{
	bool plain = byte > 0x20 && byte < 0x7f && !strchr("\";:\\|", byte);
	if (plain == c->hex)
		buf_add_byte(c->to, '|');
	else if (c->hex)
		buf_add_byte(c->to, ' ');
	c->hex = !plain;
	if (plain)
		buf_add_byte(c->to, (char)byte);
	else
		buf_printf(c->to, "%02X", byte);
}

static void
content(struct buf *to, struct span text)
{
	struct content c = {to, false};
	for (size_t i = 0; i < text.len; i++)
		content_byte(&c, (unsigned char)text.ptr[i]);
	if (c.hex)
		buf_add_byte(to, '|');
}

/* A buffer that is `text` and nothing else; long ones in pieces, which no matcher compiles whole. */
static void
whole_buffer(struct buf *to, struct span text)
{
	enum { PIECE = 200 };
	for (size_t at = 0; at < text.len; at += PIECE) {
		struct span piece = span_sub(text, at, PIECE);
		buf_add(to, SPAN("content:\""));
		content(to, piece);
		buf_add(to, SPAN("\"; "));
		if (at == 0)
			buf_add(to, SPAN("startswith; "));
		else
			buf_printf(to, "distance:0; within:%zu; ", piece.len);
		if (at + piece.len == text.len)
			buf_add(to, text.len <= PIECE ? SPAN("endswith; ")
						      : SPAN("isdataat:!1,relative; "));
	}
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

/*
 * A rule's number: from what it is about, so that every export gives it alike, above all that others
 * were allotted (a million is for local rules, vendors follow), and never twice in a file.
 */
static unsigned
rule_number(struct out *o, const struct out_entry *e, unsigned part)
{
	const uint64_t first = 1000000000, span = 3200000000;
	uint64_t hash = hash64(e->about.value, (uint64_t)e->about.kind * 8 + part) % span;
	while (seen_has(&o->numbers, hash))
		hash = (hash + 1) % span;
	seen_add(&o->numbers, hash);
	return (unsigned)(first + hash);
}

/* A word of metadata, where commas and semicolons part. */
static void
metadata_word(struct buf *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_byte(
			to, ascii_is_alnum(text.ptr[i]) || text.ptr[i] == '-' || text.ptr[i] == '+'
				    ? text.ptr[i]
				    : '_');
}

/* Closes a rule; a newer version of its indicator is a later revision. */
static void
finish(struct out *o, const struct out_entry *e, unsigned part, struct buf *to)
{
	int64_t revision = e->modified / SECOND;
	if (revision < 1 || revision >= UINT32_MAX)
		revision = 1;
	buf_add(to, SPAN("metadata:indicator "));
	metadata_word(to, e->id.len ? e->id : SPAN("none"));
	if (e->facts.tlp != TLP_NONE) {
		buf_add(to, SPAN(", tlp "));
		metadata_word(to, e->tlp);
	}
	if (e->confidence >= 0)
		buf_printf(to, ", confidence %d", e->confidence);
	buf_printf(to, "; classtype:trojan-activity; sid:%u; rev:%lld;)\n", rule_number(o, e, part),
		(long long)revision);
}

static const struct name_rule {
	const char *head, *keyword, *end;
} name_rules[] = {
	{"dns any any -> any any", "dns.query", "nocase; "},
	{"tls any any -> any any", "tls.sni", "nocase; "},
	{"http any any -> any any", "http.host",
		""}, /* lower case already; saying so is an error */
};

static void
name_rule(struct out *o, const struct out_entry *e, unsigned part, struct buf *to)
{
	const struct name_rule *r = &name_rules[part];
	buf_printf(to, "alert %s ", r->head);
	message(to, e);
	buf_printf(to, "%s; %s", r->keyword, e->exact ? "content:\"" : "dotprefix; content:\".");
	content(to, e->about.value);
	buf_printf(to, "\"; %sendswith; %s", e->exact ? "startswith; " : "", r->end);
	finish(o, e, part + (e->exact ? 0 : 4), to);
}

/*
 * The path and query as the sensor sees them after undoing percent signs, with slashes of either kind
 * made one; what is not ASCII then it maps to one byte, so that such a URL is looked for as it is written.
 */
static bool
uri_decode(struct span rest, struct buf *out)
{
	bool query = false;
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.ptr[i];
		if (c == '%' && i + 2 < rest.len && ascii_hex(rest.ptr[i + 1]) >= 0 &&
			ascii_hex(rest.ptr[i + 2]) >= 0) {
			c = (char)(ascii_hex(rest.ptr[i + 1]) << 4 | ascii_hex(rest.ptr[i + 2]));
			i += 2;
		} else if (c == '?') {
			query = true;
		}
		if ((unsigned char)c >= 0x80)
			return false;
		if (!query && c == '\\')
			c = '/';
		if (!query && c == '/' && out->len && out->ptr[out->len - 1] == '/')
			continue;
		buf_add_byte(out, c);
	}
	return true;
}

static enum out_fate
url_rule(struct out *o, const struct out_entry *e, struct buf *to)
{
	own_arena struct arena a = {};
	own_buf struct buf decoded = {};
	struct url url;
	if (url_parse(e->about.value, SCHEME_OPTIONAL, &a, &url, NULL) ||
		(url.scheme.len && !span_eq(url.scheme, SPAN("http")) &&
			!span_eq(url.scheme, SPAN("https"))))
		return OUT_NO_WORD;
	struct span head = span_sub(url.text, 0, url.text.len - url.rest.len), port = {};
	struct span rest = span_sub(url.rest, 0, span_find_byte(url.rest, '#'));
	for (size_t i = head.len; i > 0 && head.ptr[i - 1] != ']' && head.ptr[i - 1] != '/'; i--)
		if (head.ptr[i - 1] == ':')
			port = span_sub(head, i, SIZE_MAX);
	buf_printf(to, "alert http any any -> any %.*s ", port.len ? (int)port.len : 3,
		port.len ? port.ptr : "any");
	message(to, e);
	bool six = url.is_addr && span_find_byte(url.host, ':') != SIZE_MAX;
	buf_add(to, SPAN("http.host; content:\""));
	if (six)
		buf_add_byte(to, '[');
	content(to, url.host);
	buf_add(to, six ? SPAN("]\"; startswith; endswith; ") : SPAN("\"; startswith; endswith; "));
	bool plain = uri_decode(rest, &decoded);
	buf_add(to, plain ? SPAN("http.uri; ") : SPAN("http.uri.raw; "));
	whole_buffer(to, plain ? buf_span(&decoded) : rest);
	finish(o, e, 0, to);
	return OUT_WRITTEN;
}

static enum out_fate
suricata_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	if (out_is_wide(e))
		return OUT_TOO_WIDE;
	switch (e->about.kind) {
	case OBS_IPV4:
	case OBS_IPV6:
	case OBS_CIDR4:
	case OBS_CIDR6:
		buf_add(to, SPAN("alert ip any any <> ["));
		buf_add(to, e->about.value);
		buf_add(to, SPAN("] any "));
		message(to, e);
		finish(o, e, 0, to);
		return OUT_WRITTEN;
	case OBS_DOMAIN:
		for (unsigned part = 0; part < sizeof name_rules / sizeof *name_rules; part++)
			name_rule(o, e, part, to);
		return OUT_WRITTEN;
	case OBS_URL: return url_rule(o, e, to);
	case OBS_JA3:
	case OBS_JA4:
		buf_add(to, SPAN("alert tls any any -> any any "));
		message(to, e);
		buf_printf(
			to, "%s; content:\"", e->about.kind == OBS_JA3 ? "ja3.hash" : "ja4.hash");
		content(to, e->about.value);
		buf_add(to, SPAN("\"; "));
		finish(o, e, 0, to);
		return OUT_WRITTEN;
	default: return OUT_NO_WORD; /* file hashes need files of their own there */
	}
}

const struct out_format out_suricata = {
	"suricata", "Suricata rules", OUT_REACH, false, NULL, suricata_add};
