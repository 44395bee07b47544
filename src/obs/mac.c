#include "obs/mac.h"

#include "base/ascii.h"

/* MAC_DIGITS digits in groups of `group`, `separator` between them. */
static bool
is_grouped(struct span text, size_t group, char separator)
{
	size_t len = MAC_DIGITS + MAC_DIGITS / group - 1;
	if (text.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (i % (group + 1) == group ? text.ptr[i] != separator
					     : ascii_hex(text.ptr[i]) < 0)
			return false;
	return true;
}

size_t
mac_length(struct span text)
{
	enum { GROUPS_OF_FOUR = 14 };
	if (text.len < GROUPS_OF_FOUR)
		return 0;
	if (text.ptr[2] == ':' || text.ptr[2] == '-')
		return is_grouped(text, 2, text.ptr[2]) ? MAC_TEXT : 0;
	return text.ptr[4] == '.' && is_grouped(text, 4, '.') ? GROUPS_OF_FOUR : 0;
}

bool
mac_normalize(struct span text, char out[static MAC_TEXT])
{
	size_t len = 0;
	if (mac_length(text) != text.len && (text.len != MAC_DIGITS || !is_grouped(text, 12, 0)))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (ascii_hex(text.ptr[i]) < 0)
			continue;
		if (len % 3 == 2)
			out[len++] = ':';
		out[len++] = ascii_lower(text.ptr[i]);
	}
	return len == MAC_TEXT;
}
