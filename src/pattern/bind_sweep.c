/*
 * Observations that fit one leaf each and stand in one order: every leaf's parts take runs of its
 * units from the left. All conditions have the form first(a) <= last(b) + w and so are kept by the
 * least of two solutions; pushing each part right only as far as it must go therefore finds the
 * least solution of all, or none. Sorting the copies changes nothing, because sorted runs meet
 * every condition that unsorted ones do.
 */
#include "pattern/bind-internal.h"

static const struct bind_unit *
unit_at(const struct bind_leaf *leaf, uint64_t at)
{
	size_t low = 0, high = leaf->units;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (leaf->before[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return &leaf->unit[low];
}

static bool settle(struct bind *b, struct part *p, int64_t low, int64_t *latest);

static bool
settle_leaf(struct bind *b, struct part *p, int64_t low, int64_t *latest)
{
	const struct bind_leaf *leaf = p->leaf;
	uint64_t at = leaf->before[bind_leaf_from(leaf, low)], total = leaf->before[leaf->units];
	if (p->before && at < p->before->at + p->before->times)
		at = p->before->at + p->before->times;
	if (at < p->at)
		at = p->at;
	if (at > total || p->times > total - at)
		return false;
	p->at = at;
	*latest = unit_at(leaf, at + p->times - 1)->first;
	if (bind_spend(b, 16))
		return true;
	b->gave_up = true;
	return false;
}

static bool
settle_window(struct bind *b, struct part *p, int64_t low, int64_t *latest)
{
	for (;;) {
		if (!settle(b, p->child, low, latest))
			return false;
		if (*latest - (p->window - 1) <= low)
			return true;
		low = *latest - (p->window - 1);
		/* Nothing moves when every part already lies at or behind it. */
		int64_t again;
		if (!settle(b, p->child, low, &again))
			return false;
		if (again == *latest)
			return true;
	}
}

/* Moves the parts right until all lie at or behind `low`; *latest is the greatest `first` bound. */
static bool
settle(struct bind *b, struct part *p, int64_t low, int64_t *latest)
{
	if (p->kind == BIND_LEAF)
		return settle_leaf(b, p, low, latest);
	if (p->kind == BIND_WITHIN)
		return settle_window(b, p, low, latest);
	*latest = INT64_MIN;
	for (struct part *child = p->child; child; child = child->next) {
		int64_t one;
		if (!settle(b, child, low, &one))
			return false;
		if (one > *latest)
			*latest = one;
		if (p->kind == BIND_FOLLOWEDBY && one > low)
			low = one;
	}
	return true;
}

enum rc
bind_sweep(struct bind *b, struct part *whole)
{
	int64_t latest;
	if (settle(b, whole, INT64_MIN, &latest))
		return RC_OK;
	return b->gave_up ? RC_LIMIT : RC_NONE;
}
