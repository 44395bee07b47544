/* The formats for people and scripts: a plain list and CSV (RFC 4180). */
#include <string.h>

#include "feed/out-internal.h"

static bool
list_add(struct buf *to, const struct out_entry *e, uint64_t number)
{
	(void)number;
	buf_add(to, e->about.value);
	buf_add_byte(to, '\n');
	return true;
}

const struct out_format out_list = {"list", "one value a line", NULL, list_add, NULL};

static void
csv_begin(struct buf *to, const struct out_meta *meta)
{
	(void)meta;
	buf_add(to, SPAN("value,kind,id,name,valid_from,valid_until,confidence,tlp\r\n"));
}

/*
 * A cell that a spreadsheet would take for a formula starts with an apostrophe; control bytes are blanks,
 * so that a row is a line.
 */
static void
cell(struct buf *to, struct span text)
{
	size_t first = 0;
	while (first < text.len && (unsigned char)text.ptr[first] <= 0x20)
		first++;
	buf_add_byte(to, '"');
	if (first < text.len && strchr("=+-@", text.ptr[first]))
		buf_add_byte(to, '\'');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '"')
			buf_add_byte(to, '"');
		buf_add_byte(to, c < 0x20 || c == 0x7f ? ' ' : (char)c);
	}
	buf_add_byte(to, '"');
}

static void
instant(struct buf *to, int64_t at)
{
	char text[TIME_TEXT];
	buf_add_byte(to, ',');
	if (at == TIME_NONE)
		return;
	time_text_ms(at, text);
	buf_add(to, span_of(text));
}

static bool
csv_add(struct buf *to, const struct out_entry *e, uint64_t number)
{
	(void)number;
	cell(to, e->about.value);
	buf_printf(to, ",%s,", obs_word(e->about.kind));
	cell(to, e->id);
	buf_add_byte(to, ',');
	cell(to, e->name);
	instant(to, e->valid_from);
	instant(to, e->valid_until);
	buf_add_byte(to, ',');
	if (e->confidence >= 0)
		buf_printf(to, "%d", e->confidence);
	buf_add_byte(to, ',');
	buf_add(to, e->tlp);
	buf_add(to, SPAN("\r\n"));
	return true;
}

const struct out_format out_csv = {"csv", "a table with a header", csv_begin, csv_add, NULL};
