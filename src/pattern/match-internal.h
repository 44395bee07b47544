#pragma once
/*
 * A pattern made ready for match.c: which steps follow references, constants in the form they are
 * compared in, regular expressions compiled. It borrows the pattern; its memory is the arena's but for
 * the regular expressions.
 */
#include "base/vec.h"
#include "obs/addr.h"
#include "pattern/regex.h"
#include "pattern/syntax.h"
#include "pattern/value.h"

/* A step of a path: whether the text it meets is the name of another object. */
struct armed_step {
	struct armed_step *next;
	const struct pattern_step *step;
	bool follows;
};

struct armed_test {
	const struct pattern_test *test;
	struct armed_step *steps;
	enum value_form form;
	struct value_const *constants; /* of IN: sorted for value_in */
	size_t count;
	struct span text; /* LIKE, MATCHES: in NFC */
	bool text_fits;	  /* a binary property can be compared with it */
	bool never;	  /* the path's type is of no observable object */
	struct regex *regex;
	struct addr network;
};

struct armed_expr {
	enum pattern_expr_kind kind;
	struct armed_expr *child, *next;
	struct armed_test *test;
};

/* What stands in brackets; expressions that say the same are one leaf. */
struct armed_leaf {
	struct armed_leaf *next;
	struct span text; /* as pattern_print_expr has it */
	struct armed_expr *expr;
	const struct pattern_expr *source;
	size_t index;	  /* of the part */
	const bool *hits; /* of one run: a flag an observation */
};

struct armed_node {
	const struct pattern_node *node;
	struct armed_node *child, *next;
	struct armed_leaf *leaf; /* OBSERVE */
};

struct armed {
	const struct pattern *pattern;
	struct arena *arena;
	struct armed_node *root;
	struct armed_leaf *leaves;
	size_t leaf_count;
	struct armed_leaf **table; /* of leaves, by text: open addressing, at most half full */
	size_t slots;
	vec_of(struct regex *) regexes;
	size_t regex_bytes; /* compiled */
};

enum { REGEXES_BYTES_MAX = 32 << 20 }; /* of one pattern, compiled */

/* Codes as matcher_new. armed_fini is due whatever it returns. */
enum rc armed_init(struct armed *a, const struct pattern *p, struct arena *arena, struct diag *why);
void armed_fini(struct armed *a);
/* An address, or a network in CIDR notation. */
bool armed_network(struct span text, struct addr *out);
/* Sets why->where to the column of a byte of the pattern. */
void armed_where(const struct pattern *p, size_t at, struct diag *why);
struct matcher;
const struct armed *matcher_armed(const struct matcher *m);
