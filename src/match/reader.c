#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "codec/json.h"
#include "match/ahead.h"
#include "match/counted.h"
#include "match/reader-internal.h"
#include "match/stamp.h"

const struct reader *const readers[] = {&reader_zeek, &reader_eve, &reader_zeek_json,
	&reader_windows_json, &reader_ecs, &reader_json, &reader_documents, &reader_windows_xml,
	&reader_w3c, &reader_windows_dns, &reader_dns, &reader_clf, &reader_squid, &reader_syslog,
	&reader_csv, &reader_lines, NULL};

const struct reader *
reader_find(struct span name)
{
	for (size_t i = 0; readers[i]; i++)
		if (span_eq(name, span_of(readers[i]->name)))
			return readers[i];
	return NULL;
}

void
reading_init(struct reading *r, struct stream *stream, const struct reader *forced,
	enum lines_last last, int64_t reference)
{
	*r = (struct reading){.reader = forced,
		.reference = reference,
		.time_column = SIZE_MAX,
		.date_column = SIZE_MAX,
		.host_column = SIZE_MAX,
		.uri_column = SIZE_MAX,
		.query_column = SIZE_MAX,
		.day = TIME_NONE,
		.separator = '\t'};
	lines_init(&r->lines, stream, last);
}

void
reading_fini(struct reading *r)
{
	lines_fini(&r->lines);
	arena_fini(&r->arena);
	arena_fini(&r->kept);
	json_free(&r->doc);
	documents_free(&r->documents);
	events_free(&r->events);
	free(r->field);
	r->field = NULL;
}

/* What holds text that nobody could read in it as it is. */
static enum rc
refuse_packed(struct span head, struct diag *why)
{
	static const struct {
		size_t at;
		struct span magic;
		const char *what, *todo;
	} table[] = {
		{0, SPAN("\x1f\x8b\x08"), "packed twice, gzip inside",
			"unpack it: zcat FILE | tocsin scan ... -"},
		{0, SPAN("\x28\xb5\x2f\xfd"), "packed twice, zstd inside",
			"unpack it: zstdcat FILE | tocsin scan ... -"},
		{0,
			SPAN("\xfd"
			     "7zXZ"),
			"packed twice, xz inside", "unpack it: xzcat FILE | tocsin scan ... -"},
		{0, SPAN("BZh"), "packed with bzip2", "unpack it: bzcat FILE | tocsin scan ... -"},
		{0, SPAN("\x04\x22\x4d\x18"), "packed with lz4",
			"unpack it: lz4cat FILE | tocsin scan ... -"},
		{0, SPAN("PK\3\4"), "a zip archive",
			"unpack it: unzip -p FILE | tocsin scan ... -"},
		{0, SPAN("7z\xbc\xaf\x27\x1c"), "a 7z archive", "unpack it first"},
		{0, SPAN("Rar!\x1a\x07"), "a rar archive", "unpack it first"},
		{257, SPAN("ustar"), "a tar archive",
			"unpack it: tar -xOf FILE | tocsin scan ... -"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_starts(span_sub(head, table[i].at, SIZE_MAX), table[i].magic)) {
			diag_todo(why, "%s", table[i].todo);
			return diag_fail(why, RC_UNKNOWN, "%s: not read", table[i].what);
		}
	return RC_OK;
}

static void
add_counted_names(struct reading *r, const struct record *out)
{
	struct counted one;
	for (size_t at = 0; r->counted && counted_next(out->text, &at, &one);)
		record_field(r, (struct field){.value = arena_dup(&r->arena, one.name),
					.at = one.at,
					.coding = FIELD_MADE});
}

void
reading_judge(struct span head, const struct reader *forced, struct judgement *out)
{
	struct counted counted;
	size_t from = 0;
	*out = (struct judgement){.reader = forced};
	out->code = head.len ? refuse_packed(head, &out->why) : RC_NONE;
	if (out->code)
		return;
	out->counted = counted_next(head, &from, &counted) || forced == &reader_windows_dns;
	/* Who asks for JSON may have it in any shape. */
	bool json =
		forced == &reader_json || forced == &reader_ecs || forced == &reader_windows_json;
	if (json && reader_documents.sniff(head))
		out->reader = &reader_documents;
	if (out->reader)
		return;
	int best = 0;
	out->reader = &reader_lines;
	for (size_t i = 0; readers[i]; i++) {
		int sure = readers[i]->sniff(head);
		if (sure > best) {
			best = sure;
			out->reader = readers[i];
		}
	}
	out->counted |= out->reader == &reader_windows_dns;
}

enum lines_keep
judgement_keep(const struct judgement *j)
{
	return !j->reader ? LINES_KEEP_ALL : j->reader->keep;
}

/* CSV's records may span lines; of W3C's logs lines are read until one names the columns. */
bool
judgement_is_thin(const struct judgement *j)
{
	enum lines_keep keep = judgement_keep(j);
	return keep == LINES_KEEP_LIKELY ||
	       (keep == LINES_KEEP_HEADINGS && j->reader != &reader_w3c);
}

static enum rc
begin(struct reading *r, struct diag *why)
{
	struct span head;
	struct judgement own;
	const struct judgement *j = r->lines.ahead ? ahead_judged(r->lines.ahead) : NULL;
	if (!j) {
		enum rc code = lines_peek(&r->lines, r->lines.whole ? 1 : READING_HEAD, &head, why);
		if (code)
			return code;
		reading_judge(head, r->reader, &own);
		j = &own;
	}
	if (j->code) {
		if (why && j->code != RC_NONE)
			*why = j->why;
		return j->code;
	}
	r->begun = true;
	r->counted = j->counted;
	r->reader = j->reader;
	return RC_OK;
}

/* Whether the line that names the columns is still to come. */
static bool
wants_header(const struct reading *r)
{
	return (r->reader == &reader_csv && !r->header_seen) ||
	       (r->reader == &reader_w3c && !r->columns);
}

enum rc
reading_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = r->begun ? RC_OK : begin(r, why);
	r->lines.joining = false;
	if (!code) {
		r->lines.keep = wants_header(r) ? LINES_KEEP_ALL : r->reader->keep;
		r->lines.names = r->counted ? NAMES_COUNTED : NAMES_PLAIN;
		r->lines.record = r->reader->record;
		r->lines.reading = r;
	}
	return code ? code : r->reader->next(r, out, why);
}

void
reading_sweep(struct reading *r, struct sweep *sweep, unsigned threads)
{
	r->lines.sweep = sweep;
	r->lines.threads = threads;
}

void
reading_sweep_all(struct reading *r, struct sweep *sweep)
{
	reading_sweep(r, sweep, 0);
	r->lines.every = true;
}

void
reading_ahead(struct reading *r, struct sweep *sweep, struct crew *crew, struct ahead *ahead)
{
	r->lines.sweep = sweep;
	r->lines.crew = crew;
	lines_ahead(&r->lines, ahead);
}

uint64_t
reading_unread(const struct reading *r)
{
	return r->documents ? documents_unread(r->documents, r->lines.offset) : r->lines.offset;
}

uint64_t
reading_passed(const struct reading *r)
{
	return r->lines.passed;
}

struct span
head_line(struct span head)
{
	struct span line;
	head = span_without_mark(head);
	while (head.ptr && span_cut(&head, '\n', &line)) {
		struct span trimmed = span_trim(line);
		if (trimmed.len && trimmed.ptr[0] != '#')
			return trimmed;
	}
	return (struct span){};
}

enum rc
reading_line(struct reading *r, struct line *out, struct diag *why)
{
	enum rc code = lines_next(&r->lines, out, why);
	if (code || out->number != 1 || out->piece)
		return code;
	struct span text = span_without_mark(out->text);
	if (text.len != out->text.len)
		out->offset += out->wide ? 2 : 3;
	out->text = text;
	return RC_OK;
}

enum rc
record_line(struct reading *r, struct record *out, struct diag *why)
{
	struct line line;
	enum rc code = reading_line(r, &line, why);
	if (code)
		return code;
	arena_reset(&r->arena);
	r->fields = 0;
	*out = (struct record){.text = line.text,
		.line = line.number,
		.offset = line.offset,
		.time = TIME_NONE,
		.wide = line.wide,
		.spots = line.spots,
		.quiet = line.quiet};
	return RC_OK;
}

void
record_grow(struct reading *r)
{
	r->fields_cap = r->fields_cap ? r->fields_cap * 2 : 32;
	r->field = mem_grow(r->field, r->fields_cap, sizeof *r->field);
}

void
record_field(struct reading *r, struct field f)
{
	*record_add(r) = f;
}

void
record_finish(struct reading *r, struct record *out)
{
	out->field = r->field;
	out->fields = r->fields;
}

void
record_part(struct reading *r, const struct record *out, struct span name, struct span value)
{
	if (value.len && !span_eq(value, SPAN("-")))
		record_field(r, (struct field){.name = name,
					.value = value,
					.at = (size_t)(value.ptr - out->text.ptr),
					.part = true});
}

struct span
next_word(struct span *rest)
{
	size_t from = 0;
	while (from < rest->len && ascii_is_blank(rest->ptr[from]))
		from++;
	size_t end = from;
	while (end < rest->len && !ascii_is_blank(rest->ptr[end]))
		end++;
	struct span word = span_sub(*rest, from, end - from);
	*rest = span_sub(*rest, end, SIZE_MAX);
	return word;
}

bool
record_text(struct reading *r, struct record *out)
{
	struct span text = span_trim(out->text);
	if (text.len > 1 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}' &&
		json_fields(r, out))
		return false;
	r->fields = 0;
	record_field(r, (struct field){.value = out->text});
	add_counted_names(r, out);
	if (out->time == TIME_NONE)
		out->time = stamp_of_line(out->text, r->reference);
	record_finish(r, out);
	return true;
}

int
time_name_rank(struct span name, int above)
{
	/* The event's own time before the time it was written down. */
	static const struct span names[] = {
		SPAN("__realtime_timestamp"),
		SPAN("t"),
		SPAN("write_ts"),
		SPAN("_write_ts"),
		SPAN("createdat"),
		SPAN("created"),
		SPAN("created_at"),
		SPAN("first_seen"),
		SPAN("flow_start"),
		SPAN("start_time"),
		SPAN("date_time"),
		SPAN("datetime"),
		SPAN("date-time"),
		SPAN("date"),
		SPAN("unixtime"),
		SPAN("published"),
		SPAN("creationtime"),
		SPAN("createddatetime"),
		SPAN("activitydatetime"),
		SPAN("starteddatetime"),
		SPAN("edgestarttimestamp"),
		SPAN("requestreceivedtimestamp"),
		SPAN("timecreated"),
		SPAN("utctime"),
		SPAN("time_generated"),
		SPAN("timegenerated"),
		SPAN("event_time"),
		SPAN("eventtime"),
		SPAN("_time"),
		SPAN("time"),
		SPAN("timestamp"),
		SPAN("@timestamp"),
		SPAN("ts"),
	};
	/* Lengths that names of this last letter have: most keys are none of them by that. */
	static const uint32_t lengths[256] = {
		['d'] = 1 << 7 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 14,
		['e'] = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 15 |
			1 << 16,
		['n'] = 1 << 10,
		['p'] = 1 << 9 | 1 << 10 | 1 << 18 | 1 << 20 | 1 << 24,
		['s'] = 1 << 2 | 1 << 8 | 1 << 9,
		['t'] = 1 << 1 | 1 << 9 | 1 << 10,
	};
	if (!name.len || name.len > 24 ||
		!(lengths[(unsigned char)ascii_lower(name.ptr[name.len - 1])] >> name.len & 1))
		return 0;
	for (int i = (int)(sizeof names / sizeof *names); i > above; i--)
		if (names[i - 1].len == name.len &&
			names[i - 1].ptr[name.len - 1] == ascii_lower(name.ptr[name.len - 1]) &&
			span_eq_fold(name, names[i - 1]))
			return i;
	return 0;
}

void
record_url(struct reading *r, const struct field *host, const struct field *uri)
{
	if (host->value.len == 0 || uri->value.len == 0 || uri->value.ptr[0] != '/')
		return;
	if (host->value.len > 300 || uri->value.len > 8000)
		return;
	struct field made = {.name = SPAN("url"), .at = uri->at, .coding = FIELD_MADE};
	made.by_string = uri->coding == FIELD_JSON;
	made.value = arena_printf(&r->arena, "//%.*s%.*s", (int)host->value.len, host->value.ptr,
		(int)uri->value.len, uri->value.ptr);
	record_field(r, made);
}

/* Start of string number `nth` of a JSON text, behind its quote; SIZE_MAX where there is none. */
static size_t
json_string(struct span text, size_t nth, struct field_mark *mark)
{
	if (mark->string > nth)
		mark->string = mark->string_at = 0;
	for (size_t at = mark->string_at; at < text.len; at++) {
		if (text.ptr[at] != '"')
			continue;
		if (mark->string == nth) {
			mark->string_at = at;
			return at + 1;
		}
		for (at++; at < text.len && text.ptr[at] != '"'; at++)
			at += text.ptr[at] == '\\';
		mark->string++;
		mark->string_at = at + 1;
	}
	return SIZE_MAX;
}

static unsigned
hex4(struct span text, size_t at)
{
	unsigned value = 0;
	for (size_t i = at; i < at + 4 && i < text.len; i++)
		value = value * 16 + (unsigned)(ascii_hex(text.ptr[i]) & 15);
	return value;
}

/* One step through an encoded value: raw bytes at `at`, the bytes they stand for. */
static void
step(struct span text, enum field_coding coding, size_t at, size_t *raw, size_t *plain)
{
	*raw = *plain = 1;
	char c = text.ptr[at], next = at + 1 < text.len ? text.ptr[at + 1] : 0;
	if (coding == FIELD_JSON && c == '\\') {
		*raw = 2;
		if (next != 'u')
			return;
		unsigned code = hex4(text, at + 2);
		bool pair = code >= 0xd800 && code < 0xdc00;
		*raw = pair ? 12 : 6;
		*plain = pair ? 4 : code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
	} else if (coding == FIELD_ZEEK && c == '\\') {
		*raw = next == 'x' ? 4 : 2;
	} else if (coding == FIELD_CSV && c == '"') {
		*raw = 2;
	} else if (coding == FIELD_XML) {
		char plain_bytes[4];
		*plain = xml_step(text, at, plain_bytes, raw);
	}
}

uint64_t
record_place(const struct record *r, size_t at)
{
	return r->offset + (r->wide ? utf16_bytes(span_sub(r->text, 0, at)) : at);
}

size_t
field_place(const struct record *r, const struct field *f, size_t pos, struct field_mark *mark)
{
	struct field_mark own = {};
	size_t at = f->at, done = 0;
	if (!mark)
		mark = &own;
	if (f->stands)
		return (size_t)(f->stands - r->text.ptr) + pos;
	if (f->coding == FIELD_JSON || f->by_string)
		at = json_string(r->text, f->at, mark);
	if (at == SIZE_MAX || at > r->text.len)
		return 0;
	if (f->coding == FIELD_RAW || f->coding == FIELD_MADE)
		return at + (f->coding == FIELD_RAW ? pos : 0);
	if (mark->field != at || mark->done > pos)
		*mark = (struct field_mark){mark->string, mark->string_at, at, 0, at};
	at = mark->at;
	for (done = mark->done; done < pos && at < r->text.len;) {
		size_t raw, plain;
		step(r->text, f->coding, at, &raw, &plain);
		at += raw;
		done += plain;
		if (done + FIELD_BEHIND <= pos) {
			mark->at = at;
			mark->done = done;
		}
	}
	return at < r->text.len ? at : r->text.len;
}
