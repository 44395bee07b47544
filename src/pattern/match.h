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

/*
 * The same in two steps, for observations that come one after the other and are not kept: which parts each
 * fits, then whether those that were noted make the whole. A part is what stands in brackets; parts that say
 * the same are one.
 */
size_t matcher_parts(const struct matcher *m);
/*
 * RC_OK: it fits a part or more, fits[part] says which. RC_NONE: none. RC_BAD, RC_LIMIT: none, but a comparison
 * could not be made, as in matcher_run.
 */
enum rc matcher_fit(struct matcher *m, const struct observation *o, bool *fits, struct diag *why);
/* What kept comparisons of the last run or fit from being made: RC_LIMIT, RC_BAD; RC_OK: nothing. */
enum rc matcher_trouble(const struct matcher *m);
struct bind_observation;
/* fits[part][i]: of the observation i. `work`: steps, see pattern/bind.h. RC_OK, RC_NONE, RC_LIMIT. */
enum rc matcher_bind(struct matcher *m, const struct bind_observation *all, size_t count,
	const bool *const *fits, uint64_t work);
/* Whether so many observations that fit each part could be enough; false: they are not. */
bool matcher_enough(const struct matcher *m, const uint64_t *counts);
/* No match takes fewer observations. */
uint64_t matcher_least(const struct matcher *m);
/* All of a match lies within so many us; INT64_MAX: no window is around all of it. */
int64_t matcher_window(const struct matcher *m);
/* Whether a WITHIN stands anywhere in it. */
bool matcher_has_window(const struct matcher *m);
/* What a part says: that of the parts which say the same that stands first. It borrows from the pattern. */
const struct pattern_expr *matcher_part(const struct matcher *m, size_t part);
/* A comparison of a part, the nth in the order in which they stand there. */
struct armed_test;
const struct armed_test *matcher_test(const struct matcher *m, size_t part, size_t nth);
/*
 * False: it is not true of an object where its path leads to this value alone. What takes long to find out (LIKE,
 * MATCHES) may be.
 */
bool matcher_may_be(struct matcher *m, const struct armed_test *t, yyjson_val *value);
/* Memory it takes. */
size_t matcher_bytes(const struct matcher *m);
