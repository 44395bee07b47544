#include "pattern/strings.h"

#include "pattern/atoms-internal.h"
#include "pattern/meaning.h"
#include "pattern/nfc.h"

static const struct {
	struct span path;
	enum pattern_property property;
} known[] = {
	{SPAN("file:name"), PROPERTY_FILE},
	{SPAN("file:parent_directory_ref.path"), PROPERTY_DIRECTORY},
	{SPAN("directory:path"), PROPERTY_DIRECTORY},
	{SPAN("process:name"), PROPERTY_PROGRAM}, /* STIX 2.0 */
	{SPAN("process:image_ref.name"), PROPERTY_PROGRAM},
	{SPAN("process:binary_ref.name"), PROPERTY_PROGRAM},
	{SPAN("process:command_line"), PROPERTY_COMMAND},
	{SPAN("process:cwd"), PROPERTY_DIRECTORY},
	{SPAN("process:extensions.'windows-service-ext'.service_name"), PROPERTY_SERVICE},
	{SPAN("process:extensions.'windows-service-ext'.display_name"), PROPERTY_SERVICE},
	{SPAN("windows-registry-key:key"), PROPERTY_KEY},
	{SPAN("windows-registry-key:values[*].name"), PROPERTY_VALUE_NAME},
	{SPAN("windows-registry-key:values[*].data"), PROPERTY_VALUE_DATA},
	{SPAN("mutex:name"), PROPERTY_MUTEX},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"),
		PROPERTY_AGENT},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*]"),
		PROPERTY_AGENT},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.Referer"),
		PROPERTY_REFERRER},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.Referer[*]"),
		PROPERTY_REFERRER},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_value"), PROPERTY_REQUEST},
	{SPAN("user-account:account_login"), PROPERTY_ACCOUNT},
	{SPAN("user-account:user_id"), PROPERTY_ACCOUNT},
	{SPAN("user-account:display_name"), PROPERTY_ACCOUNT},
	{SPAN("email-message:subject"), PROPERTY_SUBJECT},
	{SPAN("x509-certificate:issuer"), PROPERTY_CERTIFICATE},
	{SPAN("x509-certificate:subject"), PROPERTY_CERTIFICATE},
	{SPAN("software:name"), PROPERTY_SOFTWARE},
	{SPAN("domain-name:value"), PROPERTY_DOMAIN},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.Host"),
		PROPERTY_DOMAIN},
	{SPAN("network-traffic:extensions.'http-request-ext'.request_header.Host[*]"),
		PROPERTY_DOMAIN},
	{SPAN("url:value"), PROPERTY_URL},
	{SPAN("email-addr:value"), PROPERTY_EMAIL},
	{SPAN("email-message:from_ref.value"), PROPERTY_EMAIL},
	{SPAN("email-message:sender_ref.value"), PROPERTY_EMAIL},
	{SPAN("email-message:to_refs[*].value"), PROPERTY_EMAIL},
	{SPAN("ipv4-addr:value"), PROPERTY_ADDRESS},
	{SPAN("ipv6-addr:value"), PROPERTY_ADDRESS},
};

struct item {
	struct item *next;
	struct pattern_string string;
};

struct gathering {
	struct arena *arena;
	struct item *first, **link;
	size_t len;
};

bool
pattern_property_is_observable(enum pattern_property property)
{
	return property >= PROPERTY_DOMAIN;
}

static enum pattern_property
property_of(const struct pattern_path *path)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (atoms_is_path(path, known[i].path))
			return known[i].property;
	return PROPERTY_NONE;
}

/* LIKE '%.org': half the internet, which nobody means. */
static bool
is_bare_suffix(enum pattern_property property, const struct pattern_test *t)
{
	struct span text = t->constants->text;
	return property == PROPERTY_DOMAIN && t->op == PATTERN_LIKE &&
	       span_starts(text, SPAN("%.")) &&
	       span_find_byte(span_sub(text, 2, SIZE_MAX), '.') == SIZE_MAX;
}

/* Adds one for each constant; false where they do not say all that the comparison says. */
static bool
gather_test(struct gathering *g, const struct pattern_test *t, int64_t from, int64_t until)
{
	enum pattern_property property = property_of(&t->path);
	bool equal = t->op == PATTERN_EQ || t->op == PATTERN_IN;
	if (property == PROPERTY_NONE || t->negated || !t->constants ||
		(!equal && t->op != PATTERN_LIKE && t->op != PATTERN_MATCHES) ||
		(equal && pattern_property_is_observable(property)) || is_bare_suffix(property, t))
		return false;
	for (const struct pattern_const *c = t->constants; c; c = c->next)
		if (c->type != PATTERN_STRING || !c->text.len)
			return false;
	for (const struct pattern_const *c = t->constants; c; c = c->next) {
		struct item *item = arena_new(g->arena, sizeof *item);
		item->string = (struct pattern_string){
			.property = property,
			.form = equal			? FORM_EQUAL
				: t->op == PATTERN_LIKE ? FORM_LIKE
							: FORM_MATCHES,
			.text = equal ? c->text : text_nfc(c->text, g->arena),
			.test = t,
			.from = from,
			.until = until,
		};
		*g->link = item;
		g->link = &item->next;
		g->len++;
	}
	return true;
}

static bool
gather_expr(struct gathering *g, const struct pattern_expr *e, int64_t from, int64_t until)
{
	if (e->kind == PATTERN_TEST)
		return gather_test(g, &e->test, from, until) || atoms_say(&e->test, g->arena);
	bool whole = e->kind == PATTERN_ANY_OF;
	for (const struct pattern_expr *child = e->child; child && whole; child = child->next)
		whole = gather_expr(g, child, from, until);
	return whole;
}

static bool
gather_node(struct gathering *g, const struct pattern_node *n, int64_t from, int64_t until)
{
	int64_t start, stop;
	switch (n->kind) {
	case PATTERN_OBSERVE: return gather_expr(g, n->expr, from, until);
	case PATTERN_STARTSTOP:
		if (time_parse(n->start, &start, NULL) || time_parse(n->stop, &stop, NULL))
			return false;
		from = from == TIME_NONE || start > from ? start : from;
		until = until == TIME_NONE || stop < until ? stop : until;
		break;
	case PATTERN_REPEATS:
		if (n->number.integer != 1)
			return false;
		break;
	case PATTERN_WITHIN:
	case PATTERN_OR: break;
	default: return false;
	}
	for (const struct pattern_node *child = n->child; child; child = child->next)
		if (!gather_node(g, child, from, until))
			return false;
	return true;
}

void
pattern_strings(const struct pattern *p, struct arena *a, struct pattern_strings *out)
{
	struct gathering g = {.arena = a};
	g.link = &g.first;
	*out = (struct pattern_strings){};
	bool whole = gather_node(&g, p->root, TIME_NONE, TIME_NONE);
	/* A pattern that is never evaluated arms nothing. */
	if (!g.len || pattern_meaning(p, NULL, NULL))
		return;
	struct pattern_string *at = arena_new(a, g.len * sizeof *at);
	*out = (struct pattern_strings){.at = at, .whole = whole};
	for (const struct item *item = g.first; item; item = item->next)
		at[out->len++] = item->string;
}

void
strings_of_test(const struct pattern_test *t, struct arena *a, struct pattern_strings *out)
{
	struct gathering g = {.arena = a};
	g.link = &g.first;
	*out = (struct pattern_strings){};
	if (!gather_test(&g, t, TIME_NONE, TIME_NONE))
		return;
	struct pattern_string *at = arena_new(a, g.len * sizeof *at);
	*out = (struct pattern_strings){.at = at, .whole = true};
	for (const struct item *item = g.first; item; item = item->next)
		at[out->len++] = item->string;
}
