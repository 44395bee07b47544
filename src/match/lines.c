#include "match/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

enum { FIRST = 256 << 10, WIDE = 64 << 10 };

void
lines_init(struct lines *l, struct stream *stream, enum lines_last last)
{
	*l = (struct lines){.stream = stream, .whole = last == LINES_WHOLE};
}

void
lines_fini(struct lines *l)
{
	free(l->buffer);
	l->buffer = NULL;
}

/* Bytes of a stream of UTF-16, made UTF-8 behind `end`. */
static enum rc
fill_wide(struct lines *l, struct diag *why)
{
	char raw[WIDE + sizeof l->raw];
	size_t got;
	memmove(l->buffer, l->buffer + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	memcpy(raw, l->raw, l->raw_len);
	enum rc code = stream_read(l->stream, raw + l->raw_len, WIDE, &got, why);
	if (code)
		return code;
	struct span text = {raw, l->raw_len + got};
	struct buf out = {l->buffer, l->end, l->cap};
	size_t taken = utf16_read(l->order, text, &out);
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
	struct span text = {l->buffer, l->end};
	size_t taken = utf16_read(l->order, text, &out);
	l->raw_len = text.len - taken;
	memcpy(l->raw, text.ptr + taken, l->raw_len);
	if (out.len > l->cap) {
		l->cap = out.len;
		l->buffer = mem_grow(l->buffer, l->cap, 1);
	}
	if (out.len)
		memcpy(l->buffer, out.ptr, out.len);
	l->end = out.len;
}

/* Room behind `end`, then one read. RC_NONE at the end of the stream. */
static enum rc
fill(struct lines *l, struct diag *why)
{
	if (l->order != UTF16_NONE)
		return fill_wide(l, why);
	if (l->start && l->start == l->end)
		l->start = l->end = 0;
	if (l->end == l->cap && l->start) {
		memmove(l->buffer, l->buffer + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
	}
	if (l->end == l->cap) {
		l->cap = l->cap ? l->cap * 2 : FIRST;
		l->buffer = mem_grow(l->buffer, l->cap, 1);
	}
	size_t got;
	enum rc code = stream_read(l->stream, l->buffer + l->end, l->cap - l->end, &got, why);
	if (code)
		return code;
	l->end += got;
	if (!l->begun && l->end >= 4) {
		l->begun =
			true; /* nothing was given out: a line is longer, but for a followed file's */
		if (l->offset)
			return RC_OK;
		l->order = utf16_by_mark((struct span){l->buffer, l->end});
		if (l->order != UTF16_NONE)
			widen(l);
	}
	return RC_OK;
}

/* Whether there is enough to tell formats apart by: two lines. */
static bool
has_two_lines(const struct lines *l)
{
	if (!l->buffer)
		return false;
	const char *at = l->buffer + l->start, *end = l->buffer + l->end;
	for (unsigned i = 0; i < 2; i++) {
		at = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		if (!at)
			return false;
		at++;
	}
	return true;
}

enum rc
lines_peek(struct lines *l, size_t want, struct span *out, struct diag *why)
{
	enum rc code = RC_OK;
	while (!code && l->end - l->start < want && !has_two_lines(l))
		code = fill(l, why);
	*out = (struct span){l->buffer + l->start, l->end - l->start};
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
	struct span have = {l->buffer + l->start, l->end - l->start};
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

enum rc
lines_next(struct lines *l, struct line *out, struct diag *why)
{
	size_t looked = 0;
	for (;;) {
		if (l->skipping) {
			skip_word(l);
			looked = 0;
		}
		size_t have = l->end - l->start;
		const char *at =
			have > looked ? memchr(l->buffer + l->start + looked, '\n', have - looked)
				      : NULL;
		if (at) {
			size_t len = (size_t)(at - (l->buffer + l->start));
			give(l, len, out);
			if (len && out->text.ptr[len - 1] == '\r')
				out->text.len--;
			advance(l, len + 1);
			l->number++;
			l->continued = false;
			return RC_OK;
		}
		looked = have;
		if (have >= LINE_LONGEST) {
			if (give_piece(l, out))
				return RC_OK;
			continue;
		}
		enum rc code = fill(l, why);
		if (code == RC_NONE && !l->whole && l->end > l->start) {
			give(l, l->end - l->start, out);
			advance(l, l->end - l->start);
			l->number++;
			return RC_OK;
		}
		if (code)
			return code;
	}
}
