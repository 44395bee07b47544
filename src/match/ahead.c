#include "match/ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "match/ahead-internal.h"

enum {
	LONGEST = LINE_LONGEST,
	BEHIND = 4096
}; /* BEHIND: of the next block, for its first line's rest */

static void
grow(struct room *r, size_t text)
{
	size_t cap = text + 2 * SWEEP_SLACK;
	if (cap <= r->cap)
		return;
	r->ptr = mem_grow(r->ptr, cap, 1);
	r->cap = cap;
}

/* ---- the stream, one block after the other ---- */

/* One read behind the `len` bytes that are there. */
static enum rc
read_more(struct ahead *a, struct block *b, size_t *len)
{
	size_t got, want = *len + BLOCK / 4 < BLOCK ? BLOCK - *len : BLOCK / 4;
	grow(&b->room, *len + want);
	enum rc code =
		stream_read(a->stream, b->room.ptr + SWEEP_SLACK + *len, want, &got, &a->why);
	*len += got;
	return code;
}

/*
 * Whole lines behind the `len` bytes that are there, until there are BLOCK bytes of them or the stream ends;
 * what begins another line is carried over. No line but the first is as long as LONGEST.
 */
static void
fill(struct ahead *a, struct block *b, size_t len)
{
	const char *end = len ? memrchr(b->room.ptr + SWEEP_SLACK, '\n', len) : NULL;
	size_t whole = end ? (size_t)(end - (b->room.ptr + SWEEP_SLACK)) + 1 : 0;
	while (!b->code && (len < BLOCK || !whole) && (len < LONGEST || whole)) {
		size_t before = len;
		b->code = read_more(a, b, &len);
		const char *to = b->room.ptr + SWEEP_SLACK + before;
		end = len > before ? memrchr(to, '\n', len - before) : NULL;
		if (end)
			whole = before + (size_t)(end - to) + 1;
	}
	const char *text = b->room.ptr + SWEEP_SLACK;
	end = whole ? memchr(text, '\n', whole) : NULL;
	size_t first = end ? (size_t)(end - text) + 1 : len;
	b->shown = (struct ahead_block){.text = {text, len}, .rough = first >= LONGEST};
	if (!b->code && !b->shown.rough) {
		b->shown.text.len = whole;
		buf_add(&a->carry, (struct span){text + whole, len - whole});
	}
	bool plain = stream_kind(a->stream) == STREAM_PLAIN;
	b->shown.taken = stream_taken(a->stream) - (plain ? a->carry.len : 0);
	if (b->code)
		stream_finish(a->stream);
}

/* A plain file's blocks can be read by several at once from now on. */
static void
spread(struct ahead *a)
{
	uint64_t at;
	a->fd = stream_plain_file(a->stream, &at);
	if (a->fd < 0 || at < a->carry.len)
		return;
	a->spread = true;
	a->pos = a->from = a->base = at - a->carry.len;
	buf_fini(&a->carry);
	a->carry = (struct buf){};
}

void
ahead_read(struct ahead *a, struct block *b)
{
	size_t len = a->carry.len;
	grow(&b->room, len + BLOCK);
	if (len)
		memcpy(b->room.ptr + SWEEP_SLACK, a->carry.ptr, len);
	a->carry.len = 0;
	fill(a, b, len);
}

/* What lines_peek would give; its faults too. */
static size_t
read_head(struct ahead *a, struct block *b, enum utf16 *order)
{
	size_t len = 0;
	bool known = false;
	*order = UTF16_NONE;
	grow(&b->room, BLOCK);
	const char *text = b->room.ptr + SWEEP_SLACK;
	while (!b->code && len < READING_HEAD && !lines_are_two((struct span){text, len})) {
		b->code = read_more(a, b, &len);
		text = b->room.ptr + SWEEP_SLACK;
		if (known || len < 4)
			continue;
		known = true;
		*order = utf16_by_start((struct span){text, len});
		if (*order != UTF16_NONE)
			break;
	}
	return len;
}

void
ahead_begin(struct ahead *a, struct block *b)
{
	const struct crew_files *files = &a->crew->files;
	enum utf16 order;
	a->stream = files->open(files->ctx, a->number);
	a->odd = !a->stream;
	if (a->odd)
		return;
	size_t len = read_head(a, b, &order);
	struct span head = {b->room.ptr + SWEEP_SLACK, len};
	if (order != UTF16_NONE) {
		b->shown = (struct ahead_block){
			.text = head, .rough = true, .taken = stream_taken(a->stream)};
		return;
	}
	a->judged = true;
	reading_judge(head, files->reader, &a->judgement);
	if (len == 0 && b->code) {
		a->judgement.code = b->code;
		a->judgement.why = a->why;
	}
	if (a->judgement.code) { /* nobody will ask for a line */
		b->code = a->judgement.code;
		return;
	}
	a->keep = judgement_keep(&a->judgement);
	a->thin = judgement_is_thin(&a->judgement);
	fill(a, b, len);
	if (b->code || b->shown.rough)
		return;
	spread(a);
	b->end = b->to = a->base;
	b->begin = a->pos -= a->spread ? b->shown.text.len : 0;
}

/* ---- a file, wherever in it ---- */

/* How many of the bytes are there. A fault is an end here: the caller reads on and meets it. */
static size_t
read_range(int fd, char *to, size_t want, uint64_t from)
{
	size_t len = 0;
	while (len < want) {
		ssize_t got = pread(fd, to + len, want - len, (off_t)(from + len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return len;
}

/*
 * The end of the last line that begins before `edge`: behind the first line end at edge - 1 or later, for which
 * is read on. Where it is too far away or not there the lines end before that one, and the block is the last.
 */
static size_t
find_end(struct ahead *a, struct block *b, uint64_t start, size_t edge, size_t got)
{
	const char *text = b->room.ptr + SWEEP_SLACK;
	size_t upto = got < edge - 1 ? got : edge - 1, looked = edge - 1, want = edge + BEHIND;
	const char *before = upto ? memrchr(text, '\n', upto) : NULL;
	size_t line = before ? (size_t)(before - text) + 1 : 0;
	for (size_t more = BEHIND;; more *= 2) {
		const char *end = got > looked ? memchr(text + looked, '\n', got - looked) : NULL;
		size_t behind = end ? (size_t)(end - text) + 1 : got;
		b->last = behind - line >= LONGEST || (!end && got < want);
		if (b->last)
			return line;
		if (end)
			return behind;
		looked = got;
		want += more;
		grow(&b->room, want);
		text = b->room.ptr + SWEEP_SLACK;
		got += read_range(a->fd, b->room.ptr + SWEEP_SLACK + got, want - got, start + got);
	}
}

void
ahead_read_at(struct ahead *a, struct block *b)
{
	size_t lead = b->from > a->base; /* the byte before says whether a line begins at `from` */
	uint64_t start = b->from - lead;
	size_t edge = lead + BLOCK, want = edge + BEHIND, first = 0;
	grow(&b->room, want);
	size_t got = read_range(a->fd, b->room.ptr + SWEEP_SLACK, want, start);
	b->begin = b->end = b->from;
	b->shown = (struct ahead_block){.taken = b->from};
	if (lead) {
		const char *text = b->room.ptr + SWEEP_SLACK;
		const char *end = memchr(text, '\n', got < edge - 1 ? got : edge - 1);
		b->last = !end && got < want;
		if (!end)
			return;
		first = (size_t)(end - text) + 1;
	}
	size_t end = find_end(a, b, start, edge, got);
	if (end <= first)
		return;
	b->shown.text = (struct span){b->room.ptr + SWEEP_SLACK + first, end - first};
	b->begin = start + first;
	b->end = b->shown.taken = start + end;
}

/* ---- what is likely ---- */

/* Only what is likely stays, if that is little; a copy of it. */
static bool
make_thin(struct ahead *a, struct block *b, struct hand *h, size_t whole, struct sweep_result found)
{
	struct span text = b->shown.text;
	struct stretch s = {.text = span_sub(text, 0, whole), .found = found};
	h->thin.len = h->gaps.len = 0;
	for (size_t at = 0; at < whole;) {
		size_t to = stretch_pass(&s, a->keep, at);
		uint64_t lines = stretch_lines(&s, at, to);
		if (to > at)
			*vec_add(&h->gaps) = (struct ahead_gap){
				(uint32_t)h->thin.len, (uint32_t)(to - at), (uint32_t)lines};
		if (to >= whole)
			break;
		const char *end = memchr(text.ptr + to, '\n', whole - to);
		at = (size_t)(end - text.ptr) + 1;
		buf_add(&h->thin, (struct span){text.ptr + to, at - to});
		if (h->thin.len > text.len / 2)
			return false;
	}
	buf_add(&h->thin, span_sub(text, whole, SIZE_MAX));
	b->shown.thin = true;
	b->shown.gaps = h->gaps.len;
	if (h->gaps.len && h->gaps.len <= FEW)
		memcpy(b->few, h->gaps.at, h->gaps.len * sizeof *b->few);
	if (h->gaps.len > FEW) {
		b->gap = mem_grow(NULL, h->gaps.len, sizeof *b->gap);
		memcpy(b->gap, h->gaps.at, h->gaps.len * sizeof *b->gap);
	}
	b->shown.gap = b->gap ? b->gap : b->few;
	b->shown.text = buf_span(&h->thin);
	return true;
}

static void
keep_found(struct block *b, struct sweep_result found)
{
	b->place = mem_grow(NULL, found.places + 1, sizeof *b->place);
	b->line_ends = mem_grow(NULL, found.chunks + 1, sizeof *b->line_ends);
	if (found.vagues) {
		b->vague = mem_grow(NULL, found.vagues, sizeof *b->vague);
		memcpy(b->vague, found.vague, found.vagues * sizeof *b->vague);
	}
	if (found.places)
		memcpy(b->place, found.place, found.places * sizeof *b->place);
	if (found.chunks)
		memcpy(b->line_ends, found.line_ends, found.chunks * sizeof *b->line_ends);
	b->shown.found = found;
	b->shown.found.place = b->place;
	b->shown.found.vague = b->vague;
	b->shown.found.line_ends = b->line_ends;
	b->shown.swept = true;
}

/* Text that is short beside its room gets one of its size; the room is the thread's. */
static void
fit(struct block *b, struct hand *h)
{
	struct span text = b->shown.text;
	if (!b->shown.thin && text.len > b->room.cap / 2)
		return;
	struct room own = {};
	if (text.len > SMALL)
		grow(&own, text.len);
	char *to = (own.ptr ? own.ptr : b->small) + SWEEP_SLACK;
	if (text.len)
		memcpy(to, text.ptr, text.len);
	b->shown.text.ptr = to;
	h->other = b->room;
	b->room = own;
}

void
ahead_sweep(struct ahead *a, struct block *b, struct hand *h)
{
	struct span text = b->shown.text;
	const char *last = text.len ? memrchr(text.ptr, '\n', text.len) : NULL;
	size_t whole = last ? (size_t)(last - text.ptr) + 1 : 0;
	bool sweeps = h->sweep && whole && !b->shown.rough && a->keep != LINES_KEEP_ALL;
	if (sweeps) {
		struct sweep_result found;
		if (a->judgement.counted)
			sweep_text_counted(h->sweep, text, &found);
		else
			sweep_text(h->sweep, text, &found);
		b->shown.by_record = stretch_is_by_record(text, a->keep);
		if (!a->thin || !make_thin(a, b, h, whole, found))
			keep_found(b, found);
	}
	fit(b, h);
}

/* ---- blocks ---- */

size_t
ahead_bytes(const struct block *b)
{
	return sizeof *b + b->room.cap + b->shown.gaps * sizeof *b->gap +
	       (b->shown.found.places + b->shown.found.vagues) * sizeof *b->place +
	       b->shown.found.chunks * sizeof *b->line_ends;
}

void
ahead_add_block(struct ahead *a, struct block *b)
{
	*a->last = b;
	a->last = &b->next;
	a->blocks++;
}

struct block *
block_get(struct crew *c)
{
	struct block *b = c->old_block;
	if (!b)
		return mem_new(sizeof *b);
	c->old_block = b->next;
	*b = (struct block){};
	return b;
}

void
block_free(struct crew *c, struct block *b)
{
	if (!b)
		return;
	c->held -= b->held;
	crew_keep_room(c, b->room);
	free(b->place);
	free(b->vague);
	free(b->line_ends);
	free(b->gap);
	b->next = c->old_block;
	c->old_block = b;
}

struct ahead *
ahead_get(struct crew *c)
{
	struct ahead *a = c->old_ahead;
	if (a)
		c->old_ahead = a->next;
	else
		a = mem_new(sizeof *a);
	*a = (struct ahead){.crew = c};
	a->last = &a->first;
	return a;
}

void
ahead_drop(struct crew *c)
{
	for (struct block *b; (b = c->old_block); free(b))
		c->old_block = b->next;
	for (struct ahead *a; (a = c->old_ahead); free(a))
		c->old_ahead = a->next;
}

static struct block *
take_first(struct ahead *a)
{
	struct block *b = a->first;
	a->first = b->next;
	if (!a->first)
		a->last = &a->first;
	a->blocks--;
	return b;
}

/* ---- the caller ---- */

struct ahead *
ahead_new(struct crew *c, struct stream *stream, struct span carry, enum lines_keep keep,
	enum stretch_names names)
{
	pthread_mutex_lock(&c->lock);
	struct ahead *a = ahead_get(c);
	pthread_mutex_unlock(&c->lock);
	a->stream = stream;
	a->keep = keep;
	a->judgement.counted = names == NAMES_COUNTED;
	a->begun = true;
	a->by_caller = !stream_is_prompt(stream);
	if (carry.len)
		buf_add(&a->carry, carry);
	spread(a);
	pthread_mutex_lock(&c->lock);
	a->next = c->first;
	c->first = a;
	a->packed = stream_kind(stream) != STREAM_PLAIN;
	c->packed += a->packed;
	pthread_mutex_unlock(&c->lock);
	return a;
}

void
ahead_free(struct ahead *a)
{
	if (!a)
		return;
	struct crew *c = a->crew;
	pthread_mutex_lock(&c->lock);
	a->ended = true;
	while (a->working)
		pthread_cond_wait(&c->done, &c->lock);
	while (a->first)
		block_free(c, take_first(a));
	block_free(c, a->shown);
	struct ahead **at = &c->first;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	c->packed -= a->packed;
	c->files_ahead -= a->is_file;
	buf_fini(&a->carry);
	a->next = c->old_ahead;
	c->old_ahead = a;
	crew_wake(c);
	pthread_mutex_unlock(&c->lock);
}

const struct judgement *
ahead_judged(const struct ahead *a)
{
	return a->judged ? &a->judgement : NULL;
}

/* Nothing more comes of the file this way: the stream goes on where the next line begins. */
static const struct ahead_block *
leave_file(struct ahead *a)
{
	stream_seek(a->stream, a->pos);
	a->rest = (struct ahead_block){.text = SPAN(""), .taken = a->pos, .rough = true};
	return &a->rest;
}

/*
 * Of a file's blocks the next whose lines begin where those before it end. Where none do the file was changed
 * meanwhile, or ends, or has a line that is too long.
 */
static const struct block *
next_in_file(struct ahead *a)
{
	while (a->first && a->first->state == BLOCK_DONE && a->first->to <= a->pos && !a->left)
		block_free(a->crew, take_first(a));
	struct block *b = a->first;
	a->left |= !b ? a->ended
		      : b->state == BLOCK_DONE && (b->begin != a->pos || b->begin == b->end);
	return a->left ? NULL : b;
}

enum rc
ahead_next(struct ahead *a, const struct ahead_block **out, struct diag *why)
{
	struct crew *c = a->crew;
	enum rc code = RC_OK;
	pthread_mutex_lock(&c->lock);
	for (;;) {
		const struct block *b = a->spread ? next_in_file(a) : a->first;
		if (a->left || (!b && a->ended && !a->reading)) {
			a->ended = true;
			code = a->left ? RC_OK : a->code;
			break;
		}
		if (b && b->state == BLOCK_DONE) {
			block_free(c, a->shown);
			a->shown = take_first(a);
			a->pos = a->shown->end;
			a->left = a->shown->last;
			*out = &a->shown->shown;
			crew_wake(c);
			pthread_mutex_unlock(&c->lock);
			return RC_OK;
		}
		crew_wait(c, a);
	}
	pthread_mutex_unlock(&c->lock);
	if (a->left)
		*out = leave_file(a);
	else if (why && code != RC_NONE)
		*why = a->why;
	return code;
}
