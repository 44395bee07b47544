/* What a pattern is made of and what it needs, whatever is observed: its parts, how many observations, how near in time. */
#include "pattern/bind.h"
#include "pattern/match-internal.h"
#include "pattern/match.h"
#include "pattern/meaning.h"

size_t
matcher_parts(const struct matcher *m)
{
	return matcher_armed(m)->leaf_count;
}

static const struct armed_leaf *
find_leaf(const struct matcher *m, size_t part)
{
	const struct armed_leaf *leaf = matcher_armed(m)->leaves;
	while (leaf->index != part)
		leaf = leaf->next;
	return leaf;
}

const struct pattern_expr *
matcher_part(const struct matcher *m, size_t part)
{
	return find_leaf(m, part)->source;
}

static const struct armed_test *
find_test(const struct armed_expr *e, size_t *nth)
{
	const struct armed_test *found = NULL;
	if (e->kind == PATTERN_TEST)
		return (*nth)-- ? NULL : e->test;
	for (const struct armed_expr *child = e->child; child && !found; child = child->next)
		found = find_test(child, nth);
	return found;
}

const struct armed_test *
matcher_test(const struct matcher *m, size_t part, size_t nth)
{
	return find_test(find_leaf(m, part)->expr, &nth);
}

static uint64_t
times_of(const struct armed_node *n)
{
	const struct pattern_const *number = &n->node->number;
	return number->type == PATTERN_INTEGER ? (uint64_t)number->integer : UINT64_MAX;
}

static uint64_t
multiply(uint64_t a, uint64_t b)
{
	uint64_t out;
	return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

static bool
has_enough(const struct armed_node *n, const uint64_t *counts, uint64_t copies)
{
	if (n->leaf)
		return counts[n->leaf->index] >= copies;
	if (n->node->kind == PATTERN_REPEATS)
		copies = multiply(copies, times_of(n));
	bool either = n->node->kind == PATTERN_OR;
	for (const struct armed_node *child = n->child; child; child = child->next)
		/* copies of an OR may be of different children */
		if (has_enough(child, counts, either ? 1 : copies) == either)
			return either;
	return !either;
}

bool
matcher_enough(const struct matcher *m, const uint64_t *counts)
{
	return has_enough(matcher_armed(m)->root, counts, 1);
}

static uint64_t
least_of(const struct armed_node *n)
{
	bool either = n->node->kind == PATTERN_OR;
	uint64_t sum = either ? UINT64_MAX : n->leaf ? 1 : 0;
	for (const struct armed_node *child = n->child; child; child = child->next) {
		uint64_t one = least_of(child);
		if (either)
			sum = one < sum ? one : sum;
		else if (__builtin_add_overflow(sum, one, &sum))
			sum = UINT64_MAX;
	}
	return n->node->kind == PATTERN_REPEATS ? multiply(sum, times_of(n)) : sum;
}

uint64_t
matcher_least(const struct matcher *m)
{
	return least_of(matcher_armed(m)->root);
}

static int64_t
window_of(const struct armed_node *n)
{
	int64_t widest = n->leaf ? 1 : 0, own = INT64_MAX;
	switch (n->node->kind) {
	case PATTERN_WITHIN: own = pattern_window(&n->node->number); [[fallthrough]];
	case PATTERN_OR:
	case PATTERN_STARTSTOP:
		for (const struct armed_node *child = n->child; child; child = child->next) {
			int64_t one = window_of(child);
			widest = one > widest ? one : widest;
		}
		return widest < own ? widest : own;
	case PATTERN_OBSERVE: return 1;
	default: return INT64_MAX;
	}
}

int64_t
matcher_window(const struct matcher *m)
{
	return window_of(matcher_armed(m)->root);
}

static bool
has_window(const struct armed_node *n)
{
	bool any = n->node->kind == PATTERN_WITHIN;
	for (const struct armed_node *child = n->child; child && !any; child = child->next)
		any = has_window(child);
	return any;
}

bool
matcher_has_window(const struct matcher *m)
{
	return has_window(matcher_armed(m)->root);
}
