#include "net/head.h"

#include <string.h>

#include "base/ascii.h"
#include "net/url.h"

static unsigned
refuse(const char **why, unsigned status, const char *text)
{
	*why = text;
	return status;
}

/* RFC 9110 section 5.6.2 */
static bool
is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i]) &&
			(!s.ptr[i] || !strchr("!#$%&'*+-.^_`|~", s.ptr[i])))
			return false;
	return s.len > 0;
}

/* RFC 9110 section 5.5: tabs, visible bytes, blanks and bytes above 0x7f. */
static bool
is_value(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char byte = (unsigned char)s.ptr[i];
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

/* What the fields that frame and route a request say, and how often. */
struct counts {
	unsigned length, coding, host, expect;
	struct span length_value, coding_value, host_value, expect_value;
};

static unsigned
count_fields(const struct head *h, struct counts *c, const char **why)
{
	for (size_t i = 0; i < h->len; i++) {
		struct span name = h->fields[i].name, value = h->fields[i].value;
		if (!is_token(name))
			return refuse(
				why, 400, "a header's name holds a byte that no name may hold");
		if (!is_value(value))
			return refuse(why, 400, "a header's value holds a control byte");
		/* Of what span_trim takes away only blanks and tabs are left by now. */
		value = span_trim(value);
		if (span_eq_fold(name, SPAN("content-length"))) {
			c->length++;
			c->length_value = value;
		} else if (span_eq_fold(name, SPAN("transfer-encoding"))) {
			c->coding++;
			c->coding_value = value;
		} else if (span_eq_fold(name, SPAN("host"))) {
			c->host++;
			c->host_value = value;
		} else if (span_eq_fold(name, SPAN("expect"))) {
			c->expect++;
			c->expect_value = value;
		}
	}
	return 0;
}

static bool
host_ok(struct span host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!ascii_is_alnum(host.ptr[i]) &&
			(!host.ptr[i] || !strchr("-._:[]%", host.ptr[i])))
			return false;
	return true;
}

unsigned
head_check(const struct head *h, struct framing *out, const char **why)
{
	struct counts c = {};
	bool old = span_eq(h->version, SPAN("HTTP/1.0"));
	if (!is_token(h->method) || h->method.len > 32)
		return refuse(why, 400, "the method is no token");
	if (h->version.len != 8 || !span_starts(h->version, SPAN("HTTP/1.")) ||
		!ascii_is_digit(h->version.ptr[7]))
		return refuse(why, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	unsigned status = count_fields(h, &c, why);
	if (status)
		return status;
	if (c.length && c.coding)
		return refuse(why, 400, "Content-Length and Transfer-Encoding at once");
	if (c.length > 1)
		return refuse(why, 400, "Content-Length more than once");
	if (c.coding > 1 || (c.coding && old))
		return refuse(why, 400, "Transfer-Encoding repeated, or in HTTP/1.0");
	if (c.coding && !span_eq_fold(c.coding_value, SPAN("chunked")))
		return refuse(why, 501, "the only transfer coding understood is \"chunked\"");
	if (c.host > 1 || (c.host == 0 && !old) || !host_ok(c.host_value))
		return refuse(why, 400, "Host missing, repeated or malformed");
	struct framing f = {.chunked = c.coding == 1, .has_length = c.length == 1};
	if (f.has_length && !span_to_u64(c.length_value, &f.length))
		return refuse(why, 400, "Content-Length is no number");
	if (c.expect > 1 || (c.expect && !span_eq_fold(c.expect_value, SPAN("100-continue"))))
		return refuse(why, 417, "the only expectation understood is \"100-continue\"");
	f.expects = c.expect == 1 && !old;
	if (span_eq(h->method, SPAN("CONNECT")) || span_eq(h->method, SPAN("TRACE")))
		return refuse(why, 501, "CONNECT and TRACE are not served");
	*out = f;
	return 0;
}

/* "http://host/path?query" as proxies get it (RFC 9112 section 3.2.2): what follows the authority.
 */
static bool
strip_authority(struct span *text)
{
	size_t at = span_find(*text, SPAN("://"));
	if (at != 4 && at != 5)
		return false;
	struct span scheme = span_sub(*text, 0, at);
	if (!span_eq_fold(scheme, SPAN("http")) && !span_eq_fold(scheme, SPAN("https")))
		return false;
	struct span rest = span_sub(*text, at + 3, SIZE_MAX);
	size_t end = 0;
	while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
		end++;
	if (end == 0 || !host_ok(span_sub(rest, 0, end)))
		return false;
	*text = span_sub(rest, end, SIZE_MAX);
	return true;
}

static bool
has_dot_segment(struct span path)
{
	struct span rest = path, piece;
	while (span_cut(&rest, '/', &piece))
		if (span_eq(piece, SPAN(".")) || span_eq(piece, SPAN("..")))
			return true;
	return false;
}

static bool
has_encoded_slash(struct span path)
{
	for (size_t i = 0; i + 2 < path.len; i++)
		if (path.ptr[i] == '%' &&
			((path.ptr[i + 1] == '2' && (path.ptr[i + 2] | 32) == 'f') ||
				(path.ptr[i + 1] == '5' && (path.ptr[i + 2] | 32) == 'c')))
			return true;
	return false;
}

unsigned
head_target(struct arena *a, struct span text, struct target *out, const char **why)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] > 0x7e)
			return refuse(
				why, 400, "the request target holds a blank or a control byte");
	struct span rest = text;
	if (span_find_byte(text, '#') != SIZE_MAX)
		return refuse(why, 400, "the request target holds a fragment");
	if (span_eq(text, SPAN("*"))) {
		*out = (struct target){.raw_path = text, .path = text};
		return 0;
	}
	if ((text.len == 0 || text.ptr[0] != '/') && !strip_authority(&rest))
		return refuse(why, 400, "the request target does not start with \"/\"");
	struct target t = {};
	size_t mark = span_find_byte(rest, '?');
	t.raw_path = span_sub(rest, 0, mark);
	if (t.raw_path.len == 0)
		t.raw_path = SPAN("/");
	if (mark != SIZE_MAX)
		t.query = (struct span){rest.ptr + mark + 1, rest.len - mark - 1};
	t.path = t.raw_path;
	if (has_encoded_slash(t.raw_path))
		return refuse(why, 400, "the path holds an encoded \"/\" or \"\\\"");
	if (span_find_byte(t.raw_path, '%') != SIZE_MAX &&
		url_decode(a, t.raw_path, &t.path) != RC_OK)
		return refuse(
			why, 400, "the path holds a malformed escape or an escaped control byte");
	if (!span_is_utf8(t.path) || has_dot_segment(t.path))
		return refuse(
			why, 400, "the path is not UTF-8, or holds \".\" or \"..\" as a segment");
	*out = t;
	return 0;
}

bool
head_layout(struct span raw, const struct head *h)
{
	const char *at = raw.ptr, *end = raw.ptr + raw.len;
	if (h->method.ptr != at || (size_t)(end - at) < h->method.len + 1)
		return false;
	at += h->method.len;
	if (*at++ != 0 || h->target.ptr != at || (size_t)(end - at) < h->target.len + 1)
		return false;
	at += h->target.len;
	if (*at++ != 0 || h->version.ptr != at || (size_t)(end - at) < h->version.len + 2)
		return false;
	at += h->version.len;
	if (at[0] != 0 || at[1] != 0)
		return false;
	at += 2;
	for (size_t i = 0; i < h->len; i++) {
		struct span name = h->fields[i].name, value = h->fields[i].value;
		if (name.ptr != at || (size_t)(end - at) < name.len + 1)
			return false;
		at += name.len;
		if (*at++ != 0)
			return false;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (value.ptr != at || (size_t)(end - at) < value.len + 2)
			return false;
		at += value.len;
		if (at[0] != 0 || at[1] != 0)
			return false;
		at += 2;
	}
	return end - at == 2 && at[0] == 0 && at[1] == 0;
}
