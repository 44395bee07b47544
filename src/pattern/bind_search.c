/*
 * Plans whatever fits what. A window is decided by where it starts, a FOLLOWEDBY by the instant
 * between its sides; with these chosen, a part takes any observation between two bounds, and
 * whether all parts can be served at once is a flow. Choices are tried in order, each followed by
 * the flow with what is not yet chosen left open, so that a hopeless beginning is dropped at once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/own.h"
#include "base/vec.h"
#include "pattern/bind-internal.h"

enum { CHOICES_MAX = 2000 };

/* So many observations of a leaf between two bounds. */
struct demand {
	const struct bind_leaf *leaf;
	int64_t low, high; /* last >= low, first <= high */
	uint64_t times;
};

struct choice {
	struct part *part;
	size_t index; /* which cut */
};

struct search {
	struct bind *b;
	struct part *whole;
	vec_of(struct choice) choices;
	vec_of(struct demand) demands;
	vec_of(uint32_t) touched; /* observations that serve some demand */
	uint64_t *serves;	  /* `words` bits an observation: which demands */
	size_t words, capacity;	  /* of serves, in words */
	bool *seen;		  /* by observation */
};

static void
collect_choices(struct search *s, struct part *p)
{
	if (p->kind == BIND_WITHIN)
		*vec_add(&s->choices) = (struct choice){p, 0};
	for (size_t i = 0; p->kind == BIND_FOLLOWEDBY && i + 1 < p->children; i++)
		*vec_add(&s->choices) = (struct choice){p, i};
	for (struct part *child = p->child; child; child = child->next)
		collect_choices(s, child);
}

static void
add_demand(struct search *s, const struct demand *more)
{
	for (size_t i = s->demands.len; i-- > 0 && i + 64 > s->demands.len;) {
		struct demand *d = &s->demands.at[i];
		if (d->leaf == more->leaf && d->low == more->low && d->high == more->high) {
			d->times += more->times;
			return;
		}
	}
	*vec_add(&s->demands) = *more;
}

struct bounds {
	int64_t low, high;
};

/* Within a window whose start is chosen. */
static struct bounds
window_of(const struct part *p, struct bounds in)
{
	int64_t end;
	if (__builtin_add_overflow(p->start, p->window - 1, &end))
		end = INT64_MAX;
	return (struct bounds){
		p->start > in.low ? p->start : in.low, end < in.high ? end : in.high};
}

/* Between the cuts that are chosen around child i of a FOLLOWEDBY. */
static struct bounds
cut_of(const struct part *p, size_t i, struct bounds in)
{
	for (size_t k = 0; p->kind == BIND_FOLLOWEDBY && k < p->chosen; k++) {
		if (k < i)
			in.low = p->cut[k] > in.low ? p->cut[k] : in.low;
		else
			in.high = p->cut[k] < in.high ? p->cut[k] : in.high;
	}
	return in;
}

/* The demands of a part between bounds, with the choices made so far. */
static void
collect_demands(struct search *s, const struct part *p, struct bounds in)
{
	if (p->kind == BIND_LEAF) {
		struct demand d = {p->leaf, in.low, in.high, p->times};
		add_demand(s, &d);
		return;
	}
	if (p->kind == BIND_WITHIN && p->chosen)
		in = window_of(p, in);
	size_t i = 0;
	for (const struct part *child = p->child; child; child = child->next, i++)
		collect_demands(s, child, cut_of(p, i, in));
}

/* Marks the observations that serve demand number d; false when they alone are too few. */
static bool
mark(struct search *s, size_t d)
{
	const struct demand *want = &s->demands.at[d];
	const struct bind_leaf *leaf = want->leaf;
	uint64_t number = 0;
	size_t i = bind_leaf_from(leaf, want->low), from = i;
	for (; i < leaf->units && leaf->first_from[i] <= want->high; i++) {
		const struct bind_unit *unit = &leaf->unit[i];
		if (unit->first > want->high)
			continue;
		number += unit->number;
		uint64_t *bits = s->serves + unit->observation * s->words;
		if (!s->seen[unit->observation]) {
			s->seen[unit->observation] = true;
			memset(bits, 0, s->words * sizeof *bits);
			*vec_add(&s->touched) = unit->observation;
		}
		bits[d / 64] |= UINT64_C(1) << d % 64;
	}
	return bind_spend(s->b, i - from + 8) && number >= want->times;
}

/* Observations that serve the same demands are one supply. */
struct supply {
	const uint64_t *serves;
	uint64_t left;
	uint64_t *given; /* to each demand */
};

struct flow {
	struct search *s;
	struct supply *supply;
	size_t supplies, demands;
	/* breadth first: nodes are demands, reached over a supply that another demand holds */
	size_t *queue, *over, *from;
	bool *reached;
};

static bool
serves(const struct supply *supply, size_t demand)
{
	return supply->serves[demand / 64] >> demand % 64 & 1;
}

static size_t
group(struct search *s, struct supply *out)
{
	size_t slots = 64, count = 0;
	while (slots < s->touched.len * 2)
		slots *= 2;
	own_mem uint32_t *table = mem_new(slots * sizeof *table);
	for (size_t i = 0; i < s->touched.len; i++) {
		uint32_t o = s->touched.at[i];
		const uint64_t *bits = s->serves + o * s->words;
		struct span key = {(const char *)bits, s->words * sizeof *bits};
		size_t at = hash64(key, 0) & (slots - 1);
		while (table[at] && memcmp(out[table[at] - 1].serves, bits, key.len))
			at = (at + 1) & (slots - 1);
		if (!table[at]) {
			out[count] = (struct supply){.serves = bits};
			table[at] = (uint32_t)++count;
		}
		out[table[at] - 1].left += s->b->observation[o].number;
	}
	return count;
}

/* Brings up to `want` to a demand along one path of takings-over; 0 when there is none. */
static uint64_t
augment(struct flow *f, size_t demand, uint64_t want)
{
	size_t head = 0, tail = 0, end = SIZE_MAX, last = 0;
	memset(f->reached, 0, f->demands * sizeof *f->reached);
	f->reached[demand] = true;
	f->queue[tail++] = demand;
	while (head < tail && end == SIZE_MAX) {
		size_t d = f->queue[head++];
		for (size_t g = 0; g < f->supplies && end == SIZE_MAX; g++) {
			if (!serves(&f->supply[g], d))
				continue;
			if (f->supply[g].left) {
				end = g;
				last = d;
			}
			for (size_t e = 0; e < f->demands; e++)
				if (!f->reached[e] && f->supply[g].given[e]) {
					f->reached[e] = true;
					f->from[e] = d;
					f->over[e] = g;
					f->queue[tail++] = e;
				}
		}
		if (!bind_spend(f->s->b, f->supplies + 8))
			return 0;
	}
	if (end == SIZE_MAX)
		return 0;
	uint64_t moved = want < f->supply[end].left ? want : f->supply[end].left;
	for (size_t e = last; e != demand; e = f->from[e])
		if (f->supply[f->over[e]].given[e] < moved)
			moved = f->supply[f->over[e]].given[e];
	f->supply[end].left -= moved;
	f->supply[end].given[last] += moved;
	for (size_t e = last; e != demand; e = f->from[e]) {
		f->supply[f->over[e]].given[e] -= moved;
		f->supply[f->over[e]].given[f->from[e]] += moved;
	}
	return moved;
}

static bool
flow_serves_all(struct search *s)
{
	size_t most = s->touched.len, demands = s->demands.len;
	own_mem struct supply *supply = mem_grow(NULL, most + 1, sizeof *supply);
	struct flow f = {.s = s, .supply = supply, .demands = demands};
	f.supplies = group(s, supply);
	if (!bind_spend(s->b, s->touched.len * s->words + f.supplies * demands))
		return false;
	own_mem uint64_t *given = mem_new((f.supplies * demands + 1) * sizeof *given);
	own_mem size_t *places = mem_grow(NULL, demands * 3, sizeof *places);
	own_mem bool *reached = mem_new(demands);
	f.queue = places;
	f.over = places + demands;
	f.from = places + demands * 2;
	f.reached = reached;
	for (size_t g = 0; g < f.supplies; g++)
		supply[g].given = given + g * demands;
	for (size_t d = 0; d < demands; d++)
		for (uint64_t want = s->demands.at[d].times; want;) {
			uint64_t got = augment(&f, d, want);
			if (!got)
				return false;
			want -= got;
		}
	return true;
}

/* Whether the choices made so far leave enough for every part below, each observation used once. */
static bool
feasible(struct search *s, const struct part *below)
{
	s->demands.len = 0;
	collect_demands(s, below, (struct bounds){INT64_MIN, INT64_MAX});
	s->words = (s->demands.len + 63) / 64;
	if (s->words * s->b->count > BIND_WORK || !bind_spend(s->b, s->demands.len * 8)) {
		s->b->work = 0;
		return false;
	}
	if (s->capacity < s->words * s->b->count) {
		s->capacity = s->words * s->b->count;
		s->serves = mem_grow(s->serves, s->capacity, sizeof *s->serves);
	}
	bool fits = true;
	for (size_t d = 0; fits && d < s->demands.len; d++)
		fits = mark(s, d);
	if (fits && s->demands.len > 1)
		fits = flow_serves_all(s);
	for (size_t i = 0; i < s->touched.len; i++)
		s->seen[s->touched.at[i]] = false;
	s->touched.len = 0;
	return fits;
}

/* Between which instants a part lies, by the choices made so far; false when it is not below `p`. */
static bool
find_bounds(const struct part *p, const struct part *wanted, struct bounds in, struct bounds *out)
{
	if (p == wanted) {
		*out = in;
		return true;
	}
	if (p->kind == BIND_WITHIN && p->chosen)
		in = window_of(p, in);
	size_t i = 0;
	for (const struct part *child = p->child; child; child = child->next, i++)
		if (find_bounds(child, wanted, cut_of(p, i, in), out))
			return true;
	return false;
}

struct instants {
	int64_t *at;
	size_t len, cap;
};

/*
 * Ends of the units below a part for a window, starts for a cut: with the first instant that is
 * possible the only ones that matter.
 */
static void
collect_instants(struct search *s, const struct part *p, const struct choice *c, struct bounds in,
	struct instants *out)
{
	if (p->kind == BIND_LEAF) {
		bool window = c->part->kind == BIND_WITHIN;
		const struct bind_leaf *leaf = p->leaf;
		size_t i = bind_leaf_from(leaf, in.low), from = i;
		for (; i < leaf->units && leaf->first_from[i] <= in.high; i++) {
			int64_t at = window ? leaf->unit[i].last : leaf->unit[i].first;
			if (at > in.low && at <= in.high)
				*vec_add(out) = at;
		}
		if (!bind_spend(s->b, i - from + 1))
			s->b->gave_up = true;
		return;
	}
	size_t i = 0;
	for (const struct part *child = p->child; child && !s->b->gave_up; child = child->next, i++)
		if (p != c->part || p->kind == BIND_WITHIN || i <= c->index)
			collect_instants(s, child, c, in, out);
}

static int
instant_cmp(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;
	return *a < *b ? -1 : *a > *b;
}

/* Makes choice number k and all behind it. */
static enum rc
choose(struct search *s, size_t k)
{
	/* What was just chosen is looked at alone first: that is cheap and most often enough to say
	 * no. */
	const struct part *just = k ? s->choices.at[k - 1].part : s->whole;
	if (!feasible(s, just) || (just != s->whole && !feasible(s, s->whole)))
		return s->b->work ? RC_NONE : RC_LIMIT;
	if (k == s->choices.len)
		return RC_OK;
	const struct choice *c = &s->choices.at[k];
	struct part *p = c->part;
	int64_t *place = p->kind == BIND_WITHIN ? &p->start : &p->cut[c->index];
	struct instants instants = {};
	struct bounds in = {INT64_MIN, INT64_MAX};
	(void)find_bounds(s->whole, p, in, &in);
	if (c->index && p->cut[c->index - 1] > in.low)
		in.low = p->cut[c->index - 1];
	/* What begins before, or ends behind, what is possible does so at its border. */
	if (in.low > INT64_MIN)
		*vec_add(&instants) = in.low;
	if (in.high < INT64_MAX && p->kind == BIND_WITHIN)
		*vec_add(&instants) = in.high;
	collect_instants(s, p, c, in, &instants);
	qsort(instants.at, instants.len, sizeof *instants.at, instant_cmp);
	enum rc rc = RC_NONE;
	bool twin = p->twin && c->index == 0;
	int64_t least = !twin			 ? INT64_MIN
			: p->kind == BIND_WITHIN ? p->twin->start
						 : p->twin->cut[0];
	p->chosen++;
	for (size_t i = 0; i < instants.len && rc == RC_NONE; i++) {
		if (instants.at[i] < least || (i && instants.at[i] == instants.at[i - 1]))
			continue;
		*place = instants.at[i];
		rc = choose(s, k + 1);
	}
	p->chosen--;
	free(instants.at);
	return rc == RC_NONE && s->b->gave_up ? RC_LIMIT : rc;
}

enum rc
bind_search(struct bind *b, struct part *whole)
{
	struct search s = {.b = b, .whole = whole};
	s.seen = arena_new(b->arena, b->count);
	collect_choices(&s, whole);
	enum rc rc = s.choices.len > CHOICES_MAX ? RC_LIMIT : choose(&s, 0);
	free(s.choices.at);
	free(s.demands.at);
	free(s.touched.at);
	free(s.serves);
	return rc;
}
