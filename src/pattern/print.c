#include <stdio.h>

#include "base/buf.h"
#include "pattern/syntax.h"

static void
print_string(struct buf *out, struct span s)
{
	buf_add_byte(out, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\'' || s.ptr[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, s.ptr[i]);
	}
	buf_add_byte(out, '\'');
}

void
pattern_print_const(struct buf *out, const struct pattern_const *c)
{
	switch (c->type) {
	case PATTERN_INTEGER: buf_printf(out, "%lld", (long long)c->integer); break;
	case PATTERN_FLOAT:
		buf_add(out, *c->text.ptr == '+' ? span_sub(c->text, 1, c->text.len) : c->text);
		break;
	case PATTERN_BOOLEAN: buf_add(out, c->text); break;
	case PATTERN_STRING: print_string(out, c->text); break;
	case PATTERN_TIMESTAMP:
		buf_add_byte(out, 't');
		print_string(out, c->text);
		break;
	case PATTERN_BINARY:
		buf_add(out, SPAN("h'"));
		for (size_t i = 0; i < c->text.len; i++)
			buf_printf(out, "%02x", (unsigned char)c->text.ptr[i]);
		buf_add_byte(out, '\'');
		break;
	}
}

static bool
is_keyword(struct span s)
{
	static const struct span words[] = {SPAN("AND"), SPAN("OR"), SPAN("NOT"),
		SPAN("FOLLOWEDBY"), SPAN("LIKE"), SPAN("MATCHES"), SPAN("ISSUPERSET"),
		SPAN("ISSUBSET"), SPAN("EXISTS"), SPAN("LAST"), SPAN("IN"), SPAN("START"),
		SPAN("STOP"), SPAN("SECONDS"), SPAN("true"), SPAN("false"), SPAN("WITHIN"),
		SPAN("REPEATS"), SPAN("TIMES")};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_eq(s, words[i]))
			return true;
	return false;
}

static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return s.len && !is_keyword(s);
}

void
pattern_print_path(struct buf *out, const struct pattern_path *path)
{
	buf_add(out, path->type);
	for (const struct pattern_step *s = path->steps; s; s = s->next) {
		if (s->kind == PATTERN_KEY) {
			buf_add_byte(out, s == path->steps ? ':' : '.');
			if (is_plain(s->key))
				buf_add(out, s->key);
			else
				print_string(out, s->key);
		} else if (s->kind == PATTERN_ANY) {
			buf_add(out, SPAN("[*]"));
		} else {
			buf_printf(out, "[%lld]", (long long)s->index);
		}
	}
}

static void
print_test(struct buf *out, const struct pattern_test *t)
{
	if (t->op == PATTERN_EXISTS) {
		buf_add(out, t->negated ? SPAN("NOT EXISTS ") : SPAN("EXISTS "));
		pattern_print_path(out, &t->path);
		return;
	}
	pattern_print_path(out, &t->path);
	buf_printf(out, t->negated ? " NOT %s " : " %s ", pattern_op_word(t->op));
	if (t->op == PATTERN_IN)
		buf_add_byte(out, '(');
	for (const struct pattern_const *c = t->constants; c; c = c->next) {
		pattern_print_const(out, c);
		if (c->next)
			buf_add(out, SPAN(", "));
	}
	if (t->op == PATTERN_IN)
		buf_add_byte(out, ')');
}

void
pattern_print_expr(struct buf *out, const struct pattern_expr *e)
{
	if (e->kind == PATTERN_TEST) {
		print_test(out, &e->test);
		return;
	}
	for (const struct pattern_expr *c = e->child; c; c = c->next) {
		bool group = e->kind == PATTERN_ALL && c->kind == PATTERN_ANY_OF;
		if (group)
			buf_add_byte(out, '(');
		pattern_print_expr(out, c);
		if (group)
			buf_add_byte(out, ')');
		if (c->next)
			buf_add(out, e->kind == PATTERN_ALL ? SPAN(" AND ") : SPAN(" OR "));
	}
}

static void print_node(struct buf *out, const struct pattern_node *n);

/* A looser operator inside a tighter one needs parentheses; so does a second qualifier of a kind.
 */
static void
print_within(struct buf *out, const struct pattern_node *child, bool group)
{
	if (group)
		buf_add_byte(out, '(');
	print_node(out, child);
	if (group)
		buf_add_byte(out, ')');
}

static bool
is_repeated_kind(const struct pattern_node *n)
{
	for (const struct pattern_node *c = n->child; c->kind >= PATTERN_REPEATS; c = c->child)
		if (c->kind == n->kind)
			return true;
	return false;
}

static void
print_node(struct buf *out, const struct pattern_node *n)
{
	static const struct span words[] = {[PATTERN_AND] = SPAN(" AND "),
		[PATTERN_OR] = SPAN(" OR "),
		[PATTERN_FOLLOWEDBY] = SPAN(" FOLLOWEDBY ")};
	if (n->kind == PATTERN_OBSERVE) {
		buf_add_byte(out, '[');
		pattern_print_expr(out, n->expr);
		buf_add_byte(out, ']');
		return;
	}
	if (n->kind <= PATTERN_FOLLOWEDBY) {
		for (const struct pattern_node *c = n->child; c; c = c->next) {
			print_within(out, c, c->kind > n->kind && c->kind <= PATTERN_FOLLOWEDBY);
			if (c->next)
				buf_add(out, words[n->kind]);
		}
		return;
	}
	bool joined = n->child->kind >= PATTERN_AND && n->child->kind <= PATTERN_FOLLOWEDBY;
	print_within(out, n->child, joined || is_repeated_kind(n));
	if (n->kind == PATTERN_STARTSTOP) {
		buf_printf(out, " START t'%.*s' STOP t'%.*s'", (int)n->start.len, n->start.ptr,
			(int)n->stop.len, n->stop.ptr);
		return;
	}
	buf_add(out, n->kind == PATTERN_REPEATS ? SPAN(" REPEATS ") : SPAN(" WITHIN "));
	pattern_print_const(out, &n->number);
	buf_add(out, n->kind == PATTERN_REPEATS ? SPAN(" TIMES") : SPAN(" SECONDS"));
}

void
pattern_print(struct buf *out, const struct pattern *p)
{
	print_node(out, p->root);
}
