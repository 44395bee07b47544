#pragma once
/*
 * A set of indicators and the question that scanning asks it: what was found in a text - does
 * anything know it? The plain set: hash tables on the heap, ranges by one look-up per prefix
 * length. Whatever is faster answers the same questions with the same answers; this one stays as
 * its oracle.
 *
 * A set owns copies of what was added. Adding needs it alone; any number of threads may probe a set
 * that nobody changes. What indicators say of themselves is data of strangers; keys are hashed with
 * a seed.
 */
#include "base/clock.h"
#include "base/vec.h"
#include "obs/extract.h"
#include "obs/hit.h"
#include "pattern/strings.h"

enum match_reach {
	REACH_EXACT,	/* equality, as STIX means it */
	REACH_COVERING, /* names below the name, URLs below the URL, JA3 for a hash of that shape */
	REACH_BELOW,	/* of a name: those below it, not it itself */
};

/* Of a text (OBS_TEXT): of what, and how it is compared. */
struct string_about {
	enum pattern_property property;
	enum pattern_form form;
	bool fold; /* FORM_EQUAL: ASCII case is ignored */
};

struct indicator {
	struct observable about; /* normal form */
	struct string_about text;
	enum match_reach reach;
	struct span id;		   /* STIX id; empty for a line of a plain list */
	struct span name, pattern; /* may be empty */
	struct span party, memo, tlp;
	int64_t valid_from, valid_until; /* TIME_NONE: open; valid from <= time < until */
	int confidence;			 /* -1: none */
	bool revoked;
	bool part; /* seeing it is no hit: the whole pattern is to be evaluated then, match/stream.h */
	bool open; /* of adding: another part of that pattern may be any record; not kept of each */
};

struct match_set;

#define own_match_set __attribute__((cleanup(match_set_free)))

/* Numbers of texts, which match/strings.h holds for the set. */
#define STRING_ITEM (UINT32_C(1) << 31)

struct match_set *match_set_new(uint64_t seed);
/*
 * What a file (match/set_file.h) holds, mapped, and whatever is added or revoked afterwards. Takes the file.
 */
struct set_file;
struct match_set *match_set_over(struct set_file **base);
/* The same for a set that is there: what it held is gone as after match_set_reset, its seed the file's. */
void match_set_rebase(struct match_set *set, struct set_file **base);
/* Texts of its file that could not be taken: a damaged one, or expressions that PCRE2 reads otherwise by now. */
size_t match_set_unread(const struct match_set *set);
/* Whether it stands on a file. */
bool match_set_is_over(const struct match_set *set);
/* The file's bytes where they are mapped; empty: it stands on none. */
struct span match_set_mapped(const struct match_set *set);
void match_set_free(struct match_set **set); /* NULL accepted */
/* Empty again, as after match_set_new, without a file; items that were given out are gone. */
void match_set_reset(struct match_set *set);
/*
 * RC_OK: armed. RC_NONE: not, since it is revoked. RC_CONFLICT: the same indicator with the same
 * facts is there already. RC_LIMIT: the set is full (4 GiB of text). RC_UNKNOWN: a kind that no set
 * holds, or no name to be below.
 */
enum rc match_set_add(struct match_set *set, const struct indicator *what);
/* The same for a text (OBS_TEXT). RC_BAD: no expression, or too long, why says it. */
enum rc match_set_add_text(struct match_set *set, const struct indicator *what, struct diag *why);
/* Fetches what adding this will look at: called some adds ahead, it hides the wait for memory. */
void match_set_prepare(const struct match_set *set, const struct indicator *what);
/* Room for so many more keys at once, where somebody knows; no promise. */
void match_set_expect(struct match_set *set, uint64_t more);
/*
 * How far filling a set and writing it into a file are: one thread works, another may look, or ask it to stop
 * (set_file_write heeds that, and whoever fills it in a loop).
 */
struct set_work {
	_Atomic uint64_t put; /* indicators and notes put into the set */
	_Atomic uint64_t read,
		to_read; /* of what is read for it; the caller's. to_read 0: who knows */
	_Atomic uint64_t written, to_write; /* bytes; to_write is about right, 0 before writing */
	_Atomic bool stop;
};
/* Borrows `work` until another takes its place; NULL: nobody looks. Lasts over reset and rebase. */
void match_set_watch(struct match_set *set, struct set_work *work);
/* Disarms every indicator with this id; how many there were. */
size_t match_set_revoke(struct match_set *set, struct span id);
size_t match_set_count(const struct match_set *set);
/* Whether there are, or were, any of which seeing them is a part only. */
bool match_set_has_parts(const struct match_set *set);
/* Whether there are, or were, any of which another part may be any record. */
bool match_set_has_open(const struct match_set *set);
/* Parts of patterns, from {} on; of a pattern one for each that is looked for, or fewer. False: that was all. */
struct set_parts {
	uint32_t detail, item, string;
};
bool match_set_next_part(
	const struct match_set *set, struct set_parts *at, struct arena *a, struct indicator *out);
size_t match_set_count_kind(const struct match_set *set, enum obs_kind kind);
/* The texts of it, NULL where it holds none. */
struct strings *match_set_strings(const struct match_set *set);
/* Heap bytes, for `status` and bench. */
size_t match_set_bytes(const struct match_set *set);

/* An answer: which indicator, how, and what exactly was seen. Ids are dense from 0 and stay. */
struct match_answer {
	uint32_t item;
	enum hit_match match;
	struct observable seen; /* borrows from the arena given to the probe */
	size_t at, len;		/* of what was seen, in the text */
};

struct sweep_place;

struct match_answers {
	struct match_answer *at;
	size_t len, cap;
};

/* A field whose name says that a hash in it is a JA3 fingerprint, or twelve digits a MAC address. */
enum match_context { CONTEXT_PLAIN, CONTEXT_JA3, CONTEXT_MAC };

/* Appends an answer for each indicator that knows `f`, found in `text`. Memory comes from the
 * arena. */
void match_set_probe(const struct match_set *set, struct span text, const struct found *f,
	enum match_context context, struct arena *a, struct match_answers *out);
/* Places of a sweep of this set, unchanged since: all that lie in a name that begins at `from`. */
struct match_places {
	const struct sweep_place *at;
	size_t count, from;
};
/* match_set_probe for that name, without looking anything up. False: it does not tell all, and nothing was added. */
bool match_set_answer(const struct match_set *set, struct span text, const struct found *f,
	const struct match_places *places, struct arena *a, struct match_answers *out);
/* What is known of an indicator; spans borrow from the set, about.value of an address from the
 * arena. */
struct indicator match_set_get(const struct match_set *set, uint32_t item, struct arena *a);
/* Numbers of items mean the same as long as this is the same. */
uint64_t match_set_version(const struct match_set *set);
