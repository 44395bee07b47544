#include "match/set_file-internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "base/own.h"
#include "match/strings.h"
#include "obs/url.h"

enum { DUPLICATES = 64 };

static void
begin(struct match_set *set)
{
	/* Detail 0: a line of a plain list, which says nothing. Offset 0 of the pool: the empty
	 * text. */
	*vec_add(&set->details) = (struct detail){
		.valid_from = TIME_NONE, .valid_until = TIME_NONE, .confidence = -1};
	memset(buf_room(&set->pool, 4), 0, 4);
	set->pool.len = 4;
}

static void
end(struct match_set *set)
{
	free(set->slot);
	free(set->id_first);
	free(set->id_next);
	free(set->items.at);
	free(set->details.at);
	free(set->base_dead);
	set_file_close(&set->base);
	strings_free(&set->strings);
	buf_fini(&set->pool);
}

struct match_set *
match_set_new(uint64_t seed)
{
	struct match_set *set = mem_new(sizeof *set);
	set->seed = seed;
	begin(set);
	return set;
}

static void
stand_on(struct match_set *set, struct set_file **base)
{
	set->base = take(base);
	set->base_items = set->base->items;
	memcpy(set->routes, set->base->routes, sizeof set->routes);
	set->lengths4 = set->base->head->lengths4;
	memcpy(set->lengths6, set->base->head->lengths6, sizeof set->lengths6);
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		set->armed[k] = set->base->head->armed[k];
	set_take_strings(set);
}

struct match_set *
match_set_over(struct set_file **base)
{
	struct match_set *set = match_set_new((*base)->head->seed);
	stand_on(set, base);
	return set;
}

void
match_set_rebase(struct match_set *set, struct set_file **base)
{
	match_set_reset(set);
	set->seed = (*base)->head->seed;
	stand_on(set, base);
}

void
match_set_watch(struct match_set *set, struct set_work *work)
{
	set->work = work;
}

bool
set_is_stopped(const struct match_set *set)
{
	return set->work && atomic_load_explicit(&set->work->stop, memory_order_relaxed);
}

struct span
match_set_mapped(const struct match_set *set)
{
	return set->base ? set_file_bytes_mapped(set->base) : (struct span){};
}

bool
match_set_is_over(const struct match_set *set)
{
	return set->base != NULL;
}

void
match_set_free(struct match_set **set)
{
	if (!*set)
		return;
	end(*set);
	free(*set);
	*set = NULL;
}

void
match_set_reset(struct match_set *set)
{
	struct match_set empty = {
		.seed = set->seed, .version = set->version + 1, .work = set->work};
	end(set);
	*set = empty;
	begin(set);
}

struct span
set_own_bytes(const struct match_set *set, const struct item *item)
{
	return (struct span){set->pool.ptr + item->text, item->len};
}

static void
put_slot(struct match_set *set, uint32_t hash, uint32_t item)
{
	size_t at = hash & (set->slots - 1);
	while (set->slot[at].item != NONE)
		at = (at + 1) & (set->slots - 1);
	set->slot[at] = (struct slot){hash, item};
}

/* The hash in each slot is all of it, so that growing reads no key again. */
void
match_set_expect(struct match_set *set, uint64_t more)
{
	struct slot *old = set->slot;
	size_t count = set->slots, slots = count ? count : 1024;
	while (slots * 2 < (set->keys + more) * 3 && slots < UINT32_MAX)
		slots *= 2;
	if (slots == count)
		return;
	set->slots = slots;
	set->slot = mem_table(slots * sizeof *set->slot);
	memset(set->slot, 0xff, slots * sizeof *set->slot);
	for (size_t i = 0; i < count; i++)
		if (old[i].item != NONE)
			put_slot(set, old[i].hash, old[i].item);
	free(old);
}

static uint32_t
pool_add(struct match_set *set, struct span bytes)
{
	uint32_t at = (uint32_t)set->pool.len;
	buf_add(&set->pool, bytes);
	return at;
}

struct span
set_own_text(const struct match_set *set, uint32_t at)
{
	uint32_t len;
	memcpy(&len, set->pool.ptr + at, sizeof len);
	return (struct span){set->pool.ptr + at + sizeof len, len};
}

/* Details: texts with a length before them, so that an empty one is offset 0. */
static uint32_t
text_add(struct match_set *set, struct span text, uint32_t before)
{
	/* What the detail before says in the same place is often the same. */
	if (text.len == 0 || span_eq(set_own_text(set, before), text))
		return text.len ? before : 0;
	uint32_t len = (uint32_t)text.len,
		 at = pool_add(set, (struct span){(char *)&len, sizeof len});
	pool_add(set, text);
	return at;
}

/* A key on its way into the set. */
struct place {
	enum key key;
	uint32_t hash, first; /* item of the key, NONE where it is new */
	struct span bytes;
};

static struct place
find_place(const struct match_set *set, enum key key, struct span bytes)
{
	struct place p = {.key = key, .hash = set_hash(set->seed, key, bytes), .bytes = bytes};
	p.first = set_find_own(set, key, bytes, p.hash);
	return p;
}

/* Adds one item under a key; the first of it stays first, so that a slot never changes. */
static void
put_item(struct match_set *set, const struct place *p, struct item made)
{
	uint32_t first = p->first;
	struct span bytes = p->bytes;
	set->version++;
	if (set->work)
		atomic_fetch_add_explicit(&set->work->put, 1, memory_order_relaxed);
	made.key = (uint8_t)p->key;
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
	match_set_expect(set, 1);
	put_slot(set, p->hash, index);
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
	struct item item;
	struct set_walk walk;
	set_walk(set, key, bytes, &walk);
	while (set_next(&walk, &item) != NONE)
		if (item.role == role)
			return;
	struct place p = find_place(set, key, bytes);
	put_item(set, &p, (struct item){.role = role});
}

bool
set_same_facts(const struct indicator *known, const struct indicator *i)
{
	return span_eq(known->id, i->id) && known->valid_from == i->valid_from &&
	       known->valid_until == i->valid_until && span_eq(known->party, i->party) &&
	       known->confidence == i->confidence && known->part == i->part &&
	       span_eq(known->name, i->name) && span_eq(known->pattern, i->pattern) &&
	       span_eq(known->memo, i->memo) && span_eq(known->tlp, i->tlp);
}

/* Everything but what it is about. */
static struct indicator
facts_of(const struct match_set *set, uint32_t index)
{
	const struct detail *d = &set->details.at[index];
	return (struct indicator){
		.id = set_own_text(set, d->id),
		.name = set_own_text(set, d->name),
		.pattern = set_own_text(set, d->pattern),
		.party = set_own_text(set, d->party),
		.memo = set_own_text(set, d->memo),
		.tlp = set_own_text(set, d->tlp),
		.valid_from = d->valid_from,
		.valid_until = d->valid_until,
		.confidence = d->confidence,
		.part = d->part,
	};
}

static bool
same_detail(const struct match_set *set, uint32_t index, const struct indicator *i)
{
	struct indicator known = facts_of(set, index);
	return set_same_facts(&known, i);
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
		.id = text_add(set, i->id, set->details.at[last].id),
		.name = text_add(set, i->name, set->details.at[last].name),
		.pattern = text_add(set, i->pattern, set->details.at[last].pattern),
		.party = text_add(set, i->party, set->details.at[last].party),
		.memo = text_add(set, i->memo, set->details.at[last].memo),
		.tlp = text_add(set, i->tlp, set->details.at[last].tlp),
		.valid_from = i->valid_from,
		.valid_until = i->valid_until,
		.confidence = i->confidence,
		.part = i->part,
	};
	set->has_parts |= i->part;
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

void
match_set_prepare(const struct match_set *set, const struct indicator *what)
{
	enum key key;
	struct addr addr;
	char room[17];
	struct span bytes;
	if (set->keys && !set_key_make(&what->about, &addr, room, &key, &bytes))
		__builtin_prefetch(
			&set->slot[set_hash(set->seed, key, bytes) & (set->slots - 1)], 1);
}

static bool
is_there(const struct match_set *set, const struct place *p, enum obs_kind kind,
	const struct indicator *what)
{
	/* A feed that says one thing a million ways must not cost a million squared. */
	unsigned looked = 0;
	uint32_t at;
	struct item item;
	struct set_walk walk = {set, NONE, p->first, 0};
	if (set->base)
		set_walk(set, p->key, p->bytes, &walk);
	while (looked++ < DUPLICATES && (at = set_next(&walk, &item)) != NONE) {
		if (item.role != ROLE_INDICATOR || item.kind != kind || item.reach != what->reach ||
			item.dead)
			continue;
		if (at < set->base_items ? set_file_says(set->base, at, what)
					 : same_detail(set, item.detail, what))
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
	if (what->revoked && !mutant(1491))
		return RC_NONE;
	enum rc code = set_key_make(&what->about, &addr, room, &key, &bytes);
	if (code)
		return code;
	if (what->reach == REACH_BELOW && key != KEY_NAME)
		return RC_UNKNOWN;
	size_t more = bytes.len + what->id.len + what->name.len + what->pattern.len +
		      what->party.len + what->memo.len + what->tlp.len + 4096;
	if (bytes.len > UINT16_MAX || more > UINT32_MAX - set->pool.len ||
		set->items.len > STRING_ITEM - 4 - set->base_items)
		return RC_LIMIT;
	enum obs_kind kind = what->about.kind;
	if (key == KEY_ADDR)
		kind = addr.six ? OBS_IPV6 : OBS_IPV4; /* a mapped one is what it stands for */
	else if (key == KEY_RANGE)
		kind = addr.six ? OBS_CIDR6 : OBS_CIDR4;
	struct place p = find_place(set, key, bytes);
	if (is_there(set, &p, kind, what))
		return RC_CONFLICT;
	set->has_open |= what->open;
	struct item made = {
		.kind = (uint8_t)kind, .reach = what->reach, .detail = detail_add(set, what)};
	put_item(set, &p, made);
	if (key == KEY_RANGE)
		mark_range(set, &addr);
	if (key == KEY_EMAIL) {
		size_t at = span_find_byte(bytes, '@');
		struct span host = span_sub(bytes, at + 1, SIZE_MAX);
		if (host.len > 2 && host.ptr[0] == '[')
			host = span_sub(host, 1, host.len - 2);
		note_host(set, host, ROLE_EMAIL_HOST);
	}
	if (key == KEY_URL)
		note_host(set, url_normal_host(bytes), ROLE_URL_HOST);
	set->armed[kind]++;
	return RC_OK;
}

enum rc
match_set_add_text(struct match_set *set, const struct indicator *what, struct diag *why)
{
	if (!set->strings)
		set->strings = strings_new(set->seed, set->version);
	enum rc code = strings_add(set->strings, what, why);
	set->version += code == RC_OK;
	set->has_open |= what->open;
	set->has_parts |= what->part;
	return code;
}

struct strings *
match_set_strings(const struct match_set *set)
{
	return set->strings;
}

size_t
match_set_count(const struct match_set *set)
{
	size_t count = set->strings ? strings_counts(set->strings).all : 0;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		count += set->armed[k];
	return count;
}

bool
match_set_has_parts(const struct match_set *set)
{
	return set->has_parts || (set->base && set->base->head->parts);
}

bool
match_set_has_open(const struct match_set *set)
{
	return set->has_open || (set->base && set->base->head->parts & FILE_OPEN);
}

size_t
match_set_count_kind(const struct match_set *set, enum obs_kind kind)
{
	if (kind == OBS_TEXT)
		return set->strings ? strings_counts(set->strings).all : 0;
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
	if (index & STRING_ITEM)
		return strings_get(set->strings, index & ~STRING_ITEM);
	if (index < set->base_items) {
		struct indicator made = set_file_get(set->base, index, a);
		made.revoked = set->base_dead && set->base_dead[index / 64] >> index % 64 & 1;
		return made;
	}
	const struct item *item = &set->items.at[index - set->base_items];
	struct indicator made = facts_of(set, item->detail);
	made.about.kind = (enum obs_kind)item->kind;
	made.about.value = set_value((enum key)item->key, set_own_bytes(set, item), a);
	made.reach = (enum match_reach)item->reach;
	made.revoked = item->dead;
	return made;
}

uint64_t
match_set_version(const struct match_set *set)
{
	return set->version;
}
