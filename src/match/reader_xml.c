/*
 * Windows events as XML (schema http://schemas.microsoft.com/win/2004/08/events/event), one a line, many in one,
 * or printed over several, with or without <Events> around. The text is walked event by event; what lies between
 * them is text. References are undone, which no fast pass does: an event with one behind which something could hide
 * is read.
 * [OPEN]     an event that another begins inside of is text
 * [OVERSIZE] more than LINE_LONGEST without an end is given out as text
 * [ENTITY]   only the five of XML 1.0 section 4.6 and characters by number: nothing is expanded
 * [DEPTH]    elements nest 16 deep, names have 128 bytes, there are 8,192 elements and values, or it is text:
 *            each costs memory for its path
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "match/reader-internal.h"
#include "match/stamp.h"

enum { DEPTH = 16, NAME_LONGEST = 128, FIELDS_MOST = 8192, ELEMENTS_MOST = 8192 };

struct events {
	struct buf text; /* gathered; what lies before `at` was given out */
	size_t at, searched;
	uint64_t line, offset; /* of the byte at `at` */
	uint64_t end;	       /* offset behind what was gathered */
	bool wide, pending;
	struct line next; /* where pending: read, not yet gathered */
};

void
events_free(struct events **p)
{
	if (!*p)
		return;
	buf_fini(&(*p)->text);
	free(*p);
	*p = NULL;
}

/* ---- references ---- */

static size_t
put_utf8(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

size_t
xml_step(struct span text, size_t at, char out[static 4], size_t *raw)
{
	static const struct {
		struct span name;
		char value;
	} entities[] = {{SPAN("amp"), '&'}, {SPAN("lt"), '<'}, {SPAN("gt"), '>'},
		{SPAN("quot"), '"'}, {SPAN("apos"), '\''}};
	*raw = 1;
	out[0] = text.ptr[at];
	size_t end = text.ptr[at] == '&' ? span_find_byte(span_sub(text, at, 12), ';') : SIZE_MAX;
	if (end == SIZE_MAX)
		return 1;
	struct span name = span_sub(text, at + 1, end - 1);
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (span_eq(name, entities[i].name)) {
			*raw = end + 1;
			out[0] = entities[i].value;
			return 1;
		}
	if (name.len < 2 || name.ptr[0] != '#')
		return 1;
	bool hex = name.ptr[1] == 'x';
	name = span_sub(name, hex ? 2 : 1, SIZE_MAX);
	uint32_t c = 0;
	for (size_t i = 0; i < name.len; i++) {
		int digit = ascii_hex(name.ptr[i]);
		if (digit < 0 || (!hex && digit > 9) || c > 0x10ffff)
			return 1;
		c = c * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (!name.len || !c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 1;
	*raw = end + 1;
	return put_utf8(c, out);
}

static void
add_value(struct reading *r, const struct record *out, struct span name, struct span raw)
{
	struct field f = {.name = name, .value = raw, .at = (size_t)(raw.ptr - out->text.ptr)};
	if (!raw.len)
		return;
	if (span_find_byte(raw, '&') != SIZE_MAX) {
		char *to = arena_bytes(&r->arena, raw.len + 4), step[4];
		size_t len = 0;
		for (size_t at = 0, took; at < raw.len; at += took) {
			size_t got = xml_step(raw, at, step, &took);
			memcpy(to + len, step, got);
			len += got;
		}
		f.value = (struct span){to, len};
		f.coding = FIELD_XML;
	}
	record_field(r, f);
}

/* ---- one event ---- */

struct element {
	struct span name, path;
};

struct walk {
	struct reading *r;
	struct record *out;
	size_t at;
	struct element open[DEPTH];
	unsigned depth, elements;
};

static struct span
name_at(struct walk *w)
{
	struct span text = w->out->text;
	size_t from = w->at;
	while (w->at < text.len && !ascii_is_blank(text.ptr[w->at]) &&
		!strchr("/>=<\"'", text.ptr[w->at]) && text.ptr[w->at])
		w->at++;
	struct span name = span_sub(text, from, w->at - from);
	/* A name is as much a stranger's word as a value. */
	if (span_find_byte(name, '.') != SIZE_MAX)
		add_value(w->r, w->out, (struct span){}, name);
	return name;
}

static void
skip_blanks(struct walk *w)
{
	while (w->at < w->out->text.len && ascii_is_blank(w->out->text.ptr[w->at]))
		w->at++;
}

static struct span
join(struct walk *w, struct span path, struct span name)
{
	if (!path.len)
		return name;
	return arena_printf(
		&w->r->arena, "%.*s.%.*s", (int)path.len, path.ptr, (int)name.len, name.ptr);
}

/* NAME="VALUE" of the element opened last. */
static bool
attribute(struct walk *w)
{
	struct span text = w->out->text, name = name_at(w);
	struct element *e = &w->open[w->depth - 1];
	skip_blanks(w);
	if (!name.len || name.len > NAME_LONGEST || w->at >= text.len || text.ptr[w->at] != '=')
		return false;
	w->at++;
	skip_blanks(w);
	if (w->at >= text.len || (text.ptr[w->at] != '"' && text.ptr[w->at] != '\''))
		return false;
	char quote = text.ptr[w->at++];
	struct span value = span_sub(text, w->at, SIZE_MAX);
	size_t end = span_find_byte(value, quote);
	if (end == SIZE_MAX)
		return false;
	value = span_sub(value, 0, end);
	w->at += end + 1;
	if (span_eq(e->name, SPAN("TimeCreated")) && span_eq(name, SPAN("SystemTime")))
		w->out->time = stamp_of_value(value, w->r->reference);
	/* <Data Name="DestinationIp">: the name is what it is called. */
	if (span_eq(name, SPAN("Name")) && value.len && value.len <= NAME_LONGEST &&
		(span_eq(e->name, SPAN("Data")) || span_eq(e->name, SPAN("ComplexData")))) {
		struct span parent = w->depth > 1 ? w->open[w->depth - 2].path : (struct span){};
		e->path = join(w, parent, value);
		name = (struct span){};
	}
	add_value(w->r, w->out, name.len ? join(w, e->path, name) : name, value);
	return true;
}

static bool
open_element(struct walk *w)
{
	struct span text = w->out->text, name = name_at(w);
	if (!name.len || name.len > NAME_LONGEST || w->depth == DEPTH ||
		w->elements++ == ELEMENTS_MOST) /* [DEPTH] */
		return false;
	struct span parent = w->depth ? w->open[w->depth - 1].path : (struct span){};
	w->open[w->depth] =
		(struct element){name, w->depth ? join(w, parent, name) : (struct span){}};
	w->depth++;
	for (;;) {
		skip_blanks(w);
		struct span rest = span_sub(text, w->at, 2);
		if (span_eq(rest, SPAN("/>"))) {
			w->at += 2;
			w->depth--;
			return true;
		}
		if (span_starts(rest, SPAN(">"))) {
			w->at++;
			return true;
		}
		if (!rest.len || w->r->fields > FIELDS_MOST || !attribute(w))
			return false;
	}
}

static bool
close_element(struct walk *w)
{
	struct span name = name_at(w);
	skip_blanks(w);
	if (!w->depth || !span_eq(name, w->open[w->depth - 1].name) ||
		!span_starts(span_sub(w->out->text, w->at, 1), SPAN(">")))
		return false;
	w->at++;
	w->depth--;
	return true;
}

/* Comments, instructions and CDATA: as they stand. */
static bool
verbatim(struct walk *w)
{
	static const struct {
		struct span open, close;
	} kinds[] = {
		{SPAN("<![CDATA["), SPAN("]]>")},
		{SPAN("<!--"), SPAN("-->")},
		{SPAN("<?"), SPAN("?>")},
	};
	struct span rest = span_sub(w->out->text, w->at, SIZE_MAX);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!span_starts(rest, kinds[i].open))
			continue;
		rest = span_sub(rest, kinds[i].open.len, SIZE_MAX);
		size_t end = span_find(rest, kinds[i].close);
		if (end == SIZE_MAX)
			return false;
		struct field f = {.value = span_sub(rest, 0, end),
			.at = (size_t)(rest.ptr - w->out->text.ptr)};
		if (i == 0 && w->depth)
			f.name = w->open[w->depth - 1].path;
		record_field(w->r, f);
		w->at = f.at + end + kinds[i].close.len;
		return true;
	}
	return false;
}

static bool
event_fields(struct reading *r, struct record *out)
{
	struct walk w = {.r = r, .out = out};
	struct span text = out->text;
	do {
		struct span rest = span_sub(text, w.at, SIZE_MAX);
		size_t open = span_find_byte(rest, '<');
		if (open == SIZE_MAX || r->fields > FIELDS_MOST)
			return false;
		struct span between = span_trim(span_sub(rest, 0, open));
		if (between.len)
			add_value(r, out, w.depth ? w.open[w.depth - 1].path : (struct span){},
				between);
		w.at += open + 1;
		char next = w.at < text.len ? text.ptr[w.at] : 0;
		bool fine;
		if (next == '!' || next == '?') {
			w.at--;
			fine = verbatim(&w);
		} else if (next == '/') {
			w.at++;
			fine = close_element(&w);
		} else {
			fine = open_element(&w);
		}
		if (!fine)
			return false;
	} while (w.depth);
	if (w.at != text.len)
		return false;
	record_finish(r, out);
	return true;
}

/* ---- from one to the next ---- */

/* Where "<Event" begins an event from `from` on; SIZE_MAX. */
static size_t
find_event(struct span text, size_t from)
{
	static const struct span open = SPAN("<Event");
	for (;;) {
		size_t at = span_find(span_sub(text, from, SIZE_MAX), open);
		if (at == SIZE_MAX)
			return at;
		from += at + open.len;
		if (from == text.len || text.ptr[from] == '>' || ascii_is_blank(text.ptr[from]))
			return from - open.len;
	}
}

static void
advance(struct events *e, size_t to)
{
	struct span gone = {e->text.ptr + e->at, to - e->at};
	for (size_t i = 0; i < gone.len; i++)
		e->line += gone.ptr[i] == '\n';
	e->offset += e->wide ? utf16_bytes(gone) : gone.len;
	e->at = to;
}

enum piece { PIECE_TEXT, PIECE_EVENT };

/* What lies before `to` as a record; false where it says nothing. */
static bool
give(struct reading *r, struct events *e, size_t to, enum piece piece, struct record *out)
{
	size_t from = e->at;
	bool says = false;
	while (from < to && ascii_is_blank(e->text.ptr[from]))
		from++;
	for (size_t i = from; i < to && !says; i++)
		says = ascii_is_alnum(e->text.ptr[i]) || (unsigned char)e->text.ptr[i] >= 0x80;
	advance(e, from);
	arena_reset(&r->arena);
	r->fields = 0;
	*out = (struct record){.text = {e->text.ptr + from, to - from},
		.line = e->line,
		.offset = e->offset,
		.time = TIME_NONE,
		.wide = e->wide};
	advance(e, to);
	e->searched = to;
	if (!says || (piece == PIECE_EVENT && event_fields(r, out)))
		return says;
	out->time = TIME_NONE;
	record_text(r, out);
	return true;
}

/* The next line joins what is gathered. A word without end that was passed over between parts them. */
static void
gather(struct events *e)
{
	struct line *line = &e->next;
	size_t gap = 0;
	if (e->at == e->text.len) {
		buf_reset(&e->text);
		e->line = line->number;
		e->offset = line->offset;
	} else {
		gap = (size_t)(line->offset - e->end) / (line->wide ? 2 : 1);
		e->text.len -= e->at;
		if (e->at)
			memmove(e->text.ptr, e->text.ptr + e->at, e->text.len);
	}
	e->searched = e->searched > e->at ? e->searched - e->at : 0;
	e->at = 0;
	if (gap) {
		memset(buf_room(&e->text, gap), '\r', gap);
		e->text.len += gap;
		e->text.ptr[e->text.len - 1] = '\n';
	}
	buf_add(&e->text, line->text);
	e->wide = line->wide;
	e->end = line->offset + (line->wide ? utf16_bytes(line->text) : line->text.len);
	e->pending = false;
}

/* A record of what is gathered, if it can be told already. */
static bool
give_next(struct reading *r, struct events *e, struct record *out)
{
	static const struct span close = SPAN("</Event>");
	while (e->at < e->text.len) {
		struct span all = buf_span(&e->text);
		size_t open = find_event(all, e->at);
		if (open != e->at) {
			if (give(r, e, open == SIZE_MAX ? all.len : open, PIECE_TEXT, out))
				return true;
			continue;
		}
		size_t from = e->searched > e->at ? e->searched : e->at;
		size_t end = span_find(span_sub(all, from, SIZE_MAX), close);
		if (end == SIZE_MAX) {
			e->searched = all.len > e->at + close.len ? all.len - close.len : e->at;
			if (all.len - e->at <= LINE_LONGEST)
				return false;
			return give(r, e, all.len, PIECE_TEXT, out); /* [OVERSIZE] */
		}
		end += from + close.len;
		size_t inner = find_event(span_sub(all, 0, end), e->at + 1);
		bool whole = inner == SIZE_MAX; /* [OPEN] */
		if (give(r, e, whole ? end : inner, whole ? PIECE_EVENT : PIECE_TEXT, out))
			return true;
	}
	return false;
}

/* ---- the fast pass ---- */

/* What stands in a name, an address or a program's. */
static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/*
 * Whether a name, an address or a digest may be found with the reference at `at` undone, and not as it stands: one
 * that stands for a part of it; or for what says how it is read (obs/extract.c): " > " between two addresses
 * with ports, a terminal's sequence, what a program's version stands behind.
 */
static bool
is_doubtful(struct span text, size_t at)
{
	enum { PROGRAM = 64 };
	char plain[4];
	size_t raw, got = xml_step(text, at, plain, &raw);
	char c = plain[0], before = at ? text.ptr[at - 1] : ' ';
	char behind = at + raw < text.len ? text.ptr[at + raw] : ' ';
	if (raw == 1 || c == '"' || c == '\'' || c == '\t')
		return false;
	if (got > 1 || (c != '<' && c != '>' && c != '&' && c != '\r' && c != '\n'))
		return true;
	if (c == '>' && (before == ' ' || before == ';') && (behind == ' ' || behind == '&'))
		return !mutant(1761);
	bool inside = before == '[' || (before >= '0' && before <= '?');
	bool goes_on = ascii_is_alpha(behind) || behind == '&' || (behind >= '0' && behind <= '?');
	if ((c == '<' || c == '>') && inside && goes_on)
		return !mutant(1762);
	size_t word = at + raw, end = word + PROGRAM;
	while (word < text.len && word < end && is_word(text.ptr[word]))
		word++;
	return (word == end || (word > at + raw && word < text.len && text.ptr[word] == '/')) &&
	       !mutant(1763);
}

static bool
has_doubtful(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		const char *sign = memchr(text.ptr + at, '&', text.len - at);
		if (!sign)
			return false;
		at = (size_t)(sign - text.ptr);
		if (is_doubtful(text, at))
			return true;
	}
	return false;
}

static size_t
skip_to_event(struct span text)
{
	size_t at = 0;
	while (at < text.len && ascii_is_blank(text.ptr[at]))
		at++;
	return at;
}

/* An event that is whole, and that no other begins inside of. */
static size_t
xml_record(const struct reading *r, struct span text, struct lines_record *about)
{
	static const struct span open = SPAN("<Event"), close = SPAN("</Event>");
	size_t at = skip_to_event(text);
	(void)r;
	if (!span_starts(span_sub(text, at, SIZE_MAX), open) || find_event(text, at) != at)
		return 0;
	struct span one = span_sub(text, 0, find_event(text, at + 1));
	size_t end = span_find(one, close);
	if (end == SIZE_MAX || end > LINE_LONGEST / 2)
		return 0;
	about->doubtful = has_doubtful(span_sub(text, 0, end));
	return end + close.len;
}

/* What is left of a line is taken back where an event begins it. */
static void
give_back(struct reading *r, struct events *e)
{
	struct span rest = span_sub(buf_span(&e->text), e->at, SIZE_MAX);
	size_t at = skip_to_event(rest);
	if (!r->lines.sweep || r->lines.keep != LINES_KEEP_RECORDS || e->pending || at == rest.len)
		return;
	if (span_starts(span_sub(rest, at, SIZE_MAX), SPAN("<Event")) &&
		lines_back(&r->lines, rest.len))
		e->text.len = e->at;
}

static enum rc
xml_next(struct reading *r, struct record *out, struct diag *why)
{
	if (!r->events)
		r->events = mem_new(sizeof *r->events);
	struct events *e = r->events;
	give_back(r, e);
	for (;;) {
		if (give_next(r, e, out))
			return RC_OK;
		r->lines.joining = e->at < e->text.len;
		enum rc code = e->pending ? RC_OK : reading_line(r, &e->next, why);
		bool rest = e->at < e->text.len;
		if (code == RC_NONE && !r->lines.whole && rest) {
			if (give(r, e, e->text.len, PIECE_TEXT, out))
				return RC_OK;
			continue;
		}
		if (code)
			return code;
		e->pending = true;
		uint64_t width = e->next.wide ? 2 : 1;
		if (rest && (e->next.offset - e->end) / width > 2) {
			if (give(r, e, e->text.len, PIECE_TEXT, out))
				return RC_OK;
			continue;
		}
		gather(e);
	}
}

static int
xml_sniff(struct span head)
{
	head = span_trim(span_without_mark(head));
	if (!span_starts(head, SPAN("<?xml")) && !span_starts(head, SPAN("<Event")))
		return 0;
	head = span_sub(head, 0, 4096);
	if (span_find(head, SPAN("schemas.microsoft.com/win/2004/08/events")) == SIZE_MAX)
		return 0;
	return 93;
}

const struct reader reader_windows_xml = {
	"windows-xml", xml_sniff, xml_next, LINES_KEEP_RECORDS, xml_record};
