#include "base/span.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"

struct span
span_of(const char *text)
{
	return (struct span){text, text ? strlen(text) : 0};
}

struct span
span_sub(struct span s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	return (struct span){s.ptr ? s.ptr + from : NULL, len};
}

bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
span_eq_fold(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

int
span_cmp(struct span a, struct span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool
span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_eq(span_sub(s, 0, prefix.len), prefix);
}

bool
span_ends(struct span s, struct span suffix)
{
	return s.len >= suffix.len && span_eq(span_sub(s, s.len - suffix.len, suffix.len), suffix);
}

struct span
span_without_mark(struct span s)
{
	return span_starts(s, SPAN("\xef\xbb\xbf")) ? span_sub(s, 3, SIZE_MAX) : s;
}

size_t
span_find_byte(struct span s, char byte)
{
	const char *at = s.len ? memchr(s.ptr, byte, s.len) : NULL;
	return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t
span_find(struct span s, struct span needle)
{
	if (needle.len == 0)
		return 0;
	const char *at = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
	return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t
span_count(struct span s, char byte)
{
	/* What is counted is mostly short: a call for each takes longer than counting sixteen bytes at once. */
	typedef uint8_t bytes16 __attribute__((vector_size(16)));
	enum { MOST = 255 }; /* a byte counts */
	const char *from = s.ptr, *to = s.len ? from + s.len : from;
	uint8_t wanted = (uint8_t)byte;
	size_t count = 0;
	while (to - from >= 16) {
		bytes16 sum = {}, here;
		for (unsigned i = 0; (i < MOST || mutant(1827)) && to - from >= 16;
			i++, from += 16) {
			memcpy(&here, from, sizeof here);
			sum -= (bytes16)(here == wanted);
		}
		for (unsigned i = 0; i < 16; i++)
			count += sum[i];
	}
	for (; from < to; from++)
		count += *from == byte;
	return count;
}

struct span
span_trim(struct span s)
{
	while (s.len && ascii_is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && ascii_is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
span_cut(struct span *rest, char byte, struct span *piece)
{
	if (!rest->ptr)
		return false;
	const char *at = rest->len ? memchr(rest->ptr, byte, rest->len) : NULL;
	*piece = *rest;
	if (!at) {
		*rest = (struct span){NULL, 0};
		return true;
	}
	piece->len = (size_t)(at - rest->ptr);
	rest->ptr = at + 1;
	rest->len -= piece->len + 1;
	return true;
}

bool
span_to_u64(struct span s, uint64_t *out)
{
	uint64_t value = 0;
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.ptr[i]))
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
			return false;
	}
	*out = value;
	return true;
}

bool
span_to_i64(struct span s, int64_t *out)
{
	bool negative = s.len && s.ptr[0] == '-';
	uint64_t value;
	if (!span_to_u64(span_sub(s, negative, SIZE_MAX), &value))
		return false;
	if (value > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/* Length of the well-formed sequence at p, 0 when it is malformed. RFC 3629 section 4. */
static size_t
utf8_sequence(const unsigned char *p, size_t left)
{
	unsigned char b = p[0];
	if (b < 0x80)
		return 1;
	size_t len = b >= 0xc2 && b <= 0xdf   ? 2
		     : b >= 0xe0 && b <= 0xef ? 3
		     : b >= 0xf0 && b <= 0xf4 ? 4
					      : 0;
	if (len == 0 || len > left)
		return 0;
	unsigned char low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
	unsigned char high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t
span_utf8_bad(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t i = 0;
	while (i < s.len) {
		uint64_t eight;
		if (s.len >= 8) { /* at the end those that were looked at are looked at again */
			size_t from = s.len - i >= 8 ? i : s.len - 8;
			memcpy(&eight, p + from, 8);
			if (!(eight & 0x8080808080808080u)) {
				i = from + 8;
				continue;
			}
		}
		size_t len = utf8_sequence(p + i, s.len - i);
		if (len == 0)
			return i;
		i += len;
	}
	return s.len;
}

bool
span_is_utf8(struct span s)
{
	return span_utf8_bad(s) == s.len;
}

void
span_copy(struct span s, char *out, size_t size)
{
	if (size == 0)
		return;
	size_t len = s.len < size - 1 ? s.len : size - 1;
	if (len)
		memcpy(out, s.ptr, len);
	out[len] = 0;
}
