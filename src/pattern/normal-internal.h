#pragma once
/* Parts of normal.c: comparisons with their values written one way, and what brackets hold. */
#include "base/arena.h"
#include "base/buf.h"
#include "pattern/syntax.h"

enum {
	NORMAL_WAYS_MAX = 1000,	   /* alternatives of one OR */
	NORMAL_PARTS_MAX = 200000, /* of all alternatives together */
};

struct normal {
	struct arena arena;
	size_t parts; /* made so far */
};

/* Takes parts off the budget; false when it is used up. */
static inline bool
normal_spend(struct normal *n, size_t parts)
{
	n->parts += parts;
	return n->parts <= NORMAL_PARTS_MAX;
}

/* One comparison, in the arena. */
struct span normal_test(struct normal *n, const struct pattern_test *t);
/* "[ ... ]", in the arena; {NULL, 0} where it is too much. */
struct span normal_expr(struct normal *n, const struct pattern_expr *e);
/* " WITHIN 5 SECONDS" and the like. */
void normal_qualifier(struct buf *out, const struct pattern_node *node);
int normal_cmp(const void *left, const void *right); /* of spans, for qsort */
