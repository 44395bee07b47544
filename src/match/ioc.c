#include "match/ioc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/own.h"
#include "codec/csv.h"
#include "match/column.h"
#include "match/lines.h"
#include "match/time.h"
#include "obs/line.h"

void
ioc_unknown(struct ioc_counts *counts, const struct diag *why)
{
	if (counts->unknown++ == 0 && why)
		counts->first_unknown = *why;
}

void
ioc_counts_join(struct ioc_counts *counts, const struct ioc_counts *more)
{
	if (!counts->unknown)
		counts->first_unknown = more->first_unknown;
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
	default: ioc_unknown(counts, NULL); return RC_OK;
	}
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
		arena_reset(&a);
		code = obs_line(line.text, &a, &i.about, &fault);
		if (code == RC_NONE)
			continue;
		if (code) {
			diag_where(&fault, "line %llu", (unsigned long long)line.number);
			ioc_unknown(counts, &fault);
			continue;
		}
		code = ioc_add(set, &i, counts);
		if (code)
			return diag_fail(why, code, "too many indicators for one set");
	}
	return code == RC_NONE ? RC_OK : code;
}

struct columns {
	enum column of[CSV_FIELDS_MAX];
	size_t count, named, values;
};

static void
read_header(const struct csv_record *record, struct columns *out)
{
	out->count = record->count;
	out->named = out->values = 0;
	for (size_t i = 0; i < record->count; i++) {
		out->of[i] = column_of(span_trim(record->field[i].value));
		out->named += out->of[i] != COLUMN_NONE;
		out->values += out->of[i] == COLUMN_VALUE;
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

static void
add_row(struct match_set *set, const struct csv_record *record, const struct columns *columns,
	struct arena *a, struct ioc_counts *counts, enum rc *code)
{
	struct span cell[COLUMNS] = {};
	struct indicator made = {.reach = REACH_COVERING, .confidence = -1};
	uint64_t number;
	for (size_t i = 0; i < record->count && i < columns->count; i++)
		if (!cell[columns->of[i]].len)
			cell[columns->of[i]] = span_trim(record->field[i].value);
	made.id = cell[COLUMN_ID];
	made.name = cell[cell[COLUMN_NAME].len ? COLUMN_NAME : COLUMN_DESCRIPTION];
	made.party = cell[COLUMN_PARTY];
	made.tlp = cell[COLUMN_TLP];
	made.valid_from = column_time(cell[COLUMN_FROM]);
	made.valid_until = column_time(cell[COLUMN_UNTIL]);
	if (span_to_u64(cell[COLUMN_CONFIDENCE], &number) && number <= 100)
		made.confidence = (int)number;
	for (size_t i = 0; !*code && i < record->count && i < columns->count; i++) {
		struct span value = span_trim(record->field[i].value);
		if (columns->of[i] != COLUMN_VALUE || !value.len)
			continue;
		struct diag fault = {};
		struct span line = value;
		/* Only JA3 needs to be told: it looks like an MD5. */
		if (cell[COLUMN_TYPE].len >= 3 &&
			span_eq_fold(span_sub(cell[COLUMN_TYPE], 0, 3), SPAN("ja3")))
			line = arena_printf(a, "ja3:%.*s", (int)value.len, value.ptr);
		enum rc found = obs_line(line, a, &made.about, &fault);
		if (found)
			ioc_unknown(counts, &fault);
		else
			*code = ioc_add(set, &made, counts);
	}
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
			ioc_unknown(counts, &fault);
			continue;
		}
		if (!columns->values) {
			read_header(&record, columns);
			if (columns->named < 2)
				columns->values = 0;
			csv.separator =
				csv_guess(span_sub(text, columns->values ? 0 : csv.at, SIZE_MAX));
			continue;
		}
		add_row(set, &record, columns, &a, counts, &code);
	}
	return code ? diag_fail(why, code, "too many indicators for one set") : RC_OK;
}
