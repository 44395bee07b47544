#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/set_file-internal.h"
#include "match/sweep-internal.h"

enum { BITS_PER_KEY = 16, SLACK = 64 };

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

static void
add_pair(struct gates *g, const unsigned char *end, size_t len)
{
	word_add(&g->two_labels, sweep_pair(&g->pair, end, len < PAIR ? len : PAIR));
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
	g->any_tail |= !ascii_is_alpha(name.ptr[name.len - 1]) && !mutant(1821);
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
			add_pair(g, text + name.len, name.len - (end - len));
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
add_mac(struct gates *g, struct span text)
{
	unsigned char room[SLACK + 16] = {};
	size_t len = 0;
	for (size_t i = 0; i < text.len && len < 12; i++)
		if (text.ptr[i] != ':')
			room[SLACK + len++] = (unsigned char)text.ptr[i];
	block_add(&g->digits, sweep_join(g->seed + SWEEP_MAC_KEY, room + SLACK + len, len));
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
	first &= ~(count - 1);
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

/* Keys, and how many there may be before the filters let through much more than they should. */
struct tally {
	uint64_t names, fours, sixes, ranges, digits;
};

static bool
is_digest(enum obs_kind kind)
{
	return obs_is_hash(kind) || kind == OBS_JA3;
}

static void
count_key(struct gates *g, const struct item *item, struct tally *t)
{
	t->names += item->key == KEY_NAME;
	t->fours += item->key == KEY_ADDR && item->len == 4;
	t->ranges += item->key == KEY_RANGE && item->len == 5;
	t->digits += item->key == KEY_DIGITS;
	t->sixes += (item->key == KEY_ADDR && item->len == 16) ||
		    (item->key == KEY_RANGE && item->len == 17);
	g->has_ja4 |= item->key == KEY_DIGITS && item->kind == OBS_JA4;
	g->has_macs |= item->key == KEY_DIGITS && item->kind == OBS_MAC;
	g->has_cves |= item->key == KEY_DIGITS && item->kind == OBS_CVE;
	g->has_digits |= item->key == KEY_DIGITS && is_digest((enum obs_kind)item->kind);
}

static void
say_kinds(struct gates *g, const struct tally *t)
{
	g->has_names = t->names > 0;
	g->has_sixes = t->sixes > 0;
	g->has_fours = t->fours + t->ranges > 0;
}

/* Of what is asked at every name, address and digest; and, if `all`, of the rest. Nothing is written there yet. */
static void
make_room(struct gates *g, bool all)
{
	size_t words = g->two_labels.words + g->fours.words + (all ? g->sixes.words : 0);
	size_t blocks = (all ? g->names.blocks : 0) + g->digits.blocks;
	g->bytes = words * sizeof(uint64_t) + blocks * sizeof(struct block);
	char *room = g->room = mem_table(g->bytes);
	g->digits.block = take_room(&room, g->digits.blocks * sizeof(struct block));
	if (all) {
		g->names.block = take_room(&room, g->names.blocks * sizeof(struct block));
		g->sixes.word = take_room(&room, g->sixes.words * sizeof(uint64_t));
	}
	g->two_labels.word = take_room(&room, g->two_labels.words * sizeof(uint64_t));
	g->fours.word = take_room(&room, g->fours.words * sizeof(uint64_t));
}

/* spare: keys of each kind that may come later. */
static void
make_filters(struct gates *g, const struct tally *t, uint64_t spare)
{
	g->names.blocks = blocks_for(t->names + spare);
	g->digits.blocks = blocks_for(t->digits + spare);
	g->two_labels.words = words_for(t->names + spare);
	g->fours.words = words_for(t->fours + spare);
	g->sixes.words = words_for(t->sixes + spare);
	make_room(g, true);
	memset(g->room, 0, g->bytes);
}

struct ranges {
	vec_of(struct range) of;
};

static void
add_key(struct gates *g, const struct item *item, struct span bytes, struct ranges *ranges)
{
	if (item->key == KEY_NAME) {
		add_name(g, bytes);
	} else if (item->key == KEY_DIGITS && item->kind == OBS_MAC) {
		add_mac(g, bytes);
	} else if (item->key == KEY_DIGITS) {
		add_digits(g, bytes);
	} else if (item->key == KEY_ADDR && bytes.len == 16) {
		word_add(&g->sixes, sweep_six(g, (const uint8_t *)bytes.ptr, 16));
	} else if (item->key == KEY_RANGE && bytes.len == 17) {
		add_six_range(g, bytes);
	} else if (item->key == KEY_ADDR && bytes.len == 4) {
		word_add(&g->fours, sweep_four(g, address_of(bytes)));
	} else if (item->key == KEY_RANGE && bytes.len == 5) {
		unsigned bits = (unsigned char)bytes.ptr[4] & 63;
		uint32_t low = address_of(bytes), rest = bits == 0   ? UINT32_MAX
							 : bits < 32 ? UINT32_MAX >> bits
								     : 0;
		*vec_add(&ranges->of) = (struct range){low, low | rest};
	}
}

/* Whether so many keys go into a filter of so many bytes. */
static bool
fits(uint64_t keys, struct span filter)
{
	enum { LEAST_BITS = 12 };
	return keys <= filter.len * 8 / LEAST_BITS;
}

static void
take_filter(struct span from, void *to)
{
	memcpy(to, from.ptr, from.len);
}

/* Where nobody writes to it, in its place. */
static void *
borrow_filter(struct span from)
{
	return (void *)(uintptr_t)from.ptr;
}

/*
 * What a file's maker made of its keys; false where `more` would be too much for it. What is asked at every name,
 * address and digest goes into large pages; what is asked only of what passed another stays in the file, unless keys
 * are added to it.
 */
static bool
take_gates(struct gates *g, const struct set_file *f, struct tally *more, struct ranges *ranges,
	bool adds)
{
	const uint64_t *keys = f->head->keys;
	struct span names = set_file_section(f, SECTION_NAMES),
		    labels = set_file_section(f, SECTION_LABELS),
		    fours = set_file_section(f, SECTION_FOURS),
		    sixes = set_file_section(f, SECTION_SIXES),
		    digits = set_file_section(f, SECTION_DIGITS),
		    old = set_file_section(f, SECTION_RANGES);
	const struct file_range *range = (const void *)old.ptr;
	struct tally all = {keys[0] + more->names, keys[1] + more->fours, keys[2] + more->sixes,
		keys[4] + more->ranges, keys[3] + more->digits};
	if (!fits(all.names, names) || !fits(all.names, labels) || !fits(all.fours, fours) ||
		!fits(all.sixes, sixes) || !fits(all.digits, digits))
		return false;
	g->names.blocks = names.len / sizeof(struct block);
	g->digits.blocks = digits.len / sizeof(struct block);
	g->two_labels.words = labels.len / sizeof(uint64_t);
	g->fours.words = fours.len / sizeof(uint64_t);
	g->sixes.words = sixes.len / sizeof(uint64_t);
	make_room(g, adds);
	take_filter(labels, g->two_labels.word);
	take_filter(fours, g->fours.word);
	take_filter(digits, g->digits.block);
	if (adds) {
		take_filter(names, g->names.block);
		take_filter(sixes, g->sixes.word);
	} else {
		g->names.block = borrow_filter(names);
		g->sixes.word = borrow_filter(sixes);
	}
	memcpy(g->last_label, f->gates->last_label, sizeof g->last_label);
	memcpy(g->wide_sixes, f->gates->wide_sixes, sizeof g->wide_sixes);
	memcpy(g->wide_tail, f->gates->wide_tail, sizeof g->wide_tail);
	g->any_tail = f->gates->any_tail != 0;
	g->has_wide_tail = f->gates->has_wide_tail != 0;
	g->has_ja4 |= f->gates->has_ja4 != 0;
	g->has_macs |= f->head->armed[OBS_MAC] != 0;
	g->has_cves |= f->head->armed[OBS_CVE] != 0;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		g->has_digits |= is_digest(k) && f->head->armed[k] != 0;
	for (size_t i = 0; i < old.len / sizeof *range; i++)
		*vec_add(&ranges->of) = (struct range){range[i].low, range[i].high};
	*more = all;
	return true;
}

/* A file's keys one by one. */
static void
add_base(struct gates *g, const struct set_file *f, struct ranges *ranges)
{
	char room[SET_FILE_ROOM];
	struct item item;
	for (uint32_t i = 0; i < f->items; i++)
		if (set_file_item(f, i, &item))
			add_key(g, &item, set_file_bytes(f, i, room), ranges);
}

static void
count_base(struct gates *g, const struct set_file *f, struct tally *t)
{
	struct item item;
	for (uint32_t i = 0; i < f->items; i++)
		if (set_file_item(f, i, &item))
			count_key(g, &item, t);
}

static void
make_gates(struct gates *g, const struct match_set *set, uint64_t spare)
{
	struct tally t = {};
	struct ranges ranges = {};
	*g = (struct gates){
		.seed = set->seed * UINT64_C(0x9e3779b97f4a7c15), .routes = set->routes};
	for (size_t i = 0; i < PAIR / 8; i++)
		g->pair.word[i] =
			sweep_fold(g->seed + SWEEP_PAIR_KEY + i, UINT64_C(0xd6e8feb86659fd93));
	for (size_t i = 0; i < set->items.len; i++)
		count_key(g, &set->items.at[i], &t);
	bool adds = set->items.len > 0 || mutant(1825);
	if (!set->base || !take_gates(g, set->base, &t, &ranges, adds)) {
		if (set->base)
			count_base(g, set->base, &t);
		make_filters(g, &t, spare);
		if (set->base)
			add_base(g, set->base, &ranges);
	}
	say_kinds(g, &t);
	for (size_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		add_key(g, item, set_own_bytes(set, item), &ranges);
	}
	join_ranges(g, ranges.of.at, ranges.of.len);
	free(ranges.of.at);
	g->keys = (struct gate_keys){t.names, t.fours, t.sixes, t.digits, t.ranges};
}

void
gates_make(struct gates *g, const struct match_set *set)
{
	make_gates(g, set, 0);
}

void
gates_make_spare(struct gates *g, const struct match_set *set)
{
	enum { SPARE = 2048 };
	make_gates(g, set, SPARE + (set->keys >> 6));
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

/* A file's filter of names was asked about this one by the fast pass just now; the names themselves are far away. */
void
set_likely_names(const struct match_set *set, struct span name, struct set_likely *out)
{
	unsigned char room[SLACK + NAME_LONGEST] = {}, *text = room + SLACK;
	struct block_filter names;
	memset(out, 0xff, sizeof *out);
	if (set->keys || !set->base || !name.len || name.len > NAME_LONGEST)
		return;
	struct span filter = set_file_section(set->base, SECTION_NAMES);
	names.block = borrow_filter(filter);
	names.blocks = filter.len / sizeof(struct block);
	memcpy(text, name.ptr, name.len);
	memset(out, 0, sizeof *out);
	uint64_t h = sweep_name_seed(set->seed);
	size_t end = name.len, at = end;
	while (at--) {
		if (at && text[at - 1] != '.')
			continue;
		h = sweep_join(h, text + end, end - at);
		if (block_has(&names, h) && !mutant(1826))
			out->at[at / 64] |= UINT64_C(1) << at % 64;
		end = at ? at - 1 : 0;
	}
}
