/* MUSTs over two objects that single types bring: stix/across.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/own.h"
#include "codec/json.h"
#include "stix/across-internal.h"
#include "stix/id.h"

/* The latest version of what `id` names, opened; NULL: not in this file. */
static yyjson_val *
open_latest(struct stix_across *a, struct span id, yyjson_doc **doc)
{
	uint32_t number = id.len ? across_latest(a, id) : (uint32_t)NOBODY;
	return number == NOBODY ? NULL : across_open(a, across_at(a, number), doc);
}

static void mirror(struct check *c, yyjson_val *original, yyjson_val *translated);

static void
mirror_list(struct check *c, yyjson_val *original, yyjson_val *translated)
{
	struct frame item = {.up = c->at};
	if (!yyjson_is_arr(translated)) {
		check_must(c, "translation", "the property it translates is a list");
		return;
	}
	if (yyjson_arr_size(original) != yyjson_arr_size(translated)) {
		check_must(c, "translation",
			"has %zu items where the list it translates has %zu; "
			"leave \"\" for what is not translated",
			yyjson_arr_size(translated), yyjson_arr_size(original));
		return;
	}
	yyjson_arr_iter from = yyjson_arr_iter_with(original),
			to = yyjson_arr_iter_with(translated);
	c->at = &item;
	for (yyjson_val *one; !c->stop && (one = yyjson_arr_iter_next(&to)); item.index++) {
		yyjson_val *source = yyjson_arr_iter_next(&from);
		if (!yyjson_is_str(one) || yyjson_get_len(one))
			mirror(c, source, one);
	}
	c->at = item.up;
}

static void
mirror_members(struct check *c, yyjson_val *original, yyjson_val *translated)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(translated);
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		yyjson_val *source = yyjson_obj_getn(original, step.key.ptr, step.key.len);
		c->at = &step;
		if (source)
			mirror(c, source, yyjson_obj_iter_get_val(key));
		c->at = step.up;
	}
}

/* Section 7.1.1. What is neither text nor made of it is no matter of translation. */
static void
mirror(struct check *c, yyjson_val *original, yyjson_val *translated)
{
	if (yyjson_is_str(original) && !yyjson_is_str(translated))
		check_must(c, "translation", "the property it translates is a string");
	else if (yyjson_is_arr(original))
		mirror_list(c, original, translated);
	else if (yyjson_is_obj(original) && !yyjson_is_obj(translated))
		check_must(c, "translation", "the property it translates is an object");
	else if (yyjson_is_obj(original))
		mirror_members(c, original, translated);
}

/* The version that object_modified names, else the latest; NOBODY: not in this file. */
static uint32_t
translated_version(struct stix_across *a, yyjson_val *content)
{
	struct stix_time wanted, modified;
	struct span id = json_get_span(content, "object_ref");
	if (!json_get(content, "object_modified"))
		return across_latest(a, id);
	if (stix_time_read(json_get_span(content, "object_modified"), &wanted))
		return NOBODY;
	for (uint32_t i = across_find(a, id); i != NOBODY; i = across_at(a, i)->next) {
		own_json yyjson_doc *doc = NULL;
		yyjson_val *value = wanted.at == across_at(a, i)->modified
					    ? across_open(a, across_at(a, i), &doc)
					    : NULL;
		if (value && !stix_time_read(json_get_span(value, "modified"), &modified) &&
			stix_time_cmp(&wanted, &modified) == 0)
			return i;
	}
	return NOBODY;
}

static void
judge_translation(struct check *c, struct stix_across *a, yyjson_val *content)
{
	own_json yyjson_doc *doc = NULL;
	uint32_t number = translated_version(a, content);
	if (number == NOBODY)
		return;
	yyjson_val *original = across_open(a, across_at(a, number), &doc);
	struct frame all = {.up = c->at, .key = SPAN("contents")};
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(content, "contents"));
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		struct frame language = {.up = &all, .key = json_span(key)};
		c->at = &language;
		mirror_members(c, original, yyjson_obj_iter_get_val(key));
		c->at = all.up;
	}
}

/* Section 7.3.1: an instance is of a type that the definition says it holds. */
static void
judge_extensions(struct check *c, struct stix_across *a, yyjson_val *object)
{
	struct frame all = {.up = c->at, .key = SPAN("extensions")};
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "extensions"));
	for (yyjson_val *key; !c->stop && (key = yyjson_obj_iter_next(&it));) {
		own_json yyjson_doc *doc = NULL;
		struct frame name = {.up = &all, .key = json_span(key)};
		struct frame step = {.up = &name, .key = SPAN("extension_type")};
		struct span kind = json_get_span(yyjson_obj_iter_get_val(key), "extension_type");
		/* A word that no definition could list has its verdict already. */
		bool known = kind.ptr && stix_words_have(&stix_words_extension_type_enum, kind);
		yyjson_val *definition = known ? open_latest(a, name.key, &doc) : NULL;
		yyjson_arr_iter types =
			yyjson_arr_iter_with(json_get(definition, "extension_types"));
		bool has = !yyjson_arr_size(json_get(definition, "extension_types"));
		for (yyjson_val *one; !has && (one = yyjson_arr_iter_next(&types));)
			has = span_eq(json_span(one), kind);
		c->at = &step;
		if (!has)
			check_must(c, "extension-type",
				"the extension-definition in this file has no \"%.*s\" among its "
				"extension_types",
				check_width(kind), kind.ptr);
		c->at = all.up;
	}
}

/* What an object of a type that the standard does not have says of its kind. */
static bool
said_kind(yyjson_val *object, enum stix_kind *kind)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "extensions"));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span t = json_get_span(yyjson_obj_iter_get_val(key), "extension_type");
		if (!span_starts(t, SPAN("new-")))
			continue;
		*kind = span_eq(t, SPAN("new-sdo"))   ? STIX_SDO
			: span_eq(t, SPAN("new-sro")) ? STIX_SRO
						      : STIX_SCO;
		return true;
	}
	return false;
}

static void
judge_kind(struct check *c, struct stix_across *a, struct span id, unsigned kinds)
{
	own_json yyjson_doc *doc = NULL;
	enum stix_kind kind;
	enum stix_class class;
	struct span type;
	if (stix_id_parse(id, &type, NULL) || stix_type_known(type, &kind, &class))
		return;
	yyjson_val *object = open_latest(a, id, &doc);
	if (object && said_kind(object, &kind) && !(kinds >> kind & 1))
		check_must(c, "reference-type",
			"must not refer to %.*s, which its extension in this file makes a %s",
			check_width(type), type.ptr,
			kind == STIX_SDO   ? "domain object"
			: kind == STIX_SRO ? "relationship object"
					   : "cyber-observable");
}

/* References whose clause names kinds of objects: sections 4.12.1, 4.14.1, 5.1.2, 5.2.1. */
static void
judge_kinds(struct check *c, struct stix_across *a, yyjson_val *object)
{
	static const struct {
		const char *type, *property;
		unsigned kinds;
	} rules[] = {
		{"relationship", "source_ref", 1 << STIX_SDO | 1 << STIX_SCO},
		{"relationship", "target_ref", 1 << STIX_SDO | 1 << STIX_SCO},
		{"sighting", "sighting_of_ref", 1 << STIX_SDO},
		{"observed-data", "object_refs", 1 << STIX_SCO | 1 << STIX_SRO},
		{"malware-analysis", "analysis_sco_refs", 1 << STIX_SCO},
	};
	struct span type = json_get_span(object, "type");
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (!span_eq(type, span_of(rules[i].type)))
			continue;
		yyjson_val *value = json_get(object, rules[i].property), *one;
		struct frame step = {.up = c->at, .key = span_of(rules[i].property)};
		struct frame item = {.up = &step};
		c->at = &step;
		if (yyjson_is_str(value))
			judge_kind(c, a, json_span(value), rules[i].kinds);
		c->at = &item;
		yyjson_arr_iter it = yyjson_arr_iter_with(value);
		for (; !c->stop && (one = yyjson_arr_iter_next(&it)); item.index++)
			judge_kind(c, a, json_span(one), rules[i].kinds);
		c->at = step.up;
	}
}

/* What --enforce-refs asks of a relationship. */
static void
judge_resolved(struct check *c, struct stix_across *a, yyjson_val *link, const char *name)
{
	struct span id = json_get_span(link, name);
	struct frame step = {.up = c->at, .key = span_of(name)};
	c->at = &step;
	if (span_eq(json_get_span(link, "type"), SPAN("relationship")) && id.ptr &&
		across_find(a, id) == NOBODY)
		check_must(c, "unresolved", "what it refers to is not in this file");
	c->at = step.up;
}

/* Section 4.11.2: a family is no variant of an instance. */
static void
judge_variant(struct check *c, struct stix_across *a, yyjson_val *link)
{
	own_json yyjson_doc *x = NULL, *y = NULL;
	if (!span_eq(json_get_span(link, "relationship_type"), SPAN("variant-of")))
		return;
	yyjson_val *source = open_latest(a, json_get_span(link, "source_ref"), &x);
	yyjson_val *target = open_latest(a, json_get_span(link, "target_ref"), &y);
	struct frame step = {.up = c->at, .key = SPAN("target_ref")};
	c->at = &step;
	if (yyjson_is_true(json_get(source, "is_family")) &&
		yyjson_is_false(json_get(target, "is_family")))
		check_must(c, "variant",
			"a malware family is no variant of an instance; turn the "
			"relationship round");
	c->at = step.up;
}

/* Whether two lists of hashes cannot be of the same data: one algorithm, two values. */
static bool
differ(yyjson_val *a, yyjson_val *b)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(a);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span name = json_span(key), x = json_span(yyjson_obj_iter_get_val(key));
		struct span y = json_span(yyjson_obj_getn(b, name.ptr, name.len));
		if (x.len && y.len && !span_eq_fold(x, y))
			return true;
	}
	return false;
}

/* Section 4.11.1: the samples of an instance are one file. Each is held against the first. */
static void
judge_samples(struct check *c, struct stix_across *a, yyjson_val *malware)
{
	own_json yyjson_doc *first = NULL;
	yyjson_val *hashes = NULL;
	struct frame step = {.up = c->at, .key = SPAN("sample_refs")}, item = {.up = &step};
	if (!yyjson_is_false(json_get(malware, "is_family")))
		return;
	c->at = &item;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(malware, "sample_refs"));
	for (yyjson_val *ref; !c->stop && (ref = yyjson_arr_iter_next(&it)); item.index++) {
		own_json yyjson_doc *doc = NULL;
		yyjson_val *here = json_get(open_latest(a, json_span(ref), &doc), "hashes");
		if (!hashes && here) {
			hashes = here;
			first = doc;
			doc = NULL;
		} else if (differ(hashes, here)) {
			check_must(c, "samples",
				"its hashes are of other data than those of the first sample; "
				"where "
				"is_family is false all are the same");
		}
	}
	(void)first; /* lives as long as hashes, which point into it */
	c->at = step.up;
}

void
across_rules(struct check *c, struct stix_across *a, const struct across_entry *e)
{
	own_json yyjson_doc *doc = NULL;
	yyjson_val *object = across_open(a, e, &doc);
	if (e->rules & ACROSS_TRANSLATES)
		judge_translation(c, a, object);
	if (e->rules & ACROSS_EXTENDED && !c->stop)
		judge_extensions(c, a, object);
	if (e->rules & ACROSS_SAMPLES && !c->stop)
		judge_samples(c, a, object);
	if (e->rules & ACROSS_LINK && !c->stop)
		judge_kinds(c, a, object);
	if (e->rules & ACROSS_LINK && !c->stop)
		judge_variant(c, a, object);
	if (e->rules & ACROSS_LINK && c->options->flags & STIX_ENFORCE_REFS && !c->stop) {
		judge_resolved(c, a, object, "source_ref");
		judge_resolved(c, a, object, "target_ref");
	}
}

/* A marking on the way, and what of its references is still to be followed. */
struct stop {
	uint32_t number;
	size_t from, at, end; /* of the list of edges */
};

struct edge {
	uint32_t to;
	bool granular;
};

enum { WHITE, GREY, BLACK };

struct circles {
	struct stix_across *a;
	uint8_t *color;
	vec_of(struct stop) way;
	vec_of(struct edge) edges;
};

static void
add_edge(struct circles *k, struct span id, bool granular)
{
	uint32_t to = id.len ? across_find(k->a, id) : (uint32_t)NOBODY;
	if (to != NOBODY)
		*vec_add(&k->edges) = (struct edge){to, granular};
}

static void
enter(struct circles *k, uint32_t number)
{
	own_json yyjson_doc *doc = NULL;
	yyjson_val *one, *marking = across_open(k->a, across_at(k->a, number), &doc);
	struct stop s = {.number = number, .from = k->edges.len, .at = k->edges.len};
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(marking, "object_marking_refs"));
	while ((one = yyjson_arr_iter_next(&it)))
		add_edge(k, json_span(one), false);
	it = yyjson_arr_iter_with(json_get(marking, "granular_markings"));
	while ((one = yyjson_arr_iter_next(&it)))
		add_edge(k, json_get_span(one, "marking_ref"), true);
	s.end = k->edges.len;
	k->color[number] = GREY;
	*vec_add(&k->way) = s;
}

/* One step along the references; a grey end is on the way already: a circle. */
static void
follow(struct check *c, struct frame *item, struct circles *k)
{
	struct stop *s = &k->way.at[k->way.len - 1];
	if (s->at == s->end) {
		k->color[s->number] = BLACK;
		k->edges.len = s->from;
		k->way.len--;
		return;
	}
	struct edge edge = k->edges.at[s->at++];
	const struct across_entry *e = across_at(k->a, s->number);
	struct frame step = {.up = item,
		.key = edge.granular ? SPAN("granular_markings") : SPAN("object_marking_refs")};
	if (k->color[edge.to] == WHITE) {
		enter(k, edge.to);
	} else if (k->color[edge.to] == GREY && edge.to != s->number) {
		item->index = e->index;
		c->id = e->id;
		c->at = &step;
		check_must(c, "circular",
			"markings mark each other in a circle; leave one of these "
			"references out");
		c->at = item;
	}
}

void
across_circles(struct check *c, struct stix_across *a, struct frame *item, size_t count)
{
	struct circles k = {.a = a, .color = mem_new(count + 1)};
	for (uint32_t i = 0; i < count && !c->stop; i++) {
		if (!(across_at(a, i)->rules & ACROSS_MARKING) || k.color[i] != WHITE)
			continue;
		enter(&k, i);
		while (k.way.len && !c->stop)
			follow(c, item, &k);
	}
	free(k.color);
	free(k.way.at);
	free(k.edges.at);
}
