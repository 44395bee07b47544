#include "cmd/row.h"

#include "base/clock.h"
#include "codec/json.h"

static void
name_put(struct row *row, const char *name)
{
	if (!row->first)
		buf_add_byte(&row->text, ',');
	row->first = false;
	if (!name)
		return;
	json_write_string(&row->text, span_of(name));
	buf_add_byte(&row->text, ':');
}

static void
open_with(struct row *row, const char *name, char bracket)
{
	name_put(row, name);
	buf_add_byte(&row->text, bracket);
	row->first = true;
}

static void
close_with(struct row *row, char bracket)
{
	buf_add_byte(&row->text, bracket);
	row->first = false;
}

void
row_begin(struct row *row)
{
	*row = (struct row){.first = true};
	buf_add_byte(&row->text, '{');
}

void
row_text(struct row *row, const char *name, struct span value)
{
	if (!value.ptr)
		return;
	name_put(row, name);
	json_write_string(&row->text, value);
}

void
row_number(struct row *row, const char *name, int64_t value)
{
	name_put(row, name);
	buf_printf(&row->text, "%lld", (long long)value);
}

void
row_flag(struct row *row, const char *name, bool value)
{
	name_put(row, name);
	buf_add(&row->text, value ? SPAN("true") : SPAN("false"));
}

void
row_time(struct row *row, const char *name, int64_t at)
{
	if (at == TIME_NONE)
		return;
	char text[TIME_TEXT];
	time_text(at, text);
	row_text(row, name, span_of(text));
}

void
row_raw(struct row *row, const char *name, struct span json)
{
	name_put(row, name);
	/* A row is one line; within JSON strings there are no line ends, only between values. */
	for (struct span rest = json, line; span_cut(&rest, '\n', &line);) {
		buf_add(&row->text, line);
		if (rest.ptr)
			buf_add_byte(&row->text, ' ');
	}
}

void
row_open(struct row *row, const char *name)
{
	open_with(row, name, '{');
}

void
row_close(struct row *row)
{
	close_with(row, '}');
}

void
row_list_open(struct row *row, const char *name)
{
	open_with(row, name, '[');
}

void
row_list_close(struct row *row)
{
	close_with(row, ']');
}

void
row_end(struct row *row)
{
	buf_add(&row->text, SPAN("}\n"));
	fwrite(row->text.ptr, 1, row->text.len, stdout);
	buf_fini(&row->text);
}

/* Length of the well-formed UTF-8 sequence at s, 0 when there is none. */
static size_t
sequence(struct span s)
{
	unsigned char lead = (unsigned char)s.ptr[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	return len <= s.len && span_is_utf8(span_sub(s, 0, len)) ? len : 0;
}

/* C1 controls (U+0080 to 9F), U+061C, U+200E/F, U+2028 to 202E, U+2066 to 2069. */
static bool
steers_terminal(const unsigned char *b, size_t len)
{
	if (len == 1)
		return (b[0] < 0x20 && b[0] != '\t') || b[0] == 0x7f;
	if (len == 2)
		return (b[0] == 0xc2 && b[1] < 0xa0) || (b[0] == 0xd8 && b[1] == 0x9c);
	if (len != 3 || b[0] != 0xe2)
		return false;
	return (b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xa8 && b[2] <= 0xae))) ||
	       (b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9);
}

void
row_plain(FILE *to, struct span text)
{
	for (size_t at = 0; at < text.len;) {
		struct span rest = span_sub(text, at, SIZE_MAX);
		size_t len = sequence(rest);
		if (len && !steers_terminal((const unsigned char *)rest.ptr, len)) {
			fwrite(rest.ptr, 1, len, to);
		} else {
			len = len ? len : 1;
			for (size_t i = 0; i < len; i++)
				fprintf(to, "\\x%02x", (unsigned char)rest.ptr[i]);
		}
		at += len;
	}
}

const char *
row_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

int
row_wider(int width, struct span text)
{
	return (int)text.len > width ? (int)text.len : width;
}
