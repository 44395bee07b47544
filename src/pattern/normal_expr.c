/* What stands in brackets as an OR of ANDs, each of comparisons in order. */
#include <stdlib.h>

#include "base/vec.h"
#include "pattern/normal-internal.h"

struct test {
	struct span text;
	struct span type; /* of the object */
};

/* Comparisons by rank, ascending, none twice. */
struct clause {
	const uint32_t *rank;
	size_t len;
};

struct clauses {
	struct clause *at;
	size_t len, cap;
};

struct expr {
	struct normal *n;
	struct test *test; /* by text, none twice */
	size_t tests;
};

static size_t
count_tests(const struct pattern_expr *e)
{
	size_t count = e->kind == PATTERN_TEST;
	for (const struct pattern_expr *c = e->child; c; c = c->next)
		count += count_tests(c);
	return count;
}

static void
collect_tests(struct expr *x, const struct pattern_expr *e)
{
	if (e->kind == PATTERN_TEST)
		x->test[x->tests++] = (struct test){normal_test(x->n, &e->test), e->test.path.type};
	for (const struct pattern_expr *c = e->child; c; c = c->next)
		collect_tests(x, c);
}

static int
test_cmp(const void *left, const void *right)
{
	const struct test *a = left, *b = right;
	return span_cmp(a->text, b->text);
}

/* Of two that agree as far as the shorter goes, the shorter is first. */
static int
clause_cmp(const void *left, const void *right)
{
	const struct clause *a = left, *b = right;
	for (size_t i = 0; i < a->len && i < b->len; i++)
		if (a->rank[i] != b->rank[i])
			return a->rank[i] < b->rank[i] ? -1 : 1;
	return (a->len > b->len) - (a->len < b->len);
}

static bool
holds_all(const struct clause *more, const struct clause *less)
{
	size_t at = 0;
	for (size_t i = 0; i < less->len; i++) {
		while (at < more->len && more->rank[at] < less->rank[i])
			at++;
		if (at == more->len || more->rank[at] != less->rank[i])
			return false;
	}
	return true;
}

/* In order, without what another one says already: A OR (A AND B) is A. */
static void
absorb(struct expr *x, struct clauses *c)
{
	size_t kept = 0;
	bool *said = arena_new(&x->n->arena, c->len);
	qsort(c->at, c->len, sizeof *c->at, clause_cmp);
	for (size_t i = 0; i < c->len; i++)
		for (size_t k = 0; k < c->len && !said[i]; k++)
			said[i] = k != i && (c->at[k].len < c->at[i].len || k < i) &&
				  holds_all(&c->at[i], &c->at[k]);
	for (size_t i = 0; i < c->len; i++)
		if (!said[i])
			c->at[kept++] = c->at[i];
	c->len = kept;
}

static int
rank_cmp(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

static uint32_t
rank_of(struct expr *x, const struct pattern_expr *e)
{
	struct test key = {normal_test(x->n, &e->test), {}};
	const struct test *found = bsearch(&key, x->test, x->tests, sizeof key, test_cmp);
	return (uint32_t)(found - x->test);
}

/* Sorts, drops what stands twice. */
static struct clause
clause_of(uint32_t *rank, size_t len)
{
	size_t kept = 0;
	qsort(rank, len, sizeof *rank, rank_cmp);
	for (size_t i = 0; i < len; i++)
		if (!kept || rank[kept - 1] != rank[i])
			rank[kept++] = rank[i];
	return (struct clause){rank, kept};
}

static bool
multiply(struct expr *x, struct clauses *sum, const struct clauses *part)
{
	struct clauses more = {};
	bool fits = sum->len * part->len <= NORMAL_WAYS_MAX;
	for (size_t i = 0; fits && i < sum->len; i++)
		for (size_t k = 0; fits && k < part->len; k++) {
			const struct clause *a = &sum->at[i], *b = &part->at[k];
			fits = normal_spend(x->n, a->len + b->len);
			uint32_t *rank = arena_new(&x->n->arena, (a->len + b->len) * sizeof *rank);
			for (size_t r = 0; r < a->len + b->len; r++)
				rank[r] = r < a->len ? a->rank[r] : b->rank[r - a->len];
			*vec_add(&more) = clause_of(rank, a->len + b->len);
		}
	free(sum->at);
	*sum = more;
	if (fits)
		absorb(x, sum);
	return fits;
}

static bool expand(struct expr *x, const struct pattern_expr *e, struct clauses *out);

/* AND: first all comparisons as one clause, then what has alternatives. */
static bool
expand_all(struct expr *x, const struct pattern_expr *e, struct clauses *out)
{
	size_t tests = 0;
	for (const struct pattern_expr *c = e->child; c; c = c->next)
		tests += c->kind == PATTERN_TEST;
	uint32_t *rank = arena_new(&x->n->arena, (tests + 1) * sizeof *rank);
	tests = 0;
	for (const struct pattern_expr *c = e->child; c; c = c->next)
		if (c->kind == PATTERN_TEST)
			rank[tests++] = rank_of(x, c);
	struct clauses sum = {};
	*vec_add(&sum) = clause_of(rank, tests);
	bool fits = normal_spend(x->n, tests);
	for (const struct pattern_expr *c = e->child; c && fits; c = c->next) {
		struct clauses part = {};
		if (c->kind != PATTERN_TEST)
			fits = expand(x, c, &part) && multiply(x, &sum, &part);
		free(part.at);
	}
	for (size_t i = 0; fits && i < sum.len; i++)
		*vec_add(out) = sum.at[i];
	free(sum.at);
	return fits;
}

static bool
expand(struct expr *x, const struct pattern_expr *e, struct clauses *out)
{
	if (e->kind == PATTERN_ALL)
		return expand_all(x, e, out);
	if (e->kind == PATTERN_TEST) {
		uint32_t *rank = arena_new(&x->n->arena, sizeof *rank);
		*rank = rank_of(x, e);
		*vec_add(out) = (struct clause){rank, 1};
		return normal_spend(x->n, 1);
	}
	bool fits = true;
	for (const struct pattern_expr *c = e->child; c && fits; c = c->next)
		fits = expand(x, c, out);
	return fits;
}

/* All comparisons of an AND start from one object, so that those of two types are never true. */
static bool
is_of_one_type(const struct expr *x, const struct clause *c)
{
	for (size_t i = 1; i < c->len; i++)
		if (!span_eq(x->test[c->rank[i]].type, x->test[c->rank[0]].type))
			return false;
	return true;
}

static void
drop_impossible(const struct expr *x, struct clauses *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->len; i++)
		kept += is_of_one_type(x, &c->at[i]);
	if (!kept)
		return; /* there is no word for what is never true */
	kept = 0;
	for (size_t i = 0; i < c->len; i++)
		if (is_of_one_type(x, &c->at[i]))
			c->at[kept++] = c->at[i];
	c->len = kept;
}

static struct span
print(struct expr *x, const struct clauses *c)
{
	own_buf struct buf out = {};
	buf_add_byte(&out, '[');
	for (size_t i = 0; i < c->len; i++) {
		if (i)
			buf_add(&out, SPAN(" OR "));
		for (size_t k = 0; k < c->at[i].len; k++) {
			if (k)
				buf_add(&out, SPAN(" AND "));
			buf_add(&out, x->test[c->at[i].rank[k]].text);
		}
	}
	buf_add_byte(&out, ']');
	return arena_dup(&x->n->arena, buf_span(&out));
}

struct span
normal_expr(struct normal *n, const struct pattern_expr *e)
{
	struct expr x = {.n = n};
	struct clauses all = {};
	x.test = arena_new(&n->arena, count_tests(e) * sizeof *x.test);
	collect_tests(&x, e);
	qsort(x.test, x.tests, sizeof *x.test, test_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < x.tests; i++)
		if (!kept || !span_eq(x.test[kept - 1].text, x.test[i].text))
			x.test[kept++] = x.test[i];
	x.tests = kept;
	bool fits = expand(&x, e, &all) && all.len <= NORMAL_WAYS_MAX;
	if (fits) {
		drop_impossible(&x, &all);
		absorb(&x, &all);
	}
	struct span text = fits ? print(&x, &all) : (struct span){};
	free(all.at);
	return text;
}
