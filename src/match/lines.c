#include "match/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

enum { FIRST = 256 << 10 };

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

/* Room behind `end`, then one read. RC_NONE at the end of the stream. */
static enum rc
fill(struct lines *l, struct diag *why)
{
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
	if (!code)
		l->end += got;
	return code;
}

enum rc
lines_peek(struct lines *l, size_t want, struct span *out, struct diag *why)
{
	enum rc code = RC_OK;
	while (!code && l->end - l->start < want)
		code = fill(l, why);
	*out = (struct span){l->buffer + l->start, l->end - l->start};
	return code == RC_NONE || out->len ? RC_OK : code;
}

static void
advance(struct lines *l, size_t len)
{
	l->start += len;
	l->offset += len;
}

static void
give(struct lines *l, size_t len, struct line *out)
{
	*out = (struct line){
		.text = {l->buffer + l->start, len},
		.number = l->number + 1,
		.offset = l->offset,
		.piece = l->continued,
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
