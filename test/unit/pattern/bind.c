#include "../test.h"

#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "pattern/bind.h"

enum { MOST = 5, SLOTS = 6, TIMES = 7 };

static struct arena arena;

static struct bind_node *
node(enum bind_kind kind, struct bind_node *child)
{
	struct bind_node *n = arena_new(&arena, sizeof *n);
	n->kind = kind;
	n->child = child;
	return n;
}

static struct bind_node *
leaf(const bool *hits)
{
	struct bind_node *n = node(BIND_LEAF, NULL);
	n->hits = hits;
	return n;
}

static struct bind_node *
pair(enum bind_kind kind, struct bind_node *a, struct bind_node *b)
{
	a->next = b;
	return node(kind, a);
}

static struct bind_node *
repeats(struct bind_node *child, uint64_t times)
{
	struct bind_node *n = node(BIND_REPEATS, child);
	n->times = times;
	return n;
}

static struct bind_node *
within(struct bind_node *child, int64_t window)
{
	struct bind_node *n = node(BIND_WITHIN, child);
	n->window = window;
	return n;
}

/*
 * The oracle: slots are leaves with all copies made, each bound to one observation and one instant
 * of it; the pattern is then judged as section 9.5 words it. Everything is tried.
 */
struct oracle {
	const struct bind_observation *o;
	size_t count;
	const bool *hits[64];
	size_t slots;
	size_t bound[64];
	int64_t instant[64];
	uint64_t used[MOST];
};

struct range {
	bool holds;
	int64_t earliest, latest;
};

static size_t
count_slots(const struct bind_node *n)
{
	if (n->kind == BIND_LEAF)
		return 1;
	size_t slots = 0;
	for (const struct bind_node *c = n->child; c; c = c->next)
		slots += count_slots(c);
	return n->kind == BIND_REPEATS ? slots * n->times : slots;
}

static void
fill_slots(struct oracle *all, const struct bind_node *n)
{
	if (n->kind == BIND_LEAF)
		all->hits[all->slots++] = n->hits;
	for (uint64_t i = 0; i < (n->kind == BIND_REPEATS ? n->times : 1); i++)
		for (const struct bind_node *c = n->child; c; c = c->next)
			fill_slots(all, c);
}

/* Consumes the node's slots. Unbound slots (of an OR's other side) do not hold. */
static struct range
judge(const struct oracle *all, const struct bind_node *n, size_t *slot)
{
	struct range sum = {n->kind != BIND_OR, INT64_MAX, INT64_MIN};
	if (n->kind == BIND_LEAF) {
		size_t at = (*slot)++;
		bool bound = all->bound[at] != SIZE_MAX;
		return (struct range){bound, all->instant[at], all->instant[at]};
	}
	for (uint64_t i = 0; i < (n->kind == BIND_REPEATS ? n->times : 1); i++)
		for (const struct bind_node *c = n->child; c; c = c->next) {
			struct range one = judge(all, c, slot);
			if (n->kind == BIND_OR) {
				if (one.holds && !sum.holds)
					sum = one;
				continue;
			}
			sum.holds &= one.holds;
			if (n->kind == BIND_FOLLOWEDBY && sum.latest > one.earliest)
				sum.holds = false;
			if (one.earliest < sum.earliest)
				sum.earliest = one.earliest;
			if (one.latest > sum.latest)
				sum.latest = one.latest;
		}
	if (n->kind == BIND_WITHIN)
		sum.holds = sum.holds && sum.latest - sum.earliest < n->window;
	if (n->kind == BIND_STARTSTOP)
		sum.holds &= sum.earliest >= n->start && sum.latest < n->stop;
	return sum;
}

static bool
has_or(const struct bind_node *n)
{
	bool found = n->kind == BIND_OR;
	for (const struct bind_node *c = n->child; c && !found; c = c->next)
		found = has_or(c);
	return found;
}

static bool
try_slot(struct oracle *all, const struct bind_node *root, size_t slot, bool may_skip)
{
	if (slot == all->slots) {
		size_t at = 0;
		return judge(all, root, &at).holds;
	}
	all->bound[slot] = SIZE_MAX;
	if (may_skip && try_slot(all, root, slot + 1, may_skip))
		return true;
	for (size_t i = 0; i < all->count; i++) {
		if (!all->hits[slot][i] || all->used[i] == all->o[i].number)
			continue;
		all->used[i]++;
		all->bound[slot] = i;
		bool found = false;
		for (int64_t t = all->o[i].first; t <= all->o[i].last && !found; t++) {
			all->instant[slot] = t;
			found = try_slot(all, root, slot + 1, may_skip);
		}
		all->used[i]--;
		if (found)
			return true;
	}
	return false;
}

struct chance {
	struct rng rng;
	uint64_t state;
	bool hits[4][MOST];
	struct bind_observation o[MOST];
	size_t count;
};

static struct bind_node *
random_node(struct chance *c, int depth)
{
	uint64_t kind = depth ? rng_below(c->rng, 9) : 0;
	if (kind < 2)
		return leaf(c->hits[rng_below(c->rng, 4)]);
	if (kind == 5)
		return repeats(random_node(c, depth - 1), 1 + rng_below(c->rng, 3));
	if (kind == 6)
		return within(random_node(c, depth - 1), 1 + (int64_t)rng_below(c->rng, 4));
	if (kind == 7) {
		struct bind_node *n = node(BIND_STARTSTOP, random_node(c, depth - 1));
		n->start = (int64_t)rng_below(c->rng, 4);
		n->stop = n->start + (int64_t)rng_below(c->rng, 6);
		return n;
	}
	enum bind_kind pairs[] = {BIND_AND, BIND_FOLLOWEDBY, BIND_OR, BIND_AND};
	enum bind_kind chosen = kind == 8 ? BIND_FOLLOWEDBY : pairs[kind - 2 < 3 ? kind - 2 : 3];
	struct bind_node *first = random_node(c, depth - 1);
	return pair(chosen, first, random_node(c, depth - 1));
}

static void
random_world(struct chance *c, bool disjoint, bool points)
{
	c->count = 1 + rng_below(c->rng, MOST);
	for (size_t i = 0; i < c->count; i++) {
		int64_t first = (int64_t)rng_below(c->rng, TIMES);
		c->o[i] = (struct bind_observation){first,
			first + (points ? 0 : (int64_t)rng_below(c->rng, 3)),
			1 + rng_below(c->rng, 2)};
		size_t only = rng_below(c->rng, 4);
		for (size_t l = 0; l < 4; l++)
			c->hits[l][i] = disjoint ? l == only : rng_below(c->rng, 2);
	}
}

static void
compare_with_oracle(bool disjoint, bool points, uint64_t seed)
{
	struct chance c = {.state = seed};
	c.rng = rng_seeded(&c.state);
	size_t yes = 0, no = 0;
	for (int round = 0; round < 60000; round++) {
		arena_reset(&arena);
		random_world(&c, disjoint, points);
		struct bind_node *root = random_node(&c, 4);
		size_t slots = count_slots(root);
		bool skip = has_or(root);
		if (slots > SLOTS || (skip && slots > 4))
			continue;
		struct oracle all = {.o = c.o, .count = c.count};
		fill_slots(&all, root);
		bool expected = try_slot(&all, root, 0, skip);
		enum rc got = bind_solve(c.o, c.count, root, BIND_WORK, &arena);
		if (got != (expected ? RC_OK : RC_NONE))
			fail_msg("seed %llu, round %d: %s, the oracle says %s",
				(unsigned long long)seed, round, rc_word(got),
				expected ? "ok" : "none");
		yes += expected;
		no += !expected;
	}
	assert_true(yes > 1000 && no > 1000);
}

static void
any_pattern_over_few_observations_is_judged_as_trying_everything_does(void **state)
{
	(void)state;
	compare_with_oracle(false, false, 1);
	compare_with_oracle(false, true, 2);
}

static void
observations_that_fit_one_part_each_are_judged_alike(void **state)
{
	(void)state;
	compare_with_oracle(true, true, 3);
	compare_with_oracle(true, false, 4);
}

enum { MANY = 20000 };
static struct bind_observation many[MANY];
static bool everything[MANY], odd[MANY], even[MANY], third[MANY];

static void
many_fill(int64_t step)
{
	for (size_t i = 0; i < MANY; i++) {
		many[i] = (struct bind_observation){(int64_t)i * step, (int64_t)i * step, 1};
		everything[i] = true;
		odd[i] = i % 2;
		even[i] = i % 2 == 0;
		third[i] = i % 3 == 0;
	}
}

static void
assert_solved(struct bind_node *root, enum rc expected)
{
	int64_t from = clock_monotonic();
	enum rc got = bind_solve(many, MANY, root, BIND_WORK, &arena);
	assert_string_equal(rc_word(got), rc_word(expected));
	/* Two orders of magnitude above what it takes: explosion, not speed, is meant. */
	assert_true(clock_monotonic() - from < 20 * SECOND);
	arena_reset(&arena);
}

static void
repeats_over_many_observations_do_not_explode(void **state)
{
	(void)state;
	many_fill(1);
	assert_solved(repeats(leaf(everything), 10), RC_OK);
	assert_solved(repeats(leaf(everything), MANY), RC_OK);
	assert_solved(repeats(leaf(everything), MANY + 1), RC_NONE);
	assert_solved(within(repeats(leaf(everything), 10), 10), RC_OK);
	assert_solved(within(repeats(leaf(everything), 10), 9), RC_NONE);
	assert_solved(repeats(within(pair(BIND_AND, leaf(odd), leaf(even)), 2), 10), RC_OK);
	assert_solved(repeats(pair(BIND_FOLLOWEDBY, leaf(odd), leaf(even)), 9000), RC_OK);
	assert_solved(repeats(pair(BIND_FOLLOWEDBY, leaf(odd), leaf(even)), 10000), RC_NONE);
	assert_solved(
		pair(BIND_AND, repeats(leaf(odd), 10000), repeats(leaf(third), 6667)), RC_NONE);
	assert_solved(pair(BIND_AND, repeats(leaf(odd), 10000), repeats(leaf(third), 3334)), RC_OK);
	assert_solved(
		pair(BIND_FOLLOWEDBY, repeats(leaf(third), 10), repeats(leaf(odd), 10)), RC_OK);
	assert_solved(
		within(pair(BIND_AND, repeats(leaf(third), 3), repeats(leaf(odd), 5)), 14), RC_OK);
	assert_solved(within(pair(BIND_AND, repeats(leaf(third), 3), repeats(leaf(odd), 5)), 10),
		RC_NONE);
	assert_solved(repeats(within(pair(BIND_AND, leaf(third), leaf(odd)), 2), 10), RC_OK);
	many_fill(10);
	assert_solved(repeats(within(pair(BIND_AND, leaf(odd), leaf(even)), 10), 10), RC_NONE);
	assert_solved(repeats(within(pair(BIND_AND, leaf(third), leaf(odd)), 9), 10), RC_NONE);
}

static void
what_is_too_much_work_is_said_to_be_unknown(void **state)
{
	(void)state;
	/* Forty clusters hold a triple, the other forty a pair; parts overlap: which forty-one? */
	struct bind_observation o[400];
	bool a[400], b[400];
	for (size_t i = 0; i < 400; i++) {
		o[i] = (struct bind_observation){(int64_t)i, (int64_t)i, 1};
		a[i] = i % 5 < (i < 200 ? 3 : 2);
		b[i] = i % 5 == 1;
	}
	struct bind_node *one = within(pair(BIND_AND, repeats(leaf(a), 2), leaf(b)), 3);
	assert_rc(bind_solve(o, 400, repeats(one, 40), BIND_WORK, &arena), RC_OK);
	assert_rc(bind_solve(o, 400, repeats(one, 81), BIND_WORK, &arena), RC_NONE);
	assert_rc(bind_solve(o, 400, repeats(one, 41), BIND_WORK, &arena), RC_LIMIT);
}

static void
number_observed_counts_as_so_many_observations(void **state)
{
	(void)state;
	struct bind_observation o[] = {{0, 0, 2}, {5, 5, 999999999}};
	bool both[] = {true, true}, one[] = {true, false};
	assert_rc(bind_solve(o, 2, repeats(leaf(both), 1000000001), BIND_WORK, &arena), RC_OK);
	assert_rc(bind_solve(o, 2, repeats(leaf(both), 1000000002), BIND_WORK, &arena), RC_NONE);
	assert_rc(bind_solve(o, 2, pair(BIND_AND, leaf(one), leaf(one)), BIND_WORK, &arena), RC_OK);
	assert_rc(bind_solve(o, 2, repeats(leaf(one), 3), BIND_WORK, &arena), RC_NONE);
	assert_rc(bind_solve(o, 2, within(repeats(leaf(both), 1000000000), 5), BIND_WORK, &arena),
		RC_NONE);
	assert_rc(bind_solve(o, 2, within(repeats(leaf(both), 1000000000), 6), BIND_WORK, &arena),
		RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			any_pattern_over_few_observations_is_judged_as_trying_everything_does),
		cmocka_unit_test(observations_that_fit_one_part_each_are_judged_alike),
		cmocka_unit_test(repeats_over_many_observations_do_not_explode),
		cmocka_unit_test(what_is_too_much_work_is_said_to_be_unknown),
		cmocka_unit_test(number_observed_counts_as_so_many_observations),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
