/* Texts in lines that nobody explains: where one stands as a whole. */
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/strings-internal.h"

enum {
	SHORTEST = 4,	   /* of what is sought in lines */
	PLACES_MOST = 256, /* looked at in one line */
};

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* "evil.exe" is not in "notevil.exe", "not-evil.exe" and "not.evil.exe". */
static bool
begins_at(struct span line, size_t at)
{
	if (at == 0 || mutant(1685))
		return true;
	char before = line.ptr[at - 1];
	if (is_word(before))
		return false;
	return (before != '.' && before != '-') || at < 2 || !is_word(line.ptr[at - 2]);
}

/* Nor in "evil.exes" and "evil.exe.bak", but in "evil.exe." at a sentence's end. */
static bool
ends_at(struct span line, size_t end, bool component)
{
	char c = end < line.len ? line.ptr[end] : 0,
	     next = end + 1 < line.len ? line.ptr[end + 1] : 0;
	if (end >= line.len)
		return true;
	if (is_word(c))
		return false;
	bool joins = c == '.' || c == '-' || (component && (c == '\\' || c == '/'));
	return !joins || !is_word(next);
}

static bool
is_component(enum pattern_property property)
{
	return property == PROPERTY_FILE || property == PROPERTY_PROGRAM;
}

static bool
same(struct span a, struct span b, bool fold)
{
	return fold ? span_eq_fold(a, b) : span_eq(a, b);
}

/* The next place of the text at `from` or behind; SIZE_MAX where there is none. */
static size_t
find(struct span line, size_t from, struct span text, bool fold)
{
	if (!fold) {
		size_t at = span_find(span_sub(line, from, SIZE_MAX), text);
		return at == SIZE_MAX ? at : from + at;
	}
	char first = ascii_lower(text.ptr[0]);
	for (size_t at = from; at + text.len <= line.len; at++)
		if (ascii_lower(line.ptr[at]) == first &&
			span_eq_fold(span_sub(line, at, text.len), text))
			return at;
	return SIZE_MAX;
}

/* Where a hive's name, however it is said, begins that ends at `end`; SIZE_MAX where none does. */
static size_t
hive_start(struct span line, size_t end, struct span full, bool fold, struct arena *a)
{
	static const struct span said[] = {SPAN("HKEY_LOCAL_MACHINE"), SPAN("HKEY_CURRENT_USER"),
		SPAN("HKEY_CLASSES_ROOT"), SPAN("HKEY_USERS"), SPAN("HKEY_CURRENT_CONFIG"),
		SPAN("HKLM"), SPAN("HKCU"), SPAN("HKCR"), SPAN("HKU"), SPAN("HKCC"),
		SPAN("\\REGISTRY\\MACHINE"), SPAN("\\REGISTRY\\USER")};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		size_t len = said[i].len;
		if (len > end || !span_eq_fold(span_sub(line, end - len, len), said[i]))
			continue;
		if (same(string_full_key(span_sub(line, end - len, len), a), full, fold) &&
			begins_at(line, end - len))
			return end - len;
	}
	return SIZE_MAX;
}

/* A key: what stands behind its hive, and the hive before it. */
static bool
key_in_text(
	const struct indicator *what, struct span line, struct arena *a, size_t *at, size_t *len)
{
	struct span key = string_full_key(what->about.value, a);
	size_t cut = span_find_byte(key, '\\'), from = 0;
	struct span rest = span_sub(key, cut, SIZE_MAX);
	bool fold = what->text.fold;
	for (unsigned i = 0; i < PLACES_MOST && (from = find(line, from, rest, fold)) != SIZE_MAX;
		i++, from++) {
		size_t start = hive_start(line, from, span_sub(key, 0, cut), fold, a);
		if (start == SIZE_MAX || !ends_at(line, from + rest.len, false))
			continue;
		*at = start;
		*len = from + rest.len - start;
		return true;
	}
	return false;
}

bool
string_in_text(
	const struct indicator *what, struct span line, struct arena *a, size_t *at, size_t *len)
{
	struct span text = what->about.value;
	size_t from = 0;
	if (text.len < SHORTEST)
		return false;
	if (what->text.property == PROPERTY_KEY && text.len > 4 &&
		span_eq_fold(span_sub(text, 0, 2), SPAN("HK")) &&
		span_find_byte(text, '\\') != SIZE_MAX)
		return key_in_text(what, line, a, at, len);
	for (unsigned i = 0;
		i < PLACES_MOST && (from = find(line, from, text, what->text.fold)) != SIZE_MAX;
		i++, from++) {
		if (!begins_at(line, from) ||
			!ends_at(line, from + text.len, is_component(what->text.property)))
			continue;
		*at = from;
		*len = text.len;
		return true;
	}
	return false;
}

struct span
string_like_in_text(const struct indicator *what, struct arena *a)
{
	struct span text = what->about.value;
	own_buf struct buf out = {};
	bool open = text.ptr[0] == '%', shut = text.ptr[text.len - 1] == '%';
	while (text.len && text.ptr[0] == '%')
		text = span_sub(text, 1, SIZE_MAX);
	while (text.len && text.ptr[text.len - 1] == '%')
		text.len--;
	if (!open)
		buf_add(&out, SPAN("(?<![\\p{L}\\p{N}_])(?<![\\p{L}\\p{N}_][.\\-])"));
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%')
			buf_add(&out, SPAN("[^\\t\"\\r\\n]*?"));
		else if (c == '_')
			buf_add(&out, SPAN("."));
		else if (ascii_is_alnum(c) || (unsigned char)c >= 0x80)
			buf_add_byte(&out, c);
		else
			buf_printf(&out, "\\x%02x", (unsigned)(unsigned char)c);
	}
	if (!shut)
		buf_add(&out, SPAN("(?![\\p{L}\\p{N}_])(?![.\\-][\\p{L}\\p{N}_])"));
	if (!shut && is_component(what->text.property))
		buf_add(&out, SPAN("(?![\\\\/][\\p{L}\\p{N}_])"));
	return arena_dup(a, buf_span(&out));
}

bool
string_next_word(struct span line, size_t *at, struct span *word)
{
	static const char parting[] = " \t\r\n\"'=,;()[]<>|";
	size_t from = *at;
	while (from < line.len && memchr(parting, line.ptr[from], sizeof parting - 1))
		from++;
	size_t end = from;
	while (end < line.len && !memchr(parting, line.ptr[end], sizeof parting - 1))
		end++;
	*at = end;
	*word = span_sub(line, from, end - from);
	return end > from;
}
