/* Compiling a set into a file: everything is written once, front to back; the first page comes last. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/must.h"
#include "base/own.h"
#include "keys/digest.h"
#include "match/set_file-internal.h"
#include "match/strings.h"
#include "match/sweep-internal.h"
#include "obs/url.h"

enum { PIECE = 1 << 20 };

struct writer {
	const struct match_set *set; /* stands on no file */
	int fd, fault;		     /* errno of the first write that failed */
	bool full;		     /* more text than a file holds */
	struct span annex;
	uint64_t at;
	struct digest_run *digest;
	struct buf out;
	struct file_head head;
	uint32_t *number; /* of a set's item, in the file; NONE: left out */
	uint64_t *placed; /* of a file's items, a bit each: its key has a text */
	uint64_t *behind; /* it is not the first of its key */
	struct file_item *item;
	uint32_t items;
	const struct strings *strings; /* NULL: none */
	vec_of(struct file_chain) chains;
	/* What indicators say: texts once each, by a table of where they are. */
	struct buf says;
	uint32_t *say_slot;
	size_t say_slots, say_count;
	vec_of(struct file_source) sources;
	vec_of(struct file_string) made; /* of the strings */
	vec_of(struct file_detail) details;
};

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

static void
put_section(struct writer *w, enum section which, const void *bytes, size_t len)
{
	begin(w, which);
	/* A digest and a write at a time that the cache holds. */
	for (size_t at = 0; at < len; at += PIECE)
		put(w, (const char *)bytes + at, len - at < PIECE ? len - at : PIECE);
	end(w, which);
}

/* ---- what indicators say ---- */

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

/* One detail; of an indicator that is about one thing, what this thing says already is left out. */
static void
detail_write(struct writer *w, uint32_t index, uint32_t first, const struct item *only)
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
	detail_write(w, 0, 0, NULL);
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
				detail_write(w, detail, first, only);
			detail = item->detail;
			first = w->items;
			only = item;
		}
		w->number[i] = w->items++;
	}
	if (detail)
		detail_write(w, detail, first, only);
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
	put_section(w, SECTION_SLOTS, slot, slots * sizeof *slot);
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
	put_section(w, SECTION_ROUTES, w->set->routes, sizeof w->set->routes);
	put_section(w, SECTION_GATES, small, sizeof *small);
	put_section(w, SECTION_LABELS, g.two_labels.word, g.two_labels.words * sizeof(uint64_t));
	put_section(w, SECTION_FOURS, g.fours.word, g.fours.words * sizeof(uint64_t));
	put_section(w, SECTION_SIXES, g.sixes.word, g.sixes.words * sizeof(uint64_t));
	put_section(w, SECTION_NAMES, g.names.block, g.names.blocks * sizeof(struct block));
	put_section(w, SECTION_DIGITS, g.digits.block, g.digits.blocks * sizeof(struct block));
	begin(w, SECTION_RANGES);
	for (size_t i = 0; i < g.ranges; i++)
		put(w, &(struct file_range){g.low[i], g.high[i]}, sizeof(struct file_range));
	end(w, SECTION_RANGES);
	gates_fini(&g);
}

/* Details by the hash of their id. */
static void
write_ids(struct writer *w)
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
	put_section(w, SECTION_IDS, slot, slots * sizeof *slot);
}

/* Texts and expressions; those of a file that the set stood on are among them. */
static void
make_strings(struct writer *w)
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
	put_section(w, SECTION_ITEMS, w->item, w->items * sizeof *w->item);
	if (w->chains.len)
		qsort(w->chains.at, w->chains.len, sizeof *w->chains.at, by_item);
	put_section(w, SECTION_CHAINS, w->chains.at, w->chains.len * sizeof *w->chains.at);
	write_slots(w);
	write_gates(w, &gates);
	make_strings(w);
	put_section(w, SECTION_DETAILS, w->details.at, w->details.len * sizeof *w->details.at);
	put_section(w, SECTION_SOURCES, w->sources.at, w->sources.len * sizeof *w->sources.at);
	write_ids(w);
	put_section(w, SECTION_STRINGS, w->made.at, w->made.len * sizeof *w->made.at);
	put_section(w, SECTION_SAYS, w->says.ptr, w->says.len);
	put_section(w, SECTION_ANNEX, w->annex.ptr, w->annex.len);
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

/* Into a file that nobody sees yet; errno of what failed, 0: nothing did. */
static int
write_all(const struct match_set *set, const struct strings *strings, struct span annex, int fd,
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

/* ---- files ---- */

/* What a set and its file hold together, as one that stands on none. */
static enum rc
join(const struct match_set *set, struct match_set **out)
{
	own_arena struct arena a = {};
	own_match_set struct match_set *made = match_set_new(set->seed);
	size_t count = set->base_items + set->items.len;
	match_set_expect(made, count);
	match_set_watch(made, set->work);
	made->has_open = match_set_has_open(set);
	for (size_t i = 0; i < count; i++) {
		if (set_is_stopped(set))
			return RC_AGAIN;
		struct item item;
		bool is_base = i < set->base_items;
		if (is_base ? !set_file_item(set->base, (uint32_t)i, &item) || item.role
			    : set->items.at[i - set->base_items].role != ROLE_INDICATOR)
			continue;
		arena_reset(&a);
		struct indicator one = match_set_get(set, (uint32_t)i, &a);
		/* What a damaged file says cannot be added stays behind. */
		if (match_set_add(made, &one) == RC_LIMIT)
			return RC_LIMIT;
	}
	*out = take(&made);
	return RC_OK;
}

static enum rc
failed(struct diag *why, int fault)
{
	if (fault == ECANCELED)
		return diag_fail(why, RC_AGAIN, "stopped before it was written");
	if (fault == ENOSPC || fault == EDQUOT)
		diag_todo(why, "make room, or write it elsewhere");
	return diag_fail(why, fault == ENOSPC || fault == EDQUOT ? RC_FULL : RC_IO,
		"cannot be written: %s", strerror(fault));
}

/* The disk has the file, and what it has is what was written. */
static enum rc
settle(const char *fresh, const char *path, int fd, struct diag *why)
{
	own_set_file struct set_file *made = NULL;
	struct diag plain = {};
	own_mem char *folder_name = mem_dup(span_of(path));
	char *slash = strrchr(folder_name, '/');
	if (slash)
		slash[1] = 0;
	own_fd int folder = open(slash ? folder_name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || !fd_adopt(fd, folder) || fsync(fd) < 0)
		return failed(why, errno);
	enum rc code = set_file_open(fresh, &made, &plain);
	if (!code)
		code = set_file_digest(made, &plain);
	if (code)
		return diag_fail(
			why, code, "what was written reads back otherwise: %s", plain.what);
	if (rename(fresh, path) < 0 || fsync(folder) < 0)
		return failed(why, errno);
	return RC_OK;
}

enum rc
set_file_write(const struct match_set *set, const char *path, struct span annex, int64_t now,
	struct diag *why)
{
	own_match_set struct match_set *joined = NULL;
	own_arena struct arena a = {};
	bool full = false;
	diag_where(why, "%s", path);
	enum rc code = set->base ? join(set, &joined) : RC_OK;
	if (code)
		return code == RC_AGAIN ? failed(why, ECANCELED)
					: diag_fail(why, code, "too many indicators for one set");
	char *fresh = (char *)(uintptr_t)arena_printf(&a, "%s.new-XXXXXX", path).ptr;
	own_fd int fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return failed(why, errno);
	int fault = write_all(joined ? joined : set, set->strings, annex, fd, now, &full);
	code = fault  ? failed(why, fault)
	       : full ? diag_fail(why, RC_LIMIT, "more text than one set holds")
		      : settle(fresh, path, fd, why);
	if (code)
		unlink(fresh);
	return code;
}
