/* Columns with a header: Zeek's tab-separated logs, CSV. */
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "codec/csv.h"
#include "match/reader-internal.h"
#include "match/stamp.h"

enum { COLUMNS_MAX = CSV_FIELDS_MAX, JOINED_MAX = 64 << 10, JOINED_LINES = 64 };

static void
begin_header(struct reading *r)
{
	arena_reset(&r->kept);
	r->column = NULL;
	r->columns = 0;
	r->time_column = r->date_column = r->host_column = r->uri_column = SIZE_MAX;
	r->unset = SPAN("-");
	r->empty = SPAN("(empty)");
}

void
record_columns(struct reading *r, const struct span *name, size_t count)
{
	int best = 0;
	r->column = arena_new(&r->kept, (count + 1) * sizeof *r->column);
	r->columns = count;
	r->time_column = r->date_column = r->host_column = SIZE_MAX;
	r->uri_column = r->query_column = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		r->column[i] = arena_dup(&r->kept, name[i]);
		int rank = time_name_rank(name[i], 0);
		if (rank > best) {
			best = rank;
			r->time_column = i;
		}
		if (span_eq_fold(name[i], SPAN("date")))
			r->date_column = i;
		if (span_eq(name[i], SPAN("host")))
			r->host_column = i;
		else if (span_eq(name[i], SPAN("uri")))
			r->uri_column = i;
	}
}

int64_t
columns_time(struct reading *r, size_t fields)
{
	if (r->date_column >= fields || r->time_column >= fields ||
		r->date_column == r->time_column)
		return TIME_NONE;
	struct span date = span_trim(r->field[r->date_column].value),
		    time = span_trim(r->field[r->time_column].value);
	if (date.len + time.len >= 64)
		return TIME_NONE;
	return stamp_of_value(arena_printf(&r->arena, "%.*s %.*s", (int)date.len, date.ptr,
				      (int)time.len, time.ptr),
		r->reference);
}

static void
add_url(struct reading *r, size_t first)
{
	if (r->host_column == SIZE_MAX || r->uri_column == SIZE_MAX)
		return;
	struct field host = r->field[first + r->host_column], uri = r->field[first + r->uri_column];
	record_url(r, &host, &uri);
}

/* ---- Zeek ---- */

/* "\x09" and "\\" as Zeek's ASCII writer makes them. */
static struct span
zeek_plain(struct reading *r, struct span raw)
{
	char *out = arena_bytes(&r->arena, raw.len);
	size_t len = 0;
	for (size_t i = 0; i < raw.len;) {
		bool hex = raw.ptr[i] == '\\' && i + 3 < raw.len && raw.ptr[i + 1] == 'x' &&
			   ascii_hex(raw.ptr[i + 2]) >= 0 && ascii_hex(raw.ptr[i + 3]) >= 0;
		bool twice = raw.ptr[i] == '\\' && i + 1 < raw.len && raw.ptr[i + 1] == '\\';
		out[len++] =
			hex ? (char)(ascii_hex(raw.ptr[i + 2]) * 16 + ascii_hex(raw.ptr[i + 3]))
			    : raw.ptr[i];
		i += hex ? 4 : twice ? 2 : 1;
	}
	return (struct span){out, len};
}

/* As span_cut, by Zeek's separator. */
static bool
cut_column(const struct reading *r, struct span *rest, struct span *piece)
{
	struct span parting = {r->parting, r->parting_len};
	if (parting.len < 2)
		return span_cut(rest, parting.len ? parting.ptr[0] : '\t', piece);
	if (!rest->ptr)
		return false;
	size_t at = span_find(*rest, parting);
	*piece = span_sub(*rest, 0, at);
	*rest = at == SIZE_MAX ? (struct span){} : span_sub(*rest, at + parting.len, SIZE_MAX);
	return true;
}

/* "\x09", "|", "\x7c\x7c" behind "#separator ". */
/* A byte that names and digests are made of would part what the fast pass sees as one. */
static bool
may_part(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_alnum(text.ptr[i]) || text.ptr[i] == '-' || text.ptr[i] == '_' ||
			(unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* Tabs where it is none that can be used. */
static void
take_separator(struct reading *r, struct span value)
{
	struct span plain = zeek_plain(r, value);
	r->parting_len = plain.len < sizeof r->parting && may_part(plain) ? plain.len : 0;
	if (r->parting_len)
		memcpy(r->parting, plain.ptr, r->parting_len);
}

static void
zeek_header(struct reading *r, struct span line)
{
	static const struct span separator = SPAN("#separator "), fields = SPAN("#fields");
	if (span_starts(line, separator)) {
		begin_header(r);
		take_separator(r, span_sub(line, separator.len, SIZE_MAX));
	} else if (span_starts(line, fields)) {
		own_arena struct arena a = {};
		struct span *name = arena_new(&a, COLUMNS_MAX * sizeof *name), rest = line, piece;
		size_t count = 0;
		cut_column(r, &rest, &piece); /* "#fields" itself */
		while (count < COLUMNS_MAX && cut_column(r, &rest, &piece))
			name[count++] = piece;
		if (!rest.ptr && count)
			record_columns(r, name, count);
	}
}

/* Whether every backslash begins an escape, so that places can be found again. */
static bool
zeek_is_escaped(struct span raw)
{
	bool any = false;
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.ptr[i] != '\\')
			continue;
		if (i + 1 < raw.len && raw.ptr[i + 1] == '\\')
			i++;
		else if (i + 3 < raw.len && raw.ptr[i + 1] == 'x' &&
			 ascii_hex(raw.ptr[i + 2]) >= 0 && ascii_hex(raw.ptr[i + 3]) >= 0)
			i += 3;
		else
			return false;
		any = true;
	}
	return any;
}

/* Column `column`, between the bytes `from` and `end` of the line, as zeek_fields makes it where there are no escapes. */
static struct field
lean_column(const struct reading *r, const struct record *out, size_t column, struct span value)
{
	struct field f = {.name = r->column[column],
		.value = value,
		.at = (size_t)(value.ptr - out->text.ptr)};
	if (span_eq(value, r->unset) || span_eq(value, r->empty))
		f.value.len = 0;
	return f;
}

/* A column of a line that has it. */
static struct span
nth_column(struct span line, char parting, size_t column)
{
	struct span piece;
	do
		span_cut(&line, parting, &piece);
	while (column--);
	return piece;
}

/*
 * What zeek_fields does for a line without escapes, but for fields that say nothing of a hit: columns are counted,
 * and ends of only few are looked for.
 */
static bool
zeek_lean_fields(struct reading *r, struct record *out)
{
	char parting = r->parting_len ? r->parting[0] : '\t';
	struct span text = out->text;
	const struct spots *spots = &out->spots;
	size_t base = (size_t)(text.ptr - spots->base), counted = 0, column = 0, done = 0;
	if (span_count(text, parting) + 1 != r->columns)
		return false;
	if (r->time_column < r->columns)
		out->time = stamp_of_value(nth_column(text, parting, r->time_column), r->reference);
	for (size_t i = 0; i < spots->count; i++) {
		size_t at = spots->at[i].at - base;
		if (at >= text.len || at < done || (done && mutant(1852)))
			continue; /* its column has become a field */
		const char *before = memrchr(text.ptr, parting, at);
		const char *behind = memchr(text.ptr + at, parting, text.len - at);
		size_t from = before ? (size_t)(before - text.ptr) + 1 : 0;
		done = behind ? (size_t)(behind - text.ptr) : text.len;
		column += span_count(span_sub(text, counted, from - counted), parting);
		counted = from;
		*record_add(r) = lean_column(r, out, column, span_sub(text, from, done - from));
	}
	if (r->host_column != SIZE_MAX && r->uri_column != SIZE_MAX) {
		struct field host = lean_column(
			r, out, r->host_column, nth_column(text, parting, r->host_column));
		struct field uri = lean_column(
			r, out, r->uri_column, nth_column(text, parting, r->uri_column));
		record_url(r, &host, &uri);
	}
	record_finish(r, out);
	return true;
}

static bool
zeek_fields(struct reading *r, struct record *out)
{
	struct span rest = out->text, piece;
	size_t count = 0;
	if (!r->columns || rest.len == 0)
		return false;
	bool escapes = memchr(rest.ptr, '\\', rest.len);
	if (r->lean && out->spots.count && !escapes && r->parting_len < 2)
		return zeek_lean_fields(r, out);
	while (count < r->columns && cut_column(r, &rest, &piece)) {
		struct field *f = record_add(r);
		f->name = r->column[count];
		f->value = piece;
		f->at = (size_t)(piece.ptr - out->text.ptr);
		if (count == r->time_column)
			out->time = stamp_of_value(piece, r->reference);
		if ((piece.len == r->unset.len && span_eq(piece, r->unset)) ||
			(piece.len == r->empty.len && span_eq(piece, r->empty))) {
			f->value.len = 0;
		} else if (escapes && memchr(piece.ptr, '\\', piece.len) &&
			   zeek_is_escaped(piece)) {
			f->value = zeek_plain(r, piece);
			f->coding = FIELD_ZEEK;
		}
		count++;
	}
	if (count != r->columns || rest.ptr)
		return false;
	add_url(r, 0);
	record_finish(r, out);
	return true;
}

static enum rc
zeek_next(struct reading *r, struct record *out, struct diag *why)
{
	for (;;) {
		enum rc code = record_line(r, out, why);
		if (code)
			return code;
		if (out->text.len && out->text.ptr[0] == '#') {
			zeek_header(r, out->text);
			continue;
		}
		if (!zeek_fields(r, out)) {
			out->time = TIME_NONE;
			record_text(r, out);
		}
		return RC_OK;
	}
}

static int
zeek_sniff(struct span head)
{
	if (span_starts(head, SPAN("#separator ")))
		return 100;
	size_t at = span_find(span_sub(head, 0, 4096), SPAN("\n#fields\t"));
	return at != SIZE_MAX || span_starts(head, SPAN("#fields\t")) ? 95 : 0;
}

/* ---- CSV ---- */

static size_t
count_quotes(struct span text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '"';
	return count;
}

/* A record whose quotes are open at the line's end goes on in the next lines. */
static enum rc
csv_line(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code || count_quotes(out->text) % 2 == 0)
		return code;
	struct span joined = arena_dup(&r->arena, out->text);
	r->lines.joining = true;
	for (unsigned lines = 1; lines < JOINED_LINES && joined.len < JOINED_MAX; lines++) {
		struct line line;
		code = lines_next(&r->lines, &line, why);
		if (code)
			break;
		/* The line ends stay, so that places do: one byte or two. */
		size_t gap = line.wide ? 1 : (size_t)(line.offset - out->offset) - joined.len;
		char *more = arena_bytes(&r->arena, joined.len + gap + line.text.len);
		memcpy(more, joined.ptr, joined.len);
		memset(more + joined.len, '\r', gap);
		more[joined.len + gap - 1] = '\n';
		if (line.text.len)
			memcpy(more + joined.len + gap, line.text.ptr, line.text.len);
		joined = (struct span){more, joined.len + gap + line.text.len};
		if (count_quotes(line.text) % 2)
			break;
	}
	out->text = joined;
	out->spots = (struct spots){};
	out->quiet = false;
	return code == RC_NONE ? RC_OK : code;
}

/* The same of bytes as they stand: a line, or several where quotes are open. */
static size_t
csv_record(const struct reading *r, struct span text, struct lines_record *about)
{
	size_t at = 0, quotes = 0;
	(void)r;
	(void)about;
	for (unsigned lines = 0; lines < JOINED_LINES && at < JOINED_MAX; lines++) {
		const char *end = memchr(text.ptr + at, '\n', text.len - at);
		if (!end)
			return 0;
		size_t next = (size_t)(end - text.ptr) + 1;
		quotes += count_quotes(span_sub(text, at, next - at));
		at = next;
		if (quotes % 2 == 0)
			return at;
	}
	return 0;
}

static bool
csv_header(struct reading *r, struct span text)
{
	own_arena struct arena a = {};
	struct csv csv;
	struct csv_record record;
	begin_header(r);
	r->separator = csv_guess(text);
	csv_init(&csv, text, r->separator);
	if (csv_next(&csv, &a, &record, NULL))
		return false;
	struct span *name = arena_new(&a, record.count * sizeof *name);
	for (size_t i = 0; i < record.count; i++)
		name[i] = span_trim(record.field[i].value);
	record_columns(r, name, record.count);
	return true;
}

static bool
csv_fields(struct reading *r, struct record *out)
{
	struct csv csv;
	struct csv_record record;
	csv_init(&csv, out->text, r->separator);
	if (!r->columns || csv_next(&csv, &r->arena, &record, NULL) || csv.at < out->text.len)
		return false;
	for (size_t i = 0; i < record.count; i++) {
		const struct csv_field *c = &record.field[i];
		struct field f = {.value = c->value, .at = c->at};
		if (c->len && out->text.ptr[c->at] == '"') {
			f.coding = FIELD_CSV;
			f.at++;
		}
		if (i < r->columns)
			f.name = r->column[i];
		if (i == r->time_column)
			out->time = stamp_of_value(span_trim(c->value), r->reference);
		record_field(r, f);
	}
	if (out->time == TIME_NONE)
		out->time = columns_time(r, record.count);
	if (r->host_column < record.count && r->uri_column < record.count)
		add_url(r, 0);
	record_finish(r, out);
	return true;
}

static enum rc
csv_reader_next(struct reading *r, struct record *out, struct diag *why)
{
	for (;;) {
		enum rc code = csv_line(r, out, why);
		if (code)
			return code;
		if (!r->header_seen) {
			r->header_seen = true;
			if (csv_header(r, out->text))
				continue;
		}
		if (!csv_fields(r, out))
			record_text(r, out);
		return RC_OK;
	}
}

/* A header: at least two columns, each a short name, and as many fields in the line below. */
static int
csv_sniff(struct span head)
{
	own_arena struct arena a = {};
	struct csv csv;
	struct csv_record first, second;
	struct span text = head_line(head);
	if (text.len == 0)
		return 0;
	text = span_sub(head, (size_t)(text.ptr - head.ptr), SIZE_MAX);
	csv_init(&csv, text, csv_guess(text));
	if (csv_next(&csv, &a, &first, NULL) || first.count < 2)
		return 0;
	for (size_t i = 0; i < first.count; i++) {
		struct span name = span_trim(first.field[i].value);
		if (name.len == 0 || name.len > 64 ||
			!(ascii_is_alpha(name.ptr[0]) || strchr("_@#", name.ptr[0])))
			return 0;
		for (size_t k = 0; k < name.len; k++)
			if (!ascii_is_alnum(name.ptr[k]) && !strchr(" _-.@#()/", name.ptr[k]))
				return 0;
	}
	if (csv_next(&csv, &a, &second, NULL) == RC_OK && second.count != first.count)
		return 0;
	return first.count > 2 ? 40 : 20;
}

const struct reader reader_zeek = {"zeek", zeek_sniff, zeek_next, LINES_KEEP_HEADINGS};
const struct reader reader_csv = {
	"csv", csv_sniff, csv_reader_next, LINES_KEEP_UNQUOTED, csv_record};
