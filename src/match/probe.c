/* What a set knows of something that was found in a text. */
#include <string.h>

#include "base/mutant.h"
#include "match/set_file-internal.h"
#include "match/stretch.h"
#include "obs/url.h"

/* One probe under way. */
struct probe {
	const struct match_set *set;
	struct span text;
	const struct found *found;
	enum match_context context;
	struct arena *arena;
	struct match_answers *out;
	struct span value; /* of what was found, as text, copied into the arena once needed */
};

static struct span
found_text(struct probe *p)
{
	if (p->value.ptr)
		return p->value;
	char addr[ADDR_TEXT];
	if (p->found->value.len)
		p->value = arena_dup(p->arena, p->found->value);
	else
		p->value =
			arena_dup(p->arena, (struct span){addr, addr_text(&p->found->addr, addr)});
	return p->value;
}

static void
answer(struct probe *p, uint32_t item, enum hit_match match, struct observable seen)
{
	*vec_add(p->out) = (struct match_answer){item, match, seen, p->found->at, p->found->len};
}

/* Whether what was found is the host of a URL in the text. */
static enum hit_match
exact_or_host(struct probe *p)
{
	struct span raw;
	enum found_coding coding;
	return found_url(p->text, p->found, &raw, &coding) ? HIT_URL_HOST : HIT_EXACT;
}

static void
answer_url(struct probe *p, struct span key, bool whole, struct observable seen, struct span raw)
{
	uint32_t i;
	struct item item;
	struct set_walk walk;
	set_walk(p->set, KEY_URL, key, &walk);
	while ((i = set_next(&walk, &item)) != NONE) {
		if (item.dead || (!whole && !item.reach))
			continue;
		answer(p, i, whole ? HIT_EXACT : HIT_URL_PREFIX, seen);
		struct match_answer *made = &p->out->at[p->out->len - 1];
		made->at = (size_t)(raw.ptr - p->text.ptr);
		made->len = raw.len;
	}
}

/* Every prefix of a URL that an indicator can be: to a slash (with and without it), to ? and to #.
 */
static void
probe_prefixes(
	struct probe *p, struct span url, size_t rest, struct observable seen, struct span raw)
{
	enum { PREFIXES = 256 };
	unsigned tried = 0;
	answer_url(p, url, true, seen, raw);
	for (size_t end = url.len - 1; end > rest && tried < PREFIXES; end--) {
		char c = url.ptr[end], before = url.ptr[end - 1];
		if (c != '/' && c != '?' && c != '#' && before != '/')
			continue;
		answer_url(p, span_sub(url, 0, end), false, seen, raw);
		tried++;
	}
}

/* Where in a normal form the path starts. */
static size_t
path_start(const struct url *url)
{
	return (size_t)(url->rest.ptr - url->text.ptr);
}

/* "//evil.example:80/a" for "http://evil.example/a"; false where a port is said already. */
static bool
say_port(struct probe *p, const struct url *url, struct span *out, size_t *rest)
{
	const char *behind = url->host.ptr + url->host.len;
	behind += url->is_addr && url->addr.six;
	bool tls = span_eq(url->scheme, SPAN("https"));
	if (behind != url->rest.ptr || (!tls && !span_eq(url->scheme, SPAN("http"))))
		return false;
	size_t cut = url->scheme.len + 1;
	struct span host = span_sub(url->text, cut, path_start(url) - cut);
	*out = arena_printf(p->arena, "%.*s:%s%.*s", (int)host.len, host.ptr, tls ? "443" : "80",
		(int)url->rest.len, url->rest.ptr);
	*rest = out->len - url->rest.len;
	return true;
}

/*
 * Schemes under which a URL is looked up: its own, and none, without its port and with it; both
 * where the log gave none.
 */
static void
probe_url(struct probe *p)
{
	static const char *const schemes[] = {"http:", "https:"};
	struct span raw, text;
	enum found_coding coding;
	struct url url;
	size_t rest;
	if (!found_url(p->text, p->found, &raw, &coding) ||
		url_parse(
			found_decode(raw, coding, p->arena), SCHEME_OPTIONAL, p->arena, &url, NULL))
		return;
	struct observable seen = {OBS_URL, url.text};
	probe_prefixes(p, url.text, path_start(&url), seen, raw);
	if (url.scheme.len) {
		size_t cut = url.scheme.len + 1;
		probe_prefixes(
			p, span_sub(url.text, cut, SIZE_MAX), path_start(&url) - cut, seen, raw);
		if (say_port(p, &url, &text, &rest))
			probe_prefixes(p, text, rest, seen, raw);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		struct url full;
		text = arena_printf(
			p->arena, "%s%.*s", schemes[i], (int)url.text.len, url.text.ptr);
		if (!url_parse(text, SCHEME_NEEDED, p->arena, &full, NULL))
			probe_prefixes(p, full.text, path_start(&full), seen, raw);
	}
}

static void
probe_email(struct probe *p)
{
	struct span raw;
	struct observable seen;
	for (unsigned nth = 0; nth < 2; nth++) {
		if (!found_email(p->text, p->found, nth, &raw))
			continue;
		bool percent = span_find_byte(raw, '@') == SIZE_MAX;
		if (obs_normalize(OBS_EMAIL,
			    percent ? found_decode(raw, FOUND_PERCENT, p->arena) : raw, p->arena,
			    &seen, NULL))
			continue;
		uint32_t i;
		struct item item;
		struct set_walk walk;
		set_walk(p->set, KEY_EMAIL, seen.value, &walk);
		while ((i = set_next(&walk, &item)) != NONE) {
			if (item.dead)
				continue;
			answer(p, i, HIT_EXACT, seen);
			struct match_answer *made = &p->out->at[p->out->len - 1];
			made->at = (size_t)(raw.ptr - p->text.ptr);
			made->len = raw.len;
		}
	}
}

/* The items of a name or address that was found whole. */
static void
answer_whole(struct probe *p, struct set_walk walk, enum obs_kind kind)
{
	uint32_t i;
	struct item item;
	while ((i = set_next(&walk, &item)) != NONE) {
		if (item.role == ROLE_URL_HOST)
			probe_url(p);
		else if (item.role == ROLE_EMAIL_HOST)
			probe_email(p);
		else if (!item.dead && item.reach != REACH_BELOW)
			answer(p, i, exact_or_host(p), (struct observable){kind, found_text(p)});
	}
}

static void
answer_below(struct probe *p, struct set_walk walk)
{
	uint32_t i;
	struct item item;
	while ((i = set_next(&walk, &item)) != NONE)
		if (item.role == ROLE_INDICATOR && item.reach && !item.dead)
			answer(p, i, HIT_SUBDOMAIN, (struct observable){OBS_DOMAIN, found_text(p)});
}

/* A name and all that it is below are looked up together. */
static void
probe_name(struct probe *p)
{
	__attribute__((uninitialized)) struct set_key keys[SET_KEYS];
	struct set_walk walk;
	struct span name = p->found->value;
	struct set_likely likely;
	set_likely_names(p->set, name, &likely);
	for (size_t from = 0; from < name.len;) {
		size_t count = 0;
		while (count < SET_KEYS && from < name.len) {
			struct span rest = span_sub(name, from, SIZE_MAX);
			size_t dot = span_find_byte(rest, '.');
			if (from >= NAME_LONGEST || likely.at[from / 64] >> from % 64 & 1)
				keys[count++] = set_key_ahead(p->set, KEY_NAME, rest);
			from = dot == SIZE_MAX ? name.len : from + dot + 1;
		}
		set_find_all(p->set, keys, count);
		for (size_t i = 0; i < count; i++) {
			set_walk_from(p->set, &keys[i], &walk);
			if (keys[i].bytes.len == name.len || (i == 0 && mutant(1822)))
				answer_whole(p, walk, OBS_DOMAIN);
			else
				answer_below(p, walk);
		}
	}
}

static void
probe_ranges(struct probe *p)
{
	const struct addr *addr = &p->found->addr;
	if (!addr->six) {
		size_t route = (size_t)addr->byte[0] << 8 | addr->byte[1];
		if (!(p->set->routes[route / 8] & 1 << route % 8))
			return;
	}
	for (unsigned bits = 0; bits <= (addr->six ? 128u : 32u); bits++) {
		uint64_t used = addr->six ? p->set->lengths6[bits / 64] >> bits % 64
					  : p->set->lengths4 >> bits;
		if (!(used & 1))
			continue;
		struct addr net = *addr;
		net.bits = (uint8_t)bits;
		for (unsigned i = 0; i < 16; i++) {
			unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
			if (kept < 8)
				net.byte[i] &= (uint8_t)(0xff00 >> kept);
		}
		char room[17];
		uint32_t at;
		struct item item;
		struct set_walk walk;
		set_walk(p->set, KEY_RANGE, set_range_key(&net, room), &walk);
		while ((at = set_next(&walk, &item)) != NONE)
			if (!item.dead)
				answer(p, at, HIT_CIDR,
					(struct observable){p->found->kind, found_text(p)});
	}
}

static void
probe_digits(struct probe *p)
{
	enum obs_kind kind = p->found->kind;
	bool ja3 = p->context == CONTEXT_JA3 && kind == OBS_MD5;
	uint32_t i;
	struct item item;
	struct set_walk walk;
	if (p->found->bare && p->context != CONTEXT_MAC)
		return;
	set_walk(p->set, KEY_DIGITS, p->found->value, &walk);
	while ((i = set_next(&walk, &item)) != NONE) {
		bool fits = ja3 ? item.kind == OBS_JA3 || (item.kind == OBS_MD5 && item.reach)
				: item.kind == kind;
		if (fits && !item.dead)
			answer(p, i, HIT_EXACT,
				(struct observable){ja3 ? OBS_JA3 : kind, found_text(p)});
	}
}

/* A place is an answer where its item's key ends with the name. */
bool
match_set_answer(const struct match_set *set, struct span text, const struct found *f,
	const struct match_places *places, struct arena *a, struct match_answers *out)
{
	struct probe p = {set, text, f, CONTEXT_PLAIN, a, out, {}};
	struct item item;
	for (size_t i = 0; i < places->count; i++) {
		const struct sweep_place *place = &places->at[i];
		if (!set->base || place->item == NO_ITEM || place->at < places->from ||
			!set_file_item(set->base, place->item, &item) ||
			item.len != f->value.len - (place->at - places->from))
			return false;
	}
	for (size_t i = 0; i < places->count; i++) {
		struct set_walk walk = {set, places->at[i].item, NONE, set->base->chains};
		if (places->at[i].at == places->from || mutant(1858))
			answer_whole(&p, walk, OBS_DOMAIN);
		else
			answer_below(&p, walk);
	}
	return true;
}

void
match_set_probe(const struct match_set *set, struct span text, const struct found *f,
	enum match_context context, struct arena *a, struct match_answers *out)
{
	struct probe p = {set, text, f, context, a, out, {}};
	struct span bytes;
	struct set_walk walk;
	if (set_is_empty(set))
		return;
	switch (f->kind) {
	case OBS_IPV4:
	case OBS_IPV6:
		bytes = (struct span){(const char *)f->addr.byte, f->addr.six ? 16 : 4};
		set_walk(set, KEY_ADDR, bytes, &walk);
		answer_whole(&p, walk, f->kind);
		probe_ranges(&p);
		break;
	case OBS_DOMAIN: probe_name(&p); break;
	default: probe_digits(&p);
	}
}
