/* Values of JSON, as they are walked in reader_documents.c, but nothing is kept of them. */
#include <string.h>

#include "base/ascii.h"
#include "match/reader-internal.h"

enum { DEPTH = 256, SPLIT_DEEPEST = 3, LONGEST = LINE_LONGEST / 2 };

enum class { OTHER, BLANK, QUOTE, OPEN, CLOSE, COLON };

static const uint8_t classes[256] = {
	[' '] = BLANK,
	['\t'] = BLANK,
	['\r'] = BLANK,
	['\n'] = BLANK,
	['\v'] = BLANK,
	['\f'] = BLANK,
	['"'] = QUOTE,
	['{'] = OPEN,
	['['] = OPEN,
	['}'] = CLOSE,
	[']'] = CLOSE,
	[':'] = COLON,
};

/* What a string is looked through for. */
static const bool in_string[256] = {['"'] = true, ['\\'] = true, ['\n'] = true};

/* Behind the string's end; SIZE_MAX where it has none on its line. */
static size_t
skip_string(struct span text, size_t at)
{
	for (;; at++) {
		while (at < text.len && !in_string[(unsigned char)text.ptr[at]])
			at++;
		if (at >= text.len || text.ptr[at] == '\n')
			return SIZE_MAX;
		if (text.ptr[at] == '"')
			return at + 1;
		at++; /* what is escaped */
		if (at < text.len && text.ptr[at] == '\n')
			return SIZE_MAX;
	}
}

/* Whether a bracket may open inside of another, behind `before`. */
static bool
may_open(char inside, char before)
{
	return inside == '{' ? before == ':' : before == 0 || strchr("[{:,", before) != NULL;
}

/* What says nothing: brackets, commas, blanks. */
static bool
is_blank(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_alnum(text.ptr[i]) || (unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* The bracket at `c` closes the one opened last. */
static bool
fits(char open, char c)
{
	return open == (c == '}' ? '{' : '[');
}

size_t
json_element(struct span text, char before, unsigned depth, struct lines_record *about)
{
	char open[DEPTH];
	unsigned inner = 0;
	size_t at = 0, start;
	text = span_sub(text, 0, LONGEST);
	for (; at < text.len && (ascii_is_blank(text.ptr[at]) || text.ptr[at] == ','); at++)
		before = text.ptr[at] == ',' ? ',' : before;
	start = at;
	if (at == text.len || text.ptr[at] != '{' || (depth && !may_open('[', before)))
		return 0;
	do {
		char c = text.ptr[at];
		switch ((enum class)classes[(unsigned char)c]) {
		case QUOTE:
			at = skip_string(text, at + 1) - 1;
			if (at >= text.len)
				return 0;
			break;
		case OPEN:
			if (depth + inner == DEPTH || (inner && !may_open(open[inner - 1], before)))
				return 0;
			if (!depth && c == '{' && inner && inner <= SPLIT_DEEPEST &&
				open[inner - 1] == '[')
				return 0; /* it may be an event of its own */
			open[inner++] = c;
			break;
		case CLOSE:
			if (!fits(open[--inner], c))
				return 0;
			break;
		case COLON:
			if (open[inner - 1] != '{')
				return 0;
			break;
		default: break;
		}
		before = c;
		for (at++; inner && at < text.len; at++)
			if (classes[(unsigned char)text.ptr[at]] != BLANK)
				break;
	} while (inner && at < text.len);
	about->blank = is_blank(span_sub(text, start, at - start));
	return inner ? 0 : at;
}
