#include "node/versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"

enum { ID_TAIL = UUID_TEXT - 1 };

/* What one collection shows of one object. */
struct seen {
	struct uuid uuid;
	int64_t added, version;
	uint32_t collection;
	uint8_t spec;
	bool permitted, in_force;
};

/* index + 1; 0: free. The hash spares a look at those that only share the place. */
struct slot {
	uint32_t hash, index;
};

struct print {
	uint32_t collection;
	struct vault_print sum;
};

struct versions {
	vec_of(struct seen) seen;
	vec_of(struct print) prints;
	struct slot *slot; /* all of one uuid in one run */
	size_t slots;
	uint64_t seed;
};

struct versions *
versions_new(void)
{
	struct versions *v = mem_new(sizeof *v);
	v->seed = (uint64_t)(uintptr_t)v;
	return v;
}

void
versions_free(struct versions *v)
{
	if (!v)
		return;
	free(v->seen.at);
	free(v->prints.at);
	free(v->slot);
	free(v);
}

static uint32_t
hash_of(const struct versions *v, const struct uuid *uuid)
{
	struct span bytes = {(const char *)uuid->byte, sizeof uuid->byte};
	return (uint32_t)(hash64(bytes, v->seed) >> 32);
}

static void
put(struct versions *v, struct slot made)
{
	size_t at = made.hash & (v->slots - 1);
	while (v->slot[at].index)
		at = (at + 1) & (v->slots - 1);
	v->slot[at] = made;
}

void
versions_expect(struct versions *v, uint64_t more)
{
	struct slot *old = v->slot;
	size_t count = v->slots, slots = count ? count : 1024;
	while (slots < (v->seen.len + more) * 2 && slots < UINT32_MAX)
		slots *= 2;
	if (slots == count)
		return;
	v->slots = slots;
	v->slot = mem_new(slots * sizeof *v->slot);
	for (size_t i = 0; i < count; i++)
		if (old[i].index)
			put(v, old[i]);
	free(old);
}

static struct vault_print *
print_of(struct versions *v, uint32_t collection)
{
	for (size_t i = 0; i < v->prints.len; i++)
		if (v->prints.at[i].collection == collection)
			return &v->prints.at[i].sum;
	*vec_add(&v->prints) = (struct print){.collection = collection};
	return &v->prints.at[v->prints.len - 1].sum;
}

struct vault_print
versions_print(const struct versions *v, uint32_t collection)
{
	for (size_t i = 0; i < v->prints.len; i++)
		if (v->prints.at[i].collection == collection)
			return v->prints.at[i].sum;
	return (struct vault_print){};
}

size_t
versions_collections(const struct versions *v)
{
	return v->prints.len;
}

/* The entry of this object in the collection, and the one in force, each NULL where there is none. */
static void
find(struct versions *v, uint32_t hash, const struct uuid *uuid, uint32_t collection,
	struct seen **here, struct seen **in_force)
{
	*here = *in_force = NULL;
	for (size_t at = hash & (v->slots - 1); v->slot[at].index; at = (at + 1) & (v->slots - 1)) {
		if (v->slot[at].hash != hash)
			continue;
		struct seen *s = &v->seen.at[v->slot[at].index - 1];
		if (memcmp(&s->uuid, uuid, sizeof *uuid) != 0)
			continue;
		if (s->collection == collection)
			*here = s;
		if (s->in_force)
			*in_force = s;
	}
}

static bool
is_later(const struct seen *a, const struct seen *b)
{
	return a->spec != b->spec ? a->spec > b->spec : a->version > b->version;
}

enum rc
versions_see(struct versions *v, const struct vault_item *item, bool permitted,
	enum versions_verdict *verdict)
{
	const struct vault_object *o = &item->object;
	struct seen got = {.added = item->added,
		.version = o->version_at,
		.collection = item->collection,
		.spec = (uint8_t)o->spec,
		.permitted = permitted};
	if (o->id.len < ID_TAIL ||
		uuid_parse(span_sub(o->id, o->id.len - ID_TAIL, ID_TAIL), &got.uuid))
		return RC_BAD;
	versions_expect(v, 1);
	uint32_t hash = hash_of(v, &got.uuid);
	struct vault_print *print = print_of(v, item->collection);
	struct seen *here, *before;
	find(v, hash, &got.uuid, item->collection, &here, &before);
	*verdict = VERSION_IDLE;
	if (here && here->added == got.added && here->permitted == permitted)
		return RC_OK;
	bool own = here && here == before;
	if (own && (!permitted || is_later(here, &got)))
		*verdict = VERSION_LOST;
	else if (permitted && (!before || own || is_later(&got, before)))
		*verdict = before ? VERSION_REPLACES : VERSION_FIRST;
	got.in_force = *verdict == VERSION_FIRST || *verdict == VERSION_REPLACES;
	if (got.in_force && before)
		before->in_force = false;
	print->count += !here;
	print->sum += vault_print_of(got.added) - (here ? vault_print_of(here->added) : 0);
	if (here) {
		*here = got;
		return RC_OK;
	}
	*vec_add(&v->seen) = got;
	put(v, (struct slot){hash, (uint32_t)v->seen.len});
	return RC_OK;
}
