#include <stdlib.h>

#include "base/ascii.h"
#include "obs/obs.h"
#include "pattern/normal-internal.h"

int
normal_cmp(const void *left, const void *right)
{
	const struct span *a = left, *b = right;
	return span_cmp(*a, *b);
}

static void
string(struct buf *out, struct span s)
{
	struct pattern_const c = {.type = PATTERN_STRING, .text = s};
	pattern_print_const(out, &c);
}

/* "+01.50" is "1.5", "-0.0" is "0". */
static void
number(struct buf *out, struct span s)
{
	bool negative = *s.ptr == '-', fraction = span_find_byte(s, '.') != SIZE_MAX;
	if (negative || *s.ptr == '+')
		s = span_sub(s, 1, SIZE_MAX);
	while (s.len && *s.ptr == '0')
		s = span_sub(s, 1, SIZE_MAX);
	while (fraction && s.len && s.ptr[s.len - 1] == '0')
		s.len--;
	if (fraction && s.len && s.ptr[s.len - 1] == '.')
		s.len--;
	if (negative && s.len)
		buf_add_byte(out, '-');
	if (!s.len || *s.ptr == '.')
		buf_add_byte(out, '0');
	buf_add(out, s);
}

/* Without zeros behind the point. */
static void
instant(struct buf *out, struct span s)
{
	s.len--; /* Z */
	bool fraction = span_find_byte(s, '.') != SIZE_MAX;
	while (fraction && s.ptr[s.len - 1] == '0')
		s.len--;
	if (s.ptr[s.len - 1] == '.')
		s.len--;
	buf_printf(out, "t'%.*sZ'", (int)s.len, s.ptr);
}

enum field { FIELD_PLAIN, FIELD_IPV4, FIELD_IPV6, FIELD_REGISTRY };

static enum field
field_of(const struct pattern_path *path)
{
	const struct pattern_step *first = path->steps, *second = first->next;
	bool value = !second && span_eq(first->key, SPAN("value"));
	if (value && span_eq(path->type, SPAN("ipv4-addr")))
		return FIELD_IPV4;
	if (value && span_eq(path->type, SPAN("ipv6-addr")))
		return FIELD_IPV6;
	if (!span_eq(path->type, SPAN("windows-registry-key")))
		return FIELD_PLAIN;
	if (!second)
		return span_eq(first->key, SPAN("key")) ? FIELD_REGISTRY : FIELD_PLAIN;
	const struct pattern_step *third = second->next;
	bool name = span_eq(first->key, SPAN("values")) && second->kind != PATTERN_KEY && third &&
		    third->kind == PATTERN_KEY && !third->next && span_eq(third->key, SPAN("name"));
	return name ? FIELD_REGISTRY : FIELD_PLAIN;
}

/* Registry keys and names of values are the same in either case; of expressions that is not said. */
static void
text(struct normal *n, struct buf *out, const struct pattern_test *t, struct span s)
{
	enum field field = field_of(&t->path);
	bool whole = t->op != PATTERN_LIKE && t->op != PATTERN_MATCHES;
	struct observable what;
	if (field == FIELD_REGISTRY && whole) {
		char *lower = arena_bytes(&n->arena, s.len + 1);
		for (size_t i = 0; i < s.len; i++)
			lower[i] = ascii_lower(s.ptr[i]);
		s.ptr = lower;
	} else if (field != FIELD_PLAIN && whole &&
		   !obs_normalize(
			   field == FIELD_IPV4 ? OBS_IPV4 : OBS_IPV6, s, &n->arena, &what, NULL)) {
		s = what.value;
	}
	string(out, s);
}

static struct span
constant(struct normal *n, const struct pattern_test *t, const struct pattern_const *c)
{
	own_buf struct buf out = {};
	switch (c->type) {
	case PATTERN_INTEGER:
	case PATTERN_FLOAT: number(&out, c->text); break;
	case PATTERN_TIMESTAMP: instant(&out, c->text); break;
	case PATTERN_STRING: text(n, &out, t, c->text); break;
	case PATTERN_BOOLEAN:
	case PATTERN_BINARY: pattern_print_const(&out, c); break;
	}
	return arena_dup(&n->arena, buf_span(&out));
}

/* A set in order, nothing twice; of one value it is an equation. */
struct span
normal_test(struct normal *n, const struct pattern_test *t)
{
	own_buf struct buf out = {};
	size_t count = 0, kept = 0;
	for (const struct pattern_const *c = t->constants; c; c = c->next)
		count++;
	struct span *all = arena_new(&n->arena, (count + 1) * sizeof *all);
	for (const struct pattern_const *c = t->constants; c; c = c->next)
		all[kept++] = constant(n, t, c);
	qsort(all, count, sizeof *all, normal_cmp);
	kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!kept || !span_eq(all[kept - 1], all[i]))
			all[kept++] = all[i];
	if (t->op == PATTERN_EXISTS)
		buf_add(&out, t->negated ? SPAN("NOT EXISTS ") : SPAN("EXISTS "));
	pattern_print_path(&out, &t->path);
	bool set = t->op == PATTERN_IN && kept != 1;
	if (t->op != PATTERN_EXISTS)
		buf_printf(&out, t->negated ? " NOT %s " : " %s ",
			pattern_op_word(t->op == PATTERN_IN && !set ? PATTERN_EQ : t->op));
	for (size_t i = 0; i < kept || (set && !kept && !i); i++) {
		if (set)
			buf_add(&out, i ? SPAN(", ") : SPAN("("));
		if (i < kept)
			buf_add(&out, all[i]);
	}
	if (set)
		buf_add_byte(&out, ')');
	return arena_dup(&n->arena, buf_span(&out));
}

void
normal_qualifier(struct buf *out, const struct pattern_node *node)
{
	if (node->kind == PATTERN_STARTSTOP) {
		buf_add(out, SPAN(" START "));
		instant(out, node->start);
		buf_add(out, SPAN(" STOP "));
		instant(out, node->stop);
		return;
	}
	bool within = node->kind == PATTERN_WITHIN;
	buf_add(out, within ? SPAN(" WITHIN ") : SPAN(" REPEATS "));
	number(out, node->number.text);
	buf_add(out, within ? SPAN(" SECONDS") : SPAN(" TIMES"));
}
