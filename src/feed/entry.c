#include "feed/entry.h"

#include "codec/json.h"
#include "pattern/atoms.h"
#include "pattern/syntax.h"
#include "stix/object.h"

static int64_t
instant(const struct stix_object *o, const char *key)
{
	int64_t at;
	struct span text = json_get_span(o->root, key);
	return text.len && !time_parse(text, &at, NULL) ? at : TIME_NONE;
}

/* The same name stands in the pattern with everything below it. */
static bool
is_repeated(const struct entries *out, size_t from, struct observable what)
{
	for (size_t i = from; i < out->all.len; i++)
		if (out->all.at[i].about.kind == what.kind &&
			span_eq(out->all.at[i].about.value, what.value))
			return true;
	return false;
}

static void
add_atoms(const struct pattern_atoms *atoms, const struct out_entry *base, struct entries *out)
{
	size_t from = out->all.len;
	for (size_t i = 0; i < atoms->len; i++) {
		const struct pattern_atom *atom = &atoms->at[i];
		if (!atom->decides && !atom->loose)
			continue;
		if (atom->below) {
			for (size_t j = from; j < out->all.len; j++)
				if (span_eq(out->all.at[j].about.value, atom->what.value))
					out->all.at[j].exact = false;
			continue;
		}
		if (is_repeated(out, from, atom->what))
			continue;
		struct out_entry *e = vec_add(&out->all);
		*e = *base;
		e->about = atom->what;
	}
}

enum rc
entry_all(const struct stix_object *o, struct facts facts, struct arena *a, struct entries *out,
	bool *whole)
{
	struct pattern pattern;
	struct pattern_atoms atoms = {};
	*whole = false;
	if (!span_eq(o->type, SPAN("indicator")) ||
		!span_eq(json_get_span(o->root, "pattern_type"), SPAN("stix")))
		return RC_NONE;
	struct out_entry base = {
		.facts = facts,
		.id = arena_dup(a, o->id),
		.name = arena_dup(a, json_get_span(o->root, "name")),
		.creator = arena_dup(a, o->created_by),
		.tlp = span_of(tlp_word((enum tlp)facts.tlp)),
		.valid_from = instant(o, "valid_from"),
		.valid_until = instant(o, "valid_until"),
		.confidence = -1,
		.exact = true,
	};
	yyjson_val *confidence = json_get(o->root, "confidence");
	if (yyjson_is_uint(confidence) && yyjson_get_uint(confidence) <= 100)
		base.confidence = (int)yyjson_get_uint(confidence);
	struct span text = arena_dup(a, json_get_span(o->root, "pattern"));
	if (pattern_parse(text, a, &pattern, NULL))
		return RC_NONE;
	pattern_atoms(&pattern, a, &atoms);
	*whole = atoms.covers;
	for (size_t i = 0; i < atoms.len; i++)
		*whole = *whole && (atoms.at[i].decides || atoms.at[i].loose);
	size_t before = out->all.len;
	add_atoms(&atoms, &base, out);
	return out->all.len > before ? RC_OK : RC_NONE;
}

enum rc
entry_add(const struct entry_ask *ask, const struct vault_item *item, struct arena *a,
	struct entries *out)
{
	own_stix struct stix_object o = {};
	const struct vault_object *kept = &item->object;
	struct facts facts = facts_kept(kept->class, kept->tlp, kept->privacy);
	if (!pass_permits(ask->pass, facts))
		return RC_DENIED;
	if (stix_read(kept->bytes, &o, NULL) || o.revoked)
		return RC_NONE;
	int64_t until = instant(&o, "valid_until");
	if (until != TIME_NONE && until <= ask->now)
		return RC_NONE;
	bool whole;
	return entry_all(&o, facts, a, out, &whole);
}
