#include "match/counted.h"

#include <string.h>

#include "base/ascii.h"

/* "(NN)": where it ends; 0 where it is none. */
static size_t
read_count(struct span text, size_t at, unsigned *count)
{
	*count = 0;
	if (at >= text.len || text.ptr[at] != '(')
		return 0;
	size_t i = at + 1;
	for (; i < text.len && i < at + 3 && ascii_is_digit(text.ptr[i]); i++)
		*count = *count * 10 + (unsigned)(text.ptr[i] - '0');
	return i > at + 1 && i < text.len && text.ptr[i] == ')' ? i + 1 : 0;
}

/* The name that begins at `at`; *end: as far as it was read. */
static bool
read_name(struct span text, size_t at, struct counted *out, size_t *end)
{
	enum { LABEL = 63 };
	unsigned count;
	size_t len = 0;
	out->at = at;
	while ((at = read_count(text, at, &count))) {
		*end = at;
		if (count == 0) {
			out->name = (struct span){out->room, len};
			return len > 0;
		}
		if (count > LABEL || count > text.len - at || len + count + 1 > COUNTED_LONGEST)
			return false;
		if (len)
			out->room[len++] = '.';
		memcpy(out->room + len, text.ptr + at, count);
		len += count;
		at += count;
	}
	return false;
}

bool
counted_next(struct span text, size_t *from, struct counted *out)
{
	while (*from < text.len) {
		const char *open = memchr(text.ptr + *from, '(', text.len - *from);
		if (!open)
			break;
		size_t at = (size_t)(open - text.ptr);
		*from = at + 1;
		if (read_name(text, at, out, from))
			return true;
	}
	*from = text.len;
	return false;
}
