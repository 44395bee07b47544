#include "taxii/marks.h"

#include <stdlib.h>

#include "base/mutant.h"
#include "memo/facts.h"

enum { CACHED = 64 };

struct known {
	struct span id;
	const struct stix_object *object; /* NULL: looked up and not to be had */
};

struct marks {
	struct vault *vault;
	struct span source;			/* who delivers what they are on */
	int64_t before;				/* only what was added earlier counts */
	vec_of(const struct parcel_item *) own; /* the parcel's marking-definitions, by id */
	struct known cache[CACHED];
	size_t cached; /* ever; the cache is a ring */
	struct arena mem;
	vec_of(struct stix_object *) read;
};

static int
order(const void *a, const void *b)
{
	const struct parcel_item *const *x = a, *const *y = b;
	return span_cmp((*x)->object.id, (*y)->object.id);
}

static struct span
text_of_own(const struct marks *m, struct span id)
{
	size_t low = 0, high = m->own.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int way = span_cmp(m->own.at[middle]->object.id, id);
		if (way == 0)
			return m->own.at[middle]->object.bytes;
		if (way < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct span){};
}

static struct span
text_of_vault(struct marks *m, struct span id)
{
	struct vault_item item;
	if (vault_get(m->vault, id, &m->mem, &item, NULL) != RC_OK)
		return (struct span){};
	if (item.added >= m->before && !mutant(564))
		return (struct span){};
	bool same = span_eq(item.source, m->source);
	return same || mutant(563) || span_eq(item.source, SPAN("local")) ? item.object.bytes
									  : (struct span){};
}

static const struct stix_object *
find(void *ctx, struct span id)
{
	struct marks *m = ctx;
	for (size_t i = 0; i < CACHED && i < m->cached; i++)
		if (span_eq(m->cache[i].id, id))
			return m->cache[i].object;
	struct span text = text_of_own(m, id);
	if (!text.len)
		text = text_of_vault(m, id);
	struct stix_object *o = NULL;
	if (text.len) {
		o = mem_new(sizeof *o);
		if (stix_read(text, o, NULL) == RC_OK) {
			*vec_add(&m->read) = o;
		} else {
			free(o);
			o = NULL;
		}
	}
	m->cache[m->cached++ % CACHED] = (struct known){arena_dup(&m->mem, id), o};
	return o;
}

static void
forget(struct marks *m)
{
	for (size_t i = 0; i < m->read.len; i++) {
		stix_fini(m->read.at[i]);
		free(m->read.at[i]);
	}
	free(m->read.at);
	free(m->own.at);
	arena_fini(&m->mem);
}

static void
resolve_parcel(struct vault *v, struct parcel *p)
{
	struct marks m = {.vault = v, .source = p->source.name, .before = INT64_MAX};
	const struct stix_resolver resolver = {find, &m};
	for (size_t i = 0; i < p->items.len; i++)
		if (p->items.at[i].marking && !p->items.at[i].refusal)
			*vec_add(&m.own) = &p->items.at[i];
	if (m.own.len)
		qsort(m.own.at, m.own.len, sizeof *m.own.at, order);
	for (size_t i = 0; i < p->items.len; i++) {
		own_stix struct stix_object o = {};
		struct parcel_item *item = &p->items.at[i];
		if (!item->unresolved || item->refusal ||
			stix_read(item->object.bytes, &o, NULL) != RC_OK)
			continue;
		item->object.tlp = facts_of(&o, &resolver).tlp;
	}
	forget(&m);
}

void
marks_resolve(struct vault *v, struct parcel *const *parcels, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (parcels[i]->unresolved)
			resolve_parcel(v, parcels[i]);
}

struct marks *
marks_of(struct vault *v, const struct vault_item *item)
{
	struct marks *m = mem_new(sizeof *m);
	m->vault = v;
	m->source = item->source;
	m->before = item->added;
	return m;
}

struct stix_resolver
marks_resolver(struct marks *m)
{
	return (struct stix_resolver){find, m};
}

void
marks_free(struct marks *m)
{
	if (!m)
		return;
	forget(m);
	free(m);
}
