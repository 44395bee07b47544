/*
 * Tables with a header that names a value column (match/table.h); of MISP's own CSV export, whose rows say
 * themselves whether they are meant for detection, all that its types can say.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/uuid.h"
#include "feed/in-internal.h"
#include "feed/misp.h"
#include "match/table.h"
#include "stix/tlp.h"

struct csv_state {
	struct table table;
	char last[64];	       /* id of the row before */
	struct in_facts facts; /* of the value under work, in the table's arena */
	struct obs_list all;   /* what it says */
	size_t next;	       /* of `all` */
	struct buf made;       /* of JSON */
};

static bool
sniff(struct span start)
{
	return table_is(start) || table_is_json(start);
}

static enum rc
begin(struct in *in, struct diag *why)
{
	struct csv_state *st = in->state = mem_new(sizeof *st);
	if (table_of_json(in->text, &st->made))
		in->text = buf_span(&st->made);
	return table_open(&st->table, in->text, why);
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
	struct span id = arena_printf(&st->table.arena, "indicator--%s", text);
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
	char *out = arena_bytes(&st->table.arena, 2 * cell.len);
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
	const struct span *c = st->table.cell;
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

/* One value as MISP's types have it: composites too, and rules, which are no observables. */
static enum rc
take_misp(struct in *in, struct span value, const struct in_facts *facts, struct in_object *out,
	struct diag *why)
{
	struct csv_state *st = in->state;
	const struct misp_type *type = misp_type_find(st->table.cell[COLUMN_TYPE]);
	own_buf struct buf key = {}, pattern = {};
	if (!table_is_meant(&st->table))
		return diag_fail(why, RC_UNKNOWN, "not meant for detection (to_ids)");
	buf_printf(&key, "%s\n%.*s", type->name, (int)value.len, value.ptr);
	struct in_pattern p = {.key = buf_span(&key), .name = value};
	if (type->class == MISP_RULE) {
		p.pattern = value;
		p.type = span_of(type->rule);
		p.name = span_of(type->name);
	} else {
		buf_add_byte(&pattern, '[');
		enum rc code =
			misp_is_context(type)
				? diag_fail(why, RC_UNKNOWN, "says nothing by itself")
				: misp_comparison(type, value, &st->table.arena, &pattern, why);
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
take_value(struct in *in, const struct table_value *value, struct in_object *out, struct diag *why)
{
	struct csv_state *st = in->state;
	st->facts = facts_of_record(st);
	if (st->table.to_ids) {
		diag_where(why, "line %llu", (unsigned long long)st->table.line);
		return take_misp(in, value->text, &st->facts, out, why);
	}
	if (table_observe(&st->table, value, &st->all, why))
		return RC_UNKNOWN;
	in_say(in, st->all.at[0], &st->facts, st->table.line, out);
	st->next = 1;
	/* What a range is made of is an indicator each, under one id only the first. */
	st->facts.id = (struct span){};
	return RC_OK;
}

/* A row may hold several values (md5, sha1, sha256), and a value several networks: each an indicator. */
static enum rc
next(struct in *in, struct in_object *out, struct diag *why)
{
	struct csv_state *st = in->state;
	struct table_value value;
	if (st->next < st->all.len) {
		in_say(in, st->all.at[st->next++], &st->facts, st->table.line, out);
		return RC_OK;
	}
	st->all.len = st->next = 0;
	enum rc code = table_next(&st->table, &value, why);
	in->at = table_at(&st->table, in->text);
	return code ? code : take_value(in, &value, out, why);
}

static void
end(struct in *in)
{
	struct csv_state *st = in->state;
	if (!st)
		return;
	table_close(&st->table);
	buf_fini(&st->made);
	free(st);
}

const struct in_format in_csv = {
	"csv", "a table with a header; MISP's CSV export", sniff, begin, next, end};
