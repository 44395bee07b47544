/* OR written out: every way to meet a pattern is a plan of its own. */
#include <stdlib.h>

#include "base/vec.h"
#include "pattern/bind-internal.h"

enum {
	ALTERNATIVES_MAX = 20000,
	COPIED_MAX = 200, /* alternatives of what is repeated: of twice 200 there are 20,100 */
};

static bool
plans_add(struct plans *to, const struct plan *plan, struct arena *a)
{
	if (to->len >= ALTERNATIVES_MAX)
		return false;
	struct plan *copy = arena_new(a, sizeof *copy);
	*copy = *plan;
	*vec_add(to) = copy;
	return true;
}

/* Nodes cost memory, so they are dear. */
static bool
spend_nodes(struct bind *b, size_t nodes)
{
	return bind_spend(b, nodes * 16);
}

static struct plan **
append(struct arena *a, struct plan **tail, const struct plan *more)
{
	*tail = arena_new(a, sizeof **tail);
	**tail = *more;
	(*tail)->next = NULL;
	return &(*tail)->next;
}

/* A copy of the child list `head`; returns where it goes on. */
static struct plan **
append_all(struct bind *b, struct plan **tail, const struct plan *head)
{
	for (; head && spend_nodes(b, 1); head = head->next)
		tail = append(b->arena, tail, head);
	return tail;
}

/* Plans of one kind whose child lists still grow. */
struct growing {
	struct grown {
		struct plan *plan, **tail;
	} * at;
	size_t len, cap;
};

/* Each plan of `sum` with each of `part` behind; `sum` is used up where there is one part. */
static bool
multiply_plans(struct bind *b, struct growing *sum, const struct plans *part)
{
	struct growing more = {};
	bool fits = sum->len * part->len <= ALTERNATIVES_MAX;
	for (size_t i = 0; fits && i < sum->len && part->len == 1; i++) {
		fits = spend_nodes(b, 1);
		sum->at[i].tail = append(b->arena, sum->at[i].tail, part->at[0]);
	}
	if (part->len == 1)
		return fits;
	for (size_t i = 0; fits && i < sum->len; i++)
		for (size_t j = 0; fits && j < part->len; j++) {
			struct grown one;
			append(b->arena, &one.plan, sum->at[i].plan);
			one.plan->child = NULL;
			one.tail = append_all(b, &one.plan->child, sum->at[i].plan->child);
			one.tail = append(b->arena, one.tail, part->at[j]);
			*vec_add(&more) = one;
			fits = spend_nodes(b, 2);
		}
	free(sum->at);
	*sum = more;
	return fits;
}

/* AND and FOLLOWEDBY: every choice of one alternative a child. */
static enum rc
expand_product(struct bind *b, const struct clean *c, struct plans *out)
{
	struct growing sum = {};
	struct plan *empty = arena_new(b->arena, sizeof *empty);
	*empty = (struct plan){.kind = c->kind, .times = 1};
	*vec_add(&sum) = (struct grown){empty, &empty->child};
	enum rc rc = RC_OK;
	for (const struct clean *child = c->child; child && !rc; child = child->next) {
		struct plans part = {};
		rc = bind_expand(b, child, &part);
		if (!rc && !multiply_plans(b, &sum, &part))
			rc = RC_LIMIT;
		free(part.at);
	}
	for (size_t i = 0; !rc && i < sum.len; i++)
		rc = plans_add(out, sum.at[i].plan, b->arena) ? RC_OK : RC_LIMIT;
	free(sum.at);
	return rc;
}

/* Ways to make `times` copies out of alternatives `from` on: an AND of REPEATS. */
static enum rc
expand_copies(struct bind *b, const struct plans *part, size_t from, uint64_t times,
	const struct plan *sum, struct plans *out)
{
	bool last = from + 1 == part->len;
	for (uint64_t n = last ? times : 0; n <= times; n++) {
		struct plan copies = {.kind = BIND_REPEATS, .child = part->at[from], .times = n};
		struct plan both = *sum;
		if (!spend_nodes(b, 1))
			return RC_LIMIT;
		if (n) {
			both.child = NULL;
			append(b->arena, append_all(b, &both.child, sum->child),
				n == 1 ? part->at[from] : &copies);
		}
		if (last)
			return plans_add(out, &both, b->arena) ? RC_OK : RC_LIMIT;
		enum rc rc = expand_copies(b, part, from + 1, times - n, &both, out);
		if (rc)
			return rc;
	}
	return RC_OK;
}

enum rc
bind_expand(struct bind *b, const struct clean *c, struct plans *out)
{
	if (c->kind == BIND_LEAF) {
		struct plan leaf = {.kind = BIND_LEAF, .leaf = c->leaf, .times = c->times};
		return plans_add(out, &leaf, b->arena) ? RC_OK : RC_LIMIT;
	}
	if (c->kind == BIND_AND || c->kind == BIND_FOLLOWEDBY)
		return expand_product(b, c, out);
	enum rc rc = RC_OK;
	if (c->kind == BIND_OR) {
		for (const struct clean *child = c->child; child && !rc; child = child->next)
			rc = bind_expand(b, child, out);
		return rc;
	}
	struct plans part = {};
	rc = bind_expand(b, c->child, &part);
	struct plan one = {.kind = c->kind, .times = c->times, .window = c->window};
	if (!rc && c->kind == BIND_REPEATS && part.len > COPIED_MAX) {
		rc = RC_LIMIT;
	} else if (!rc && c->kind == BIND_REPEATS && part.len > 1) {
		struct plan sum = {.kind = BIND_AND, .times = 1};
		rc = expand_copies(b, &part, 0, c->times, &sum, out);
	} else {
		for (size_t i = 0; !rc && i < part.len; i++) {
			one.child = part.at[i];
			rc = plans_add(out, &one, b->arena) ? RC_OK : RC_LIMIT;
		}
	}
	free(part.at);
	return rc;
}
