#pragma once
/*
 * Patterns over a stream of records: those that one comparison does not decide (STIX 2.1 sections 9.4 to 9.7). A
 * record that shows something that a part of a pattern names is a candidate: it becomes an observation
 * (match/objects.h), made at the time of its event, and is judged by pattern/match.h as any observation is.
 * What fits a part is held, as little of it as a hit tells; once what is held makes the whole, there is a hit,
 * and the records that made it up go, so that a record counts for one hit of a pattern.
 *
 * Records may come in any order of their times, over files too, as long as they are held together. Of one
 * pattern at most STREAM_HELD_MAX records are held; then the earliest by time make room. That is counted,
 * unless all of them lie before the window that the pattern's WITHIN draws around its newest record. Where
 * many records are held, the question is put for some of them at once: streams_settle asks for the rest.
 * A record without a time counts as read now, one after the other; patterns with WITHIN pass it over,
 * unless the stream is live. One thread at a time.
 *
 * Of an open pattern some part may be any record (a port, a negation): it is watched for, every record is judged for
 * it. Of its records those that show nothing make room first; that is counted once another part is held, since
 * nothing can come of them before. Who can read everything twice has open patterns held back (STREAM_OPEN_LATER),
 * and watched for in a second run, if something of them was seen in the first (match/again.h).
 */
#include "base/clock.h"
#include "match/reader.h"
#include "match/set.h"
#include "obs/hit.h"
#include "pattern/strings.h"
#include "pattern/syntax.h"

enum {
	STREAM_PARTS_MAX = 64, /* different [ ... ] of a pattern */
	STREAM_HELD_MAX = 16384,
	STREAM_LEAST_MAX = STREAM_HELD_MAX / 16 * 15, /* records that a pattern may want */
	STREAM_TEXT_MAX = 64 << 10,		      /* of a pattern, bytes */
	STREAM_VALUE_MAX = 2048,		      /* of what is held of a record, bytes */
	STREAMS_HELD_MAX = 500000,		      /* records of all patterns together */
	STREAMS_BYTES_MAX = 128 << 20,		      /* patterns made ready for evaluation */
};

struct streams;

struct hits {
	struct hit *at;
	size_t len, cap;
};

/* Something seen in a record that a part of a pattern names. */
struct stream_seen {
	struct hit hit;			/* were it one: what of, where and what */
	bool harmless;			/* on a warninglist */
	enum pattern_property property; /* of a text: what it is taken for */
	enum pattern_form form;
	struct span field;		 /* and all of what it was seen in, read in the same way */
	int64_t valid_from, valid_until; /* the indicator */
};

struct stream_record {
	const struct record *record;
	struct span file; /* as struct hit */
	int64_t time;	  /* of its event, or now */
	bool timed;	  /* it has one */
	bool defanged;
};

struct stream_counts {
	uint64_t patterns;  /* evaluated so far: something of them was seen */
	uint64_t told;	    /* records of which it was told what they are */
	uint64_t forgotten; /* records that made room for others and might have mattered */
	uint64_t forgetful; /* patterns that forgot some */
	uint64_t stopped; /* patterns that were too much work again and again: not tried any more */
	uint64_t unheld;  /* times a pattern was not evaluated for want of memory */
	uint64_t undecided; /* times a comparison or the choice of records was too much work */
	uint64_t untimed;   /* times WITHIN passed over a record without a time */
	uint64_t harmless;  /* hits of which all that was seen is on a warninglist */
};

/* live: records are read as they are written, so that now is when they happened. */
enum stream_pace { STREAM_STORED, STREAM_LIVE };
/*
 * Open patterns: every record is judged for them as it comes; not at all, a second run is to do it; for those alone
 * that streams_watch is told of.
 */
enum stream_open { STREAM_OPEN_NOW, STREAM_OPEN_LATER, STREAM_OPEN_GIVEN };

struct streams *streams_new(uint64_t seed, enum stream_pace pace, enum stream_open open);
void streams_free(struct streams **s); /* NULL accepted */
/*
 * Takes all that was seen of one record; appends a hit for each pattern that it made come true. Hits borrow
 * from `seen`, from the arena and from s until the next call.
 */
void streams_take(struct streams *s, const struct stream_record *r, const struct stream_seen *seen,
	size_t count, struct arena *a, struct hits *out);
/* Whether every record is to be given, also one that shows nothing. */
bool streams_want_all(const struct streams *s);
/* Watches for an open pattern from now on. RC_LIMIT: there is no room. */
enum rc streams_watch(struct streams *s, const struct indicator *what);
/* For all open patterns of a set but those whose confidence is less. */
void streams_watch_set(struct streams *s, const struct match_set *set, int min_confidence);
/* Appends hits for what was held back. */
void streams_settle(struct streams *s, struct arena *a, struct hits *out);
struct stream_counts streams_counts(const struct streams *s);
/* Adds what another stream counted, but for patterns, which are the same. */
void streams_count_in(struct streams *s, const struct stream_counts *more);
/* Whether any bound was hit, or something could not be told. */
bool stream_counts_matter(const struct stream_counts *c);
/* Memory held, for tests. */
size_t streams_bytes(const struct streams *s);

/*
 * Whether a pattern can be evaluated so. RC_LIMIT: it wants more parts, records or text than we take;
 * RC_BAD: never, by any program (see pattern/match.h).
 */
enum rc stream_check(const struct pattern *p, struct diag *why);
