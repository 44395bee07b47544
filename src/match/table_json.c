/* Indicators as flat JSON objects, one a row: [{"ip_address":"192.0.2.1",...}], JSON lines, {"data":[...]}. */
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "match/table.h"

enum { KEYS_MOST = 64 };

/* Where the rows stand. */
struct rows {
	struct json_slice slice;
	struct span lines; /* what is left of JSON lines */
	bool by_lines;
};

static bool
rows_begin(struct rows *r, struct span text)
{
	*r = (struct rows){};
	json_slice_init(&r->slice, text);
	if (text.len && text.ptr[0] == '[')
		return json_slice_array(&r->slice, NULL) == RC_OK;
	if (text.len == 0 || text.ptr[0] != '{')
		return false;
	if (json_slice_member(&r->slice, SPAN("data"), NULL) == RC_OK)
		return true;
	r->lines = text;
	r->by_lines = true;
	return true;
}

/* RC_NONE: the end; RC_BAD: no such text. */
static enum rc
rows_next(struct rows *r, struct span *row)
{
	if (!r->by_lines)
		return json_slice_next(&r->slice, row, NULL);
	while (r->lines.ptr && span_cut(&r->lines, '\n', row)) {
		*row = span_trim(*row);
		if (row->len)
			return RC_OK;
	}
	return RC_NONE;
}

static const struct json_limits limits = {.any_keys = true, .any_ints = true};

/* The columns of an object: its first KEYS_MOST members that are no containers. */
static size_t
read_keys(yyjson_val *root, struct span key[static KEYS_MOST], bool *valued)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	size_t count = 0;
	*valued = false;
	for (yyjson_val *name; count < KEYS_MOST && (name = yyjson_obj_iter_next(&it));) {
		yyjson_val *val = yyjson_obj_iter_get_val(name);
		if (yyjson_is_ctn(val))
			continue;
		key[count++] = json_span(name);
		*valued |= yyjson_is_str(val) && column_is_value(column_of(json_span(name)));
	}
	return count;
}

/* The first row, when it names a value and is none of STIX's or MISP's objects. */
static bool
read_first(struct span row, yyjson_doc **doc, struct span key[static KEYS_MOST], size_t *count)
{
	bool valued;
	if (json_read(row, &limits, doc, NULL))
		return false;
	yyjson_val *root = yyjson_doc_get_root(*doc);
	bool stix = json_get(root, "type") &&
		    span_find(json_get_span(root, "id"), SPAN("--")) != SIZE_MAX;
	if (!yyjson_is_obj(root) || stix || json_get(root, "Attribute") || json_get(root, "Event"))
		return false;
	*count = read_keys(root, key, &valued);
	return valued;
}

bool
table_is_json(struct span head)
{
	struct rows r;
	struct span row, key[KEYS_MOST];
	own_json yyjson_doc *doc = NULL;
	size_t count;
	head = span_trim(head);
	return rows_begin(&r, head) && !rows_next(&r, &row) && read_first(row, &doc, key, &count);
}

static void
write_cell(struct buf *out, yyjson_val *val)
{
	char number[32];
	if (yyjson_is_str(val)) {
		csv_write(out, json_span(val), ',');
		return;
	}
	if (yyjson_is_bool(val))
		snprintf(number, sizeof number, "%d", yyjson_get_bool(val));
	else if (yyjson_is_int(val))
		snprintf(number, sizeof number, "%lld", (long long)yyjson_get_sint(val));
	else
		return;
	buf_add(out, span_of(number));
}

/* A row of a table; one of no object is a row without a value, which its reader tells. */
static void
write_row(struct buf *out, struct span row, const struct span *key, size_t count)
{
	own_json yyjson_doc *doc = NULL;
	yyjson_val *root = json_read(row, &limits, &doc, NULL) ? NULL : yyjson_doc_get_root(doc);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_byte(out, ',');
		if (yyjson_is_obj(root))
			write_cell(out, yyjson_obj_getn(root, key[i].ptr, key[i].len));
	}
	if (count == 1)
		buf_add_byte(out, ','); /* a blank line would be none */
	buf_add_byte(out, '\n');
}

bool
table_of_json(struct span text, struct buf *out)
{
	struct rows r;
	struct span row, key[KEYS_MOST];
	own_json yyjson_doc *doc = NULL;
	size_t count;
	text = span_trim(text);
	if (!rows_begin(&r, text) || rows_next(&r, &row) || !read_first(row, &doc, key, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_byte(out, ',');
		/* Any text may be a key; a name that says nothing stands for those that do not matter here. */
		csv_write(out, column_of(key[i]) == COLUMN_NONE ? SPAN("other") : key[i], ',');
	}
	/* A table's header names two columns at least. */
	buf_add(out, count == 1 ? SPAN(",type\n") : SPAN("\n"));
	enum rc code = RC_OK;
	do {
		write_row(out, row, key, count);
		code = rows_next(&r, &row);
	} while (!code);
	return code == RC_NONE;
}
