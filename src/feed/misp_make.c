/* Parts of MISP events as STIX objects: how each kind of object is written. */
#include "feed/misp_event-internal.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "codec/json.h"

void
make_left_out(struct event *ev, yyjson_val *about, const char *what)
{
	struct buf *to = &ev->out->text;
	struct span uuid = json_get_span(about, "uuid"), type = json_get_span(about, "type");
	if (type.len == 0)
		type = json_get_span(about, "name");
	struct misp_made *m = vec_add(&ev->out->all);
	*m = (struct misp_made){.at = to->len, .left_out = true};
	buf_printf(to, "event %s, %.*s\t%.*s: %s", ev->uuid, (int)(uuid.len < 36 ? uuid.len : 36),
		uuid.len ? uuid.ptr : "", (int)(type.len < 40 ? type.len : 40),
		type.len ? type.ptr : "?", what);
	m->len = to->len - m->at;
}

/* ---- what every object has ---- */

void
make_head(struct event *ev, const char *type, const char *author, struct thing *t)
{
	struct buf *to = &ev->out->text;
	char created[TIME_TEXT], modified[TIME_TEXT];
	time_text_ms(ev->date < t->modified ? ev->date : t->modified, created);
	time_text_ms(t->modified, modified);
	struct misp_made *m = vec_add(&ev->out->all);
	*m = (struct misp_made){.at = to->len};
	snprintf(t->id, sizeof t->id, "%s--%s", type, t->uuid);
	buf_printf(to, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"", type);
	m->id_at = to->len;
	m->id_len = strlen(t->id);
	buf_printf(to, "%s\",\"created_by_ref\":\"%s\",\"created\":\"", t->id, author);
	m->created_at = to->len;
	buf_printf(to, "%s\",\"modified\":\"", created);
	m->modified_at = to->len;
	buf_printf(to, "%s\"", modified);
	if (t->revoked)
		buf_add(to, SPAN(",\"revoked\":true"));
	t->made = m;
}

void
make_text(struct event *ev, const char *key, struct span value)
{
	if (value.len == 0)
		return;
	buf_printf(&ev->out->text, ",\"%s\":", key);
	json_write_string(&ev->out->text, value);
}

void
make_time(struct event *ev, const char *key, int64_t at)
{
	char text[TIME_TEXT];
	time_text_ms(at, text);
	buf_printf(&ev->out->text, ",\"%s\":\"%s\"", key, text);
}

/* Tags that are no TLP as labels, and the confidence that one of them may name. */
void
make_labels(struct event *ev, yyjson_val *val)
{
	struct buf *to = &ev->out->text;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(val, "Tag"));
	yyjson_val *tag;
	int confidence = -1;
	size_t count = 0;
	while ((tag = yyjson_arr_iter_next(&it)) != NULL) {
		struct span name = json_get_span(tag, "name");
		if (misp_tag_confidence(name) >= 0)
			confidence = misp_tag_confidence(name);
		if (name.len == 0 || misp_tag_tlp(name) != TLP_NONE)
			continue;
		buf_add(to, count++ ? SPAN(",") : SPAN(",\"labels\":["));
		json_write_string(to, name);
	}
	if (count)
		buf_add_byte(to, ']');
	if (confidence >= 0)
		buf_printf(to, ",\"confidence\":%d", confidence);
}

enum tlp
make_tags_level(yyjson_val *val)
{
	enum tlp level = TLP_NONE;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(val, "Tag"));
	yyjson_val *tag;
	while ((tag = yyjson_arr_iter_next(&it)) != NULL)
		level = tlp_strictest(level, misp_tag_tlp(json_get_span(tag, "name")));
	return level;
}

/*
 * The nearest tlp tag decides, and where there is none the distribution; distribution 0 stays here
 * whatever the tags say.
 */
enum tlp
make_level(const struct event *ev, yyjson_val *val, enum tlp inherited)
{
	int distribution = (int)misp_number(val, "distribution", 5);
	enum tlp level = make_tags_level(val);
	if (distribution == 0 || ev->distribution == 0)
		return TLP_RED;
	if (level != TLP_NONE)
		return level;
	level = misp_distribution_tlp(distribution);
	if (ev->tag_level !=
		TLP_NONE) /* of the event; what it spreads itself less, stays narrower */
		return val == ev->root ? ev->tag_level : tlp_strictest(level, ev->tag_level);
	return level != TLP_NONE ? level : inherited;
}

/* Closes an object: its marking, and the extension with `members` of its own. */
void
make_finish(struct event *ev, struct thing *t, struct span members)
{
	struct buf *to = &ev->out->text;
	const struct tlp_marking *marking = tlp_marking_of(t->level);
	if (marking)
		buf_printf(to, ",\"object_marking_refs\":[\"%.*s\"]", (int)marking->id.len,
			marking->id.ptr);
	buf_printf(to,
		",\"extensions\":{\"" MISP_EXTENSION
		"\":{\"extension_type\":\"property-extension\",\"misp_kind\":\"%s\","
		"\"misp_event_uuid\":\"%s\"",
		t->kind, ev->uuid);
	buf_add(to, members);
	buf_add(to, SPAN("}}}"));
	t->made->len = to->len - t->made->at;
	if (strcmp(t->kind, "event") != 0)
		buf_printf(&ev->refs, "%s\"%s\"", ev->refs.len ? "," : "", t->id);
}

const char *const make_attribute_drop[] = {"Sighting", "ShadowAttribute", "RelatedAttribute",
	"warnings", "decay_score", "event_uuid", "Event", "Attribute", NULL};

/* Appends ,"misp_NAME":{...}: the thing as it came. */
void
make_keep(struct event *ev, struct buf *members, const struct thing *t, const char *const *drop)
{
	size_t lost = 0, before = members->len;
	buf_printf(members, ",\"misp_%s\":", t->kind);
	size_t start = members->len;
	misp_keep(members, t->val, drop, &lost);
	if (members->len == start)
		members->len = before;
	if (lost)
		make_left_out(ev, t->val, "members whose names no STIX dictionary can have");
}

/* A fixed object of an organisation; id receives "identity--...". False: it has no name or UUID. */
bool
make_organisation(struct event *ev, yyjson_val *org, char id[static ID_TEXT])
{
	static const char epoch[] = "1970-01-01T00:00:00.000Z";
	char uuid[UUID_TEXT];
	struct buf *to = &ev->out->text;
	struct span name = json_get_span(org, "name");
	if (!misp_uuid(org, "uuid", uuid) || name.len == 0)
		return false;
	snprintf(id, ID_TEXT, "identity--%s", uuid);
	if (span_eq(span_of(id), ev->plan->author))
		return true; /* that is us */
	if (!seen_add(&ev->organisations, hash64(span_of(id), 0)))
		return true;
	struct misp_made *m = vec_add(&ev->out->all);
	*m = (struct misp_made){.at = to->len, .fixed = true};
	buf_add(to, SPAN("{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\""));
	m->id_at = to->len;
	m->id_len = strlen(id);
	buf_printf(to, "%s\",\"created\":\"%s\",\"modified\":\"%s\",\"name\":", id, epoch, epoch);
	json_write_string(to, name);
	buf_add(to, SPAN(",\"identity_class\":\"organization\"}"));
	m->len = to->len - m->at;
	return true;
}

struct span
make_value(struct event *ev, yyjson_val *attribute)
{
	yyjson_val *val = json_get(attribute, "value");
	if (yyjson_is_int(val))
		return arena_printf(&ev->scratch, "%lld", (long long)yyjson_get_sint(val));
	if (yyjson_is_bool(val))
		return yyjson_get_bool(val) ? SPAN("true") : SPAN("false");
	return json_span(val);
}

/* ---- the four kinds that an attribute or object can become ---- */

void
make_indicator(struct event *ev, struct thing *t, struct span name, struct span pattern,
	const char *pattern_type, int64_t until)
{
	int64_t from = misp_time(json_get(t->val, "first_seen"));
	make_head(ev, "indicator", ev->author, t);
	make_labels(ev, t->val);
	make_text(ev, "name", name);
	make_text(ev, "description", json_get_span(t->val, "comment"));
	make_text(ev, "pattern", pattern);
	make_text(ev, "pattern_type", span_of(pattern_type));
	if (strcmp(pattern_type, "stix") == 0)
		make_text(ev, "pattern_version", SPAN("2.1"));
	if (from == TIME_NONE)
		from = 0; /* logs of the past are asked too */
	if (until != TIME_NONE && until <= from)
		from = until - SECOND;
	make_time(ev, "valid_from", from);
	if (until != TIME_NONE)
		make_time(ev, "valid_until", until);
}

void
make_observed(struct event *ev, struct thing *t, struct span ids)
{
	int64_t first = misp_time(json_get(t->val, "first_seen")),
		last = misp_time(json_get(t->val, "last_seen"));
	if (first == TIME_NONE)
		first = last != TIME_NONE && last < ev->date ? last : ev->date;
	if (last == TIME_NONE || last < first)
		last = first;
	make_head(ev, "observed-data", ev->author, t);
	make_labels(ev, t->val);
	make_time(ev, "first_observed", first);
	make_time(ev, "last_observed", last);
	buf_printf(&ev->out->text, ",\"number_observed\":1,\"object_refs\":[%.*s]", (int)ids.len,
		ids.ptr);
}

void
make_note(struct event *ev, struct thing *t, struct span abstract, struct span content)
{
	make_head(ev, "note", ev->author, t);
	make_labels(ev, t->val);
	make_text(ev, "abstract", abstract);
	make_text(ev, "content", content.len ? content : SPAN("(empty)"));
	buf_printf(&ev->out->text, ",\"object_refs\":[\"report--%s\"]", ev->uuid);
}

void
make_vulnerability(struct event *ev, struct thing *t, struct span name)
{
	make_head(ev, "vulnerability", ev->author, t);
	make_labels(ev, t->val);
	make_text(ev, "name", name);
	make_text(ev, "description", json_get_span(t->val, "comment"));
	if (name.len > 8 && span_starts(name, SPAN("CVE-"))) {
		buf_add(&ev->out->text, SPAN(",\"external_references\":[{\"source_name\":\"cve\","
					     "\"external_id\":"));
		json_write_string(&ev->out->text, name);
		buf_add(&ev->out->text, SPAN("}]"));
	}
}

void
made_ids_fini(struct made_ids *ids)
{
	buf_fini(&ids->text);
	seen_fini(&ids->seen);
}

void
make_observables(
	struct event *ev, const struct misp_type *type, struct span value, struct made_ids *ids)
{
	struct misp_sco sco;
	for (size_t at = 0; misp_sco(type, value, &at, &ev->scratch, &sco) == RC_OK;) {
		struct buf *to = &ev->out->text;
		if (!seen_add(&ids->seen, hash64(span_of(sco.id), 0)))
			continue;
		buf_printf(&ids->text, "%s\"%s\"", ids->text.len ? "," : "", sco.id);
		struct misp_made *m = vec_add(&ev->out->all);
		*m = (struct misp_made){.at = to->len, .len = sco.text.len, .fixed = true};
		buf_add(to, sco.text);
		m->id_at = m->at + span_find(sco.text, span_of(sco.id));
		m->id_len = strlen(sco.id);
	}
}

void
make_begin(struct event *ev, yyjson_val *val, const char *kind, struct thing *t)
{
	*t = (struct thing){.val = val, .kind = kind};
	if (!misp_uuid(val, "uuid", t->uuid)) {
		/* PyMISP's own files may lack it: made from the event and what it says. */
		own_buf struct buf text = {};
		buf_printf(&text, "%s %s ", ev->uuid, kind);
		json_write(&text, val);
		misp_uuid_of(buf_span(&text), t->uuid);
	}
	int64_t stamp = misp_time(json_get(val, "timestamp"));
	t->modified = stamp > ev->stamp ? stamp : ev->stamp;
	t->revoked = misp_flag(val, "deleted");
	t->level = make_level(ev, val, misp_distribution_tlp(ev->distribution));
}
