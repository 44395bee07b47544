#include "net/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"

static bool
host_name_ok(struct span host)
{
	if (host.len == 0 || host.len > 253)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!ascii_is_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	return host.ptr[0] != '.' && host.ptr[0] != '-';
}

static bool
host_ipv6_ok(struct span host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (host.len == 0 || host.len >= sizeof text || span_find_byte(host, 0) != SIZE_MAX)
		return false;
	span_copy(host, text, sizeof text);
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* Cuts "host", "host:port" or "[ipv6]:port"; *port_text has ptr NULL where there is no ":". */
static bool
authority_cut(struct span text, struct span *host, struct span *port_text)
{
	*port_text = (struct span){};
	if (text.len && text.ptr[0] == '[') {
		size_t end = span_find_byte(text, ']');
		if (end == SIZE_MAX)
			return false;
		*host = span_sub(text, 1, end - 1);
		struct span rest = span_sub(text, end + 1, SIZE_MAX);
		if (!host_ipv6_ok(*host) || (rest.len && rest.ptr[0] != ':'))
			return false;
		if (rest.len)
			*port_text = span_sub(rest, 1, SIZE_MAX);
		return true;
	}
	size_t colon = span_find_byte(text, ':');
	*host = span_sub(text, 0, colon);
	if (colon != SIZE_MAX)
		*port_text = span_sub(text, colon + 1, SIZE_MAX);
	return true;
}

static bool
port_read(struct span text, uint16_t *port)
{
	uint64_t value;
	if (text.len > 5 || !span_to_u64(text, &value) || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

enum rc
http_url_parse(struct span text, struct http_url *out, struct diag *why)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] > 0x7e)
			return diag_fail(why, RC_BAD,
				"byte %zu of the URL is a blank, a control byte or not ASCII",
				i + 1);
	struct http_url u = {};
	struct span rest;
	size_t colon = span_find(text, SPAN("://"));
	struct span scheme = span_sub(text, 0, colon == SIZE_MAX ? 0 : colon);
	if (span_eq_fold(scheme, SPAN("https"))) {
		u.tls = true;
	} else if (!span_eq_fold(scheme, SPAN("http"))) {
		diag_todo(why, "write https://HOST/PATH");
		return diag_fail(why, RC_BAD, "the URL starts with neither https:// nor http://");
	}
	u.port = u.tls ? 443 : 80;
	rest = span_sub(text, colon + 3, SIZE_MAX);
	size_t end = 0;
	while (end < rest.len && !strchr("/?#", rest.ptr[end]))
		end++;
	struct span authority = span_sub(rest, 0, end), port_text;
	rest = span_sub(rest, end, SIZE_MAX);
	if (span_find_byte(authority, '@') != SIZE_MAX) {
		diag_todo(why, "give user and password by their own options");
		return diag_fail(why, RC_BAD, "the URL holds a user name");
	}
	if (span_find_byte(rest, '#') != SIZE_MAX)
		return diag_fail(why, RC_BAD, "the URL holds a fragment (\"#\")");
	if (!authority_cut(authority, &u.host, &port_text) ||
		(span_find_byte(u.host, ':') == SIZE_MAX && !host_name_ok(u.host)))
		return diag_fail(why, RC_BAD, "the URL's host is neither a name nor an address");
	if (port_text.ptr && (!port_read(port_text, &u.port) || u.port == 0))
		return diag_fail(why, RC_BAD, "the URL's port is not a number from 1 to 65535");
	size_t mark = span_find_byte(rest, '?');
	u.path = span_sub(rest, 0, mark);
	if (u.path.len == 0)
		u.path = SPAN("/");
	u.query = mark == SIZE_MAX ? SPAN("") : span_sub(rest, mark + 1, SIZE_MAX);
	*out = u;
	return RC_OK;
}

bool
url_same_origin(const struct http_url *a, const struct http_url *b)
{
	return a->tls == b->tls && a->port == b->port && span_eq_fold(a->host, b->host);
}

/* A name that only starts like an address ("127.evil.example") is none. */
bool
url_is_local(const struct http_url *u)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr four;
	if (span_eq_fold(u->host, SPAN("localhost")) || span_eq(u->host, SPAN("::1")))
		return true;
	if (u->host.len >= sizeof text)
		return false;
	span_copy(u->host, text, sizeof text);
	return inet_pton(AF_INET, text, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

enum rc
url_decode(struct arena *a, struct span raw, struct span *out)
{
	char *to = arena_bytes(a, raw.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		unsigned char byte = (unsigned char)raw.ptr[i];
		if (byte == '%') {
			if (raw.len - i < 3 || ascii_hex(raw.ptr[i + 1]) < 0 ||
				ascii_hex(raw.ptr[i + 2]) < 0)
				return RC_BAD;
			byte = (unsigned char)(ascii_hex(raw.ptr[i + 1]) * 16 +
					       ascii_hex(raw.ptr[i + 2]));
			i += 2;
		}
		if (byte < 0x20 || byte == 0x7f)
			return RC_BAD;
		to[len++] = (char)byte;
	}
	to[len] = 0;
	*out = (struct span){to, len};
	return RC_OK;
}

enum rc
address_parse(struct span text, struct span *host, uint16_t *port, struct diag *why)
{
	struct span found, port_text;
	uint16_t number;
	diag_todo(why, "write ADDRESS:PORT, for example 127.0.0.1:8443, [::1]:8443 or :8443");
	if (!authority_cut(text, &found, &port_text))
		return diag_fail(why, RC_BAD, "the address to listen on is malformed");
	if (!port_text.ptr || !port_read(port_text, &number))
		return diag_fail(
			why, RC_BAD, "the address to listen on has no port from 0 to 65535");
	if (found.len && span_find_byte(found, ':') == SIZE_MAX && !host_name_ok(found))
		return diag_fail(
			why, RC_BAD, "the address to listen on is neither a name nor an address");
	*host = found;
	*port = number;
	return RC_OK;
}
