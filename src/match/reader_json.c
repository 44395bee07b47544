/*
 * JSON, one value a line: Zeek's, Suricata's EVE, the Elastic Common Schema's (field reference 8: @timestamp,
 * source.*, destination.*, url.*, nested or with dots in their keys), Windows events as Winlogbeat (winlog.*),
 * EvtxECmd (Payload), evtx_dump ("#attributes", "#text") and PowerShell ("/Date(MS)/") write them, anybody's.
 * Keys are read as well as values.
 */
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "codec/json.h"
#include "match/reader-internal.h"
#include "match/stamp.h"
#include "match/told.h"

struct walk {
	struct reading *r;
	struct record *out;
	size_t strings;	  /* seen so far: the number of the next one */
	int rank;	  /* of the name that gave the time */
	int64_t system;	  /* that of a Windows event's header, TIME_NONE: none */
	bool lean;	  /* strings that say nothing of a hit become no fields */
	const char *pool; /* nothing has escapes: strings lie there as in the text; else NULL */
	size_t base;	  /* of the text, in the places */
	struct spot_walk spots;
};

/* .NET's "/Date(1764228430000)/" */
static struct span
without_date(struct span text)
{
	static const struct span before = SPAN("/Date("), behind = SPAN(")/");
	if (!span_starts(text, before) || !span_ends(text, behind))
		return text;
	return span_sub(text, before.len, text.len - before.len - behind.len);
}

static void
take_time(struct walk *w, struct span name, yyjson_val *val)
{
	int rank = time_name_rank(name, w->rank);
	if (!rank)
		return;
	int64_t at = TIME_NONE;
	if (yyjson_is_obj(val)) /* MongoDB's {"t":{"$date":"..."}} */
		val = json_get(val, "$date");
	if (yyjson_is_str(val)) {
		at = stamp_of_value(without_date(json_span(val)), w->r->reference);
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
	struct field *f = record_add(w->r);
	f->name = name;
	f->value = json_span(val);
	f->at = w->strings++;
	f->coding = FIELD_JSON;
	f->stands = json_stands(w->r->doc, w->out->text, f->value);
}

/* Whether URLs or events may be made of a member of this name. */
static bool
is_made_of(struct span name)
{
	if (name.len < 3 || mutant(1851))
		return false;
	switch (name.ptr[name.len - 1]) {
	case 't': return span_ends(name, SPAN("host"));
	case 'i': return span_ends(name, SPAN("uri"));
	case 'l': return span_ends(name, SPAN("url"));
	case 'n': return span_ends(name, SPAN("domain"));
	case 'h': return span_ends(name, SPAN("path"));
	case 'y': return span_ends(name, SPAN("query"));
	case 'e': return span_ends(name, SPAN("hostname"));
	case 'd': return span_ends(name, SPAN("Payload"));
	default: return false;
	}
}

/* Whether a string, the next in the order of the text, becomes a field. */
static bool
is_told(struct walk *w, struct span name, yyjson_val *val)
{
	struct span text = {unsafe_yyjson_get_str(val), unsafe_yyjson_get_len(val)};
	const struct spots *spots = w->spots.spots;
	/* Most strings lie behind the last place or before the next: that is all there is to ask. */
	if (w->pool) {
		size_t at = (size_t)(text.ptr - w->pool);
		const struct sweep_place *next = spots->at + w->spots.next,
					 *end = spots->at + spots->count;
		while (next < end && next->at < w->base + at)
			next++;
		w->spots.next = (size_t)(next - spots->at);
		return (next < end && next->at < w->base + at + text.len) || is_made_of(name);
	}
	const char *stands = json_stands(w->r->doc, w->out->text, text);
	return !stands || spot_lies_in(&w->spots, stands, text.len) || is_made_of(name);
}

static void
tell_string(struct walk *w, struct span name, yyjson_val *val)
{
	if (!w->lean || is_told(w, name, val))
		add_string(w, name, val);
	else
		w->strings++;
}

/* Whether a member says nothing of a hit: neither its name nor its value holds a place, nor is anything made of them. */
static bool
is_silent(struct walk *w, yyjson_val *key, yyjson_val *member)
{
	if (!w->pool || yyjson_is_ctn(member) || w->r->numbers)
		return false;
	bool text = yyjson_is_str(member);
	yyjson_val *last = text ? member : key;
	struct span name = {unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key)};
	size_t from = w->base + (size_t)(name.ptr - w->pool);
	size_t to = w->base + (size_t)(unsafe_yyjson_get_str(last) - w->pool) +
		    unsafe_yyjson_get_len(last);
	const struct spots *spots = w->spots.spots;
	while (w->spots.next < spots->count && spots->at[w->spots.next].at < from)
		w->spots.next++;
	if (w->spots.next < spots->count && spots->at[w->spots.next].at < to && !mutant(1860))
		return false;
	return !text || !(is_made_of(name) || span_eq(name, SPAN("#text")));
}

/* <TimeCreated SystemTime="..."/>, however its attributes are spelled in JSON. */
static void
take_system_time(struct walk *w, struct span path, struct span name, yyjson_val *val)
{
	static const struct span system = SPAN("SystemTime");
	if (name.len != system.len && name.len != system.len + 1)
		return;
	if (span_starts(name, SPAN("@")))
		name = span_sub(name, 1, SIZE_MAX);
	if (w->system == TIME_NONE && span_eq(name, system) && yyjson_is_str(val) &&
		span_find(path, SPAN("TimeCreated")) != SIZE_MAX)
		w->system = stamp_of_value(json_span(val), w->r->reference);
}

/*
 * {"@Name":"DestinationIp","#text":"..."} and {"#attributes":{"Name":"..."},"#text":"..."} in "...Data": what the
 * value is called, beside the path of Data; else the path as it is.
 */
static struct span
data_path(struct walk *w, struct span path, yyjson_val *data)
{
	yyjson_val *name = json_get(data, "@Name");
	if (!name && json_get(data, "#attributes"))
		name = json_get(json_get(data, "#attributes"), "Name");
	struct span called = yyjson_is_str(name) ? json_span(name) : (struct span){};
	if (!called.len || called.len >= 256 || !span_ends(path, SPAN("Data")))
		return path;
	struct span parent = span_sub(path, 0, path.len - 4); /* with its dot; "Event" in front */
	if (parent.len && parent.ptr[parent.len - 1] != '.')
		parent = path; /* "EventData" itself */
	return arena_printf(&w->r->arena, "%.*s%s%.*s", (int)parent.len, parent.ptr,
		parent.len == path.len ? "." : "", (int)called.len, called.ptr);
}

/* Whether a number of this name may be a port, a count of bytes ...: most are not, and cost nothing then. */
static bool
may_tell(struct span name)
{
	static const char ends[][3] = {"rt", "nt", "_p", "es", "ts", "er", "ze", "id"};
	for (size_t i = 0; name.len >= 2 && i < sizeof ends / sizeof *ends; i++)
		if (ascii_lower(name.ptr[name.len - 1]) == ends[i][1] &&
			ascii_lower(name.ptr[name.len - 2]) == ends[i][0])
			return true;
	return false;
}

/* No observable is a number, but ports are told as such. */
static void
add_number(struct walk *w, struct span name, yyjson_val *val)
{
	if (!w->r->numbers || !yyjson_is_uint(val) || !may_tell(name) ||
		!told_is_number(field_tells(name)))
		return;
	struct field f = {.name = name, .coding = FIELD_MADE, .part = true};
	f.value = arena_printf(&w->r->arena, "%llu", (unsigned long long)yyjson_get_uint(val));
	record_field(w->r, f);
}

/* "dns.rrname" */
static struct span
join(struct walk *w, struct span path, struct span name)
{
	char *to = arena_bytes(&w->r->arena, path.len + 1 + name.len);
	memcpy(to, path.ptr, path.len);
	to[path.len] = '.';
	if (name.len)
		memcpy(to + path.len + 1, name.ptr, name.len);
	return (struct span){to, path.len + 1 + name.len};
}

static void
add_value(struct walk *w, struct span path, yyjson_val *val, unsigned depth)
{
	if (yyjson_is_str(val)) {
		tell_string(w, path, val);
	} else if (yyjson_is_num(val)) {
		add_number(w, path, val);
	} else if (yyjson_is_arr(val)) {
		yyjson_arr_iter it = yyjson_arr_iter_with(val);
		for (yyjson_val *item; (item = yyjson_arr_iter_next(&it));)
			add_value(w, path, item, depth + 1);
	} else if (yyjson_is_obj(val)) {
		yyjson_obj_iter it = yyjson_obj_iter_with(val);
		/* Elasticsearch wraps each event once more. */
		bool timed = depth == 0 || (depth == 1 && span_eq(path, SPAN("_source")));
		for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
			yyjson_val *member = yyjson_obj_iter_get_val(key);
			struct span name = json_span(key), full = name;
			if (timed)
				take_time(w, name, member);
			take_system_time(w, path, name, member);
			if (is_silent(w, key, member)) {
				w->strings += 1 + yyjson_is_str(member);
				continue;
			}
			tell_string(w, (struct span){}, key);
			bool is_text = depth && span_eq(name, SPAN("#text"));
			if (w->lean && !is_text && yyjson_is_str(member) &&
				!is_told(w, name, member)) {
				w->strings++;
				continue;
			}
			if (is_text)
				full = data_path(w, path, val);
			else if (path.len &&
				 (!yyjson_is_num(member) ||
					 (w->r->numbers && yyjson_is_uint(member) &&
						 may_tell(name))) &&
				 name.len < 256 && path.len < 1024)
				full = join(w, path, name);
			add_value(w, full, member, depth + 1);
		}
	}
}

/* Last bytes of the fields' names, a bit each: most names that are asked for are none's by that. */
static uint32_t
last_bytes(const struct reading *r)
{
	uint32_t all = 0;
	for (size_t i = 0; i < r->fields; i++) {
		struct span name = r->field[i].name;
		if (name.len)
			all |= UINT32_C(1) << (name.ptr[name.len - 1] & 31);
	}
	return all;
}

/* Elasticsearch wraps the document: "_source.url.path". */
static const struct field *
field_named(const struct reading *r, uint32_t last, struct span name)
{
	static const struct span source = SPAN("_source.");
	if (!(last >> (name.ptr[name.len - 1] & 31) & 1))
		return NULL;
	for (size_t i = 0; i < r->fields; i++) {
		struct span have = r->field[i].name;
		if (have.len < name.len || have.ptr[have.len - 1] != name.ptr[name.len - 1])
			continue;
		if (span_starts(have, source))
			have = span_sub(have, source.len, SIZE_MAX);
		if (span_eq(have, name))
			return &r->field[i];
	}
	return NULL;
}

/* Host and path as Zeek, Suricata and the Elastic Common Schema name them. */
static void
add_url(struct reading *r, uint32_t last)
{
	static const struct {
		struct span host, uri, query;
	} names[] = {
		{SPAN("host"), SPAN("uri"), {}},
		{SPAN("http.hostname"), SPAN("http.url"), {}},
		{SPAN("url.domain"), SPAN("url.path"), SPAN("url.query")},
		{SPAN("destination.domain"), SPAN("url.path"), SPAN("url.query")},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct field *uri = field_named(r, last, names[i].uri);
		const struct field *host = uri ? field_named(r, last, names[i].host) : NULL;
		const struct field *query =
			host && names[i].query.len ? field_named(r, last, names[i].query) : NULL;
		if (!host)
			continue;
		struct field h = *host, u = *uri, q = query ? *query : (struct field){};
		if (q.value.len && q.value.len <= 4000 && u.value.len <= 4000)
			u.value = arena_printf(&r->arena, "%.*s?%.*s", (int)u.value.len,
				u.value.ptr, (int)q.value.len, q.value.ptr);
		record_url(r, &h, &u);
	}
}

/* ---- EvtxECmd: a Windows event's data as JSON in a string ---- */

static void
add_payload_part(struct reading *r, size_t at, struct span name, yyjson_val *val)
{
	if (!yyjson_is_str(val) || !name.len || name.len >= 256)
		return;
	struct field f = {.at = at, .coding = FIELD_MADE, .by_string = true, .part = true};
	f.name = arena_printf(&r->arena, "Payload.EventData.%.*s", (int)name.len, name.ptr);
	f.value = arena_dup(&r->arena, json_span(val));
	record_field(r, f);
}

static void
add_payload(struct reading *r, uint32_t last)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true};
	own_json yyjson_doc *doc = NULL;
	const struct field *payload = field_named(r, last, SPAN("Payload"));
	if (!payload || payload->coding != FIELD_JSON || !span_starts(payload->value, SPAN("{")) ||
		json_read(payload->value, &limits, &doc, NULL))
		return;
	size_t at = payload->at;
	yyjson_val *data = json_get(yyjson_doc_get_root(doc), "EventData");
	yyjson_val *list = json_get(data, "Data");
	yyjson_arr_iter items = yyjson_arr_iter_with(list);
	for (yyjson_val *item; (item = yyjson_arr_iter_next(&items));) {
		yyjson_val *name = json_get(item, "@Name");
		if (yyjson_is_str(name))
			add_payload_part(r, at, json_span(name), json_get(item, "#text"));
	}
	yyjson_obj_iter members = yyjson_obj_iter_with(data);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));)
		add_payload_part(r, at, json_span(key), yyjson_obj_iter_get_val(key));
}

/* What one string shows holds for all where none has escapes. */
static void
find_pool(struct walk *w, yyjson_val *root)
{
	struct span text = w->out->text;
	if ((memchr(text.ptr, '\\', text.len) && !mutant(1850)) || !yyjson_is_obj(root) ||
		!yyjson_obj_size(root))
		return;
	struct span first = json_span(unsafe_yyjson_get_first(root));
	const char *stands = json_stands(w->r->doc, text, first);
	if (!stands)
		return;
	w->pool = first.ptr - (stands - text.ptr);
	w->base = (size_t)(text.ptr - w->out->spots.base);
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
	struct walk w = {.r = r, .out = out, .system = TIME_NONE, .spots = {&out->spots}};
	w.lean = r->lean && out->spots.count;
	if (w.lean)
		find_pool(&w, root);
	add_value(&w, (struct span){}, root, 0);
	if (out->time == TIME_NONE)
		out->time = w.system;
	uint32_t last = last_bytes(r);
	add_url(r, last);
	add_payload(r, last);
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

static int
ecs_sniff(struct span head)
{
	static const struct span marks[] = {SPAN("\"ecs\":"), SPAN("\"ecs.version\":"),
		SPAN("\"source\":{"), SPAN("\"source.ip\":"), SPAN("\"destination\":{"),
		SPAN("\"destination.ip\":"), SPAN("\"event\":{"), SPAN("\"event.kind\":"),
		SPAN("\"event.category\":"), SPAN("\"url\":{"), SPAN("\"agent\":{")};
	struct span line = head_line(head);
	if (!json_sniff(head) || !has(line, SPAN("\"@timestamp\":")))
		return 0;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (has(line, marks[i]))
			return 80;
	return 0;
}

static int
windows_json_sniff(struct span head)
{
	struct span line = head_line(head);
	if (!json_sniff(head))
		return 0;
	bool winlogbeat =
		has(line, SPAN("\"winlog\":{")) || has(line, SPAN("\"winlog.event_id\":"));
	bool evtxecmd = has(line, SPAN("\"Payload\":")) && has(line, SPAN("\"TimeCreated\":")) &&
			has(line, SPAN("\"Channel\":"));
	bool dump = has(line, SPAN("\"Event\":{")) && has(line, SPAN("\"System\":{"));
	/* What an event's Data holds are no events: more than json-documents is sure of that. */
	return dump ? 96 : winlogbeat || evtxecmd ? 88 : 0;
}

const struct reader reader_json = {"json", json_sniff, json_next, LINES_KEEP_LIKELY};
const struct reader reader_eve = {"eve", eve_sniff, json_next, LINES_KEEP_LIKELY};
const struct reader reader_zeek_json = {"zeek-json", zeek_json_sniff, json_next, LINES_KEEP_LIKELY};
const struct reader reader_ecs = {"ecs", ecs_sniff, json_next, LINES_KEEP_LIKELY};
const struct reader reader_windows_json = {
	"windows-json", windows_json_sniff, json_next, LINES_KEEP_LIKELY};
