#include "stix/object.h"

#include <string.h>

#include "base/ascii.h"
#include "codec/json.h"
#include "stix/id.h"

enum rc
stix_time_read(struct span text, struct stix_time *out)
{
	struct stix_time t = {.text = text};
	enum rc code = time_parse(text, &t.at, &t.digits);
	/* RFC 3339 section 5.7: a leap second stands at the end of a day. */
	if (code == RC_OK && text.ptr[17] == '6' && memcmp(text.ptr + 11, "23:59", 5))
		return RC_BAD;
	if (code == RC_OK)
		*out = t;
	return code;
}

int
stix_time_cmp(const struct stix_time *a, const struct stix_time *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	/* "2026-11-22T07:37:10." is 20 bytes; digits behind the sixth are not in `at`. */
	unsigned most = a->digits > b->digits ? a->digits : b->digits;
	for (unsigned i = 6; i < most; i++) {
		char x = i < a->digits ? a->text.ptr[20 + i] : '0';
		char y = i < b->digits ? b->text.ptr[20 + i] : '0';
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

void
stix_fini(struct stix_object *o)
{
	yyjson_doc_free(o->doc);
	*o = (struct stix_object){};
}

static enum rc
refuse(struct diag *why, const char *where, const char *what)
{
	diag_where(why, "%s", where);
	return diag_fail(why, RC_BAD, "%s", what);
}

/* What the walk over the top-level members finds; each NULL where absent. */
struct header {
	yyjson_val *type, *id, *spec_version, *created, *modified, *created_by_ref, *revoked, *lang;
	yyjson_val *object_marking_refs, *granular_markings, *extensions;
};

static yyjson_val **
header_field(struct header *h, struct span name)
{
	/* The length tells most names apart. */
	switch (name.len) {
	case 2: return memcmp(name.ptr, "id", 2) ? NULL : &h->id;
	case 4:
		if (!memcmp(name.ptr, "type", 4))
			return &h->type;
		return memcmp(name.ptr, "lang", 4) ? NULL : &h->lang;
	case 7:
		if (!memcmp(name.ptr, "created", 7))
			return &h->created;
		return memcmp(name.ptr, "revoked", 7) ? NULL : &h->revoked;
	case 8: return memcmp(name.ptr, "modified", 8) ? NULL : &h->modified;
	case 10: return memcmp(name.ptr, "extensions", 10) ? NULL : &h->extensions;
	case 12: return memcmp(name.ptr, "spec_version", 12) ? NULL : &h->spec_version;
	case 14: return memcmp(name.ptr, "created_by_ref", 14) ? NULL : &h->created_by_ref;
	case 17: return memcmp(name.ptr, "granular_markings", 17) ? NULL : &h->granular_markings;
	case 19:
		return memcmp(name.ptr, "object_marking_refs", 19) ? NULL : &h->object_marking_refs;
	default: return NULL;
	}
}

/* One pass: an object has ten to thirty members, and eleven look-ups would walk them eleven times.
 */
static void
header_find(yyjson_val *root, struct header *h)
{
	*h = (struct header){};
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		yyjson_val **field = header_field(h, json_span(key));
		if (field)
			*field = yyjson_obj_iter_get_val(key);
	}
}

/* An unknown type is what its extension says; without one, what it looks like. */
static enum stix_kind
kind_of_unknown(const struct header *h)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(h->extensions);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span t = json_get_span(yyjson_obj_iter_get_val(key), "extension_type");
		if (span_eq(t, SPAN("new-sdo")))
			return STIX_SDO;
		if (span_eq(t, SPAN("new-sro")))
			return STIX_SRO;
		if (span_eq(t, SPAN("new-sco")))
			return STIX_SCO;
	}
	return h->created ? STIX_SDO : STIX_SCO;
}

static enum rc
read_times(const struct header *h, struct stix_object *o, struct diag *why)
{
	o->created.at = o->modified.at = o->version.at = TIME_NONE;
	if (h->created && stix_time_read(json_span(h->created), &o->created))
		return refuse(why, "created", "no RFC 3339 timestamp in UTC");
	if (h->modified && stix_time_read(json_span(h->modified), &o->modified))
		return refuse(why, "modified", "no RFC 3339 timestamp in UTC");
	o->version = h->modified ? o->modified : o->created;
	return RC_OK;
}

static enum rc
read_spec(const struct header *h, struct stix_object *o, struct diag *why)
{
	o->spec = o->kind == STIX_SCO ? STIX_2_1 : STIX_2_0;
	if (!h->spec_version)
		return RC_OK;
	struct span word = json_span(h->spec_version);
	if (span_eq(word, SPAN("2.1")))
		o->spec = STIX_2_1;
	else if (span_eq(word, SPAN("2.0")))
		o->spec = STIX_2_0;
	else
		return refuse(why, "spec_version", "neither \"2.1\" nor \"2.0\"");
	return RC_OK;
}

static enum rc
read_rest(const struct header *h, struct stix_object *o, struct diag *why)
{
	o->created_by = json_span(h->created_by_ref);
	if (h->created_by_ref && stix_id_parse(o->created_by, NULL, NULL))
		return refuse(why, "created_by_ref", "no identifier");
	if (h->revoked && !yyjson_is_bool(h->revoked))
		return refuse(why, "revoked", "neither true nor false");
	o->revoked = yyjson_is_true(h->revoked);
	if (h->lang && !yyjson_is_str(h->lang))
		return refuse(why, "lang", "no string");
	o->lang = json_span(h->lang);
	if (h->object_marking_refs && !yyjson_is_arr(h->object_marking_refs))
		return refuse(why, "object_marking_refs", "no list");
	o->marking_refs = h->object_marking_refs;
	if (h->granular_markings && !yyjson_is_arr(h->granular_markings))
		return refuse(why, "granular_markings", "no list");
	o->granular = h->granular_markings;
	return RC_OK;
}

static enum rc
read_header(struct stix_object *o, struct diag *why)
{
	struct header h;
	struct span type;
	if (!yyjson_is_obj(o->root))
		return diag_fail(why, RC_BAD, "no JSON object");
	header_find(o->root, &h);
	o->type = json_span(h.type);
	o->id = json_span(h.id);
	if (!stix_type_valid(o->type))
		return refuse(why, "type", h.type ? "no type name" : "missing");
	if (span_eq(o->type, SPAN("bundle")))
		return refuse(why, "type", "a bundle is a parcel of objects, not an object");
	if (stix_id_parse(o->id, &type, &o->uuid))
		return refuse(why, "id", h.id ? "not TYPE--UUID" : "missing");
	if (!span_eq(type, o->type))
		return refuse(why, "id", "its prefix is not the object's type");
	if (!stix_type_known(o->type, &o->kind, &o->class))
		o->kind = kind_of_unknown(&h);
	enum rc code = read_times(&h, o, why);
	if (!code)
		code = read_spec(&h, o, why);
	if (!code)
		code = read_rest(&h, o, why);
	return code;
}

enum rc
stix_read(struct span text, struct stix_object *out, struct diag *why)
{
	static const struct json_limits limits = {.bytes = STIX_BYTES_MAX, .depth = STIX_DEPTH_MAX};
	struct stix_object o = {.text = text};
	enum rc code = json_read(text, &limits, &o.doc, why);
	if (code)
		return code;
	o.root = yyjson_doc_get_root(o.doc);
	code = read_header(&o, why);
	if (code)
		stix_fini(&o);
	else
		*out = o;
	return code;
}
