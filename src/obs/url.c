#include "obs/url.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "obs/name.h"

static size_t
scheme_length(struct span t)
{
	size_t n = 0;
	if (t.len == 0 || !ascii_is_alpha(t.ptr[0]))
		return 0;
	while (n < t.len && n < 32 &&
		(ascii_is_alnum(t.ptr[n]) || t.ptr[n] == '+' || t.ptr[n] == '-' || t.ptr[n] == '.'))
		n++;
	return span_starts(span_sub(t, n, SIZE_MAX), SPAN("://")) ? n : 0;
}

/* One part of a numeric host: decimal, 0octal or 0xhexadecimal (inet_aton, WHATWG URL 3.5). */
static bool
number_part(struct span part, uint64_t *out)
{
	unsigned base = 10;
	size_t at = 0;
	if (part.len >= 2 && part.ptr[0] == '0') {
		base = ascii_lower(part.ptr[1]) == 'x' ? 16 : 8;
		at = base == 16 ? 2 : 1;
	}
	uint64_t value = 0;
	for (; at < part.len; at++) {
		int digit = ascii_hex(part.ptr[at]);
		if (digit < 0 || (unsigned)digit >= base)
			return false;
		value = value * base + (unsigned)digit;
		if (value > UINT32_MAX)
			return false;
	}
	*out = value;
	return part.len > 0;
}

static bool
number_host(struct span host, struct addr *out)
{
	uint64_t part[4], value = 0;
	unsigned count = 0;
	struct span rest = host, piece;
	if (host.len && host.ptr[host.len - 1] == '.')
		rest.len--;
	while (span_cut(&rest, '.', &piece)) {
		if (count == 4 || !number_part(piece, &part[count]))
			return false;
		count++;
	}
	if (!count)
		return false;
	for (unsigned i = 0; i + 1 < count; i++) {
		if (part[i] > 255)
			return false;
		value |= part[i] << (24 - 8 * i);
	}
	if (part[count - 1] >= UINT64_C(1) << (8 * (5 - count)))
		return false;
	value |= part[count - 1];
	*out = (struct addr){.bits = 32};
	for (unsigned i = 0; i < 4; i++)
		out->byte[i] = (uint8_t)(value >> (24 - 8 * i));
	return true;
}

static int
percent_byte(struct span t, size_t at)
{
	if (at + 2 >= t.len || t.ptr[at] != '%')
		return -1;
	int high = ascii_hex(t.ptr[at + 1]), low = ascii_hex(t.ptr[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum rc
parse_host(struct span host, struct arena *a, struct url *u, struct diag *why)
{
	char text[ADDR_TEXT];
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
		struct span inner = span_sub(host, 1, host.len - 2);
		size_t zone = span_find_byte(inner, '%');
		if (zone != SIZE_MAX)
			inner.len = zone;
		if (!addr_parse6(inner, &u->addr))
			return diag_fail(why, RC_BAD, "no IPv6 address between the brackets");
		u->is_addr = true;
	} else {
		char *plain = arena_bytes(a, host.len + 1);
		size_t len = 0;
		for (size_t i = 0; i < host.len; i++) {
			int byte = percent_byte(host, i);
			plain[len++] = byte < 0 ? host.ptr[i] : (char)byte;
			i += byte < 0 ? 0 : 2;
		}
		struct span decoded = {plain, len};
		u->is_addr = addr_parse4(decoded, &u->addr) || number_host(decoded, &u->addr);
		if (!u->is_addr)
			return name_normalize(decoded, a, &u->host, why);
	}
	u->addr = addr_unmap(u->addr);
	addr_text(&u->addr, text);
	u->host = arena_dup(a, span_of(text));
	return RC_OK;
}

static bool
is_unreserved(int c)
{
	return c < 0x80 &&
	       (ascii_is_alnum((char)c) || c == '-' || c == '.' || c == '_' || c == '~');
}

static void
add_encoded(struct buf *out, struct span t)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < t.len; i++) {
		int byte = percent_byte(t, i);
		unsigned char c = (unsigned char)t.ptr[i];
		if (byte >= 0)
			i += 2;
		else if (c == '%' || c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c))
			byte = c;
		if (byte < 0) {
			buf_add_byte(out, (char)c);
		} else if (is_unreserved(byte)) {
			buf_add_byte(out, (char)byte);
		} else {
			buf_add_byte(out, '%');
			buf_add_byte(out, digits[byte >> 4]);
			buf_add_byte(out, digits[byte & 15]);
		}
	}
}

/* RFC 3986 section 5.2.4 in place: path starts with "/" at `from` and ends where the buffer does.
 */
static void
drop_dots(struct buf *b, size_t from)
{
	size_t to = from, at = from;
	while (at < b->len) {
		size_t end = at + 1;
		while (end < b->len && b->ptr[end] != '/')
			end++;
		struct span segment = {b->ptr + at + 1, end - at - 1};
		bool one = span_eq(segment, SPAN(".")), two = span_eq(segment, SPAN(".."));
		if (two)
			while (to > from && b->ptr[--to] != '/')
				;
		if (!one && !two) {
			memmove(b->ptr + to, b->ptr + at, end - at);
			to += end - at;
		} else if (end == b->len) {
			b->ptr[to++] = '/';
		}
		at = end;
	}
	b->len = to;
}

static bool
is_default_port(struct span scheme, uint64_t port)
{
	static const struct {
		struct span scheme;
		uint64_t port;
	} known[] = {
		{SPAN("http"), 80},
		{SPAN("https"), 443},
		{SPAN("ftp"), 21},
		{SPAN("ws"), 80},
		{SPAN("wss"), 443},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_eq(scheme, known[i].scheme))
			return port == known[i].port;
	return false;
}

static enum rc
split_port(struct span *authority, bool *has_port, uint64_t *port, struct diag *why)
{
	size_t colon = authority->len;
	*has_port = false;
	while (colon > 0 && authority->ptr[colon - 1] != ':' && authority->ptr[colon - 1] != ']')
		colon--;
	if (colon == 0 || authority->ptr[colon - 1] == ']')
		return RC_OK;
	struct span digits = span_sub(*authority, colon, SIZE_MAX);
	if (digits.len && (!span_to_u64(digits, port) || *port > 65535))
		return diag_fail(why, RC_BAD, "no port number behind the colon");
	*has_port = digits.len > 0;
	authority->len = colon - 1;
	return RC_OK;
}

static void
compose(struct span rest, bool has_port, uint64_t port, struct arena *a, struct url *u)
{
	bool brackets = u->is_addr && u->addr.six;
	size_t host_len = u->host.len, path = 0;
	while (path < rest.len && rest.ptr[path] != '?' && rest.ptr[path] != '#')
		path++;
	own_buf struct buf b = {};
	if (u->scheme.len) {
		buf_add(&b, u->scheme);
		buf_add_byte(&b, ':');
	}
	buf_add(&b, SPAN("//"));
	if (brackets)
		buf_add_byte(&b, '[');
	size_t host = b.len;
	buf_add(&b, u->host);
	if (brackets)
		buf_add_byte(&b, ']');
	if (has_port && !is_default_port(u->scheme, port)) {
		buf_add_byte(&b, ':');
		buf_add_u64(&b, port);
	}
	size_t start = b.len;
	if (path == 0)
		buf_add_byte(&b, '/');
	add_encoded(&b, span_sub(rest, 0, path));
	drop_dots(&b, start);
	add_encoded(&b, span_sub(rest, path, SIZE_MAX));
	u->text = arena_dup(a, buf_span(&b));
	u->scheme = span_sub(u->text, 0, u->scheme.len);
	u->host = span_sub(u->text, host, host_len);
	u->rest = span_sub(u->text, start, SIZE_MAX);
}

struct span
url_normal_host(struct span normal)
{
	size_t start = span_find(normal, SPAN("//")), end;
	if (start == SIZE_MAX)
		return (struct span){};
	struct span rest = span_sub(normal, start + 2, SIZE_MAX);
	bool brackets = span_starts(rest, SPAN("["));
	rest = span_sub(rest, brackets, SIZE_MAX);
	for (end = 0; end < rest.len; end++) {
		char c = rest.ptr[end];
		if (brackets ? c == ']' : c == ':' || c == '/' || c == '?' || c == '#')
			break;
	}
	return span_sub(rest, 0, end);
}

enum rc
url_parse(struct span text, enum url_scheme scheme, struct arena *a, struct url *out,
	struct diag *why)
{
	struct url u = {};
	if (text.len > URL_LONGEST)
		return diag_fail(
			why, RC_LIMIT, "a URL of %zu bytes, at most %d", text.len, URL_LONGEST);
	size_t n = scheme_length(text);
	if (n) {
		char *lower = arena_bytes(a, n + 1);
		for (size_t i = 0; i < n; i++)
			lower[i] = ascii_lower(text.ptr[i]);
		u.scheme = (struct span){lower, n};
		text = span_sub(text, n + 3, SIZE_MAX);
	} else if (scheme == SCHEME_NEEDED) {
		return diag_fail(why, RC_BAD, "no scheme");
	} else if (span_starts(text, SPAN("//"))) {
		text = span_sub(text, 2, SIZE_MAX);
	}
	size_t end = 0;
	while (end < text.len && text.ptr[end] != '/' && text.ptr[end] != '?' &&
		text.ptr[end] != '#')
		end++;
	struct span authority = span_sub(text, 0, end);
	for (size_t i = authority.len; i > 0; i--)
		if (authority.ptr[i - 1] == '@') {
			if (!n)
				return diag_fail(why, RC_BAD, "an e-mail address, no URL");
			authority = span_sub(authority, i, SIZE_MAX);
			break;
		}
	bool has_port;
	uint64_t port = 0;
	enum rc code = split_port(&authority, &has_port, &port, why);
	if (!code)
		code = parse_host(authority, a, &u, why);
	if (code)
		return code;
	compose(span_sub(text, end, SIZE_MAX), has_port, port, a, &u);
	*out = u;
	return RC_OK;
}

size_t
url_step(struct span text, size_t at)
{
	unsigned char c = (unsigned char)text.ptr[at];
	if (c < 0x80)
		return c > ' ' && c != 0x7f && !strchr("\"'<>\\^`{|}", c);
	ucs4_t code;
	int len = u8_mbtoucr(&code, (const uint8_t *)text.ptr + at, text.len - at);
	if (len <= 0)
		return 1;
	bool edge = uc_is_general_category_withtable(
		code, UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_C);
	return edge ? 0 : (size_t)len;
}

size_t
url_extent(struct span text)
{
	size_t end = 0, round = 0, square = 0;
	for (size_t step; end < text.len && end < URL_LONGEST && (step = url_step(text, end));
		end += step) {
		round += text.ptr[end] == '(';
		square += text.ptr[end] == '[';
	}
	for (; end > 0; end--) {
		char c = text.ptr[end - 1];
		size_t closed = 0;
		if (c == ')' || c == ']')
			for (size_t i = 0; i < end; i++)
				closed += text.ptr[i] == c;
		bool sentence =
			c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?';
		if (!sentence && !(c == ')' && closed > round) && !(c == ']' && closed > square))
			break;
	}
	return end;
}
