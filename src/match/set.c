#include "match/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/must.h"
#include "obs/url.h"

/* What a key is about. Names and addresses also stand for the hosts of URLs and e-mail addresses.
 */
enum key { KEY_NAME, KEY_ADDR, KEY_RANGE, KEY_URL, KEY_EMAIL, KEY_DIGITS };
/* What an item is: an indicator, or a note that URLs or e-mail addresses have this host. */
enum role { ROLE_INDICATOR, ROLE_URL_HOST, ROLE_EMAIL_HOST };

enum { NONE = UINT32_MAX, ROUTES = 1 << 16, DUPLICATES = 64 };

struct item {
	uint32_t text; /* in the pool: the key's bytes */
	uint32_t next; /* with the same key */
	uint32_t detail;
	uint16_t len;
	uint8_t kind; /* enum obs_kind */
	uint8_t role : 2, reach : 1, key : 4, dead : 1;
};

/* What few indicators share or all lines of a list do. */
struct detail {
	uint32_t id, name, pattern, party, memo,
		tlp; /* in the pool, each with its length before it */
	int64_t valid_from, valid_until;
	int confidence;
};

struct slot {
	uint32_t tag, item; /* item NONE: free */
};

struct match_set {
	struct slot *slot;
	size_t slots, keys;
	vec_of(struct item) items;
	vec_of(struct detail) details;
	struct buf pool;
	uint64_t seed;
	size_t armed[OBS_KINDS];
	uint8_t routes[ROUTES / 8];	/* /16s of IPv4 that a range touches */
	uint64_t lengths4, lengths6[3]; /* prefix lengths in use, one bit each */
	/* Items by their indicator's id, made when the first is revoked: chains from id_first[hash]
	 * over id_next[item]. Of the items, the first `by_id` are in it. */
	uint32_t *id_first, *id_next;
	size_t id_buckets, by_id;
};

struct match_set *
match_set_new(uint64_t seed)
{
	struct match_set *set = mem_new(sizeof *set);
	set->seed = seed;
	/* Detail 0: a line of a plain list, which says nothing. Offset 0 of the pool: the empty
	 * text. */
	*vec_add(&set->details) = (struct detail){
		.valid_from = TIME_NONE, .valid_until = TIME_NONE, .confidence = -1};
	memset(buf_room(&set->pool, 4), 0, 4);
	set->pool.len = 4;
	return set;
}

void
match_set_free(struct match_set **set)
{
	if (!*set)
		return;
	free((*set)->slot);
	free((*set)->id_first);
	free((*set)->id_next);
	free((*set)->items.at);
	free((*set)->details.at);
	buf_fini(&(*set)->pool);
	free(*set);
	*set = NULL;
}

static uint64_t
key_hash(const struct match_set *set, enum key key, struct span bytes)
{
	return hash64(bytes, set->seed + (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15));
}

static struct span
item_bytes(const struct match_set *set, const struct item *item)
{
	return (struct span){set->pool.ptr + item->text, item->len};
}

/* First item of a key, NONE where there is none. */
static uint32_t
find(const struct match_set *set, enum key key, struct span bytes)
{
	if (!set->keys)
		return NONE;
	uint64_t hash = key_hash(set, key, bytes);
	uint32_t tag = (uint32_t)(hash >> 32);
	for (size_t at = hash & (set->slots - 1);; at = (at + 1) & (set->slots - 1)) {
		const struct slot *s = &set->slot[at];
		if (s->item == NONE)
			return NONE;
		const struct item *item = &set->items.at[s->item];
		if (s->tag == tag && item->key == key && span_eq(item_bytes(set, item), bytes))
			return s->item;
	}
}

static void
put_slot(struct match_set *set, uint64_t hash, uint32_t item)
{
	size_t at = hash & (set->slots - 1);
	while (set->slot[at].item != NONE)
		at = (at + 1) & (set->slots - 1);
	set->slot[at] = (struct slot){(uint32_t)(hash >> 32), item};
}

static void
grow(struct match_set *set)
{
	struct slot *old = set->slot;
	size_t count = set->slots;
	set->slots = count ? count * 2 : 1024;
	set->slot = mem_grow(NULL, set->slots, sizeof *set->slot);
	memset(set->slot, 0xff, set->slots * sizeof *set->slot);
	for (size_t i = 0; i < count; i++)
		if (old[i].item != NONE) {
			const struct item *item = &set->items.at[old[i].item];
			put_slot(set, key_hash(set, item->key, item_bytes(set, item)), old[i].item);
		}
	free(old);
}

static uint32_t
pool_add(struct match_set *set, struct span bytes)
{
	uint32_t at = (uint32_t)set->pool.len;
	buf_add(&set->pool, bytes);
	return at;
}

/* Details: texts with a length before them, so that an empty one is offset 0. */
static uint32_t
text_add(struct match_set *set, struct span text)
{
	if (text.len == 0)
		return 0;
	uint32_t len = (uint32_t)text.len,
		 at = pool_add(set, (struct span){(char *)&len, sizeof len});
	pool_add(set, text);
	return at;
}

static struct span
text_get(const struct match_set *set, uint32_t at)
{
	uint32_t len;
	memcpy(&len, set->pool.ptr + at, sizeof len);
	return (struct span){set->pool.ptr + at + sizeof len, len};
}

/*
 * Adds one item under a key whose first item is `first`; that one stays first, so that a slot never
 * changes.
 */
static void
put_item(struct match_set *set, uint32_t first, struct span bytes, struct item made)
{
	uint32_t index = (uint32_t)set->items.len;
	made.len = (uint16_t)bytes.len;
	made.next = NONE;
	if (first != NONE) {
		struct item *before = &set->items.at[first];
		made.text = before->text;
		made.next = before->next;
		before->next = index;
		*vec_add(&set->items) = made;
		return;
	}
	made.text = pool_add(set, bytes);
	*vec_add(&set->items) = made;
	if ((set->keys + 1) * 3 > set->slots * 2)
		grow(set);
	put_slot(set, key_hash(set, made.key, bytes), index);
	set->keys++;
}

static void
note_host(struct match_set *set, struct span host, enum role role)
{
	struct addr addr;
	struct span bytes = host;
	enum key key = KEY_NAME;
	if (addr_parse(host, &addr)) {
		addr = addr_unmap(addr);
		bytes = (struct span){(char *)addr.byte, addr.six ? 16 : 4};
		key = KEY_ADDR;
	}
	uint32_t first = find(set, key, bytes);
	for (uint32_t i = first; i != NONE; i = set->items.at[i].next)
		if (set->items.at[i].role == role)
			return;
	put_item(set, first, bytes, (struct item){.key = key, .role = role});
}

static bool
same_detail(const struct match_set *set, uint32_t index, const struct indicator *i)
{
	const struct detail *d = &set->details.at[index];
	return span_eq(text_get(set, d->id), i->id) && d->valid_from == i->valid_from &&
	       d->valid_until == i->valid_until && span_eq(text_get(set, d->party), i->party) &&
	       d->confidence == i->confidence && span_eq(text_get(set, d->name), i->name) &&
	       span_eq(text_get(set, d->pattern), i->pattern) &&
	       span_eq(text_get(set, d->memo), i->memo) && span_eq(text_get(set, d->tlp), i->tlp);
}

/* Neighbours often share everything: a list's lines, the observables of one pattern. */
static uint32_t
detail_add(struct match_set *set, const struct indicator *i)
{
	uint32_t last = (uint32_t)set->details.len - 1;
	if (same_detail(set, 0, i))
		return 0;
	if (same_detail(set, last, i))
		return last;
	struct detail d = {
		.id = text_add(set, i->id),
		.name = text_add(set, i->name),
		.pattern = text_add(set, i->pattern),
		.party = text_add(set, i->party),
		.memo = text_add(set, i->memo),
		.tlp = text_add(set, i->tlp),
		.valid_from = i->valid_from,
		.valid_until = i->valid_until,
		.confidence = i->confidence,
	};
	*vec_add(&set->details) = d;
	return last + 1;
}

static void
mark_range(struct match_set *set, const struct addr *net)
{
	if (net->six) {
		set->lengths6[net->bits / 64] |= UINT64_C(1) << net->bits % 64;
		return;
	}
	set->lengths4 |= UINT64_C(1) << net->bits;
	size_t first = (size_t)net->byte[0] << 8 | net->byte[1];
	size_t count = net->bits >= 16 ? 1 : (size_t)1 << (16 - net->bits);
	for (size_t i = first; i < first + count; i++)
		set->routes[i / 8] |= (uint8_t)(1 << i % 8);
}

/* A range's key: its bytes and its length; 5 or 17 bytes, so that it equals no address. */
static struct span
range_key(const struct addr *net, char out[static 17])
{
	size_t width = net->six ? 16 : 4;
	memcpy(out, net->byte, width);
	out[width] = (char)net->bits;
	return (struct span){out, width + 1};
}

static enum rc
make_key(const struct observable *o, struct addr *addr, char room[static 17], enum key *key,
	struct span *bytes)
{
	*bytes = o->value;
	switch (o->kind) {
	case OBS_IPV4:
	case OBS_IPV6:
		if (!addr_parse(o->value, addr))
			return RC_BAD;
		*addr = addr_unmap(*addr);
		*bytes = (struct span){(char *)addr->byte, addr->six ? 16 : 4};
		*key = KEY_ADDR;
		return RC_OK;
	case OBS_CIDR4:
	case OBS_CIDR6:
		if (!addr_parse_range(o->value, addr))
			return RC_BAD;
		*addr = addr_unmap(*addr);
		*bytes = range_key(addr, room);
		*key = KEY_RANGE;
		return RC_OK;
	case OBS_DOMAIN: *key = KEY_NAME; return RC_OK;
	case OBS_URL: *key = KEY_URL; return RC_OK;
	case OBS_EMAIL: *key = KEY_EMAIL; return RC_OK;
	case OBS_NONE:
	case OBS_KINDS: return RC_UNKNOWN;
	default: *key = KEY_DIGITS; return RC_OK;
	}
}

static bool
is_there(const struct match_set *set, uint32_t first, enum obs_kind kind,
	const struct indicator *what)
{
	/* A feed that says one thing a million ways must not cost a million squared. */
	unsigned looked = 0;
	for (uint32_t i = first; i != NONE && looked < DUPLICATES; looked++) {
		const struct item *item = &set->items.at[i];
		i = item->next;
		if (item->role == ROLE_INDICATOR && item->kind == kind &&
			item->reach == what->reach && !item->dead &&
			same_detail(set, item->detail, what))
			return true;
	}
	return false;
}

enum rc
match_set_add(struct match_set *set, const struct indicator *what)
{
	enum key key;
	struct addr addr;
	char room[17];
	struct span bytes;
	if (what->revoked)
		return RC_NONE;
	enum rc code = make_key(&what->about, &addr, room, &key, &bytes);
	if (code)
		return code;
	size_t more = bytes.len + what->id.len + what->name.len + what->pattern.len +
		      what->party.len + what->memo.len + what->tlp.len + 4096;
	if (bytes.len > UINT16_MAX || more > UINT32_MAX - set->pool.len ||
		set->items.len > NONE - 4)
		return RC_LIMIT;
	enum obs_kind kind = what->about.kind;
	if (key == KEY_ADDR)
		kind = addr.six ? OBS_IPV6 : OBS_IPV4; /* a mapped one is what it stands for */
	else if (key == KEY_RANGE)
		kind = addr.six ? OBS_CIDR6 : OBS_CIDR4;
	uint32_t first = find(set, key, bytes);
	if (is_there(set, first, kind, what))
		return RC_CONFLICT;
	uint32_t detail = detail_add(set, what);
	put_item(set, first, bytes,
		(struct item){.key = key,
			.kind = (uint8_t)kind,
			.reach = what->reach == REACH_COVERING,
			.detail = detail});
	if (key == KEY_RANGE)
		mark_range(set, &addr);
	if (key == KEY_EMAIL) {
		size_t at = span_find_byte(bytes, '@');
		struct span host = span_sub(bytes, at + 1, SIZE_MAX);
		if (host.len > 2 && host.ptr[0] == '[')
			host = span_sub(host, 1, host.len - 2);
		note_host(set, host, ROLE_EMAIL_HOST);
	}
	if (key == KEY_URL) {
		own_arena struct arena a = {};
		struct url url;
		if (url_parse(bytes, SCHEME_OPTIONAL, &a, &url, NULL))
			return RC_BAD;
		note_host(set, url.host, ROLE_URL_HOST);
	}
	set->armed[kind]++;
	return RC_OK;
}

static uint32_t *
id_bucket(const struct match_set *set, struct span id)
{
	return &set->id_first[hash64(id, set->seed) & (set->id_buckets - 1)];
}

static struct span
item_id(const struct match_set *set, const struct item *item)
{
	return text_get(set, set->details.at[item->detail].id);
}

/* Brings the index of ids up to date: each item once, and all anew where it has to grow. */
static void
index_ids(struct match_set *set)
{
	if (set->by_id == set->items.len)
		return;
	if (set->id_buckets < set->items.len) {
		set->id_buckets = set->id_buckets ? set->id_buckets : 1024;
		while (set->id_buckets < set->items.len)
			set->id_buckets *= 2;
		set->id_first = mem_grow(set->id_first, set->id_buckets, sizeof *set->id_first);
		set->id_next = mem_grow(set->id_next, set->id_buckets, sizeof *set->id_next);
		memset(set->id_first, 0xff, set->id_buckets * sizeof *set->id_first);
		set->by_id = 0;
	}
	for (; set->by_id < set->items.len; set->by_id++) {
		const struct item *item = &set->items.at[set->by_id];
		if (item->role != ROLE_INDICATOR || item->dead || !item->detail)
			continue;
		uint32_t *first = id_bucket(set, item_id(set, item));
		set->id_next[set->by_id] = *first;
		*first = (uint32_t)set->by_id;
	}
}

size_t
match_set_revoke(struct match_set *set, struct span id)
{
	size_t count = 0;
	if (id.len == 0)
		return 0;
	index_ids(set);
	if (!set->id_buckets)
		return 0;
	for (uint32_t *at = id_bucket(set, id); *at != NONE;) {
		struct item *item = &set->items.at[*at];
		if (!span_eq(item_id(set, item), id)) {
			at = &set->id_next[*at];
			continue;
		}
		item->dead = 1;
		set->armed[item->kind]--;
		count++;
		*at = set->id_next[*at];
	}
	return count;
}

size_t
match_set_count(const struct match_set *set)
{
	size_t count = 0;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		count += set->armed[k];
	return count;
}

size_t
match_set_count_kind(const struct match_set *set, enum obs_kind kind)
{
	return set->armed[kind];
}

size_t
match_set_bytes(const struct match_set *set)
{
	return sizeof *set + set->slots * sizeof *set->slot +
	       set->items.cap * sizeof *set->items.at + set->details.cap * sizeof *set->details.at +
	       set->pool.cap + set->id_buckets * 2 * sizeof *set->id_first;
}

struct indicator
match_set_get(const struct match_set *set, uint32_t index, struct arena *a)
{
	const struct item *item = &set->items.at[index];
	const struct detail *d = &set->details.at[item->detail];
	struct indicator i = {
		.about = {(enum obs_kind)item->kind, item_bytes(set, item)},
		.reach = item->reach ? REACH_COVERING : REACH_EXACT,
		.id = text_get(set, d->id),
		.name = text_get(set, d->name),
		.pattern = text_get(set, d->pattern),
		.party = text_get(set, d->party),
		.memo = text_get(set, d->memo),
		.tlp = text_get(set, d->tlp),
		.valid_from = d->valid_from,
		.valid_until = d->valid_until,
		.confidence = d->confidence,
		.revoked = item->dead,
	};
	if (item->key == KEY_ADDR || item->key == KEY_RANGE) {
		bool range = item->key == KEY_RANGE;
		size_t width = item->len - range;
		struct addr addr = {.six = width == 16, .bits = width == 16 ? 128 : 32};
		memcpy(addr.byte, i.about.value.ptr, width);
		if (range)
			addr.bits = (uint8_t)i.about.value.ptr[width];
		char text[ADDR_TEXT];
		size_t len = addr_text(&addr, text);
		i.about.value = arena_dup(a, (struct span){text, len});
	}
	return i;
}

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
	bool encoded;
	return found_url(p->text, p->found, &raw, &encoded) ? HIT_URL_HOST : HIT_EXACT;
}

static struct span
decode_percent(struct span raw, struct arena *a)
{
	char *out = arena_bytes(a, raw.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		bool escape = raw.ptr[i] == '%' && i + 2 < raw.len &&
			      ascii_hex(raw.ptr[i + 1]) >= 0 && ascii_hex(raw.ptr[i + 2]) >= 0;
		out[len++] =
			escape ? (char)(ascii_hex(raw.ptr[i + 1]) * 16 + ascii_hex(raw.ptr[i + 2]))
			       : raw.ptr[i];
		i += escape ? 2 : 0;
	}
	return (struct span){out, len};
}

static void
answer_url(struct probe *p, struct span key, bool whole, struct observable seen, struct span raw)
{
	for (uint32_t i = find(p->set, KEY_URL, key); i != NONE; i = p->set->items.at[i].next) {
		const struct item *item = &p->set->items.at[i];
		if (item->dead || (!whole && !item->reach))
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

/* Schemes under which a URL is looked up: its own, and none; all where the log gave none. */
static void
probe_url(struct probe *p)
{
	struct span raw, text;
	bool encoded;
	struct url url;
	if (!found_url(p->text, p->found, &raw, &encoded))
		return;
	text = encoded ? decode_percent(raw, p->arena) : raw;
	if (url_parse(text, SCHEME_OPTIONAL, p->arena, &url, NULL))
		return;
	struct observable seen = {OBS_URL, url.text};
	size_t rest = (size_t)(url.rest.ptr - url.text.ptr);
	probe_prefixes(p, url.text, rest, seen, raw);
	if (url.scheme.len) {
		size_t cut = url.scheme.len + 1;
		probe_prefixes(p, span_sub(url.text, cut, SIZE_MAX), rest - cut, seen, raw);
		return;
	}
	static const char *const schemes[] = {"http:", "https:"};
	for (size_t i = 0; i < 2; i++) {
		struct span full = arena_printf(
			p->arena, "%s%.*s", schemes[i], (int)url.text.len, url.text.ptr);
		probe_prefixes(p, full, rest + strlen(schemes[i]), seen, raw);
	}
}

static void
probe_email(struct probe *p)
{
	struct span raw;
	struct observable seen;
	for (unsigned nth = 0; nth < 2; nth++) {
		if (!found_email(p->text, p->found, nth, &raw) ||
			obs_normalize(OBS_EMAIL, raw, p->arena, &seen, NULL))
			continue;
		for (uint32_t i = find(p->set, KEY_EMAIL, seen.value); i != NONE;
			i = p->set->items.at[i].next) {
			if (p->set->items.at[i].dead)
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
answer_whole(struct probe *p, uint32_t first, enum obs_kind kind)
{
	for (uint32_t i = first; i != NONE; i = p->set->items.at[i].next) {
		const struct item *item = &p->set->items.at[i];
		if (item->role == ROLE_URL_HOST)
			probe_url(p);
		else if (item->role == ROLE_EMAIL_HOST)
			probe_email(p);
		else if (!item->dead)
			answer(p, i, exact_or_host(p), (struct observable){kind, found_text(p)});
	}
}

static void
probe_name(struct probe *p)
{
	struct span name = p->found->value;
	answer_whole(p, find(p->set, KEY_NAME, name), OBS_DOMAIN);
	for (size_t at = 0; at < name.len; at++) {
		if (name.ptr[at] != '.')
			continue;
		for (uint32_t i = find(p->set, KEY_NAME, span_sub(name, at + 1, SIZE_MAX));
			i != NONE; i = p->set->items.at[i].next) {
			const struct item *item = &p->set->items.at[i];
			if (item->role == ROLE_INDICATOR && item->reach && !item->dead)
				answer(p, i, HIT_SUBDOMAIN,
					(struct observable){OBS_DOMAIN, found_text(p)});
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
		for (uint32_t i = find(p->set, KEY_RANGE, range_key(&net, room)); i != NONE;
			i = p->set->items.at[i].next)
			if (!p->set->items.at[i].dead)
				answer(p, i, HIT_CIDR,
					(struct observable){p->found->kind, found_text(p)});
	}
}

static void
probe_digits(struct probe *p)
{
	enum obs_kind kind = p->found->kind;
	bool ja3 = p->context == CONTEXT_JA3 && kind == OBS_MD5;
	for (uint32_t i = find(p->set, KEY_DIGITS, p->found->value); i != NONE;
		i = p->set->items.at[i].next) {
		const struct item *item = &p->set->items.at[i];
		bool fits = ja3 ? item->kind == OBS_JA3 || (item->kind == OBS_MD5 && item->reach)
				: item->kind == kind;
		if (fits && !item->dead)
			answer(p, i, HIT_EXACT,
				(struct observable){ja3 ? OBS_JA3 : kind, found_text(p)});
	}
}

void
match_set_probe(const struct match_set *set, struct span text, const struct found *f,
	enum match_context context, struct arena *a, struct match_answers *out)
{
	struct probe p = {set, text, f, context, a, out, {}};
	struct span bytes;
	if (!set->keys)
		return;
	switch (f->kind) {
	case OBS_IPV4:
	case OBS_IPV6:
		bytes = (struct span){(const char *)f->addr.byte, f->addr.six ? 16 : 4};
		answer_whole(&p, find(set, KEY_ADDR, bytes), f->kind);
		probe_ranges(&p);
		break;
	case OBS_DOMAIN: probe_name(&p); break;
	default: probe_digits(&p);
	}
}
