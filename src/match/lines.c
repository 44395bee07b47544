#include "match/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/ahead.h"
#include "match/sweep.h"

/* In front and behind what is read there are bytes that a sweep may look at. */
enum { WIDE = 64 << 10, SLACK = SWEEP_SLACK, LONG_SILENCE = 8 << 20, TIMES_AHEAD = 16 };

void
lines_init(struct lines *l, struct stream *stream, enum lines_last last)
{
	*l = (struct lines){
		.stream = stream, .whole = last == LINES_WHOLE, .start = SLACK, .end = SLACK};
}

void
lines_fini(struct lines *l)
{
	free(l->ahead ? l->own : l->buffer);
	ahead_free(l->ahead);
	free(l->own_places.at);
	free(l->own_vague.at);
	free(l->own_ends.at);
	crew_free(&l->crew_here);
	l->ahead = NULL;
	l->buffer = l->own = NULL;
	l->own_places.at = l->own_vague.at = NULL;
	l->own_ends.at = NULL;
}

/* What is not given out yet goes to the front. Nothing that was swept is left then. */
static void
to_front(struct lines *l)
{
	if (l->start < l->end)
		memmove(l->buffer + SLACK, l->buffer + l->start, l->end - l->start);
	l->end = SLACK + (l->end - l->start);
	l->start = SLACK;
	l->swept = 0;
}

/* Bytes of a stream of UTF-16, made UTF-8 behind `end`. */
static enum rc
fill_wide(struct lines *l, struct diag *why)
{
	char raw[WIDE + sizeof l->raw];
	size_t got;
	to_front(l);
	memcpy(raw, l->raw, l->raw_len);
	enum rc code = stream_read(l->stream, raw + l->raw_len, WIDE, &got, why);
	if (code)
		return code;
	struct span text = {raw, l->raw_len + got};
	struct buf out = {l->buffer, l->end, l->cap};
	size_t taken = utf16_read(l->order, text, &out);
	buf_room(&out, SLACK);
	l->buffer = out.ptr;
	l->end = out.len;
	l->cap = out.cap;
	l->raw_len = text.len - taken;
	memcpy(l->raw, raw + taken, l->raw_len);
	return RC_OK;
}

/* What came first, when it turns out to be UTF-16. */
static void
widen(struct lines *l)
{
	own_buf struct buf out = {};
	struct span text = {l->buffer + SLACK, l->end - SLACK};
	size_t taken = utf16_read(l->order, text, &out);
	l->raw_len = text.len - taken;
	memcpy(l->raw, text.ptr + taken, l->raw_len);
	if (out.len + 2 * SLACK > l->cap) {
		l->cap = out.len + 2 * SLACK;
		l->buffer = mem_grow(l->buffer, l->cap, 1);
	}
	if (out.len)
		memcpy(l->buffer + SLACK, out.ptr, out.len);
	l->end = SLACK + out.len;
}

/* The order of UTF-16 by the first bytes: nothing was given out, but for a followed file's line. */
static void
recognise(struct lines *l)
{
	if (l->begun || l->end - l->start < 4)
		return;
	l->begun = true;
	if (l->offset)
		return;
	l->order = utf16_by_start((struct span){l->buffer + l->start, l->end - l->start});
	if (l->order != UTF16_NONE)
		widen(l);
}

/* Room behind `end`, then one read. RC_NONE at the end of the stream. */
static enum rc
fill(struct lines *l, struct diag *why)
{
	if (l->order != UTF16_NONE)
		return fill_wide(l, why);
	if (l->start == l->end || (l->end + SLACK >= l->cap && l->start > SLACK))
		to_front(l);
	if (l->end + SLACK >= l->cap) {
		l->cap = l->cap ? (l->cap - 2 * SLACK) * 2 + 2 * SLACK : LINES_FIRST + 2 * SLACK;
		l->buffer = mem_grow(l->buffer, l->cap, 1);
	}
	size_t got;
	enum rc code =
		stream_read(l->stream, l->buffer + l->end, l->cap - l->end - SLACK, &got, why);
	if (code)
		return code;
	l->end += got;
	recognise(l);
	return RC_OK;
}

bool
lines_are_two(struct span text)
{
	const char *at = text.ptr, *end = text.len ? at + text.len : at;
	for (unsigned i = 0; i < 2; i++) {
		at = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		if (!at)
			return false;
		at++;
	}
	return true;
}

static struct span
unread(const struct lines *l)
{
	return l->buffer ? (struct span){l->buffer + l->start, l->end - l->start} : (struct span){};
}

static enum rc fill_ahead(struct lines *l, struct diag *why);

enum rc
lines_peek(struct lines *l, size_t want, struct span *out, struct diag *why)
{
	enum rc code = RC_OK;
	while (!code && l->end - l->start < want && !lines_are_two(unread(l)))
		code = l->ahead ? fill_ahead(l, why) : fill(l, why);
	*out = unread(l);
	return code == RC_NONE || out->len ? RC_OK : code;
}

static void
advance(struct lines *l, size_t len)
{
	struct span passed = {l->buffer + l->start, len};
	l->offset += l->order == UTF16_NONE ? len : utf16_bytes(passed);
	l->start += len;
}

static void
give(struct lines *l, size_t len, struct line *out)
{
	*out = (struct line){
		.text = {l->buffer + l->start, len},
		.number = l->number + 1,
		.offset = l->offset,
		.piece = l->continued,
		.wide = l->order != UTF16_NONE,
	};
}

/* A line that fills the buffer: up to the last blank or quote, so that no word is cut. */
static bool
give_piece(struct lines *l, struct line *out)
{
	struct span have = {l->buffer + l->start, LINE_LONGEST};
	size_t cut = have.len;
	while (cut > 0 && !ascii_is_blank(have.ptr[cut - 1]) && have.ptr[cut - 1] != '"' &&
		have.ptr[cut - 1] != ',')
		cut--;
	if (cut == 0) {
		l->skipping = true;
		l->continued = true;
		advance(l, have.len);
		return false;
	}
	give(l, cut, out);
	out->piece = true;
	l->continued = true;
	advance(l, cut);
	l->last.text = l->last.all = cut;
	l->last.whole = false;
	return true;
}

/* A record that shares its line with others. */
static void
give_apart(struct lines *l, struct line *out)
{
	give(l, l->apart, out);
	out->piece = true;
	advance(l, l->apart);
	l->apart = 0;
}

bool
lines_back(struct lines *l, size_t len)
{
	enum { PAYS = 32 << 10, PART = 8 };
	size_t back = l->last.all - l->last.text + len;
	if (!l->last.all || len > l->last.text || l->every)
		return false;
	size_t taken = l->last.text - len;
	if (!taken || (taken < PAYS && taken < len / PART))
		return false;
	struct span again = {l->buffer + l->start - back, back};
	l->start -= back;
	l->offset -= l->order == UTF16_NONE ? back : utf16_bytes(again);
	l->number -= l->last.whole;
	l->last.all = 0;
	return true;
}

/* Drops the rest of a word without end. */
static void
skip_word(struct lines *l)
{
	size_t at = l->start;
	while (at < l->end && !ascii_is_blank(l->buffer[at]) && l->buffer[at] != '"')
		at++;
	if (at < l->end)
		l->skipping = false;
	advance(l, at - l->start);
}

/* ---- which lines are given out ---- */

/* Another reading may use the sweep before this one asks again. */
static void
keep_result(struct lines *l, const struct sweep_result *r)
{
	l->own_places.len = l->own_vague.len = l->own_ends.len = 0;
	for (size_t i = 0; i < r->places; i++)
		*vec_add(&l->own_places) = r->place[i];
	for (size_t i = 0; i < r->vagues; i++)
		*vec_add(&l->own_vague) = r->vague[i];
	for (size_t i = 0; i < r->chunks; i++)
		*vec_add(&l->own_ends) = r->line_ends[i];
	l->stretch.found = (struct sweep_result){.place = l->own_places.at,
		.places = l->own_places.len,
		.vague = l->own_vague.at,
		.vagues = l->own_vague.len,
		.line_ends = l->own_ends.at,
		.chunks = l->own_ends.len,
		.set = r->set,
		.version = r->version};
}

/*
 * Places in the whole lines that are there, none of them longer than a piece: how many records a line is must
 * not depend on where buffers end. Where records may end within a line, in all that is there.
 */
static void
sweep_lines(struct lines *l)
{
	struct sweep_result r;
	struct span text = {l->buffer + l->start, l->end - l->start};
	if (l->keep != LINES_KEEP_RECORDS) {
		size_t most = text.len < LINE_LONGEST ? text.len : LINE_LONGEST;
		const char *last = memrchr(text.ptr, '\n', most);
		if (!last)
			return;
		text.len = (size_t)(last - text.ptr) + 1;
	}
	l->swept = l->start + text.len;
	l->swept_from = l->start;
	l->all = false;
	l->stretch = (struct stretch){.text = text};
	l->by_record = stretch_is_by_record(text, l->keep);
	if (l->names == NAMES_COUNTED)
		sweep_text_counted(l->sweep, text, &r);
	else
		sweep_text(l->sweep, text, &r);
	keep_result(l, &r);
}

/* So many bytes from l->start on are passed over. */
static void
pass(struct lines *l, size_t len, uint64_t records)
{
	size_t from = l->start - l->swept_from;
	l->silence += len;
	l->number += stretch_lines(&l->stretch, from, from + len);
	l->passed += records;
	if (len)
		advance(l, len);
}

/* Passes over lines without a place, up to the next with one or to the end of what was swept. */
static void
pass_lines(struct lines *l)
{
	size_t from = l->start - l->swept_from, to = stretch_pass(&l->stretch, l->keep, from);
	pass(l, to - from, stretch_lines(&l->stretch, from, to));
}

/* Whether another record may begin on the line that this one ends on. */
static bool
is_apart(struct span text, size_t len)
{
	struct span behind = span_sub(text, len, 2);
	return !memchr(text.ptr, '\n', len) && !span_starts(behind, SPAN("\n")) &&
	       !span_eq(behind, SPAN("\r\n"));
}

/* Passes over whole records without a place. */
static void
pass_records(struct lines *l)
{
	size_t from = l->start - l->swept_from, to = l->swept - l->swept_from, at = from;
	uint64_t records = 0;
	for (;;) {
		struct span text = {l->buffer + l->swept_from + at, to - at};
		struct lines_record about = {};
		size_t len = at < to ? l->record(l->reading, text, &about) : 0;
		if (!len)
			break;
		if (about.doubtful || stretch_has(&l->stretch, at, at + len)) {
			l->apart = is_apart(text, len) ? len : 0;
			break;
		}
		at += len;
		records += !about.blank;
	}
	if (at > from)
		l->continued = false;
	pass(l, at - from, records);
}

/* Whether there is anything in the buffer that must not be given out. */
static bool
is_swept(struct lines *l)
{
	bool records = l->keep == LINES_KEEP_RECORDS;
	if (!l->sweep || l->keep == LINES_KEEP_ALL || l->joining || (l->continued && !records) ||
		l->start == l->end)
		return false;
	/* A record that was not whole is looked at again when there is twice as much. */
	bool stale = records && l->start < l->swept && l->swept < l->end &&
		     l->end - l->start >= 2 * (l->swept - l->start);
	if (l->start >= l->swept || stale)
		sweep_lines(l);
	return l->start < l->swept && !l->all;
}

/* ---- several threads ---- */

/*
 * A pipe's first buffer is read by this thread alone: its sniffing needs it. What a long line ended is begun
 * again behind it, a few times.
 */
static bool
may_run_ahead(const struct lines *l)
{
	if (l->ahead)
		return true;
	return (l->threads || l->crew) && l->sweep && l->times_ahead < TIMES_AHEAD && !l->whole &&
	       l->keep != LINES_KEEP_ALL && !l->joining && l->order == UTF16_NONE && l->begun &&
	       !l->continued && l->swept && l->end + SLACK >= l->cap;
}

/* Back to a buffer of one's own, with what the last block held. */
static void
leave_ahead(struct lines *l, struct span rest)
{
	size_t cap = (rest.len > LINES_FIRST ? rest.len : LINES_FIRST) + 2 * SLACK;
	if (cap > l->own_cap) {
		l->own = mem_grow(l->own, cap, 1);
		l->own_cap = cap;
	}
	if (rest.len)
		memcpy(l->own + SLACK, rest.ptr, rest.len);
	l->buffer = take(&l->own);
	l->cap = l->own_cap;
	l->own_cap = 0;
	l->start = SLACK;
	l->end = SLACK + rest.len;
	l->swept = 0;
	ahead_free(l->ahead);
	l->ahead = NULL;
	if (rest.len)
		recognise(l);
}

static void
begin_ahead(struct lines *l)
{
	struct span carry = {l->buffer + l->start, l->end - l->start};
	if (!l->crew)
		l->crew = l->crew_here = crew_new(l->sweep, l->threads);
	l->ahead = ahead_new(l->crew, l->stream, carry, l->keep, l->names);
	l->own = l->buffer;
	l->own_cap = l->cap;
	l->times_ahead++;
}

/* What comes next of the stream, and what of it is likely. */
static void
show_block(struct lines *l, const struct ahead_block *block)
{
	const char *last = memrchr(block->text.ptr, '\n', block->text.len);
	size_t whole = last ? (size_t)(last - block->text.ptr) + 1 : 0;
	l->buffer = (char *)(uintptr_t)block->text.ptr - SLACK; /* nothing writes to it meanwhile */
	l->start = l->swept_from = SLACK;
	l->end = l->cap = SLACK + block->text.len;
	l->swept = SLACK + whole;
	l->stretch = (struct stretch){.text = {block->text.ptr, whole}, .found = block->found};
	l->all = block->thin || !block->swept;
	l->by_record = block->by_record;
	l->gap = block->gap;
	l->gaps_end = block->gap + block->gaps;
	l->begun = true;
}

static enum rc
fill_ahead(struct lines *l, struct diag *why)
{
	const struct ahead_block *block;
	if (!l->ahead)
		begin_ahead(l);
	enum rc code = ahead_next(l->ahead, &block, why);
	if (code) { /* what the last block ends in may be given out yet */
		if (l->start == l->end)
			leave_ahead(l, (struct span){});
		return code;
	}
	if (block->taken > l->taken)
		l->taken = block->taken;
	if (block->rough)
		leave_ahead(l, block->text);
	else
		show_block(l, block);
	return RC_OK;
}

/* Of a whole line that is about to be given out, where it was swept. */
static struct spots
line_spots(struct lines *l, size_t len)
{
	size_t from = l->start - l->swept_from;
	if (l->by_record || l->start < l->swept_from || l->start + len >= l->swept)
		return (struct spots){};
	return stretch_spots(&l->stretch, from, from + len);
}

/* Of such a line, whether nothing is in it. */
static bool
is_quiet(struct lines *l, size_t len)
{
	size_t from = l->start - l->swept_from;
	return !l->by_record && l->start >= l->swept_from && l->start + len < l->swept &&
	       (!stretch_has(&l->stretch, from, from + len + 1) || mutant(1837));
}

/* Takes account of lines that the block in hand lacks. */
static void
pass_gaps(struct lines *l)
{
	for (; l->gap < l->gaps_end && l->gap->at == l->start - SLACK; l->gap++) {
		must(l->keep != LINES_KEEP_ALL && !l->joining);
		l->offset += l->gap->bytes;
		l->silence += l->gap->bytes;
		l->number += l->gap->lines;
		l->passed += l->gap->lines;
	}
}

void
lines_ahead(struct lines *l, struct ahead *ahead)
{
	l->ahead = ahead;
}

uint64_t
lines_taken(const struct lines *l)
{
	uint64_t own = l->ahead ? 0 : stream_taken(l->stream);
	return own > l->taken ? own : l->taken;
}

enum rc
lines_next(struct lines *l, struct line *out, struct diag *why)
{
	size_t looked = 0;
	l->last.all = 0;
	for (;;) {
		if (l->skipping) {
			skip_word(l);
			looked = 0;
		}
		if (l->ahead)
			pass_gaps(l);
		bool swept = is_swept(l);
		if (swept && !l->every) {
			if (l->by_record)
				pass_records(l);
			else
				pass_lines(l);
		}
		if (l->silence > LONG_SILENCE) {
			l->silence = 0;
			return RC_AGAIN;
		}
		if (l->apart) {
			give_apart(l, out);
			return RC_OK;
		}
		size_t have = l->end - l->start;
		if (have > LINE_LONGEST)
			have = LINE_LONGEST;
		const char *at =
			have > looked ? memchr(l->buffer + l->start + looked, '\n', have - looked)
				      : NULL;
		if (at) {
			size_t len = (size_t)(at - (l->buffer + l->start));
			give(l, len, out);
			if (swept) {
				out->spots = line_spots(l, len);
				out->quiet = l->every && is_quiet(l, len);
			}
			if (len && out->text.ptr[len - 1] == '\r')
				out->text.len--;
			advance(l, len + 1);
			l->number++;
			l->continued = false;
			l->last.text = out->text.len;
			l->last.all = len + 1;
			l->last.whole = true;
			return RC_OK;
		}
		looked = l->sweep ? 0 : have;
		if (have >= LINE_LONGEST) {
			if (give_piece(l, out))
				return RC_OK;
			continue;
		}
		enum rc code = may_run_ahead(l) ? fill_ahead(l, why) : fill(l, why);
		if (code == RC_NONE && !l->whole && l->end > l->start) {
			give(l, l->end - l->start, out);
			advance(l, l->end - l->start);
			l->number++;
			l->last.text = l->last.all = out->text.len;
			l->last.whole = true;
			return RC_OK;
		}
		if (code)
			return code;
	}
}
