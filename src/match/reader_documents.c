/*
 * JSON that is not one value a line: arrays of events, answers of interfaces that wrap them
 * ({"Records":[...]}), values printed over many lines. The text is walked as it comes, a value or an
 * element at a time, and nothing but that is held; what lies around the elements is scanned as text.
 * [SPLIT]    which arrays hold events: the outermost, and one further in whose first element says its time
 *            or whose name says it, where the whole does not say a time of its own
 * [OVERSIZE] more than LINE_LONGEST at once is given out as text, in pieces
 * [BROKEN]   a string that a line end breaks, a bracket that closes another: text so far, then begin anew
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "codec/json.h"
#include "match/reader-internal.h"

enum { DEPTH = 256, SPLIT_DEEPEST = 3, PENDING = 2 }; /* the first two also in reader_skim.c */

enum piece { PIECE_TEXT, PIECE_VALUE };

/* A part of the text that was gathered, up to `end`. */
struct part {
	size_t end;
	enum piece piece;
};

struct documents {
	struct buf text;       /* gathered */
	uint64_t line, offset; /* of its first byte */
	uint64_t end, number;  /* offset behind the line under work; its number */
	bool wide;
	size_t taken; /* of text, given out by the call before */
	struct part part[PENDING];
	unsigned parts;
	struct span rest; /* of the line under work */
	bool last;	  /* its line end follows */
	/* where in the text we are */
	unsigned depth,
		split;	/* split: elements of the array at this depth are records; 0: undecided */
	unsigned tried; /* depth of the array whose first element decides */
	size_t element; /* where in `text` the open element starts; SIZE_MAX: none */
	size_t key, key_len; /* the last string, without quotes */
	bool string, escape, timed;
	bool large;  /* [OVERSIZE] the open value or element */
	char before; /* the last byte outside strings that is no blank */
	char open[DEPTH];
};

static void
reset_state(struct documents *d)
{
	d->depth = d->split = d->tried = 0;
	d->element = SIZE_MAX;
	d->key_len = 0;
	d->string = d->escape = d->timed = d->large = false;
	d->before = 0;
}

void
documents_free(struct documents **p)
{
	if (!*p)
		return;
	buf_fini(&(*p)->text);
	free(*p);
	*p = NULL;
}

uint64_t
documents_unread(const struct documents *d, uint64_t next)
{
	struct span gone = {d->text.ptr, d->taken};
	if (d->text.len <= d->taken && d->rest.len == 0)
		return next;
	return d->offset + (!d->taken ? 0 : d->wide ? utf16_bytes(gone) : gone.len);
}

/* The names under which interfaces and exports wrap events. */
static bool
is_wrapper(struct span key)
{
	static const struct span names[] = {SPAN("records"), SPAN("events"), SPAN("value"),
		SPAN("entries"), SPAN("hits"), SPAN("logs"), SPAN("logevents"), SPAN("items"),
		SPAN("data"), SPAN("results"), SPAN("rows"), SPAN("alerts"), SPAN("messages"),
		SPAN("response"), SPAN("resources"), SPAN("findings")};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq_fold(key, names[i]))
			return true;
	return false;
}

/* Whether an element says its time. */
static bool
has_time(const yyjson_val *element)
{
	yyjson_obj_iter it = yyjson_obj_iter_with((yyjson_val *)(uintptr_t)element);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
		if (time_name_rank(json_span(key), 0))
			return true;
	return false;
}

static const struct json_limits limits = {.any_keys = true, .any_ints = true, .depth = DEPTH};

/* [SPLIT] `element` is the first of an array called `key`. */
static bool
decides(const struct documents *d, struct span element, struct span key)
{
	own_json yyjson_doc *doc = NULL;
	if (is_wrapper(key) && !d->timed)
		return true;
	return !json_read(element, &limits, &doc, NULL) && has_time(yyjson_doc_get_root(doc));
}

/* ---- giving out ---- */

/* Forgets what was given out; places in what is left move along. */
static void
drop_taken(struct documents *d)
{
	struct span gone = {d->text.ptr, d->taken};
	if (!d->taken)
		return;
	for (size_t i = 0; i < gone.len; i++)
		d->line += gone.ptr[i] == '\n';
	d->offset += d->wide ? utf16_bytes(gone) : gone.len;
	d->text.len -= gone.len;
	memmove(d->text.ptr, d->text.ptr + gone.len, d->text.len);
	for (unsigned i = 0; i < d->parts; i++)
		d->part[i].end -= gone.len;
	if (d->element != SIZE_MAX)
		d->element = d->element > gone.len ? d->element - gone.len : 0;
	if (d->key < gone.len)
		d->key_len = 0;
	d->key -= d->key < gone.len ? d->key : gone.len;
	d->taken = 0;
	if (d->text.len == 0) {
		d->line = d->number;
		d->offset = d->end - (d->wide ? utf16_bytes(d->rest) : d->rest.len);
	}
}

static void
add_part(struct documents *d, size_t end, enum piece piece)
{
	size_t from = d->parts ? d->part[d->parts - 1].end : 0;
	if (end > from)
		d->part[d->parts++] = (struct part){end, piece};
}

/* What says nothing: commas, brackets, blanks. */
static bool
is_empty(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_alnum(text.ptr[i]) || (unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* The next part that says something, as a record; false where none is left. */
static bool
give(struct reading *r, struct documents *d, struct record *out)
{
	while (d->parts) {
		drop_taken(d);
		struct part part = d->part[0];
		d->part[0] = d->part[--d->parts];
		d->taken = part.end;
		struct span text = {d->text.ptr, part.end};
		if (is_empty(text))
			continue;
		size_t blank = 0;
		uint64_t line = d->line;
		for (; ascii_is_blank(text.ptr[blank]); blank++)
			line += text.ptr[blank] == '\n';
		text = span_sub(text, blank, SIZE_MAX);
		arena_reset(&r->arena);
		r->fields = 0;
		*out = (struct record){.text = text,
			.line = line,
			.offset = d->offset + (d->wide ? 2 * blank : blank),
			.time = TIME_NONE,
			.wide = d->wide};
		if (part.piece == PIECE_VALUE && json_fields(r, out))
			return true;
		record_text(r, out);
		return true;
	}
	return false;
}

/* ---- walking ---- */

/* [BROKEN] */
static void
begin_anew(struct documents *d)
{
	add_part(d, d->text.len, PIECE_TEXT);
	reset_state(d);
}

static void
open_container(struct documents *d, char c)
{
	if (d->depth == 0) {
		add_part(d, d->text.len - 1, PIECE_TEXT);
		d->large = false;
	}
	bool in_array = d->depth && d->open[d->depth - 1] == '[';
	bool element = c == '{' && in_array && d->element == SIZE_MAX;
	if (element && (d->split == d->depth || (!d->split && d->tried == d->depth))) {
		d->element = d->text.len - 1;
		if (d->split) {
			add_part(d, d->element, PIECE_TEXT);
			d->large = false;
		}
	}
	d->open[d->depth++] = c;
	if (c != '[' || d->split || d->element != SIZE_MAX)
		return;
	if (d->depth == 1)
		d->split = 1;
	else if (d->depth <= SPLIT_DEEPEST)
		d->tried = d->depth;
}

/* A value is whole, or the element of an array. */
static void
close_container(struct documents *d)
{
	d->depth--;
	if (d->element != SIZE_MAX && d->depth == (d->split ? d->split : d->tried)) {
		struct span element = span_sub(buf_span(&d->text), d->element, SIZE_MAX);
		struct span key = span_sub(buf_span(&d->text), d->key, d->key_len);
		if (!d->split && decides(d, element, key)) {
			d->split = d->tried;
			add_part(d, d->element, PIECE_TEXT);
		}
		if (d->split)
			add_part(d, d->text.len, d->large ? PIECE_TEXT : PIECE_VALUE);
		else
			d->tried = 0;
		d->element = SIZE_MAX;
		d->large = d->split ? false : d->large;
	} else if (d->split && d->depth < d->split) {
		d->split = d->tried = 0;
		d->large = true; /* what is left of the whole is no value any more */
	}
	if (d->depth == 0) {
		add_part(d, d->text.len, d->large ? PIECE_TEXT : PIECE_VALUE);
		reset_state(d);
	}
}

static void
end_string(struct documents *d)
{
	d->string = false;
	/* The name of the array that decides stays the last one before it. */
	if (d->element != SIZE_MAX)
		return;
	d->key_len = d->text.len - 1 - d->key;
}

/* Outside strings. False: the text cannot go on like this. */
static bool
step(struct documents *d, char c)
{
	char inside = d->depth ? d->open[d->depth - 1] : 0;
	bool begins = d->before == 0 || strchr("[{:,", d->before);
	if (ascii_is_blank(c))
		return true;
	switch (c) {
	case '"':
		d->string = true;
		if (d->element == SIZE_MAX)
			d->key = d->text.len;
		break;
	case '{':
	case '[':
		if (d->depth == DEPTH || (inside == '{' && d->before != ':') ||
			(inside == '[' && !begins))
			return false;
		open_container(d, c);
		break;
	case '}':
	case ']':
		if (inside != (c == '}' ? '{' : '['))
			return false;
		d->before = c;
		close_container(d);
		return true;
	case ':':
		if (inside != '{')
			return false;
		d->timed |= d->depth == 1 &&
			    time_name_rank(span_sub(buf_span(&d->text), d->key, d->key_len), 0);
		break;
	default:
		if (!d->depth && c != ',')
			return false;
	}
	d->before = c;
	return true;
}

/* Takes bytes of the line into the text until a part is whole. */
static void
walk(struct documents *d)
{
	size_t at = 0;
	buf_room(&d->text, d->rest.len + 2);
	while (at < d->rest.len && !d->parts) {
		char c = d->rest.ptr[at++];
		d->text.ptr[d->text.len++] = c;
		if (d->escape) {
			d->escape = false;
		} else if (d->string) {
			d->escape = c == '\\';
			if (c == '"')
				end_string(d);
		} else if (!step(d, c)) {
			bool value = d->depth && c == '{';
			if (value) { /* a value of its own begins here */
				d->text.len--;
				at--;
			} else { /* up to the line's end it is text */
				buf_add(&d->text, span_sub(d->rest, at, SIZE_MAX));
				at = d->rest.len;
			}
			begin_anew(d);
		}
	}
	d->rest = span_sub(d->rest, at, SIZE_MAX);
}

/* ---- the fast pass ---- */

/* Whether nothing is open but an array whose elements are records, and nothing of the next record was read. */
static bool
is_between(const struct reading *r, const struct documents *d)
{
	struct span text = buf_span(&d->text);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != ',' && !ascii_is_blank(text.ptr[i]))
			return false;
	return r->lines.sweep && r->lines.keep == LINES_KEEP_RECORDS && d->depth == d->split &&
	       (!d->depth || d->open[d->depth - 1] == '[') && d->element == SIZE_MAX &&
	       !d->string && !d->escape && !d->large && !d->parts && !d->taken;
}

static size_t
documents_record(const struct reading *r, struct span text, struct lines_record *about)
{
	return json_element(text, r->documents->before, r->documents->depth, about);
}

/* Between records the line's rest is taken back. */
static void
give_back(struct reading *r, struct documents *d)
{
	if (!d->rest.len || !is_between(r, d) || !lines_back(&r->lines, d->rest.len))
		return;
	d->end -= d->wide ? utf16_bytes(d->rest) : d->rest.len;
	d->rest = (struct span){};
}

/* The next line into `rest`, what lies between it and the one before into the text. */
static enum rc
next_line(struct reading *r, struct documents *d, struct diag *why)
{
	struct line line;
	if (d->last && d->string)
		begin_anew(d);
	if (d->text.len > LINE_LONGEST && !d->parts) { /* [OVERSIZE] */
		add_part(d, d->text.len, PIECE_TEXT);
		d->large = true;
		d->element = d->split && d->element != SIZE_MAX ? d->text.len : SIZE_MAX;
		d->tried = d->split ? d->tried : 0;
	}
	if (d->parts)
		return RC_OK;
	drop_taken(d);
	uint64_t before = r->lines.offset;
	r->lines.joining = !is_between(r, d);
	enum rc code = reading_line(r, &line, why);
	if (!r->lines.joining && r->lines.offset != before && (code || line.offset != before))
		d->text.len = 0; /* records were passed over, and what parts them */
	if (code)
		return code;
	if (d->text.len == 0) {
		d->line = line.number;
		d->offset = line.offset;
	} else {
		size_t gap = (size_t)(line.offset - d->end) / (line.wide ? 2 : 1);
		if (gap > 2) { /* a word without end was passed over: places are counted anew */
			begin_anew(d);
			gap = 0;
		}
		memset(buf_room(&d->text, gap + 1), '\r', gap);
		d->text.len += gap;
		if (gap)
			d->text.ptr[d->text.len - 1] = '\n';
	}
	d->wide = line.wide;
	d->rest = line.text;
	d->number = line.number;
	d->end = line.offset + (line.wide ? utf16_bytes(line.text) : line.text.len);
	d->last = !line.piece;
	return RC_OK;
}

static enum rc
documents_next(struct reading *r, struct record *out, struct diag *why)
{
	if (!r->documents) {
		r->documents = mem_new(sizeof *r->documents);
		reset_state(r->documents);
	}
	struct documents *d = r->documents;
	for (;;) {
		if (give(r, d, out))
			return RC_OK;
		drop_taken(d);
		give_back(r, d);
		if (d->rest.len) {
			walk(d);
			continue;
		}
		enum rc code = next_line(r, d, why);
		if (code == RC_NONE && !r->lines.whole && d->text.len) {
			begin_anew(d); /* cut off: what is there is text */
			continue;
		}
		if (code)
			return code;
	}
}

/* ---- telling it from one value a line ---- */

static size_t
skip_blanks(struct span text, size_t at)
{
	while (at < text.len && ascii_is_blank(text.ptr[at]))
		at++;
	return at;
}

/* [SPLIT] of a value that is whole: an object that wraps events. */
static bool
is_wrapping(const yyjson_val *root, unsigned depth)
{
	yyjson_obj_iter it = yyjson_obj_iter_with((yyjson_val *)(uintptr_t)root);
	bool timed = has_time(root);
	for (yyjson_val *key; !timed && (key = yyjson_obj_iter_next(&it));) {
		yyjson_val *member = yyjson_obj_iter_get_val(key);
		yyjson_val *first = yyjson_arr_get_first(member);
		if (yyjson_is_obj(first) && (is_wrapper(json_span(key)) || has_time(first)))
			return true;
		if (depth + 1 < SPLIT_DEEPEST && is_wrapping(member, depth + 1))
			return true;
	}
	return false;
}

static int
documents_sniff(struct span head)
{
	own_json yyjson_doc *doc = NULL;
	head = span_without_mark(head);
	size_t at = skip_blanks(head, 0);
	if (at == head.len || (head.ptr[at] != '{' && head.ptr[at] != '['))
		return 0;
	size_t inner = skip_blanks(head, at + 1);
	char next = inner < head.len ? head.ptr[inner] : 0;
	if (head.ptr[at] == '[')
		return next == '{' ? 60 : 0;
	if (next != '"')
		return 0;
	struct span line = span_sub(head, at, SIZE_MAX);
	size_t end = span_find_byte(line, '\n');
	line = span_trim(span_sub(line, 0, end));
	if (json_read(line, &limits, &doc, NULL))
		return 55;
	return is_wrapping(yyjson_doc_get_root(doc), 0) ? 95 : 0;
}

const struct reader reader_documents = {
	"json-documents", documents_sniff, documents_next, LINES_KEEP_RECORDS, documents_record};
