#include "pattern/match-internal.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "pattern/meaning.h"
#include "pattern/nfc.h"
#include "pattern/octets.h"

void
armed_where(const struct pattern *p, size_t at, struct diag *why)
{
	diag_where(why, "column %zu", pattern_column(p->text, at));
}

/* "The type of SCO to match against" (section 9.7): these are of no SCO. */
static bool
is_no_observable(struct span type)
{
	static const struct span types[] = {SPAN("attack-pattern"), SPAN("bundle"),
		SPAN("campaign"), SPAN("course-of-action"), SPAN("extension-definition"),
		SPAN("grouping"), SPAN("identity"), SPAN("incident"), SPAN("indicator"),
		SPAN("infrastructure"), SPAN("intrusion-set"), SPAN("language-content"),
		SPAN("location"), SPAN("malware"), SPAN("malware-analysis"),
		SPAN("marking-definition"), SPAN("note"), SPAN("observed-data"), SPAN("opinion"),
		SPAN("relationship"), SPAN("report"), SPAN("sighting"), SPAN("threat-actor"),
		SPAN("tool"), SPAN("vulnerability")};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_eq(type, types[i]))
			return true;
	return false;
}

static void
arm_path(struct armed *a, struct armed_test *t)
{
	struct armed_step **link = &t->steps;
	const struct pattern_step *key = NULL, *before = NULL;
	for (const struct pattern_step *s = t->test->path.steps; s; s = s->next) {
		struct armed_step *step = arena_new(a->arena, sizeof *step);
		step->step = s;
		/* x_ref.name, x_refs[*].name */
		if (key)
			step->follows = before == key ? span_ends(key->key, SPAN("_ref"))
						      : span_ends(key->key, SPAN("_refs"));
		if (s->kind == PATTERN_KEY)
			key = s;
		before = s;
		*link = step;
		link = &step->next;
	}
	t->form = value_form_of(key->key);
	t->never = is_no_observable(t->test->path.type);
}

static enum rc
arm_text(struct armed *a, struct armed_test *t, struct diag *why)
{
	const struct pattern_const *c = t->test->constants;
	t->text = text_nfc(c->text, a->arena);
	t->text_fits = true;
	if (t->form != VALUE_PLAIN) {
		struct span octets;
		t->text_fits = octets_from_text(c->text, a->arena, &octets);
		if (!t->text_fits)
			return RC_OK;
		t->text = t->test->op == PATTERN_MATCHES ? octets : c->text;
	}
	if (t->test->op != PATTERN_MATCHES)
		return RC_OK;
	enum rc rc = regex_new(
		t->text, t->form == VALUE_PLAIN ? REGEX_TEXT : REGEX_OCTETS, &t->regex, why);
	if (!rc) {
		*vec_add(&a->regexes) = t->regex;
		a->regex_bytes += regex_bytes(t->regex);
		if (a->regex_bytes > REGEXES_BYTES_MAX)
			rc = diag_fail(why, RC_LIMIT,
				"the regular expressions of this pattern are too large together");
	}
	if (rc)
		armed_where(a->pattern, c->at, why);
	return rc;
}

bool
armed_network(struct span text, struct addr *out)
{
	return addr_parse(text, out) || addr_parse_range(text, out);
}

static enum rc
arm_test(
	struct armed *a, const struct pattern_test *test, struct armed_test **out, struct diag *why)
{
	struct armed_test *t = *out = arena_new(a->arena, sizeof *t);
	t->test = test;
	arm_path(a, t);
	for (const struct pattern_const *c = test->constants; c; c = c->next)
		t->count++;
	t->constants = arena_new(a->arena, t->count * sizeof *t->constants);
	size_t i = 0;
	for (const struct pattern_const *c = test->constants; c; c = c->next)
		value_prepare(c, a->arena, &t->constants[i++]);
	if (test->op == PATTERN_IN)
		t->count = value_set(t->constants, t->count, t->form);
	if (test->op == PATTERN_LIKE || test->op == PATTERN_MATCHES)
		return arm_text(a, t, why);
	if (test->op == PATTERN_ISSUBSET || test->op == PATTERN_ISSUPERSET)
		(void)armed_network(test->constants->text, &t->network);
	return RC_OK;
}

static enum rc
arm_expr(struct armed *a, const struct pattern_expr *e, struct armed_expr **out, struct diag *why)
{
	struct armed_expr *armed = *out = arena_new(a->arena, sizeof *armed);
	armed->kind = e->kind;
	if (e->kind == PATTERN_TEST)
		return arm_test(a, &e->test, &armed->test, why);
	enum rc rc = RC_OK;
	struct armed_expr **link = &armed->child;
	for (const struct pattern_expr *child = e->child; child && !rc; child = child->next) {
		rc = arm_expr(a, child, link, why);
		link = &(*link)->next;
	}
	return rc;
}

/* The slot of the leaf with this text, or an empty one. */
static struct armed_leaf **
leaf_slot(const struct armed *a, struct span text)
{
	size_t at = hash64(text, (uintptr_t)a->table) & (a->slots - 1);
	while (a->table[at] && !span_eq(a->table[at]->text, text))
		at = (at + 1) & (a->slots - 1);
	return &a->table[at];
}

static void
leaf_room(struct armed *a)
{
	if (a->leaf_count * 2 < a->slots)
		return;
	a->slots = a->slots ? a->slots * 2 : 16;
	a->table = arena_new(a->arena, a->slots * sizeof(struct armed_leaf *));
	for (struct armed_leaf *leaf = a->leaves; leaf; leaf = leaf->next)
		*leaf_slot(a, leaf->text) = leaf;
}

static enum rc
arm_leaf(struct armed *a, const struct pattern_expr *e, struct armed_leaf **out, struct diag *why)
{
	own_buf struct buf text = {};
	pattern_print_expr(&text, e);
	leaf_room(a);
	struct armed_leaf **slot = leaf_slot(a, buf_span(&text));
	*out = *slot;
	if (*slot)
		return RC_OK;
	struct armed_leaf *leaf = *slot = *out = arena_new(a->arena, sizeof *leaf);
	leaf->text = arena_dup(a->arena, buf_span(&text));
	leaf->next = a->leaves;
	a->leaves = leaf;
	leaf->index = a->leaf_count++;
	leaf->source = e;
	return arm_expr(a, e, &leaf->expr, why);
}

static enum rc
arm_node(struct armed *a, const struct pattern_node *n, struct armed_node **out, struct diag *why)
{
	struct armed_node *armed = *out = arena_new(a->arena, sizeof *armed);
	armed->node = n;
	if (n->kind == PATTERN_OBSERVE)
		return arm_leaf(a, n->expr, &armed->leaf, why);
	enum rc rc = RC_OK;
	struct armed_node **link = &armed->child;
	for (const struct pattern_node *child = n->child; child && !rc; child = child->next) {
		rc = arm_node(a, child, link, why);
		link = &(*link)->next;
	}
	return rc;
}

enum rc
armed_init(struct armed *a, const struct pattern *p, struct arena *arena, struct diag *why)
{
	*a = (struct armed){.pattern = p, .arena = arena};
	enum rc rc = pattern_meaning(p, NULL, why);
	return rc ? rc : arm_node(a, p->root, &a->root, why);
}

void
armed_fini(struct armed *a)
{
	for (size_t i = 0; i < a->regexes.len; i++)
		regex_free(a->regexes.at[i]);
	free(a->regexes.at);
}
