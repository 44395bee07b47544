/* Constants as a scanner sees values. */
#include "obs/addr.h"
#include "pattern/atoms-internal.h"

/* "=" and IN with networks: IN what is no network, or ISSUBSET of each that is. */
static void
spell_networks(struct pattern_expr *e, struct arena *a)
{
	struct pattern_expr *first = NULL, **link = &first;
	const struct pattern_const *rest = NULL, **tail = &rest;
	for (const struct pattern_const *c = e->test.constants; c; c = c->next) {
		struct addr addr;
		struct pattern_const *copy = arena_new(a, sizeof *copy);
		*copy = *c;
		copy->next = NULL;
		if (!addr_parse_range(c->text, &addr) || !addr_is_range(&addr)) {
			*tail = copy;
			tail = &copy->next;
			continue;
		}
		*link = arena_new(a, sizeof **link);
		(*link)->test = e->test;
		(*link)->test.op = PATTERN_ISSUBSET;
		(*link)->test.constants = copy;
		link = &(*link)->next;
	}
	if (!first)
		return;
	if (rest) {
		*link = arena_new(a, sizeof **link);
		(*link)->test = e->test;
		(*link)->test.constants = rest;
	}
	if (!first->next) {
		e->test = first->test;
		return;
	}
	e->kind = PATTERN_ANY_OF;
	e->child = first;
}

/* request_header.Host: a list of texts, of which people mean any. */
static void
spell_header(struct pattern_path *path, struct arena *a)
{
	static const struct pattern_step any = {.kind = PATTERN_ANY};
	const struct pattern_step *s = path->steps;
	while (s && !(s->kind == PATTERN_KEY && span_eq(s->key, SPAN("request_header"))))
		s = s->next;
	if (!s || !s->next || s->next->next)
		return;
	const struct pattern_step *first = NULL, **link = &first;
	for (s = path->steps; s; s = s->next) {
		struct pattern_step *copy = arena_new(a, sizeof *copy);
		*copy = *s;
		*link = copy;
		link = &copy->next;
	}
	*link = &any;
	path->steps = first;
}

static void
spell_test(struct pattern_expr *e, struct arena *a)
{
	struct pattern_test *t = &e->test;
	spell_header(&t->path, a);
	const struct pattern_step *last = NULL;
	enum atom_field field = atoms_field_of(&t->path, &last);
	struct observable what;
	struct span name = atoms_name_above(t);
	if (name.len && field == FIELD_DOMAIN && atoms_observable_of(field, last, name, a, &what)) {
		struct pattern_const *copy = arena_new(a, sizeof *copy);
		*copy = *t->constants;
		copy->text = arena_printf(a, "%%.%.*s", (int)what.value.len, what.value.ptr);
		t->constants = copy;
	}
	if (field == FIELD_NONE ||
		(t->op != PATTERN_EQ && t->op != PATTERN_NE && t->op != PATTERN_IN))
		return;
	const struct pattern_const *first = NULL, **link = &first;
	for (const struct pattern_const *c = t->constants; c; c = c->next) {
		struct pattern_const *copy = arena_new(a, sizeof *copy);
		*copy = *c;
		copy->next = NULL;
		if (c->type == PATTERN_STRING &&
			atoms_observable_of(field, last, c->text, a, &what))
			copy->text = what.value;
		*link = copy;
		link = &copy->next;
	}
	t->constants = first;
	if (!t->negated && t->op != PATTERN_NE)
		spell_networks(e, a);
}

static void
spell_expr(struct pattern_expr *e, struct arena *a)
{
	if (e->kind == PATTERN_TEST) {
		spell_test(e, a);
		return;
	}
	for (struct pattern_expr *child = e->child; child; child = child->next)
		spell_expr(child, a);
}

static void
spell_node(const struct pattern_node *n, struct arena *a)
{
	/* The tree is constant to those who read it; it was made by whoever calls. */
	if (n->kind == PATTERN_OBSERVE)
		spell_expr((struct pattern_expr *)(uintptr_t)n->expr, a);
	for (const struct pattern_node *child = n->child; child; child = child->next)
		spell_node(child, a);
}

void
pattern_spell(struct pattern *p, struct arena *a)
{
	spell_node(p->root, a);
}
