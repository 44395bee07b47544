#pragma once
/*
 * A plan is a pattern without OR: what must be bound at once. Its leaves hold the observations that
 * fit them, clipped to START/STOP. Solvers for plans: bind_sweep where observations fit one leaf
 * only and stand in one order by first and by last, bind_search for everything. All memory is the
 * arena's.
 */
#include "pattern/bind.h"

struct bind_unit {
	uint32_t observation;
	int64_t first, last; /* clipped */
	uint64_t number;
};

struct bind_leaf {
	struct bind_unit *unit; /* by last, then first */
	size_t units;
	uint64_t *before;    /* sum of `number` before each unit, and of all behind the last */
	int64_t *first_from; /* least `first` from each unit on */
	int64_t start, stop; /* the clip: start <= instant < stop */
	bool ordered;	     /* `first` ascends as well */
};

struct plan {
	enum bind_kind kind; /* LEAF, AND, FOLLOWEDBY, REPEATS, WITHIN */
	struct plan *child, *next;
	const struct bind_leaf *leaf;
	uint64_t times; /* LEAF: how many observations; REPEATS: copies */
	int64_t window;
};

/* A node of the pattern with its false branches cut away; still with OR. */
struct clean {
	enum bind_kind kind;
	struct clean *child, *next;
	const struct bind_leaf *leaf;
	const bool *hits;
	uint64_t times;
	int64_t window;
};

/* Alternatives: plans of which one must hold. */
struct plans {
	struct plan **at;
	size_t len, cap;
};

/*
 * A plan with its copies made. bind_sweep places each leaf (`at`), bind_search chooses where each
 * window starts and where each FOLLOWEDBY is cut.
 */
struct part {
	enum bind_kind kind; /* LEAF, AND, FOLLOWEDBY, WITHIN */
	struct part *child, *next;
	size_t children;
	const struct bind_leaf *leaf;
	uint64_t times;
	int64_t window;
	struct part *before; /* LEAF: the same leaf in the copy before, or NULL */
	struct part *twin;   /* the first choice of the copy before, or NULL */
	uint64_t at;  /* LEAF: first of the observations bound, counted along the leaf's units */
	int64_t *cut; /* FOLLOWEDBY: between children i and i + 1; WITHIN: uses start */
	int64_t start;
	size_t chosen; /* how many of the choices are made */
};

/* A leaf by its hits and clip, so that parts that say the same share it; leaf NULL: it is false. */
struct bind_known {
	const bool *hits;
	int64_t start, stop;
	const struct bind_leaf *leaf;
};

struct bind {
	const struct bind_observation *observation;
	size_t count;
	struct bind_known *known; /* open addressing, at most half full */
	size_t slots;
	uint64_t work; /* steps left */
	bool gave_up;  /* something was left out for want of steps */
	struct arena *arena;
};

/* Takes steps off the budget; false when it is used up. */
static inline bool
bind_spend(struct bind *b, uint64_t steps)
{
	if (b->work < steps) {
		b->work = 0;
		return false;
	}
	b->work -= steps;
	return true;
}

/* Index of the first unit whose last is at least `at`. */
size_t bind_leaf_from(const struct bind_leaf *leaf, int64_t at);

/* Appends the plans of a node; RC_LIMIT: too many, those made so far are there. */
enum rc bind_expand(struct bind *b, const struct clean *c, struct plans *out);
enum rc bind_sweep(struct bind *b, struct part *whole);
enum rc bind_search(struct bind *b, struct part *whole);
