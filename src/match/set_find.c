/* Looking keys up: in the file that a set stands on, and among what was added. */
#include "base/mutant.h"
#include "match/set_file-internal.h"

bool
set_is_empty(const struct match_set *set)
{
	return !set->keys && !set->base && !set->strings;
}

uint32_t
set_find_own(const struct match_set *set, enum key key, struct span bytes, uint32_t hash)
{
	if (!set->keys)
		return NONE;
	for (size_t at = hash & (set->slots - 1);; at = (at + 1) & (set->slots - 1)) {
		const struct slot *s = &set->slot[at];
		if (s->item == NONE)
			return NONE;
		const struct item *item = &set->items.at[s->item];
		if (s->hash == hash && item->key == key && span_eq(set_own_bytes(set, item), bytes))
			return s->item;
	}
}

uint32_t
set_find(const struct match_set *set, enum key key, struct span bytes)
{
	if (set_is_empty(set))
		return NONE;
	uint32_t hash = set_hash(set->seed, key, bytes),
		 found = set->base ? set_file_find(set->base, key, bytes, hash) : NONE;
	if (found != NONE)
		return found;
	found = set_find_own(set, key, bytes, hash);
	return found == NONE ? NONE : set->base_items + found;
}

void
set_walk(const struct match_set *set, enum key key, struct span bytes, struct set_walk *out)
{
	*out = (struct set_walk){set, NONE, NONE, 0};
	if (set_is_empty(set))
		return;
	uint32_t hash = set_hash(set->seed, key, bytes);
	out->own = set_find_own(set, key, bytes, hash);
	if (set->base) {
		out->base = set_file_find(set->base, key, bytes, hash);
		out->left = set->base->chains;
	}
}

struct set_key
set_key_ahead(const struct match_set *set, enum key key, struct span bytes)
{
	uint32_t hash = set_hash(set->seed, key, bytes);
	if (set->base)
		set_file_fetch(set->base, hash);
	if (set->keys)
		__builtin_prefetch(&set->slot[hash & (set->slots - 1)]);
	return (struct set_key){bytes, key, hash, NONE, NONE};
}

void
set_find_all(const struct match_set *set, struct set_key *keys, size_t count)
{
	const struct set_file *base = set->base;
	for (size_t i = 0; base && i < count; i++)
		keys[i].base = set_file_likely(base, keys[i].hash);
	for (size_t i = 0; base && i < count; i++)
		if (keys[i].base != NONE)
			set_file_fetch_text(base, keys[i].base);
	for (size_t i = 0; i < count; i++) {
		struct set_key *k = &keys[i];
		if (k->base != NONE && !mutant(1824))
			k->base = set_file_find(base, k->key, k->bytes, k->hash);
		k->own = set_find_own(set, k->key, k->bytes, k->hash);
	}
}

void
set_walk_from(const struct match_set *set, const struct set_key *found, struct set_walk *out)
{
	*out = (struct set_walk){set, found->base, found->own, set->base ? set->base->chains : 0};
}

uint32_t
set_next(struct set_walk *w, struct item *out)
{
	const struct match_set *set = w->set;
	while (w->base != NONE) {
		uint32_t at = w->base;
		w->base = w->left ? set_file_next(set->base, at) : NONE;
		w->left -= w->left > 0;
		if (!set_file_item(set->base, at, out))
			continue;
		out->dead =
			set->base_dead && !mutant(1673) && set->base_dead[at / 64] >> at % 64 & 1;
		return at;
	}
	if (w->own == NONE)
		return NONE;
	uint32_t at = w->own;
	*out = set->items.at[at];
	w->own = out->next;
	return set->base_items + at;
}

bool
set_walk_value(const struct match_set *set, const struct observable *o, struct set_walk *out)
{
	enum key key;
	struct addr addr;
	char room[17];
	struct span bytes;
	if (set_key_make(o, &addr, room, &key, &bytes))
		return false;
	set_walk(set, key, bytes, out);
	return true;
}
