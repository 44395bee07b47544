/* Disarming by id: items of the file are marked beside it, those that were added in themselves. */
#include <string.h>

#include "base/hash.h"
#include "base/own.h"
#include "match/set_file-internal.h"
#include "match/strings.h"

static uint32_t *
id_bucket(const struct match_set *set, struct span id)
{
	return &set->id_first[hash64(id, set->seed) & (set->id_buckets - 1)];
}

static struct span
item_id(const struct match_set *set, const struct item *item)
{
	return set_own_text(set, set->details.at[item->detail].id);
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

/* Items of the file stay in it; which of them are dead is known here. */
static size_t
revoke_base(struct match_set *set, struct span id)
{
	size_t count = 0;
	struct file_ids ids;
	struct item item;
	uint32_t at, end;
	set_file_ids(set->base, id, &ids);
	while (set_file_next_id(&ids, &at, &end)) {
		if (!set->base_dead)
			set->base_dead = mem_new((set->base_items / 64 + 1) * sizeof(uint64_t));
		for (; at < end; at++) {
			uint64_t *word = &set->base_dead[at / 64], bit = UINT64_C(1) << at % 64;
			if ((*word & bit) || !set_file_item(set->base, at, &item) ||
				item.role != ROLE_INDICATOR)
				continue;
			*word |= bit;
			set->armed[item.kind] -= set->armed[item.kind] > 0;
			count++;
		}
	}
	return count;
}

size_t
match_set_revoke(struct match_set *set, struct span id)
{
	if (id.len == 0)
		return 0;
	size_t count = set->base ? revoke_base(set, id) : 0;
	count += set->strings ? strings_revoke(set->strings, id) : 0;
	index_ids(set);
	if (!set->id_buckets)
		return count;
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
