#include "pattern/bind.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/vec.h"
#include "pattern/bind-internal.h"

enum { BLOCKS_MAX = 20000 };

size_t
bind_leaf_from(const struct bind_leaf *leaf, int64_t at)
{
	size_t low = 0, high = leaf->units;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (leaf->unit[middle].last < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
unit_cmp(const void *left, const void *right)
{
	const struct bind_unit *a = left, *b = right;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->observation < b->observation ? -1 : a->observation > b->observation;
}

/* Leaf of the observations in `hits` (of either list) that can lie in the clip; NULL when none
 * does. */
static const struct bind_leaf *
leaf_new(struct bind *b, const bool *hits, int64_t start, int64_t stop)
{
	struct bind_leaf *leaf = arena_new(b->arena, sizeof *leaf);
	leaf->start = start;
	leaf->stop = stop;
	leaf->ordered = true;
	size_t fits = 0;
	for (size_t i = 0; i < b->count; i++)
		fits += hits[i];
	/* Units cost memory. */
	if (!bind_spend(b, b->count / 16 + fits * 4))
		b->gave_up = true;
	if (!fits || start >= stop || b->gave_up)
		return NULL;
	leaf->unit = arena_new(b->arena, fits * sizeof *leaf->unit);
	for (size_t i = 0; i < b->count; i++) {
		const struct bind_observation *o = &b->observation[i];
		if (!hits[i] || o->last < start || (o->first >= stop && !mutant(1632)))
			continue;
		leaf->unit[leaf->units++] = (struct bind_unit){
			.observation = (uint32_t)i,
			.first = o->first < start ? start : o->first,
			.last = o->last >= stop ? stop - 1 : o->last,
			.number = o->number,
		};
	}
	size_t n = leaf->units;
	if (!n)
		return NULL;
	qsort(leaf->unit, n, sizeof *leaf->unit, unit_cmp);
	leaf->before = arena_new(b->arena, (n + 1) * sizeof *leaf->before);
	leaf->first_from = arena_new(b->arena, n * sizeof *leaf->first_from);
	for (size_t i = 0; i < n; i++)
		leaf->before[i + 1] = leaf->before[i] + leaf->unit[i].number;
	for (size_t i = n; i-- > 0;) {
		int64_t first = leaf->unit[i].first;
		bool later = i + 1 < n;
		leaf->first_from[i] =
			later && leaf->first_from[i + 1] < first ? leaf->first_from[i + 1] : first;
		if (later && first > leaf->unit[i + 1].first)
			leaf->ordered = false;
	}
	return leaf;
}

/* The same, made once. */
static const struct bind_leaf *
leaf_of(struct bind *b, const bool *hits, int64_t start, int64_t stop)
{
	uint64_t key[] = {(uintptr_t)hits, (uint64_t)start, (uint64_t)stop};
	size_t at = hash64((struct span){(const char *)key, sizeof key}, 0) & (b->slots - 1);
	struct bind_known *k = &b->known[at];
	while (k->hits && (k->hits != hits || k->start != start || k->stop != stop)) {
		at = (at + 1) & (b->slots - 1);
		k = &b->known[at];
	}
	if (!k->hits)
		*k = (struct bind_known){hits, start, stop, leaf_new(b, hits, start, stop)};
	return k->leaf;
}

static size_t
count_leaves(const struct bind_node *n)
{
	size_t leaves = n->kind == BIND_LEAF;
	for (const struct bind_node *child = n->child; child; child = child->next)
		leaves += count_leaves(child);
	return leaves;
}

static bool
is_free(const struct clean *c)
{
	if (c->kind == BIND_LEAF)
		return true;
	if (c->kind != BIND_AND)
		return false;
	for (const struct clean *child = c->child; child; child = child->next)
		if (!is_free(child))
			return false;
	return true;
}

static void
multiply(struct clean *c, uint64_t times)
{
	if (c->kind == BIND_LEAF && __builtin_mul_overflow(c->times, times, &c->times))
		c->times = UINT64_MAX;
	for (struct clean *child = c->child; child; child = child->next)
		multiply(child, times);
}

/* False leaves: more observations wanted than there are. */
static bool
is_short(const struct clean *c)
{
	if (c->kind == BIND_LEAF)
		return c->times > c->leaf->before[c->leaf->units];
	for (const struct clean *child = c->child; child; child = child->next)
		if (is_short(child))
			return true;
	return false;
}

/* ORed leaves of one clip are one leaf: an observation of either does. */
static void
merge_or(struct bind *b, struct clean *c)
{
	for (struct clean *one = c->child; one; one = one->next) {
		if (one->kind != BIND_LEAF || one->times != 1)
			continue;
		bool *hits = NULL;
		for (struct clean **link = &one->next; *link;) {
			struct clean *two = *link;
			if (two->kind != BIND_LEAF || two->times != 1 ||
				two->leaf->start != one->leaf->start ||
				two->leaf->stop != one->leaf->stop) {
				link = &two->next;
				continue;
			}
			if (!hits) {
				hits = arena_new(b->arena, b->count);
				memcpy(hits, one->hits, b->count);
			}
			for (size_t i = 0; i < b->count; i++)
				hits[i] |= two->hits[i];
			*link = two->next;
		}
		if (hits) {
			one->hits = hits;
			one->leaf = leaf_new(b, hits, one->leaf->start, one->leaf->stop);
		}
	}
}

static struct clean *clean_node(
	struct bind *b, const struct bind_node *n, int64_t start, int64_t stop);

/* Children into c; false when an AND or FOLLOWEDBY has a false one, or an OR no true one. */
static bool
clean_children(
	struct bind *b, struct clean *c, const struct bind_node *n, int64_t start, int64_t stop)
{
	struct clean **link = &c->child;
	for (const struct bind_node *from = n->child; from; from = from->next) {
		struct clean *child = clean_node(b, from, start, stop);
		if (child) {
			*link = child;
			link = &child->next;
		} else if (n->kind != BIND_OR) {
			return false;
		}
	}
	return c->child != NULL;
}

static struct clean *
clean_repeats(struct clean *c)
{
	struct clean *child = c->child;
	if (c->times == 1)
		return child;
	if (!is_free(child))
		return c;
	multiply(child, c->times);
	return is_short(child) ? NULL : child;
}

/* NULL: cannot be satisfied. */
static struct clean *
clean_node(struct bind *b, const struct bind_node *n, int64_t start, int64_t stop)
{
	if (n->kind == BIND_STARTSTOP)
		return clean_node(b, n->child, n->start > start ? n->start : start,
			n->stop < stop ? n->stop : stop);
	struct clean *c = arena_new(b->arena, sizeof *c);
	c->kind = n->kind;
	c->times = 1;
	if (n->kind == BIND_LEAF) {
		c->hits = n->hits;
		c->leaf = leaf_of(b, n->hits, start, stop);
		return c->leaf ? c : NULL;
	}
	if (!clean_children(b, c, n, start, stop))
		return NULL;
	if (n->kind == BIND_OR) {
		merge_or(b, c);
		return c->child->next ? c : c->child;
	}
	if (n->kind == BIND_REPEATS) {
		c->times = n->times;
		return clean_repeats(c);
	}
	if (n->kind == BIND_WITHIN) {
		c->window = n->window;
		/* One observation is always within itself. */
		if (c->child->kind == BIND_LEAF && c->child->times == 1)
			return c->child;
	}
	return c;
}

static bool
same_units(struct bind *b, const struct bind_leaf *one, const struct bind_leaf *two)
{
	if (one == two)
		return true;
	size_t i = 0;
	if (one->units == two->units)
		while (i < one->units && one->unit[i].observation == two->unit[i].observation &&
			one->unit[i].first == two->unit[i].first &&
			one->unit[i].last == two->unit[i].last)
			i++;
	if (!bind_spend(b, 1 + i / 4))
		b->gave_up = true;
	return i == one->units && i == two->units;
}

/* Children of the same kind are their parent's: both operators are associative. */
static void
flatten(struct plan *p)
{
	for (struct plan **link = &p->child; *link;) {
		struct plan *child = *link;
		if (child->kind == p->kind && child->child) {
			struct plan *last = child->child;
			while (last->next)
				last = last->next;
			last->next = child->next;
			*link = child->child;
		} else {
			link = &child->next;
		}
	}
}

/*
 * Leaves of one AND that the same observations fit are one leaf with a larger count. So are such
 * leaves next to each other in a FOLLOWEDBY, since any observations can be put in order. A join of
 * one child is that child.
 */
static void
merge_leaves(struct bind *b, struct plan *p)
{
	for (struct plan *child = p->child; child; child = child->next)
		merge_leaves(b, child);
	if (p->kind != BIND_AND && p->kind != BIND_FOLLOWEDBY)
		return;
	flatten(p);
	for (struct plan *one = p->child; one; one = one->next)
		for (struct plan **link = &one->next;
			one->kind == BIND_LEAF && *link && !b->gave_up;) {
			struct plan *two = *link;
			bool alike = two->kind == BIND_LEAF && same_units(b, one->leaf, two->leaf);
			if (!alike && p->kind == BIND_FOLLOWEDBY)
				break;
			if (!alike) {
				link = &two->next;
				continue;
			}
			if (!mutant(1641) &&
				__builtin_add_overflow(one->times, two->times, &one->times))
				one->times = UINT64_MAX;
			*link = two->next;
		}
	if (!p->child->next) {
		struct plan *next = p->next;
		*p = *p->child;
		p->next = next;
	}
}

/* Saturating count of leaves with copies, and whether an observation fits two of them. */
static uint64_t
count_blocks(const struct plan *p, uint32_t *owner, uint32_t *number, bool *simple)
{
	if (p->kind == BIND_LEAF) {
		++*number;
		*simple &= p->leaf->ordered;
		for (size_t i = 0; i < p->leaf->units; i++) {
			uint32_t *mine = &owner[p->leaf->unit[i].observation];
			*simple &= !*mine || *mine == *number;
			*mine = *number;
		}
		return 1;
	}
	uint64_t blocks = 0;
	for (const struct plan *child = p->child; child; child = child->next) {
		uint64_t more = count_blocks(child, owner, number, simple);
		if (__builtin_add_overflow(blocks, more, &blocks))
			blocks = UINT64_MAX;
	}
	uint64_t times = p->kind == BIND_REPEATS ? p->times : 1;
	return __builtin_mul_overflow(blocks, times, &blocks) ? UINT64_MAX : blocks;
}

/* Whether each leaf, with all its copies, has observations enough: what a solver need not find out.
 */
static bool
has_enough(const struct plan *p, uint64_t copies)
{
	uint64_t want;
	if (__builtin_mul_overflow(
		    copies, p->kind == BIND_LEAF || p->kind == BIND_REPEATS ? p->times : 1, &want))
		return false;
	if (p->kind == BIND_LEAF)
		return want <= p->leaf->before[p->leaf->units];
	for (const struct plan *child = p->child; child; child = child->next)
		if (!has_enough(child, want))
			return false;
	return true;
}

/* Plans share their branches; one that is to be changed is copied whole. */
static struct plan *
plan_copy(struct bind *b, const struct plan *p)
{
	struct plan *copy = arena_new(b->arena, sizeof *copy), **link = &copy->child;
	*copy = *p;
	copy->next = copy->child = NULL;
	for (const struct plan *child = p->child; child; child = child->next) {
		*link = plan_copy(b, child);
		link = &(*link)->next;
	}
	if (!bind_spend(b, 1))
		b->gave_up = true;
	return copy;
}

/*
 * Parts: the plan with its copies made. `twin` is the same choice in the copy before, `before` the
 * leaf in the copy before: copies are alike, so their order may be fixed.
 */
static struct part *
first_choice(struct part *p)
{
	if (p->kind == BIND_WITHIN || p->kind == BIND_FOLLOWEDBY)
		return p;
	struct part *found = NULL;
	for (struct part *child = p->child; child && !found; child = child->next)
		found = first_choice(child);
	return found;
}

struct unroll {
	struct bind *b;
	struct part **latest; /* by leaf number */
};

static struct part *
unroll(struct unroll *u, const struct plan *p, uint32_t *leaf)
{
	struct part *part = arena_new(u->b->arena, sizeof *part), **link = &part->child;
	part->kind = p->kind == BIND_REPEATS ? BIND_AND : p->kind;
	part->window = p->window;
	if (p->kind == BIND_LEAF) {
		part->leaf = p->leaf;
		part->times = p->times;
		part->before = u->latest[*leaf];
		u->latest[(*leaf)++] = part;
		return part;
	}
	struct part *choice = NULL;
	uint64_t copies = p->kind == BIND_REPEATS ? p->times : 1;
	uint32_t first_leaf = *leaf;
	for (uint64_t i = 0; i < copies; i++) {
		*leaf = first_leaf;
		for (const struct plan *child = p->child; child; child = child->next) {
			*link = unroll(u, child, leaf);
			part->children++;
			if (p->kind == BIND_REPEATS) {
				struct part *twin = choice;
				choice = first_choice(*link);
				if (choice)
					choice->twin = twin;
			}
			link = &(*link)->next;
		}
	}
	if (p->kind == BIND_FOLLOWEDBY)
		part->cut = arena_new(u->b->arena, part->children * sizeof *part->cut);
	return part;
}

static struct part *
part_unroll(struct bind *b, const struct plan *p, uint32_t leaves)
{
	struct unroll u = {.b = b};
	uint32_t leaf = 0;
	u.latest = arena_new(b->arena, leaves * sizeof(struct part *));
	return unroll(&u, p, &leaf);
}

static enum rc
solve_plan(const struct bind *whole, uint64_t *work, const struct plan *plan)
{
	own_arena struct arena scratch = {};
	struct bind b = *whole;
	b.arena = &scratch;
	b.work = *work;
	struct plan *p = plan_copy(&b, plan);
	merge_leaves(&b, p);
	uint32_t *owner = arena_new(&scratch, b.count * sizeof *owner), number = 0;
	bool simple = !mutant(1660);
	enum rc rc = RC_NONE;
	if (b.gave_up || !bind_spend(&b, b.count / 16))
		rc = RC_LIMIT;
	else if (has_enough(p, 1)) {
		struct part *parts = NULL;
		if (count_blocks(p, owner, &number, &simple) <= BLOCKS_MAX)
			parts = part_unroll(&b, p, number);
		rc = !parts ? RC_LIMIT : simple ? bind_sweep(&b, parts) : bind_search(&b, parts);
	}
	*work = b.work;
	return rc;
}

enum rc
bind_solve(const struct bind_observation *observations, size_t count, const struct bind_node *root,
	uint64_t work, struct arena *a)
{
	struct bind b = {.observation = observations, .count = count, .work = work, .arena = a};
	b.slots = 16;
	while (b.slots < count_leaves(root) * 2)
		b.slots *= 2;
	b.known = arena_new(a, b.slots * sizeof *b.known);
	struct clean *clean = count ? clean_node(&b, root, INT64_MIN, INT64_MAX) : NULL;
	if (!clean)
		return b.gave_up ? RC_LIMIT : RC_NONE;
	struct plans plans = {};
	enum rc rc = bind_expand(&b, clean, &plans);
	bool unknown = rc != RC_OK || b.gave_up;
	/* Of too many alternatives those made so far may still hold a yes. */
	rc = RC_NONE;
	for (size_t i = 0; i < plans.len && rc != RC_OK; i++) {
		rc = solve_plan(&b, &b.work, plans.at[i]);
		unknown |= rc == RC_LIMIT;
	}
	free(plans.at);
	return rc == RC_OK ? RC_OK : unknown ? RC_LIMIT : RC_NONE;
}
