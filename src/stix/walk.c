/* From a table and an object to verdicts: properties, what is required, rules, and what no table
 * has. */
#include <string.h>

#include "base/mutant.h"
#include "codec/json.h"
#include "stix/check-internal.h"
#include "stix/id.h"

bool
check_property_name(struct span name)
{
	if (span_eq(name, SPAN("id")))
		return true;
	if (name.len < 3 || name.len > 250 || name.ptr[0] < 'a' || name.ptr[0] > 'z')
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}

void
check_any(struct check *c, yyjson_val *val)
{
	if (yyjson_is_null(val))
		check_must(c, "null", "null is no value of STIX");
	if (yyjson_is_ctn(val) && unsafe_yyjson_get_len(val) == 0)
		check_must(c, "empty", "an empty %s", yyjson_is_arr(val) ? "list" : "dictionary");
}

/* "x_" SOURCE "_" NAME, or with hyphens for types and extensions. */
static bool
has_source_prefix(struct span name, char hyphen)
{
	if (name.len < 5 || name.ptr[0] != 'x' || name.ptr[1] != hyphen)
		return false;
	size_t second = span_find_byte(span_sub(name, 2, SIZE_MAX), hyphen);
	return second != SIZE_MAX && second > 0 && second + 3 < name.len;
}

static bool
has_prefix(struct span name, char hyphen)
{
	return name.len > 2 && name.ptr[0] == 'x' && name.ptr[1] == hyphen;
}

/*
 * How something custom should be named or made. The three checks stand for one another: whoever
 * asks for extensions (the current way) does not ask for prefixes (the deprecated one) as well.
 */
void
check_way(struct check *c, const char *what, struct span name, char hyphen)
{
	if (check_wants(c, CHECK_EXTENSIONS_USE))
		check_should(c, CHECK_EXTENSIONS_USE,
			"%s should be made by an extension of section 7.3", what);
	else if (check_wants(c, CHECK_CUSTOM_PREFIX) && !has_source_prefix(name, hyphen))
		check_should(c, CHECK_CUSTOM_PREFIX, "%s should start with x%c, its source and %c",
			what, hyphen, hyphen);
	else if (check_wants(c, CHECK_CUSTOM_PREFIX_LAX) && !check_wants(c, CHECK_CUSTOM_PREFIX) &&
		 !has_prefix(name, hyphen))
		check_should(c, CHECK_CUSTOM_PREFIX_LAX, "%s should start with x%c", what, hyphen);
}

/* Section 2.3: keys should be lower-case, where no property's own clause keeps their case. */
static void
check_dictionary_case(struct check *c, yyjson_val *val)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(val);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		bool capital = false;
		for (size_t i = 0; i < step.key.len; i++)
			capital = capital || (step.key.ptr[i] >= 'A' && step.key.ptr[i] <= 'Z');
		c->at = &step;
		if (capital)
			check_should(c, CHECK_OBSERVABLE_DICTIONARY_KEYS,
				"a dictionary's keys should be lower-case");
		check_dictionary_case(c, yyjson_obj_iter_get_val(key));
		c->at = step.up;
	}
}

/* Section 3.6: an observable that has versions must not have the id that all producers share. */
static void
check_versioned_sco(struct check *c, struct span name)
{
	char made[STIX_ID_TEXT];
	if (c->kind != STIX_SCO || !c->table || c->at->up != c->base ||
		!span_eq(name, SPAN("modified")) || !json_get(c->object, "created"))
		return;
	if (stix_id_of_sco(c->object, made, NULL) == RC_OK && span_eq_fold(c->id, span_of(made)))
		check_must(c, "versioned",
			"an observable with versions must not have the id that its properties "
			"make; "
			"leave created and modified out");
}

void
check_custom(struct check *c, struct span name, yyjson_val *val)
{
	check_versioned_sco(c, name);
	if (stix_words_have(&stix_words_reserved_properties, name))
		check_must(c, "reserved", "a reserved name");
	if (!check_property_name(name))
		check_must(
			c, "property-name", "3 to 250 of a-z, 0-9 and _, starting with a letter");
	if (c->table && c->options->flags & STIX_STRICT_PROPERTIES)
		check_must(c, "unknown-property", "not a property of the standard");
	check_any(c, val);
	if (!c->table)
		return;
	/* An extension excuses what lies at the top; the names' prefixes are asked for all the same. */
	bool top = c->at->up == c->base && c->extended & EXTENDS_TOP;
	if (!top || !check_wants(c, CHECK_EXTENSIONS_USE))
		check_way(c, "a custom property", name, '_');
	if (c->kind == STIX_SCO && check_wants(c, CHECK_OBSERVABLE_DICTIONARY_KEYS))
		check_dictionary_case(c, val);
}

unsigned
check_extended(yyjson_val *object)
{
	unsigned found = 0;
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "extensions"));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span type = json_get_span(yyjson_obj_iter_get_val(key), "extension_type");
		if (span_starts(type, SPAN("new-")))
			found |= EXTENDS_TYPE;
		if (span_eq(type, SPAN("toplevel-property-extension")))
			found |= EXTENDS_TOP;
	}
	return found;
}

static const struct stix_property *
find_property(const struct stix_table *table, struct span name, unsigned *bit)
{
	*bit = stix_slot(table->slots, name);
	if (*bit == 255)
		return NULL;
	const struct stix_property *property = *bit >= STIX_COMMON_BIT
						       ? &table->common->own[*bit - STIX_COMMON_BIT]
						       : &table->own[*bit];
	return span_eq(property->name, name) ? property : NULL;
}

static void
check_member(struct check *c, const struct stix_table *table, yyjson_val *key, uint64_t *seen)
{
	struct span name = json_span(key);
	yyjson_val *val = yyjson_obj_iter_get_val(key);
	struct frame step = {.up = c->at, .key = name};
	unsigned bit;
	const struct stix_property *property = find_property(table, name, &bit);
	c->at = &step;
	c->clause = !property		    ? "11.1.1"
		    : bit < STIX_COMMON_BIT ? table->section
					    : table->common->section;
	if (property) {
		*seen |= UINT64_C(1) << bit;
		check_property(c, property, val);
	} else {
		check_custom(c, name, val);
	}
	c->at = step.up;
}

static void
miss(struct check *c, const struct stix_property *properties, unsigned count, uint64_t missing)
{
	for (unsigned i = 0; i < count; i++) {
		if (!(missing >> i & 1) ||
			(c->observables && span_eq(properties[i].name, SPAN("id"))) ||
			(c->old && span_eq(properties[i].name, SPAN("spec_version"))))
			continue;
		struct frame step = {.up = c->at, .key = properties[i].name};
		c->at = &step;
		check_must(c, "required", "missing");
		c->at = step.up;
	}
}

/*
 * Order of two timestamps by their text: to the second as bytes, then digit by digit of the
 * fraction. Malformed ones were judged before; they are called in order.
 */
static int
time_text_cmp(struct span a, struct span b)
{
	if (a.len < 20 || b.len < 20)
		return -1;
	int order = memcmp(a.ptr, b.ptr, 19);
	for (size_t i = 20; order == 0 && (i < a.len || i < b.len); i++) {
		char x = i < a.len && a.ptr[i] != 'Z' ? a.ptr[i] : '0';
		char y = i < b.len && b.ptr[i] != 'Z' ? b.ptr[i] : '0';
		order = (x > y) - (x < y);
	}
	return order;
}

static void
check_order(struct check *c, const struct stix_rule *rule, yyjson_val *object)
{
	struct span first = json_span(yyjson_obj_getn(object, rule->first.ptr, rule->first.len));
	struct span second = json_span(yyjson_obj_getn(object, rule->second.ptr, rule->second.len));
	int order = time_text_cmp(first, second);
	if (order < 0 || (order == 0 && !rule->strict) || mutant(1470))
		return;
	struct frame step = {.up = c->at, .key = rule->second};
	c->at = &step;
	check_must(c, "order", "must be later than %s%s", rule->strict ? "" : "or equal to ",
		rule->first.ptr);
	c->at = step.up;
}

static void
check_rule(struct check *c, const struct stix_rule *rule, yyjson_val *object, uint64_t seen)
{
	if (c->old && rule->kind != RULE_ORDER && rule->kind != RULE_CODE)
		return;
	switch (rule->kind) {
	case RULE_ORDER:
		if ((seen & rule->a) == rule->a)
			check_order(c, rule, object);
		break;
	case RULE_SOME:
		if (!(seen & rule->a))
			check_must(c, "some-of", "needs at least one of: %s", rule->text);
		break;
	case RULE_ONE:
		if (__builtin_popcountll(seen & rule->a) != 1 && !mutant(1590))
			check_must(c, "one-of", "needs exactly one of: %s", rule->text);
		break;
	case RULE_WITH:
		if (seen & rule->a && !(seen & rule->b))
			check_must(c, "depends", "%s stands only with %s", rule->first.ptr,
				rule->second.ptr);
		break;
	case RULE_OWN:
		if (!(seen & rule->a))
			check_must(c, "at-least-one", "needs at least one property of its own");
		break;
	case RULE_CODE: rule->code(c, object); break;
	}
}

void
check_table(struct check *c, const struct stix_table *table, yyjson_val *object)
{
	uint64_t seen = 0;
	if (!yyjson_is_obj(object)) {
		check_must(c, "type", "an object is wanted");
		return;
	}
	yyjson_obj_iter it = yyjson_obj_iter_with(object);
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));)
		check_member(c, table, key, &seen);
	if (c->stop)
		return;
	const struct stix_table *common = table->common;
	uint64_t missing = (table->required | (common ? common->required : 0)) & ~seen;
	/* Of an object of STIX 2.0 only the common properties are asked for, but for spec_version.
	 */
	if (c->old)
		missing &= ~((UINT64_C(1) << STIX_COMMON_BIT) - 1);
	if (missing) {
		c->clause = table->section;
		miss(c, table->own, table->own_count,
			missing & ((UINT64_C(1) << STIX_COMMON_BIT) - 1));
		if (common) {
			c->clause = common->section;
			miss(c, common->own, common->own_count, missing >> STIX_COMMON_BIT);
		}
	}
	c->clause = table->section;
	for (unsigned i = 0; i < table->rule_count && !c->stop; i++)
		check_rule(c, &table->rules[i], object, seen);
	c->clause = common ? common->section : table->section;
	for (unsigned i = 0; common && i < common->rule_count && !c->stop; i++)
		check_rule(c, &common->rules[i], object, seen);
}

void
check_foreign_members(struct check *c, yyjson_val *object)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(object);
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		c->at = &step;
		if (!check_property_name(step.key))
			check_must(c, "property-name",
				"3 to 250 of a-z, 0-9 and _, starting with a letter");
		check_any(c, yyjson_obj_iter_get_val(key));
		c->at = step.up;
	}
}

/* What lies in an extension that the standard does not define: names and values, no more. */
static void
check_foreign_extension(struct check *c, yyjson_val *extension)
{
	c->clause = "7.3.2";
	check_foreign_members(c, extension);
}

static bool
is_custom_extension_name(struct span name)
{
	if (name.len < 5 || name.len > 250 || !span_ends(name, SPAN("-ext")))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!(name.ptr[i] >= 'a' && name.ptr[i] <= 'z') &&
			!(name.ptr[i] >= '0' && name.ptr[i] <= '9') && name.ptr[i] != '-')
			return false;
	return true;
}

static void
check_defined_extension(struct check *c, yyjson_val *extension)
{
	struct span kind = json_get_span(extension, "extension_type");
	struct frame step = {.up = c->at, .key = SPAN("extension_type")};
	c->at = &step;
	if (!json_get(extension, "extension_type"))
		check_must(c, "required", "missing");
	else if (!stix_words_have(&stix_words_extension_type_enum, kind))
		check_must(c, "enum", "\"%.*s\" is not in extension-type-enum", check_width(kind),
			kind.ptr ? kind.ptr : "");
	c->at = step.up;
	check_foreign_extension(c, extension);
	if (c->kind != STIX_SCO || !c->table)
		return;
	if (!check_wants(c, CHECK_EXTENSIONS_USE) || !span_eq(kind, SPAN("property-extension")))
		check_way(c, "a cyber-observable's own extension", step.up->key, '-');
}

static void
check_extension(struct check *c, struct span name, yyjson_val *extension)
{
	const struct stix_table *elsewhere = NULL;
	if (!yyjson_is_obj(extension)) {
		check_must(c, "type", "an object is wanted");
		return;
	}
	if (yyjson_obj_size(extension) == 0)
		check_must(c, "empty", "an empty extension");
	for (size_t i = 0; i < stix_extensions_count; i++) {
		if (!span_eq(stix_extensions[i]->name, name))
			continue;
		if (span_eq(stix_extensions[i]->of, c->type)) {
			check_table(c, stix_extensions[i], extension);
			return;
		}
		elsewhere = stix_extensions[i];
	}
	struct span type;
	if (elsewhere) {
		check_must(c, "extension", "an extension of %s", elsewhere->of.ptr);
	} else if (stix_id_parse(name, &type, NULL) == RC_OK &&
		   span_eq(type, SPAN("extension-definition"))) {
		check_defined_extension(c, extension);
	} else if (is_custom_extension_name(name) || c->old || c->observables) {
		/* STIX 2.0, which containers may hold, only says how names should end. */
		check_foreign_extension(c, extension);
		/* "x-foobar-ext" names no source: the ending is none of the parts. */
		check_way(c, "a custom extension", span_sub(name, 0, name.len - 4), '-');
	} else {
		check_must(c, "extension",
			"neither an extension-definition's id nor a name that ends in -ext");
	}
}

void
check_extensions(struct check *c, yyjson_val *extensions)
{
	if (!yyjson_is_obj(extensions)) {
		check_must(c, "type", "a dictionary is wanted");
		return;
	}
	if (yyjson_obj_size(extensions) == 0)
		check_must(c, "empty", "an empty dictionary");
	yyjson_obj_iter it = yyjson_obj_iter_with(extensions);
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		c->at = &step;
		check_extension(c, step.key, yyjson_obj_iter_get_val(key));
		c->at = step.up;
	}
}

void
check_observables(struct check *c, yyjson_val *container)
{
	check_should(c, CHECK_DEPRECATED_PROPERTIES, "deprecated: use object_refs");
	if (!yyjson_is_obj(container) || yyjson_obj_size(container) == 0) {
		check_must(c, "empty", "a dictionary of at least one observable is wanted");
		return;
	}
	struct check inner = *c;
	inner.observables = container;
	yyjson_obj_iter it = yyjson_obj_iter_with(container);
	for (yyjson_val *key; !inner.stop && (key = yyjson_obj_iter_next(&it));) {
		yyjson_val *one = yyjson_obj_iter_get_val(key);
		struct frame step = {.up = c->at, .key = json_span(key)};
		uint64_t number;
		inner.at = inner.base = &step;
		if (!span_to_u64(step.key, &number))
			check_should(&inner, CHECK_OBSERVABLE_OBJECT_KEYS,
				"keys should be numbers from 0 on");
		inner.object = one;
		inner.type = json_get_span(one, "type");
		inner.table = stix_table_find(inner.type);
		inner.kind = STIX_SCO;
		if (inner.table && inner.table->kind != STIX_SCO)
			check_must(&inner, "observable", "no cyber-observable");
		else
			check_table(&inner, inner.table ? inner.table : stix_unknown_sco, one);
	}
	c->stop = inner.stop;
}
