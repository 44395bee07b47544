#include "pattern/normal.h"

#include <stdlib.h>

#include "base/vec.h"
#include "pattern/normal-internal.h"

/* An observation expression without OR but for what qualifiers hold. */
struct term {
	enum pattern_node_kind kind; /* OBSERVE, AND, FOLLOWEDBY, or a qualifier's */
	struct term **child;	     /* of AND in order of their texts */
	size_t len, cap;
	struct span text;
};

/* Joined by OR. */
struct terms {
	struct term **at;
	size_t len, cap;
};

static int
term_cmp(const void *left, const void *right)
{
	const struct term *const *a = left, *const *b = right;
	return span_cmp((*a)->text, (*b)->text);
}

/* Whether each child of `less` is one of `more` - another one each, and for FOLLOWEDBY in order. */
static bool
holds_children(const struct term *more, const struct term *less)
{
	size_t at = 0;
	for (size_t i = 0; i < less->len; i++, at++) {
		while (at < more->len && !span_eq(more->child[at]->text, less->child[i]->text))
			at++;
		if (at == more->len)
			return false;
	}
	return true;
}

/* Whether `more` demands all that `less` does and something else. */
static bool
is_absorbed(const struct term *more, const struct term *less)
{
	bool joined = more->kind == PATTERN_AND || more->kind == PATTERN_FOLLOWEDBY;
	if (!joined || less->kind >= PATTERN_REPEATS)
		return false;
	for (size_t i = 0; i < more->len; i++)
		if (span_eq(more->child[i]->text, less->text))
			return true;
	return more->kind == less->kind && more->len > less->len && holds_children(more, less);
}

/* In order, nothing twice, and without what another one says already. */
static void
simplify(struct normal *n, struct terms *t)
{
	size_t kept = 0;
	qsort(t->at, t->len, sizeof(struct term *), term_cmp);
	for (size_t i = 0; i < t->len; i++)
		if (!kept || !span_eq(t->at[kept - 1]->text, t->at[i]->text))
			t->at[kept++] = t->at[i];
	t->len = kept;
	bool *said = arena_new(&n->arena, t->len);
	for (size_t i = 0; i < t->len; i++)
		for (size_t k = 0; k < t->len && !said[i]; k++)
			said[i] = k != i && is_absorbed(t->at[i], t->at[k]);
	kept = 0;
	for (size_t i = 0; i < t->len; i++)
		if (!said[i])
			t->at[kept++] = t->at[i];
	t->len = kept;
}

static void
add_one(struct normal *n, struct term *parent, struct term *child)
{
	if (parent->len == parent->cap) {
		struct term **old = parent->child;
		parent->cap = parent->cap ? parent->cap * 2 : 4;
		parent->child = arena_new(&n->arena, parent->cap * sizeof(struct term *));
		for (size_t i = 0; i < parent->len; i++)
			parent->child[i] = old[i];
	}
	parent->child[parent->len++] = child;
}

/* A child of the same kind hands up its own, since both operators are associative. */
static bool
add_child(struct normal *n, struct term *parent, struct term *child)
{
	if (child->kind != parent->kind)
		add_one(n, parent, child);
	for (size_t i = 0; child->kind == parent->kind && i < child->len; i++)
		add_one(n, parent, child->child[i]);
	return normal_spend(n, child->kind == parent->kind ? child->len : 1);
}

static void
add_text(struct buf *out, struct span text, bool group)
{
	if (group)
		buf_add_byte(out, '(');
	buf_add(out, text);
	if (group)
		buf_add_byte(out, ')');
}

static void
finish(struct normal *n, struct term *t)
{
	own_buf struct buf out = {};
	if (t->kind == PATTERN_AND)
		qsort(t->child, t->len, sizeof(struct term *), term_cmp);
	for (size_t i = 0; i < t->len; i++) {
		const struct term *c = t->child[i];
		bool group = c->kind == PATTERN_AND || c->kind == PATTERN_FOLLOWEDBY;
		if (i)
			buf_add(&out,
				t->kind == PATTERN_AND ? SPAN(" AND ") : SPAN(" FOLLOWEDBY "));
		add_text(&out, c->text, group);
	}
	t->text = arena_dup(&n->arena, buf_span(&out));
}

/* Each of `sum` with each of `part` behind; `sum` grows in place where there is one part. */
static bool
multiply(struct normal *n, struct terms *sum, const struct terms *part)
{
	struct terms more = {};
	bool fits = sum->len * part->len <= NORMAL_WAYS_MAX;
	for (size_t i = 0; fits && i < sum->len && part->len == 1; i++)
		fits = add_child(n, sum->at[i], part->at[0]);
	if (part->len == 1)
		return fits;
	for (size_t i = 0; fits && i < sum->len; i++)
		for (size_t k = 0; fits && k < part->len; k++) {
			struct term *both = arena_new(&n->arena, sizeof *both);
			both->kind = sum->at[i]->kind;
			fits = add_child(n, both, sum->at[i]) && add_child(n, both, part->at[k]);
			*vec_add(&more) = both;
		}
	free(sum->at);
	*sum = more;
	return fits;
}

static bool expand(struct normal *n, const struct pattern_node *node, struct terms *out);

static bool
expand_joined(struct normal *n, const struct pattern_node *node, struct terms *out)
{
	struct terms sum = {};
	struct term *empty = arena_new(&n->arena, sizeof *empty);
	empty->kind = node->kind;
	*vec_add(&sum) = empty;
	bool fits = true;
	for (const struct pattern_node *c = node->child; c && fits; c = c->next) {
		struct terms part = {};
		fits = expand(n, c, &part) && multiply(n, &sum, &part);
		free(part.at);
	}
	for (size_t i = 0; fits && i < sum.len; i++) {
		finish(n, sum.at[i]);
		*vec_add(out) = sum.at[i];
	}
	free(sum.at);
	return fits;
}

static void
join(struct buf *out, const struct terms *t)
{
	for (size_t i = 0; i < t->len; i++) {
		/* FOLLOWEDBY binds looser than OR. */
		bool group = t->len > 1 && t->at[i]->kind == PATTERN_FOLLOWEDBY;
		if (i)
			buf_add(out, SPAN(" OR "));
		add_text(out, t->at[i]->text, group);
	}
}

/* A qualifier holds its expression together: what is inside is put in order for itself. */
static bool
expand_qualified(struct normal *n, const struct pattern_node *node, struct terms *out)
{
	struct terms inner = {};
	own_buf struct buf text = {};
	bool fits = expand(n, node->child, &inner);
	if (fits) {
		simplify(n, &inner);
		bool group = inner.len > 1 || inner.at[0]->kind != PATTERN_OBSERVE;
		if (group)
			buf_add_byte(&text, '(');
		join(&text, &inner);
		if (group)
			buf_add_byte(&text, ')');
		normal_qualifier(&text, node);
		struct term *t = arena_new(&n->arena, sizeof *t);
		t->kind = node->kind;
		t->text = arena_dup(&n->arena, buf_span(&text));
		*vec_add(out) = t;
	}
	free(inner.at);
	return fits && normal_spend(n, 1);
}

static bool
expand(struct normal *n, const struct pattern_node *node, struct terms *out)
{
	bool fits = true;
	struct term *leaf;
	switch (node->kind) {
	case PATTERN_OBSERVE:
		leaf = arena_new(&n->arena, sizeof *leaf);
		leaf->kind = PATTERN_OBSERVE;
		leaf->text = normal_expr(n, node->expr);
		*vec_add(out) = leaf;
		return leaf->text.ptr && normal_spend(n, 1);
	case PATTERN_AND:
	case PATTERN_FOLLOWEDBY: return expand_joined(n, node, out);
	case PATTERN_OR:
		for (const struct pattern_node *c = node->child; c && fits; c = c->next)
			fits = expand(n, c, out) && out->len <= NORMAL_WAYS_MAX;
		return fits;
	default: return expand_qualified(n, node, out);
	}
}

enum rc
pattern_normal(const struct pattern *p, struct buf *out, struct diag *why)
{
	struct normal n = {};
	struct terms all = {};
	bool fits = expand(&n, p->root, &all) && all.len <= NORMAL_WAYS_MAX;
	if (fits) {
		simplify(&n, &all);
		join(out, &all);
	}
	free(all.at);
	arena_fini(&n.arena);
	return fits ? RC_OK
		    : diag_fail(why, RC_LIMIT, "a pattern of more than %d alternatives",
			      NORMAL_WAYS_MAX);
}
