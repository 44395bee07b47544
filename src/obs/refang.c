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

/* The scheme's part: only at the beginning of a word and only before a colon. */
static const struct {
	struct span defanged;
	struct span plain;
} schemes[] = {
	{SPAN("hxxps"), SPAN("https")},
	{SPAN("hxxp"), SPAN("http")},
	{SPAN("h**ps"), SPAN("https")},
	{SPAN("h**p"), SPAN("http")},
	{SPAN("htxps"), SPAN("https")},
	{SPAN("htxp"), SPAN("http")},
	{SPAN("hxtps"), SPAN("https")},
	{SPAN("hxtp"), SPAN("http")},
	{SPAN("fxps"), SPAN("ftps")},
	{SPAN("fxp"), SPAN("ftp")},
	{SPAN("meow"), SPAN("http")},
};

static bool
starts_fold(struct span text, struct span prefix)
{
	return text.len >= prefix.len && span_eq_fold(span_sub(text, 0, prefix.len), prefix);
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
			if (rest.ptr[len] != ':' && rest.ptr[len] != '[' && rest.ptr[len] != '(')
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
