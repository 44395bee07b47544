#include "feed/misp_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "feed/misp.h"

enum { ID_TEXT = 80 };

/* What every object of one event shares. */
struct event {
	yyjson_val *root;
	const struct in_plan *plan;
	struct misp_objects *out;
	struct arena scratch;
	char uuid[UUID_TEXT], author[ID_TEXT];
	int64_t date, stamp, sighted; /* us */
	enum tlp tag_level;	      /* of its tlp tags; TLP_NONE: it has none */
	int distribution;
	struct buf refs; /* "id","id": what its report refers to */
	struct span info;
};

/* One thing of an event: an attribute, an object, a report. */
struct thing {
	yyjson_val *val;
	const char *kind; /* of the extension: "attribute", "object", ... */
	char uuid[UUID_TEXT];
	char id[ID_TEXT]; /* set by the head */
	int64_t modified;
	enum tlp level;
	struct misp_made *made; /* borrowed until the next one is begun */
	bool revoked;
};

static void
left_out(struct event *ev, yyjson_val *about, const char *what)
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

static void
head(struct event *ev, const char *type, const char *author, struct thing *t)
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

static void
text_member(struct event *ev, const char *key, struct span value)
{
	if (value.len == 0)
		return;
	buf_printf(&ev->out->text, ",\"%s\":", key);
	json_write_string(&ev->out->text, value);
}

static void
time_member(struct event *ev, const char *key, int64_t at)
{
	char text[TIME_TEXT];
	time_text_ms(at, text);
	buf_printf(&ev->out->text, ",\"%s\":\"%s\"", key, text);
}

/* Tags that are no TLP as labels, and the confidence that one of them may name. */
static void
labels(struct event *ev, yyjson_val *val)
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

static enum tlp
tags_level(yyjson_val *val)
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
static enum tlp
thing_level(const struct event *ev, yyjson_val *val, enum tlp inherited)
{
	int distribution = (int)misp_number(val, "distribution", 5);
	enum tlp level = tags_level(val);
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
static void
finish(struct event *ev, struct thing *t, struct span members)
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

static const char *const attribute_drop[] = {"Sighting", "ShadowAttribute", "RelatedAttribute",
	"Galaxy", "warnings", "decay_score", "event_uuid", "Event", "Attribute", NULL};

/* Appends ,"misp_NAME":{...}: the thing as it came. */
static void
keep_member(struct event *ev, struct buf *members, const struct thing *t, const char *const *drop)
{
	size_t lost = 0, before = members->len;
	buf_printf(members, ",\"misp_%s\":", t->kind);
	size_t start = members->len;
	misp_keep(members, t->val, drop, &lost);
	if (members->len == start)
		members->len = before;
	if (lost)
		left_out(ev, t->val, "members whose names no STIX dictionary can have");
}

/* A fixed object of an organisation; id receives "identity--...". False: it has no name or UUID. */
static bool
organisation(struct event *ev, yyjson_val *org, char id[static ID_TEXT])
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
	for (size_t i = ev->out->all.len; i > 0; i--) {
		const struct misp_made *m = &ev->out->all.at[i - 1];
		if (m->fixed && span_eq((struct span){to->ptr + m->id_at, m->id_len}, span_of(id)))
			return true;
	}
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

static struct span
value_text(struct event *ev, yyjson_val *attribute)
{
	yyjson_val *val = json_get(attribute, "value");
	if (yyjson_is_int(val))
		return arena_printf(&ev->scratch, "%lld", (long long)yyjson_get_sint(val));
	if (yyjson_is_bool(val))
		return yyjson_get_bool(val) ? SPAN("true") : SPAN("false");
	return json_span(val);
}

/* ---- sightings ---- */

/* The latest expiration among an attribute's sightings; TIME_NONE. Appends them to `list`. */
static int64_t
expirations(yyjson_val *attribute, struct buf *list, size_t *count)
{
	int64_t until = TIME_NONE;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(attribute, "Sighting"));
	yyjson_val *s;
	while ((s = yyjson_arr_iter_next(&it)) != NULL) {
		int64_t at = misp_time(json_get(s, "date_sighting"));
		size_t lost = 0;
		if (misp_number(s, "type", 0) != 2 || at == TIME_NONE)
			continue;
		if (at > until)
			until = at;
		buf_add(list, (*count)++ ? SPAN(",") : SPAN(",\"misp_expirations\":["));
		misp_keep(list, s, NULL, &lost);
	}
	if (*count)
		buf_add_byte(list, ']');
	return until;
}

/* What we once sent there ourselves carries its id: it is the same sighting, not another. */
static void
sighting_uuid(yyjson_val *s, const char *attribute, char out[static UUID_TEXT])
{
	static const char mark[] = "tocsin sighting--";
	struct span source = json_get_span(s, "source");
	struct uuid u;
	char text[160];
	if (span_starts(source, span_of(mark)) &&
		!uuid_parse(span_sub(source, sizeof mark - 1, 36), &u)) {
		uuid_text(&u, out);
		return;
	}
	if (!misp_uuid(s, "uuid", out)) {
		snprintf(text, sizeof text, "sighting %s %lld %lld", attribute,
			(long long)misp_number(s, "date_sighting", 0),
			(long long)misp_number(s, "type", 0));
		misp_uuid_of(span_of(text), out);
	}
}

static void
sighting(struct event *ev, yyjson_val *s, const struct thing *of, const char *attribute)
{
	int64_t at = misp_time(json_get(s, "date_sighting")), type = misp_number(s, "type", 0);
	char org[ID_TEXT];
	if (at == TIME_NONE || type < 0 || type > 2) {
		left_out(ev, s, "a sighting without a date, or of an unknown type");
		return;
	}
	if (type == 2)
		return; /* the indicator says it: valid_until */
	struct thing t = {.val = s, .kind = "sighting", .modified = at, .level = of->level};
	own_buf struct buf members = {};
	sighting_uuid(s, attribute, t.uuid);
	buf_printf(&members, ",\"misp_sighted\":\"%s\"", attribute);
	keep_member(ev, &members, &t, NULL);
	if (!organisation(ev, json_get(s, "Organisation"), org))
		snprintf(org, sizeof org, "%s", ev->author);
	int64_t date = ev->date;
	ev->date = at; /* of a sighting both are when it was seen */
	head(ev, type == 0 ? "sighting" : "opinion", org, &t);
	ev->date = date;
	struct buf *to = &ev->out->text;
	struct span source = json_get_span(s, "source");
	if (type == 0) {
		text_member(ev, "description", source);
		time_member(ev, "first_seen", at);
		time_member(ev, "last_seen", at);
		buf_printf(to,
			",\"count\":1,\"sighting_of_ref\":\"%s\",\"where_sighted_refs\":[\"%s\"]",
			of->id, org);
	} else {
		text_member(ev, "explanation", source.len ? source : SPAN("false positive"));
		buf_printf(
			to, ",\"opinion\":\"strongly-disagree\",\"object_refs\":[\"%s\"]", of->id);
	}
	size_t refs = ev->refs.len;
	finish(ev, &t, buf_span(&members));
	ev->refs.len = refs; /* they come and go without the event */
}

static void
sightings(struct event *ev, yyjson_val *attribute, const struct thing *of)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(attribute, "Sighting"));
	char uuid[UUID_TEXT];
	yyjson_val *s;
	if (!misp_uuid(attribute, "uuid", uuid))
		snprintf(uuid, sizeof uuid, "%s", of->uuid);
	while ((s = yyjson_arr_iter_next(&it)) != NULL)
		sighting(ev, s, of, uuid);
}

/* ---- the four things that an attribute or object can become ---- */

static void
indicator(struct event *ev, struct thing *t, struct span name, struct span pattern,
	const char *pattern_type, int64_t until)
{
	int64_t from = misp_time(json_get(t->val, "first_seen"));
	head(ev, "indicator", ev->author, t);
	labels(ev, t->val);
	text_member(ev, "name", name);
	text_member(ev, "description", json_get_span(t->val, "comment"));
	text_member(ev, "pattern", pattern);
	text_member(ev, "pattern_type", span_of(pattern_type));
	if (strcmp(pattern_type, "stix") == 0)
		text_member(ev, "pattern_version", SPAN("2.1"));
	if (from == TIME_NONE)
		from = 0; /* logs of the past are asked too */
	if (until != TIME_NONE && until <= from)
		from = until - SECOND;
	time_member(ev, "valid_from", from);
	if (until != TIME_NONE)
		time_member(ev, "valid_until", until);
}

static void
observed(struct event *ev, struct thing *t, struct span ids)
{
	int64_t first = misp_time(json_get(t->val, "first_seen")),
		last = misp_time(json_get(t->val, "last_seen"));
	if (first == TIME_NONE)
		first = last != TIME_NONE && last < ev->date ? last : ev->date;
	if (last == TIME_NONE || last < first)
		last = first;
	head(ev, "observed-data", ev->author, t);
	labels(ev, t->val);
	time_member(ev, "first_observed", first);
	time_member(ev, "last_observed", last);
	buf_printf(&ev->out->text, ",\"number_observed\":1,\"object_refs\":[%.*s]", (int)ids.len,
		ids.ptr);
}

static void
note(struct event *ev, struct thing *t, struct span abstract, struct span content)
{
	head(ev, "note", ev->author, t);
	labels(ev, t->val);
	text_member(ev, "abstract", abstract);
	text_member(ev, "content", content.len ? content : SPAN("(empty)"));
	buf_printf(&ev->out->text, ",\"object_refs\":[\"report--%s\"]", ev->uuid);
}

static void
vulnerability(struct event *ev, struct thing *t, struct span name)
{
	head(ev, "vulnerability", ev->author, t);
	labels(ev, t->val);
	text_member(ev, "name", name);
	text_member(ev, "description", json_get_span(t->val, "comment"));
	if (name.len > 8 && span_starts(name, SPAN("CVE-"))) {
		buf_add(&ev->out->text, SPAN(",\"external_references\":[{\"source_name\":\"cve\","
					     "\"external_id\":"));
		json_write_string(&ev->out->text, name);
		buf_add(&ev->out->text, SPAN("}]"));
	}
}

/* Emits the SCOs of a value and appends their ids, quoted, to `ids`. */
static void
observables(struct event *ev, const struct misp_type *type, struct span value, struct buf *ids)
{
	struct misp_sco sco;
	for (size_t at = 0; misp_sco(type, value, &at, &ev->scratch, &sco) == RC_OK;) {
		struct buf *to = &ev->out->text;
		char quoted[70];
		snprintf(quoted, sizeof quoted, "\"%s\"", sco.id);
		if (ids->len && span_find(buf_span(ids), span_of(quoted)) != SIZE_MAX)
			continue;
		buf_printf(ids, "%s%s", ids->len ? "," : "", quoted);
		struct misp_made *m = vec_add(&ev->out->all);
		*m = (struct misp_made){.at = to->len, .len = sco.text.len, .fixed = true};
		buf_add(to, sco.text);
		m->id_at = m->at + span_find(sco.text, span_of(sco.id));
		m->id_len = strlen(sco.id);
	}
}

/* ---- attributes ---- */

static void
thing_begin(struct event *ev, yyjson_val *val, const char *kind, struct thing *t)
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
	t->level = thing_level(ev, val, misp_distribution_tlp(ev->distribution));
}

static const char *
make_indicator(struct event *ev, struct thing *t, const struct misp_type *type, struct span value,
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
		indicator(ev, t, name, value, type->rule, until);
		return NULL;
	}
	if (type->class != MISP_VALUE)
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
	indicator(ev, t, value, buf_span(&pattern), "stix", until);
	return NULL;
}

static void
attribute(struct event *ev, yyjson_val *val, const char *kind, enum tlp floor)
{
	struct thing t;
	own_buf struct buf members = {}, ids = {};
	struct span value = value_text(ev, val), name = json_get_span(val, "type");
	size_t expired = 0;
	if (value.len == 0 || name.len == 0) {
		left_out(ev, val, "an attribute without type or value");
		return;
	}
	thing_begin(ev, val, kind, &t);
	t.level = tlp_strictest(t.level, floor);
	const struct misp_type *type = misp_type_find(name);
	keep_member(ev, &members, &t, attribute_drop);
	int64_t until = expirations(val, &members, &expired);
	if (expired) { /* no edit of the attribute, yet another version of the indicator */
		t.modified = (ev->sighted > t.modified ? ev->sighted : t.modified) +
			     (int64_t)(expired % 1000) * 1000;
	}
	bool to_ids = misp_flag(val, "to_ids"), done = false;
	if (to_ids || type->class == MISP_RULE) {
		const char *fault = make_indicator(ev, &t, type, value, until);
		if (fault)
			left_out(ev, val, fault);
		done = !fault;
	} else if (type->class == MISP_VALUE) {
		observables(ev, type, value, &ids);
		if (ids.len)
			observed(ev, &t, buf_span(&ids));
		done = ids.len > 0;
	}
	if (!done && type->class == MISP_VULNERABILITY)
		vulnerability(ev, &t, value);
	else if (!done)
		note(ev, &t, name, value);
	finish(ev, &t, buf_span(&members));
	struct thing of = t;
	sightings(ev, val, &of);
	if (json_get(val, "ShadowAttribute") &&
		yyjson_arr_size(json_get(val, "ShadowAttribute")) > 0)
		left_out(ev, val, "proposals (ShadowAttribute) are not taken");
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
	struct span value = value_text(ev, val);
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
		left_out(ev, val,
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
object_observables(struct event *ev, yyjson_val *attributes, struct buf *ids)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL)
		if (!misp_flag(val, "deleted"))
			observables(ev, misp_type_find(json_get_span(val, "type")),
				value_text(ev, val), ids);
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
		misp_keep(members, val, attribute_drop, &lost);
		if (members->len == start || members->ptr[start] != '{') {
			members->len = before; /* none of its members can be kept */
			lost++;
			continue;
		}
		count++;
		buf_reset(&list);
		int64_t at = expirations(val, &list, &n);
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
		left_out(ev, ev->root, "members whose names no STIX dictionary can have");
	return until;
}

static void
object(struct event *ev, yyjson_val *val)
{
	struct thing t;
	struct parts p = {};
	own_buf struct buf ids = {}, members = {};
	yyjson_val *attributes = json_get(val, "Attribute"), *one;
	struct span name = json_get_span(val, "name");
	size_t expired = 0;
	thing_begin(ev, val, "object", &t);
	t.modified = newest_stamp(attributes, t.modified);
	/* The strictest of its parts speaks for all. */
	yyjson_arr_iter it = yyjson_arr_iter_with(attributes);
	while ((one = yyjson_arr_iter_next(&it)) != NULL)
		t.level = tlp_strictest(t.level, thing_level(ev, one, t.level));
	object_parts(ev, attributes, t.level, &p);
	if (p.deciding == 0)
		object_observables(ev, attributes, &ids);
	keep_member(ev, &members, &t, attribute_drop);
	int64_t until = keep_attributes(ev, attributes, &members, &expired);
	if (expired)
		t.modified = (ev->sighted > t.modified ? ev->sighted : t.modified) +
			     (int64_t)(expired % 1000) * 1000;
	if (p.deciding) {
		own_buf struct buf pattern = {};
		buf_printf(&pattern, "[%.*s]", (int)p.pattern.len, p.pattern.ptr);
		indicator(ev, &t, p.name, buf_span(&pattern), "stix", until);
	} else if (ids.len) {
		observed(ev, &t, buf_span(&ids));
	} else {
		struct span comment = json_get_span(val, "comment");
		note(ev, &t, name.len ? name : SPAN("object"), comment.len ? comment : name);
	}
	finish(ev, &t, buf_span(&members));
	it = yyjson_arr_iter_with(attributes);
	struct thing of = t;
	while ((one = yyjson_arr_iter_next(&it)) != NULL) {
		const struct misp_type *type = misp_type_find(json_get_span(one, "type"));
		if (type->class != MISP_RULE && type->class != MISP_VULNERABILITY)
			sightings(ev, one, &of);
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
		thing_begin(ev, val, "report", &t);
		keep_member(ev, &members, &t, drop);
		note(ev, &t, json_get_span(val, "name"), json_get_span(val, "content"));
		finish(ev, &t, buf_span(&members));
	}
}

static void
report(struct event *ev)
{
	static const char *const drop[] = {"Attribute", "Object", "EventReport", "RelatedEvent",
		"Galaxy", "ShadowAttribute", "Sighting", "Feed", "warnings", "attribute_count",
		"publish_timestamp", "sighting_timestamp", "proposal_email_lock", "locked",
		"event_creator_email", "CryptographicKey", "protected", "distribution_name", NULL};
	struct thing t = {.val = ev->root, .kind = "event", .modified = ev->stamp};
	own_buf struct buf members = {};
	int64_t published = misp_time(json_get(ev->root, "publish_timestamp"));
	memcpy(t.uuid, ev->uuid, sizeof t.uuid);
	if (published > t.modified)
		t.modified = published; /* publishing is no edit there, and a version here */
	t.level = thing_level(ev, ev->root, misp_distribution_tlp(ev->distribution));
	keep_member(ev, &members, &t, drop);
	head(ev, "report", ev->author, &t);
	labels(ev, ev->root);
	text_member(ev, "name", ev->info.len ? ev->info : SPAN("(no title)"));
	time_member(ev, "published", ev->date);
	buf_printf(&ev->out->text, ",\"object_refs\":[");
	if (ev->refs.len)
		buf_add(&ev->out->text, buf_span(&ev->refs));
	else
		buf_printf(&ev->out->text, "\"%s\"", ev->author);
	buf_add_byte(&ev->out->text, ']');
	finish(ev, &t, buf_span(&members));
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
	ev->tag_level = tags_level(ev->root);
	ev->distribution = (int)misp_number(ev->root, "distribution", 5);
	if (!organisation(ev, json_get(ev->root, "Orgc"), ev->author))
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
	if (yyjson_arr_size(json_get(root, "ShadowAttribute")) > 0)
		left_out(&ev, root, "proposals (ShadowAttribute) are not taken");
	report(&ev);
	arena_fini(&ev.scratch);
	buf_fini(&ev.refs);
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
