#pragma once
/*
 * Evaluates a pattern over observations (STIX 2.1 sections 9.4 to 9.7). A matcher is a pattern made
 * ready: regular expressions compiled, constants normalised. It borrows the pattern, which must
 * outlive it. One thread at a time; several matchers may share observations.
 */
#include "pattern/observe.h"
#include "pattern/syntax.h"

struct matcher;

enum {
	MATCH_SECONDS_MAX = 20,	     /* all comparisons of one run together */
	MATCH_CELLS_MAX = 100000000, /* observations times different [ ... ] of a pattern */
};

#define own_matcher __attribute__((cleanup(matcher_fini)))

/*
 * RC_BAD: the standard forbids evaluating it (see meaning.h), or MATCHES holds no regular
 * expression; why->where is "column N". RC_LIMIT: an expression of more than we take.
 */
enum rc matcher_new(const struct pattern *p, struct matcher **out, struct diag *why);
void matcher_free(struct matcher *m); /* NULL accepted */
void matcher_fini(struct matcher **m);
/* The comparisons of a run may take so long, in us, instead of MATCH_SECONDS_MAX. */
void matcher_allow(struct matcher *m, int64_t longest);

/*
 * RC_OK: the pattern matches. RC_NONE: it does not. RC_BAD: it does not, but a comparison could not
 * be made: a t'' constant met a string that is no timestamp. RC_LIMIT: not known; a value, a
 * regular expression or the choice of observations was too much work. A match in spite of such
 * comparisons is a match.
 */
enum rc matcher_run(struct matcher *m, const struct observations *o, struct diag *why);
