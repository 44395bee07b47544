/*
 * IPv6 addresses in running text.
 * [EUI] eight groups of two digits are a hardware address
 */
#include "base/ascii.h"
#include "obs/extract-internal.h"

/* Digits of one group of an IPv6 address that starts at `at`, SIZE_MAX when it is none. */
static size_t
group_end(const struct extract *it, size_t at, size_t stop)
{
	size_t end = at;
	while (end < stop && ascii_hex(it->text.ptr[end]) >= 0)
		end++;
	return end - at <= 4 ? end : SIZE_MAX;
}

static bool
is_hardware_address(struct span s)
{
	if (s.len != 23)
		return false;
	for (size_t i = 2; i < 23; i += 3)
		if (s.ptr[i] != ':')
			return false;
	return true;
}

bool
extract_parse_six(const struct extract *it, size_t *from, size_t *to, struct addr *out)
{
	struct span s = span_sub(it->text, *from, *to - *from);
	if (is_hardware_address(s)) /* [EUI] */
		return false;
	if (s.len > 2 && s.ptr[s.len - 1] == ':' && s.ptr[s.len - 2] != ':')
		s.len--;
	if (s.len > 2 && s.ptr[0] == ':' && s.ptr[1] != ':')
		s = span_sub(s, 1, SIZE_MAX);
	if (s.len < 3 || !addr_parse6(s, out))
		return false;
	*from = (size_t)(s.ptr - it->text.ptr);
	*to = *from + s.len;
	return true;
}

bool
extract_find_six(struct extract *it, size_t at, struct addr *out)
{
	while (at < it->stop) {
		size_t start = at, end = at, colons = 0;
		bool tail = false;
		for (;;) {
			size_t group = group_end(it, at, it->stop);
			if (group == SIZE_MAX)
				break;
			unsigned char next = group < it->stop ? extract_byte(it, group) : 0;
			if (next == ':') {
				at = end = group + 1;
				colons++;
				continue;
			}
			if (next == '.' &&
				group > at) { /* dotted tail, tcpdump's ".port", full stop */
				size_t dots = group;
				while (dots < it->stop &&
					(extract_byte(it, dots) == '.' ||
						ascii_is_digit((char)extract_byte(it, dots))))
					dots++;
				struct addr four;
				size_t cut = dots;
				while (cut > group && extract_byte(it, cut - 1) == '.')
					cut--;
				tail = addr_parse4(span_sub(it->text, at, cut - at), &four);
				end = tail ? cut : group;
				at = dots;
				break;
			}
			if (next == 0)
				at = end = group;
			break;
		}
		if (colons > 1) {
			it->six = start;
			it->six_stop = end;
			if (extract_parse_six(it, &it->six, &it->six_stop, out))
				return true;
		}
		/* On behind the next colon. */
		while (at < it->stop && extract_byte(it, at) != ':')
			at++;
		at++;
		if (at <= start)
			at = start + 1;
	}
	it->six = it->six_stop = SIZE_MAX;
	return false;
}
