/* What selects the observations that can stand for the parts of a pattern: atoms, and texts where there are none. */
#include "pattern/parts.h"
#include "base/mutant.h"
#include "pattern/atoms-internal.h"
#include "pattern/meaning.h"

struct text_item {
	struct text_item *next;
	struct pattern_string string;
};

struct parts {
	struct arena *arena;
	struct atom_list atoms;
	struct text_item *first, **link;
	size_t texts;
	bool open; /* a part is not covered */
};

static bool
cover_test(struct parts *p, const struct pattern_test *t)
{
	struct pattern_strings all;
	strings_of_test(t, p->arena, &all);
	for (size_t i = 0; all.whole && i < all.len; i++) {
		struct text_item *item = arena_new(p->arena, sizeof *item);
		item->string = all.at[i];
		*p->link = item;
		p->link = &item->next;
		p->texts++;
	}
	return all.whole;
}

static bool cover_expr(struct parts *p, const struct pattern_expr *e);

/* One of what must all be true is enough, and what is equal to a text comes before what is like one. */
static bool
cover_all(struct parts *p, const struct pattern_expr *e)
{
	for (unsigned turn = 0; turn < 2; turn++)
		for (const struct pattern_expr *child = e->child; child; child = child->next) {
			struct parts before = *p;
			bool plain = child->kind == PATTERN_TEST &&
				     (child->test.op == PATTERN_EQ || child->test.op == PATTERN_IN);
			if ((plain || turn) && cover_expr(p, child))
				return true;
			*p = before;
			*p->link = NULL;
		}
	return false;
}

static bool
cover_expr(struct parts *p, const struct pattern_expr *e)
{
	struct atom_list atoms = atoms_of_expr(e, p->arena);
	if (atoms.covers && atoms.first) {
		atoms_join(&p->atoms, &atoms);
		return true;
	}
	if (e->kind == PATTERN_TEST)
		return cover_test(p, &e->test) || mutant(1701);
	if (e->kind == PATTERN_ALL)
		return cover_all(p, e);
	for (const struct pattern_expr *child = e->child; child; child = child->next)
		if (!cover_expr(p, child))
			return false;
	return true;
}

/* Whether no match of it is without something of what is looked for. */
static bool
cover_node(struct parts *p, const struct pattern_node *n)
{
	if (n->kind == PATTERN_OBSERVE) {
		struct parts before = *p;
		if (cover_expr(p, n->expr))
			return true;
		*p = before;
		*p->link = NULL;
		p->open = true;
		return false;
	}
	bool any = false, all = true;
	for (const struct pattern_node *child = n->child; child; child = child->next) {
		bool one = cover_node(p, child);
		any |= one;
		all &= one;
	}
	return n->kind == PATTERN_OR ? all : any;
}

bool
pattern_part_is_covered(const struct pattern_expr *part, struct arena *a)
{
	struct parts p = {.arena = a};
	p.link = &p.first;
	return cover_expr(&p, part);
}

enum pattern_cover
pattern_parts(const struct pattern *pattern, struct arena *a, struct pattern_atoms *atoms,
	struct pattern_strings *strings)
{
	struct parts p = {.arena = a};
	p.link = &p.first;
	*atoms = (struct pattern_atoms){};
	*strings = (struct pattern_strings){};
	if (!cover_node(&p, pattern->root) || !(p.atoms.len + p.texts) ||
		pattern_meaning(pattern, NULL, NULL))
		return COVER_NONE;
	struct pattern_atom *at = arena_new(a, p.atoms.len * sizeof *at);
	struct pattern_string *texts = arena_new(a, p.texts * sizeof *texts);
	const struct atom_item *item = p.atoms.first;
	for (; atoms->len < p.atoms.len; item = item->next)
		at[atoms->len++] = item->atom;
	for (const struct text_item *text = p.first; text; text = text->next)
		texts[strings->len++] = text->string;
	atoms->at = at;
	strings->at = texts;
	return p.open ? COVER_SOME : COVER_ALL;
}
