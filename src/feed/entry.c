#include "feed/entry.h"

#include "codec/json.h"
#include "pattern/atoms.h"
#include "pattern/syntax.h"
#include "stix/object.h"
#include "taxii/ends.h"

static int64_t
instant(const struct stix_object *o, const char *key)
{
	int64_t at;
	struct span text = json_get_span(o->root, key);
	return text.len && !time_parse(text, &at, NULL) ? at : TIME_NONE;
}

static bool
is_repeated(const struct entries *out, size_t from, const struct out_entry *e)
{
	for (size_t i = from; i < out->all.len; i++) {
		const struct out_entry *one = &out->all.at[i];
		if (one->about.kind == e->about.kind && one->exact == e->exact &&
			one->valid_from == e->valid_from && one->valid_until == e->valid_until &&
			span_eq(one->about.value, e->about.value))
			return true;
	}
	return false;
}

/* False: no observable alone can say what this atom says. */
static bool
add_atom(const struct pattern_atom *atom, const struct out_entry *base, size_t from,
	struct entries *out)
{
	struct out_entry e = *base;
	e.about = atom->what;
	e.exact = atom->reach == PATTERN_EXACT;
	e.valid_from = time_later(base->valid_from, atom->from);
	e.valid_until = time_earlier(base->valid_until, atom->until);
	if (!atom->decides || atom->reach == PATTERN_BELOW)
		return false;
	if (!is_repeated(out, from, &e))
		*vec_add(&out->all) = e;
	return atom->from == TIME_NONE && atom->until == TIME_NONE;
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
		.modified = o->modified.at,
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
	size_t before = out->all.len;
	*whole = atoms.whole;
	for (size_t i = 0; i < atoms.len; i++)
		*whole = add_atom(&atoms.at[i], &base, before, out) && *whole;
	return out->all.len > before ? RC_OK : RC_NONE;
}

/* START and STOP of a pattern may be narrower than its validity; false: no row is left. */
static bool
keep_valid(const struct entry_ask *ask, size_t before, struct entries *out)
{
	size_t left = before, early = 0;
	for (size_t i = before; i < out->all.len; i++) {
		const struct out_entry *e = &out->all.at[i];
		bool later = e->valid_from != TIME_NONE && e->valid_from > ask->now;
		early += later;
		if (!later && (e->valid_until == TIME_NONE || e->valid_until > ask->now))
			out->all.at[left++] = *e;
	}
	out->all.len = left;
	if (left > before)
		return true;
	if (early)
		ask->counts->early++;
	else
		ask->counts->expired++;
	return false;
}

enum rc
entry_add(const struct entry_ask *ask, const struct vault_item *item, struct arena *a,
	struct entries *out)
{
	own_stix struct stix_object o = {};
	const struct vault_object *kept = &item->object;
	struct facts facts = item_facts(item);
	if (!pass_permits(ask->pass, facts))
		return RC_DENIED;
	if (stix_read(kept->bytes, &o, NULL) || !span_eq(o.type, SPAN("indicator")))
		return RC_NONE;
	int64_t from = instant(&o, "valid_from"), until = instant(&o, "valid_until");
	bool whole = true;
	size_t before = out->all.len;
	if (o.revoked)
		ask->counts->revoked++;
	else if (until != TIME_NONE && until <= ask->now)
		ask->counts->expired++;
	else if (from != TIME_NONE && from > ask->now)
		ask->counts->early++;
	else if (!span_eq(json_get_span(o.root, "pattern_type"), SPAN("stix")))
		ask->counts->foreign++;
	else if (entry_all(&o, facts, a, out, &whole))
		ask->counts->joint++;
	else if (!keep_valid(ask, before, out))
		return RC_NONE;
	else
		ask->counts->partial += !whole;
	return out->all.len > before ? RC_OK : RC_NONE;
}
