#pragma once
/*
 * Which observations can stand for which parts of a pattern: AND, OR, FOLLOWEDBY, REPEATS, WITHIN
 * and START/STOP over different observations (STIX 2.1 sections 9.5 to 9.5.3), knowing nothing of
 * JSON.
 *
 * An observation was made at some unknown instant from `first` to `last`, both included; `number`
 * of them were made. The answer is yes when observations and instants can be chosen that satisfy
 * the whole pattern at once. It is exact. Where finding it is too much work (the question is
 * NP-hard once observations fit several parts) the answer is RC_LIMIT, never a guess.
 */
#include "base/arena.h"
#include "base/rc.h"

struct bind_observation {
	int64_t first, last; /* instants, us; first <= last */
	uint64_t number;     /* at least 1 */
};

enum bind_kind {
	BIND_LEAF,
	BIND_AND,
	BIND_OR,
	BIND_FOLLOWEDBY,
	BIND_REPEATS,
	BIND_WITHIN,
	BIND_STARTSTOP,
};

struct bind_node {
	enum bind_kind kind;
	struct bind_node *child, *next; /* the last three kinds have one child */
	union {
		const bool *hits; /* LEAF: one flag an observation */
		uint64_t times;	  /* REPEATS, at least 1 */
		int64_t window;	  /* WITHIN: latest - earliest < window, at least 1 */
		struct {
			int64_t start, stop; /* start <= instant < stop */
		};
	};
};

enum { BIND_WORK = 50000000 }; /* a fraction of a second */

/*
 * RC_OK: it can be satisfied; RC_NONE: it cannot; RC_LIMIT: not known within `work` steps. What the
 * solver builds lives in the arena.
 */
enum rc bind_solve(const struct bind_observation *observations, size_t count,
	const struct bind_node *root, uint64_t work, struct arena *a);
