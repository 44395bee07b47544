#include "pattern/atoms.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "obs/addr.h"
#include "pattern/atoms-internal.h"
#include "pattern/meaning.h"

/* Paths as they are printed; an index is written like a star. */
static const struct known {
	struct span path;
	enum atom_field field;
} known[] = {
	{SPAN("ipv4-addr:value"), FIELD_ADDRESS},
	{SPAN("ipv6-addr:value"), FIELD_ADDRESS},
	{SPAN("domain-name:value"), FIELD_DOMAIN},
	{SPAN("domain-name:resolves_to_refs[*].value"), FIELD_HOST},
	{SPAN("url:value"), FIELD_URL},
	{SPAN("email-addr:value"), FIELD_EMAIL},
	{SPAN("email-message:from_ref.value"), FIELD_EMAIL},
	{SPAN("email-message:sender_ref.value"), FIELD_EMAIL},
	{SPAN("email-message:to_refs[*].value"), FIELD_EMAIL},
	{SPAN("email-message:cc_refs[*].value"), FIELD_EMAIL},
	{SPAN("email-message:bcc_refs[*].value"), FIELD_EMAIL},
	{SPAN("network-traffic:src_ref.value"), FIELD_HOST},
	{SPAN("network-traffic:dst_ref.value"), FIELD_HOST},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.Host"), FIELD_HOST},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.Host[*]"), FIELD_HOST},
	{SPAN("network-traffic:x_ja3"), FIELD_JA3},
	{SPAN("network-traffic:x_ja4"), FIELD_JA4},
	{SPAN("mac-addr:value"), FIELD_MAC},
	{SPAN("vulnerability:name"), FIELD_CVE},
	{SPAN("vulnerability:external_references[*].external_id"), FIELD_CVE},
	{SPAN("ipv4-addr:resolves_to_refs[*].value"), FIELD_MAC},
	{SPAN("ipv6-addr:resolves_to_refs[*].value"), FIELD_MAC},
};

bool
atoms_is_path(const struct pattern_path *path, struct span text)
{
	if (!span_starts(text, path->type))
		return false;
	text = span_sub(text, path->type.len, SIZE_MAX);
	char mark = ':';
	for (const struct pattern_step *s = path->steps; s; s = s->next, mark = '.') {
		if (s->kind != PATTERN_KEY) {
			if (!span_starts(text, SPAN("[*]")))
				return false;
			text = span_sub(text, 3, SIZE_MAX);
			continue;
		}
		if (!text.len || *text.ptr != mark)
			return false;
		text = span_sub(text, 1, SIZE_MAX);
		bool quoted = span_starts(text, SPAN("'"));
		text = span_sub(text, quoted, SIZE_MAX);
		if (!span_starts(text, s->key))
			return false;
		text = span_sub(text, s->key.len + quoted, SIZE_MAX);
	}
	return !text.len;
}

enum atom_field
atoms_field_of(const struct pattern_path *path, const struct pattern_step **last)
{
	bool hashes = false;
	for (const struct pattern_step *s = path->steps; s; s = s->next) {
		*last = s;
		if (s->next && s->kind == PATTERN_KEY && span_eq(s->key, SPAN("hashes")))
			hashes = true;
	}
	if (hashes)
		return FIELD_HASH;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (atoms_is_path(path, known[i].path))
			return known[i].field;
	return FIELD_NONE;
}

/* "SHA-256", "sha256": without hyphens, in lower case, the word of a kind. */
static enum obs_kind
hash_kind(const struct pattern_step *last, struct span value)
{
	char word[8];
	size_t len = 0;
	if (last->kind != PATTERN_KEY)
		return obs_hash_kind(value.len);
	for (size_t i = 0; i < last->key.len; i++) {
		if (last->key.ptr[i] == '-')
			continue;
		if (len == sizeof word)
			return OBS_NONE;
		word[len++] = ascii_lower(last->key.ptr[i]);
	}
	enum obs_kind kind = obs_from_word((struct span){word, len});
	return obs_is_hash(kind) ? kind : OBS_NONE;
}

bool
atoms_observable_of(enum atom_field field, const struct pattern_step *last, struct span value,
	struct arena *a, struct observable *out)
{
	struct addr addr;
	enum obs_kind kind = OBS_NONE;
	bool address = addr_parse(value, &addr) || addr_parse_range(value, &addr);
	switch (field) {
	case FIELD_NONE: return false;
	case FIELD_ADDRESS:
		if (!address)
			return false;
		kind = addr.six ? OBS_IPV6 : OBS_IPV4;
		break;
	case FIELD_HOST:
		kind = address					? (addr.six ? OBS_IPV6 : OBS_IPV4)
		       : span_find_byte(value, ':') != SIZE_MAX ? OBS_MAC
								: OBS_DOMAIN;
		break;
	case FIELD_DOMAIN: kind = OBS_DOMAIN; break;
	case FIELD_URL: kind = OBS_URL; break;
	case FIELD_EMAIL: kind = OBS_EMAIL; break;
	case FIELD_HASH: kind = hash_kind(last, value); break;
	case FIELD_JA3: kind = OBS_JA3; break;
	case FIELD_JA4: kind = OBS_JA4; break;
	case FIELD_MAC: kind = OBS_MAC; break;
	case FIELD_CVE: kind = OBS_CVE; break;
	}
	return kind != OBS_NONE && !obs_normalize(kind, value, a, out, NULL);
}

static bool
is_network(enum obs_kind kind)
{
	return kind == OBS_CIDR4 || kind == OBS_CIDR6;
}

struct span
atoms_name_above(const struct pattern_test *t)
{
	struct span text = t->constants ? t->constants->text : SPAN("");
	struct span name = span_sub(text, 2, SIZE_MAX);
	bool plain = t->op == PATTERN_LIKE && !t->negated && span_starts(text, SPAN("%.")) &&
		     span_find_byte(name, '%') == SIZE_MAX && span_find_byte(name, '_') == SIZE_MAX;
	return plain ? name : SPAN("");
}

static struct atom_list
of_like(const struct pattern_test *t, struct arena *a)
{
	struct atom_list out = {};
	const struct pattern_step *last = NULL;
	struct observable what;
	struct span name = atoms_name_above(t);
	if (!name.len || atoms_field_of(&t->path, &last) != FIELD_DOMAIN ||
		!atoms_observable_of(FIELD_DOMAIN, last, name, a, &what))
		return out;
	out.first = out.last = arena_new(a, sizeof *out.first);
	out.first->atom = (struct pattern_atom){
		.what = what,
		.test = t,
		.constant = t->constants,
		.from = TIME_NONE,
		.until = TIME_NONE,
		.reach = PATTERN_BELOW,
		.decides = true,
	};
	out.len = 1;
	out.covers = true;
	return out;
}

/*
 * Whether what is seen is the object that the path starts from, or all of it that a log shows. What a name
 * or an address resolves to is not: others may resolve to it.
 */
static bool
is_seen_alone(const struct pattern_path *path)
{
	return !atoms_is_path(path, SPAN("domain-name:resolves_to_refs[*].value")) &&
	       !atoms_is_path(path, SPAN("ipv4-addr:resolves_to_refs[*].value")) &&
	       !atoms_is_path(path, SPAN("ipv6-addr:resolves_to_refs[*].value"));
}

static struct atom_list
of_test(const struct pattern_test *t, struct arena *a)
{
	struct atom_list out = {};
	const struct pattern_step *last = NULL;
	if (t->op == PATTERN_LIKE)
		return of_like(t, a);
	bool subset = t->op == PATTERN_ISSUBSET;
	if (t->negated || (t->op != PATTERN_EQ && t->op != PATTERN_IN && !subset))
		return out;
	enum atom_field field = atoms_field_of(&t->path, &last);
	out.covers = field != FIELD_NONE && t->constants;
	for (const struct pattern_const *c = t->constants; c && field != FIELD_NONE; c = c->next) {
		struct observable what;
		if (c->type != PATTERN_STRING ||
			!atoms_observable_of(field, last, c->text, a, &what)) {
			out.covers = false;
			continue;
		}
		struct atom_item *item = arena_new(a, sizeof *item);
		item->atom = (struct pattern_atom){
			.what = what,
			.test = t,
			.constant = c,
			.from = TIME_NONE,
			.until = TIME_NONE,
			.decides = is_seen_alone(&t->path),
			.loose = is_network(what.kind) && !subset,
		};
		if (out.last)
			out.last->next = item;
		else
			out.first = item;
		out.last = item;
		out.len++;
	}
	return out;
}

bool
atoms_say(const struct pattern_test *t, struct arena *a)
{
	struct atom_list all = of_test(t, a);
	for (const struct atom_item *item = all.first; item; item = item->next)
		if (!item->atom.decides)
			return false;
	return all.first && all.covers;
}

void
atoms_join(struct atom_list *sum, const struct atom_list *more)
{
	if (!more->first)
		return;
	if (sum->last)
		sum->last->next = more->first;
	else
		sum->first = more->first;
	sum->last = more->last;
	sum->len += more->len;
}

static void
undecide(const struct atom_list *list)
{
	for (struct atom_item *item = list->first; item; item = item->next) {
		item->atom.decides = false;
		if (item == list->last)
			break;
	}
}

/* How rarely a kind is seen without reason: the rarer, the fewer vain evaluations. */
static unsigned
rarity(const struct atom_list *list)
{
	unsigned least = 4;
	for (const struct atom_item *item = list->first; item; item = item->next) {
		enum obs_kind kind = item->atom.what.kind;
		unsigned one = obs_is_hash(kind) || kind == OBS_URL   ? 3
			       : is_network(kind)		      ? 0
			       : kind == OBS_IPV4 || kind == OBS_IPV6 ? 1
								      : 2;
		least = one < least ? one : least;
		if (item == list->last)
			break;
	}
	return least;
}

/* Both parts: the atoms of one are enough to look for. */
static bool
is_better(const struct atom_list *a, const struct atom_list *b)
{
	if (!a->first || !b->first)
		return a->first;
	if (a->covers != b->covers)
		return a->covers;
	unsigned left = rarity(a), right = rarity(b);
	return left != right ? left > right : a->len < b->len;
}

static bool
same_step(const struct pattern_step *a, const struct pattern_step *b)
{
	return a->kind == b->kind &&
	       (a->kind == PATTERN_KEY ? span_eq(a->key, b->key) : a->index == b->index);
}

/* x_ref.type = 'ipv4-addr' beside x_ref.value = '192.0.2.1' adds nothing. */
static bool
is_implied(const struct pattern_expr *e, const struct pattern_atom *atom)
{
	static const struct {
		enum obs_kind kind;
		struct span type;
	} types[] = {{OBS_IPV4, SPAN("ipv4-addr")}, {OBS_CIDR4, SPAN("ipv4-addr")},
		{OBS_IPV6, SPAN("ipv6-addr")}, {OBS_CIDR6, SPAN("ipv6-addr")},
		{OBS_DOMAIN, SPAN("domain-name")}, {OBS_EMAIL, SPAN("email-addr")},
		{OBS_URL, SPAN("url")}, {OBS_MAC, SPAN("mac-addr")}};
	if (e->kind != PATTERN_TEST || e->test.op != PATTERN_EQ || e->test.negated ||
		e->test.constants->type != PATTERN_STRING ||
		!span_eq(e->test.path.type, atom->test->path.type))
		return false;
	const struct pattern_step *mine = e->test.path.steps, *its = atom->test->path.steps;
	while (mine->next && its->next && same_step(mine, its)) {
		mine = mine->next;
		its = its->next;
	}
	if (mine->next || its->next || mine->kind != PATTERN_KEY ||
		!span_eq(mine->key, SPAN("type")))
		return false;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].kind == atom->what.kind &&
			span_eq(types[i].type, e->test.constants->text))
			return true;
	return false;
}

struct atom_list
atoms_of_expr(const struct pattern_expr *e, struct arena *a)
{
	if (e->kind == PATTERN_TEST)
		return of_test(&e->test, a);
	bool all = e->kind == PATTERN_ALL;
	struct atom_list sum = {.covers = !all};
	const struct pattern_expr *from = NULL;
	for (const struct pattern_expr *child = e->child; child; child = child->next) {
		struct atom_list one = atoms_of_expr(child, a);
		if (!all) {
			sum.covers &= one.covers;
			atoms_join(&sum, &one);
		} else if (is_better(&one, &sum)) {
			sum = one;
			from = child;
		}
	}
	bool decided = true;
	for (const struct pattern_expr *child = e->child; all && child && sum.first;
		child = child->next)
		decided &= child == from || (sum.len == 1 && is_implied(child, &sum.first->atom));
	if (!decided)
		undecide(&sum);
	return sum;
}

/* Within START and STOP. Where nothing can lie in both, nothing is left to look for. */
static void
clip(struct atom_list *list, const struct pattern_node *n)
{
	int64_t start, stop;
	struct atom_list kept = {.covers = list->covers};
	/* pattern_meaning refuses a date that does not exist */
	if (time_parse(n->start, &start, NULL) || time_parse(n->stop, &stop, NULL))
		return;
	for (struct atom_item *item = list->first, *next; item; item = next) {
		next = item == list->last ? NULL : item->next;
		struct pattern_atom *atom = &item->atom;
		if (atom->from == TIME_NONE || atom->from < start)
			atom->from = start;
		if (atom->until == TIME_NONE || atom->until > stop)
			atom->until = stop;
		if (atom->from >= atom->until)
			continue;
		struct atom_list one = {.first = item, .last = item, .len = 1};
		atoms_join(&kept, &one);
	}
	*list = kept;
}

static struct atom_list
of_node(const struct pattern_node *n, struct arena *a)
{
	if (n->kind == PATTERN_OBSERVE)
		return atoms_of_expr(n->expr, a);
	bool either = n->kind == PATTERN_OR;
	struct atom_list sum = {.covers = either};
	for (const struct pattern_node *child = n->child; child; child = child->next) {
		struct atom_list one = of_node(child, a);
		if (either) {
			sum.covers &= one.covers;
			atoms_join(&sum, &one);
		} else if (n->kind >= PATTERN_REPEATS || is_better(&one, &sum)) {
			sum = one;
		}
	}
	if (n->kind == PATTERN_STARTSTOP)
		clip(&sum, n);
	/* What one observation decides lies within any window, and is there once. */
	bool alone = either || n->kind == PATTERN_WITHIN || n->kind == PATTERN_STARTSTOP ||
		     (n->kind == PATTERN_REPEATS && n->number.integer == 1);
	if (!alone)
		undecide(&sum);
	return sum;
}

/* Atoms by value and time. Open addressing, at most half full. */
struct names {
	struct pattern_atom **slot;
	size_t mask;
};

static struct pattern_atom **
names_slot(const struct names *n, const struct pattern_atom *key)
{
	uint64_t seed = (uintptr_t)n->slot ^ ((uint64_t)key->from * 31 + (uint64_t)key->until);
	size_t at = hash64(key->what.value, seed) & n->mask;
	for (;; at = (at + 1) & n->mask) {
		const struct pattern_atom *one = n->slot[at];
		if (!one || (one->decides == key->decides && one->from == key->from &&
				    one->until == key->until &&
				    span_eq(one->what.value, key->what.value)))
			return &n->slot[at];
	}
}

static bool
is_name(const struct pattern_atom *atom)
{
	return atom->what.kind == OBS_DOMAIN && atom->reach == PATTERN_EXACT;
}

/* A name and what lies below it, each said by a comparison of its own, become one atom. */
static void
merge_below(const struct atom_list *list, struct arena *a)
{
	size_t count = 0, belows = 0;
	struct names names = {.mask = 15};
	for (struct atom_item *i = list->first; i; i = i->next) {
		count += is_name(&i->atom);
		belows += i->atom.reach == PATTERN_BELOW;
	}
	if (!belows || !count)
		return;
	while (names.mask < count * 2)
		names.mask = names.mask * 2 + 1;
	names.slot = arena_new(a, (names.mask + 1) * sizeof(struct pattern_atom *));
	for (struct atom_item *i = list->first; i; i = i->next) {
		struct pattern_atom **slot =
			is_name(&i->atom) ? names_slot(&names, &i->atom) : NULL;
		if (slot && !*slot)
			*slot = &i->atom;
	}
	for (struct atom_item *i = list->first; i; i = i->next) {
		if (i->atom.reach != PATTERN_BELOW)
			continue;
		struct pattern_atom *name = *names_slot(&names, &i->atom);
		if (!name)
			continue;
		name->reach = PATTERN_COVERING;
		i->merged = true;
	}
}

void
pattern_atoms(const struct pattern *p, struct arena *a, struct pattern_atoms *out)
{
	struct atom_list list = of_node(p->root, a);
	*out = (struct pattern_atoms){};
	/* A pattern that is never evaluated arms nothing. */
	if (!list.len || pattern_meaning(p, NULL, NULL))
		return;
	list.last->next = NULL;
	merge_below(&list, a);
	struct pattern_atom *at = arena_new(a, list.len * sizeof *at);
	*out = (struct pattern_atoms){.at = at, .covers = list.covers, .whole = list.covers};
	for (const struct atom_item *item = list.first; item; item = item->next) {
		if (item->merged)
			continue;
		at[out->len++] = item->atom;
		out->whole &= item->atom.decides;
	}
}
