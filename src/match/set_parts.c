/* Indicators that are parts of patterns, one after the other: few sets have many, so that lists are not walked for them. */
#include "base/mutant.h"
#include "match/set_file-internal.h"
#include "match/strings.h"

static bool
next_of_base(
	const struct match_set *set, struct set_parts *at, struct arena *a, struct indicator *out)
{
	const struct set_file *f = set->base;
	while (f && at->detail < f->details && !mutant(1838)) {
		uint32_t detail = at->detail++, first = f->detail[detail].first;
		uint32_t end = detail + 1 < f->details ? f->detail[detail + 1].first : f->items;
		if (!(f->detail[detail].source & DETAIL_IS_PART) || first >= end || end > f->items)
			continue;
		*out = match_set_get(set, first, a);
		if (out->part && !out->revoked)
			return true;
	}
	return false;
}

static bool
next_of_own(
	const struct match_set *set, struct set_parts *at, struct arena *a, struct indicator *out)
{
	while (at->item < set->items.len) {
		uint32_t i = at->item++;
		const struct item *item = &set->items.at[i];
		if (item->dead || item->role != ROLE_INDICATOR ||
			!set->details.at[item->detail].part)
			continue;
		*out = match_set_get(set, set->base_items + i, a);
		return true;
	}
	return false;
}

bool
match_set_next_part(
	const struct match_set *set, struct set_parts *at, struct arena *a, struct indicator *out)
{
	if (next_of_base(set, at, a, out) || next_of_own(set, at, a, out))
		return true;
	while (set->strings && at->string < strings_length(set->strings)) {
		*out = strings_get(set->strings, at->string++);
		if (out->part && !out->revoked)
			return true;
	}
	return false;
}
