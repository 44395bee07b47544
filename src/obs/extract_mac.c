/*
 * MAC addresses in running text.
 * [LONGER-RUN] pairs that go on are something else: an EUI-64, a fingerprint, an IPv6 address
 * [FRAME] but "MAC=" of a firewall's line has two addresses and a type in one run
 */
#include <string.h>

#include "base/ascii.h"
#include "obs/extract-internal.h"
#include "obs/mac.h"

enum { GROUP_LONGEST = 4, FRAME = 14 * 3 - 1 };

/* [LONGER-RUN] Whether a group of the same kind, or a second colon, stands before what begins at `at`. */
static bool
goes_on_before(const struct extract *it, size_t from, size_t at, char separator)
{
	if (at <= from || it->text.ptr[at - 1] != separator)
		return false;
	size_t end = at - 1, first = end;
	if (separator == '.')
		return end > from && extract_is_word(it, end - 1);
	while (first > from && end - first <= GROUP_LONGEST &&
		ascii_hex(it->text.ptr[first - 1]) >= 0)
		first--;
	if (first == end)
		return separator == ':' && end > from && it->text.ptr[end - 1] == ':';
	bool whole = first == from || it->text.ptr[first - 1] == separator ||
		     (separator == '-' && !extract_is_word(it, first - 1));
	return whole && end - first <= GROUP_LONGEST;
}

static bool
goes_on_behind(const struct extract *it, size_t at, size_t stop, char separator)
{
	if (at >= stop || it->text.ptr[at] != separator)
		return false;
	size_t first = at + 1, end = first;
	if (separator == '.')
		return first < stop && extract_is_word(it, first);
	while (end < stop && end - first <= GROUP_LONGEST && ascii_hex(it->text.ptr[end]) >= 0)
		end++;
	if (first == end)
		return separator == ':' && end < stop && it->text.ptr[end] == ':';
	bool whole = end >= stop || !extract_is_word(it, end);
	return whole && end - first <= GROUP_LONGEST;
}

size_t
extract_mac_at(const struct extract *it, size_t from, size_t at, size_t stop)
{
	size_t len = mac_length(span_sub(it->text, at, stop - at));
	if (!len || (at + len < stop && extract_is_word(it, at + len)))
		return 0;
	char separator = it->text.ptr[at + (len == MAC_TEXT ? 2 : 4)];
	return goes_on_before(it, from, at, separator) ||
			       goes_on_behind(it, at + len, stop, separator)
		       ? 0
		       : len;
}

/* [FRAME] "MAC=00:16:3e:5e:6c:00:00:1b:44:11:3a:b7:08:00": to, from and a type. */
static bool
is_frame(const struct extract *it)
{
	size_t start = it->chunk;
	if (it->stop - start != FRAME || start < 4 ||
		memcmp(it->text.ptr + start - 4, "MAC=", 4) != 0)
		return false;
	for (size_t i = 0; i < FRAME; i++)
		if (i % 3 == 2 ? it->text.ptr[start + i] != ':'
			       : ascii_hex(it->text.ptr[start + i]) < 0)
			return false;
	return true;
}

size_t
extract_next_mac(struct extract *it)
{
	bool both, frame = is_frame(it);
	size_t from = it->chunk, second = SIZE_MAX;
	size_t escape = extract_escape(it, from, it->stop, &both);
	if (both)
		second = from + escape;
	else
		from += escape;
	for (size_t at = it->mac > from ? it->mac : from; at + MAC_TEXT <= it->stop; at++) {
		if (it->text.ptr[at + 2] != ':' ||
			(at > from && at != second && extract_is_word(it, at - 1)))
			continue;
		size_t in_frame = frame ? at - it->chunk : 1;
		if (in_frame != 0 && in_frame != MAC_TEXT + 1 &&
			!extract_mac_at(it, at == second ? at : from, at, it->stop))
			continue;
		it->mac = at + MAC_TEXT;
		return at;
	}
	it->mac = SIZE_MAX;
	return SIZE_MAX;
}
