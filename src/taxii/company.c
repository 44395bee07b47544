#include "taxii/company.h"

#include <stdlib.h>

#include "base/mutant.h"
#include "codec/json.h"
#include "stix/tlp.h"

struct observable_item {
	struct parcel_item *item;
	bool red, free; /* named by something RED; by something that is not */
};

struct company {
	vec_of(struct observable_item) all; /* by id */
	vec_of(const struct parcel_item *) next;
	bool free; /* which of the two is under way */
};

static int
by_id(const void *a, const void *b)
{
	const struct observable_item *x = a, *y = b;
	return span_cmp(x->item->object.id, y->item->object.id);
}

/* The first of those with this id: one may come twice, and its flags are for all. */
static struct observable_item *
find(struct company *c, struct span id)
{
	size_t low = 0, high = c->all.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (span_cmp(c->all.at[middle].item->object.id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < c->all.len && span_eq(c->all.at[low].item->object.id, id);
	return found ? &c->all.at[low] : NULL;
}

/* Notes an observable that is named, and looks at what it names in turn. */
static void
named(struct company *c, struct span id)
{
	struct observable_item *o = find(c, id);
	bool *flag = !o ? NULL : c->free ? &o->free : &o->red;
	if (!flag || *flag)
		return;
	*flag = true;
	*vec_add(&c->next) = o->item;
}

/* Ids under "..._ref" and "..._refs", however deep. */
static void
walk(struct company *c, yyjson_val *val, bool is_ref, unsigned depth)
{
	size_t i, count;
	yyjson_val *key, *member;
	if (yyjson_is_str(val) && is_ref) {
		named(c, json_span(val));
	} else if (depth > STIX_DEPTH_MAX) {
		return;
	} else if (yyjson_is_arr(val)) {
		yyjson_arr_foreach(val, i, count, member) walk(c, member, is_ref, depth + 1);
	} else if (yyjson_is_obj(val)) {
		yyjson_obj_foreach(val, i, count, key, member) walk(c, member,
			span_ends(json_span(key), SPAN("_ref")) ||
				span_ends(json_span(key), SPAN("_refs")),
			depth + 1);
	}
}

static void
look(struct company *c, const struct parcel_item *item)
{
	*vec_add(&c->next) = item;
	while (c->next.len) {
		own_stix struct stix_object o = {};
		const struct parcel_item *one = c->next.at[--c->next.len];
		if (stix_read(one->object.bytes, &o, NULL) == RC_OK)
			walk(c, o.root, false, 0);
	}
}

static bool
bears_red(const struct parcel_item *item)
{
	return !item->refusal && item->object.tlp >= TLP_RED;
}

/* The observables without marks, by id; false where there is nothing to do. */
static bool
gather(struct company *c, struct parcel *p)
{
	bool red = false;
	for (size_t i = 0; i < p->items.len; i++)
		red |= bears_red(&p->items.at[i]);
	for (size_t i = 0; red && i < p->items.len; i++) {
		struct parcel_item *item = &p->items.at[i];
		if (item->observable && !item->refusal && item->object.tlp == TLP_NONE)
			*vec_add(&c->all) = (struct observable_item){.item = item};
	}
	if (c->all.len)
		qsort(c->all.at, c->all.len, sizeof *c->all.at, by_id);
	return c->all.len > 0;
}

void
company_mark(struct parcel *p)
{
	struct company c = {};
	bool any = false;
	if (gather(&c, p)) {
		for (size_t i = 0; i < p->items.len; i++)
			if (bears_red(&p->items.at[i]))
				look(&c, &p->items.at[i]);
		for (size_t i = 0; i < c.all.len; i++)
			any |= c.all.at[i].red;
	}
	c.free = true;
	for (size_t i = 0; any && i < p->items.len; i++) {
		const struct parcel_item *item = &p->items.at[i];
		if (item->refusal || bears_red(item))
			continue;
		const struct observable_item *o = find(&c, item->object.id);
		if (!o || !o->red)
			look(&c, item);
	}
	for (size_t i = 0; any && i < c.all.len; i++) {
		struct parcel_item *item = c.all.at[i].item;
		const struct observable_item *o = find(&c, item->object.id);
		if (o->red && !o->free && !mutant(570))
			item->object.tlp = TLP_RED;
	}
	free(c.all.at);
	free(c.next.at);
}
