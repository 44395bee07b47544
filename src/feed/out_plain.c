/* The formats for people and scripts: a plain list and CSV (RFC 4180). */
#include <string.h>

#include "feed/out-internal.h"
#include "obs/line.h"

/* Whether obs/line.h reads a line as just this; an IPv4-mapped address becomes the other's. */
static bool
reads_back(struct span line, struct observable what)
{
	own_arena struct arena a = {};
	struct observable o;
	if (obs_value(line, &a, &o, NULL))
		return false;
	return (o.kind == what.kind && span_eq(o.value, what.value)) ||
	       (o.kind == OBS_IPV4 && what.kind == OBS_IPV6);
}

/*
 * A line that a reader of lists takes for what is meant, in quotes where it would be a comment or cut
 * short without them. A value that looks defanged itself has no such line.
 */
static enum out_fate
list_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	(void)o;
	struct span value = e->about.value;
	own_buf struct buf line = {};
	if (e->about.kind == OBS_JA3) /* alone it would be an MD5 */
		buf_add(&line, SPAN("ja3:"));
	if (span_starts(value, SPAN("//")))
		value = span_sub(value, 2, SIZE_MAX);
	buf_add(&line, value);
	if (!reads_back(buf_span(&line), e->about)) {
		buf_reset(&line);
		buf_printf(&line, "\"%.*s\"", (int)value.len, value.ptr);
	}
	if (!reads_back(buf_span(&line), e->about))
		return OUT_NO_WORD;
	out_word(to, buf_span(&line));
	buf_add_byte(to, '\n');
	return OUT_WRITTEN;
}

const struct out_format out_list = {"list", "one value a line", .once = OUT_VALUE, .add = list_add};

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

static enum out_fate
csv_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	(void)o;
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
	if (e->facts.tlp != TLP_NONE)
		buf_add(to, e->tlp);
	buf_add(to, SPAN("\r\n"));
	return OUT_WRITTEN;
}

const struct out_format out_csv = {
	"csv", "a table with a header", OUT_EACH, false, csv_begin, csv_add};
