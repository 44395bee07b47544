/*
 * Logs that say their columns in a directive, "#Fields: ...": the W3C Extended Log File Format
 * (WD-logfile-960323) as IIS, CloudFront and proxies write it, parted by blanks or tabs; Exchange's message
 * tracking and protocol logs, parted by commas as RFC 4180 has it.
 * [DATE]   rows with a time alone are of the day that "#Date: ..." says
 * [RAGGED] rows of another number of fields than the header says are text
 */
#include <string.h>

#include "base/ascii.h"
#include "codec/csv.h"
#include "match/reader-internal.h"
#include "match/stamp.h"

static const struct span fields_word = SPAN("#Fields:"), date_word = SPAN("#Date:");

static bool
is_directive(struct span line, struct span word)
{
	return span_eq_fold(span_sub(line, 0, word.len), word);
}

/* The names behind "#Fields:", parted as the rows are. */
static void
take_fields(struct reading *r, struct span line)
{
	own_arena struct arena a = {};
	struct span rest = span_trim(span_sub(line, fields_word.len, SIZE_MAX)), piece;
	struct span *name = arena_new(&a, CSV_FIELDS_MAX * sizeof *name);
	size_t count = 0;
	arena_reset(&r->kept);
	r->column = NULL;
	r->columns = 0;
	r->separator = span_find_byte(rest, ',') == SIZE_MAX ? ' ' : ',';
	if (r->separator == ',')
		while (count < CSV_FIELDS_MAX && span_cut(&rest, ',', &piece))
			name[count++] = span_trim(piece);
	else
		while (count < CSV_FIELDS_MAX && (piece = next_word(&rest)).len)
			name[count++] = piece;
	record_columns(r, name, count);
	for (size_t i = 0; i < count; i++) {
		if (span_eq_fold(name[i], SPAN("date")))
			r->date_column = i;
		else if (span_eq_fold(name[i], SPAN("time")))
			r->time_column = i;
		/* CloudFront's own name is cs(Host); whom the viewer asked for is x-host-header. */
		else if (span_eq_fold(name[i], SPAN("cs-host")) ||
			 span_eq_fold(name[i], SPAN("x-host-header")))
			r->host_column = i;
		else if (span_eq_fold(name[i], SPAN("cs-uri-stem")))
			r->uri_column = i;
		else if (span_eq_fold(name[i], SPAN("cs-uri-query")))
			r->query_column = i;
	}
}

static void
directive(struct reading *r, struct span line)
{
	if (is_directive(line, fields_word))
		take_fields(r, line);
	else if (is_directive(line, date_word))
		r->day = stamp_of_value(
			span_trim(span_sub(line, date_word.len, SIZE_MAX)), r->reference);
}

static struct field
field_at(const struct record *out, struct span value)
{
	struct field f = {.value = value, .at = (size_t)(value.ptr - out->text.ptr)};
	if (span_eq(value, SPAN("-")))
		f.value.len = 0;
	return f;
}

/* A row whose fields are parted by blanks, or by single tabs; quoted ones may hold blanks. */
static void
take_words(struct reading *r, const struct record *out)
{
	struct span rest = out->text, piece;
	if (span_find_byte(rest, '\t') != SIZE_MAX) {
		while (r->fields <= r->columns && span_cut(&rest, '\t', &piece))
			record_field(r, field_at(out, piece));
		return;
	}
	while (r->fields <= r->columns) {
		struct span ahead = rest;
		piece = next_word(&ahead);
		if (!piece.len)
			return;
		size_t from = (size_t)(piece.ptr - rest.ptr);
		struct span quoted = span_sub(rest, from + 1, SIZE_MAX);
		size_t close = piece.ptr[0] == '"' ? span_find_byte(quoted, '"') : SIZE_MAX;
		if (close != SIZE_MAX) {
			piece = span_sub(quoted, 0, close);
			ahead = span_sub(quoted, close + 1, SIZE_MAX);
		}
		record_field(r, field_at(out, piece));
		rest = ahead;
	}
}

static void
take_commas(struct reading *r, const struct record *out)
{
	struct csv csv;
	struct csv_record row;
	csv_init(&csv, out->text, ',');
	if (csv_next(&csv, &r->arena, &row, NULL) || csv.at < out->text.len)
		return;
	for (size_t i = 0; i < row.count; i++) {
		const struct csv_field *c = &row.field[i];
		struct field f = {.value = c->value, .at = c->at};
		if (c->len && out->text.ptr[c->at] == '"') {
			f.coding = FIELD_CSV;
			f.at++;
		}
		record_field(r, f);
	}
}

/* [DATE] */
static int64_t
row_time(struct reading *r)
{
	if (r->time_column >= r->fields)
		return TIME_NONE;
	int64_t at = columns_time(r, r->fields);
	if (at != TIME_NONE)
		return at;
	struct span value = span_trim(r->field[r->time_column].value);
	at = stamp_of_value(value, r->reference);
	if (at != TIME_NONE || r->day == TIME_NONE || value.len > 20)
		return at;
	char day[TIME_TEXT];
	time_text(r->day, day);
	return stamp_of_value(arena_printf(&r->arena, "%.10s %.*s", day, (int)value.len, value.ptr),
		r->reference);
}

static void
add_url(struct reading *r)
{
	if (r->host_column >= r->fields || r->uri_column >= r->fields)
		return;
	struct field host = r->field[r->host_column], uri = r->field[r->uri_column];
	struct span query = {};
	if (r->query_column < r->fields)
		query = r->field[r->query_column].value;
	if (query.len && query.len <= 4000 && uri.value.len <= 4000)
		uri.value = arena_printf(&r->arena, "%.*s?%.*s", (int)uri.value.len, uri.value.ptr,
			(int)query.len, query.ptr);
	record_url(r, &host, &uri);
}

static bool
row_fields(struct reading *r, struct record *out)
{
	if (!r->columns || !out->text.len)
		return false;
	if (r->separator == ',')
		take_commas(r, out);
	else
		take_words(r, out);
	if (r->fields != r->columns) /* [RAGGED] */
		return false;
	for (size_t i = 0; i < r->fields; i++)
		r->field[i].name = r->column[i];
	out->time = row_time(r);
	add_url(r);
	record_finish(r, out);
	return true;
}

static enum rc
w3c_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code)
		return code;
	if (out->text.len && out->text.ptr[0] == '#')
		directive(r, out->text);
	else if (row_fields(r, out))
		return RC_OK;
	r->fields = 0;
	record_text(r, out);
	return RC_OK;
}

static int
w3c_sniff(struct span head)
{
	struct span line;
	head = span_sub(span_without_mark(head), 0, 16384);
	while (head.ptr && span_cut(&head, '\n', &line) && span_starts(line, SPAN("#")))
		if (is_directive(line, fields_word))
			return 92;
	return 0;
}

const struct reader reader_w3c = {"w3c", w3c_sniff, w3c_next, LINES_KEEP_HEADINGS};
