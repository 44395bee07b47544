/* JSON, one value a line: Zeek's, Suricata's EVE, anybody's. Keys are read as well as values. */
#include <string.h>

#include "codec/json.h"
#include "match/reader-internal.h"
#include "match/stamp.h"

struct walk {
	struct reading *r;
	struct record *out;
	size_t strings; /* seen so far: the number of the next one */
	int rank;	/* of the name that gave the time */
};

static void
take_time(struct walk *w, struct span name, yyjson_val *val)
{
	int rank = time_name_rank(name);
	if (rank <= w->rank)
		return;
	int64_t at = TIME_NONE;
	if (yyjson_is_obj(val)) /* MongoDB's {"t":{"$date":"..."}} */
		val = json_get(val, "$date");
	if (yyjson_is_str(val)) {
		at = stamp_of_value(json_span(val), w->r->reference);
	} else if (yyjson_is_num(val)) {
		double seconds = yyjson_get_num(val);
		if (seconds > 1e11)
			seconds /= seconds > 1e17 ? 1e9 : seconds > 1e14 ? 1e6 : 1e3;
		if (seconds >= 1e7 && seconds < 253402300800.0)
			at = (int64_t)(seconds * 1e6 + 0.5);
	}
	if (at != TIME_NONE) {
		w->out->time = at;
		w->rank = rank;
	}
}

static void
add_string(struct walk *w, struct span name, yyjson_val *val)
{
	record_field(w->r, (struct field){.name = name,
				   .value = json_span(val),
				   .at = w->strings++,
				   .coding = FIELD_JSON});
}

static void
add_value(struct walk *w, struct span path, yyjson_val *val, unsigned depth)
{
	if (yyjson_is_str(val)) {
		add_string(w, path, val);
	} else if (yyjson_is_arr(val)) {
		yyjson_arr_iter it = yyjson_arr_iter_with(val);
		for (yyjson_val *item; (item = yyjson_arr_iter_next(&it));)
			add_value(w, path, item, depth + 1);
	} else if (yyjson_is_obj(val)) {
		yyjson_obj_iter it = yyjson_obj_iter_with(val);
		for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
			yyjson_val *member = yyjson_obj_iter_get_val(key);
			struct span name = json_span(key), full = name;
			add_string(w, (struct span){}, key);
			/* Elasticsearch wraps each event once more. */
			if (depth == 0 || (depth == 1 && span_eq(path, SPAN("_source"))))
				take_time(w, name, member);
			if (path.len && yyjson_is_ctn(val) && !yyjson_is_num(member) &&
				name.len < 256 && path.len < 1024)
				full = arena_printf(&w->r->arena, "%.*s.%.*s", (int)path.len,
					path.ptr, (int)name.len, name.ptr);
			add_value(w, full, member, depth + 1);
		}
	}
}

static const struct field *
field_named(const struct reading *r, struct span name)
{
	for (size_t i = 0; i < r->fields; i++)
		if (span_eq(r->field[i].name, name))
			return &r->field[i];
	return NULL;
}

/* Host and path as Zeek, Suricata and the Elastic Common Schema name them. */
static void
add_url(struct reading *r)
{
	static const struct span pairs[][2] = {
		{SPAN("host"), SPAN("uri")},
		{SPAN("http.hostname"), SPAN("http.url")},
		{SPAN("url.domain"), SPAN("url.path")},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const struct field *uri = field_named(r, pairs[i][1]);
		const struct field *host = uri ? field_named(r, pairs[i][0]) : NULL;
		if (host) {
			struct field h = *host, u = *uri;
			record_url(r, &h, &u);
		}
	}
}

bool
json_fields(struct reading *r, struct record *out)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true};
	json_free(&r->doc);
	if (json_read(out->text, &limits, &r->doc, NULL))
		return false;
	yyjson_val *root = yyjson_doc_get_root(r->doc);
	if (!yyjson_is_ctn(root))
		return false;
	struct walk w = {r, out, 0, 0};
	add_value(&w, (struct span){}, root, 0);
	add_url(r);
	record_finish(r, out);
	return true;
}

static enum rc
json_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (!code && !json_fields(r, out))
		record_text(r, out);
	return code;
}

static int
json_sniff(struct span head)
{
	struct span line = head_line(head);
	return line.len && line.ptr[0] == '{' ? 50 : 0;
}

static bool
has(struct span line, struct span key)
{
	return span_find(line, key) != SIZE_MAX;
}

static int
eve_sniff(struct span head)
{
	struct span line = head_line(head);
	return json_sniff(head) && has(line, SPAN("\"event_type\":")) &&
			       has(line, SPAN("\"timestamp\":"))
		       ? 90
		       : 0;
}

static int
zeek_json_sniff(struct span head)
{
	struct span line = head_line(head);
	if (!json_sniff(head) || !has(line, SPAN("\"ts\":")))
		return 0;
	return has(line, SPAN("\"uid\":")) || has(line, SPAN("\"_path\":")) ||
			       has(line, SPAN("\"id.orig_h\":"))
		       ? 90
		       : 0;
}

const struct reader reader_json = {"json", json_sniff, json_next, LINES_KEEP_LIKELY};
const struct reader reader_eve = {"eve", eve_sniff, json_next, LINES_KEEP_LIKELY};
const struct reader reader_zeek_json = {"zeek-json", zeek_json_sniff, json_next, LINES_KEEP_LIKELY};
