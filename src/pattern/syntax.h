#pragma once
/*
 * STIX 2.1 patterning (section 9) as a syntax tree. The tree lives in the caller's arena and
 * borrows from the pattern's text: both must outlive it. Nothing is global; a finished tree is
 * constant and any thread may read it.
 *
 * Accepted is what the OASIS grammar and validator accept: also "==", "<>", a plus sign, comments,
 * and calendar dates that do not exist. What the standard forbids beyond that (a window of no
 * seconds, a set of mixed types) is told by pattern_meaning() in meaning.h and never evaluated.
 */
#include "base/arena.h"
#include "base/rc.h"

enum {
	PATTERN_BYTES_MAX = 1 << 20, /* longer text is refused: RC_LIMIT */
	PATTERN_DEPTH_MAX = 200,     /* parentheses within each other */
	PATTERN_HEIGHT_MAX = 1000,   /* levels of the tree above an observation */
};

enum pattern_type {
	PATTERN_INTEGER,
	PATTERN_FLOAT, /* also an integer beyond 64 bits */
	PATTERN_STRING,
	PATTERN_BOOLEAN,
	PATTERN_BINARY, /* b'' and h'' */
	PATTERN_TIMESTAMP,
};

struct pattern_const {
	const struct pattern_const *next; /* in a set */
	struct span text; /* string: without escapes; binary: octets; timestamp: RFC 3339; number:
			     as written */
	int64_t integer;  /* integer, boolean (0 or 1) */
	double real;	  /* integer too */
	enum pattern_type type;
	uint32_t at; /* byte of the pattern */
};

enum pattern_step_kind {
	PATTERN_KEY,   /* .name, a dictionary's key or an object's property */
	PATTERN_INDEX, /* [3] */
	PATTERN_ANY,   /* [*] */
};

struct pattern_step {
	const struct pattern_step *next;
	struct span key;
	int64_t index; /* INT64_MAX where larger; a negative one is never in range */
	enum pattern_step_kind kind;
};

/* type:step.step[*].step; the first step is a key. */
struct pattern_path {
	struct span type;
	const struct pattern_step *steps;
};

enum pattern_op {
	PATTERN_EQ,
	PATTERN_NE,
	PATTERN_GT,
	PATTERN_LT,
	PATTERN_GE,
	PATTERN_LE,
	PATTERN_IN,
	PATTERN_LIKE,
	PATTERN_MATCHES,
	PATTERN_ISSUBSET,
	PATTERN_ISSUPERSET,
	PATTERN_EXISTS, /* without constant */
};

struct pattern_test {
	struct pattern_path path;
	const struct pattern_const *constants; /* one, or those of the set in order, or NULL */
	enum pattern_op op;
	bool negated;
	uint32_t at;
};

enum pattern_expr_kind { PATTERN_TEST, PATTERN_ALL, PATTERN_ANY_OF };

/* What stands between brackets. ALL (AND) and ANY_OF (OR) have two or more children in order. */
struct pattern_expr {
	enum pattern_expr_kind kind;
	struct pattern_expr *child, *next;
	struct pattern_test test;
};

enum pattern_node_kind {
	PATTERN_OBSERVE, /* [ expr ] */
	PATTERN_AND,	 /* two or more children, different observations */
	PATTERN_OR,
	PATTERN_FOLLOWEDBY,
	PATTERN_REPEATS, /* these three: one child */
	PATTERN_WITHIN,
	PATTERN_STARTSTOP,
};

struct pattern_node {
	enum pattern_node_kind kind;
	uint32_t at;
	struct pattern_node *child, *next;
	union {
		const struct pattern_expr *expr; /* OBSERVE */
		struct pattern_const number;	 /* REPEATS, WITHIN */
		struct {
			struct span start, stop; /* RFC 3339 texts: start <= time < stop */
		};
	};
};

struct pattern {
	struct span text;
	const struct pattern_node *root;
	size_t tests;  /* comparisons in the whole tree */
	size_t column; /* where pattern_parse failed: 1-based, in characters */
};

/*
 * RC_BAD: not a pattern; RC_LIMIT: longer or deeper than we take. Then only out->column is set, and
 * why->where says it as "column N". Hash values are checked against their algorithm's length.
 */
enum rc pattern_parse(struct span text, struct arena *a, struct pattern *out, struct diag *why);
/* 1-based column, in characters, of a byte of the pattern. */
size_t pattern_column(struct span text, size_t at);
/* "=", "IN", "FOLLOWEDBY" ...; "" where a kind has no word. */
const char *pattern_op_word(enum pattern_op op);

/* Appends one canonical text: one blank between words, least parentheses, h'' for binary. */
struct buf;
void pattern_print(struct buf *out, const struct pattern *p);
void pattern_print_expr(struct buf *out, const struct pattern_expr *e);
void pattern_print_path(struct buf *out, const struct pattern_path *path);
void pattern_print_const(struct buf *out, const struct pattern_const *c);
