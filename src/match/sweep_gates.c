#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/ascii.h"
#include "base/must.h"
#include "base/own.h"
#include "match/sweep-internal.h"

enum { BITS_PER_KEY = 16, SLACK = 64 };

/* Filters are looked at all over: large pages halve what that costs. */
static void *
table_new(size_t bytes)
{
	enum { LARGE = 2 << 20 };
	size_t size = (bytes + LARGE - 1) / LARGE * LARGE;
	if (bytes < LARGE / 2)
		return mem_new(bytes);
	void *p = aligned_alloc(LARGE, size);
	must(p);
	madvise(p, size, MADV_HUGEPAGE);
	memset(p, 0, size);
	return p;
}

static void
word_filter_init(struct word_filter *f, uint64_t keys)
{
	f->words = keys * BITS_PER_KEY / 64 + 1;
	f->word = table_new(f->words * sizeof *f->word);
}

static void
word_add(struct word_filter *f, uint64_t hash)
{
	f->word[word_place(f, hash)] |= word_bits(hash);
}

static void
block_filter_init(struct block_filter *f, uint64_t keys)
{
	f->blocks = keys * BITS_PER_KEY / 256 + 1;
	f->block = table_new(f->blocks * sizeof *f->block);
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
	uint64_t names, fours, ranges, digits;
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
		g->has_sixes |= (item->key == KEY_ADDR && item->len == 16) ||
				(item->key == KEY_RANGE && item->len == 17);
		g->has_ja4 |= item->key == KEY_DIGITS && item->kind == OBS_JA4;
	}
	g->has_names = t.names > 0;
	g->has_fours = t.fours + t.ranges > 0;
	g->has_digits = t.digits > 0;
	return t;
}

void
gates_make(struct gates *g, const struct match_set *set)
{
	*g = (struct gates){
		.seed = set->seed * UINT64_C(0x9e3779b97f4a7c15), .routes = set->routes};
	struct tally t = count_keys(g, set);
	word_filter_init(&g->two_labels, t.names);
	block_filter_init(&g->names, t.names);
	word_filter_init(&g->fours, t.fours);
	block_filter_init(&g->digits, t.digits);
	own_mem struct range *ranges = mem_grow(NULL, t.ranges + 1, sizeof *ranges);
	size_t count = 0;
	for (size_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		struct span bytes = {set->pool.ptr + item->text, item->len};
		if (item->key == KEY_NAME) {
			add_name(g, bytes);
		} else if (item->key == KEY_DIGITS) {
			add_digits(g, bytes);
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
	free(g->two_labels.word);
	free(g->names.block);
	free(g->fours.word);
	free(g->digits.block);
	free(g->low);
	free(g->high);
	*g = (struct gates){};
}

size_t
gates_bytes(const struct gates *g)
{
	return sizeof *g + (g->two_labels.words + g->fours.words) * sizeof(uint64_t) +
	       (g->names.blocks + g->digits.blocks) * sizeof(struct block) +
	       g->ranges * 2 * sizeof(uint32_t);
}
