#include "sight/sight.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/once.h"
#include "base/own.h"
#include "base/vec.h"
#include "codec/json.h"
#include "obs/addr.h"
#include "obs/name.h"
#include "obs/url.h"
#include "stix/check.h"
#include "stix/id.h"

#define DAY (INT64_C(86400) * SECOND)
/* What a timestamp of the standard can say: the years 1 to 9999. */
#define TIME_FIRST (INT64_C(-62135596800) * SECOND)
#define TIME_LAST (INT64_C(253402300799) * SECOND)

struct seen {
	struct observable what;
	uint64_t count;
	int64_t first, last;
};

struct group {
	struct span indicator, name, pattern, about;
	enum tlp tlp;
	bool inside;	/* the indicator itself names the observer's inside */
	int64_t window; /* number since 1970 */
	uint64_t count;
	int64_t first, last;
	vec_of(struct seen) seen;
};

struct sight {
	struct sight_options options;
	struct observable *inside;
	size_t insides;
	struct arena kept, made;
	vec_of(struct group) groups;
	uint32_t *slot;
	size_t slots;
	struct sight_counts counts;
	vec_of(struct span) objects;
	struct span last;    /* the id of the last sighting among them */
	struct once written; /* ids of observables among the objects, hashed */
	struct stix_verdicts verdicts;
};

struct sight *
sight_new(const struct sight_options *options)
{
	struct sight *s = mem_new(sizeof *s);
	s->options = *options;
	if (s->options.window <= 0)
		s->options.window = DAY;
	s->options.identity = arena_dup(&s->kept, options->identity);
	s->options.identity_object = arena_dup(&s->kept, options->identity_object);
	s->inside = mem_new((options->insides + 1) * sizeof *s->inside);
	for (size_t i = 0; i < options->insides; i++)
		if (!obs_detect(options->inside[i], &s->kept, &s->inside[s->insides], NULL))
			s->insides++;
	return s;
}

void
sight_free(struct sight **s)
{
	if (!*s)
		return;
	for (size_t i = 0; i < (*s)->groups.len; i++)
		free((*s)->groups.at[i].seen.at);
	free((*s)->groups.at);
	free((*s)->slot);
	free((*s)->objects.at);
	free((*s)->inside);
	once_fini(&(*s)->written);
	stix_verdicts_fini(&(*s)->verdicts);
	arena_fini(&(*s)->kept);
	arena_fini(&(*s)->made);
	free(*s);
	*s = NULL;
}

struct sight_counts
sight_counts(const struct sight *s)
{
	return s->counts;
}

static bool
address_is_inside(const struct sight *s, const struct addr *a)
{
	struct addr net;
	if (addr_is_internal(a))
		return true;
	for (size_t i = 0; i < s->insides; i++)
		if ((addr_parse_range(s->inside[i].value, &net) ||
			    addr_parse(s->inside[i].value, &net)) &&
			addr_holds(&net, a))
			return true;
	return false;
}

static bool
host_is_inside(const struct sight *s, struct span host)
{
	struct addr a;
	if (addr_parse(host, &a) || addr_parse_range(host, &a))
		return address_is_inside(s, &a);
	if (name_is_internal(host))
		return true;
	for (size_t i = 0; i < s->insides; i++)
		if (s->inside[i].kind == OBS_DOMAIN && name_is_under(host, s->inside[i].value))
			return true;
	return false;
}

bool
sight_is_internal(const struct sight *s, struct observable o)
{
	switch (o.kind) {
	case OBS_IPV4:
	case OBS_IPV6:
	case OBS_CIDR4:
	case OBS_CIDR6:
	case OBS_DOMAIN: return host_is_inside(s, o.value);
	case OBS_URL: {
		own_arena struct arena a = {};
		struct url url;
		return url_parse(o.value, SCHEME_OPTIONAL, &a, &url, NULL) ||
		       host_is_inside(s, url.host);
	}
	case OBS_EMAIL: {
		size_t at = span_find_byte(o.value, '@');
		struct span host = span_sub(o.value, at + 1, SIZE_MAX);
		if (host.len > 2 && host.ptr[0] == '[')
			host = span_sub(host, 1, host.len - 2);
		return host_is_inside(s, host);
	}
	default: return false;
	}
}

static struct span
group_key(const struct group *g)
{
	return g->indicator.len ? g->indicator : g->pattern;
}

static void
grow(struct sight *s)
{
	free(s->slot);
	s->slots = s->slots ? s->slots * 2 : 64;
	s->slot = mem_new(s->slots * sizeof *s->slot);
	for (size_t i = 0; i < s->groups.len; i++) {
		size_t at = hash64(group_key(&s->groups.at[i]), (uint64_t)s->groups.at[i].window);
		while (s->slot[at & (s->slots - 1)])
			at++;
		s->slot[at & (s->slots - 1)] = (uint32_t)i + 1;
	}
}

static struct group *
find_group(struct sight *s, const struct hit *h, int64_t window)
{
	struct span key = h->indicator.len ? h->indicator : h->pattern;
	if ((s->groups.len + 1) * 2 > s->slots)
		grow(s);
	size_t at = hash64(key, (uint64_t)window);
	for (uint32_t index; (index = s->slot[at & (s->slots - 1)]); at++) {
		struct group *g = &s->groups.at[index - 1];
		if (g->window == window && span_eq(group_key(g), key))
			return g;
	}
	struct group *made = vec_add(&s->groups);
	*made = (struct group){
		.indicator = arena_dup(&s->kept, h->indicator),
		.name = arena_dup(&s->kept, h->name),
		.pattern = arena_dup(&s->kept, h->pattern),
		.about = arena_dup(&s->kept, h->about.value),
		.window = window,
		.first = INT64_MAX,
		.last = INT64_MIN,
	};
	s->slot[at & (s->slots - 1)] = (uint32_t)s->groups.len;
	return made;
}

/* What a URL says beyond the indicator's: the path stays, the query may name a person and does not.
 */
static struct observable
told(const struct hit *h)
{
	struct observable o = h->seen;
	if (o.kind != OBS_URL || h->match != HIT_URL_PREFIX)
		return o;
	for (size_t i = 0; i < o.value.len; i++)
		if (o.value.ptr[i] == '?' || o.value.ptr[i] == '#')
			o.value.len = i;
	return o;
}

static void
widen(int64_t *first, int64_t *last, int64_t at)
{
	if (at < *first)
		*first = at;
	if (at > *last)
		*last = at;
}

static void
add_seen(struct sight *s, struct group *g, struct observable what, int64_t at)
{
	if (sight_is_internal(s, what)) {
		s->counts.internal++;
		return;
	}
	for (size_t i = 0; i < g->seen.len; i++) {
		struct seen *seen = &g->seen.at[i];
		if (seen->what.kind == what.kind && span_eq(seen->what.value, what.value)) {
			seen->count++;
			widen(&seen->first, &seen->last, at);
			return;
		}
	}
	if (g->seen.len < SIGHT_SEEN_MAX)
		*vec_add(&g->seen) =
			(struct seen){{what.kind, arena_dup(&s->kept, what.value)}, 1, at, at};
}

void
sight_add(struct sight *s, const struct hit *h)
{
	enum tlp tlp = TLP_NONE;
	if (h->tlp.len && tlp_parse(h->tlp, &tlp, NULL))
		tlp = TLP_RED; /* a word we do not know is the strictest */
	if (s->options.most != TLP_NONE && tlp > s->options.most) {
		s->counts.withheld++;
		return;
	}
	bool told_when = h->time >= TIME_FIRST && h->time <= TIME_LAST; /* TIME_NONE is earlier */
	int64_t at = told_when ? h->time : s->options.now;
	int64_t window = at / s->options.window - (at % s->options.window < 0);
	struct group *g = find_group(s, h, window);
	s->counts.hits++;
	g->count++;
	g->tlp = tlp_strictest(g->tlp, tlp);
	g->inside = sight_is_internal(s, h->about);
	widen(&g->first, &g->last, at);
	if (!h->parts)
		add_seen(s, g, told(h), at);
	for (size_t i = 0; i < h->parts; i++) {
		const struct hit_part *p = &h->part[i];
		int64_t then = p->time < TIME_FIRST || p->time > TIME_LAST ? at : p->time;
		widen(&g->first, &g->last, then);
		if (p->seen.kind != OBS_NONE)
			add_seen(s, g, p->seen, then);
	}
}

/* A URL that had no scheme is none to the standard: what is told is its host. */
static struct observable
told_in_stix(struct observable o, struct arena *a)
{
	struct url url;
	struct observable host;
	if (o.kind != OBS_URL || !span_starts(o.value, SPAN("//")) ||
		url_parse(span_sub(o.value, 2, SIZE_MAX), SCHEME_OPTIONAL, a, &url, NULL) ||
		obs_detect(url.host, a, &host, NULL))
		return o;
	return host;
}

/* Members of a cyber-observable but its id; false for what the standard has no object for. */
static bool
write_sco(struct buf *b, struct observable o)
{
	const char *type = o.kind == OBS_IPV4 || o.kind == OBS_CIDR4   ? "ipv4-addr"
			   : o.kind == OBS_IPV6 || o.kind == OBS_CIDR6 ? "ipv6-addr"
			   : o.kind == OBS_DOMAIN		       ? "domain-name"
			   : o.kind == OBS_URL			       ? "url"
			   : o.kind == OBS_EMAIL		       ? "email-addr"
			   : o.kind == OBS_MAC			       ? "mac-addr"
								       : NULL;
	if (type) {
		buf_printf(b, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"value\":", type);
		json_write_string(b, o.value);
		return true;
	}
	if (!obs_hash_name(o.kind))
		return false;
	buf_printf(b, "{\"type\":\"file\",\"spec_version\":\"2.1\",\"hashes\":{\"%s\":\"%.*s\"}",
		obs_hash_name(o.kind), (int)o.value.len, o.value.ptr);
	return true;
}

static void
keep_object(struct sight *s, struct buf *b)
{
	*vec_add(&s->objects) = arena_dup(&s->made, buf_span(b));
	buf_reset(b);
}

/* Header of an object of ours; id receives its identifier. */
static void
write_header(struct sight *s, struct buf *b, const char *type, enum tlp tlp, struct rng chance,
	char id[static STIX_ID_TEXT])
{
	char now[TIME_TEXT];
	time_text_ms(s->options.now, now);
	stix_id_new(span_of(type), chance, id);
	buf_printf(b,
		"{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"%s\","
		"\"modified\":\"%s\"",
		type, id, now, now);
	if (s->options.identity.len) {
		buf_add(b, SPAN(",\"created_by_ref\":"));
		json_write_string(b, s->options.identity);
	}
	const struct tlp_marking *marking = tlp_marking_of(tlp);
	if (marking)
		buf_printf(b, ",\"object_marking_refs\":[\"%.*s\"]", (int)marking->id.len,
			marking->id.ptr);
}

static void
write_window(
	struct buf *b, const char *first_name, int64_t first, const char *last_name, int64_t last)
{
	char text[TIME_TEXT];
	time_text(first, text);
	buf_printf(b, ",\"%s\":\"%s\"", first_name, text);
	time_text(last, text);
	buf_printf(b, ",\"%s\":\"%s\"", last_name, text);
}

static uint64_t
clamp(uint64_t count)
{
	return count < SIGHT_COUNT_MAX ? count : SIGHT_COUNT_MAX;
}

/* Logs hold what no standard would call an address; a peer would refuse the object. */
static bool
is_valid(struct sight *s, struct span object)
{
	static const struct stix_options options = {.flags = STIX_FIRST_ONLY};
	stix_verdicts_reset(&s->verdicts);
	return stix_check_text(object, &options, &s->verdicts) == RC_OK;
}

/* The observable and its observed-data; false where there is no object for it. */
static bool
make_observed(struct sight *s, const struct group *g, const struct seen *seen, struct rng chance,
	struct buf *refs)
{
	own_buf struct buf b = {};
	own_arena struct arena a = {};
	own_json yyjson_doc *doc = NULL;
	char sco[STIX_ID_TEXT], id[STIX_ID_TEXT];
	if (!write_sco(&b, told_in_stix(seen->what, &a)))
		return false;
	buf_add_byte(&b, '}');
	if (json_read(buf_span(&b), NULL, &doc, NULL) ||
		stix_id_of_sco(yyjson_doc_get_root(doc), sco, NULL))
		return false;
	b.len--;
	buf_printf(&b, ",\"id\":\"%s\"}", sco);
	if (!is_valid(s, buf_span(&b)))
		return false;
	if (once_first(&s->written, hash64(span_of(sco), 0)))
		keep_object(s, &b);
	buf_reset(&b);
	write_header(s, &b, "observed-data", g->tlp, chance, id);
	write_window(&b, "first_observed", seen->first, "last_observed", seen->last);
	buf_printf(&b, ",\"number_observed\":%llu,\"object_refs\":[\"%s\"]}",
		(unsigned long long)clamp(seen->count), sco);
	keep_object(s, &b);
	buf_printf(refs, "%s\"%s\"", refs->len ? "," : "", id);
	return true;
}

/* A plain list's line gets the indicator object that the sighting needs. */
static void
make_indicator(
	struct sight *s, const struct group *g, struct rng chance, char id[static STIX_ID_TEXT])
{
	own_buf struct buf b = {};
	char from[TIME_TEXT];
	write_header(s, &b, "indicator", g->tlp, chance, id);
	time_text(g->first, from);
	buf_add(&b, SPAN(",\"name\":"));
	json_write_string(&b, g->name.len ? g->name : g->about.len ? g->about : g->pattern);
	buf_add(&b, SPAN(",\"description\":\"From a list that was scanned for; made when it was "
			 "first seen.\",\"indicator_types\":[\"unknown\"],\"pattern\":"));
	json_write_string(&b, g->pattern);
	buf_printf(&b,
		",\"pattern_type\":\"stix\",\"pattern_version\":\"2.1\",\"valid_from\":\"%s\"}",
		from);
	keep_object(s, &b);
}

static bool
is_indicator_id(struct span id)
{
	struct span type;
	return id.len && !stix_id_parse(id, &type, NULL) && span_eq(type, SPAN("indicator"));
}

/* list: the indicator made for the line of a list that `g` is about, empty for none yet. */
static void
make_sighting(
	struct sight *s, const struct group *g, struct rng chance, char list[static STIX_ID_TEXT])
{
	own_buf struct buf refs = {}, b = {};
	char id[STIX_ID_TEXT];
	struct span of = g->indicator;
	for (size_t i = 0; i < g->seen.len; i++)
		make_observed(s, g, &g->seen.at[i], chance, &refs);
	if (!is_indicator_id(of)) {
		if (!list[0])
			make_indicator(s, g, chance, list);
		of = span_of(list);
	}
	write_header(s, &b, "sighting", g->tlp, chance, id);
	write_window(&b, "first_seen", g->first, "last_seen", g->last);
	buf_printf(&b, ",\"count\":%llu,\"sighting_of_ref\":\"%.*s\"",
		(unsigned long long)clamp(g->count), (int)of.len, of.ptr);
	if (refs.len)
		buf_printf(&b, ",\"observed_data_refs\":[%.*s]", (int)refs.len, refs.ptr);
	if (s->options.identity.len) {
		buf_add(&b, SPAN(",\"where_sighted_refs\":["));
		json_write_string(&b, s->options.identity);
		buf_add_byte(&b, ']');
	}
	buf_add_byte(&b, '}');
	keep_object(s, &b);
	s->last = arena_dup(&s->made, span_of(id));
}

static int
by_key(const void *a, const void *b)
{
	const struct group *x = *(const struct group *const *)a,
			   *y = *(const struct group *const *)b;
	int order = span_cmp(group_key(x), group_key(y));
	return order ? order : x->window < y->window ? -1 : x->window > y->window;
}

struct sight_objects
sight_objects(struct sight *s, struct rng chance)
{
	s->objects.len = 0;
	s->last = (struct span){};
	arena_reset(&s->made);
	once_reset(&s->written);
	own_mem const struct group **order = mem_new((s->groups.len + 1) * sizeof *order);
	for (size_t i = 0; i < s->groups.len; i++)
		order[i] = &s->groups.at[i];
	qsort(order, s->groups.len, sizeof *order, by_key);
	char list[STIX_ID_TEXT] = "";
	for (size_t i = 0; i < s->groups.len; i++) {
		if (i && !span_eq(group_key(order[i]), group_key(order[i - 1])))
			list[0] = 0;
		/* A line of a list that is the inside itself would tell it as an indicator. */
		if (order[i]->inside && !is_indicator_id(order[i]->indicator))
			continue;
		make_sighting(s, order[i], chance, list);
	}
	return (struct sight_objects){s->objects.at, s->objects.len, s->last};
}

void
sight_bundle(struct sight *s, struct rng chance, struct buf *out)
{
	char id[STIX_ID_TEXT];
	struct sight_objects all = sight_objects(s, chance);
	unsigned marked = 0;
	stix_id_new(SPAN("bundle"), chance, id);
	buf_printf(out, "{\"type\":\"bundle\",\"id\":\"%s\"", id);
	for (size_t i = 0; i < s->groups.len; i++)
		marked |= 1U << s->groups.at[i].tlp;
	struct span before = SPAN(",\"objects\":[\n");
	for (enum tlp level = TLP_CLEAR; all.len && level <= TLP_RED; level++) {
		if (!(marked >> level & 1))
			continue;
		buf_add(out, before);
		buf_add(out, tlp_marking_of(level)->json);
		before = SPAN(",\n");
	}
	if (all.len && s->options.identity_object.len) {
		buf_add(out, before);
		buf_add(out, s->options.identity_object);
		before = SPAN(",\n");
	}
	for (size_t i = 0; i < all.len; i++, before = SPAN(",\n")) {
		buf_add(out, before);
		buf_add(out, all.at[i]);
	}
	buf_add(out, all.len ? SPAN("\n]}\n") : SPAN("}\n"));
}
