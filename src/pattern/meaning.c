#include "pattern/meaning.h"

#include <math.h>

#include "base/clock.h"
#include "obs/addr.h"

struct judge {
	const struct pattern *pattern;
	struct diag *why;
	size_t fault;
};

static enum rc
fault(struct judge *j, size_t at, const char *what)
{
	j->fault = at;
	return diag_fail(j->why, RC_BAD, "%s", what);
}

/* Whether a number without exponent is more than zero: what is too small for a double is, too. */
static bool
is_positive(const struct pattern_const *c)
{
	bool some = false;
	for (size_t i = 0; i < c->text.len; i++)
		some |= c->text.ptr[i] >= '1' && c->text.ptr[i] <= '9';
	return some && *c->text.ptr != '-';
}

int64_t
pattern_window(const struct pattern_const *seconds)
{
	const double most = 9e11; /* seconds: thirty thousand years */
	if (!is_positive(seconds))
		return 0;
	if (seconds->real >= most)
		return INT64_MAX / 4;
	if (seconds->type == PATTERN_INTEGER)
		return seconds->integer * SECOND;
	/* From the digits, because 0.3 is no binary number. */
	int64_t us = 0, unit = SECOND;
	bool fraction = false, more = false;
	for (size_t i = 0; i < seconds->text.len; i++) {
		char c = seconds->text.ptr[i];
		if (c == '.')
			fraction = true;
		if (c < '0' || c > '9')
			continue;
		if (!fraction)
			us = us * 10 + (c - '0') * SECOND;
		else if (unit /= 10)
			us += (c - '0') * unit;
		else
			more |= c != '0';
	}
	return us + more;
}

/* Integers and floats compare with each other, so a set may hold both. */
static enum pattern_type
family(enum pattern_type type)
{
	return type == PATTERN_FLOAT ? PATTERN_INTEGER : type;
}

static enum rc
judge_test(struct judge *j, const struct pattern_test *t)
{
	for (const struct pattern_const *c = t->constants; c; c = c->next) {
		int64_t at;
		struct addr network;
		if (family(c->type) != family(t->constants->type))
			return fault(j, c->at, "a set holds values of one type only");
		if (c->type == PATTERN_TIMESTAMP && time_parse(c->text, &at, NULL))
			return fault(j, c->at, "there is no such date");
		if ((t->op == PATTERN_ISSUBSET || t->op == PATTERN_ISSUPERSET) &&
			!addr_parse(c->text, &network) && !addr_parse_range(c->text, &network))
			return fault(j, c->at, "this is no address or network in CIDR notation");
	}
	return RC_OK;
}

static enum rc
judge_expr(struct judge *j, const struct pattern_expr *e)
{
	if (e->kind == PATTERN_TEST)
		return judge_test(j, &e->test);
	enum rc rc = RC_OK;
	for (const struct pattern_expr *child = e->child; child && !rc; child = child->next)
		rc = judge_expr(j, child);
	return rc;
}

static enum rc
judge_node(struct judge *j, const struct pattern_node *n)
{
	int64_t at;
	if (n->kind == PATTERN_OBSERVE)
		return judge_expr(j, n->expr);
	if (n->kind == PATTERN_WITHIN && !pattern_window(&n->number))
		return fault(j, n->number.at, "WITHIN takes a positive number of seconds");
	if (n->kind == PATTERN_REPEATS && !is_positive(&n->number))
		return fault(j, n->number.at, "REPEATS takes a positive number of times");
	if (n->kind == PATTERN_STARTSTOP &&
		(time_parse(n->start, &at, NULL) || time_parse(n->stop, &at, NULL)))
		return fault(j, n->at, "there is no such date");
	enum rc rc = RC_OK;
	for (const struct pattern_node *child = n->child; child && !rc; child = child->next)
		rc = judge_node(j, child);
	return rc;
}

enum rc
pattern_meaning(const struct pattern *p, size_t *column, struct diag *why)
{
	struct judge j = {.pattern = p, .why = why};
	enum rc rc = judge_node(&j, p->root);
	size_t at = rc ? pattern_column(p->text, j.fault) : 0;
	if (rc)
		diag_where(why, "column %zu", at);
	if (column)
		*column = at;
	return rc;
}
