#include "stix/format-internal.h"

#include <string.h>

#include "base/ascii.h"

static bool
is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

static bool
is_label(struct span label)
{
	if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
		label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		/* Low lines occur in names that resolve (_dmarc, _tcp). */
		if (!ascii_is_alnum(c) && c != '-' && c != '_' && !is_high(c))
			return false;
	}
	return true;
}

bool
format_is_domain(struct span s)
{
	struct span rest = s, label;
	if (s.len && s.ptr[s.len - 1] == '.')
		rest.len--;
	if (rest.len == 0 || rest.len > 253)
		return false;
	while (span_cut(&rest, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

/* RFC 5322 section 3.2.3, with RFC 6531's UTF-8. */
static bool
is_atext(char c)
{
	return ascii_is_alnum(c) || is_high(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool
is_local_part(struct span s)
{
	if (s.len == 0 || s.len > 64)
		return false;
	if (s.ptr[0] == '"') {
		for (size_t i = 1; i + 1 < s.len; i++) {
			if (s.ptr[i] == '\\' && i + 2 < s.len)
				i++;
			else if (s.ptr[i] == '"' || s.ptr[i] == '\\' ||
				 (unsigned char)s.ptr[i] < 0x20)
				return false;
		}
		return s.len >= 2 && s.ptr[s.len - 1] == '"';
	}
	for (size_t i = 0; i < s.len; i++)
		if (!is_atext(s.ptr[i]) &&
			(s.ptr[i] != '.' || i == 0 || i + 1 == s.len || s.ptr[i - 1] == '.'))
			return false;
	return true;
}

bool
format_is_email(struct span s)
{
	size_t at = s.len;
	while (at > 0 && s.ptr[at - 1] != '@')
		at--;
	if (at == 0 || !is_local_part(span_sub(s, 0, at - 1)))
		return false;
	struct span host = span_sub(s, at, SIZE_MAX);
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
		struct span inner = span_sub(host, 1, host.len - 2);
		if (span_starts(inner, SPAN("IPv6:")))
			return format_is_ipv6(span_sub(inner, 5, SIZE_MAX));
		return format_is_ipv4(inner);
	}
	return format_is_domain(host);
}

/* Decimal without leading zeros, at most max. */
static bool
is_number(struct span s, uint64_t max)
{
	uint64_t value;
	return s.len && s.len <= 3 && (s.len == 1 || s.ptr[0] != '0') && span_to_u64(s, &value) &&
	       value <= max;
}

/* Cuts "/N" off; false where it is there and no number up to max. */
static bool
cut_prefix(struct span *s, uint64_t max)
{
	size_t slash = span_find_byte(*s, '/');
	if (slash == SIZE_MAX)
		return true;
	struct span prefix = span_sub(*s, slash + 1, SIZE_MAX);
	s->len = slash;
	return is_number(prefix, max);
}

static bool
is_dotted_quad(struct span s)
{
	struct span rest = s, part;
	unsigned parts = 0;
	if (s.len == 0)
		return false;
	for (; span_cut(&rest, '.', &part); parts++)
		if (!is_number(part, 255))
			return false;
	return parts == 4;
}

bool
format_is_ipv4(struct span s)
{
	return cut_prefix(&s, 32) && is_dotted_quad(s);
}

static bool
is_hextet(struct span s)
{
	if (s.len == 0 || s.len > 4)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (ascii_hex(s.ptr[i]) < 0)
			return false;
	return true;
}

/* Groups of 16 bits in a run without "::"; a dotted quad at the end counts two. SIZE_MAX:
 * malformed. */
static size_t
count_groups(struct span s, bool last)
{
	struct span rest = s, part;
	size_t groups = 0;
	if (s.len == 0)
		return 0;
	while (span_cut(&rest, ':', &part)) {
		if (is_hextet(part))
			groups++;
		else if (last && !rest.ptr && is_dotted_quad(part))
			groups += 2;
		else
			return SIZE_MAX;
	}
	return groups;
}

bool
format_is_ipv6(struct span s)
{
	if (!cut_prefix(&s, 128) || s.len < 2 || s.len > 45)
		return false;
	size_t gap = span_find(s, SPAN("::"));
	if (gap == SIZE_MAX)
		return count_groups(s, true) == 8;
	size_t left = count_groups(span_sub(s, 0, gap), false);
	size_t right = count_groups(span_sub(s, gap + 2, SIZE_MAX), true);
	return left <= 7 && right <= 7 && left + right <= 7;
}

bool
format_is_mac(struct span s)
{
	if (s.len != 17)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (i % 3 == 2 ? c != ':' : !(ascii_is_digit(c) || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

bool
format_is_url(struct span s)
{
	size_t colon = span_find_byte(s, ':');
	if (colon == SIZE_MAX || colon == 0 || colon + 1 == s.len || !ascii_is_alpha(s.ptr[0]))
		return false;
	for (size_t i = 1; i < colon; i++)
		if (!ascii_is_alnum(s.ptr[i]) && !strchr("+-.", s.ptr[i]))
			return false;
	for (size_t i = colon + 1; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '%') {
			if (i + 2 >= s.len || ascii_hex(s.ptr[i + 1]) < 0 ||
				ascii_hex(s.ptr[i + 2]) < 0)
				return false;
		} else if (!ascii_is_alnum(c) && !is_high(c) &&
			   (!c || !strchr("-._~:/?#[]@!$&'()*+,;=", c))) {
			return false;
		}
	}
	return true;
}

/* NISTIR 7695 figure 6-3: "*", "-", or a run of letters with escapes, wildcards only at its ends.
 */
static bool
is_cpe_component(struct span s)
{
	if (s.len == 1 && (s.ptr[0] == '*' || s.ptr[0] == '-'))
		return true;
	size_t i = 0, end = s.len;
	if (i < end && s.ptr[i] == '*')
		i++;
	else
		while (i < end && s.ptr[i] == '?')
			i++;
	if (end > i && s.ptr[end - 1] == '*' && (end - 1 == i || s.ptr[end - 2] != '\\'))
		end--;
	else
		while (end > i && s.ptr[end - 1] == '?' && (end - 1 == i || s.ptr[end - 2] != '\\'))
			end--;
	if (i >= end)
		return false;
	for (; i < end; i++) {
		char c = s.ptr[i];
		if (c == '\\') {
			if (++i == end || !s.ptr[i] ||
				!strchr("\\*?!\"#$%&'()+,/:;<=>@[]^`{|}~-._", s.ptr[i]))
				return false;
		} else if (!ascii_is_alnum(c) && !strchr("-._", c)) {
			return false;
		}
	}
	return true;
}

bool
format_is_cpe(struct span s)
{
	if (!span_starts(s, SPAN("cpe:2.3:")) || s.len < 10 || !strchr("aho*-", s.ptr[8]) ||
		s.ptr[9] != ':')
		return false;
	unsigned components = 0;
	size_t start = 10;
	for (size_t i = 10; i <= s.len; i++) {
		if (i < s.len && s.ptr[i] == '\\') {
			i++;
			continue;
		}
		if (i < s.len && s.ptr[i] != ':')
			continue;
		if (!is_cpe_component(span_sub(s, start, i - start)))
			return false;
		components++;
		start = i + 1;
	}
	return components == 10;
}

/* RFC 6838 section 4.2. */
static bool
is_restricted_name(struct span s)
{
	if (s.len == 0 || s.len > 127 || !ascii_is_alnum(s.ptr[0]))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i]) && (!s.ptr[i] || !strchr("!#$&-^_.+", s.ptr[i])))
			return false;
	return true;
}

bool
format_is_mime(struct span s)
{
	static const char *const tops[] = {"application", "audio", "example", "font", "haptics",
		"image", "message", "model", "multipart", "text", "video"};
	size_t semicolon = span_find_byte(s, ';');
	if (semicolon != SIZE_MAX)
		s = span_trim(span_sub(s, 0, semicolon));
	size_t slash = span_find_byte(s, '/');
	if (slash == SIZE_MAX || !is_restricted_name(span_sub(s, slash + 1, SIZE_MAX)))
		return false;
	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
		if (span_eq_fold(span_sub(s, 0, slash), span_of(tops[i])))
			return true;
	return false;
}

bool
format_is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.ptr[i]) && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f'))
			return false;
	return s.len % 2 == 0;
}

static bool
is_digest(struct span s, size_t digits)
{
	if (s.len != digits)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (ascii_hex(s.ptr[i]) < 0)
			return false;
	return true;
}

/* BLOCKSIZE:HASH:HASH, each hash of at most 64 base64 digits. */
static bool
is_ssdeep(struct span s)
{
	struct span rest = s, part;
	unsigned parts = 0;
	uint64_t size;
	if (s.len == 0)
		return false;
	for (; span_cut(&rest, ':', &part); parts++) {
		if (parts == 0 && !span_to_u64(part, &size))
			return false;
		for (size_t i = 0; parts && i < part.len; i++)
			if (!ascii_is_alnum(part.ptr[i]) && part.ptr[i] != '+' &&
				part.ptr[i] != '/')
				return false;
		if (part.len > 64)
			return false;
	}
	return parts == 3;
}

bool
format_is_hash(struct span algorithm, struct span value)
{
	static const struct {
		struct span name;
		size_t digits;
	} digests[] = {{{"MD5", 3}, 32}, {{"SHA-1", 5}, 40}, {{"SHA-256", 7}, 64},
		{{"SHA-512", 7}, 128}, {{"SHA3-256", 8}, 64}, {{"SHA3-512", 8}, 128}};
	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++)
		if (span_eq(algorithm, digests[i].name))
			return is_digest(value, digests[i].digits);
	if (span_eq(algorithm, SPAN("SSDEEP")))
		return is_ssdeep(value);
	if (span_eq(algorithm, SPAN("TLSH")))
		return is_digest(value, 70) || (value.len == 72 && span_starts(value, SPAN("T1")) &&
						       is_digest(span_sub(value, 2, 70), 70));
	return true;
}

bool
format_is_vocabulary_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || s.ptr[i] == '_' || s.ptr[i] == ' ')
			return false;
	return true;
}
