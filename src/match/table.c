#include "match/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "codec/json.h"

struct header {
	size_t named, values;
	bool to_ids, ours, intel;
};

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

/* of: room for record->count. Zeek's "#fields" is no column. */
static struct header
read_header(const struct csv_record *record, enum column *of)
{
	struct header h = {.ours = is_ours(record)};
	size_t cves = 0;
	h.intel = record->count > 1 && span_eq(record->field[0].value, SPAN("#fields"));
	for (size_t i = h.intel; i < record->count; i++) {
		enum column c = column_of(span_trim(record->field[i].value));
		h.named += c != COLUMN_NONE;
		h.values += column_is_value(c);
		cves += c == COLUMN_CVE;
		h.to_ids |= c == COLUMN_TO_IDS;
		if (of)
			of[i - h.intel] = c;
	}
	if (h.values == cves)
		return h;
	h.values -= cves;
	for (size_t i = 0; of && i < record->count - h.intel; i++)
		if (of[i] == COLUMN_CVE)
			of[i] = COLUMN_NONE;
	return h;
}

/* Words that name columns, one of them a value's; "domain,evil.example" is a row. */
static bool
is_header(const struct csv_record *record, const struct header *h)
{
	own_arena struct arena a = {};
	if (!h->values || record->count < 2)
		return false;
	if (h->named > 1)
		return true;
	for (size_t i = 0; i < record->count; i++) {
		struct span name = span_trim(record->field[i].value);
		struct obs_list some;
		if (name.len > 64 ||
			(column_of(name) == COLUMN_NONE && name.len &&
				(!ascii_is_alpha(name.ptr[0]) || !obs_line(name, &a, &some, NULL))))
			return false;
	}
	return true;
}

bool
table_is(struct span head)
{
	own_arena struct arena a = {};
	struct csv csv;
	struct csv_record record;
	head = span_without_mark(head);
	csv_init(&csv, head, csv_guess(head));
	while (!csv_next(&csv, &a, &record, NULL)) {
		struct header h = read_header(&record, NULL);
		if (is_header(&record, &h))
			return true;
		struct span first = span_trim(record.field[0].value);
		if (first.len && first.ptr[0] != '#')
			return false;
		csv.separator = csv_guess(span_sub(head, csv.at, SIZE_MAX));
	}
	return false;
}

bool
table_is_heading(struct span line)
{
	return column_is_value(column_of(span_trim(span_without_mark(line))));
}

bool
table_unwrap(struct span text, struct buf *out)
{
	struct json_slice it;
	struct span element;
	text = span_trim(span_without_mark(text));
	if (text.len < 2 || text.ptr[0] != '[' || span_trim(span_sub(text, 1, 4096)).len == 0 ||
		span_trim(span_sub(text, 1, 4096)).ptr[0] != '"')
		return false;
	json_slice_init(&it, text);
	enum rc code = json_slice_array(&it, NULL);
	while (!code && !(code = json_slice_next(&it, &element, NULL))) {
		own_json yyjson_doc *doc = NULL;
		if (json_read(element, NULL, &doc, NULL) ||
			!yyjson_is_str(yyjson_doc_get_root(doc)))
			return false;
		buf_add(out, json_span(yyjson_doc_get_root(doc)));
		buf_add_byte(out, '\n');
	}
	return code == RC_NONE && json_slice_end(&it, (struct span){}, NULL) == RC_OK;
}

bool
table_is_index(struct span head)
{
	struct span line;
	size_t lines = 0;
	while (head.ptr && span_cut(&head, '\n', &line)) {
		struct uuid u;
		bool cut = head.ptr == NULL; /* the last one may go on behind the head */
		line = span_trim(line);
		if (line.len == 0 || (cut && lines))
			continue;
		for (size_t i = 0; i < 32 && i < line.len; i++)
			if (ascii_hex(line.ptr[i]) < 0)
				return false;
		if (line.len != 32 + 1 + 36 || line.ptr[32] != ',' ||
			uuid_parse(span_sub(line, 33, SIZE_MAX), &u))
			return false;
		lines++;
	}
	return lines > 0;
}

enum rc
table_open(struct table *t, struct span text, struct diag *why)
{
	*t = (struct table){};
	text = span_without_mark(text);
	for (;;) {
		uint64_t lines = t->csv.text.ptr ? t->csv.next_line - 1 : 0;
		csv_init(&t->csv, text, csv_guess(text));
		t->before += lines;
		enum rc code = csv_next(&t->csv, &t->arena, &t->record, why);
		if (code == RC_NONE)
			return diag_fail(why, RC_BAD, "no header that names a value column");
		if (code)
			return code;
		free(t->of);
		t->of = mem_grow(NULL, t->record.count ? t->record.count : 1, sizeof *t->of);
		struct header h = read_header(&t->record, t->of);
		t->columns = t->record.count - h.intel;
		t->to_ids = h.to_ids;
		t->ours = h.ours;
		t->intel = h.intel;
		if (is_header(&t->record, &h))
			return RC_OK;
		text = span_sub(text, t->csv.at, SIZE_MAX);
	}
}

void
table_close(struct table *t)
{
	free(t->of);
	t->of = NULL;
	arena_fini(&t->arena);
}

size_t
table_at(const struct table *t, struct span text)
{
	return t->csv.text.ptr ? (size_t)(t->csv.text.ptr - text.ptr) + t->csv.at : 0;
}

static struct span
cell_of(const struct table *t, size_t i)
{
	struct span cell = span_trim(t->record.field[i].value);
	return t->intel && span_eq(cell, SPAN("-")) ? (struct span){} : cell;
}

static void
say_line(const struct table *t, struct diag *why)
{
	diag_where(why, "line %llu", (unsigned long long)t->line);
}

static enum rc
next_record(struct table *t, struct diag *why)
{
	arena_reset(&t->arena);
	enum rc code = csv_next(&t->csv, &t->arena, &t->record, why);
	t->line = t->before + t->csv.line;
	if (code == RC_NONE)
		return code;
	if (code) {
		say_line(t, why);
		return RC_UNKNOWN;
	}
	memset(t->cell, 0, sizeof t->cell);
	for (size_t i = 0; i < t->record.count && i < t->columns; i++)
		if (t->cell[t->of[i]].len == 0)
			t->cell[t->of[i]] = cell_of(t, i);
	t->next = 0;
	t->more = true;
	return RC_OK;
}

/* A comment among the rows, or the header once more. */
static bool
is_passed_over(const struct table *t)
{
	struct span named = t->cell[COLUMN_VALUE];
	return t->csv.text.ptr[t->record.at] == '#' ||
	       (named.len && column_of(named) == COLUMN_VALUE);
}

enum rc
table_next(struct table *t, struct table_value *out, struct diag *why)
{
	for (;;) {
		while (t->more && t->next < t->record.count && t->next < t->columns) {
			size_t i = t->next++;
			*out = (struct table_value){t->of[i], cell_of(t, i)};
			if (column_is_value(t->of[i]) && out->text.len)
				return RC_OK;
		}
		t->more = false;
		enum rc code = next_record(t, why);
		if (code)
			return code;
		if (is_passed_over(t)) {
			t->more = false;
		} else if (!t->cell[COLUMN_VALUE].len && !t->cell[COLUMN_JA3].len &&
			   !t->cell[COLUMN_MAC].len && !t->cell[COLUMN_CVE].len) {
			t->more = false;
			say_line(t, why);
			return diag_fail(why, RC_UNKNOWN, "a row without a value");
		}
	}
}

bool
table_is_meant(const struct table *t)
{
	struct span flag = t->cell[COLUMN_TO_IDS];
	return !t->to_ids || span_eq(flag, SPAN("1")) || span_eq_fold(flag, SPAN("true")) ||
	       span_eq_fold(flag, SPAN("yes"));
}

/* Words of types whose values look like names, addresses and digests and are none. */
static bool
is_observable(struct span type)
{
	static const struct span other[] = {SPAN("filename"), SPAN("file"), SPAN("file-name"),
		SPAN("file_name"), SPAN("filepath"), SPAN("file-path"), SPAN("path"), SPAN("mutex"),
		SPAN("regkey"), SPAN("value"), SPAN("named pipe"), SPAN("pdb"),
		SPAN("pattern-in-file"), SPAN("pattern-in-memory"), SPAN("pattern-in-traffic"),
		SPAN("user-agent"), SPAN("text"), SPAN("comment"), SPAN("link"), SPAN("reference"),
		SPAN("other"), SPAN("yara"), SPAN("sigma"), SPAN("snort"), SPAN("suricata"),
		SPAN("bro"), SPAN("zeek"), SPAN("attachment"), SPAN("malware-sample"),
		SPAN("size-in-bytes"), SPAN("mime-type"), SPAN("port"), SPAN("as"), SPAN("asn"),
		SPAN("threat-actor"), SPAN("campaign-name"), SPAN("email-subject"),
		SPAN("email-attachment"), SPAN("email-body"), SPAN("process"), SPAN("process-name"),
		SPAN("windows-service-name"), SPAN("imphash"), SPAN("filehash-imphash"),
		SPAN("pehash"), SPAN("filehash-pehash"), SPAN("impfuzzy"), SPAN("ssdeep"),
		SPAN("authentihash"), SPAN("telfhash"), SPAN("hassh-md5"), SPAN("hasshserver-md5"),
		SPAN("favicon-mmh3"), SPAN("btc"), SPAN("bitcoinaddress"), SPAN("intel::software"),
		SPAN("intel::user_name"), SPAN("intel::file_name"), SPAN("intel::pubkey_hash")};
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		if (span_eq_fold(type, other[i]))
			return false;
	return true;
}

static void
append(struct arena *a, struct obs_list *to, const struct obs_list *more)
{
	struct observable *all = arena_new(a, (to->len + more->len + 1) * sizeof *all);
	if (to->len)
		memcpy(all, to->at, to->len * sizeof *all);
	if (more->len)
		memcpy(all + to->len, more->at, more->len * sizeof *all);
	*to = (struct obs_list){all, to->len + more->len};
}

/*
 * One side of a value, of one type. JA3 needs to be told, since it looks like an MD5, and a MAC address, since
 * twelve digits alone look like a number.
 */
static enum rc
observe_side(struct table *t, enum column column, struct span type, struct span text,
	struct obs_list *out, struct diag *why)
{
	struct obs_list some;
	bool ja3 = type.len >= 3 && span_eq_fold(span_sub(type, 0, 3), SPAN("ja3"));
	bool mac = type.len >= 3 && span_eq_fold(span_sub(type, 0, 3), SPAN("mac"));
	if (ja3 || column == COLUMN_JA3 || span_eq_fold(type, SPAN("intel::ja3")))
		text = arena_printf(&t->arena, "ja3:%.*s", (int)text.len, text.ptr);
	else if (mac || column == COLUMN_MAC)
		text = arena_printf(&t->arena, "mac:%.*s", (int)text.len, text.ptr);
	enum rc code = obs_line(text, &t->arena, &some, why);
	if (code == RC_NONE)
		return diag_fail(why, RC_UNKNOWN, "a comment where a value was to be");
	if (!code)
		append(&t->arena, out, &some);
	return code;
}

/* "filename|sha256" with "loader.exe|9f86d0...": each side by its own type, what is none passed over. */
static enum rc
observe_sides(struct table *t, const struct table_value *value, struct span text,
	struct obs_list *out, struct diag *why)
{
	struct span types = t->cell[COLUMN_TYPE], type, side;
	enum rc code = RC_OK;
	while (!code && types.ptr && text.ptr && span_cut(&types, '|', &type)) {
		if (!types.ptr) { /* the last type has all that is left */
			side = text;
		} else if (!span_cut(&text, '|', &side)) {
			break;
		}
		if (is_observable(type))
			code = observe_side(t, value->column, type, span_trim(side), out, why);
	}
	if (!code && out->len == 0)
		return diag_fail(why, RC_UNKNOWN, "of a type that no set holds");
	return code;
}

enum rc
table_observe(
	struct table *t, const struct table_value *value, struct obs_list *out, struct diag *why)
{
	struct span type = t->cell[COLUMN_TYPE], text = column_unguarded(value->text);
	enum obs_kind kind = t->ours ? obs_from_word(type) : OBS_NONE;
	struct observable one;
	enum rc code;
	*out = (struct obs_list){};
	if (kind != OBS_NONE) {
		code = obs_normalize(kind, text, &t->arena, &one, why);
		if (!code)
			append(&t->arena, out, &(struct obs_list){&one, 1});
	} else if (span_find_byte(type, '|') != SIZE_MAX && span_find_byte(text, '|') != SIZE_MAX) {
		code = observe_sides(t, value, text, out, why);
	} else if (!is_observable(type)) {
		code = diag_fail(why, RC_UNKNOWN, "of a type that no set holds");
	} else {
		code = observe_side(t, value->column, type, text, out, why);
	}
	if (code)
		say_line(t, why);
	return code;
}
