/* Keys of a compiled set: found by a slot, and never believed. */
#include <string.h>

#include "base/ascii.h"
#include "keys/digest.h"
#include "match/set_file-internal.h"

static bool
is_four(const struct file_item *item)
{
	return item->key == KEY_ADDR && item->len == 4;
}

/* Its key's bytes as they lie in the texts; of IPv4 addresses, in the item. */
static bool
stored_bytes(const struct set_file *f, const struct file_item *item, struct span *out)
{
	size_t len = item->packed ? item->len / 2U : item->len;
	if (is_four(item)) {
		*out = (struct span){(const char *)&item->text, 4};
		return true;
	}
	if (item->text > f->texts.len || len > f->texts.len - item->text)
		return false;
	*out = (struct span){f->texts.ptr + item->text, len};
	/* A range's length is its last byte. */
	return item->key != KEY_RANGE || (uint8_t)out->ptr[len - 1] <= (len == 5 ? 32 : 128);
}

/* Whether a key of these bytes can be; digests are packed only where they have an even number of digits. */
static bool
is_sound(const struct file_item *item)
{
	if (item->packed &&
		(item->key != KEY_DIGITS || item->len % 2 || item->len >= SET_FILE_ROOM))
		return false;
	switch ((enum key)item->key) {
	case KEY_ADDR: return item->len == 4 || item->len == 16;
	case KEY_RANGE: return item->len == 5 || item->len == 17;
	case KEY_NAME:
	case KEY_URL:
	case KEY_EMAIL:
	case KEY_DIGITS: return true;
	}
	return false;
}

bool
set_file_item(const struct set_file *f, uint32_t index, struct item *out)
{
	struct span bytes;
	*out = (struct item){.dead = 1};
	if (index >= f->items)
		return false;
	struct file_item item = f->item[index]; /* once: the file may change under us */
	if (!is_sound(&item) || !stored_bytes(f, &item, &bytes) || item.role > ROLE_EMAIL_HOST ||
		item.reach > REACH_BELOW)
		return false;
	if (item.role == ROLE_INDICATOR &&
		(item.kind == OBS_NONE || item.kind >= OBS_KINDS ||
			set_key_of((enum obs_kind)item.kind) != (enum key)item.key))
		return false;
	if (item.role != ROLE_INDICATOR && item.key != KEY_NAME && item.key != KEY_ADDR)
		return false;
	*out = (struct item){.len = item.len,
		.kind = item.role == ROLE_INDICATOR ? item.kind : OBS_NONE,
		.role = item.role,
		.reach = item.reach,
		.key = item.key};
	return true;
}

struct span
set_file_bytes(const struct set_file *f, uint32_t index, char room[static SET_FILE_ROOM])
{
	struct span bytes;
	if (index >= f->items)
		return (struct span){};
	struct file_item item = f->item[index];
	if (!is_sound(&item) || !stored_bytes(f, &item, &bytes))
		return (struct span){};
	if (is_four(&item)) {
		memcpy(room, &item.text, 4);
		return (struct span){room, 4};
	}
	if (!item.packed)
		return bytes;
	hex_text(bytes.ptr, bytes.len, room);
	return (struct span){room, item.len};
}

static bool
is_packed(struct span digits, struct span packed)
{
	if (digits.len != packed.len * 2)
		return false;
	for (size_t i = 0; i < packed.len; i++) {
		unsigned char have = (unsigned char)packed.ptr[i];
		if (ascii_hex(digits.ptr[2 * i]) != have >> 4 ||
			ascii_hex(digits.ptr[2 * i + 1]) != (have & 15))
			return false;
	}
	return true;
}

static bool
has_key(const struct set_file *f, uint32_t index, enum key key, struct span bytes)
{
	struct span have;
	struct file_item item = f->item[index];
	if ((enum key)item.key != key || item.len != bytes.len || !is_sound(&item) ||
		!stored_bytes(f, &item, &have))
		return false;
	return item.packed ? is_packed(bytes, have) : span_eq(bytes, have);
}

/* Slots from a hash's own on, up to a free one. */
struct slot_walk {
	const struct set_file *file;
	uint32_t hash, at, left;
};

static struct slot_walk
slots_from(const struct set_file *f, uint32_t hash)
{
	return (struct slot_walk){f, hash, set_file_place(hash, f->slots), f->slots};
}

/* The next item that may be of a key of this hash. */
static uint32_t
next_likely(struct slot_walk *w)
{
	const struct set_file *f = w->file;
	uint32_t mask = f->number_bits < 32 ? (UINT32_C(1) << f->number_bits) - 1 : UINT32_MAX;
	uint32_t high = w->hash << f->number_bits % 32;
	while (w->left) {
		uint32_t slot = f->slot[w->at], index = slot & mask;
		if (slot == UINT32_MAX)
			return NONE;
		w->left--;
		w->at = w->at + 1 < f->slots ? w->at + 1 : 0;
		/* The slot's other bits are those of the hash. */
		if (((slot ^ high) & ~mask) == 0 && index < f->items)
			return index;
	}
	return NONE;
}

uint32_t
set_file_find(const struct set_file *f, enum key key, struct span bytes, uint32_t hash)
{
	uint32_t index;
	struct slot_walk walk = slots_from(f, hash);
	while ((index = next_likely(&walk)) != NONE && !has_key(f, index, key, bytes))
		;
	return index;
}

void
set_file_fetch(const struct set_file *f, uint32_t hash)
{
	enum { NEAR = 12 }; /* slots that are looked at, but for few */
	uint32_t at = set_file_place(hash, f->slots);
	__builtin_prefetch(&f->slot[at]);
	__builtin_prefetch(&f->slot[f->slots - at > NEAR ? at + NEAR : f->slots - 1]);
}

uint32_t
set_file_likely(const struct set_file *f, uint32_t hash)
{
	struct slot_walk walk = slots_from(f, hash);
	uint32_t index = next_likely(&walk);
	if (index != NONE)
		__builtin_prefetch(&f->item[index]);
	return index;
}

void
set_file_fetch_text(const struct set_file *f, uint32_t index)
{
	uint32_t text = f->item[index].text;
	if (text < f->texts.len)
		__builtin_prefetch(f->texts.ptr + text);
}

uint32_t
set_file_next(const struct set_file *f, uint32_t index)
{
	if (index >= f->items || !f->item[index].more)
		return NONE;
	uint32_t low = 0, high = f->chains;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (f->chain[middle].item < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == f->chains || f->chain[low].item != index)
		return NONE;
	uint32_t next = f->chain[low].next;
	return next < f->items ? next : NONE;
}
