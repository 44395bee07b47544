#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/ascii.h"
#include "base/must.h"
#include "base/own.h"
#include "match/sweep-internal.h"

enum { BITS_PER_KEY = 16, SLACK = 64 };

/* Filters are looked at all over: one stretch of large pages for all halves what that costs. */
static void *
room_new(size_t bytes)
{
	enum { LARGE = 2 << 20 };
	if (bytes < LARGE / 4)
		return mem_new(bytes);
	size_t size = (bytes + LARGE - 1) / LARGE * LARGE;
	void *p = aligned_alloc(LARGE, size);
	must(p);
	madvise(p, size, MADV_HUGEPAGE);
	memset(p, 0, bytes);
	return p;
}

static uint64_t
words_for(uint64_t keys)
{
	return keys * BITS_PER_KEY / 64 + 1;
}

static uint64_t
blocks_for(uint64_t keys)
{
	return keys * BITS_PER_KEY / 256 + 1;
}

static void *
take_room(char **room, size_t bytes)
{
	char *p = *room;
	*room += bytes;
	return p;
}

static void
word_add(struct word_filter *f, uint64_t hash)
{
	f->word[word_place(f, hash)] |= word_bits(hash);
}

static void
block_add(struct block_filter *f, uint64_t hash)
{
	struct block bits, *to = &f->block[block_place(f, hash)];
	block_bits((uint32_t)hash, &bits);
	for (int i = 0; i < 8; i++)
		to->lane[i] |= bits.lane[i];
}

static size_t
label_before(struct span name, size_t end)
{
	size_t len = 0;
	while (len < end && name.ptr[end - len - 1] != '.')
		len++;
	return len;
}

static void
add_tail(struct gates *g, struct span label)
{
	uint32_t code;
	if (!span_starts(label, SPAN("xn--")))
		return;
	g->has_wide_tail = true;
	if (!name_last_letter(label, &code)) /* nobody knows: any */
		memset(g->wide_tail, 0xff, sizeof g->wide_tail);
	else
		g->wide_tail[sweep_tail_slot(code) / 8] |=
			(uint8_t)(1 << sweep_tail_slot(code) % 8);
}

/* Labels are joined from the last to the first, so that all suffixes cost one walk. */
static void
add_name(struct gates *g, struct span name)
{
	unsigned char room[SLACK + NAME_LONGEST + 1] = {};
	unsigned char *text = room + SLACK;
	if (name.len == 0 || name.len > NAME_LONGEST)
		return;
	memcpy(text, name.ptr, name.len);
	g->any_tail |= !ascii_is_alpha(name.ptr[name.len - 1]);
	uint64_t h = g->seed + SWEEP_LABEL_KEY;
	size_t end = name.len;
	for (unsigned labels = 1;; labels++) {
		size_t len = label_before(name, end);
		if (labels == 1)
			g->last_label[sweep_last_label(text + end, len)] = 1;
		if (labels == 1)
			add_tail(g, span_sub(name, end - len, len));
		h = sweep_join(h, text + end, len);
		if (labels == 2)
			word_add(&g->two_labels, h);
		if (end == len)
			break;
		end -= len + 1;
	}
	block_add(&g->names, h);
}

static void
add_digits(struct gates *g, struct span digits)
{
	unsigned char room[SLACK + 256] = {};
	if (digits.len == 0 || digits.len > 128)
		return;
	memcpy(room + SLACK, digits.ptr, digits.len);
	block_add(&g->digits,
		sweep_join(g->seed + SWEEP_DIGITS_KEY, room + SLACK + digits.len, digits.len));
}

static void
add_six_range(struct gates *g, struct span net)
{
	const uint8_t *b = (const uint8_t *)net.ptr;
	unsigned bits = b[16], first = (unsigned)b[0] << 8 | b[1];
	if (bits >= 32) {
		word_add(&g->sixes, sweep_six(g, b, 4));
		return;
	}
	unsigned count = bits >= 16 ? 1 : 1U << (16 - bits);
	for (unsigned i = first; i < first + count; i++)
		g->wide_sixes[i / 8] |= (uint8_t)(1 << i % 8);
}

static uint32_t
address_of(struct span bytes)
{
	const unsigned char *b = (const unsigned char *)bytes.ptr;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

struct range {
	uint32_t low, high;
};

static int
by_low(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

/* Ranges that touch or hold one another become one. */
static void
join_ranges(struct gates *g, struct range *all, size_t count)
{
	if (count == 0)
		return;
	qsort(all, count, sizeof *all, by_low);
	g->low = mem_grow(NULL, count, sizeof *g->low);
	g->high = mem_grow(NULL, count, sizeof *g->high);
	for (size_t i = 0; i < count; i++) {
		if (g->ranges && all[i].low <= g->high[g->ranges - 1]) {
			if (all[i].high > g->high[g->ranges - 1])
				g->high[g->ranges - 1] = all[i].high;
			continue;
		}
		g->low[g->ranges] = all[i].low;
		g->high[g->ranges++] = all[i].high;
	}
}

struct tally {
	uint64_t names, fours, sixes, ranges, digits;
};

static struct tally
count_keys(struct gates *g, const struct match_set *set)
{
	struct tally t = {};
	for (size_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		t.names += item->key == KEY_NAME;
		t.fours += item->key == KEY_ADDR && item->len == 4;
		t.ranges += item->key == KEY_RANGE && item->len == 5;
		t.digits += item->key == KEY_DIGITS;
		t.sixes += (item->key == KEY_ADDR && item->len == 16) ||
			   (item->key == KEY_RANGE && item->len == 17);
		g->has_ja4 |= item->key == KEY_DIGITS && item->kind == OBS_JA4;
	}
	g->has_names = t.names > 0;
	g->has_sixes = t.sixes > 0;
	g->has_fours = t.fours + t.ranges > 0;
	g->has_digits = t.digits > 0;
	return t;
}

static void
make_filters(struct gates *g, const struct tally *t)
{
	g->names.blocks = blocks_for(t->names);
	g->digits.blocks = blocks_for(t->digits);
	g->two_labels.words = words_for(t->names);
	g->fours.words = words_for(t->fours);
	g->sixes.words = words_for(t->sixes);
	size_t words = g->two_labels.words + g->fours.words + g->sixes.words;
	size_t blocks = g->names.blocks + g->digits.blocks;
	g->bytes = words * sizeof(uint64_t) + blocks * sizeof(struct block);
	char *room = g->room = room_new(g->bytes);
	g->names.block = take_room(&room, g->names.blocks * sizeof(struct block));
	g->digits.block = take_room(&room, g->digits.blocks * sizeof(struct block));
	g->two_labels.word = take_room(&room, g->two_labels.words * sizeof(uint64_t));
	g->fours.word = take_room(&room, g->fours.words * sizeof(uint64_t));
	g->sixes.word = take_room(&room, g->sixes.words * sizeof(uint64_t));
}

void
gates_make(struct gates *g, const struct match_set *set)
{
	*g = (struct gates){
		.seed = set->seed * UINT64_C(0x9e3779b97f4a7c15), .routes = set->routes};
	struct tally t = count_keys(g, set);
	make_filters(g, &t);
	own_mem struct range *ranges = mem_grow(NULL, t.ranges + 1, sizeof *ranges);
	size_t count = 0;
	for (size_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		struct span bytes = {set->pool.ptr + item->text, item->len};
		if (item->key == KEY_NAME) {
			add_name(g, bytes);
		} else if (item->key == KEY_DIGITS) {
			add_digits(g, bytes);
		} else if (item->key == KEY_ADDR && bytes.len == 16) {
			word_add(&g->sixes, sweep_six(g, (const uint8_t *)bytes.ptr, 16));
		} else if (item->key == KEY_RANGE && bytes.len == 17) {
			add_six_range(g, bytes);
		} else if (item->key == KEY_ADDR && bytes.len == 4) {
			word_add(&g->fours, sweep_four(g, address_of(bytes)));
		} else if (item->key == KEY_RANGE && bytes.len == 5) {
			unsigned bits = (unsigned char)bytes.ptr[4];
			uint32_t low = address_of(bytes),
				 rest = bits ? UINT32_MAX >> (bits - 1) >> 1 : UINT32_MAX;
			ranges[count++] = (struct range){low, low | rest};
		}
	}
	join_ranges(g, ranges, count);
}

void
gates_fini(struct gates *g)
{
	free(g->room);
	free(g->low);
	free(g->high);
	*g = (struct gates){};
}

size_t
gates_bytes(const struct gates *g)
{
	return sizeof *g + g->bytes + g->ranges * 2 * sizeof(uint32_t);
}
