/*
 * Tables with a header that names a value column, whatever its separator; MISP's own CSV export too,
 * whose rows say themselves whether they are meant for detection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"
#include "codec/csv.h"
#include "feed/in-internal.h"
#include "feed/misp.h"
#include "match/column.h"
#include "match/ioc.h"
#include "obs/line.h"
#include "stix/tlp.h"

struct csv_state {
	struct csv csv;
	enum column *of;    /* what each column is */
	size_t count, cell; /* columns; the next one of `record` to look at */
	bool misp, more;    /* MISP's own; a record is under way */
	bool ours;	    /* written by out_plain.c: values in normal form, of the kind named */
	char last[64];	    /* id of the record before */
	struct csv_record record;
	struct arena text; /* of the record */
	struct span cells[COLUMNS];
};

static bool
sniff(struct span start)
{
	return ioc_is_csv(start);
}

/* The header of our own tables. */
static bool
is_ours(const struct csv_record *r)
{
	static const char *const names[] = {
		"value", "kind", "id", "name", "valid_from", "valid_until", "confidence", "tlp"};
	bool same = r->count == sizeof names / sizeof *names;
	for (size_t i = 0; same && i < r->count; i++)
		same = span_eq(r->field[i].value, span_of(names[i]));
	return same;
}

/* Reads lines until the header; what stands before it are comments. */
static enum rc
begin(struct in *in, struct diag *why)
{
	struct csv_state *st = in->state = mem_new(sizeof *st);
	csv_init(&st->csv, in->text, csv_guess(in->text));
	for (;;) {
		enum rc code = csv_next(&st->csv, &st->text, &st->record, why);
		if (code == RC_NONE)
			return diag_fail(why, RC_BAD, "no header that names a value column");
		if (code)
			return code;
		size_t named = 0, values = 0, to_ids = 0;
		free(st->of);
		st->count = st->record.count;
		st->of = mem_grow(NULL, st->count ? st->count : 1, sizeof *st->of);
		for (size_t i = 0; i < st->count; i++) {
			st->of[i] = column_of(span_trim(st->record.field[i].value));
			named += st->of[i] != COLUMN_NONE;
			values += column_is_value(st->of[i]);
			to_ids += st->of[i] == COLUMN_TO_IDS;
		}
		st->misp = to_ids > 0;
		st->ours = is_ours(&st->record);
		if (values && named > 1)
			return RC_OK;
		uint64_t lines = st->csv.next_line - 1;
		struct span rest = span_sub(st->csv.text, st->csv.at, SIZE_MAX);
		csv_init(&st->csv, rest, csv_guess(rest));
		in->line += lines;
	}
}

static bool
tlp_of(struct span cell, struct span *marking)
{
	enum tlp level;
	if (span_starts(cell, SPAN("tlp:")) || span_starts(cell, SPAN("TLP:")))
		cell = span_sub(cell, 4, SIZE_MAX);
	if (cell.len == 0 || tlp_parse(cell, &level, NULL))
		return false;
	*marking = tlp_marking_of(level)->id;
	return true;
}

/*
 * MISP's uuid column makes the id, so that the table and the event are the same indicator. An id said
 * again names one indicator with several values, which here become one each: the others get made ids.
 */
static struct span
id_of(struct csv_state *st, struct span cell)
{
	struct uuid u;
	char text[UUID_TEXT];
	if (span_starts(cell, SPAN("indicator--")))
		cell = span_sub(cell, 11, SIZE_MAX);
	if (uuid_parse(cell, &u) || !uuid_is_rfc(&u))
		return (struct span){};
	uuid_text(&u, text);
	struct span id = arena_printf(&st->text, "indicator--%s", text);
	if (span_eq(id, span_of(st->last)))
		return (struct span){};
	span_copy(id, st->last, sizeof st->last);
	return id;
}

/* What publishers write where they have nothing to say. */
static bool
is_nothing(struct span cell)
{
	static const struct span words[] = {
		SPAN("none"), SPAN("n/a"), SPAN("null"), SPAN("nan"), SPAN("-")};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_eq_fold(cell, words[i]))
			return true;
	return cell.len == 0;
}

/* Words for people that are no UTF-8 are read as Latin-1; values are not: they would be other values. */
static struct span
words_of(struct csv_state *st, struct span cell)
{
	if (is_nothing(cell))
		return (struct span){};
	if (span_is_utf8(cell))
		return cell;
	char *out = arena_bytes(&st->text, 2 * cell.len);
	size_t len = 0;
	for (size_t i = 0; i < cell.len; i++) {
		unsigned char c = (unsigned char)cell.ptr[i];
		if (c >= 0x80)
			out[len++] = (char)(0xc0 | c >> 6);
		out[len++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	return (struct span){out, len};
}

static struct in_facts
facts_of_record(struct csv_state *st)
{
	const struct span *c = st->cells;
	uint64_t number;
	struct in_facts facts = {
		.name = words_of(st, c[COLUMN_NAME]),
		.description = words_of(st, c[COLUMN_DESCRIPTION]),
		.label = words_of(st, c[COLUMN_LABEL]),
		.reference = words_of(st, c[COLUMN_REFERENCE]),
		.id = id_of(st, c[COLUMN_ID]),
		.valid_from = column_time(c[COLUMN_FROM]),
		.valid_until = column_time(c[COLUMN_UNTIL]),
		.confidence = -1,
	};
	if (span_to_u64(c[COLUMN_CONFIDENCE], &number) && number <= 100)
		facts.confidence = (int)number;
	tlp_of(c[COLUMN_TLP], &facts.tlp_marking);
	/* A tag may say it too, as MISP's do. */
	struct span rest = facts.label.len ? facts.label : (struct span){"", 0}, tag;
	while (span_cut(&rest, ',', &tag))
		if (misp_tag_tlp(span_trim(tag)) != TLP_NONE)
			facts.tlp_marking = tlp_marking_of(misp_tag_tlp(span_trim(tag)))->id;
	return facts;
}

static bool
flag(struct span cell)
{
	return span_eq(cell, SPAN("1")) || span_eq_fold(cell, SPAN("true")) ||
	       span_eq_fold(cell, SPAN("yes"));
}

/* One value as MISP's types have it: composites too, and rules, which are no observables. */
static enum rc
take_misp(struct in *in, struct span value, const struct in_facts *facts, struct in_object *out,
	struct diag *why)
{
	struct csv_state *st = in->state;
	const struct misp_type *type = misp_type_find(st->cells[COLUMN_TYPE]);
	own_buf struct buf key = {}, pattern = {};
	if (!flag(st->cells[COLUMN_TO_IDS]))
		return diag_fail(why, RC_UNKNOWN, "not meant for detection (to_ids)");
	buf_printf(&key, "%s\n%.*s", type->name, (int)value.len, value.ptr);
	struct in_pattern p = {.key = buf_span(&key), .name = value};
	if (type->class == MISP_RULE) {
		p.pattern = value;
		p.type = span_of(type->rule);
		p.name = span_of(type->name);
	} else {
		buf_add_byte(&pattern, '[');
		enum rc code = misp_is_context(type)
				       ? diag_fail(why, RC_UNKNOWN, "says nothing by itself")
				       : misp_comparison(type, value, &st->text, &pattern, why);
		if (code)
			return RC_UNKNOWN;
		buf_add_byte(&pattern, ']');
		p.pattern = buf_span(&pattern);
		p.type = SPAN("stix");
	}
	in_make_pattern(in, &p, facts, out);
	return RC_OK;
}

static enum rc
observe(struct csv_state *st, struct span value, struct observable *o, struct diag *why)
{
	struct span type = st->cells[COLUMN_TYPE];
	enum obs_kind kind = st->ours ? obs_from_word(type) : OBS_NONE;
	if (kind != OBS_NONE)
		return obs_normalize(kind, column_unguarded(value), &st->text, o, why);
	return column_observe(st->of[st->cell - 1], type, value, &st->text, o, why);
}

static enum rc
take_value(struct in *in, struct span value, struct in_object *out, struct diag *why)
{
	struct csv_state *st = in->state;
	struct in_facts facts = facts_of_record(st);
	struct observable o;
	diag_where(why, "line %llu", (unsigned long long)in->line + st->csv.line);
	if (st->misp)
		return take_misp(in, value, &facts, out, why);
	if (observe(st, value, &o, why)) {
		diag_where(why, "line %llu", (unsigned long long)in->line + st->csv.line);
		return RC_UNKNOWN;
	}
	in_make(in, o, &facts, out);
	return RC_OK;
}

static enum rc
next_record(struct in *in, struct diag *why)
{
	struct csv_state *st = in->state;
	arena_reset(&st->text);
	enum rc code = csv_next(&st->csv, &st->text, &st->record, why);
	in->at = (uint64_t)(st->csv.text.ptr - in->text.ptr) + st->csv.at;
	if (code)
		return code == RC_NONE ? RC_NONE : RC_UNKNOWN;
	memset(st->cells, 0, sizeof st->cells);
	for (size_t i = 0; i < st->record.count && i < st->count; i++)
		if (st->cells[st->of[i]].len == 0)
			st->cells[st->of[i]] = span_trim(st->record.field[i].value);
	st->cell = 0;
	st->more = true;
	return RC_OK;
}

/* A row may hold several values (md5, sha1, sha256): each is an indicator. */
static enum rc
next(struct in *in, struct in_object *out, struct diag *why)
{
	struct csv_state *st = in->state;
	for (;;) {
		while (st->more && st->cell < st->record.count && st->cell < st->count) {
			size_t i = st->cell++;
			struct span value = span_trim(st->record.field[i].value);
			if (column_is_value(st->of[i]) && value.len)
				return take_value(in, value, out, why);
		}
		st->more = false;
		enum rc code = next_record(in, why);
		if (code)
			return code;
		/* A comment among the rows, or the header once more. */
		struct span named = st->cells[COLUMN_VALUE];
		bool comment = st->csv.text.ptr[st->record.at] == '#';
		if (comment || (named.len && column_of(named) == COLUMN_VALUE)) {
			st->more = false;
		} else if (!named.len && !st->cells[COLUMN_JA3].len) {
			st->more = false;
			diag_where(why, "line %llu", (unsigned long long)in->line + st->csv.line);
			return diag_fail(why, RC_UNKNOWN, "a row without a value");
		}
	}
}

static void
end(struct in *in)
{
	struct csv_state *st = in->state;
	if (!st)
		return;
	free(st->of);
	arena_fini(&st->text);
	free(st);
}

const struct in_format in_csv = {
	"csv", "a table with a header; MISP's CSV export", sniff, begin, next, end};
