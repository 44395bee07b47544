#pragma once
/*
 * Texts that indicators name - files, registry keys, mutexes, user agents, command lines, expressions over
 * any value - and the question whether a field of a record holds one. A set owns one of these and fills it
 * (match/set.h); what is asked for scanning is asked here.
 *
 * The plain way compares every text with every field. The fast way asks a gate first: pieces that must
 * stand there (match/literal.h), sampled, so that most of a log is passed at many bytes a step. Both give the
 * same answers: the judge decides, which says what STIX says (doc/decisions/strings.md).
 *
 * Adding needs it alone. Any number of threads may sweep while nobody does; each judge is one thread's.
 */
#include "match/reader.h"
#include "match/set.h"

enum {
	STRINGS_MAX = 1 << 18,
	STRINGS_BYTES_MAX = 64 << 20, /* of all texts and what is said of them */
	STRING_LONGEST = 65536,
};

struct strings;

/* birth: unlike that of any other which the same set had. */
struct strings *strings_new(uint64_t seed, uint64_t birth);
void strings_free(struct strings **s); /* NULL accepted */
/* As match_set_add; RC_BAD: no expression, and why says what is wrong with it. */
enum rc strings_add(struct strings *s, const struct indicator *what, struct diag *why);
size_t strings_revoke(struct strings *s, struct span id);
/* Armed: all, those of expressions, and those without a piece that a gate could look for. */
struct strings_counts {
	size_t all, expressions, bare;
};
struct strings_counts strings_counts(const struct strings *s);
/* One of this id and pattern that is armed; false: there is none. */
bool strings_find(
	const struct strings *s, struct span id, struct span pattern, struct indicator *out);
/* All that were ever added, numbered from 0; revoked ones say so. */
size_t strings_length(const struct strings *s);
struct indicator strings_get(const struct strings *s, uint32_t index);

/* ---- the gate ---- */

/* Makes it anew where something was added or revoked since; nobody else has it then. */
void strings_ready(struct strings *s);
/*
 * The next line, in raw bytes of a log, in which a text may be: `place` is on it, `at` behind it. Start with {}.
 * False: there is none. Of some texts a part is looked at first, so that
 * what this log is full of is not what the gate looks for: any number of threads may do this at once.
 */
enum { STRINGS_STRETCH = 4096 /* its bytes are near for each look */ };
struct gate;
struct strings_walk {
	const struct gate *gate;
	size_t at, place;
	/* Of the stretch under work: where it ends, what no gram tells, where it begins, what a kernel marked. */
	size_t end, odd, from, percent;
	size_t queued, next;
	/* Of the line that was looked at last: whether percent signs hide something, which piece it does not fit. */
	size_t line, line_end;
	bool line_percent;
	uint32_t unfit;
	uint16_t queue[STRINGS_STRETCH + 64];
};
bool strings_next_line(struct strings *s, struct span text, struct strings_walk *w);

/* ---- judging ---- */

struct strings_judge;
struct vscan_cache;
/* cache: where compiled expressions are kept between runs, borrowed; NULL: nowhere. */
struct strings_judge *strings_judge_new(const struct strings *s, const struct vscan_cache *cache);
/* Whether these are what it was made for; they may be gone. */
bool strings_judge_is_of(const struct strings_judge *j, const struct strings *s);
void strings_judge_free(struct strings_judge **j); /* NULL accepted */
/* Before a record's first field: an indicator answers once in it. */
void strings_begin(struct strings_judge *j);
/*
 * Appends an answer for each text that the field holds: items carry STRING_ITEM, `at` and `len` are within
 * `value`, which is the field's or that with its defanging or its percent signs undone.
 */
void strings_field(struct strings_judge *j, const struct field *f, struct span value,
	struct arena *a, struct match_answers *out);
/* Whether percent signs are undone besides: of URLs, requests and user agents, and where nobody says what it is. */
bool strings_read_percent(const struct field *f);
/*
 * Compiles all expressions now that are otherwise compiled once they were tried so often that it pays, and
 * waits; how many are. Answers stay what they are.
 */
size_t strings_judge_compile(struct strings_judge *j);
struct strings_trouble {
	uint64_t too_long; /* values that expressions were not tried on */
	uint64_t stopped;  /* expressions that took too many steps, and are not tried any more */
	struct span first; /* of them, borrowed */
};
struct strings_trouble strings_trouble(const struct strings_judge *j);
