#include "taxii/definitions.h"

#include <stdlib.h>

#include "base/mutant.h"
#include "memo/facts.h"
#include "stix/tlp.h"
#include "taxii/ends.h"

/* What the batch has given one collection. */
struct definitions_given {
	uint32_t collection;
	enum tlp level[TLP_MARKINGS]; /* as strict as that; RED: not given */
};

struct definitions_end {
	struct span id;
	const struct parcel_item *item;
	uint32_t collection;
};

/* What one parcel names: each as strict as the least strict that names it. RED: nothing does. */
struct naming {
	struct definitions *definitions;
	const struct parcel *parcel;
	enum tlp level[TLP_MARKINGS];
};

void
definitions_fini(struct definitions *d)
{
	free(d->given.at);
	free(d->ends.at);
}

static struct definitions_given *
given_to(struct definitions *d, uint32_t collection)
{
	for (size_t i = d->given.len; i-- > 0;)
		if (d->given.at[i].collection == collection)
			return &d->given.at[i];
	struct definitions_given *one = vec_add(&d->given);
	one->collection = collection;
	for (size_t i = 0; i < TLP_MARKINGS; i++)
		one->level[i] = TLP_RED;
	return one;
}

/* ---- ends, some of which the batch brings itself ---- */

static int
by_id(const void *a, const void *b)
{
	const struct definitions_end *x = a, *y = b;
	return span_cmp(x->id, y->id);
}

static void
gather_ends(struct definitions *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct parcel *p = d->parcels[i];
		for (size_t k = 0; k < p->items.len; k++) {
			const struct parcel_item *item = &p->items.at[k];
			if (!item->refusal)
				*vec_add(&d->ends) = (struct definitions_end){
					item->object.id, item, p->collection};
		}
	}
	qsort(d->ends.at, d->ends.len, sizeof *d->ends.at, by_id);
}

static size_t
first_end(const struct definitions *d, struct span id)
{
	size_t low = 0, high = d->ends.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (span_cmp(d->ends.at[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct facts
facts_of_item(const struct parcel_item *item)
{
	const struct vault_object *o = &item->object;
	return facts_kept(o->class, o->tlp, o->privacy);
}

/*
 * As the vault has it, and every version that this batch brings: which of them will count is not decided yet,
 * so the strictest does. What comes to another collection alone may be where nothing leaves.
 */
static enum rc
find_end(void *ctx, struct span id, struct facts *out)
{
	struct naming *n = ctx;
	struct definitions *d = n->definitions;
	struct facts_source stored = vault_ends(d->vault);
	enum rc code = stored.find(stored.ctx, id, out);
	bool lies = code == RC_OK;
	if (code && code != RC_NONE)
		return code;
	for (size_t i = first_end(d, id); i < d->ends.len && span_eq(d->ends.at[i].id, id); i++) {
		const struct definitions_end *end = &d->ends.at[i];
		struct facts one = facts_of_item(end->item);
		if (code == RC_NONE && end->collection != n->parcel->collection)
			one.flags |= FACTS_HIDDEN;
		*out = lies ? facts_join(*out, one) : one;
		lies = true;
	}
	return lies ? RC_OK : RC_NONE;
}

/* ---- what a parcel names ---- */

/* RED where it goes to nobody: what RED bears, and what has a hidden end. */
static enum tlp
level_of(struct naming *n, const struct parcel_item *item)
{
	struct facts f = facts_of_item(item);
	const struct facts_source ends = {find_end, n};
	if (item->has_ends && !mutant(1574))
		f = facts_with_ends(f, item->object.bytes, &ends);
	bool hidden = f.flags & (FACTS_HIDDEN | FACTS_NEVER_LEAVES);
	return hidden ? TLP_RED : facts_level(f, TLP_AMBER);
}

/* Whether it names one that a less strict object might bring out further. */
static bool
may_lower(const struct naming *n, const struct definitions_given *g, const struct parcel_item *item)
{
	for (size_t i = 0; item->fixed >> i; i++)
		if (item->fixed >> i & 1 && tlp_markings[i].version == 2 &&
			n->level[i] > tlp_markings[i].level && g->level[i] > tlp_markings[i].level)
			return true;
	return false;
}

static void
name_by(struct naming *n, const struct parcel_item *item)
{
	enum tlp level = level_of(n, item);
	for (size_t i = 0; i < TLP_MARKINGS; i++) {
		if (!(item->fixed >> i & 1))
			continue;
		if (mutant(1572))
			level = tlp_markings[i].level;
		if (level < n->level[i])
			n->level[i] = level;
	}
}

/* First what can be judged by itself: nearly always that names all there is to name. */
static enum rc
look_through(struct naming *n, struct definitions_given *g)
{
	struct definitions *d = n->definitions;
	for (size_t i = 0; i < TLP_MARKINGS; i++)
		n->level[i] = TLP_RED;
	for (unsigned ends = 0; ends < 2; ends++) {
		for (size_t i = 0; i < n->parcel->items.len; i++) {
			const struct parcel_item *item = &n->parcel->items.at[i];
			if (item->refusal || item->has_ends != ends || !may_lower(n, g, item))
				continue;
			if (ends && !d->vault)
				return RC_NONE;
			if (ends && !d->ends.len)
				gather_ends(d);
			name_by(n, item);
		}
	}
	for (size_t i = 0; i < n->parcel->items.len; i++) {
		const struct parcel_item *item = &n->parcel->items.at[i];
		const struct tlp_marking *own =
			item->marking && !item->refusal ? tlp_marking_find(item->object.id) : NULL;
		if (own)
			g->level[own - tlp_markings] = TLP_CLEAR;
	}
	return RC_OK;
}

static enum rc
add_one(struct vault_batch *b, const struct tlp_marking *marking, enum tlp level, struct diag *why)
{
	own_stix struct stix_object o = {};
	struct vault_object object;
	enum rc code = stix_read(marking->json, &o, why);
	if (code)
		return code;
	parcel_facts(&o, &object);
	object.tlp = (uint8_t)level;
	object.bytes = marking->json;
	return vault_batch_add(b, &object);
}

enum rc
definitions_add(
	struct definitions *d, struct vault_batch *b, const struct parcel *p, struct diag *why)
{
	struct definitions_given *g = given_to(d, p->collection);
	struct naming n = {.definitions = d, .parcel = p};
	struct vault_request request = {
		.collection = p->collection, .source = p->source, .supplement = true};
	bool asked = false;
	enum rc code = look_through(&n, g);
	for (size_t i = 0; !code && i < TLP_MARKINGS; i++) {
		const struct tlp_marking *marking = &tlp_markings[i];
		if (n.level[i] >= g->level[i] || marking->version != 2 || mutant(1571))
			continue;
		g->level[i] = n.level[i];
		if (!asked)
			vault_batch_request(b, &request);
		asked = true;
		code = add_one(b, marking, n.level[i], why);
	}
	return code;
}
