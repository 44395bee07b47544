#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/must.h"
#include "base/mutant.h"
#include "node/versions-internal.h"

enum { ID_TAIL = UUID_TEXT - 1 };

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
	free(v->remarks.at);
	free(v->slot);
	free(v->lifted);
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

struct seen *
versions_put(struct versions *v, const struct seen *made)
{
	versions_expect(v, 1);
	*vec_add(&v->seen) = *made;
	put(v, (struct slot){hash_of(v, &made->uuid), (uint32_t)v->seen.len});
	return &v->seen.at[v->seen.len - 1];
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

uint32_t
versions_collection(const struct versions *v, uint32_t after)
{
	uint32_t next = 0;
	for (size_t i = 0; i < v->prints.len; i++) {
		uint32_t number = v->prints.at[i].collection;
		if (v->prints.at[i].sum.count && number > after && (!next || number < next))
			next = number;
	}
	return next;
}

size_t
versions_collections(const struct versions *v)
{
	size_t count = 0;
	for (size_t i = 0; i < v->prints.len; i++)
		count += v->prints.at[i].sum.count > 0;
	return count;
}

uint64_t
versions_count(const struct versions *v)
{
	uint64_t count = 0;
	for (size_t i = 0; i < v->prints.len; i++)
		count += v->prints.at[i].sum.count;
	return count;
}

uint64_t
versions_news(const struct versions *v)
{
	return v->news;
}

/* ---- one object ---- */

/* Its rows in the heap, one after the other. */
struct walk {
	const struct uuid *uuid;
	uint32_t hash;
	size_t at;
	bool begun;
};

static struct seen *
next_row(struct versions *v, struct walk *w)
{
	if (!v->slots)
		return NULL;
	if (!w->begun) {
		w->hash = hash_of(v, w->uuid);
		w->at = w->hash & (v->slots - 1);
		w->begun = true;
	}
	while (v->slot[w->at].index) {
		struct slot slot = v->slot[w->at];
		w->at = (w->at + 1) & (v->slots - 1);
		if (slot.hash != w->hash)
			continue;
		struct seen *s = &v->seen.at[slot.index - 1];
		if (memcmp(&s->uuid, w->uuid, sizeof *w->uuid) == 0)
			return s;
	}
	return NULL;
}

/* The entry of this object in the collection, and the one in force, each NULL where there is none. */
static void
find(struct versions *v, const struct uuid *uuid, uint32_t collection, struct seen **here,
	struct seen **in_force)
{
	struct walk w = {.uuid = uuid};
	*here = *in_force = NULL;
	for (struct seen *s; (s = next_row(v, &w));) {
		if (s->collection == collection)
			*here = s;
		if (s->in_force)
			*in_force = s;
	}
}

static bool
is_later(const struct seen *a, const struct seen *b)
{
	if (a->spec != b->spec)
		return a->spec > b->spec;
	if (a->version != b->version)
		return a->version > b->version;
	return a->collection < b->collection;
}

/* What it had to say counts no more. */
static void
unremark(struct versions *v, struct seen *s)
{
	if (!s->remark)
		return;
	struct remark *said = &v->remarks.at[s->remark - 1];
	for (size_t k = 0; k < REMARKS; k++)
		v->sums[k] -= said->of[k];
	*said = (struct remark){};
	s->remark = 0;
}

static void
leave_force(struct versions *v, struct seen *s)
{
	unremark(v, s);
	s->in_force = false;
}

enum rc
versions_object(struct span id, struct uuid *out)
{
	if (id.len < ID_TAIL)
		return RC_BAD;
	return uuid_parse(span_sub(id, id.len - ID_TAIL, ID_TAIL), out) ? RC_BAD : RC_OK;
}

/* The row is what the collection shows from now on. */
static void
note(struct versions *v, struct seen *here, const struct seen *got)
{
	struct vault_print *print = print_of(v, got->collection);
	bool there = here && !here->gone;
	print->count += !there;
	print->sum += vault_print_of(got->added) - (there ? vault_print_of(here->added) : 0);
	v->news++;
	if (here)
		*here = *got;
	else
		versions_put(v, got);
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
	struct seen *here, *before;
	if (versions_object(o->id, &got.uuid))
		return RC_BAD;
	versions_lift(v, &got.uuid);
	find(v, &got.uuid, item->collection, &here, &before);
	*verdict = VERSION_IDLE;
	if (here && !here->gone && here->added == got.added && here->permitted == permitted)
		return RC_OK;
	bool own = here && here == before;
	if (own && (!permitted || is_later(here, &got)))
		*verdict = VERSION_LOST;
	else if (permitted && (!before || own || is_later(&got, before)))
		*verdict = before ? VERSION_REPLACES : VERSION_FIRST;
	got.in_force = *verdict == VERSION_FIRST || *verdict == VERSION_REPLACES;
	if (before && *verdict != VERSION_IDLE)
		leave_force(v, before);
	note(v, here, &got);
	return RC_OK;
}

/* ---- what went ---- */

static int
by_added(const void *a, const void *b)
{
	const struct versions_sight *x = a, *y = b;
	return x->added < y->added ? -1 : x->added > y->added;
}

static const struct packed_collection *
packed_collection(const struct versions *v, uint32_t number)
{
	for (uint32_t i = 0; i < v->base_collections; i++)
		if (v->base_collection[i].number == number)
			return &v->base_collection[i];
	return NULL;
}

struct versions_sights
versions_sights(const struct versions *v, uint32_t collection)
{
	const struct packed_collection *packed = packed_collection(v, collection);
	vec_of(struct versions_sight) all = {};
	for (size_t i = 0; i < v->seen.len; i++)
		if (v->seen.at[i].collection == collection && !v->seen.at[i].gone)
			*vec_add(&all) =
				(struct versions_sight){v->seen.at[i].added, (uint32_t)i, false};
	size_t own = all.len;
	for (uint64_t i = packed ? packed->first : 0; packed && i < packed->first + packed->count;
		i++)
		if (!versions_is_lifted(v, i))
			*vec_add(&all) = (struct versions_sight){
				versions_number(v->base[i].added), (uint32_t)i, true};
	/* Packed ones are in order by themselves. */
	bool sorted = true;
	for (size_t i = 1; i < all.len; i++)
		sorted &= all.at[i - 1].added <= all.at[i].added;
	if (own && !sorted)
		qsort(all.at, all.len, sizeof *all.at, by_added);
	return (struct versions_sights){all.at, all.len};
}

bool
versions_vanish(struct versions *v, const struct versions_sight *sight, struct uuid *object)
{
	uint32_t collection;
	struct seen *here, *in_force;
	if (sight->packed) {
		struct seen row = versions_row(v, sight->index);
		*object = row.uuid;
		collection = row.collection;
		versions_lift(v, object);
	} else {
		*object = v->seen.at[sight->index].uuid;
		collection = v->seen.at[sight->index].collection;
	}
	find(v, object, collection, &here, &in_force);
	if (!here || here->gone)
		return false;
	struct vault_print *print = print_of(v, collection);
	bool counted = here->in_force;
	print->count--;
	print->sum -= vault_print_of(here->added);
	leave_force(v, here);
	here->gone = true;
	v->news++;
	return counted;
}

enum versions_verdict
versions_resolve(struct versions *v, const struct uuid *object, uint32_t *collection)
{
	struct walk w = {.uuid = object};
	struct seen *best = NULL, *before = NULL;
	for (struct seen *s; (s = next_row(v, &w));) {
		if (s->in_force)
			before = s;
		if (!s->gone && s->permitted && (!best || is_later(s, best)))
			best = s;
	}
	if (!best || best == before)
		return VERSION_IDLE;
	if (before)
		leave_force(v, before);
	best->in_force = true;
	*collection = best->collection;
	return before ? VERSION_REPLACES : VERSION_FIRST;
}

/* ---- what arming had to say ---- */

void
versions_remark(struct versions *v, const struct uuid *object, const struct remark *said)
{
	struct walk w = {.uuid = object};
	uint32_t any = 0;
	struct seen *s;
	versions_lift(v, object);
	while ((s = next_row(v, &w)) && !s->in_force)
		;
	if (!s)
		return;
	unremark(v, s);
	for (size_t k = 0; k < REMARKS; k++) {
		any |= said->of[k];
		v->sums[k] += said->of[k];
	}
	if (!any)
		return;
	*vec_add(&v->remarks) = *said;
	s->remark = (uint32_t)v->remarks.len;
}

uint64_t
versions_remarks(const struct versions *v, enum remark_kind kind)
{
	return v->sums[kind];
}

static bool
comes_before(const struct versions_place *a, const struct versions_place *b)
{
	return a->collection != b->collection ? a->collection < b->collection : a->added < b->added;
}

/* Among the first ones, if it is one of them. */
static void
insert(struct versions_place *out, size_t *len, size_t most, struct versions_place made)
{
	size_t at = *len;
	while (at > 0 && comes_before(&made, &out[at - 1]))
		at--;
	if (at == most)
		return;
	*len += *len < most;
	memmove(&out[at + 1], &out[at], (*len - at - 1) * sizeof *out);
	out[at] = made;
}

static bool
is_lifted(const struct versions *v, const struct uuid *uuid)
{
	struct walk w = {.uuid = uuid};
	/* Nothing is changed through it. */
	return next_row((struct versions *)(uintptr_t)v, &w) != NULL;
}

/* The next version in force with this remark, of the heap's and then of the packed ones. */
static bool
next_place(
	const struct versions *v, enum remark_kind kind, uint64_t *at, struct versions_place *out)
{
	for (; *at < v->seen.len; ++*at) {
		const struct seen *s = &v->seen.at[*at];
		if (!s->remark || !v->remarks.at[s->remark - 1].of[kind])
			continue;
		*out = (struct versions_place){s->uuid, s->collection, s->added};
		++*at;
		return true;
	}
	for (; *at - v->seen.len < v->base_remarks; ++*at) {
		const struct packed_remark *r = &v->base_remark[*at - v->seen.len];
		if (!r->said.of[kind] || is_lifted(v, &r->uuid))
			continue;
		*out = (struct versions_place){r->uuid, r->collection, r->added};
		++*at;
		return true;
	}
	return false;
}

size_t
versions_first(
	const struct versions *v, enum remark_kind kind, size_t most, struct versions_place *out)
{
	struct versions_place place;
	size_t len = 0;
	for (uint64_t at = 0; v->sums[kind] && next_place(v, kind, &at, &place);)
		insert(out, &len, most, place);
	return len;
}
