/* MISP events as text: attributes, objects, sightings and heads, kept ones and those born as STIX. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mutant.h"
#include "feed/entry.h"
#include "feed/misp.h"
#include "feed/out_misp-internal.h"
#include "stix/id.h"
#include "taxii/ends.h"

bool
event_permits(const struct out_misp *o, const struct vault_item *item)
{
	return item_permitted(o->how.pass, item, o->how.ends);
}

void
event_string(struct buf *to, const char *key, struct span value)
{
	buf_printf(to, "%s\"%s\":", to->len && to->ptr[to->len - 1] != '{' ? "," : "", key);
	json_write_string(to, value);
}

/* What misp_keep kept as text; false where it is none: peers may have written it. */
static bool
write_kept_text(struct buf *to, struct span text)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true};
	own_json yyjson_doc *doc = NULL;
	if (text.len == 0 || json_read(text, &limits, &doc, NULL) ||
		!yyjson_is_arr(yyjson_doc_get_root(doc)))
		return false;
	json_write(to, yyjson_doc_get_root(doc));
	return true;
}

/* Members of a kept dictionary, without the braces; `but` is left out. */
void
event_members(struct buf *to, yyjson_val *dictionary, const char *but)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(dictionary);
	yyjson_val *key;
	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		if (but && span_eq(json_span(key), span_of(but)))
			continue;
		if (to->ptr[to->len - 1] != '{')
			buf_add_byte(to, ',');
		json_write_string(to, json_span(key));
		buf_add_byte(to, ':');
		yyjson_val *val = yyjson_obj_iter_get_val(key);
		if (!span_eq(json_span(key), SPAN("Galaxy")) ||
			!write_kept_text(to, json_span(val)))
			json_write(to, val);
	}
}

/* ,"Sighting":[...] of one attribute: those gathered, and the expirations kept with it. */
static void
sighting_list(struct out_misp *o, struct buf *to, struct span attribute, yyjson_val *expirations,
	struct span more)
{
	size_t count = 0, low = 0, high = o->sights.len;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (span_cmp(span_of(o->sights.at[middle].attribute), attribute) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < o->sights.len; i++) {
		const struct sight *s = &o->sights.at[i];
		if (!span_eq(span_of(s->attribute), attribute))
			break;
		buf_add(to, count++ ? SPAN(",") : SPAN(",\"Sighting\":["));
		buf_add(to, (struct span){o->sights_text.ptr + s->at, s->len});
	}
	yyjson_arr_iter it = yyjson_arr_iter_with(expirations);
	yyjson_val *one;
	while ((one = yyjson_arr_iter_next(&it)) != NULL) {
		buf_add(to, count++ ? SPAN(",") : SPAN(",\"Sighting\":["));
		json_write(to, one);
	}
	if (more.len) {
		buf_add(to, count++ ? SPAN(",") : SPAN(",\"Sighting\":["));
		buf_add(to, more);
	}
	if (count)
		buf_add_byte(to, ']');
}

struct buf *
event_list(struct buf *list)
{
	buf_add_byte(list, list->len ? ',' : '[');
	return list;
}

/* An attribute's own UUID as it came, for finding its sightings. */
static struct span
attribute_uuid(const struct stix_object *s, yyjson_val *attribute)
{
	struct span uuid = json_get_span(attribute, "uuid");
	return uuid.len ? uuid : span_sub(s->id, s->id.len - 36, 36);
}

static void
deleted_member(struct buf *to, const struct stix_object *s, yyjson_val *kept)
{
	yyjson_val *was = json_get(kept, "deleted");
	if (!was && !s->revoked)
		return;
	buf_add(to, s->revoked ? SPAN(",\"deleted\":true") : SPAN(",\"deleted\":false"));
}

void
event_attribute(struct out_misp *o, const struct stix_object *s, yyjson_val *extension)
{
	yyjson_val *kept = json_get(extension, "misp_attribute");
	struct buf *to = event_list(&o->attributes);
	buf_add_byte(to, '{');
	event_members(to, kept, "deleted");
	if (!json_get(kept, "uuid"))
		event_string(to, "uuid", attribute_uuid(s, kept));
	deleted_member(to, s, kept);
	sighting_list(o, to, attribute_uuid(s, kept), json_get(extension, "misp_expirations"),
		(struct span){});
	buf_add_byte(to, '}');
}

void
event_object(struct out_misp *o, const struct stix_object *s, yyjson_val *extension)
{
	yyjson_val *kept = json_get(extension, "misp_object"), *one;
	struct buf *to = event_list(&o->objects);
	size_t count = 0;
	buf_add_byte(to, '{');
	event_members(to, kept, "deleted");
	if (!json_get(kept, "uuid"))
		event_string(to, "uuid", attribute_uuid(s, kept));
	deleted_member(to, s, kept);
	buf_add(to, SPAN(",\"Attribute\":["));
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(extension, "misp_attributes"));
	while ((one = yyjson_arr_iter_next(&it)) != NULL) {
		buf_add(to, count++ ? SPAN(",{") : SPAN("{"));
		event_members(to, one, "misp_expirations");
		sighting_list(o, to, json_get_span(one, "uuid"), json_get(one, "misp_expirations"),
			(struct span){});
		buf_add_byte(to, '}');
	}
	buf_add(to, SPAN("]}"));
}

enum rc
event_get_if_permits(struct out_misp *o, struct span id, struct vault_item *item, struct diag *why)
{
	struct vault_filter filter = {.ids = &id, .id_count = 1, .which = VAULT_LAST};
	own_vault_page struct vault_page *page = NULL;
	enum rc code =
		vault_page_open(o->how.vault, o->how.collection, &filter, VAULT_BYTES, &page, why);
	if (!code)
		code = vault_page_next(page, item, why);
	if (!code)
		item->object.bytes = arena_dup(&o->scratch, item->object.bytes);
	if (!code && !event_permits(o, item))
		code = RC_NONE;
	if (mutant(560) && code == RC_NONE)
		code = vault_get(o->how.vault, id, &o->scratch, item, why);
	return code;
}

/* The name of an identity, as far as the gate lets it out; else its UUID. In the scratch arena. */
struct span
event_org_name(struct out_misp *o, struct span identity)
{
	struct vault_item item;
	own_stix struct stix_object s = {};
	if (identity.len == 0 || span_eq(identity, o->how.me))
		return o->how.my_name;
	if (!event_get_if_permits(o, identity, &item, NULL) &&
		!stix_read(item.object.bytes, &s, NULL) && json_get_span(s.root, "name").len)
		return arena_dup(&o->scratch, json_get_span(s.root, "name"));
	return identity.len > 36 ? span_sub(identity, identity.len - 36, 36) : identity;
}

static void
event_org(struct out_misp *o, struct buf *to, const char *key, struct span identity)
{
	if (identity.len == 0)
		identity = o->how.me;
	buf_printf(to, ",\"%s\":{", key);
	event_string(to, "uuid",
		identity.len > 36 ? span_sub(identity, identity.len - 36, 36) : identity);
	event_string(to, "name", event_org_name(o, identity));
	buf_add_byte(to, '}');
}

static int64_t
instant(const struct stix_object *s, const char *key)
{
	int64_t at;
	struct span text = json_get_span(s->root, key);
	return text.len && !time_parse(text, &at, NULL) ? at : TIME_NONE;
}

/* What ends tells MISP so by a sighting of type 2; what has ended is not for detection any more. */
static bool
write_expiry(struct out_misp *o, struct buf *to, const struct stix_object *s, struct span attribute)
{
	int64_t until = instant(s, "valid_until");
	char uuid[UUID_TEXT];
	own_buf struct buf name = {};
	if (until == TIME_NONE || until < 0)
		return true;
	buf_printf(&name, "expiry %.*s %lld", (int)attribute.len, attribute.ptr,
		(long long)(until / SECOND));
	misp_uuid_of(buf_span(&name), uuid);
	buf_printf(to, "{\"type\":\"2\",\"date_sighting\":\"%lld\",\"source\":\"\",\"uuid\":\"%s\"",
		(long long)(until / SECOND), uuid);
	event_org(o, to, "Organisation", s->created_by);
	buf_add_byte(to, '}');
	return until > o->how.now;
}

static void
write_tag(struct buf *to, struct span name, size_t *count)
{
	buf_add(to, (*count)++ ? SPAN(",{") : SPAN(",\"Tag\":[{"));
	event_string(to, "name", name);
	buf_add_byte(to, '}');
}

static void
write_tags(struct buf *to, const struct stix_object *s, enum tlp level)
{
	char text[32];
	size_t count = 0;
	yyjson_arr_iter it = yyjson_arr_iter_with(s ? json_get(s->root, "labels") : NULL);
	yyjson_val *label;
	if (level != TLP_NONE) {
		snprintf(text, sizeof text, "tlp:%s", tlp_word(level));
		write_tag(to, span_of(text), &count);
	}
	while ((label = yyjson_arr_iter_next(&it)) != NULL)
		write_tag(to, json_span(label), &count);
	if (count)
		buf_add_byte(to, ']');
}

struct native {
	struct span type, category, value, uuid;
};

static void
write_native(
	struct out_misp *o, const struct stix_object *s, const struct native *n, enum tlp level)
{
	struct buf *to = event_list(&o->attributes);
	struct span name = json_get_span(s->root, "name"),
		    description = json_get_span(s->root, "description");
	buf_add_byte(to, '{');
	event_string(to, "uuid", n->uuid);
	event_string(to, "type", n->type);
	event_string(to, "category", n->category);
	event_string(to, "value", n->value);
	own_buf struct buf expiry = {};
	bool lasts = write_expiry(o, &expiry, s, n->uuid);
	buf_printf(to, ",\"to_ids\":%s,\"distribution\":\"5\",\"timestamp\":\"%lld\"",
		!lasts || span_eq(n->type, SPAN("other")) ? "false" : "true",
		(long long)(s->modified.at / SECOND));
	struct span comment = description.len ? description : name;
	if (comment.len && !span_eq(comment, n->value))
		event_string(to, "comment", comment);
	buf_printf(to, ",\"deleted\":%s", s->revoked ? "true" : "false");
	struct span from = json_get_span(s->root, "valid_from");
	int64_t at;
	if (from.len && !time_parse(from, &at, NULL) && at > 0)
		event_string(to, "first_seen", from);
	write_tags(to, s, level);
	sighting_list(o, to, n->uuid, NULL, buf_span(&expiry));
	buf_add_byte(to, '}');
}

/* One attribute an observable, or the pattern as it is where no list of observables says it. */
void
event_indicator(struct out_misp *o, const struct stix_object *s, struct facts facts)
{
	struct entries entries = {};
	bool whole;
	struct span type = json_get_span(s->root, "pattern_type"),
		    pattern = json_get_span(s->root, "pattern"),
		    uuid = span_sub(s->id, s->id.len - 36, 36);
	enum rc code = entry_all(s, facts, &o->scratch, &entries, &whole);
	for (size_t i = 0; !code && whole && i < entries.all.len; i++) {
		struct observable about = entries.all.at[i].about;
		char text[UUID_TEXT];
		own_buf struct buf key = {};
		buf_printf(&key, "%.*s %s ", (int)s->id.len, s->id.ptr, obs_word(about.kind));
		buf_add(&key, about.value);
		misp_uuid_of(buf_span(&key), text);
		/* "domain" means what lies below it too. */
		bool host = about.kind == OBS_DOMAIN && entries.all.at[i].exact;
		struct native n = {host ? SPAN("hostname") : span_of(misp_type_of(about)),
			span_of(misp_category_of(about)), about.value,
			i == 0 ? uuid : span_of(text)};
		write_native(o, s, &n, (enum tlp)facts.tlp);
	}
	free(entries.all.at);
	if (!code && whole)
		return;
	struct native n = {SPAN("stix2-pattern"), SPAN("Network activity"), pattern, uuid};
	if (!span_eq(type, SPAN("stix"))) {
		const struct misp_type *rule = misp_type_find(type);
		n.type = rule->class == MISP_RULE ? type : SPAN("other");
		n.category = span_eq(type, SPAN("yara"))    ? SPAN("Payload delivery")
			     : span_eq(type, SPAN("sigma")) ? SPAN("Artifacts dropped")
							    : SPAN("Network activity");
	}
	write_native(o, s, &n, (enum tlp)facts.tlp);
}

/*
 * An object as this collection has it, its bytes in the scratch arena: a copy elsewhere may be another
 * version, of which the pass says nothing. RC_NONE also where the gate denies it.
 */
/* A sighting as an element of "Sighting", or as the body of sightings/add. */
void
event_sighting(struct out_misp *o, const struct stix_object *s, bool body)
{
	struct buf *to = body ? &o->text : &o->sights_text;
	int64_t at = instant(s, "last_seen");
	if (at == TIME_NONE)
		at = instant(s, "first_seen");
	if (at == TIME_NONE)
		at = s->created.at;
	bool opinion = span_eq(s->type, SPAN("opinion"));
	struct span verdict = json_get_span(s->root, "opinion");
	buf_printf(to, "{\"type\":\"%d\",\"%s\":\"%lld\",\"source\":\"tocsin sighting--%.*s\"",
		opinion && span_ends(verdict, SPAN("disagree")) ? 1 : 0,
		body ? "timestamp" : "date_sighting", (long long)(at / SECOND), 36,
		s->id.ptr + s->id.len - 36);
	if (!body) {
		event_string(to, "uuid", span_sub(s->id, s->id.len - 36, 36));
		event_org(o, to, "Organisation", s->created_by);
	}
	buf_add_byte(to, '}');
}

/* The attribute that a native sighting's target is in MISP. */
bool
event_target(struct out_misp *o, const struct stix_object *s, char out[static UUID_TEXT])
{
	struct vault_item item;
	own_stix struct stix_object about = {};
	struct uuid u;
	struct span ref = json_get_span(s->root, "sighting_of_ref");
	if (!ref.ptr)
		ref = json_span(yyjson_arr_get_first(json_get(s->root, "object_refs")));
	if (stix_id_parse(ref, NULL, &u) ||
		vault_get(o->how.vault, ref, &o->scratch, &item, NULL) ||
		!event_permits(o, &item) || stix_read(item.object.bytes, &about, NULL))
		return false;
	yyjson_val *extension = misp_extension(about.root), *kept, *one;
	if (!extension && !span_eq(about.type, SPAN("indicator")))
		return false;
	kept = json_get(extension, "misp_attribute");
	/* Of an object: the first of its attributes that is meant for detection. */
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(extension, "misp_attributes"));
	while (!kept && (one = yyjson_arr_iter_next(&it)) != NULL)
		if (misp_flag(one, "to_ids"))
			kept = one;
	if (!uuid_parse(json_get_span(kept, "uuid"), &u) || !extension ||
		span_eq(json_get_span(extension, "misp_kind"), SPAN("attribute"))) {
		uuid_text(&u, out);
		return true;
	}
	return false;
}

void
event_head(struct out_misp *o, const struct stix_object *s, struct span info)
{
	struct buf *to = &o->head;
	char date[TIME_TEXT];
	int64_t published = instant(s, "published");
	time_text_ms(published != TIME_NONE ? published : s->created.at, date);
	buf_reset(to);
	buf_add_byte(to, '{');
	event_string(to, "info", info);
	buf_printf(to,
		",\"date\":\"%.10s\",\"threat_level_id\":\"4\",\"analysis\":\"2\",\"published\":"
		"false,"
		"\"distribution\":\"%d\"",
		date, misp_tlp_distribution(o->level));
	event_org(o, to, "Orgc", s->created_by);
	write_tags(to, span_eq(s->type, SPAN("report")) ? s : NULL, o->level);
}
