#pragma once
/*
 * Lines of a stream, in bounded memory whatever their length; UTF-16 (codec/utf16.h) comes as
 * UTF-8. A line longer than LINE_LONGEST comes in pieces, cut between words; a word that long is no
 * observable and is passed over. One thread at a time.
 */
#include "base/vec.h"
#include "codec/stream.h"
#include "codec/utf16.h"
#include "match/stretch.h"

enum { LINE_LONGEST = 1 << 20, LINES_FIRST = 256 << 10 /* read at first */ };

struct line {
	struct span text; /* without its line end (LF or CRLF); valid until the next call */
	uint64_t number;  /* from 1 */
	uint64_t offset;  /* of text in the unpacked stream */
	bool piece;	  /* of a longer line: not all of it is here */
	bool wide; /* was UTF-16: utf16_bytes(before) is how far a byte of text stands behind offset */
	struct spots spots; /* of a sweep; valid as long as the text */
	bool quiet;	    /* a sweep says that nothing is to be found in it */
};

/* Of records that span lines, or of which many share a line. */
struct lines_record {
	bool doubtful; /* to be read even where there is no place in it */
	bool blank;    /* says nothing, no reader would give it out */
};

struct sweep;
struct reading;
struct crew;
struct ahead;
struct ahead_gap;

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
	enum stretch_names names;
	bool every;	/* lines in which nothing is to be found are given out, too */
	bool joining;	/* until the record ends, every line is given out */
	bool by_record; /* what was swept */
	bool all;	/* of the stretch that was swept is given out */
	/*
	 * Of the record that `text` begins with, when nothing of it was given out yet: its bytes, with what parts
	 * it from the one before. 0: none is whole there, or what is there must be read.
	 */
	size_t (*record)(const struct reading *r, struct span text, struct lines_record *out);
	const struct reading *reading; /* for it */
	size_t apart;		       /* a record that is next, but no line of its own; 0: none */
	struct {
		size_t text, all; /* bytes of what was given out last, and with its line end */
		bool whole;
	} last;
	size_t swept;	   /* places of what lies before are known */
	size_t swept_from; /* where that stretch begins; places count from there */
	struct stretch stretch;
	vec_of(struct sweep_place) own_places, own_vague;
	vec_of(uint16_t) own_ends;
	unsigned threads; /* besides this one, of a crew of its own */
	unsigned times_ahead;
	struct crew *crew, *crew_here; /* the former borrowed */
	struct ahead *ahead;	       /* reads on, by blocks: `buffer` is the block's */
	const struct ahead_gap *gap, *gaps_end;
	char *own; /* the buffer, meanwhile */
	size_t own_cap;
	uint64_t taken;
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
/*
 * Takes back the last `len` bytes of the line that was given out last, so that what is not likely in them can be
 * passed over. False where that does not pay, or is not possible.
 */
bool lines_back(struct lines *l, size_t len);
/* Whether there is enough to tell formats apart by: the ends of two lines. */
bool lines_are_two(struct span text);
/* Before anything else is asked for: the stream is read ahead from its first byte. Takes the latter over. */
void lines_ahead(struct lines *l, struct ahead *ahead);
/* Packed bytes taken in for what was given out, and some more. */
uint64_t lines_taken(const struct lines *l);
