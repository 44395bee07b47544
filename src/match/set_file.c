#include "match/set_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "keys/digest.h"
#include "match/set_file-internal.h"
#include "match/strings.h"
#include "match/sweep-internal.h"

/* ---- opening ---- */

/* What a section's records take, and how many there may be. */
static const struct shape {
	uint32_t width;
	uint64_t least, most;
} shapes[SECTIONS] = {
	[SECTION_TEXTS] = {1, 0, UINT32_MAX},
	[SECTION_ITEMS] = {sizeof(struct file_item), 0, NONE - 4},
	[SECTION_CHAINS] = {sizeof(struct file_chain), 0, NONE - 4},
	[SECTION_SLOTS] = {sizeof(uint32_t), 1, NONE - 4},
	[SECTION_ROUTES] = {1, ROUTES / 8, ROUTES / 8},
	[SECTION_GATES] = {sizeof(struct file_gates), 1, 1},
	[SECTION_LABELS] = {sizeof(uint64_t), 1, NONE},
	[SECTION_FOURS] = {sizeof(uint64_t), 1, NONE},
	[SECTION_SIXES] = {sizeof(uint64_t), 1, NONE},
	[SECTION_NAMES] = {sizeof(struct block), 1, NONE},
	[SECTION_DIGITS] = {sizeof(struct block), 1, NONE},
	[SECTION_RANGES] = {sizeof(struct file_range), 0, NONE},
	[SECTION_DETAILS] = {sizeof(struct file_detail), 1, NONE - 4},
	[SECTION_SOURCES] = {sizeof(struct file_source), 1, UINT32_MAX >> DETAIL_SHIFT},
	[SECTION_IDS] = {sizeof(uint32_t), 1, NONE - 4},
	[SECTION_STRINGS] = {sizeof(struct file_string), 0, STRINGS_MAX},
	[SECTION_SAYS] = {1, sizeof(uint32_t), UINT32_MAX},
	[SECTION_ANNEX] = {1, 0, UINT64_C(1) << 40},
};

uint64_t
set_file_check(const char *page)
{
	char copy[SET_FILE_PAGE];
	memcpy(copy, page, sizeof copy);
	memset(copy + offsetof(struct file_head, check), 0, sizeof(uint64_t));
	return hash64((struct span){copy, sizeof copy}, 0);
}

uint64_t
set_file_kinds(void)
{
	uint64_t hash = OBS_KINDS;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		hash = hash64(span_of(obs_word(k)), hash);
	return hash;
}

unsigned
set_file_number_bits(uint64_t items)
{
	/* One more than any item's number, since all ones mean a free slot. */
	return 64 - (unsigned)__builtin_clzll(items + 1);
}

struct span
set_file_section(const struct set_file *f, enum section which)
{
	const struct file_section *s = &f->head->section[which];
	return (struct span){f->map + s->offset, s->len};
}

static enum rc
damaged(struct diag *why, const char *what)
{
	diag_todo(why, "build it again with \"tocsin set build\"");
	return diag_fail(why, RC_BAD, "a damaged set: %s", what);
}

static enum rc
check_head(const struct file_head *h, size_t size, struct diag *why)
{
	if (memcmp(h->magic, SET_FILE_MAGIC, sizeof h->magic) != 0) {
		diag_todo(why, "name a file that \"tocsin set build\" made");
		return diag_fail(why, RC_BAD, "no compiled set");
	}
	if (h->order != SET_FILE_ORDER || h->version != SET_FILE_VERSION ||
		h->kinds != set_file_kinds()) {
		bool newer = h->order == SET_FILE_ORDER && h->version > SET_FILE_VERSION;
		diag_todo(why, "build it again with this program's \"tocsin set build\"");
		if (h->order != SET_FILE_ORDER)
			return diag_fail(why, RC_CONFLICT, "a set made on another kind of machine");
		if (h->version == SET_FILE_VERSION)
			return diag_fail(why, RC_CONFLICT,
				"a set made by a program that knows other kinds of indicators");
		return diag_fail(why, newer ? RC_NEWER : RC_CONFLICT,
			"a set of format %u, %s than %u, which this program reads", h->version,
			newer ? "newer" : "older", SET_FILE_VERSION);
	}
	if (h->check != set_file_check((const char *)h) && !mutant(1671))
		return damaged(why, "its first page is not what was written");
	if (h->size != size)
		return damaged(why, h->size > size ? "it is cut short" : "something follows it");
	return RC_OK;
}

/* Sections lie one behind the other, so that none can overlap another. */
static enum rc
check_sections(const struct file_head *h, struct diag *why)
{
	uint64_t end = SET_FILE_PAGE;
	for (enum section k = 0; k < SECTIONS; k++) {
		const struct file_section *s = &h->section[k];
		const struct shape *shape = &shapes[k];
		if (s->offset % SET_FILE_ALIGN || s->offset < end || s->offset > h->size ||
			s->len > h->size - s->offset)
			return damaged(why, "a section lies outside its place");
		uint64_t count = s->len / shape->width;
		if (s->len % shape->width || count < shape->least || count > shape->most)
			return damaged(why, "a section has a length that it cannot have");
		end = s->offset + s->len;
	}
	uint64_t items = h->section[SECTION_ITEMS].len / sizeof(struct file_item);
	for (size_t k = 0; k < SET_FILE_KINDS; k++)
		if (h->armed[k] > items)
			return damaged(why, "it counts more indicators than it holds");
	return RC_OK;
}

static uint32_t
count_of(const struct set_file *f, enum section which)
{
	return (uint32_t)(f->head->section[which].len / shapes[which].width);
}

enum rc
set_file_of(struct span bytes, struct set_file **out, struct diag *why)
{
	must((uintptr_t)bytes.ptr % SET_FILE_ALIGN == 0);
	if (bytes.len < SET_FILE_PAGE) {
		diag_todo(why, "name a file that \"tocsin set build\" made");
		return diag_fail(why, RC_BAD, "no compiled set");
	}
	struct set_file *f = mem_new(sizeof *f);
	f->map = bytes.ptr;
	f->size = bytes.len;
	memcpy(f->page, bytes.ptr, sizeof f->page);
	f->head = (const void *)f->page;
	enum rc code = check_head(f->head, bytes.len, why);
	if (!code)
		code = check_sections(f->head, why);
	if (code) {
		free(f);
		return code;
	}
	f->item = (const void *)set_file_section(f, SECTION_ITEMS).ptr;
	f->chain = (const void *)set_file_section(f, SECTION_CHAINS).ptr;
	f->slot = (const void *)set_file_section(f, SECTION_SLOTS).ptr;
	f->id = (const void *)set_file_section(f, SECTION_IDS).ptr;
	f->routes = (const void *)set_file_section(f, SECTION_ROUTES).ptr;
	f->gates = (const void *)set_file_section(f, SECTION_GATES).ptr;
	f->detail = (const void *)set_file_section(f, SECTION_DETAILS).ptr;
	f->source = (const void *)set_file_section(f, SECTION_SOURCES).ptr;
	f->string = (const void *)set_file_section(f, SECTION_STRINGS).ptr;
	f->strings = count_of(f, SECTION_STRINGS);
	f->texts = set_file_section(f, SECTION_TEXTS);
	f->says = set_file_section(f, SECTION_SAYS);
	f->items = count_of(f, SECTION_ITEMS);
	f->chains = count_of(f, SECTION_CHAINS);
	f->slots = count_of(f, SECTION_SLOTS);
	f->ids = count_of(f, SECTION_IDS);
	f->details = count_of(f, SECTION_DETAILS);
	f->sources = count_of(f, SECTION_SOURCES);
	f->number_bits = set_file_number_bits(f->items);
	*out = f;
	return RC_OK;
}

enum rc
set_file_open(const char *path, struct set_file **out, struct diag *why)
{
	struct stat st;
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	diag_where(why, "%s", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return diag_fail(why, errno == ENOENT ? RC_NONE : RC_IO, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < SET_FILE_PAGE) {
		diag_todo(why, "name a file that \"tocsin set build\" made");
		return diag_fail(why, RC_BAD, "no compiled set");
	}
	size_t size = (size_t)st.st_size;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return diag_fail(why, RC_IO, "cannot be mapped: %s", strerror(errno));
	enum rc code = set_file_of((struct span){map, size}, out, why);
	if (code)
		munmap(map, size);
	else
		(*out)->mapped = true;
	return code;
}

void
set_file_close(struct set_file **file)
{
	struct set_file *f = *file;
	*file = NULL;
	if (f && f->mapped)
		munmap((void *)(uintptr_t)f->map, f->size);
	free(f);
}

struct span
set_file_annex(const struct set_file *f)
{
	return set_file_section(f, SECTION_ANNEX);
}

struct span
set_file_bytes_mapped(const struct set_file *f)
{
	return (struct span){f->map, f->mapped ? f->size : 0};
}

struct set_file_facts
set_file_facts(const struct set_file *f)
{
	const struct file_head *h = f->head;
	uint64_t half = h->section[SECTION_DETAILS].offset,
		 behind = h->section[SECTION_ANNEX].offset;
	struct set_file_facts facts = {.version = h->version,
		.made = h->made,
		.bytes = h->size,
		.first = half,
		.second = behind - half,
		.annex = h->size - behind};
	for (enum obs_kind k = 0; k < OBS_KINDS; k++) {
		facts.count[k] = h->armed[k];
		facts.indicators += h->armed[k];
	}
	facts.count[OBS_TEXT] = f->strings;
	facts.indicators += f->strings;
	return facts;
}

/* ---- keys ---- */

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

/* ---- what indicators say of themselves ---- */

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

/* ---- reading all of it ---- */

static enum rc
wrong(struct diag *why, const char *what, uint64_t which)
{
	diag_todo(why, "build it again with \"tocsin set build\"");
	return diag_fail(why, RC_BAD, "a damaged set: %s %llu", what, (unsigned long long)which);
}

static enum rc
verify_items(const struct set_file *f, struct diag *why)
{
	uint64_t armed[OBS_KINDS] = {};
	struct item item;
	char room[SET_FILE_ROOM];
	for (uint32_t i = 0; i < f->items; i++) {
		if (!set_file_item(f, i, &item))
			return wrong(why, "no indicator can be like item", i);
		if (item.role == ROLE_INDICATOR)
			armed[item.kind]++;
		struct span bytes = set_file_bytes(f, i, room);
		uint32_t hash = set_hash(f->head->seed, (enum key)item.key, bytes);
		if (set_file_find(f, (enum key)item.key, bytes, hash) == NONE)
			return wrong(why, "nothing leads to item", i);
	}
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		if (armed[k] != f->head->armed[k])
			return wrong(why, "wrongly counted: kind", k);
	for (uint32_t i = 0; i < f->chains; i++)
		if (f->chain[i].next >= f->items || f->chain[i].item >= f->items ||
			(i && f->chain[i].item <= f->chain[i - 1].item))
			return wrong(why, "no such link:", i);
	return RC_OK;
}

static enum rc
verify_details(const struct set_file *f, struct diag *why)
{
	for (uint32_t i = 0; i < f->details; i++) {
		const struct file_detail *d = &f->detail[i];
		if (d->first > f->items || (i && d->first < f->detail[i - 1].first) ||
			d->source >> DETAIL_SHIFT >= f->sources)
			return wrong(why, "no indicator can say what it says in detail", i);
	}
	struct indicator one;
	for (uint32_t i = 0; i < f->strings; i++)
		if (!set_file_string(f, i, &one))
			return wrong(why, "nothing can be compared as it says of text", i);
	return RC_OK;
}

enum rc
set_file_digest(const struct set_file *f, struct diag *why)
{
	uint8_t digest[SHA256_SIZE];
	sha256_of((struct span){f->map + SET_FILE_PAGE, f->size - SET_FILE_PAGE}, digest);
	if (memcmp(digest, f->head->digest, sizeof digest) != 0 && !mutant(1672))
		return damaged(why, "its bytes are not those that were written (digest)");
	return RC_OK;
}

enum rc
set_file_verify(const struct set_file *f, struct diag *why)
{
	enum rc code = set_file_digest(f, why);
	if (!code)
		code = verify_items(f, why);
	return code ? code : verify_details(f, why);
}
