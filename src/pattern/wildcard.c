#include "pattern/wildcard.h"

/* Bytes of the character that begins at s.ptr[at]. */
static size_t
character(struct span s, size_t at)
{
	size_t len = 1;
	while (at + len < s.len && ((unsigned char)s.ptr[at + len] & 0xc0) == 0x80)
		len++;
	return len;
}

/*
 * Only the latest '%' need ever take more: if a later part cannot be placed behind it, an earlier
 * '%' cannot help. So the time is at most the product of the lengths.
 */
enum rc
wildcard_match(struct span pattern, struct span text, uint64_t *work)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
	while (t < text.len) {
		if (!*work)
			return RC_LIMIT;
		--*work;
		if (p < pattern.len && pattern.ptr[p] == '%') {
			star = ++p;
			resume = t;
		} else if (p < pattern.len && pattern.ptr[p] == '_') {
			p++;
			t += character(text, t);
		} else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star;
			resume += character(text, resume);
			t = resume;
		} else {
			return RC_NONE;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '%')
		p++;
	return p == pattern.len ? RC_OK : RC_NONE;
}
