#pragma once
/*
 * Lines of a stream, in bounded memory whatever their length; UTF-16 with a byte order mark comes as
 * UTF-8. A line longer than LINE_LONGEST comes
 * in pieces, cut between words; a word that long is no observable and is passed over. One thread at
 * a time.
 */
#include "base/vec.h"
#include "codec/stream.h"
#include "codec/utf16.h"

enum { LINE_LONGEST = 1 << 20 };

struct line {
	struct span text; /* without its line end (LF or CRLF); valid until the next call */
	uint64_t number;  /* from 1 */
	uint64_t offset;  /* of text in the unpacked stream */
	bool piece;	  /* of a longer line: not all of it is here */
	bool wide; /* was UTF-16: utf16_bytes(before) is how far a byte of text stands behind offset */
};

/* Which lines a reader must see, where a sweep says on which there may be a hit. */
enum lines_keep {
	LINES_KEEP_ALL,
	LINES_KEEP_LIKELY,   /* those */
	LINES_KEEP_HEADINGS, /* those, and what begins with "#" */
	LINES_KEEP_UNQUOTED, /* those, but all of a stretch that holds a quote: records may span lines */
};

struct sweep;
struct ahead;

struct lines {
	struct stream *stream; /* borrowed */
	char *buffer;
	size_t start, end, cap;
	uint64_t number, offset; /* of the byte at start; number: lines ended so far */
	bool skipping;		 /* inside a word without end */
	bool continued;		 /* what is at start continues a line */
	bool whole;		 /* a last line without line end is held back */
	enum utf16 order;
	bool begun;  /* order is known */
	char raw[4]; /* of UTF-16, an unfinished character */
	size_t raw_len;
	struct sweep *sweep; /* borrowed; NULL: every line is given out */
	enum lines_keep keep;
	bool joining;	   /* until the record ends, every line is given out */
	size_t swept;	   /* places of what lies before are known */
	size_t swept_from; /* where that stretch begins; places count from there */
	size_t next_place;
	const uint32_t *place;
	size_t places;
	const uint16_t *line_ends; /* in each SWEEP_CHUNK of the stretch */
	vec_of(uint32_t) own_places;
	vec_of(uint16_t) own_ends;
	unsigned threads;    /* besides this one, to sweep with */
	struct ahead *ahead; /* reads on, by blocks: `buffer` is the block's */
	char *own;	     /* the buffer, meanwhile */
	size_t own_cap;
	bool no_ahead;	 /* a line was too long for it */
	uint64_t passed; /* lines that were not given out */
	size_t silence;	 /* bytes of them since the last answer */
};

#define own_lines __attribute__((cleanup(lines_fini)))

/* LINES_WHOLE: what has no line end yet may still grow and is held back, for followed files. */
enum lines_last { LINES_ALL, LINES_WHOLE };

void lines_init(struct lines *l, struct stream *stream, enum lines_last last);
void lines_fini(struct lines *l);
/*
 * RC_AGAIN: nothing yet in many megabytes of a stream that is swept; call again. RC_NONE at the end (for LINES_WHOLE: for now); other codes as stream_read gives them, after the
 * lines before the fault.
 */
enum rc lines_next(struct lines *l, struct line *out, struct diag *why);
/*
 * The first bytes of the stream, for sniffing, without taking them: fewer at its end, or where two
 * lines are there already and a pipe's next may be long in coming.
 */
enum rc lines_peek(struct lines *l, size_t want, struct span *out, struct diag *why);
