/* A name that stands by itself, the most frequent of all that is found, in one look at its bytes. */
#include <string.h>

#include "base/mutant.h"
#include "obs/extract-internal.h"

/* What a byte of a run is; 0: it parts runs. */
enum { DIGIT = 1, LETTER = 2, MARK = 4, POINT = 8, OTHER = 16 };

static const uint8_t kinds[256] = {
	['0' ... '9'] = DIGIT,
	['A' ... 'Z'] = LETTER,
	['a' ... 'z'] = LETTER,
	['_'] = MARK,
	['-'] = MARK,
	['.'] = POINT,
	[':'] = OTHER,
	[0x80 ... 0xff] = OTHER,
};

/* Bytes before a run that may belong to an escape or a terminal's sequence with its first ones. */
static bool
is_odd_before(unsigned char c)
{
	return c == '%' || c == '\\' || c == '[' || (c >= ':' && c <= '?') || c >= 0x80;
}

/* What more than one mark, or a long run of digits and letters, or dots five apart may hold is not told here. */
bool
extract_name(struct extract *it, size_t at, struct found *out)
{
	enum { DIGEST = 32, APART = 5, SHORTEST = 4 };
	const unsigned char *p = (const unsigned char *)it->text.ptr;
	size_t start = at, stop = it->text.len;
	while (start > 0 && extract_class[p[start - 1]])
		start--;
	if (stop - start > NAME_LONGEST + 1)
		stop = start + NAME_LONGEST + 1;
	size_t end = start, label = start, run = start, marks = 0;
	unsigned here = 0, part;
	bool odd = start > 0 && is_odd_before(p[start - 1]) && !mutant(1847);
	for (; end < stop && (part = kinds[p[end]]); end++) {
		it->small[end - start] = (char)(p[end] | (part & LETTER ? 0x20 : 0));
		if (!(part & (MARK | POINT | OTHER))) {
			here |= part;
			continue;
		}
		odd |= part & OTHER || end - run >= DIGEST;
		run = end + 1;
		if (!(part & POINT)) {
			here |= part;
			marks++;
			continue;
		}
		size_t len = end - label;
		odd |= !len || len > LABEL_LONGEST || (len == APART - 1 && label > start);
		label = end + 1;
		here = 0;
	}
	size_t last = end - label;
	odd |= end - start > NAME_LONGEST || end - start < SHORTEST || marks > 1 ||
	       label == start || !(here & LETTER) || last < 2 || last > LABEL_LONGEST ||
	       end - run >= DIGEST || p[start] == '-' || p[end - 1] == '-';
	if (odd || (end < it->text.len && p[end] == '@' && !mutant(1848)))
		return false;
	*out = (struct found){.kind = OBS_DOMAIN,
		.value = {it->small, end - start},
		.at = start,
		.len = end - start};
	it->end = end;
	return true;
}
