/* Lines of lists that are no observables: a STIX pattern, a path, a key of the registry. */
#include "base/ascii.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/ioc-internal.h"

static bool
is_drive(struct span text)
{
	return text.len > 3 && ascii_is_alpha(text.ptr[0]) && text.ptr[1] == ':' &&
	       (text.ptr[2] == '\\' || text.ptr[2] == '/');
}

/* "/tmp/x", not "/x", which any request may hold, nor "//comment". */
static bool
is_path(struct span text)
{
	if (is_drive(text) || (text.len > 4 && span_starts(text, SPAN("\\\\"))))
		return true;
	return text.len > 3 && text.ptr[0] == '/' && text.ptr[1] != '/' &&
	       span_find_byte(span_sub(text, 1, SIZE_MAX), '/') != SIZE_MAX &&
	       span_find_byte(text, ' ') == SIZE_MAX;
}

static bool
is_key(struct span text)
{
	static const struct span hives[] = {SPAN("HKLM\\"), SPAN("HKCU\\"), SPAN("HKCR\\"),
		SPAN("HKU\\"), SPAN("HKCC\\"), SPAN("HKEY_LOCAL_MACHINE\\"),
		SPAN("HKEY_CURRENT_USER\\"), SPAN("HKEY_CLASSES_ROOT\\"), SPAN("HKEY_USERS\\"),
		SPAN("HKEY_CURRENT_CONFIG\\")};
	for (size_t i = 0; i < sizeof hives / sizeof *hives; i++)
		if (text.len > hives[i].len &&
			span_eq_fold(span_sub(text, 0, hives[i].len), hives[i]))
			return true;
	return false;
}

static void
add_pattern(const char *path, struct span text, struct buf *out)
{
	buf_printf(out, "[%s = '", path);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'' || text.ptr[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.ptr[i]);
	}
	buf_add(out, SPAN("']"));
}

/* "[", perhaps in brackets of patterns. */
static bool
is_pattern(struct span text)
{
	while (text.len && (text.ptr[0] == '(' || text.ptr[0] == ' ') && !mutant(1836))
		text = span_sub(text, 1, SIZE_MAX);
	return text.len && text.ptr[0] == '[';
}

bool
ioc_text(struct span line, struct arm_batch *to)
{
	own_buf struct buf pattern = {};
	struct span text = span_trim(line);
	bool key = is_key(text);
	struct indicator made = {.about = {OBS_TEXT, text},
		.text = {key ? PROPERTY_KEY : PROPERTY_FILE, FORM_EQUAL, true},
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	if (is_pattern(text)) {
		uint64_t unknown = to->counts.unknown;
		made.pattern = text;
		arm_pattern(&made, to);
		/* What is no pattern either is told as the list's reader sees it. */
		if (to->counts.unknown == unknown)
			return true;
		to->counts.unknown = unknown;
		return false;
	}
	if ((!key && !is_path(text)) || !span_is_utf8(text))
		return false;
	add_pattern(key ? "windows-registry-key:key" : "file:name", text, &pattern);
	made.pattern = arena_dup(&to->arena, buf_span(&pattern));
	made.about.value = arena_dup(&to->arena, text);
	*vec_add(&to->all) = made;
	return true;
}
