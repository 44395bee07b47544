#pragma once
/* The parser of syntax.c: what its two files share. One pattern, one thread; trees lie in its arena. */
#include "pattern/lex.h"
#include "pattern/syntax.h"

struct parser {
	struct lexer lex;
	struct token now; /* the token not yet taken */
	struct arena *arena;
	struct diag *why;
	size_t fault; /* byte */
	size_t tests;
	unsigned depth;
	unsigned height; /* of the observation expression just read */
};

void parser_advance(struct parser *p);
/* What to say behind a refusal of a word that is a keyword in another case; "" else. */
const char *parser_case_hint(struct span word);
/* A refusal at the token not yet taken; the lexer's own reason goes first. */
enum rc parser_refuse(struct parser *p, const char *reason);
/* Takes a token of this kind or refuses. */
enum rc parser_expect(struct parser *p, enum token_kind kind, const char *reason);

/* A string literal without its escapes; borrowed where it has none. */
struct span parse_string(struct parser *p, const struct token *t);
enum rc parse_number(struct parser *p, const struct token *t, struct pattern_const *out);
/* Any constant; the caller checked which ones may stand here. */
enum rc parse_const(struct parser *p, struct pattern_const *out);
/* The set after IN. */
enum rc parse_set(struct parser *p, const struct pattern_const **out);
