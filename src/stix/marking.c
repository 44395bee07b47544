/* The effective TLP of stix/marking.h. */
#include "stix/marking.h"

#include "base/mutant.h"
#include "codec/json.h"
#include "stix/id.h"

/* How deep markings may mark markings; a circle is cut here and counts as unknown. */
enum { DEPTH = 8 };

struct walk {
	const struct stix_resolver *resolve;
	struct stix_tlp result;
};

static void
found(struct walk *w, enum tlp level, struct span id)
{
	if (level > w->result.level) {
		w->result.level = level;
		w->result.strictest = id;
	}
}

static void
found_unknown(struct walk *w, struct span id)
{
	found(w, mutant(1560) ? TLP_AMBER : TLP_RED, id);
	w->result.unknown = true;
}

/* A statement says something to people and nothing about who may have it; nothing else is
 * understood. */
static bool
is_plain_statement(const yyjson_val *marking)
{
	return span_eq(json_get_span(marking, "definition_type"), SPAN("statement")) &&
	       !json_get(marking, "extensions");
}

static void walk_object(struct walk *w, const yyjson_val *refs, const yyjson_val *granular,
	unsigned depth, struct span outer);

/* `outer` is the mark on the object itself through which we came; empty at the top. */
static void
walk_mark(struct walk *w, struct span id, unsigned depth, struct span outer)
{
	if (outer.len == 0)
		outer = id;
	const struct tlp_marking *fixed = tlp_marking_find(id);
	if (fixed) {
		w->result.fixed |= 1U << (fixed - tlp_markings);
		bool upward = mutant(1570) && fixed->level == TLP_AMBER_STRICT;
		found(w, upward ? TLP_AMBER : fixed->level, outer);
		return;
	}
	const struct stix_object *marking =
		w->resolve && depth < DEPTH ? w->resolve->find(w->resolve->ctx, id) : NULL;
	if (!marking || !span_eq(marking->type, SPAN("marking-definition")) ||
		!is_plain_statement(marking->root)) {
		found_unknown(w, outer);
		return;
	}
	walk_object(w, marking->marking_refs, marking->granular, depth + 1, outer);
}

static void
walk_object(struct walk *w, const yyjson_val *refs, const yyjson_val *granular, unsigned depth,
	struct span outer)
{
	yyjson_val *one;
	yyjson_arr_iter it = yyjson_arr_iter_with((yyjson_val *)(uintptr_t)refs);
	while ((one = yyjson_arr_iter_next(&it)))
		walk_mark(w, json_span(one), depth, outer);
	it = yyjson_arr_iter_with((yyjson_val *)(uintptr_t)granular);
	while ((one = yyjson_arr_iter_next(&it))) {
		yyjson_val *ref = json_get(one, "marking_ref");
		if (ref || !json_get(one, "lang"))
			walk_mark(w, json_span(ref), depth, outer);
	}
}

struct stix_tlp
stix_tlp(const struct stix_object *o, const struct stix_resolver *resolve)
{
	struct walk w = {.resolve = resolve};
	walk_object(&w, o->marking_refs, o->granular, 0, (struct span){});
	return w.result;
}

struct stix_tlp
stix_tlp_of_mark(struct span id, const struct stix_resolver *resolve)
{
	struct walk w = {.resolve = resolve};
	walk_mark(&w, id, 0, (struct span){});
	return w.result;
}
