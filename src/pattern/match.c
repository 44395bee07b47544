#include "pattern/match.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "codec/json.h"
#include "pattern/bind.h"
#include "pattern/match-internal.h"
#include "pattern/meaning.h"
#include "pattern/nfc.h"
#include "pattern/octets.h"
#include "pattern/wildcard.h"

enum {
	WILDCARD_WORK = 50000000, /* steps of one run */
	TICK = 4096,		  /* steps between looks at the clock; a step takes some ns */
};

struct values {
	yyjson_val **at;
	size_t len, cap;
};

struct matcher {
	struct arena arena;
	struct armed armed;
	/* of one run */
	struct arena scratch; /* of one observation */
	struct values here, there;
	uint64_t wildcard_work;
	int64_t longest, deadline;
	uint64_t ticks;
	bool overdue;
	enum rc pending;      /* why the object at hand may come out as UNKNOWN */
	struct diag what;     /* the same for people */
	bool broken, limited; /* some object did, for RC_BAD or for RC_LIMIT */
	struct diag *why;
};

/* Not known is what a comparison is that could not be made; AND and OR treat it as Kleene does. */
enum truth { NO, UNKNOWN, YES };

enum rc
matcher_new(const struct pattern *p, struct matcher **out, struct diag *why)
{
	struct matcher *m = mem_new(sizeof *m);
	m->longest = MATCH_SECONDS_MAX * SECOND;
	enum rc rc = armed_init(&m->armed, p, &m->arena, why);
	if (rc)
		matcher_free(m);
	else
		*out = m;
	return rc;
}

void
matcher_free(struct matcher *m)
{
	if (!m)
		return;
	armed_fini(&m->armed);
	free(m->here.at);
	free(m->there.at);
	arena_fini(&m->arena);
	arena_fini(&m->scratch);
	free(m);
}

void
matcher_fini(struct matcher **m)
{
	matcher_free(*m);
}

void
matcher_allow(struct matcher *m, int64_t longest)
{
	m->longest = longest;
}

const struct armed *
matcher_armed(const struct matcher *m)
{
	return &m->armed;
}

/* Takes steps; true when the run has lasted too long. */
static bool
is_late(struct matcher *m, uint64_t steps)
{
	m->ticks += steps;
	if (m->ticks >= TICK) {
		m->ticks = 0;
		m->overdue |= clock_monotonic() > m->deadline;
	}
	return m->overdue;
}

static int
pointer_cmp(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t) * (yyjson_val *const *)left,
		  b = (uintptr_t) * (yyjson_val *const *)right;
	return a < b ? -1 : a > b;
}

/* Several references may lead to one value; that it stays once keeps refs[*].refs[*]... small. */
static void
values_unique(struct values *v)
{
	if (v->len < 2)
		return;
	qsort(v->at, v->len, sizeof *v->at, pointer_cmp);
	size_t kept = 1;
	for (size_t i = 1; i < v->len; i++)
		if (v->at[i] != v->at[kept - 1])
			v->at[kept++] = v->at[i];
	v->len = kept;
}

static void
step_into(const struct armed_step *s, const struct observation *o, yyjson_val *val,
	struct values *out)
{
	yyjson_val *found = NULL;
	if (s->step->kind == PATTERN_KEY) {
		if (s->follows && yyjson_is_str(val))
			val = observation_find(o, json_span(val));
		found = yyjson_obj_getn(val, s->step->key.ptr, s->step->key.len);
	} else if (s->step->kind == PATTERN_INDEX) {
		if (yyjson_is_arr(val) && s->step->index >= 0)
			found = yyjson_arr_get(val, (size_t)s->step->index);
	} else if (yyjson_is_arr(val)) {
		yyjson_arr_iter it = yyjson_arr_iter_with(val);
		for (yyjson_val *one; (one = yyjson_arr_iter_next(&it));)
			*vec_add(out) = one;
	} else if (yyjson_is_obj(val)) {
		/* hashes[*]: the standard knows lists only; people write it and mean any of them.
		 */
		yyjson_obj_iter it = yyjson_obj_iter_with(val);
		for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
			*vec_add(out) = yyjson_obj_iter_get_val(key);
	}
	if (found)
		*vec_add(out) = found;
}

/* What finding a member or an element costs, in steps. */
static uint64_t
cost_of(yyjson_val *val)
{
	return 1 + (yyjson_is_obj(val) ? yyjson_obj_size(val) : yyjson_arr_size(val)) / 4;
}

/*
 * All values the path leads to from this object, in m->here. A null is one: STIX has none, but whoever
 * writes it says that the property is there and holds nothing that a constant could equal.
 */
static void
walk(struct matcher *m, const struct armed_test *t, const struct observation *o, yyjson_val *object)
{
	m->here.len = 0;
	*vec_add(&m->here) = object;
	for (const struct armed_step *s = t->steps; s && m->here.len; s = s->next) {
		m->there.len = 0;
		for (size_t i = 0; i < m->here.len; i++) {
			if (is_late(m, cost_of(m->here.at[i])))
				return;
			step_into(s, o, m->here.at[i], &m->there);
		}
		if (s->follows)
			values_unique(&m->there);
		struct values swap = m->here;
		m->here = m->there;
		m->there = swap;
	}
}

/* Remembers the object's first reason; it counts only if the object's truth hangs on it. */
static enum truth
unknown(struct matcher *m, const struct armed_test *t, enum rc rc, const struct diag *what)
{
	if (m->pending)
		return UNKNOWN;
	m->pending = rc;
	m->what = *what;
	armed_where(m->armed.pattern, t->test->at, &m->what);
	return UNKNOWN;
}

static enum truth
too_late(struct matcher *m, const struct armed_test *t)
{
	struct diag what = {};
	diag_what(&what, "the comparisons took more than %.1f seconds",
		(double)m->longest / (double)SECOND);
	return unknown(m, t, RC_LIMIT, &what);
}

static enum truth
judge_text(struct matcher *m, const struct armed_test *t, yyjson_val *val)
{
	struct diag what = {};
	struct span text = json_span(val);
	if (!text.ptr || !t->text_fits)
		return NO;
	/* these are slow: look at the clock each time */
	if (is_late(m, TICK))
		return too_late(m, t);
	if (t->form == VALUE_PLAIN)
		text = text_nfc(text, &m->scratch);
	else if (!value_octets(text, t->form, &m->scratch, &text))
		return NO;
	enum rc rc;
	if (t->test->op == PATTERN_MATCHES) {
		rc = regex_search(t->regex, text, &what);
	} else {
		if (t->form != VALUE_PLAIN)
			text = octets_to_text(text, &m->scratch);
		rc = wildcard_match(t->text, text, &m->wildcard_work);
		if (rc == RC_LIMIT)
			diag_what(&what, "LIKE took too many steps");
	}
	return rc == RC_OK ? YES : rc == RC_NONE ? NO : unknown(m, t, rc, &what);
}

static enum truth
judge_network(const struct armed_test *t, yyjson_val *val)
{
	struct addr left;
	if (!yyjson_is_str(val) || !armed_network(json_span(val), &left))
		return NO;
	bool holds = t->test->op == PATTERN_ISSUBSET ? addr_holds(&t->network, &left)
						     : addr_holds(&left, &t->network);
	/* of equal sets each holds the other */
	if (mutant(1651) && addr_holds(&t->network, &left) && addr_holds(&left, &t->network))
		return NO;
	return holds ? YES : NO;
}

static enum truth
judge_order(enum pattern_op op, enum value_order order)
{
	bool mismatch = order == VALUE_MISMATCH;
	switch (op) {
	case PATTERN_NE: return order != VALUE_EQUAL && !(mutant(1650) && mismatch) ? YES : NO;
	case PATTERN_GT: return order == VALUE_GREATER ? YES : NO;
	case PATTERN_LT: return order == VALUE_LESS ? YES : NO;
	case PATTERN_GE: return order != VALUE_LESS && !mismatch ? YES : NO;
	case PATTERN_LE: return order != VALUE_GREATER && !mismatch ? YES : NO;
	default: return order == VALUE_EQUAL ? YES : NO;
	}
}

static enum value_order
order_value(struct matcher *m, const struct armed_test *t, yyjson_val *val)
{
	enum value_order order =
		t->test->op == PATTERN_IN
			? value_in(val, t->form, t->constants, t->count, &m->scratch)
			: value_compare(val, t->form, t->constants, &m->scratch);
	arena_reset(&m->scratch);
	return order;
}

static enum truth
judge_equality(struct matcher *m, const struct armed_test *t, yyjson_val *val)
{
	enum value_order order = order_value(m, t, val);
	if (order != VALUE_BROKEN)
		return judge_order(t->test->op, order);
	struct diag what = {};
	struct span text = json_span(val);
	diag_what(&what, "a timestamp is compared with \"%.*s\", which is none",
		(int)(text.len < 60 ? text.len : 60), text.ptr);
	return unknown(m, t, RC_BAD, &what);
}

/* One value against the operator, before any NOT. */
static enum truth
judge_value(struct matcher *m, const struct armed_test *t, yyjson_val *val)
{
	if (is_late(m, 1 + (yyjson_is_str(val) ? yyjson_get_len(val) / 16 : 0)))
		return too_late(m, t);
	switch (t->test->op) {
	case PATTERN_LIKE:
	case PATTERN_MATCHES: return judge_text(m, t, val);
	case PATTERN_ISSUBSET:
	case PATTERN_ISSUPERSET: return judge_network(t, val);
	case PATTERN_EXISTS: return YES;
	default: return judge_equality(m, t, val);
	}
}

/*
 * A path that leads nowhere makes any comparison false, negated or not (section 9.6); only NOT
 * EXISTS is then true. Of several values one that satisfies the operator is enough; NOT negates
 * that as a whole.
 */
static enum truth
judge_test(struct matcher *m, const struct armed_test *t, const struct observation *o,
	const struct observed *from)
{
	if (is_late(m, 1))
		return too_late(m, t);
	if (t->never || !span_eq(from->type, t->test->path.type))
		return NO;
	walk(m, t, o, from->object);
	if (m->overdue)
		return too_late(m, t);
	if (!m->here.len)
		return t->test->op == PATTERN_EXISTS && t->test->negated ? YES : NO;
	enum truth any = NO;
	for (size_t i = 0; i < m->here.len && any != YES && !m->overdue; i++) {
		enum truth one = judge_value(m, t, m->here.at[i]);
		any = one > any ? one : any;
	}
	return t->test->negated ? (enum truth)(YES - any) : any;
}

static enum truth
judge_expr(struct matcher *m, const struct armed_expr *e, const struct observation *o,
	const struct observed *from)
{
	if (e->kind == PATTERN_TEST)
		return judge_test(m, e->test, o, from);
	bool all = e->kind == PATTERN_ALL;
	enum truth sum = all ? YES : NO;
	for (const struct armed_expr *child = e->child; child && sum != (all ? NO : YES);
		child = child->next) {
		enum truth one = judge_expr(m, child, o, from);
		if (all ? one < sum : one > sum)
			sum = one;
	}
	return sum;
}

/* All comparisons start from the same object (section 9.5). */
static bool
judge_observation(struct matcher *m, const struct armed_expr *e, const struct observation *o)
{
	for (size_t i = 0; i < o->count && (!m->overdue || !m->limited); i++) {
		m->pending = RC_OK;
		enum truth truth = judge_expr(m, e, o, &o->objects[i]);
		arena_reset(&m->scratch);
		if (truth == YES)
			return true;
		if (truth == NO)
			continue;
		if (m->why && !m->broken && !m->limited)
			*m->why = m->what;
		m->broken |= m->pending == RC_BAD;
		m->limited |= m->pending == RC_LIMIT;
	}
	return false;
}

static const enum bind_kind bind_kinds[] = {
	[PATTERN_OBSERVE] = BIND_LEAF,
	[PATTERN_AND] = BIND_AND,
	[PATTERN_OR] = BIND_OR,
	[PATTERN_FOLLOWEDBY] = BIND_FOLLOWEDBY,
	[PATTERN_REPEATS] = BIND_REPEATS,
	[PATTERN_WITHIN] = BIND_WITHIN,
	[PATTERN_STARTSTOP] = BIND_STARTSTOP,
};

static const bool *
hits_of(struct matcher *m, struct armed_leaf *leaf, const struct observations *o, struct arena *a)
{
	if (leaf->hits)
		return leaf->hits;
	size_t count = observations_count(o);
	bool *hits = arena_new(a, count);
	for (size_t i = 0; i < count && (!m->overdue || !m->limited); i++)
		hits[i] = judge_observation(m, leaf->expr, observations_at(o, i));
	return leaf->hits = hits;
}

static struct bind_node *
bind_of(struct matcher *m, const struct armed_node *armed, const struct observations *o,
	struct arena *a)
{
	struct bind_node *out = arena_new(a, sizeof *out), **link = &out->child;
	const struct pattern_node *n = armed->node;
	out->kind = bind_kinds[n->kind];
	switch (n->kind) {
	case PATTERN_OBSERVE: out->hits = hits_of(m, armed->leaf, o, a); break;
	case PATTERN_REPEATS:
		out->times = n->number.type == PATTERN_INTEGER ? (uint64_t)n->number.integer
							       : UINT64_MAX;
		break;
	case PATTERN_WITHIN: out->window = pattern_window(&n->number); break;
	case PATTERN_STARTSTOP:
		(void)!time_parse(n->start, &out->start, NULL);
		(void)!time_parse(n->stop, &out->stop, NULL);
		break;
	default: break;
	}
	for (const struct armed_node *child = armed->child; child; child = child->next) {
		*link = bind_of(m, child, o, a);
		link = &(*link)->next;
	}
	return out;
}

/* What is bound: observations as bind_solve wants them. `o` NULL: every leaf has its hits already. */
struct bound {
	const struct observations *o;
	const struct bind_observation *all;
	size_t count;
	uint64_t work;
};

static enum rc
run_node(struct matcher *m, const struct armed_node *n, const struct bound *b, struct arena *kept)
{
	own_arena struct arena a = {};
	const struct bind_node *root = bind_of(m, n, b->o, kept);
	return bind_solve(b->all, b->count, root, b->work, &a);
}

/* "if the first Observation Expression evaluates to true, then evaluation MUST terminate" */
static enum rc
run_root(struct matcher *m, const struct bound *b)
{
	own_arena struct arena kept = {};
	const struct armed_node *root = m->armed.root;
	bool either = root->node->kind == PATTERN_OR, unsolved = false;
	const struct armed_node *n = either ? root->child : root;
	do {
		enum rc rc = run_node(m, n, b, &kept);
		if (rc == RC_OK)
			return RC_OK;
		unsolved |= rc == RC_LIMIT;
		n = n->next;
	} while (either && n);
	return unsolved ? RC_LIMIT : RC_NONE;
}

static void
begin(struct matcher *m, struct diag *why)
{
	m->why = why;
	m->broken = m->limited = m->overdue = false;
	m->wildcard_work = WILDCARD_WORK;
	m->ticks = 0;
	m->deadline = clock_monotonic() + m->longest;
	for (struct armed_leaf *leaf = m->armed.leaves; leaf; leaf = leaf->next)
		leaf->hits = NULL;
}

enum rc
matcher_run(struct matcher *m, const struct observations *o, struct diag *why)
{
	own_arena struct arena a = {};
	size_t count = observations_count(o);
	begin(m, why);
	diag_where(why, "pattern");
	if (m->armed.leaf_count * count > MATCH_CELLS_MAX)
		return diag_fail(
			why, RC_LIMIT, "too many observations for a pattern of so many parts");
	struct bind_observation *all = arena_new(&a, count * sizeof *all);
	for (size_t i = 0; i < count; i++) {
		const struct observation *one = observations_at(o, i);
		all[i] = (struct bind_observation){one->first, one->last, one->number};
	}
	enum rc rc = run_root(m, &(struct bound){o, all, count, BIND_WORK});
	if (rc == RC_OK)
		return RC_OK;
	if (rc == RC_LIMIT && !m->limited && !m->broken)
		diag_what(why,
			"which observations stand for which part takes too many steps to find out");
	return rc == RC_LIMIT || m->limited ? RC_LIMIT : m->broken ? RC_BAD : RC_NONE;
}

/* ---- observations one by one ---- */

enum rc
matcher_fit(struct matcher *m, const struct observation *o, bool *fits, struct diag *why)
{
	bool any = false;
	begin(m, why);
	diag_where(why, "pattern");
	for (const struct armed_leaf *leaf = m->armed.leaves; leaf; leaf = leaf->next)
		any |= fits[leaf->index] = judge_observation(m, leaf->expr, o);
	enum rc trouble = matcher_trouble(m);
	return any ? RC_OK : trouble ? trouble : RC_NONE;
}

bool
matcher_may_be(struct matcher *m, const struct armed_test *t, yyjson_val *value)
{
	switch (t->test->op) {
	case PATTERN_EQ:
	case PATTERN_NE:
	case PATTERN_GT:
	case PATTERN_LT:
	case PATTERN_GE:
	case PATTERN_LE:
	case PATTERN_IN: break;
	default: return true;
	}
	enum value_order order = order_value(m, t, value);
	return order == VALUE_BROKEN ||
	       (judge_order(t->test->op, order) == YES) != t->test->negated;
}

enum rc
matcher_trouble(const struct matcher *m)
{
	return m->limited ? RC_LIMIT : m->broken ? RC_BAD : RC_OK;
}

enum rc
matcher_bind(struct matcher *m, const struct bind_observation *all, size_t count,
	const bool *const *fits, uint64_t work)
{
	for (struct armed_leaf *leaf = m->armed.leaves; leaf; leaf = leaf->next)
		leaf->hits = fits[leaf->index];
	return run_root(m, &(struct bound){NULL, all, count, work});
}

size_t
matcher_bytes(const struct matcher *m)
{
	return sizeof *m + m->arena.total + m->scratch.total + m->armed.regex_bytes +
	       (m->here.cap + m->there.cap) * sizeof(yyjson_val *);
}
