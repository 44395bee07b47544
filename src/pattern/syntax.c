#include "pattern/syntax.h"

#include <string.h>

#include "base/mutant.h"
#include "pattern/hash_length.h"
#include "pattern/parse-internal.h"

static const char *const op_words[] = {
	[PATTERN_EQ] = "=",
	[PATTERN_NE] = "!=",
	[PATTERN_GT] = ">",
	[PATTERN_LT] = "<",
	[PATTERN_GE] = ">=",
	[PATTERN_LE] = "<=",
	[PATTERN_IN] = "IN",
	[PATTERN_LIKE] = "LIKE",
	[PATTERN_MATCHES] = "MATCHES",
	[PATTERN_ISSUBSET] = "ISSUBSET",
	[PATTERN_ISSUPERSET] = "ISSUPERSET",
	[PATTERN_EXISTS] = "EXISTS",
};

const char *
pattern_op_word(enum pattern_op op)
{
	return (unsigned)op < sizeof op_words / sizeof op_words[0] ? op_words[op] : "";
}

size_t
pattern_column(struct span text, size_t at)
{
	size_t column = 1;
	for (size_t i = 0; i < at && i < text.len; i++)
		column += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return column;
}

static enum rc
deeper(struct parser *p)
{
	if (++p->depth <= PATTERN_DEPTH_MAX)
		return RC_OK;
	p->fault = p->now.at;
	return diag_fail(
		p->why, RC_LIMIT, "more than %d parentheses within each other", PATTERN_DEPTH_MAX);
}

/* A name that needs apostrophes, written with them. */
static enum rc
refuse_key(struct parser *p)
{
	p->fault = p->now.at;
	int len = p->now.text.len < 60 ? (int)p->now.text.len : 60;
	return diag_fail(p->why, RC_BAD, "a property %s stands in apostrophes: '%.*s'",
		p->now.kind == TOKEN_TYPE ? "with a hyphen" : "named like a keyword", len,
		p->now.text.ptr);
}

static enum rc
parse_key(struct parser *p, struct pattern_step *step)
{
	step->kind = PATTERN_KEY;
	if (p->now.kind == TOKEN_NAME)
		step->key = p->now.text;
	else if (p->now.kind == TOKEN_STRING)
		step->key = parse_string(p, &p->now);
	else if (p->now.kind == TOKEN_TYPE || p->now.kind >= TOKEN_AND)
		return refuse_key(p);
	else
		return parser_refuse(p, "a property name is expected here");
	parser_advance(p);
	return RC_OK;
}

static enum rc
parse_index(struct parser *p, struct pattern_step *step)
{
	if (p->now.kind == TOKEN_STAR) {
		step->kind = PATTERN_ANY;
	} else if (p->now.kind == TOKEN_INTEGER) {
		struct pattern_const number = {};
		if (parse_number(p, &p->now, &number))
			return RC_BAD;
		step->kind = PATTERN_INDEX;
		step->index = number.type == PATTERN_INTEGER ? number.integer : INT64_MAX;
	} else {
		return parser_refuse(p, "an index or \"*\" is expected between brackets");
	}
	parser_advance(p);
	return parser_expect(p, TOKEN_RIGHT, "\"]\" is expected after an index");
}

static enum rc
parse_path(struct parser *p, struct pattern_path *path)
{
	if (p->now.kind != TOKEN_NAME && p->now.kind != TOKEN_TYPE)
		return parser_refuse(
			p, p->now.kind == TOKEN_RIGHT || p->now.kind == TOKEN_END
				   ? "a comparison is missing here"
				   : "an object path, TYPE:PROPERTY, is expected here");
	path->type = p->now.text;
	parser_advance(p);
	if (p->now.kind == TOKEN_NAME && *parser_case_hint(path->type)) {
		p->fault = (size_t)(path->type.ptr - p->lex.begin);
		return diag_fail(p->why, RC_BAD, "an object path is expected here%s",
			parser_case_hint(path->type));
	}
	enum rc rc = parser_expect(
		p, TOKEN_COLON, "\":\" and a property are expected after an object type");
	const struct pattern_step **link = &path->steps;
	bool key = true;
	while (!rc) {
		struct pattern_step *step = arena_new(p->arena, sizeof *step);
		rc = key ? parse_key(p, step) : parse_index(p, step);
		*link = step;
		link = &step->next;
		if (p->now.kind != TOKEN_DOT && p->now.kind != TOKEN_LEFT)
			break;
		key = p->now.kind == TOKEN_DOT;
		parser_advance(p);
	}
	return rc;
}

static bool
word_op(enum token_kind kind, enum pattern_op *op)
{
	switch (kind) {
	case TOKEN_IN: *op = PATTERN_IN; return true;
	case TOKEN_LIKE: *op = PATTERN_LIKE; return true;
	case TOKEN_MATCHES: *op = PATTERN_MATCHES; return true;
	case TOKEN_ISSUBSET: *op = PATTERN_ISSUBSET; return true;
	case TOKEN_ISSUPERSET: *op = PATTERN_ISSUPERSET; return true;
	default: return false;
	}
}

/* What follows the operator: a set, a string, or one constant that fits it. */
static enum rc
parse_operand(struct parser *p, struct pattern_test *t)
{
	if (t->op == PATTERN_IN)
		return parse_set(p, &t->constants);
	if (t->op >= PATTERN_LIKE && p->now.kind != TOKEN_STRING)
		return parser_refuse(p, "this operator takes a string in apostrophes");
	bool truth = p->now.kind == TOKEN_TRUE || p->now.kind == TOKEN_FALSE;
	if (truth && t->op != PATTERN_EQ && t->op != PATTERN_NE)
		return parser_refuse(p, "true and false have no order: = and != compare them");
	struct pattern_const *c = arena_new(p->arena, sizeof *c);
	t->constants = c;
	return parse_const(p, c);
}

static enum rc
parse_test(struct parser *p, struct pattern_test *t)
{
	t->at = (uint32_t)p->now.at;
	p->tests++;
	if (p->now.kind == TOKEN_NOT || p->now.kind == TOKEN_EXISTS) {
		t->negated = p->now.kind == TOKEN_NOT;
		if (t->negated)
			parser_advance(p);
		t->op = PATTERN_EXISTS;
		enum rc rc = parser_expect(p, TOKEN_EXISTS,
			"NOT stands before an operator or before EXISTS, not before a path");
		return rc ? rc : parse_path(p, &t->path);
	}
	enum rc rc = parse_path(p, &t->path);
	if (rc)
		return rc;
	if (p->now.kind == TOKEN_NOT) {
		t->negated = true;
		parser_advance(p);
	}
	if (p->now.kind == TOKEN_COMPARE)
		t->op = (enum pattern_op)p->now.op;
	else if (!word_op(p->now.kind, &t->op))
		return parser_refuse(p, "a comparison operator is expected here");
	parser_advance(p);
	if ((rc = parse_operand(p, t)))
		return rc;
	size_t at;
	if ((rc = hash_length_check(t, &at, p->why)))
		p->fault = at;
	return rc;
}

static enum rc parse_expr(struct parser *p, struct pattern_expr **out);

static enum rc
parse_primary(struct parser *p, struct pattern_expr **out)
{
	if (p->now.kind != TOKEN_OPEN) {
		struct pattern_expr *e = arena_new(p->arena, sizeof *e);
		*out = e;
		return parse_test(p, &e->test);
	}
	enum rc rc = deeper(p);
	if (rc)
		return rc;
	parser_advance(p);
	rc = parse_expr(p, out);
	p->depth--;
	return rc ? rc : parser_expect(p, TOKEN_CLOSE, "AND, OR or \")\" is expected here");
}

static struct pattern_expr *
flat_expr(struct pattern_expr *part, enum pattern_expr_kind kind)
{
	return part->kind == kind ? part->child : part;
}

static struct pattern_expr *
last_expr(struct pattern_expr *e)
{
	while (e->next)
		e = e->next;
	return e;
}

/* Operands joined by one operator; a parenthesised operand of the same kind hands up its own. */
static enum rc
parse_joined(struct parser *p, enum pattern_expr_kind kind, struct pattern_expr **out)
{
	struct pattern_expr *whole = NULL, *last = NULL, *part = NULL;
	for (;;) {
		enum rc rc = kind == PATTERN_ALL ? parse_primary(p, &part)
						 : parse_joined(p, PATTERN_ALL, &part);
		if (rc)
			return rc;
		if (!whole) {
			whole = part;
		} else if (!last) {
			struct pattern_expr *parent = arena_new(p->arena, sizeof *parent);
			parent->kind = kind;
			parent->child = flat_expr(whole, kind);
			last = last_expr(parent->child);
			whole = parent;
		}
		if (last) {
			last->next = flat_expr(part, kind);
			last = last_expr(last);
		}
		bool all = (kind == PATTERN_ALL) != mutant(1640);
		if (p->now.kind != (all ? TOKEN_AND : TOKEN_OR))
			break;
		parser_advance(p);
	}
	*out = whole;
	return RC_OK;
}

static enum rc
parse_expr(struct parser *p, struct pattern_expr **out)
{
	return parse_joined(p, PATTERN_ANY_OF, out);
}

static enum rc parse_nodes(
	struct parser *p, enum pattern_node_kind kind, struct pattern_node **out);

static enum rc
parse_observe(struct parser *p, struct pattern_node **out)
{
	bool compound = p->now.kind == TOKEN_OPEN;
	if (!compound && p->now.kind != TOKEN_LEFT)
		return parser_refuse(p, p->now.kind == TOKEN_NAME || p->now.kind == TOKEN_TYPE
						? "a comparison stands in brackets: [ ... ]"
						: "an observation, [ ... ], is expected here");
	if (compound) {
		enum rc rc = deeper(p);
		if (rc)
			return rc;
		parser_advance(p);
		rc = parse_nodes(p, PATTERN_FOLLOWEDBY, out);
		p->depth--;
		return rc ? rc
			  : parser_expect(p, TOKEN_CLOSE,
				    "AND, OR, FOLLOWEDBY or \")\" is expected here");
	}
	p->height = 1;
	struct pattern_node *node = *out = arena_new(p->arena, sizeof *node);
	node->kind = PATTERN_OBSERVE;
	node->at = (uint32_t)p->now.at;
	parser_advance(p);
	struct pattern_expr *expr = NULL;
	enum rc rc = parse_expr(p, &expr);
	node->expr = expr;
	return rc ? rc : parser_expect(p, TOKEN_RIGHT, "AND, OR or \"]\" is expected here");
}

static enum rc
parse_count(struct parser *p, struct pattern_node *node, enum token_kind unit)
{
	bool whole = p->now.kind == TOKEN_INTEGER;
	bool fits = whole || (unit == TOKEN_SECONDS && p->now.kind == TOKEN_FLOAT);
	if (!fits || p->now.negative)
		return parser_refuse(p, unit == TOKEN_SECONDS
						? "WITHIN takes a positive number of SECONDS"
						: "REPEATS takes a positive whole number of TIMES");
	enum rc rc = parse_const(p, &node->number);
	return rc ? rc
		  : parser_expect(p, unit,
			    unit == TOKEN_SECONDS ? "SECONDS is expected here, the only unit"
						  : "TIMES is expected here");
}

static enum rc
parse_instant(struct parser *p, struct span *out)
{
	if (p->now.kind != TOKEN_TIMESTAMP && !mutant(1630))
		return parser_refuse(p, "a timestamp, t'YYYY-MM-DDThh:mm:ssZ', is expected here");
	*out = p->now.text;
	parser_advance(p);
	return RC_OK;
}

static enum rc
parse_qualifier(struct parser *p, struct pattern_node *node)
{
	enum token_kind word = p->now.kind;
	node->at = (uint32_t)p->now.at;
	parser_advance(p);
	if (word == TOKEN_WITHIN) {
		node->kind = PATTERN_WITHIN;
		return parse_count(p, node, TOKEN_SECONDS);
	}
	if (word == TOKEN_REPEATS) {
		node->kind = PATTERN_REPEATS;
		return parse_count(p, node, TOKEN_TIMES);
	}
	node->kind = PATTERN_STARTSTOP;
	enum rc rc = parse_instant(p, &node->start);
	if (!rc)
		rc = parser_expect(p, TOKEN_STOP, "STOP is expected after START");
	return rc ? rc : parse_instant(p, &node->stop);
}

/*
 * An observation with its qualifiers. "MUST NOT have more than one Qualifier of a particular type"
 * (section 9.5.1) is held, as the OASIS validator holds it, against [ ... ] but not against ( ...
 * ).
 */
static enum rc
parse_qualified(struct parser *p, struct pattern_node **out)
{
	bool single = p->now.kind == TOKEN_LEFT;
	unsigned seen = 0;
	enum rc rc = parse_observe(p, out);
	while (!rc && (p->now.kind == TOKEN_WITHIN || p->now.kind == TOKEN_REPEATS ||
			      p->now.kind == TOKEN_START)) {
		unsigned bit = p->now.kind == TOKEN_WITHIN    ? 1
			       : p->now.kind == TOKEN_REPEATS ? 2
							      : 4;
		if (single && seen & bit && !mutant(1631))
			return parser_refuse(
				p, "this observation has a qualifier of this kind already");
		if (++p->height > PATTERN_HEIGHT_MAX) {
			p->fault = p->now.at;
			return diag_fail(p->why, RC_LIMIT,
				"more than %d qualifiers and parentheses around one observation",
				PATTERN_HEIGHT_MAX);
		}
		seen |= bit;
		struct pattern_node *node = arena_new(p->arena, sizeof *node);
		node->child = *out;
		*out = node;
		rc = parse_qualifier(p, node);
	}
	return rc;
}

static struct pattern_node *
flat_node(struct pattern_node *part, enum pattern_node_kind kind)
{
	return part->kind == kind ? part->child : part;
}

static struct pattern_node *
last_node(struct pattern_node *n)
{
	while (n->next)
		n = n->next;
	return n;
}

/* FOLLOWEDBY over OR over AND; all of them are associative, so a list says as much as a tree. */
static enum rc
parse_nodes(struct parser *p, enum pattern_node_kind kind, struct pattern_node **out)
{
	enum token_kind word = kind == PATTERN_AND  ? TOKEN_AND
			       : kind == PATTERN_OR ? TOKEN_OR
						    : TOKEN_FOLLOWEDBY;
	struct pattern_node *whole = NULL, *last = NULL, *part = NULL;
	unsigned height = 0;
	for (;;) {
		enum rc rc = kind == PATTERN_AND  ? parse_qualified(p, &part)
			     : kind == PATTERN_OR ? parse_nodes(p, PATTERN_AND, &part)
						  : parse_nodes(p, PATTERN_OR, &part);
		if (rc)
			return rc;
		height = p->height > height ? p->height : height;
		if (!whole) {
			whole = part;
		} else if (!last) {
			struct pattern_node *parent = arena_new(p->arena, sizeof *parent);
			parent->kind = kind;
			parent->at = whole->at;
			parent->child = flat_node(whole, kind);
			last = last_node(parent->child);
			whole = parent;
		}
		if (last) {
			last->next = flat_node(part, kind);
			last = last_node(last);
		}
		if (p->now.kind != word)
			break;
		parser_advance(p);
	}
	p->height = height + (last != NULL);
	*out = whole;
	return RC_OK;
}

enum rc
pattern_parse(struct span text, struct arena *a, struct pattern *out, struct diag *why)
{
	out->column = 1;
	diag_where(why, "column 1");
	if (text.len > PATTERN_BYTES_MAX)
		return diag_fail(why, RC_LIMIT, "a pattern of %zu bytes; at most %d are taken",
			text.len, PATTERN_BYTES_MAX);
	struct parser p = {.arena = a, .why = why};
	p.lex = (struct lexer){text.ptr, text.ptr, text.ptr ? text.ptr + text.len : NULL};
	size_t malformed = span_utf8_bad(text);
	struct pattern_node *root = NULL;
	enum rc rc;
	if (malformed < text.len) {
		p.fault = malformed;
		rc = diag_fail(why, RC_BAD, "not UTF-8");
	} else {
		parser_advance(&p);
		rc = parse_nodes(&p, PATTERN_FOLLOWEDBY, &root);
		if (!rc && p.now.kind != TOKEN_END)
			rc = parser_refuse(
				&p, "AND, OR, FOLLOWEDBY, a qualifier or the end is expected here");
	}
	if (rc) {
		out->column = pattern_column(text, p.fault);
		diag_where(why, "column %zu", out->column);
		return rc;
	}
	*out = (struct pattern){.text = text, .root = root, .tests = p.tests};
	return RC_OK;
}
