#include "match/arm.h"

#include <stdlib.h>
#include <string.h>

#include "pattern/syntax.h"

enum { ATOMS_MAX = 100000 };

struct atom {
	struct observable about;
	int64_t from, until;
	bool below; /* names below it, not it itself */
	enum match_reach reach;
};

struct atoms {
	vec_of(struct atom) list;
	struct arena *arena;
	int64_t from, until; /* of the START/STOP around what is being read */
};

/* file:hashes.'SHA-256' and the like: by the name, since a digest's length may lie. */
static enum obs_kind
hash_kind(struct span name)
{
	static const struct {
		struct span name;
		enum obs_kind kind;
	} table[] = {
		{SPAN("md5"), OBS_MD5},
		{SPAN("sha1"), OBS_SHA1},
		{SPAN("sha224"), OBS_SHA224},
		{SPAN("sha256"), OBS_SHA256},
		{SPAN("sha384"), OBS_SHA384},
		{SPAN("sha512"), OBS_SHA512},
	};
	char plain[16];
	size_t len = 0;
	for (size_t i = 0; i < name.len && len < sizeof plain; i++)
		if (name.ptr[i] != '-' && name.ptr[i] != '_')
			plain[len++] = name.ptr[i];
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_eq_fold((struct span){plain, len}, table[i].name))
			return table[i].kind;
	return OBS_NONE;
}

struct target {
	enum obs_kind kind; /* OBS_NONE: an address or a name, whichever it is */
	bool known;
};

/* What a path's value is, by its last steps. */
static struct target
path_target(const struct pattern_path *path)
{
	const struct pattern_step *before = NULL, *last = path->steps;
	size_t steps = 1;
	for (; last && last->next; last = last->next, steps++)
		before = last;
	struct target unknown = {};
	if (!last || last->kind != PATTERN_KEY)
		return unknown;
	if (before && before->kind == PATTERN_KEY && span_eq(before->key, SPAN("hashes"))) {
		enum obs_kind kind = hash_kind(last->key);
		return (struct target){kind, kind != OBS_NONE};
	}
	static const struct {
		struct span type;
		enum obs_kind kind;
	} values[] = {
		{SPAN("ipv4-addr"), OBS_IPV4},
		{SPAN("ipv6-addr"), OBS_IPV6},
		{SPAN("domain-name"), OBS_DOMAIN},
		{SPAN("url"), OBS_URL},
		{SPAN("email-addr"), OBS_EMAIL},
	};
	if (steps == 1 && span_eq(last->key, SPAN("value")))
		for (size_t i = 0; i < sizeof values / sizeof *values; i++)
			if (span_eq(path->type, values[i].type))
				return (struct target){values[i].kind, true};
	if (span_eq(path->type, SPAN("network-traffic"))) {
		if (steps == 1 && span_eq(last->key, SPAN("x_ja3")))
			return (struct target){OBS_JA3, true};
		if (steps == 1 && span_eq(last->key, SPAN("x_ja4")))
			return (struct target){OBS_JA4, true};
		if (steps == 2 && span_eq(last->key, SPAN("value")) &&
			(span_eq(before->key, SPAN("src_ref")) ||
				span_eq(before->key, SPAN("dst_ref"))))
			return (struct target){OBS_NONE, true};
	}
	if (span_eq(path->type, SPAN("email-message")) && before &&
		span_eq(last->key, SPAN("value")))
		return (struct target){OBS_EMAIL, true};
	return unknown;
}

static bool
add_atom(struct atoms *a, struct target target, const struct pattern_const *c)
{
	struct atom made = {.from = a->from, .until = a->until, .reach = REACH_EXACT};
	if (c->type != PATTERN_STRING || a->list.len == ATOMS_MAX)
		return false;
	enum rc code = target.kind == OBS_NONE
			       ? obs_detect(c->text, a->arena, &made.about, NULL)
			       : obs_normalize(target.kind, c->text, a->arena, &made.about, NULL);
	if (code)
		return false;
	*vec_add(&a->list) = made;
	return true;
}

/* domain-name:value LIKE '%.evil.example': every name below. */
static bool
add_below(struct atoms *a, struct target target, const struct pattern_test *t)
{
	const struct pattern_const *c = t->constants;
	if (target.kind != OBS_DOMAIN || t->negated || !c || c->next ||
		!span_starts(c->text, SPAN("%.")))
		return false;
	struct pattern_const name = *c;
	name.text = span_sub(c->text, 2, SIZE_MAX);
	if (span_find_byte(name.text, '%') != SIZE_MAX ||
		span_find_byte(name.text, '_') != SIZE_MAX || !add_atom(a, target, &name))
		return false;
	a->list.at[a->list.len - 1].below = true;
	return true;
}

/*
 * A name and LIKE '%.name' together cover what lies at and below it. What lies below alone no set can
 * say: false.
 */
static bool
merge_below(struct atoms *a)
{
	size_t kept = 0;
	for (size_t i = 0; i < a->list.len; i++) {
		struct atom *below = &a->list.at[i];
		bool found = false;
		for (size_t j = 0; below->below && j < a->list.len; j++) {
			struct atom *name = &a->list.at[j];
			if (name->below || !span_eq(name->about.value, below->about.value) ||
				name->from != below->from || name->until != below->until)
				continue;
			name->reach = REACH_COVERING;
			found = true;
		}
		if (below->below && !found)
			return false;
	}
	for (size_t i = 0; i < a->list.len; i++)
		if (!a->list.at[i].below)
			a->list.at[kept++] = a->list.at[i];
	a->list.len = kept;
	return true;
}

static bool
read_test(struct atoms *a, const struct pattern_test *t)
{
	struct target target = path_target(&t->path);
	if (t->op == PATTERN_LIKE)
		return target.known && add_below(a, target, t);
	bool decides =
		t->op == PATTERN_EQ || t->op == PATTERN_IN ||
		(t->op == PATTERN_ISSUBSET && (target.kind == OBS_IPV4 || target.kind == OBS_IPV6 ||
						      target.kind == OBS_NONE));
	if (!target.known || t->negated || !decides || !t->constants)
		return false;
	for (const struct pattern_const *c = t->constants; c; c = c->next)
		if (!add_atom(a, target, c))
			return false;
	return true;
}

static bool
read_expr(struct atoms *a, const struct pattern_expr *e)
{
	if (e->kind == PATTERN_TEST)
		return read_test(a, &e->test);
	if (e->kind != PATTERN_ANY_OF)
		return false;
	for (const struct pattern_expr *child = e->child; child; child = child->next)
		if (!read_expr(a, child))
			return false;
	return true;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a == TIME_NONE || (b != TIME_NONE && b > a) ? b : a;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a == TIME_NONE || (b != TIME_NONE && b < a) ? b : a;
}

static bool
read_node(struct atoms *a, const struct pattern_node *n)
{
	switch (n->kind) {
	case PATTERN_OBSERVE: return read_expr(a, n->expr);
	case PATTERN_OR:
		for (const struct pattern_node *child = n->child; child; child = child->next)
			if (!read_node(a, child))
				return false;
		return true;
	/* Around what one observation decides, a window is always kept and once is enough. */
	case PATTERN_WITHIN: return read_node(a, n->child);
	case PATTERN_REPEATS: return n->number.integer == 1 && read_node(a, n->child);
	case PATTERN_STARTSTOP: {
		int64_t from = a->from, until = a->until, start, stop;
		if (time_parse(n->start, &start, NULL) || time_parse(n->stop, &stop, NULL))
			return false;
		a->from = later(from, start);
		a->until = earlier(until, stop);
		bool fine = read_node(a, n->child);
		a->from = from;
		a->until = until;
		return fine;
	}
	case PATTERN_AND:
	case PATTERN_FOLLOWEDBY: return false;
	}
	return false;
}

static void
keep(const struct indicator *facts, const struct atoms *a, struct arm_batch *to)
{
	struct indicator made = *facts;
	struct span *const texts[] = {
		&made.id, &made.name, &made.pattern, &made.party, &made.memo, &made.tlp};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->len)
			*texts[i] = arena_dup(&to->arena, *texts[i]);
	for (size_t i = 0; i < a->list.len; i++) {
		made.about = a->list.at[i].about;
		made.reach = a->list.at[i].reach;
		made.valid_from = a->list.at[i].from;
		made.valid_until = a->list.at[i].until;
		*vec_add(&to->all) = made;
	}
}

void
arm_pattern(const struct indicator *facts, struct arm_batch *to)
{
	struct pattern pattern;
	struct diag fault = {};
	if (facts->revoked) {
		to->counts.revoked++;
		return;
	}
	arena_reset(&to->scratch);
	if (pattern_parse(facts->pattern, &to->scratch, &pattern, &fault)) {
		ioc_unknown(&to->counts, &fault);
		return;
	}
	struct atoms a = {
		.arena = &to->arena, .from = facts->valid_from, .until = facts->valid_until};
	if (read_node(&a, pattern.root) && merge_below(&a))
		keep(facts, &a, to);
	else
		to->counts.partial++;
	free(a.list.at);
}

enum rc
arm_add(struct match_set *set, const struct arm_batch *from, size_t first, size_t end,
	struct ioc_counts *counts, struct diag *why)
{
	enum rc code = RC_OK;
	for (size_t i = first; !code && i < end; i++) {
		struct indicator made = from->all.at[i];
		code = ioc_add(set, &made, counts);
	}
	return code ? diag_fail(why, code, "too many indicators for one set") : RC_OK;
}

enum rc
arm_commit(
	struct match_set *set, struct arm_batch *from, struct ioc_counts *counts, struct diag *why)
{
	ioc_counts_join(counts, &from->counts);
	enum rc code = arm_add(set, from, 0, from->all.len, counts, why);
	arm_batch_reset(from);
	return code;
}

void
arm_batch_reset(struct arm_batch *b)
{
	arena_reset(&b->arena);
	arena_reset(&b->scratch);
	b->all.len = 0;
	b->counts = (struct ioc_counts){};
}

void
arm_batch_fini(struct arm_batch *b)
{
	arena_fini(&b->arena);
	arena_fini(&b->scratch);
	free(b->all.at);
	b->all.at = NULL;
}
