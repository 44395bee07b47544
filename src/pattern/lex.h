#pragma once
/*
 * Words of the patterning language (STIX 2.1 section 9, tokens of the OASIS grammar). A token
 * borrows from the text. The lexer holds no memory; one thread at a time.
 */
#include "base/span.h"

enum token_kind {
	TOKEN_END,
	TOKEN_BAD,  /* token.bad says why */
	TOKEN_NAME, /* letters, digits, low lines */
	TOKEN_TYPE, /* the same with hyphens */
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_HEX,
	TOKEN_BINARY,
	TOKEN_TIMESTAMP,
	TOKEN_COMPARE, /* token.op: = == != <> < <= > >= */
	TOKEN_COLON,
	TOKEN_DOT,
	TOKEN_COMMA,
	TOKEN_OPEN,  /* ( */
	TOKEN_CLOSE, /* ) */
	TOKEN_LEFT,  /* [ */
	TOKEN_RIGHT, /* ] */
	TOKEN_STAR,
	TOKEN_AND, /* keywords from here on */
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_FOLLOWEDBY,
	TOKEN_LIKE,
	TOKEN_MATCHES,
	TOKEN_ISSUPERSET,
	TOKEN_ISSUBSET,
	TOKEN_EXISTS,
	TOKEN_LAST,
	TOKEN_IN,
	TOKEN_START,
	TOKEN_STOP,
	TOKEN_SECONDS,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_WITHIN,
	TOKEN_REPEATS,
	TOKEN_TIMES,
};

struct token {
	enum token_kind kind;
	bool escaped;	  /* string: holds backslashes */
	bool negative;	  /* number: has a minus */
	int op;		  /* enum pattern_op of TOKEN_COMPARE */
	size_t at;	  /* first byte, in the text */
	struct span text; /* of literals: what the apostrophes hold */
	const char *bad;
};

struct lexer {
	const char *begin, *at, *end;
};

void lex_next(struct lexer *lex, struct token *out);
/* The keyword that this is in another case; TOKEN_END for none and for what is one as it stands. */
enum token_kind lex_miswritten(struct span word);
