#include "taxii/definitions.h"

#include "base/mutant.h"
#include "stix/tlp.h"

/* Bit of a definition itself; 0: none of TLP's. */
static unsigned
bit_of(struct span id)
{
	const struct tlp_marking *fixed = tlp_marking_find(id);
	return fixed ? 1U << (fixed - tlp_markings) : 0;
}

/*
 * What an object makes known by being seen: nothing where nobody sees it. RED goes to nobody; whether a
 * relationship, sighting or translation goes depends on its ends, which come and change later; to the
 * public goes only what is CLEAR as a whole.
 */
static unsigned
named_by(const struct parcel_item *item)
{
	if (mutant(1572))
		return item->fixed;
	if (item->refusal || item->has_ends || item->object.tlp == TLP_RED)
		return 0;
	return item->object.tlp == TLP_CLEAR ? item->fixed
					     : item->fixed & ~bit_of(tlp_marking_of(TLP_CLEAR)->id);
}

static unsigned
missing(const struct parcel *p, unsigned given)
{
	unsigned named = 0, brought = given;
	for (size_t i = 0; i < p->items.len; i++) {
		const struct parcel_item *item = &p->items.at[i];
		named |= named_by(item);
		if (item->marking && !item->refusal)
			brought |= bit_of(item->object.id);
	}
	return named & ~brought;
}

static struct definitions_given *
given_to(struct definitions *d, uint32_t collection)
{
	for (size_t i = d->given.len; i-- > 0;)
		if (d->given.at[i].collection == collection)
			return &d->given.at[i];
	struct definitions_given *one = vec_add(&d->given);
	*one = (struct definitions_given){.collection = collection};
	return one;
}

static enum rc
add_one(struct vault_batch *b, const struct tlp_marking *marking, struct diag *why)
{
	own_stix struct stix_object o = {};
	struct vault_object object;
	enum rc code = stix_read(marking->json, &o, why);
	if (code)
		return code;
	parcel_facts(&o, &object);
	object.tlp = (uint8_t)marking->level;
	object.bytes = marking->json;
	return vault_batch_add(b, &object);
}

enum rc
definitions_add(
	struct definitions *d, struct vault_batch *b, const struct parcel *p, struct diag *why)
{
	struct definitions_given *g = given_to(d, p->collection);
	unsigned need = missing(p, g->fixed);
	struct vault_request request = {
		.collection = p->collection, .source = p->source, .supplement = true};
	bool asked = false;
	g->fixed |= need;
	for (size_t i = 0; i < TLP_MARKINGS; i++) {
		const struct tlp_marking *marking = &tlp_markings[i];
		if (!(need >> i & 1) || marking->version != 2 || marking->level == TLP_RED ||
			mutant(1571))
			continue;
		if (!asked)
			vault_batch_request(b, &request);
		asked = true;
		enum rc code = add_one(b, marking, why);
		if (code)
			return code;
	}
	return RC_OK;
}
