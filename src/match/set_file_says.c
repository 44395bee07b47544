/* What indicators of a compiled set say of themselves: read after a hit, and where one is revoked by its id. */
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/own.h"
#include "keys/digest.h"
#include "match/set_file-internal.h"

static struct span
say_in(struct span says, uint32_t at)
{
	uint32_t len;
	if (at > says.len - sizeof len)
		return (struct span){};
	memcpy(&len, says.ptr + at, sizeof len);
	if (len > says.len - sizeof len - at)
		return (struct span){};
	struct span text = {says.ptr + at + sizeof len, len};
	return span_is_utf8(text) ? text : (struct span){};
}

struct span
set_file_say(const struct set_file *f, uint32_t at)
{
	return say_in(f->says, at);
}

/* The last that begins at the item or before. */
static const struct file_detail *
detail_of(const struct set_file *f, uint32_t index)
{
	uint32_t low = 1, high = f->details;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (f->detail[middle].first <= index)
			low = middle + 1;
		else
			high = middle;
	}
	return &f->detail[low - 1];
}

struct span
set_file_id(const struct file_detail *d, struct span says, char room[static SET_FILE_ID])
{
	static const uint8_t groups[] = {4, 2, 2, 2, 6};
	struct span kind = SPAN("indicator--");
	if (!(d->source & DETAIL_UUID)) {
		uint32_t at;
		memcpy(&at, d->id, sizeof at);
		return say_in(says, at);
	}
	const uint8_t *from = d->id;
	char *to = room + kind.len;
	memcpy(room, kind.ptr, kind.len);
	for (size_t i = 0; i < sizeof groups; from += groups[i], i++) {
		hex_text(from, groups[i], to);
		to += groups[i] * 2;
		*to++ = '-';
	}
	return (struct span){room, (size_t)(to - room) - 1};
}

bool
set_file_uuid(struct span id, uint8_t out[static 16])
{
	enum { UUID = 36 };
	char digits[32];
	size_t count = 0;
	struct span kind = SPAN("indicator--");
	if (id.len != kind.len + UUID || !span_starts(id, kind))
		return false;
	for (size_t i = 0; i < UUID; i++) {
		char c = id.ptr[kind.len + i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? c != '-' : ascii_hex(c) < 0 || ascii_lower(c) != c)
			return false;
		if (!dash)
			digits[count++] = c;
	}
	return !hex_parse((struct span){digits, count}, out, 16);
}

void
set_file_pattern(struct observable about, enum match_reach reach, struct buf *out)
{
	if (about.kind == OBS_DOMAIN && reach == REACH_COVERING)
		obs_pattern_covering(about.value, out);
	else
		obs_pattern(about, out);
}

static struct span
pattern_of(const struct indicator *of, struct arena *a)
{
	own_buf struct buf b = {};
	set_file_pattern(of->about, of->reach, &b);
	return arena_dup(a, buf_span(&b));
}

struct indicator
set_file_get(const struct set_file *f, uint32_t index, struct arena *a)
{
	char room[SET_FILE_ROOM], id[SET_FILE_ID];
	struct item item;
	struct indicator made = {
		.valid_from = TIME_NONE, .valid_until = TIME_NONE, .confidence = -1};
	if (!set_file_item(f, index, &item) || item.role != ROLE_INDICATOR)
		return made;
	struct span bytes = set_file_bytes(f, index, room);
	made.about = (struct observable){
		(enum obs_kind)item.kind, set_value((enum key)item.key, bytes, a)};
	if (made.about.value.ptr == room)
		made.about.value = arena_dup(a, bytes);
	if (!span_is_utf8(made.about.value))
		made.about.value = (struct span){};
	made.reach = (enum match_reach)item.reach;
	const struct file_detail d = *detail_of(f, index);
	made.id = set_file_id(&d, f->says, id);
	if (made.id.ptr == id)
		made.id = arena_dup(a, made.id);
	made.name = d.source & DETAIL_NAME_IS_VALUE ? made.about.value : set_file_say(f, d.name);
	made.pattern = d.source & DETAIL_PATTERN_IS_VALUE ? pattern_of(&made, a)
							  : set_file_say(f, d.pattern);
	made.part = d.source & DETAIL_IS_PART;
	made.valid_from = d.from;
	made.valid_until = d.until;
	if (d.source >> DETAIL_SHIFT < f->sources) {
		const struct file_source s = f->source[d.source >> DETAIL_SHIFT];
		made.party = set_file_say(f, s.party);
		made.memo = set_file_say(f, s.memo);
		made.tlp = set_file_say(f, s.tlp);
		made.confidence = s.confidence < -1 || s.confidence > 100 ? -1 : s.confidence;
	}
	return made;
}

bool
set_file_says(const struct set_file *f, uint32_t index, const struct indicator *what)
{
	own_arena struct arena a = {};
	struct indicator known = set_file_get(f, index, &a);
	return set_same_facts(&known, what);
}

void
set_file_ids(const struct set_file *f, struct span id, struct file_ids *out)
{
	uint32_t hash = (uint32_t)(hash64(id, f->head->seed) >> 32);
	*out = (struct file_ids){f, id, set_file_place(hash, f->ids), f->ids};
}

bool
set_file_next_id(struct file_ids *ids, uint32_t *first, uint32_t *end)
{
	const struct set_file *f = ids->file;
	char room[SET_FILE_ID];
	while (ids->left) {
		uint32_t index = f->id[ids->at];
		ids->left--;
		ids->at = ids->at + 1 < f->ids ? ids->at + 1 : 0;
		if (index == NONE) {
			ids->left = 0;
			return false;
		}
		if (index >= f->details ||
			!span_eq(set_file_id(&f->detail[index], f->says, room), ids->id))
			continue;
		*first = f->detail[index].first;
		*end = index + 1 < f->details ? f->detail[index + 1].first : f->items;
		if (*first <= *end && *end <= f->items)
			return true;
	}
	return false;
}
