#include "obs/obs.h"

#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "obs/addr.h"
#include "obs/cve.h"
#include "obs/mac.h"
#include "obs/name.h"
#include "obs/url.h"

static const struct {
	const char *word;
	unsigned digits;  /* hashes */
	const char *path; /* of a STIX pattern */
} kinds[OBS_KINDS] = {
	[OBS_NONE] = {"none", 0, NULL},
	[OBS_IPV4] = {"ipv4", 0, "ipv4-addr:value"},
	[OBS_IPV6] = {"ipv6", 0, "ipv6-addr:value"},
	[OBS_CIDR4] = {"cidr4", 0, "ipv4-addr:value"},
	[OBS_CIDR6] = {"cidr6", 0, "ipv6-addr:value"},
	[OBS_DOMAIN] = {"domain", 0, "domain-name:value"},
	[OBS_URL] = {"url", 0, "url:value"},
	[OBS_EMAIL] = {"email", 0, "email-addr:value"},
	[OBS_MD5] = {"md5", 32, "file:hashes.MD5"},
	[OBS_SHA1] = {"sha1", 40, "file:hashes.'SHA-1'"},
	[OBS_SHA224] = {"sha224", 56, "file:hashes.'SHA-224'"},
	[OBS_SHA256] = {"sha256", 64, "file:hashes.'SHA-256'"},
	[OBS_SHA384] = {"sha384", 96, "file:hashes.'SHA-384'"},
	[OBS_SHA512] = {"sha512", 128, "file:hashes.'SHA-512'"},
	[OBS_JA3] = {"ja3", 32, "network-traffic:x_ja3"},
	[OBS_JA4] = {"ja4", 0, "network-traffic:x_ja4"},
	[OBS_MAC] = {"mac", 0, "mac-addr:value"},
	[OBS_CVE] = {"cve", 0, "vulnerability:name"},
	[OBS_TEXT] = {"text", 0, "file:name"},
};

const char *
obs_word(enum obs_kind kind)
{
	must(kind < OBS_KINDS);
	return kinds[kind].word;
}

enum obs_kind
obs_from_word(struct span word)
{
	for (enum obs_kind k = OBS_NONE + 1; k < OBS_TEXT; k++)
		if (span_eq(word, span_of(kinds[k].word)))
			return k;
	return OBS_NONE;
}

enum obs_kind
obs_hash_kind(size_t digits)
{
	for (enum obs_kind k = OBS_MD5; k <= OBS_SHA512; k++)
		if (kinds[k].digits == digits)
			return k;
	return OBS_NONE;
}

bool
obs_is_hash(enum obs_kind kind)
{
	return kind >= OBS_MD5 && kind <= OBS_SHA512;
}

static bool
is_hex(struct span text)
{
	/* Whether it is a digit or a letter nobody can foretell: no branch asks. */
	for (size_t i = 0; i < text.len; i++) {
		unsigned c = (unsigned char)text.ptr[i];
		if ((c - '0' >= 10) & ((c | 0x20) - 'a' >= 6))
			return false;
	}
	return true;
}

static struct span
lower(struct span text, struct arena *a)
{
	char *out = arena_bytes(a, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		out[i] = ascii_lower(text.ptr[i]);
	out[text.len] = 0;
	return (struct span){out, text.len};
}

/* FoxIO: t13d1516h2_8daaf6152771_e5627efa2ab1 */
static bool
is_ja4(struct span t)
{
	if (t.len != 36 || t.ptr[10] != '_' || t.ptr[23] != '_')
		return false;
	if (!strchr("tqdTQD", t.ptr[0]) || !strchr("diDI", t.ptr[3]) || !t.ptr[0] || !t.ptr[3])
		return false;
	for (size_t i = 1; i < 10; i++)
		if (!ascii_is_alnum(t.ptr[i]) || (i >= 4 && i < 8 && !ascii_is_digit(t.ptr[i])))
			return false;
	return is_hex(span_sub(t, 11, 12)) && is_hex(span_sub(t, 24, 12));
}

static enum rc
give_addr(struct addr got, struct arena *a, struct observable *out)
{
	char text[ADDR_TEXT];
	size_t len = addr_text(&got, text);
	bool range = addr_is_range(&got);
	out->kind = got.six ? (range ? OBS_CIDR6 : OBS_IPV6) : (range ? OBS_CIDR4 : OBS_IPV4);
	out->value = arena_dup(a, (struct span){text, len});
	return RC_OK;
}

static enum rc
normalize_addr(enum obs_kind kind, struct span text, struct arena *a, struct observable *out,
	struct diag *why)
{
	struct addr got;
	bool six = kind == OBS_IPV6 || kind == OBS_CIDR6;
	if (!addr_parse_range(text, &got) && !addr_parse(text, &got))
		return diag_fail(why, RC_BAD, "no IP address or range");
	if (got.six != six)
		return diag_fail(why, RC_BAD, "an address of the other family");
	return give_addr(got, a, out);
}

static bool
is_atext(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static enum rc
normalize_email(struct span text, struct arena *a, struct span *out, struct diag *why)
{
	size_t at = text.len;
	while (at > 0 && text.ptr[at - 1] != '@')
		at--;
	if (at < 2 || at - 1 > 64)
		return diag_fail(why, RC_BAD, "no e-mail address");
	struct span local = span_sub(text, 0, at - 1), host = span_sub(text, at, SIZE_MAX);
	for (size_t i = 0; i < local.len; i++)
		if (!is_atext(local.ptr[i]))
			return diag_fail(why, RC_BAD,
				"byte 0x%02x has no place in an e-mail address",
				(unsigned char)local.ptr[i]);
	if (!span_is_utf8(local))
		return diag_fail(why, RC_BAD, "an e-mail address that is not UTF-8");
	struct addr addr;
	struct span inner = host;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		inner = span_sub(host, 1, host.len - 2);
	if (inner.len > 5 && span_eq_fold(span_sub(inner, 0, 5), SPAN("IPv6:")))
		inner = span_sub(inner, 5, SIZE_MAX);
	struct span name;
	if (addr_parse(inner, &addr)) {
		char buf[ADDR_TEXT];
		addr_text(&addr, buf);
		*out = arena_printf(a, "%.*s@[%s]", (int)local.len, lower(local, a).ptr, buf);
		return RC_OK;
	}
	enum rc code = name_normalize(host, a, &name, why);
	if (code)
		return code;
	*out = arena_printf(
		a, "%.*s@%.*s", (int)local.len, lower(local, a).ptr, (int)name.len, name.ptr);
	return RC_OK;
}

/* "5e:3f:..." as tools print fingerprints of certificates, without its colons; else the text itself. */
static struct span
without_colons(struct span text, struct arena *a)
{
	if (text.len < 3 || text.len % 3 != 2)
		return text;
	for (size_t i = 0; i < text.len; i++)
		if (i % 3 == 2 ? text.ptr[i] != ':' : ascii_hex(text.ptr[i]) < 0)
			return text;
	char *out = arena_bytes(a, text.len);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++)
		if (i % 3 != 2)
			out[len++] = text.ptr[i];
	return (struct span){out, len};
}

static enum rc
normalize_mac(struct span text, struct arena *a, struct span *out, struct diag *why)
{
	char mac[MAC_TEXT];
	if (!mac_normalize(text, mac))
		return diag_fail(why, RC_BAD, "no MAC address");
	*out = arena_dup(a, (struct span){mac, MAC_TEXT});
	return RC_OK;
}

static enum rc
normalize_cve(struct span text, struct arena *a, struct span *out, struct diag *why)
{
	char cve[CVE_LONGEST];
	size_t len = cve_normalize(text, cve);
	if (!len)
		return diag_fail(why, RC_BAD, "no CVE");
	*out = arena_dup(a, (struct span){cve, len});
	return RC_OK;
}

static enum rc
normalize_digits(
	enum obs_kind kind, struct span text, struct arena *a, struct span *out, struct diag *why)
{
	if (obs_is_hash(kind))
		text = without_colons(text, a);
	if (kind == OBS_JA4 ? !is_ja4(text) : text.len != kinds[kind].digits || !is_hex(text))
		return diag_fail(why, RC_BAD, "no %s value", kinds[kind].word);
	*out = lower(text, a);
	return RC_OK;
}

enum rc
obs_normalize(enum obs_kind kind, struct span text, struct arena *a, struct observable *out,
	struct diag *why)
{
	enum rc code;
	struct observable made = {.kind = kind};
	struct url url;
	switch (kind) {
	case OBS_IPV4:
	case OBS_IPV6:
	case OBS_CIDR4:
	case OBS_CIDR6: return normalize_addr(kind, text, a, out, why);
	case OBS_DOMAIN: code = name_normalize(text, a, &made.value, why); break;
	case OBS_EMAIL: code = normalize_email(text, a, &made.value, why); break;
	case OBS_URL:
		code = url_parse(text, SCHEME_OPTIONAL, a, &url, why);
		made.value = url.text;
		break;
	case OBS_CVE: code = normalize_cve(text, a, &made.value, why); break;
	case OBS_MAC: code = normalize_mac(text, a, &made.value, why); break;
	case OBS_NONE:
	case OBS_TEXT:
	case OBS_KINDS: return diag_fail(why, RC_UNKNOWN, "no kind of observable");
	default: code = normalize_digits(kind, text, a, &made.value, why);
	}
	if (!code)
		*out = made;
	return code;
}

/* In groups of four it could be a name, where its last group is a top-level domain. */
static bool
is_mac(struct span text)
{
	char last[5] = "";
	if (text.len == 0 || mac_length(text) != text.len)
		return false;
	for (size_t i = 0; i < 4; i++)
		last[i] = ascii_lower(text.ptr[text.len - 4 + i]);
	return text.len == MAC_TEXT || !name_is_registry_suffix(span_of(last));
}

static enum obs_kind
guess(struct span text, struct arena *a)
{
	size_t slash = span_find_byte(text, '/');
	if (span_find(text, SPAN("://")) != SIZE_MAX || (slash != SIZE_MAX && slash > 0))
		return OBS_URL;
	if (span_find_byte(text, '@') != SIZE_MAX)
		return OBS_EMAIL;
	struct span digits = without_colons(text, a);
	if (is_hex(digits) && obs_hash_kind(digits.len))
		return obs_hash_kind(digits.len);
	if (is_ja4(text))
		return OBS_JA4;
	if (text.len && cve_length(text) == text.len)
		return OBS_CVE;
	return span_find_byte(text, '.') != SIZE_MAX ? OBS_DOMAIN : OBS_NONE;
}

/* "host:port" */
static bool
cut_port(struct span text, struct span *host)
{
	size_t colon = span_find_byte(text, ':');
	uint64_t port;
	if (colon == SIZE_MAX || colon == 0 || text.len - colon > 6)
		return false;
	*host = span_sub(text, 0, colon);
	return span_to_u64(span_sub(text, colon + 1, SIZE_MAX), &port) && port <= 65535;
}

/* Bits of the prefix of a range; 128 where it is none. */
static unsigned
prefix_bits(struct observable o)
{
	struct addr net;
	bool range = o.kind == OBS_CIDR4 || o.kind == OBS_CIDR6;
	return range && addr_parse_range(o.value, &net) ? net.bits : 128;
}

bool
obs_is_everything(struct observable o)
{
	return prefix_bits(o) == 0;
}

bool
obs_is_wide(struct observable o)
{
	return prefix_bits(o) < (o.kind == OBS_CIDR6 ? 16 : 8);
}

enum rc
obs_detect(struct span text, struct arena *a, struct observable *out, struct diag *why)
{
	struct addr addr;
	struct span bare = text;
	if (text.len > URL_LONGEST)
		return diag_fail(why, RC_LIMIT, "%zu bytes, at most %d", text.len, URL_LONGEST);
	if (bare.len > 2 && bare.ptr[0] == '[' && bare.ptr[bare.len - 1] == ']')
		bare = span_sub(bare, 1, bare.len - 2);
	if (addr_parse(bare, &addr) || addr_parse_range(text, &addr))
		return give_addr(addr_unmap(addr), a, out);
	if (span_starts(text, SPAN("*.")))
		text = span_sub(text, 2, SIZE_MAX);
	else if (text.len && text.ptr[0] == '.')
		text = span_sub(text, 1, SIZE_MAX);
	struct span host;
	if (cut_port(text, &host)) {
		if (addr_parse4(host, &addr))
			return give_addr(addr, a, out);
		text = host;
	}
	enum obs_kind kind = is_mac(text) ? OBS_MAC : guess(text, a);
	/* U+3002 and the like: names whose only dots are not ASCII. */
	if (kind == OBS_NONE && text.len && (unsigned char)text.ptr[0] >= 0x80)
		kind = OBS_DOMAIN;
	if (kind == OBS_NONE)
		return diag_fail(why, RC_UNKNOWN, "no address, name, URL, e-mail address or hash");
	return obs_normalize(kind, text, a, out, why);
}

static void
add_quoted(struct buf *out, struct span value)
{
	char *to = buf_room(out, 2 * value.len + 2), *start = to;
	*to++ = '\'';
	if (value.len && !memchr(value.ptr, '\'', value.len) &&
		!memchr(value.ptr, '\\', value.len)) {
		memcpy(to, value.ptr, value.len);
		to += value.len;
		value.len = 0;
	}
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\'' || value.ptr[i] == '\\')
			*to++ = '\\';
		*to++ = value.ptr[i];
	}
	*to++ = '\'';
	out->len += (size_t)(to - start);
}

void
obs_pattern_covering(struct span name, struct buf *out)
{
	buf_printf(out, "[domain-name:value = '%.*s' OR domain-name:value LIKE '%%.%.*s']",
		(int)name.len, name.ptr, (int)name.len, name.ptr);
}

void
obs_pattern(struct observable o, struct buf *out)
{
	must(o.kind > OBS_NONE && o.kind < OBS_KINDS);
	bool range = o.kind == OBS_CIDR4 || o.kind == OBS_CIDR6;
	if (o.kind == OBS_URL && span_starts(o.value, SPAN("//"))) {
		/* A list that named no scheme meant both. */
		buf_add(out, SPAN("[url:value IN ("));
		for (int i = 0; i < 2; i++) {
			struct buf text = {};
			buf_printf(&text, "%s%.*s", i ? "https:" : "http:", (int)o.value.len,
				o.value.ptr);
			if (i)
				buf_add(out, SPAN(", "));
			add_quoted(out, buf_span(&text));
			buf_fini(&text);
		}
		buf_add(out, SPAN(")]"));
		return;
	}
	buf_add_byte(out, '[');
	buf_add(out, span_of(kinds[o.kind].path));
	buf_add(out, range ? SPAN(" ISSUBSET ") : SPAN(" = "));
	add_quoted(out, o.value);
	buf_add_byte(out, ']');
}

const char *
obs_hash_name(enum obs_kind kind)
{
	switch (kind) {
	case OBS_MD5: return "MD5";
	case OBS_SHA1: return "SHA-1";
	case OBS_SHA224: return "SHA-224";
	case OBS_SHA256: return "SHA-256";
	case OBS_SHA384: return "SHA-384";
	case OBS_SHA512: return "SHA-512";
	default: return NULL;
	}
}
