#pragma once
/*
 * What a sweep says of a stretch of text, which of its lines are given out, and how many lie between them. Any
 * thread.
 */
#include "base/span.h"

/* So many bytes before and behind what is swept must be readable; what they hold does not matter. */
enum { SWEEP_SLACK = 64, SWEEP_CHUNK = 8192 };

struct match_set;

/* item: of a compiled set, the first of the key that begins here, a name's end; NO_ITEM: not known. */
struct sweep_place {
	uint32_t at, item;
};
enum { NO_ITEM = UINT32_MAX };

/* Both borrow. */
struct sweep_result {
	const struct sweep_place *place; /* ascending, each within the text */
	size_t places;
	/*
	 * Those of them, ascending, that only say that their line is to be read as a whole. Where a line has none of
	 * these, each hit's token holds one of the line's places, or stands in the same run of letters, digits, "-",
	 * "_", dots, colons and bytes beyond ASCII.
	 */
	const struct sweep_place *vague;
	size_t vagues;
	/* Line ends in each stretch of SWEEP_CHUNK bytes. */
	const uint16_t *line_ends;
	size_t chunks;
	/* Whose items these are, as it was then. */
	const struct match_set *set;
	uint64_t version;
};

/* Which lines a reader must see, where a sweep says on which there may be a hit. */
enum lines_keep {
	LINES_KEEP_ALL,
	LINES_KEEP_LIKELY,   /* those */
	LINES_KEEP_HEADINGS, /* those, and what begins with "#" */
	LINES_KEEP_RECORDS, /* those of records in which there may be one: records may span lines */
	LINES_KEEP_UNQUOTED, /* the same where a stretch holds a quote, else as LINES_KEEP_LIKELY */
};

/* How names stand in a text: as they are, or also as counted labels (match/counted.h). */
enum stretch_names { NAMES_PLAIN, NAMES_COUNTED };

struct stretch {
	struct span text; /* whole lines */
	struct sweep_result found;
	size_t next, next_vague; /* of the places */
};

/* Where alone in some bytes something may be found; count 0: anywhere. Borrowed as they are. */
struct spots {
	const char *base; /* places count from there */
	const struct sweep_place *at;
	size_t count;
	const struct match_set *set; /* of the items, with this version */
	uint64_t version;
};

/*
 * Up to where from byte `from` on, a line's first, nothing is to be given out: the first byte of a line that
 * is, or the end. Here and below `from` must not decrease from call to call, but within the line given last.
 */
size_t stretch_pass(struct stretch *s, enum lines_keep keep, size_t from);
/* Whether there is a place at `from` or behind, before `to`. */
bool stretch_has(struct stretch *s, size_t from, size_t to);
/* Whether records in it may span lines, or share them. */
bool stretch_is_by_record(struct span text, enum lines_keep keep);
/* The places of a line, behind what stretch_pass or stretch_has was asked for last; none where one is vague. */
struct spots stretch_spots(struct stretch *s, size_t from, size_t to);
/* Ends of lines between; any two places. */
uint64_t stretch_lines(const struct stretch *s, size_t from, size_t to);
