/* The parser's hand on the next token, and the constants a comparison is made with. */
#include <math.h>
#include <string.h>
#include <yyjson.h>

#include "pattern/octets.h"
#include "pattern/parse-internal.h"

void
parser_advance(struct parser *p)
{
	lex_next(&p->lex, &p->now);
}

const char *
parser_case_hint(struct span word)
{
	enum token_kind meant = lex_miswritten(word);
	return meant == TOKEN_END			     ? ""
	       : meant == TOKEN_TRUE || meant == TOKEN_FALSE ? "; true and false are in lower case"
							     : "; keywords are in upper case";
}

/* A refusal at the token not yet taken; the lexer's own reason goes first. */
enum rc
parser_refuse(struct parser *p, const char *reason)
{
	p->fault = p->now.at;
	if (p->now.kind == TOKEN_BAD)
		return diag_fail(p->why, RC_BAD, "%s", p->now.bad);
	return diag_fail(p->why, RC_BAD, "%s%s", reason,
		p->now.kind == TOKEN_NAME ? parser_case_hint(p->now.text) : "");
}

enum rc
parser_expect(struct parser *p, enum token_kind kind, const char *reason)
{
	if (p->now.kind != kind)
		return parser_refuse(p, reason);
	parser_advance(p);
	return RC_OK;
}

/* A string literal without its escapes; borrowed where it has none. */
struct span
parse_string(struct parser *p, const struct token *t)
{
	if (!t->escaped)
		return t->text;
	char *out = arena_bytes(p->arena, t->text.len);
	size_t len = 0;
	for (size_t i = 0; i < t->text.len; i++) {
		i += t->text.ptr[i] == '\\';
		out[len++] = t->text.ptr[i];
	}
	return (struct span){out, len};
}

/* yyjson reads the number exactly and whatever the locale; it wants JSON's form and a NUL. */
static double
to_real(struct parser *p, struct span text)
{
	bool negative = *text.ptr == '-';
	if (negative || *text.ptr == '+')
		text = span_sub(text, 1, text.len);
	while (text.len > 1 && *text.ptr == '0' && text.ptr[1] == '0')
		text = span_sub(text, 1, text.len);
	if (text.len > 1 && *text.ptr == '0' && text.ptr[1] != '.')
		text = span_sub(text, 1, text.len);
	char room[64],
		*json = text.len + 2 <= sizeof room ? room : arena_bytes(p->arena, text.len + 2);
	size_t len = 0;
	if (*text.ptr == '.')
		json[len++] = '0';
	memcpy(json + len, text.ptr, text.len);
	json[len + text.len] = 0;
	yyjson_val val = {};
	if (!yyjson_read_number(json, &val, YYJSON_READ_ALLOW_INF_AND_NAN, NULL, NULL))
		return negative ? -HUGE_VAL : HUGE_VAL;
	double real = yyjson_get_num(&val);
	return negative ? -real : real;
}

enum rc
parse_number(struct parser *p, const struct token *t, struct pattern_const *out)
{
	out->text = t->text;
	struct span digits = *t->text.ptr == '+' ? span_sub(t->text, 1, t->text.len) : t->text;
	if (t->kind == TOKEN_INTEGER && span_to_i64(digits, &out->integer)) {
		out->type = PATTERN_INTEGER;
		out->real = (double)out->integer;
		return RC_OK;
	}
	out->type = PATTERN_FLOAT;
	out->real = to_real(p, t->text);
	return RC_OK;
}

/* Any constant; the caller checked which ones may stand here. */
enum rc
parse_const(struct parser *p, struct pattern_const *out)
{
	struct token t = p->now;
	out->at = (uint32_t)t.at;
	switch (t.kind) {
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		if (parse_number(p, &t, out))
			return RC_BAD;
		break;
	case TOKEN_STRING:
		out->type = PATTERN_STRING;
		out->text = parse_string(p, &t);
		break;
	case TOKEN_HEX:
	case TOKEN_BINARY:
		out->type = PATTERN_BINARY;
		if (!(t.kind == TOKEN_HEX ? octets_from_hex : octets_from_base64)(
			    t.text, p->arena, &out->text))
			return parser_refuse(p, "these are no bytes");
		break;
	case TOKEN_TIMESTAMP:
		out->type = PATTERN_TIMESTAMP;
		out->text = t.text;
		break;
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		out->type = PATTERN_BOOLEAN;
		out->integer = t.kind == TOKEN_TRUE;
		out->text = t.text;
		break;
	case TOKEN_NAME:
		return parser_refuse(
			p, span_eq_fold(t.text, SPAN("null"))
				   ? "there is no null: EXISTS asks whether a property is there"
			   : *parser_case_hint(t.text) ? "a constant is expected here"
						       : "a constant is expected here; a string "
							 "stands in apostrophes");
	default: return parser_refuse(p, "a constant is expected here");
	}
	parser_advance(p);
	return RC_OK;
}

enum rc
parse_set(struct parser *p, const struct pattern_const **out)
{
	enum rc rc = parser_expect(p, TOKEN_OPEN, "a set in parentheses is expected after IN");
	if (rc)
		return rc;
	if (p->now.kind == TOKEN_CLOSE) {
		parser_advance(p);
		return RC_OK;
	}
	for (;;) {
		struct pattern_const *c = arena_new(p->arena, sizeof *c);
		if ((rc = parse_const(p, c)))
			return rc;
		*out = c;
		out = &c->next;
		if (p->now.kind != TOKEN_COMMA)
			return parser_expect(p, TOKEN_CLOSE, "\",\" or \")\" is expected in a set");
		parser_advance(p);
	}
}
