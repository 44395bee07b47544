#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "base/ascii.h"
#include "obs/extract-internal.h"
#include "obs/url.h"

enum { SCHEME_LONGEST = 16, USER_LONGEST = 128, LOCAL_LONGEST = 64 };

/* Where the scheme starts whose "://" ends at `end` (its colon at `end`), SIZE_MAX where none does.
 */
static size_t
scheme_start(struct span text, size_t end)
{
	size_t start = end;
	while (start > 0 && end - start < SCHEME_LONGEST &&
		(ascii_is_alnum(text.ptr[start - 1]) || text.ptr[start - 1] == '+'))
		start--;
	bool both;
	start += extract_sequence(text, start, end, &both);
	/* An escape before it: "\nhttp", "%3Dhttp", "\x22http", "\u0022http". */
	if (start > 0 && text.ptr[start - 1] == '\\' && end - start > 1) {
		char c = text.ptr[start];
		size_t skip = c == 'x' ? 3 : c == 'u' ? 5 : strchr("nrtbfv", c) ? 1 : 0;
		start += skip < end - start ? skip : 0;
	} else if (start > 0 && text.ptr[start - 1] == '%' && end - start > 2) {
		start += 2;
	}
	while (start < end && !ascii_is_alpha(text.ptr[start]))
		start++;
	return start < end ? start : SIZE_MAX;
}

/* Where the authority starts that holds `host`: behind a "//" with at most user information
 * between. */
static size_t
authority_start(struct span text, size_t host)
{
	size_t at = host;
	if (at > 0 && text.ptr[at - 1] == '@')
		for (at--; at > 0 && host - at < USER_LONGEST; at--) {
			char c = text.ptr[at - 1];
			if (c == '/' || ascii_is_blank(c) || strchr("\"'<>\\", c))
				break;
		}
	return at;
}

/* "/24" behind an address */
static bool
is_prefix_length(struct span rest)
{
	size_t digits = 1;
	while (digits < rest.len && ascii_is_digit(rest.ptr[digits]))
		digits++;
	return digits > 1 && digits < 5 &&
	       (digits == rest.len ||
		       (rest.ptr[digits] != '/' && !ascii_is_alnum(rest.ptr[digits])));
}

/* How far a URL goes in which each slash has a backslash before it; compare url_extent. */
static size_t
escaped_extent(struct span from)
{
	size_t end = 0;
	while (end < from.len && end < URL_LONGEST) {
		bool slash =
			from.ptr[end] == '\\' && end + 1 < from.len && from.ptr[end + 1] == '/';
		size_t step = slash ? 2 : url_step(from, end);
		if (!step)
			break;
		end += step;
	}
	while (end > 0 && strchr(".,;:!?)]", from.ptr[end - 1]))
		end--;
	return end;
}

/* Whether what stands behind the host, brackets and port aside, begins a path. *slashes: with "\/". */
static bool
has_path(struct span text, const struct found *f, size_t host, bool *slashes)
{
	struct span rest = span_sub(text, f->at + f->len, SIZE_MAX);
	size_t port = 0;
	if (host < f->at) {
		size_t close = span_find_byte(rest, ']');
		rest = span_sub(rest, close == SIZE_MAX ? rest.len : close + 1, SIZE_MAX);
	}
	if (rest.len && rest.ptr[0] == ':')
		for (port = 1; port < rest.len && ascii_is_digit(rest.ptr[port]);)
			port++;
	rest = span_sub(rest, port, SIZE_MAX);
	*slashes = span_starts(rest, SPAN("\\/"));
	if (!*slashes && (rest.len == 0 || (rest.ptr[0] != '/' && rest.ptr[0] != '?')))
		return false;
	if (f->kind != OBS_DOMAIN && is_prefix_length(rest))
		return false;
	return f->kind != OBS_IPV6 || host < f->at;
}

bool
found_url(struct span text, const struct found *f, struct span *raw, enum found_coding *coding)
{
	size_t host = f->at, end = f->at + f->len, start = SIZE_MAX;
	*coding = FOUND_PLAIN;
	if (host > 0 && text.ptr[host - 1] == '[')
		host--;
	size_t at = authority_start(text, host);
	if (at >= 3 && memcmp(text.ptr + at - 3, "://", 3) == 0)
		start = scheme_start(text, at - 3);
	if (start == SIZE_MAX && at >= 5 && memcmp(text.ptr + at - 5, ":\\/\\/", 5) == 0) {
		start = scheme_start(text, at - 5);
		*coding = FOUND_SLASHES;
	}
	if (start == SIZE_MAX && host >= 9 &&
		span_eq_fold(span_sub(text, host - 9, 9), SPAN("%3A%2F%2F"))) {
		start = scheme_start(text, host - 9);
		*coding = FOUND_PERCENT;
	}
	bool slashes;
	if (start == SIZE_MAX) {
		if (!has_path(text, f, host, &slashes))
			return false;
		start = host;
		*coding = slashes ? FOUND_SLASHES : FOUND_PLAIN;
	}
	struct span from = span_sub(text, start, SIZE_MAX);
	size_t len = *coding == FOUND_SLASHES ? escaped_extent(from) : url_extent(from);
	if (*coding == FOUND_PERCENT)
		for (size_t i = 0; i < len; i++)
			if (from.ptr[i] == '&')
				len = i;
	if (start + len < end)
		return false;
	*raw = span_sub(from, 0, len);
	return true;
}

/* Bytes of the letter or digit beyond ASCII that ends at `end`, 0 where something else does. */
static size_t
wide_before(struct span text, size_t end)
{
	for (size_t len = 2; len <= 4 && len <= end; len++) {
		ucs4_t code;
		const uint8_t *at = (const uint8_t *)text.ptr + end - len;
		if ((*at & 0xc0) == 0x80)
			continue;
		if (u8_mbtoucr(&code, at, len) != (int)len)
			return 0;
		return uc_is_general_category_withtable(
			       code, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)
			       ? len
			       : 0;
	}
	return 0;
}

/* Where the local part starts that ends at `end`; `more`: what else than the plain may stand in it. */
static size_t
local_start(struct span text, size_t end, const char *more)
{
	size_t start = end;
	while (start > 0 && end - start < LOCAL_LONGEST) {
		char c = text.ptr[start - 1];
		bool plain = ascii_is_alnum(c) || (c && (strchr("._%+-", c) || strchr(more, c)));
		size_t width = (unsigned char)c >= 0x80 ? wide_before(text, start) : plain;
		if (!width)
			break;
		start -= width;
	}
	bool both;
	return start + extract_sequence(text, start, end, &both);
}

bool
found_email(struct span text, const struct found *f, unsigned nth, struct span *raw)
{
	size_t at = f->at;
	if (at > 0 && text.ptr[at - 1] == '[')
		at--;
	bool percent = at > 3 && memcmp(text.ptr + at - 3, "%40", 3) == 0;
	if (!percent && (at < 2 || text.ptr[at - 1] != '@'))
		return false;
	size_t authority = authority_start(text, at);
	if (authority > 1 && memcmp(text.ptr + authority - 2, "//", 2) == 0)
		return false; /* user information of a URL */
	size_t end = at - (percent ? 3 : 1), plain = local_start(text, end, ""),
	       start = local_start(text, end, "!#$&'*/=?^`{|}~");
	if (nth == 0 ? plain == end : start == plain)
		return false;
	size_t from = nth == 0 ? plain : start;
	size_t stop = f->at + f->len;
	if (at < f->at && stop < text.len && text.ptr[stop] == ']')
		stop++;
	*raw = span_sub(text, from, stop - from);
	return true;
}

struct span
found_decode(struct span raw, enum found_coding coding, struct arena *a)
{
	if (coding == FOUND_PLAIN)
		return raw;
	char *out = arena_bytes(a, raw.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i], next = i + 1 < raw.len ? raw.ptr[i + 1] : 0;
		bool percent = coding == FOUND_PERCENT && c == '%' && i + 2 < raw.len &&
			       ascii_hex(next) >= 0 && ascii_hex(raw.ptr[i + 2]) >= 0;
		if (coding == FOUND_SLASHES && c == '\\' && next == '/')
			continue;
		out[len++] = percent ? (char)(ascii_hex(next) * 16 + ascii_hex(raw.ptr[i + 2])) : c;
		i += percent ? 2 : 0;
	}
	return (struct span){out, len};
}
