#include "feed/misp_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "feed/misp_event-internal.h"
#include "pattern/syntax.h"

/* ---- attributes ---- */

static const char *
detect(struct event *ev, struct thing *t, const struct misp_type *type, struct span value,
	int64_t until)
{
	own_buf struct buf pattern = {};
	struct diag why = {};
	if (type->class == MISP_RULE) {
		struct span comment = json_get_span(t->val, "comment");
		struct span name = comment.len
					   ? comment
					   : arena_printf(&ev->scratch, "%s: %.*s", type->name,
						     (int)(ev->info.len < 200 ? ev->info.len : 200),
						     ev->info.ptr);
		make_indicator(ev, t, name, value, type->rule, until);
		return NULL;
	}
	if (type->class != MISP_VALUE && type->class != MISP_VULNERABILITY)
		return "meant for detection, but no pattern says this; kept as a note";
	if (misp_is_context(type))
		return "says nothing by itself; kept as a note";
	buf_add_byte(&pattern, '[');
	enum rc code = misp_comparison(type, value, &ev->scratch, &pattern, &why);
	if (code == RC_UNKNOWN)
		return "meant for detection, but no pattern says this; kept as a note";
	if (code)
		return "not what its type says; kept as a note";
	buf_add_byte(&pattern, ']');
	make_indicator(ev, t, value, buf_span(&pattern), "stix", until);
	return NULL;
}

static void
attribute(struct event *ev, yyjson_val *val, const char *kind, enum tlp floor)
{
	struct thing t;
	own_buf struct buf members = {};
	own_made_ids struct made_ids ids = {};
	struct span value = make_value(ev, val), name = json_get_span(val, "type");
	size_t expired = 0;
	if (value.len == 0 || name.len == 0) {
		make_left_out(ev, val, "an attribute without type or value");
		return;
	}
	make_begin(ev, val, kind, &t);
	t.level = tlp_strictest(t.level, floor);
	const struct misp_type *type = misp_type_find(name);
	make_keep(ev, &members, &t, make_attribute_drop);
	int64_t until = make_expirations(val, &members, &expired);
	if (expired) { /* no edit of the attribute, yet another version of the indicator */
		t.modified = (ev->sighted > t.modified ? ev->sighted : t.modified) +
			     (int64_t)(expired % 1000) * 1000;
	}
	bool to_ids = misp_flag(val, "to_ids"), done = false;
	if (to_ids || type->class == MISP_RULE) {
		const char *fault = detect(ev, &t, type, value, until);
		if (fault)
			make_left_out(ev, val, fault);
		done = !fault;
	} else if (type->class == MISP_VALUE) {
		make_observables(ev, type, value, &ids);
		if (ids.text.len)
			make_observed(ev, &t, buf_span(&ids.text));
		done = ids.text.len > 0;
	}
	if (!done && type->class == MISP_VULNERABILITY)
		make_vulnerability(ev, &t, value);
	else if (!done)
		make_note(ev, &t, name, value);
	make_finish(ev, &t, buf_span(&members));
	struct thing of = t;
	make_sightings(ev, val, &of);
	make_proposals(ev, val);
}

/* ---- objects ---- */

struct parts {
	struct buf pattern; /* comparisons joined by OR */
	struct span name;
	size_t deciding;
};

static void
part_add(struct event *ev, struct parts *p, yyjson_val *val)
{
	struct span value = make_value(ev, val);
	const struct misp_type *type = misp_type_find(json_get_span(val, "type"));
	struct diag why = {};
	if (misp_flag(val, "deleted") || !misp_flag(val, "to_ids") || value.len == 0 ||
		type->class != MISP_VALUE || misp_is_context(type))
		return;
	size_t before = p->pattern.len;
	if (before)
		buf_add(&p->pattern, SPAN(" OR "));
	enum rc code = misp_comparison(type, value, &ev->scratch, &p->pattern, &why);
	if (code) {
		p->pattern.len = before;
		make_left_out(ev, val,
			"meant for detection, but no pattern says this; kept with its object");
		return;
	}
	if (p->deciding++ == 0)
		p->name = value;
}

/* A name says little where a hash of the same object is there. */
static bool
is_weak(yyjson_val *val, bool hashed)
{
	return hashed && span_eq(json_get_span(val, "type"), SPAN("filename"));
}

static bool
has_hash(yyjson_val *attributes)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL) {
		struct span type = json_get_span(val, "type");
		if (misp_flag(val, "to_ids") && !misp_flag(val, "deleted") &&
			(span_starts(type, SPAN("sha")) || span_eq(type, SPAN("md5"))))
			return true;
	}
	return false;
}

/* Rules and vulnerabilities are objects of their own, beside the one that stands for their object. */
static void
object_parts(struct event *ev, yyjson_val *attributes, enum tlp level, struct parts *p)
{
	bool hashed = has_hash(attributes);
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL) {
		const struct misp_type *type = misp_type_find(json_get_span(val, "type"));
		if (type->class == MISP_RULE || type->class == MISP_VULNERABILITY)
			attribute(ev, val, "part", level);
		else if (!is_weak(val, hashed))
			part_add(ev, p, val);
	}
}

static void
object_observables(struct event *ev, yyjson_val *attributes, struct made_ids *ids)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL)
		if (!misp_flag(val, "deleted"))
			make_observables(ev, misp_type_find(json_get_span(val, "type")),
				make_value(ev, val), ids);
}

static int64_t
newest_stamp(yyjson_val *attributes, int64_t at)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL) {
		int64_t stamp = misp_time(json_get(val, "timestamp"));
		if (stamp > at)
			at = stamp;
	}
	return at;
}

/* The attributes of an object as they came, in its order, with what is known of their expiry. */
static int64_t
keep_attributes(struct event *ev, yyjson_val *attributes, struct buf *members, size_t *expired)
{
	own_buf struct buf list = {};
	int64_t until = TIME_NONE;
	size_t lost = 0, count = 0;
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	yyjson_val *val;
	buf_add(members, SPAN(",\"misp_attributes\":["));
	while ((val = yyjson_arr_iter_next(&it)) != NULL) {
		size_t n = 0;
		size_t before = members->len;
		if (count)
			buf_add_byte(members, ',');
		size_t start = members->len;
		misp_keep(members, val, make_attribute_drop, &lost);
		if (members->len == start || members->ptr[start] != '{') {
			members->len = before; /* none of its members can be kept */
			lost++;
			continue;
		}
		count++;
		buf_reset(&list);
		int64_t at = make_expirations(val, &list, &n);
		if (n) {
			members->len--;
			buf_add(members, buf_span(&list));
			buf_add_byte(members, '}');
			*expired += n;
			until = at > until ? at : until;
		}
	}
	buf_add_byte(members, ']');
	if (count == 0)
		members->len -= strlen(",\"misp_attributes\":[]");
	if (lost)
		make_left_out(ev, ev->root, "members whose names no STIX dictionary can have");
	return until;
}

static void
object(struct event *ev, yyjson_val *val)
{
	struct thing t;
	struct parts p = {};
	own_buf struct buf members = {};
	own_made_ids struct made_ids ids = {};
	yyjson_val *attributes = json_get(val, "Attribute"), *one;
	struct span name = json_get_span(val, "name");
	size_t expired = 0;
	make_begin(ev, val, "object", &t);
	t.modified = newest_stamp(attributes, t.modified);
	/* The strictest of its parts speaks for all. */
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	while ((one = yyjson_arr_iter_next(&it)) != NULL)
		t.level = tlp_strictest(t.level, make_level(ev, one, t.level));
	object_parts(ev, attributes, t.level, &p);
	if (p.pattern.len > PATTERN_BYTES_MAX - 2) {
		make_left_out(ev, val, "meant for detection, but too much for one pattern; kept");
		p.deciding = 0;
	}
	if (p.deciding == 0)
		object_observables(ev, attributes, &ids);
	make_keep(ev, &members, &t, make_attribute_drop);
	int64_t until = keep_attributes(ev, attributes, &members, &expired);
	if (expired)
		t.modified = (ev->sighted > t.modified ? ev->sighted : t.modified) +
			     (int64_t)(expired % 1000) * 1000;
	if (p.deciding) {
		own_buf struct buf pattern = {};
		buf_printf(&pattern, "[%.*s]", (int)p.pattern.len, p.pattern.ptr);
		make_indicator(ev, &t, p.name, buf_span(&pattern), "stix", until);
	} else if (ids.text.len) {
		make_observed(ev, &t, buf_span(&ids.text));
	} else {
		struct span comment = json_get_span(val, "comment");
		make_note(ev, &t, name.len ? name : SPAN("object"), comment.len ? comment : name);
	}
	make_finish(ev, &t, buf_span(&members));
	it = yyjson_arr_iter_with(attributes);
	struct thing of = t;
	while ((one = yyjson_arr_iter_next(&it)) != NULL) {
		const struct misp_type *type = misp_type_find(json_get_span(one, "type"));
		if (type->class == MISP_RULE || type->class == MISP_VULNERABILITY)
			continue;
		make_sightings(ev, one, &of);
		make_proposals(ev, one);
	}
	buf_fini(&p.pattern);
}

/* ---- the event itself ---- */

static void
event_reports(struct event *ev)
{
	static const char *const drop[] = {"Event", "warnings", NULL};
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(ev->root, "EventReport"));
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL) {
		struct thing t;
		own_buf struct buf members = {};
		make_begin(ev, val, "report", &t);
		make_keep(ev, &members, &t, drop);
		make_note(ev, &t, json_get_span(val, "name"), json_get_span(val, "content"));
		make_finish(ev, &t, buf_span(&members));
	}
}

static void
report(struct event *ev)
{
	static const char *const drop[] = {"Attribute", "Object", "EventReport", "RelatedEvent",
		"ShadowAttribute", "Sighting", "Feed", "warnings", "attribute_count",
		"publish_timestamp", "sighting_timestamp", "proposal_email_lock", "locked",
		"event_creator_email", "CryptographicKey", "protected", "distribution_name", NULL};
	struct thing t = {.val = ev->root, .kind = "event", .modified = ev->stamp};
	own_buf struct buf members = {};
	int64_t published = misp_time(json_get(ev->root, "publish_timestamp"));
	memcpy(t.uuid, ev->uuid, sizeof t.uuid);
	if (published > t.modified)
		t.modified = published; /* publishing is no edit there, and a version here */
	t.level = make_level(ev, ev->root, misp_distribution_tlp(ev->distribution));
	make_keep(ev, &members, &t, drop);
	make_head(ev, "report", ev->author, &t);
	make_labels(ev, ev->root);
	make_text(ev, "name", ev->info.len ? ev->info : SPAN("(no title)"));
	make_time(ev, "published", ev->date);
	buf_printf(&ev->out->text, ",\"object_refs\":[");
	if (ev->refs.len)
		buf_add(&ev->out->text, buf_span(&ev->refs));
	else
		buf_printf(&ev->out->text, "\"%s\"", ev->author);
	buf_add_byte(&ev->out->text, ']');
	make_finish(ev, &t, buf_span(&members));
}

/* The event's uuid; one that no server has seen yet may lack it and gets one made of its content. */
static enum rc
event_name(struct event *ev, struct diag *why)
{
	static const char *const parts[] = {"info", "Attribute", "Object", "EventReport"};
	struct span wanted = ev->plan->event;
	bool some = false;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		some = some || json_get(ev->root, parts[i]);
	if (!some)
		return diag_fail(why, RC_BAD, "no MISP event");
	if (!misp_uuid(ev->root, "uuid", ev->uuid)) {
		own_buf struct buf text = {};
		if (wanted.len)
			return diag_fail(why, RC_BAD, "no MISP event with a uuid");
		buf_add(&text, SPAN("event "));
		json_write(&text, ev->root);
		misp_uuid_of(buf_span(&text), ev->uuid);
	}
	diag_where(why, "event %s", ev->uuid);
	if (wanted.len && !span_eq_fold(json_get_span(ev->root, "uuid"), wanted))
		return diag_fail(why, RC_BAD, "another event than was asked for");
	/* An index tells that there are attributes, and not which: its entry is not the event. */
	if (!json_get(ev->root, "Attribute") && !json_get(ev->root, "Object") &&
		misp_number(ev->root, "attribute_count", 0) > 0)
		return diag_fail(why, RC_BAD, "an index's entry, without the event's attributes");
	return RC_OK;
}

static enum rc
event_begin(struct event *ev, struct diag *why)
{
	enum rc code = event_name(ev, why);
	if (code)
		return code;
	ev->info = json_get_span(ev->root, "info");
	ev->stamp = misp_time(json_get(ev->root, "timestamp"));
	ev->date = misp_time(json_get(ev->root, "date"));
	if (ev->stamp == TIME_NONE)
		ev->stamp = ev->date != TIME_NONE ? ev->date : 0;
	if (ev->date == TIME_NONE)
		ev->date = ev->stamp;
	ev->sighted = misp_time(json_get(ev->root, "sighting_timestamp"));
	ev->tag_level = make_tags_level(ev->root);
	ev->distribution = (int)misp_number(ev->root, "distribution", 5);
	if (!make_organisation(ev, json_get(ev->root, "Orgc"), ev->author))
		snprintf(ev->author, sizeof ev->author, "%.*s", (int)ev->plan->author.len,
			ev->plan->author.ptr);
	return RC_OK;
}

enum rc
misp_event_read(
	yyjson_val *root, const struct in_plan *plan, struct misp_objects *out, struct diag *why)
{
	struct event ev = {.root = root, .plan = plan, .out = out};
	yyjson_val *val;
	enum rc code = event_begin(&ev, why);
	if (code)
		return code;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(root, "Attribute"));
	while ((val = yyjson_arr_iter_next(&it)) != NULL)
		attribute(&ev, val, "attribute", TLP_NONE);
	it = yyjson_arr_iter_with(json_get(root, "Object"));
	while ((val = yyjson_arr_iter_next(&it)) != NULL)
		object(&ev, val);
	event_reports(&ev);
	make_proposals(&ev, root);
	report(&ev);
	arena_fini(&ev.scratch);
	buf_fini(&ev.refs);
	seen_fini(&ev.organisations);
	return RC_OK;
}

void
misp_objects_reset(struct misp_objects *m)
{
	buf_reset(&m->text);
	m->all.len = 0;
}

void
misp_objects_fini(struct misp_objects *m)
{
	buf_fini(&m->text);
	free(m->all.at);
	*m = (struct misp_objects){};
}

void
misp_constants(struct misp_objects *out)
{
	static const struct {
		const char *id, *text;
	} table[] = {
		{MISP_EXTENSION_AUTHOR,
			"{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":"
			"\"" MISP_EXTENSION_AUTHOR
			"\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":"
			"\"2026-01-01T00:00:00.000Z\",\"name\":\"Tocsin\",\"identity_class\":"
			"\"system\","
			"\"object_marking_refs\":[\"marking-definition--94868c89-83c2-464b-929b-"
			"a1a8aa3c8487\"]}"},
		{MISP_EXTENSION,
			"{\"type\":\"extension-definition\",\"spec_version\":\"2.1\",\"id\":"
			"\"" MISP_EXTENSION "\",\"created_by_ref\":\"" MISP_EXTENSION_AUTHOR
			"\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":"
			"\"2026-01-01T00:00:00.000Z\",\"name\":\"MISP "
			"event\",\"description\":\"What a "
			"MISP event, object, attribute or sighting says that STIX has no word "
			"for.\",\"schema\":\"see doc/misp.md of Tocsin\",\"version\":\"1.0.0\","
			"\"extension_types\":[\"property-extension\"],\"object_marking_refs\":["
			"\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487\"]}"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct span text = span_of(table[i].text);
		struct misp_made *m = vec_add(&out->all);
		*m = (struct misp_made){.at = out->text.len, .len = text.len, .fixed = true};
		m->id_at = m->at + span_find(text, SPAN("\"id\":\"")) + 6;
		m->id_len = strlen(table[i].id);
		buf_add(&out->text, text);
	}
}
