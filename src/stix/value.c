/* Judges single values: one function a kind of enum stix_value, in one table at the end. */
#include <math.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "stix/check-internal.h"
#include "stix/format-internal.h"
#include "stix/id.h"
#include "stix/lang.h"
#include "stix/marking.h"
#include "stix/value-internal.h"

bool
value_wants_string(struct check *c, yyjson_val *val)
{
	if (yyjson_is_str(val))
		return true;
	check_must(c, "type", "a string is wanted");
	return false;
}

static void
value_any(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	check_any(c, val);
}

static void
value_string(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	value_wants_string(c, val);
}

static void
value_boolean(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (!yyjson_is_bool(val))
		check_must(c, "type", "true or false is wanted");
}

static void
value_boolean_or_string(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (!yyjson_is_bool(val) && !yyjson_is_str(val))
		check_must(c, "type", "true or false is wanted");
}

static void
in_range(struct check *c, const struct stix_range *range, double number)
{
	if (!range || (number >= range->min && number <= range->max))
		return;
	if (isinf(range->max))
		check_must(c, "range", "less than %g", range->min);
	else
		check_must(c, "range", "not from %.0f to %.0f", range->min, range->max);
}

/* 3.0 is a whole number, whatever the digits. */
static bool
is_whole(yyjson_val *val)
{
	return yyjson_is_int(val) ||
	       (yyjson_is_real(val) && floor(yyjson_get_real(val)) == yyjson_get_real(val));
}

static void
value_integer(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	if (!is_whole(val) || fabs(yyjson_get_num(val)) > 9007199254740991.0)
		check_must(c, "type", "a whole number of at most 54 bits is wanted");
	else
		in_range(c, property->arg, yyjson_get_num(val));
}

static void
value_float(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	if (!yyjson_is_num(val))
		check_must(c, "type", "a number is wanted");
	else
		in_range(c, property->arg, yyjson_get_num(val));
}

static void
value_time(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct stix_time time = {};
	if (!value_wants_string(c, val))
		return;
	if (stix_time_read(json_span(val), &time) && !mutant(1461))
		check_must(c, "timestamp", "not YYYY-MM-DDTHH:MM:SS[.s+]Z");
	else if (property->value == VALUE_TIME_MS && time.digits < 3 && !mutant(1460))
		check_must(c, "precision", "three or more digits of seconds are wanted");
	else if (property->value == VALUE_TIME_S && time.digits)
		check_must(c, "precision", "whole seconds are wanted");
}

static void
value_hex(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (value_wants_string(c, val) && !format_is_hex(json_span(val)))
		check_must(c, "hex", "not pairs of 0-9 and a-f");
}

static void
value_binary(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (value_wants_string(c, val) && !base64_is(json_span(val)))
		check_must(c, "base64", "not base64 (RFC 4648 section 4)");
}

static bool
is_dictionary_key(struct span key, size_t least)
{
	if (key.len < least || key.len > 250)
		return false;
	for (size_t i = 0; i < key.len; i++)
		if (!ascii_is_alnum(key.ptr[i]) && key.ptr[i] != '-' && key.ptr[i] != '_')
			return false;
	return true;
}

/* False, with the verdict, when val is no dictionary with members. */
static bool
wants_members(struct check *c, yyjson_val *val)
{
	if (!yyjson_is_obj(val))
		check_must(c, "type", "a dictionary is wanted");
	else if (yyjson_obj_size(val) == 0)
		check_must(c, "empty", "an empty dictionary");
	else
		return true;
	return false;
}

static void
hash_one(struct check *c, bool listed, struct span name, yyjson_val *val)
{
	if (!is_dictionary_key(name, 3))
		check_must(
			c, "dictionary-key", "a hash's name is 3 to 250 of a-z, A-Z, 0-9, - and _");
	if (!value_wants_string(c, val))
		return;
	if (!format_is_hash(name, json_span(val)))
		check_must(c, "hash", "no value that %.*s yields", check_width(name), name.ptr);
	if (stix_words_have(&stix_words_hash_algorithm_ov, name))
		return;
	if (name.len > 30)
		check_should(c, CHECK_HASH_LENGTH, "names of hashes should have at most 30 bytes");
	if (listed)
		check_must(c, "hash-algorithm", "not in hash-algorithm-ov");
	else if (!span_starts(name, SPAN("x_")))
		check_should(c, CHECK_HASH_ALGO, "not in hash-algorithm-ov");
}

static void
value_hashes(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	bool listed = property->value == VALUE_HASHES_LISTED && !c->old;
	if (!wants_members(c, val))
		return;
	yyjson_obj_iter it = yyjson_obj_iter_with(val);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		c->at = &step;
		hash_one(c, listed, step.key, yyjson_obj_iter_get_val(key));
		c->at = step.up;
	}
}

static void
value_open(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	const struct stix_words *words = property->arg;
	if (!value_wants_string(c, val) || !c->should || stix_words_have(words, json_span(val)))
		return;
	check_should(c, words->check, "not in %s", words->name.ptr);
	if (!format_is_vocabulary_word(json_span(val)))
		check_should(c, CHECK_OPEN_VOCAB_FORMAT,
			"words should be lower-case with hyphens between");
}

static void
value_enum(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	const struct stix_words *words = property->arg;
	if (value_wants_string(c, val) && !stix_words_have(words, json_span(val)))
		check_must(c, "enum", "not in %s", words->name.ptr);
}

static void
value_object(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	check_table(c, property->arg, val);
}

/* Inside the deprecated container a reference is the key of another observable. */
static void
local_reference(struct check *c, const struct stix_refs *refs, struct span id)
{
	yyjson_val *target = yyjson_obj_getn(c->observables, id.ptr, id.len);
	if (!target) {
		check_must(c, "reference", "no such key in this container");
		return;
	}
	struct span type = json_get_span(target, "type");
	bool good = !refs || refs->len == 0;
	for (size_t i = 0; refs && i < refs->len; i++)
		good = good || span_eq(refs->types[i], type);
	if (!good)
		check_must(c, "reference-type", "must not refer to %.*s", check_width(type),
			type.ptr ? type.ptr : "");
}

static bool
may_refer(const struct stix_refs *refs, struct span type)
{
	if (span_eq(type, SPAN("bundle")))
		return false;
	if (!refs)
		return true;
	for (size_t i = 0; i < refs->len; i++)
		if (span_eq(refs->types[i], type))
			return true;
	enum stix_kind kind;
	enum stix_class class;
	if (!stix_type_known(type, &kind, &class))
		return refs->kinds != 0;
	return refs->kinds >> kind & 1;
}

static void
value_id(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct span type, id = json_span(val);
	if (!value_wants_string(c, val))
		return;
	if (c->observables)
		local_reference(c, property->arg, id);
	else if (stix_id_parse(id, &type, NULL))
		check_must(c, "id", "not TYPE--UUID");
	else if (!may_refer(property->arg, type))
		check_must(
			c, "reference-type", "must not refer to %.*s", check_width(type), type.ptr);
}

static void
value_marking_ref(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct span type, id = json_span(val);
	(void)property;
	if (!value_wants_string(c, val))
		return;
	if (stix_id_parse(id, &type, NULL))
		check_must(c, "id", "not TYPE--UUID");
	else if (!span_eq(type, SPAN("marking-definition")))
		check_must(c, "reference-type", "must refer to a marking-definition");
	else if (span_eq(id, c->id) && !mutant(1601))
		check_must(c, "circular", "a marking cannot mark itself");
}

static bool
fits_dictionary(enum stix_value kind, yyjson_val *val)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(val);
	switch (kind) {
	case VALUE_DICTIONARY_STRING: return yyjson_is_str(val);
	case VALUE_DICTIONARY_INTEGER: return is_whole(val);
	case VALUE_DICTIONARY_STRING_OR_INTEGER: return yyjson_is_str(val) || is_whole(val);
	case VALUE_DICTIONARY_STRINGS:
		if (!yyjson_is_arr(val))
			return false;
		for (yyjson_val *item; (item = yyjson_arr_iter_next(&it));)
			if (!yyjson_is_str(item))
				return false;
		return true;
	default: return true;
	}
}

static void
value_dictionary(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	static const char *const wanted[VALUES] = {
		[VALUE_DICTIONARY_STRING] = "strings",
		[VALUE_DICTIONARY_INTEGER] = "whole numbers",
		[VALUE_DICTIONARY_STRING_OR_INTEGER] = "strings or whole numbers",
		[VALUE_DICTIONARY_STRINGS] = "lists of strings",
	};
	if (!wants_members(c, val))
		return;
	yyjson_obj_iter it = yyjson_obj_iter_with(val);
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		yyjson_val *one = yyjson_obj_iter_get_val(key);
		struct frame step = {.up = c->at, .key = json_span(key)};
		c->at = &step;
		if (!is_dictionary_key(step.key, 1))
			check_must(
				c, "dictionary-key", "a key is 1 to 250 of a-z, A-Z, 0-9, - and _");
		/* Objects of STIX 2.0 in a container have plain strings where 2.1 has lists. */
		if (!fits_dictionary(property->value, one) &&
			!(c->observables && yyjson_is_str(one)))
			check_must(c, "type", "the values of this dictionary are %s",
				wanted[property->value]);
		check_any(c, one);
		c->at = step.up;
	}
}

static void
value_never(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property, (void)val;
	if (!mutant(1600))
		check_must(c, "not-allowed", "this type has no such property");
}

static void
value_self_type(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct span type = json_span(val);
	(void)property;
	if (!value_wants_string(c, val))
		return;
	if (!stix_type_valid(type) || stix_words_have(&stix_words_reserved_properties, type))
		check_must(c, "type-name",
			"3 to 250 of a-z, 0-9 and single hyphens, starting with a letter");
	else if (!c->table && c->options->flags & STIX_STRICT_TYPES)
		check_must(c, "unknown-type", "not a type of the standard");
	else if (!c->table &&
		 (!(c->extended & EXTENDS_TYPE) || !check_wants(c, CHECK_EXTENSIONS_USE)))
		check_way(c, "a custom type", type, '-');
}

/*
 * Section 2.9: observables should have UUIDv5, all else UUIDv4. An observable without any
 * contributing property must have a UUIDv4; process has none that could be present, and section
 * 6.13.1 only says "please".
 */
static void
check_uuid_version(struct check *c, const struct uuid *uuid)
{
	unsigned version = uuid_version(uuid);
	if (c->kind != STIX_SCO) {
		if (version != 4)
			check_should(c, CHECK_UUID_CHECK, "should have a UUIDv4");
		return;
	}
	if (!c->table || c->old)
		return;
	bool contributes = stix_id_contributes(c->object);
	if (!contributes && version != 4 && !mutant(1522) && !span_eq(c->type, SPAN("process")))
		check_must(c, "uuid-version",
			"a UUIDv4 is wanted: no property that contributes to the id is present");
	else if (contributes != (version == 5))
		check_should(c, CHECK_UUID_CHECK, "should have a UUIDv%d", contributes ? 5 : 4);
}

static void
value_self_id(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct span type, id = json_span(val);
	struct uuid uuid;
	(void)property;
	if (!value_wants_string(c, val))
		return;
	if (stix_id_parse(id, &type, &uuid)) {
		if (!c->observables)
			check_must(c, "id", "not TYPE--UUID");
		return;
	}
	if (!span_eq(type, c->type))
		check_must(c, "id-type", "does not start with the object's type");
	else if (!c->observables)
		check_uuid_version(c, &uuid);
}

static void
value_spec_version(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (!value_wants_string(c, val))
		return;
	/* STIX 2.0 has it on bundles: within one it is an object's custom property. */
	bool any = c->old && c->in_bundle;
	if (!any && !span_eq(json_span(val), c->old ? SPAN("2.0") : SPAN("2.1")))
		check_must(c, "spec-version", "must be \"%s\"", c->old ? "2.0" : "2.1");
}

static void
value_lang(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	if (!value_wants_string(c, val) || lang_is_tag(json_span(val)))
		return;
	if (property->value != VALUE_SOFTWARE_LANG ||
		!stix_words_have(&stix_words_language_iso639_2, json_span(val)))
		check_must(c, "language", "no language tag (RFC 5646) of registered subtags");
}

static void
value_selector(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct diag why = {};
	yyjson_val *found;
	(void)property;
	if (value_wants_string(c, val) && !mutant(1591) &&
		stix_select(c->object, json_span(val), &found, &why))
		check_must(c, "selector", "%s", why.what);
}

static void
value_extensions(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	check_extensions(c, val);
}

static void
value_observables(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	check_observables(c, val);
}

static void
value_relationship_type(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct span text = json_span(val);
	(void)property;
	if (!value_wants_string(c, val))
		return;
	bool good = text.len > 0;
	for (size_t i = 0; i < text.len; i++)
		good = good && ((text.ptr[i] >= 'a' && text.ptr[i] <= 'z') ||
				       ascii_is_digit(text.ptr[i]) || text.ptr[i] == '-');
	if (!good)
		check_must(c, "relationship-type", "only a-z, 0-9 and hyphens");
}

/* Section 7.1.1: what mirrors the properties of an object has their names. */
static void
translate(struct check *c, yyjson_val *val)
{
	if (!yyjson_is_obj(val) || yyjson_obj_size(val) == 0)
		check_must(c, "type", "a dictionary of translated properties is wanted");
	check_foreign_members(c, val);
}

static void
value_translations(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (!wants_members(c, val))
		return;
	yyjson_obj_iter it = yyjson_obj_iter_with(val);
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		c->at = &step;
		if (!lang_is_tag(step.key))
			check_must(c, "language", "no language tag (RFC 5646)");
		translate(c, yyjson_obj_iter_get_val(key));
		c->at = step.up;
	}
}

static void
value_property_name(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (value_wants_string(c, val) && !check_property_name(json_span(val)))
		check_must(
			c, "property-name", "3 to 250 of a-z, 0-9 and _, starting with a letter");
}

static void
value_objects(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (!yyjson_is_arr(val))
		check_must(c, "type", "a list is wanted");
	else if (yyjson_arr_size(val) == 0)
		check_must(c, "empty", "an empty list");
}

static void (*const checks[VALUES])(struct check *, const struct stix_property *, yyjson_val *) = {
	[VALUE_ANY] = value_any,
	[VALUE_STRING] = value_string,
	[VALUE_BOOLEAN] = value_boolean,
	[VALUE_BOOLEAN_OR_STRING] = value_boolean_or_string,
	[VALUE_INTEGER] = value_integer,
	[VALUE_FLOAT] = value_float,
	[VALUE_TIME] = value_time,
	[VALUE_TIME_MS] = value_time,
	[VALUE_TIME_S] = value_time,
	[VALUE_HEX] = value_hex,
	[VALUE_BINARY] = value_binary,
	[VALUE_HASHES] = value_hashes,
	[VALUE_HASHES_LISTED] = value_hashes,
	[VALUE_OPEN] = value_open,
	[VALUE_ENUM] = value_enum,
	[VALUE_OBJECT] = value_object,
	[VALUE_ID] = value_id,
	[VALUE_DICTIONARY_ANY] = value_dictionary,
	[VALUE_DICTIONARY_STRING] = value_dictionary,
	[VALUE_DICTIONARY_STRING_OR_INTEGER] = value_dictionary,
	[VALUE_DICTIONARY_INTEGER] = value_dictionary,
	[VALUE_DICTIONARY_STRINGS] = value_dictionary,
	[VALUE_NEVER] = value_never,
	[VALUE_SELF_TYPE] = value_self_type,
	[VALUE_SELF_ID] = value_self_id,
	[VALUE_SPEC_VERSION] = value_spec_version,
	[VALUE_LANG] = value_lang,
	[VALUE_SOFTWARE_LANG] = value_lang,
	[VALUE_URL] = value_format,
	[VALUE_MARKING_REF] = value_marking_ref,
	[VALUE_EXTENSIONS] = value_extensions,
	[VALUE_SELECTOR] = value_selector,
	[VALUE_KILL_CHAIN_WORD] = value_should,
	[VALUE_COUNTRY] = value_should,
	[VALUE_PRODUCT] = value_should,
	[VALUE_OBSERVABLES] = value_observables,
	[VALUE_RELATIONSHIP_TYPE] = value_relationship_type,
	[VALUE_MIME] = value_should,
	[VALUE_CHARSET] = value_charset,
	[VALUE_DOMAIN] = value_format,
	[VALUE_EMAIL] = value_format,
	[VALUE_IPV4] = value_format,
	[VALUE_IPV6] = value_format,
	[VALUE_MAC] = value_format,
	[VALUE_PROTOCOL] = value_should,
	[VALUE_PRIORITY] = value_should,
	[VALUE_CPE] = value_format,
	[VALUE_REGISTRY_KEY] = value_registry_key,
	[VALUE_TRANSLATIONS] = value_translations,
	[VALUE_PROPERTY_NAME] = value_property_name,
	[VALUE_OBJECTS] = value_objects,
};

void
check_property(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	if (!property->list) {
		checks[property->value](c, property, val);
		return;
	}
	if (!yyjson_is_arr(val)) {
		check_must(c, "type", "a list is wanted");
		return;
	}
	if (yyjson_arr_size(val) == 0)
		check_must(c, "empty", "an empty list");
	struct frame step = {.up = c->at};
	c->at = &step;
	yyjson_arr_iter it = yyjson_arr_iter_with(val);
	for (yyjson_val *item; !c->stop && (item = yyjson_arr_iter_next(&it)); step.index++)
		checks[property->value](c, property, item);
	c->at = step.up;
}
