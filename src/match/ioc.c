#include "match/ioc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/own.h"
#include "codec/csv.h"
#include "match/column.h"
#include "match/lines.h"
#include "match/time.h"
#include "obs/line.h"

/* The beginning of a foreign text in quotes: nothing in it may steer a terminal. */
static void
add_quoted(struct span text, struct diag *why)
{
	enum { QUOTED = 72 };
	char quoted[QUOTED + 4];
	struct span start = span_sub(text, 0, QUOTED);
	start.len = span_utf8_bad(start);
	for (size_t i = 0; i < start.len; i++) {
		unsigned char c = (unsigned char)start.ptr[i];
		bool control =
			c < 0x20 || c == 0x7f ||
			(c == 0xc2 && i + 1 < start.len && (unsigned char)start.ptr[i + 1] < 0xa0);
		quoted[i] = control ? '?' : (char)c;
	}
	quoted[start.len] = 0;
	struct diag plain = *why;
	diag_what(why, "%s: \"%s%s\"", plain.what, quoted, start.len < text.len ? "..." : "");
}

void
ioc_unknown(struct ioc_counts *counts, const struct diag *why, struct span text)
{
	if (counts->unknown < IOC_EXAMPLES) {
		struct diag *example = &counts->examples[counts->unknown];
		*example = *why;
		if (text.len)
			add_quoted(text, example);
	}
	counts->unknown++;
}

void
ioc_counts_join(struct ioc_counts *counts, const struct ioc_counts *more)
{
	for (uint64_t i = 0; i < more->unknown && i < IOC_EXAMPLES; i++)
		if (counts->unknown + i < IOC_EXAMPLES)
			counts->examples[counts->unknown + i] = more->examples[i];
	counts->armed += more->armed;
	counts->repeated += more->repeated;
	counts->unknown += more->unknown;
	counts->revoked += more->revoked;
	counts->suffixes += more->suffixes;
	counts->foreign += more->foreign;
	counts->partial += more->partial;
}

enum rc
ioc_add(struct match_set *set, struct indicator *what, struct ioc_counts *counts)
{
	if (what->reach != REACH_EXACT && what->about.kind == OBS_DOMAIN &&
		name_is_registry_suffix(what->about.value)) {
		counts->suffixes++;
		if (what->reach == REACH_BELOW)
			return RC_OK;
		what->reach = REACH_EXACT;
	}
	enum rc code = match_set_add(set, what);
	switch (code) {
	case RC_OK: counts->armed++; return RC_OK;
	case RC_CONFLICT: counts->repeated++; return RC_OK;
	case RC_NONE: counts->revoked++; return RC_OK;
	case RC_LIMIT: return code;
	default: break;
	}
	struct diag why = {};
	diag_what(&why, "of a kind that no set holds");
	ioc_unknown(counts, &why, what->about.value);
	return RC_OK;
}

enum rc
ioc_add_list(
	struct match_set *set, struct stream *from, struct ioc_counts *counts, struct diag *why)
{
	own_lines struct lines lines;
	own_arena struct arena a = {};
	struct line line;
	enum rc code;
	lines_init(&lines, from, LINES_ALL);
	while (!(code = lines_next(&lines, &line, why))) {
		struct indicator i = {.reach = REACH_COVERING,
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		struct diag fault = {};
		struct obs_list all;
		arena_reset(&a);
		code = obs_line(line.text, &a, &all, &fault);
		if (code == RC_NONE)
			continue;
		if (code) {
			diag_where(&fault, "line %llu", (unsigned long long)line.number);
			ioc_unknown(counts, &fault, line.text);
			continue;
		}
		for (size_t k = 0; !code && k < all.len; k++) {
			struct indicator one = i;
			one.about = all.at[k];
			code = ioc_add(set, &one, counts);
		}
		if (code)
			return diag_fail(why, code, "too many indicators for one set");
	}
	return code == RC_NONE ? RC_OK : code;
}

struct columns {
	enum column of[CSV_FIELDS_MAX];
	size_t count, named, values, to_ids;
};

static void
read_header(const struct csv_record *record, struct columns *out)
{
	out->count = record->count;
	out->named = out->values = out->to_ids = 0;
	for (size_t i = 0; i < record->count; i++) {
		out->of[i] = column_of(span_trim(record->field[i].value));
		out->named += out->of[i] != COLUMN_NONE;
		out->values += column_is_value(out->of[i]);
		out->to_ids += out->of[i] == COLUMN_TO_IDS;
	}
}

bool
ioc_is_csv(struct span head)
{
	own_arena struct arena a = {};
	struct csv csv;
	struct csv_record record;
	struct columns columns;
	/* Comments may stand before the header. */
	csv_init(&csv, head, csv_guess(head));
	while (!csv_next(&csv, &a, &record, NULL)) {
		read_header(&record, &columns);
		if (columns.values && columns.named > 1)
			return true;
		struct span first = span_trim(record.field[0].value);
		if (first.len && first.ptr[0] != '#')
			return false;
		csv.separator = csv_guess(span_sub(head, csv.at, SIZE_MAX));
	}
	return false;
}

/* Words of types whose values look like names and addresses and are none of ours to see in a log. */
static bool
is_seen_in_logs(struct span type)
{
	static const struct span other[] = {SPAN("filename"), SPAN("file"), SPAN("file-name"),
		SPAN("file_name"), SPAN("filepath"), SPAN("file-path"), SPAN("path"), SPAN("mutex"),
		SPAN("regkey"), SPAN("regkey|value"), SPAN("named pipe"), SPAN("pdb"),
		SPAN("pattern-in-file"), SPAN("pattern-in-memory"), SPAN("pattern-in-traffic"),
		SPAN("user-agent"), SPAN("text"), SPAN("comment"), SPAN("link"), SPAN("reference"),
		SPAN("other"), SPAN("vulnerability"), SPAN("yara"), SPAN("sigma"), SPAN("snort"),
		SPAN("suricata"), SPAN("bro"), SPAN("zeek"), SPAN("attachment"),
		SPAN("malware-sample"), SPAN("size-in-bytes"), SPAN("mime-type"), SPAN("port"),
		SPAN("as"), SPAN("asn"), SPAN("threat-actor"), SPAN("campaign-name"),
		SPAN("email-subject"), SPAN("email-attachment"), SPAN("email-body"),
		SPAN("process"), SPAN("process-name"), SPAN("windows-service-name")};
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		if (span_eq_fold(type, other[i]))
			return false;
	return true;
}

/* Why a row is not to be armed, NULL where it is. */
static const char *
row_refusal(const struct span *cell, const struct columns *columns)
{
	struct span flag = cell[COLUMN_TO_IDS];
	bool meant = span_eq(flag, SPAN("1")) || span_eq_fold(flag, SPAN("true")) ||
		     span_eq_fold(flag, SPAN("yes"));
	if (columns->to_ids && !meant)
		return "not meant for detection (to_ids)";
	return is_seen_in_logs(cell[COLUMN_TYPE]) ? NULL : "of a type that no set holds";
}

struct row {
	struct match_set *set;
	const struct csv_record *record;
	const struct columns *columns;
	uint64_t line;
	struct arena *arena;
	struct ioc_counts *counts;
};

static struct indicator
row_facts(const struct span *cell)
{
	uint64_t number;
	struct indicator made = {.reach = REACH_COVERING,
		.id = cell[COLUMN_ID],
		.name = cell[cell[COLUMN_NAME].len ? COLUMN_NAME : COLUMN_DESCRIPTION],
		.party = cell[COLUMN_PARTY],
		.tlp = cell[COLUMN_TLP],
		.valid_from = column_time(cell[COLUMN_FROM]),
		.valid_until = column_time(cell[COLUMN_UNTIL]),
		.confidence = -1};
	if (span_to_u64(cell[COLUMN_CONFIDENCE], &number) && number <= 100)
		made.confidence = (int)number;
	return made;
}

static enum rc
add_value(const struct row *r, enum column column, const struct span *cell, struct span value)
{
	struct diag fault = {};
	struct obs_list all = {};
	struct span line = column_unguarded(value), type = cell[COLUMN_TYPE];
	bool ja3 = type.len >= 3 && span_eq_fold(span_sub(type, 0, 3), SPAN("ja3"));
	enum rc code = RC_UNKNOWN;
	const char *refusal = row_refusal(cell, r->columns);
	/* Only JA3 needs to be told: it looks like an MD5. */
	if (ja3 || column == COLUMN_JA3)
		line = arena_printf(r->arena, "ja3:%.*s", (int)line.len, line.ptr);
	if (refusal)
		diag_what(&fault, "%s", refusal);
	else
		code = obs_line(line, r->arena, &all, &fault);
	if (code == RC_NONE)
		diag_what(&fault, "a comment where a value was to be");
	if (code) {
		diag_where(&fault, "line %llu", (unsigned long long)r->line);
		ioc_unknown(r->counts, &fault, value);
		return RC_OK;
	}
	struct indicator made = row_facts(cell);
	for (size_t k = 0; !code && k < all.len; k++) {
		struct indicator one = made;
		one.about = all.at[k];
		code = ioc_add(r->set, &one, r->counts);
	}
	return code;
}

static enum rc
add_row(const struct row *r)
{
	const struct csv_record *record = r->record;
	const struct columns *columns = r->columns;
	struct span cell[COLUMNS] = {};
	enum rc code = RC_OK;
	for (size_t i = 0; i < record->count && i < columns->count; i++)
		if (!cell[columns->of[i]].len)
			cell[columns->of[i]] = span_trim(record->field[i].value);
	if (record->count == 1 && cell[columns->of[0]].len && cell[columns->of[0]].ptr[0] == '#')
		return RC_OK;
	for (size_t i = 0; !code && i < record->count && i < columns->count; i++) {
		struct span value = span_trim(record->field[i].value);
		if (column_is_value(columns->of[i]) && value.len)
			code = add_value(r, columns->of[i], cell, value);
	}
	return code;
}

enum rc
ioc_add_csv(struct match_set *set, struct span text, struct ioc_counts *counts, struct diag *why)
{
	own_arena struct arena a = {};
	own_mem struct columns *columns = mem_new(sizeof *columns);
	struct csv csv;
	struct csv_record record;
	enum rc code = RC_OK;
	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		text = span_sub(text, 3, SIZE_MAX);
	csv_init(&csv, text, csv_guess(text));
	while (!code) {
		struct diag fault = {};
		arena_reset(&a);
		enum rc read = csv_next(&csv, &a, &record, &fault);
		if (read == RC_NONE)
			break;
		if (read) {
			ioc_unknown(counts, &fault, (struct span){});
			continue;
		}
		if (!columns->values) {
			read_header(&record, columns);
			if (columns->named < 2)
				columns->values = 0;
			if (!columns->values)
				csv.separator = csv_guess(span_sub(text, csv.at, SIZE_MAX));
			continue;
		}
		struct row row = {set, &record, columns, csv.line, &a, counts};
		code = add_row(&row);
	}
	return code ? diag_fail(why, code, "too many indicators for one set") : RC_OK;
}
