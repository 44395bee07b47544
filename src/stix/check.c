#include "stix/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/own.h"
#include "codec/json.h"
#include "stix/across.h"
#include "stix/check-internal.h"
#include "stix/tlp.h"

enum { KEPT = 1000 };

void
stix_verdicts_fini(struct stix_verdicts *v)
{
	arena_fini(&v->text);
	arena_fini(&v->scratch);
	free(v->all.at);
	*v = (struct stix_verdicts){};
}

void
stix_verdicts_reset(struct stix_verdicts *v)
{
	arena_reset(&v->text);
	v->all.len = 0;
	v->musts = v->shoulds = 0;
}

int
check_width(struct span s)
{
	return (int)(s.len < 120 ? s.len : 120);
}

static void
path_text(const struct frame *frame, struct buf *out)
{
	if (!frame)
		return;
	path_text(frame->up, out);
	if (!frame->key.ptr) {
		buf_printf(out, "[%zu]", frame->index);
		return;
	}
	if (out->len)
		buf_add_byte(out, '.');
	buf_add(out, span_sub(frame->key, 0, 250));
}

/* Texts come from outside: control bytes would let them write to a terminal. */
static struct span
clean(struct arena *a, const char *text)
{
	struct span copy = arena_dup(a, span_of(text));
	for (size_t i = 0; i < copy.len; i++)
		if ((unsigned char)copy.ptr[i] < 0x20 || copy.ptr[i] == 0x7f)
			((char *)(uintptr_t)copy.ptr)[i] = '?';
	return copy;
}

/* The section that says it, by the verdict's code; else that of the property. */
static const char *
clause_of(const struct check *c, const char *code)
{
	static const char *const clauses[][2] = {{"base64", "2.1"}, {"dictionary-key", "2.3"},
		{"null", "2"}, {"empty", "2.12"}, {"external-id", "4.1.1 and 4.19.1"},
		{"hash", "2.7"}, {"hash-algo", "2.7"}, {"hash-length", "2.7"}, {"hex", "2.8"},
		{"id", "2.9"}, {"id-type", "2.9"}, {"uuid-version", "2.9"}, {"uuid-check", "2.9"},
		{"uuid-reuse", "2.9"}, {"kill-chain-names", "2.11"},
		{"observable-object-keys", "2.9"}, {"observable-dictionary-keys", "2.3"},
		{"open-vocab-format", "2.14"}, {"timestamp", "2.16.1"}, {"precision", "3.2"},
		{"property-name", "3.1"}, {"type-name", "11.2.1"}, {"spec-version", "3.2"},
		{"circular", "3.2"}, {"language", "3.2"}, {"versioned", "3.6"}, {"version", "3.6"},
		{"revoked", "3.6"}, {"duplicate-ids", "3.6"}, {"reserved", "3.8"},
		{"charset", "3.9.1"}, {"observable", "4.14.1"}, {"samples", "4.11.1"},
		{"variant", "4.11.2"}, {"relationship-types", "5.1.2"}, {"encoded-word", "6.6"},
		{"translation", "7.1.1"}, {"marking", "7.2.1"}, {"tlp", "7.2.1"},
		{"marking-definition-type", "7.2.1"}, {"selector", "7.2.3"}, {"extension", "3.2"},
		{"extension-type", "7.3.1"}, {"extensions-use", "7.3"}, {"custom-prefix", "11.1.1"},
		{"custom-prefix-lax", "11.1.1"}, {"bundle", "8.1"}, {"pattern", "9"},
		{"pattern-property", "3.1"}, {"pattern-type", "3.1"}, {"json", ""}, {"limit", ""},
		{"unresolved", ""}, {"unknown-type", ""}, {"unknown-property", ""}};
	for (size_t i = 0; i < sizeof clauses / sizeof clauses[0]; i++)
		if (strcmp(clauses[i][0], code) == 0)
			return clauses[i][1];
	return c->clause ? c->clause : "";
}

static void
add_verdict(struct check *c, const char *code, enum stix_level level, const char *what)
{
	struct stix_verdicts *out = c->out;
	if (level == STIX_MUST) {
		out->musts++;
		c->stop = c->options->flags & STIX_FIRST_ONLY;
	} else {
		out->shoulds++;
	}
	if (out->all.len >= KEPT)
		return;
	own_buf struct buf path = {};
	path_text(c->at, &path);
	buf_add_byte(&path, 0);
	*vec_add(&out->all) = (struct stix_verdict){.code = code,
		.level = level,
		.clause = clause_of(c, code),
		.id = arena_dup(&out->text, span_sub(c->id, 0, 300)),
		.path = clean(&out->text, path.ptr),
		.what = clean(&out->text, what)};
}

void
check_must(struct check *c, const char *code, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	add_verdict(c, code, STIX_MUST, text);
}

void
check_should(struct check *c, enum stix_should which, const char *format, ...)
{
	char text[400];
	if (which >= STIX_CHECKS || !check_wants(c, which))
		return;
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	add_verdict(c, stix_should_name(which), STIX_SHOULD, text);
}

/* An unknown type looks like what its extension says, else like an observable only without any
 * time. */
static const struct stix_table *
table_of_unknown(yyjson_val *object)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "extensions"));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span type = json_get_span(yyjson_obj_iter_get_val(key), "extension_type");
		if (span_eq(type, SPAN("new-sco")))
			return stix_unknown_sco;
		if (span_starts(type, SPAN("new-")))
			return stix_unknown_sdo;
	}
	bool timed = json_get(object, "created") || json_get(object, "modified");
	return timed ? stix_unknown_sdo : stix_unknown_sco;
}

/* What only STIX 2.1 has: an object with any of these and no spec_version is none of 2.0. */
static bool
looks_like_2_1(const struct check *c, yyjson_val *object)
{
	static const char *const fresh[] = {"pattern_type", "indicator_types", "malware_types",
		"is_family", "tool_types", "threat_actor_types", "report_types", "confidence",
		"lang", "extensions"};
	static const char *const types[] = {"grouping", "incident", "infrastructure",
		"language-content", "location", "malware-analysis", "note", "opinion",
		"extension-definition"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_eq(c->type, span_of(types[i])))
			return true;
	for (size_t i = 0; i < sizeof fresh / sizeof fresh[0]; i++)
		if (json_get(object, fresh[i]))
			return true;
	return false;
}

/* An object of STIX 2.0 says so, or says nothing where 2.1 must (only observables need not). */
static bool
is_old(const struct check *c, yyjson_val *object)
{
	yyjson_val *version = json_get(object, "spec_version");
	if (span_eq(c->type, SPAN("bundle")))
		return false;
	if (c->options->flags & STIX_AS_2_0)
		return true;
	if (!(c->options->flags & STIX_ACCEPT_2_0))
		return false;
	if (version)
		return span_eq(json_span(version), SPAN("2.0"));
	return c->kind != STIX_SCO && !looks_like_2_1(c, object);
}

/* The interoperability test document lets at most one TLP level mark an object. */
static void
check_one_tlp(struct check *c, yyjson_val *object)
{
	size_t levels = 0;
	struct frame step = {.up = c->at, .key = SPAN("object_marking_refs")};
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(object, "object_marking_refs"));
	for (yyjson_val *ref; (ref = yyjson_arr_iter_next(&it));)
		levels += tlp_marking_find(json_span(ref)) != NULL;
	c->at = &step;
	if (levels > 1)
		check_must(c, "tlp", "one TLP marking at most may mark an object");
	c->at = step.up;
}

static void
check_interop(struct check *c, yyjson_val *object)
{
	check_one_tlp(c, object);
	if (c->kind == STIX_SCO || c->kind == STIX_META || json_get(object, "created_by_ref"))
		return;
	struct frame step = {.up = c->at, .key = SPAN("created_by_ref")};
	c->at = &step;
	check_must(c, "required", "missing");
	c->at = step.up;
}

/* One object at c->at. */
static void
check_object(struct check *c, yyjson_val *object)
{
	if (!yyjson_is_obj(object)) {
		check_must(c, "type", "an object is wanted");
		return;
	}
	c->object = object;
	c->base = c->at;
	c->type = json_get_span(object, "type");
	c->id = json_get_span(object, "id");
	c->table = stix_table_find(c->type);
	c->extended = check_extended(object);
	const struct stix_table *table = c->table ? c->table : table_of_unknown(object);
	c->kind = table->kind;
	uint64_t should = c->should;
	c->old = is_old(c, object);
	if (c->old)
		c->should = 0;
	check_table(c, table, object);
	if (c->options->flags & STIX_INTEROP && !c->stop)
		check_interop(c, object);
	c->should = should;
}

uint64_t
check_active(const struct stix_options *options)
{
	if (options->level == STIX_MUST)
		return 0;
	return options->enabled ? options->enabled : ~options->disabled;
}

enum rc
check_result(const struct stix_options *options, const struct stix_verdicts *out, size_t musts,
	size_t shoulds)
{
	bool bad = out->musts > musts || (options->level == STIX_SHOULD && out->shoulds > shoulds);
	return bad ? RC_BAD : RC_OK;
}

enum rc
stix_check(
	const struct stix_object *o, const struct stix_options *options, struct stix_verdicts *out)
{
	struct check c = {.options = options, .out = out, .should = check_active(options)};
	size_t musts = out->musts, shoulds = out->shoulds;
	check_object(&c, o->root);
	return check_result(options, out, musts, shoulds);
}

/* What objects show only together. */
static void
check_together(struct check *c, const char *list, yyjson_val *objects)
{
	own_across struct stix_across *set = stix_across_new(list);
	size_t index = 0;
	yyjson_arr_iter it = yyjson_arr_iter_with(objects);
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&it)); index++)
		stix_across_add_value(set, index, one);
	(void)!stix_across_judge(set, c->options, c->out);
}

static void
check_bundle(struct check *c, yyjson_val *bundle)
{
	yyjson_val *objects = json_get(bundle, "objects");
	check_object(c, bundle);
	c->id = json_get_span(bundle, "id");
	/* Bundles of STIX 2.0 have a version of their own. */
	struct span version = json_get_span(bundle, "spec_version");
	c->in_bundle = true;
	if (c->options->flags & STIX_AS_2_0 && !span_eq(version, SPAN("2.0")))
		check_must(c, "spec-version", "a bundle of STIX 2.0 has spec_version \"2.0\"");
	struct frame list = {.up = c->at, .key = SPAN("objects")}, item = {.up = &list};
	c->at = &list;
	yyjson_arr_iter it = yyjson_arr_iter_with(objects);
	bool each = !(c->options->flags & STIX_ACROSS_ONLY);
	for (yyjson_val *one; each && !c->stop && (one = yyjson_arr_iter_next(&it)); item.index++) {
		c->at = &item;
		c->id = (struct span){};
		if (span_eq(json_get_span(one, "type"), SPAN("bundle")))
			check_must(c, "bundle", "a bundle holds objects, not bundles");
		else
			check_object(c, one);
	}
	c->at = list.up;
	c->in_bundle = false;
	if (each && !c->stop)
		check_together(c, "objects", objects);
}

static void
check_root(struct check *c, yyjson_val *root)
{
	c->id = (struct span){};
	if (!span_eq(json_get_span(root, "type"), SPAN("bundle")))
		check_object(c, root);
	else if (c->in_bundle)
		check_must(c, "bundle", "a bundle holds objects, not bundles");
	else
		check_bundle(c, root);
}

enum rc
stix_check_text(struct span text, const struct stix_options *options, struct stix_verdicts *out)
{
	static const struct json_limits limits = {.depth = STIX_DEPTH_MAX};
	struct check c = {.options = options,
		.out = out,
		.should = check_active(options),
		.in_bundle = options->flags & STIX_IN_BUNDLE};
	size_t musts = out->musts, shoulds = out->shoulds;
	own_json yyjson_doc *doc = NULL;
	struct diag why = {};
	if (json_read(text, &limits, &doc, &why)) {
		check_must(&c, "json", "%s%s%s", why.where, *why.where ? ": " : "", why.what);
		return RC_BAD;
	}
	yyjson_val *root = yyjson_doc_get_root(doc);
	if (yyjson_is_arr(root)) {
		struct frame item = {};
		c.at = &item;
		yyjson_arr_iter it = yyjson_arr_iter_with(root);
		for (yyjson_val *one; !c.stop && (one = yyjson_arr_iter_next(&it)); item.index++)
			check_root(&c, one);
		if (!c.stop)
			check_together(&c, "", root);
	} else {
		check_root(&c, root);
	}
	return check_result(options, out, musts, shoulds);
}
