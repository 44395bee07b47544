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

struct print {
	uint32_t collection;
	struct vault_print sum;
};

struct versions {
	vec_of(struct seen) seen;
	vec_of(struct print) prints;
	uint32_t *slot; /* index + 1; all of one uuid in one run */
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

static size_t
first_slot(const struct versions *v, const struct uuid *uuid)
{
	struct span bytes = {(const char *)uuid->byte, sizeof uuid->byte};
	return hash64(bytes, v->seed) & (v->slots - 1);
}

static void
put(struct versions *v, uint32_t index)
{
	size_t at = first_slot(v, &v->seen.at[index].uuid);
	while (v->slot[at])
		at = (at + 1) & (v->slots - 1);
	v->slot[at] = index + 1;
}

static void
make_room(struct versions *v)
{
	if ((v->seen.len + 1) * 2 <= v->slots)
		return;
	free(v->slot);
	v->slots = v->slots ? v->slots * 2 : 1024;
	v->slot = mem_new(v->slots * sizeof *v->slot);
	for (size_t i = 0; i < v->seen.len; i++)
		put(v, (uint32_t)i);
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
find(struct versions *v, const struct uuid *uuid, uint32_t collection, struct seen **here,
	struct seen **in_force)
{
	*here = *in_force = NULL;
	for (size_t at = first_slot(v, uuid); v->slot[at]; at = (at + 1) & (v->slots - 1)) {
		struct seen *s = &v->seen.at[v->slot[at] - 1];
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
	make_room(v);
	struct vault_print *print = print_of(v, item->collection);
	struct seen *here, *before;
	find(v, &got.uuid, item->collection, &here, &before);
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
	put(v, (uint32_t)v->seen.len - 1);
	return RC_OK;
}
