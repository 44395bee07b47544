/* What indicators say of themselves, as a file has it: texts once each, who says it, and when it holds. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/own.h"
#include "match/set_write-internal.h"
#include "match/strings.h"

static void
grow_says(struct writer *w)
{
	size_t slots = w->say_slots ? w->say_slots * 2 : 1024;
	uint32_t *fresh = mem_grow(NULL, slots, sizeof *fresh);
	memset(fresh, 0xff, slots * sizeof *fresh);
	for (size_t i = 0; i < w->say_slots; i++) {
		uint32_t at = w->say_slot[i], len;
		if (at == NONE)
			continue;
		memcpy(&len, w->says.ptr + at, sizeof len);
		struct span text = {w->says.ptr + at + sizeof len, len};
		size_t to = hash64(text, w->set->seed) & (slots - 1);
		while (fresh[to] != NONE)
			to = (to + 1) & (slots - 1);
		fresh[to] = at;
	}
	free(w->say_slot);
	w->say_slot = fresh;
	w->say_slots = slots;
}

static uint32_t
say_add(struct writer *w, struct span text)
{
	uint32_t len = (uint32_t)text.len;
	if (len == 0)
		return 0;
	if (w->say_count * 4 >= w->say_slots * 3)
		grow_says(w);
	size_t to = hash64(text, w->set->seed) & (w->say_slots - 1);
	for (; w->say_slot[to] != NONE; to = (to + 1) & (w->say_slots - 1)) {
		uint32_t at = w->say_slot[to], have;
		memcpy(&have, w->says.ptr + at, sizeof have);
		if (have == len && memcmp(w->says.ptr + at + sizeof have, text.ptr, len) == 0)
			return at;
	}
	if (text.len + sizeof len > UINT32_MAX - w->says.len) {
		w->full = true;
		return 0;
	}
	uint32_t at = w->say_slot[to] = (uint32_t)w->says.len;
	w->say_count++;
	buf_add(&w->says, (struct span){(const char *)&len, sizeof len});
	buf_add(&w->says, text);
	return at;
}

/* Few combinations, most often the one before. */
static uint32_t
source_add(struct writer *w, struct file_source s)
{
	enum { LOOK_BACK = 64 };
	size_t least = w->sources.len > LOOK_BACK ? w->sources.len - LOOK_BACK : 0;
	for (size_t i = w->sources.len; i > least; i--)
		if (memcmp(&w->sources.at[i - 1], &s, sizeof s) == 0)
			return (uint32_t)(i - 1);
	if (w->sources.len > NONE >> DETAIL_SHIFT) {
		w->full = true;
		return 0;
	}
	*vec_add(&w->sources) = s;
	return (uint32_t)(w->sources.len - 1);
}

void
set_write_detail(struct writer *w, uint32_t index, uint32_t first, const struct item *only)
{
	const struct match_set *set = w->set;
	const struct detail *d = &set->details.at[index];
	struct file_detail made = {.from = d->valid_from, .until = d->valid_until, .first = first};
	struct span id = set_own_text(set, d->id), name = set_own_text(set, d->name),
		    pattern = set_own_text(set, d->pattern);
	uint32_t bits = d->part ? DETAIL_IS_PART : 0;
	if (set_file_uuid(id, made.id)) {
		bits |= DETAIL_UUID;
	} else {
		uint32_t at = say_add(w, id);
		memcpy(made.id, &at, sizeof at);
	}
	if (only) {
		own_arena struct arena a = {};
		own_buf struct buf said = {};
		struct observable about = {(enum obs_kind)only->kind,
			set_value((enum key)only->key, set_own_bytes(set, only), &a)};
		if (name.len && span_eq(name, about.value))
			bits |= DETAIL_NAME_IS_VALUE;
		set_file_pattern(about, (enum match_reach)only->reach, &said);
		if (span_eq(pattern, buf_span(&said)))
			bits |= DETAIL_PATTERN_IS_VALUE;
	}
	made.name = bits & DETAIL_NAME_IS_VALUE ? 0 : say_add(w, name);
	made.pattern = bits & DETAIL_PATTERN_IS_VALUE ? 0 : say_add(w, pattern);
	made.source = source_add(w, (struct file_source){say_add(w, set_own_text(set, d->party)),
					    say_add(w, set_own_text(set, d->memo)),
					    say_add(w, set_own_text(set, d->tlp)), d->confidence})
			      << DETAIL_SHIFT |
		      bits;
	*vec_add(&w->details) = made;
}

void
set_write_ids(struct writer *w)
{
	uint32_t slots = (uint32_t)(w->details.len + w->details.len / 3 + 8);
	own_mem uint32_t *slot = mem_grow(NULL, slots, sizeof *slot);
	char room[SET_FILE_ID];
	memset(slot, 0xff, slots * sizeof *slot);
	for (uint32_t i = 0; i < w->details.len; i++) {
		struct span id = set_file_id(&w->details.at[i], buf_span(&w->says), room);
		if (!id.len)
			continue;
		uint32_t at = set_file_place((uint32_t)(hash64(id, w->set->seed) >> 32), slots);
		while (slot[at] != NONE)
			at = at + 1 < slots ? at + 1 : 0;
		slot[at] = i;
	}
	set_write_section(w, SECTION_IDS, slot, slots * sizeof *slot);
}

void
set_write_strings(struct writer *w)
{
	for (uint32_t i = 0; w->strings && i < strings_length(w->strings); i++) {
		struct indicator one = strings_get(w->strings, i);
		if (one.revoked)
			continue;
		*vec_add(&w->made) = (struct file_string){.from = one.valid_from,
			.until = one.valid_until,
			.text = say_add(w, one.about.value),
			.id = say_add(w, one.id),
			.name = say_add(w, one.name),
			.pattern = say_add(w, one.pattern),
			.source = source_add(
				w, (struct file_source){say_add(w, one.party), say_add(w, one.memo),
					   say_add(w, one.tlp), one.confidence}),
			.property = (uint8_t)one.text.property,
			.form = (uint8_t)one.text.form,
			.bits = (uint8_t)((one.text.fold ? STRING_FOLD : 0) |
					  (one.part ? STRING_PART : 0))};
		w->head.parts |= one.part ? FILE_PARTS : 0;
	}
}
