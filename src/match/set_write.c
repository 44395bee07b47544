/* Compiling a set into a file: everything is written once, front to back; the first page comes last. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/must.h"
#include "base/own.h"
#include "match/set_write-internal.h"
#include "match/sweep-internal.h"
#include "obs/url.h"

enum { PIECE = 1 << 20 };

/* ---- bytes ---- */

static void
flush(struct writer *w)
{
	struct span piece = buf_span(&w->out);
	digest_add(w->digest, piece);
	if (!w->fault && set_is_stopped(w->set))
		w->fault = ECANCELED;
	if (w->set->work)
		atomic_fetch_add(&w->set->work->written, piece.len);
	if (!w->fault && !fd_write(w->fd, piece))
		w->fault = errno;
	w->out.len = 0;
}

static void
put(struct writer *w, const void *bytes, size_t len)
{
	buf_add(&w->out, (struct span){bytes, len});
	w->at += len;
	if (w->out.len >= PIECE)
		flush(w);
}

static void
pad(struct writer *w, uint64_t align)
{
	static const char zeros[SET_FILE_PAGE];
	put(w, zeros, (align - w->at % align) % align);
}

static void
begin(struct writer *w, enum section which)
{
	pad(w, which == SECTION_DETAILS ? SET_FILE_PAGE : SET_FILE_ALIGN);
	w->head.section[which].offset = w->at;
}

static void
end(struct writer *w, enum section which)
{
	w->head.section[which].len = w->at - w->head.section[which].offset;
}

void
set_write_section(struct writer *w, enum section which, const void *bytes, size_t len)
{
	begin(w, which);
	/* A digest and a write at a time that the cache holds. */
	for (size_t at = 0; at < len; at += PIECE)
		put(w, (const char *)bytes + at, len - at < PIECE ? len - at : PIECE);
	end(w, which);
}

/* ---- items ---- */

/* Numbers for all that stay: those that say nothing first, then detail by detail. */
static void
number_items(struct writer *w)
{
	const struct match_set *set = w->set;
	w->number = mem_grow(NULL, set->items.len + 1, sizeof *w->number);
	for (size_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		w->number[i] = item->dead || item->detail ? NONE : w->items++;
	}
	set_write_detail(w, 0, 0, NULL);
	uint32_t detail = 0, first = 0;
	const struct item *only = NULL;
	for (size_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		if (item->dead || item->detail == 0)
			continue;
		if (item->detail == detail) {
			only = NULL;
		} else {
			if (detail)
				set_write_detail(w, detail, first, only);
			detail = item->detail;
			first = w->items;
			only = item;
		}
		w->number[i] = w->items++;
	}
	if (detail)
		set_write_detail(w, detail, first, only);
}

/* Two digits a byte; false where they are not an even number of small hexadecimal digits. */
static bool
pack_digits(struct span digits, uint8_t out[static SET_FILE_ROOM])
{
	unsigned wrong = 0;
	if (digits.len == 0 || digits.len % 2 || digits.len >= SET_FILE_ROOM)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		unsigned c = (unsigned char)digits.ptr[i], letter = c - 'a', digit = c - '0';
		unsigned value = digit < 10 ? digit : letter + 10;
		wrong |= digit >= 10 && letter >= 6;
		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | value : value << 4);
	}
	return !wrong;
}

/* The first item of a chain that stays, NONE: none does. */
static uint32_t
first_left(const struct writer *w, uint32_t at)
{
	while (at != NONE && w->number[at] == NONE)
		at = w->set->items.at[at].next;
	return at;
}

static uint64_t *
bits_for(uint64_t count)
{
	return mem_new((count / 64 + 1) * sizeof(uint64_t));
}

static bool
has_bit(const uint64_t *bits, uint32_t number)
{
	return bits[number / 64] >> number % 64 & 1;
}

static void
set_bit(uint64_t *bits, uint32_t number)
{
	bits[number / 64] |= UINT64_C(1) << number % 64;
}

/* All but the texts. Of a key's items the first that was added has the lowest number: it leads the chain. */
static void
fill_items(struct writer *w)
{
	const struct match_set *set = w->set;
	own_mem uint64_t *walked = bits_for(set->items.len);
	w->item = mem_grow(NULL, w->items + (size_t)1, sizeof *w->item);
	w->placed = bits_for(w->items);
	w->behind = bits_for(w->items);
	for (uint32_t i = 0; i < set->items.len; i++) {
		const struct item *item = &set->items.at[i];
		uint32_t from = w->number[i], at = item->next;
		if (from != NONE)
			w->item[from] = (struct file_item){.len = item->len,
				.kind = item->kind & 0x7f,
				.role = item->role,
				.reach = item->reach,
				.key = item->key};
		if (at == NONE || has_bit(walked, i))
			continue;
		for (; at != NONE; at = set->items.at[at].next) {
			uint32_t to = w->number[at];
			set_bit(walked, at);
			if (to == NONE)
				continue;
			if (from != NONE) {
				*vec_add(&w->chains) = (struct file_chain){from, to};
				set_bit(w->behind, to);
			}
			from = to;
		}
	}
}

/* What leads a key has its text; the others of it take that. */
static void
fill_behind(struct writer *w)
{
	for (size_t i = 0; i < w->chains.len; i++) {
		struct file_item *from = &w->item[w->chains.at[i].item],
				 *to = &w->item[w->chains.at[i].next];
		from->more = 1;
		to->text = from->text;
		to->packed = from->packed;
	}
}

static uint32_t
text_add(struct writer *w, struct span bytes)
{
	uint64_t at = w->at - w->head.section[SECTION_TEXTS].offset;
	if (at + bytes.len > UINT32_MAX) {
		w->full = true;
		return 0;
	}
	put(w, bytes.ptr, bytes.len);
	return (uint32_t)at;
}

static void
place(struct writer *w, uint32_t number, uint32_t text)
{
	w->item[number].text = text;
	set_bit(w->placed, number);
}

/* Of a URL or an e-mail address: its host needs no bytes of its own. */
static void
place_host(struct writer *w, enum key key, struct span bytes, uint32_t text)
{
	struct addr addr;
	struct span host = key == KEY_URL
				   ? url_normal_host(bytes)
				   : span_sub(bytes, span_find_byte(bytes, '@') + 1, SIZE_MAX);
	if (!host.len || addr_parse(host, &addr))
		return;
	uint32_t at = first_left(w, set_find(w->set, KEY_NAME, host));
	if (at != NONE && !has_bit(w->placed, w->number[at]))
		place(w, w->number[at], text + (uint32_t)(host.ptr - bytes.ptr));
}

static void
place_key(struct writer *w, uint32_t number, const struct item *item)
{
	struct span bytes = set_own_bytes(w->set, item);
	uint32_t text = 0;
	if (has_bit(w->placed, number))
		return;
	uint8_t room[SET_FILE_ROOM];
	if (item->key == KEY_ADDR && bytes.len == 4) {
		memcpy(&text, bytes.ptr, sizeof text);
	} else if (item->key == KEY_DIGITS && pack_digits(bytes, room)) {
		text = text_add(w, (struct span){(char *)room, bytes.len / 2});
		w->item[number].packed = 1;
	} else {
		text = text_add(w, bytes);
	}
	place(w, number, text);
	if (item->key == KEY_URL || item->key == KEY_EMAIL)
		place_host(w, (enum key)item->key, bytes, text);
}

/* Texts of all keys: URLs and e-mail addresses first, since names may lie in them. */
static void
write_texts(struct writer *w)
{
	const struct match_set *set = w->set;
	begin(w, SECTION_TEXTS);
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < set->items.len; i++) {
			const struct item *item = &set->items.at[i];
			bool holds_host = item->key == KEY_URL || item->key == KEY_EMAIL;
			uint32_t number = w->number[i];
			if (number != NONE && holds_host == (pass == 0) &&
				!has_bit(w->behind, number))
				place_key(w, number, item);
		}
	end(w, SECTION_TEXTS);
	fill_behind(w);
}

static int
by_item(const void *a, const void *b)
{
	const struct file_chain *x = a, *y = b;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* Each key's hash lies in the set's own slots. */
static void
write_slots(struct writer *w)
{
	enum { AHEAD = 16 };
	const struct match_set *set = w->set;
	uint32_t slots = (uint32_t)(set->keys + set->keys / 3 + 8);
	unsigned bits = set_file_number_bits(w->items);
	own_mem uint32_t *slot = mem_table(slots * sizeof *slot);
	memset(slot, 0xff, slots * sizeof *slot);
	for (size_t i = 0; i < set->slots; i++) {
		struct slot s = set->slot[i];
		if (i + AHEAD < set->slots && set->slot[i + AHEAD].item != NONE) {
			__builtin_prefetch(
				&slot[set_file_place(set->slot[i + AHEAD].hash, slots)], 1);
			__builtin_prefetch(&w->number[set->slot[i + AHEAD].item]);
		}
		uint32_t first = s.item == NONE ? NONE : first_left(w, s.item);
		if (first == NONE)
			continue;
		uint32_t at = set_file_place(s.hash, slots);
		while (slot[at] != NONE)
			at = at + 1 < slots ? at + 1 : 0;
		slot[at] = w->number[first] | (bits < 32 ? s.hash << bits : 0);
	}
	set_write_section(w, SECTION_SLOTS, slot, slots * sizeof *slot);
}

/* The fast pass's filters are made meanwhile: they look at the set alone. */
struct gates_made {
	const struct match_set *set;
	struct gates gates;
	pthread_t thread;
	bool runs;
};

static void *
make_gates(void *ctx)
{
	struct gates_made *made = ctx;
	gates_make_spare(&made->gates, made->set);
	return NULL;
}

static void
write_gates(struct writer *w, struct gates_made *made)
{
	if (made->runs)
		must(pthread_join(made->thread, NULL) == 0);
	else
		make_gates(made);
	struct gates g = made->gates;
	own_mem struct file_gates *small = mem_new(sizeof *small);
	memcpy(small->last_label, g.last_label, sizeof small->last_label);
	memcpy(small->wide_sixes, g.wide_sixes, sizeof small->wide_sixes);
	memcpy(small->wide_tail, g.wide_tail, sizeof small->wide_tail);
	small->any_tail = g.any_tail;
	small->has_wide_tail = g.has_wide_tail;
	small->has_ja4 = g.has_ja4;
	uint64_t keys[] = {g.keys.names, g.keys.fours, g.keys.sixes, g.keys.digits, g.keys.ranges};
	memcpy(w->head.keys, keys, sizeof keys);
	set_write_section(w, SECTION_ROUTES, w->set->routes, sizeof w->set->routes);
	set_write_section(w, SECTION_GATES, small, sizeof *small);
	set_write_section(
		w, SECTION_LABELS, g.two_labels.word, g.two_labels.words * sizeof(uint64_t));
	set_write_section(w, SECTION_FOURS, g.fours.word, g.fours.words * sizeof(uint64_t));
	set_write_section(w, SECTION_SIXES, g.sixes.word, g.sixes.words * sizeof(uint64_t));
	set_write_section(w, SECTION_NAMES, g.names.block, g.names.blocks * sizeof(struct block));
	set_write_section(
		w, SECTION_DIGITS, g.digits.block, g.digits.blocks * sizeof(struct block));
	begin(w, SECTION_RANGES);
	for (size_t i = 0; i < g.ranges; i++)
		put(w, &(struct file_range){g.low[i], g.high[i]}, sizeof(struct file_range));
	end(w, SECTION_RANGES);
	gates_fini(&g);
}

static void
write_bodies(struct writer *w)
{
	const struct match_set *set = w->set;
	struct gates_made gates = {.set = set};
	gates.runs = pthread_create(&gates.thread, NULL, make_gates, &gates) == 0;
	buf_add(&w->says, (struct span){"\0\0\0", 4});
	number_items(w);
	fill_items(w);
	write_texts(w);
	set_write_section(w, SECTION_ITEMS, w->item, w->items * sizeof *w->item);
	if (w->chains.len)
		qsort(w->chains.at, w->chains.len, sizeof *w->chains.at, by_item);
	set_write_section(w, SECTION_CHAINS, w->chains.at, w->chains.len * sizeof *w->chains.at);
	write_slots(w);
	write_gates(w, &gates);
	set_write_strings(w);
	set_write_section(
		w, SECTION_DETAILS, w->details.at, w->details.len * sizeof *w->details.at);
	set_write_section(
		w, SECTION_SOURCES, w->sources.at, w->sources.len * sizeof *w->sources.at);
	set_write_ids(w);
	set_write_section(w, SECTION_STRINGS, w->made.at, w->made.len * sizeof *w->made.at);
	set_write_section(w, SECTION_SAYS, w->says.ptr, w->says.len);
	set_write_section(w, SECTION_ANNEX, w->annex.ptr, w->annex.len);
	flush(w);
	w->head.lengths4 = set->lengths4;
	memcpy(w->head.lengths6, set->lengths6, sizeof w->head.lengths6);
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		w->head.armed[k] = set->armed[k];
	w->head.parts |= match_set_has_parts(set) ? FILE_PARTS : 0;
	w->head.parts |= match_set_has_open(set) ? FILE_OPEN : 0;
}

static void
write_head(struct writer *w, int64_t now)
{
	alignas(8) char page[SET_FILE_PAGE] = {};
	memcpy(w->head.magic, SET_FILE_MAGIC, sizeof w->head.magic);
	w->head.order = SET_FILE_ORDER;
	w->head.version = SET_FILE_VERSION;
	w->head.kinds = set_file_kinds();
	w->head.size = w->at;
	w->head.seed = w->set->seed;
	w->head.made = now;
	digest_take(w->digest, w->head.digest);
	memcpy(page, &w->head, sizeof w->head);
	w->head.check = set_file_check(page);
	memcpy(page, &w->head, sizeof w->head);
	if (!w->fault && (lseek(w->fd, 0, SEEK_SET) < 0 ||
				 !fd_write(w->fd, (struct span){page, sizeof page})))
		w->fault = errno;
}

static void
writer_fini(struct writer *w)
{
	digest_free(w->digest);
	buf_fini(&w->out);
	buf_fini(&w->says);
	free(w->number);
	free(w->placed);
	free(w->behind);
	free(w->item);
	free(w->chains.at);
	free(w->say_slot);
	free(w->sources.at);
	free(w->made.at);
	free(w->details.at);
}

int
set_write_all(const struct match_set *set, const struct strings *strings, struct span annex, int fd,
	int64_t now, bool *full)
{
	struct writer w = {
		.set = set, .strings = strings, .annex = annex, .fd = fd, .at = SET_FILE_PAGE};
	w.digest = digest_new(DIGEST_SHA256);
	if (set->work)
		atomic_store(&set->work->to_write,
			set->pool.len + annex.len +
				set->items.len * (sizeof(struct file_item) + 2 * sizeof(uint32_t)) +
				set->details.len * sizeof(struct file_detail));
	if (lseek(fd, SET_FILE_PAGE, SEEK_SET) < 0)
		w.fault = errno;
	write_bodies(&w);
	write_head(&w, now);
	*full = w.full;
	writer_fini(&w);
	return w.fault;
}
