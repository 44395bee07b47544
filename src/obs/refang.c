#include <string.h>

#include "base/ascii.h"
#include "obs/line.h"

/* What stands for what, letters in either case; longer forms before their beginnings. */
static const struct {
	struct span defanged;
	struct span plain;
} table[] = {
	{SPAN("[://]"), SPAN("://")},
	{SPAN("(://)"), SPAN("://")},
	{SPAN("[:]//"), SPAN("://")},
	{SPAN("[.]"), SPAN(".")},
	{SPAN("(.)"), SPAN(".")},
	{SPAN("{.}"), SPAN(".")},
	{SPAN("[dot]"), SPAN(".")},
	{SPAN("(dot)"), SPAN(".")},
	{SPAN("{dot}"), SPAN(".")},
	{SPAN("[punkt]"), SPAN(".")},
	{SPAN("\\."), SPAN(".")},
	{SPAN("[,]"), SPAN(".")},
	{SPAN("[:]"), SPAN(":")},
	{SPAN("(:)"), SPAN(":")},
	{SPAN("[/]"), SPAN("/")},
	{SPAN("[//]"), SPAN("//")},
	{SPAN("[at]"), SPAN("@")},
	{SPAN("(at)"), SPAN("@")},
	{SPAN("{at}"), SPAN("@")},
	{SPAN("[@]"), SPAN("@")},
	{SPAN("(@)"), SPAN("@")},
	{SPAN("[www]"), SPAN("www")},
};

/* The scheme's part: only at the beginning of a word and only before a colon; `rare` is its byte to look for. */
static const struct {
	struct span defanged;
	struct span plain;
	size_t rare;
} schemes[] = {
	{SPAN("hxxps"), SPAN("https"), 1},
	{SPAN("hxxp"), SPAN("http"), 1},
	{SPAN("h**ps"), SPAN("https"), 1},
	{SPAN("h**p"), SPAN("http"), 1},
	{SPAN("htxps"), SPAN("https"), 2},
	{SPAN("htxp"), SPAN("http"), 2},
	{SPAN("hxtps"), SPAN("https"), 1},
	{SPAN("hxtp"), SPAN("http"), 1},
	{SPAN("fxps"), SPAN("ftps"), 1},
	{SPAN("fxp"), SPAN("ftp"), 1},
	{SPAN("meow"), SPAN("http"), 3},
};

static bool
starts_fold(struct span text, struct span prefix)
{
	return text.len >= prefix.len && span_eq_fold(span_sub(text, 0, prefix.len), prefix);
}

static bool
is_behind_scheme(char c)
{
	return c == ':' || c == '[' || c == '(';
}

static size_t
put(struct span plain, char *out)
{
	memcpy(out, plain.ptr, plain.len);
	return plain.len;
}

size_t
obs_refang_step(struct span text, size_t *at, char out[static 8])
{
	char c = text.ptr[*at];
	struct span rest = span_sub(text, *at, SIZE_MAX);
	if (c == '[' || c == '(' || c == '{' || c == '\\')
		for (size_t i = 0; i < sizeof table / sizeof *table; i++)
			if (starts_fold(rest, table[i].defanged)) {
				*at += table[i].defanged.len;
				return put(table[i].plain, out);
			}
	char low = ascii_lower(c);
	if ((low == 'h' || low == 'f' || low == 'm') && (*at == 0 || !ascii_is_alnum(rest.ptr[-1])))
		for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
			size_t len = schemes[i].defanged.len;
			if (!starts_fold(rest, schemes[i].defanged) || rest.len <= len)
				continue;
			if (!is_behind_scheme(rest.ptr[len]))
				continue;
			*at += len;
			return put(schemes[i].plain, out);
		}
	out[0] = c;
	++*at;
	return 1;
}

struct span
obs_refang(struct span text, struct arena *a)
{
	/* A scheme counts only before a colon, or a bracket around one. */
	bool any = false;
	for (size_t i = 0; i < text.len && !any; i++) {
		char c = text.ptr[i];
		any = c == '[' || c == '(' || c == '{' || c == '\\' || c == ':';
	}
	if (!any)
		return text;
	/* No form is shorter than what it stands for. */
	char *out = arena_bytes(a, text.len + 8);
	size_t len = 0;
	for (size_t at = 0; at < text.len;) {
		char piece[8];
		size_t got = obs_refang_step(text, &at, piece);
		memcpy(out + len, piece, got);
		len += got;
	}
	out[len] = 0;
	return (struct span){out, len};
}

/* ---- where something may be defanged, in raw bytes ---- */

static bool
folds_to(char c, char small)
{
	return ascii_lower(c) == small;
}

bool
obs_refang_has_byte(char c)
{
	bool has = false;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		has |= span_find_byte(table[i].defanged, ascii_lower(c)) != SIZE_MAX;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		has |= span_find_byte(schemes[i].defanged, ascii_lower(c)) != SIZE_MAX;
	return has;
}

bool
obs_refang_may_begin(char c, char next)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct span form = table[i].defanged;
		bool slash = form.ptr[1] == '/' && next == '\\';
		if (folds_to(c, form.ptr[0]) && (folds_to(next, form.ptr[1]) || slash))
			return true;
	}
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct span rest = span_sub(schemes[i].defanged, schemes[i].rare, SIZE_MAX);
		if (folds_to(c, rest.ptr[0]) &&
			(rest.len > 1 ? folds_to(next, rest.ptr[1]) : is_behind_scheme(next)))
			return true;
	}
	return false;
}

/* A form as it stands, or with a backslash before each slash, as JSON has it. */
static bool
stands(struct span text, struct span form)
{
	size_t at = 0;
	for (size_t i = 0; i < form.len; i++, at++) {
		at += form.ptr[i] == '/' && at < text.len && text.ptr[at] == '\\';
		if (at >= text.len || ascii_lower(text.ptr[at]) != form.ptr[i])
			return false;
	}
	return true;
}

bool
obs_refang_is_sign(struct span text, size_t at)
{
	struct span rest = span_sub(text, at, SIZE_MAX);
	char c = ascii_lower(text.ptr[at]);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].defanged.ptr[0] == c && stands(rest, table[i].defanged))
			return true;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct span form = schemes[i].defanged;
		size_t rare = schemes[i].rare;
		if (form.ptr[rare] != c || at < rare ||
			!starts_fold(span_sub(text, at - rare, SIZE_MAX), form))
			continue;
		struct span behind = span_sub(rest, form.len - rare, 1);
		if (behind.len && is_behind_scheme(behind.ptr[0]))
			return true;
	}
	return false;
}
