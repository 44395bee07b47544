#pragma once
/*
 * One record against a set: extraction, probe, then what keeps noise out - validity at the event's
 * time, warninglists, one hit per indicator and observable in a record. One scan per thread; the
 * set and the warninglists are shared and only read. Hits borrow from the set, the record and the
 * scan, until the next call.
 */
#include "base/once.h"
#include "match/reader.h"
#include "match/set.h"
#include "match/side.h"
#include "match/stream.h"
#include "match/warn.h"

enum scan_text { SCAN_AS_IS, SCAN_DEFANGED };

struct strings_judge;
struct vscan_cache;

struct scan_counts {
	uint64_t records, hits;
	uint64_t early, late; /* found outside the indicator's validity */
	uint64_t harmless;    /* found, and on a warninglist */
	uint64_t outside;     /* found outside since and until */
};

struct scan {
	const struct match_set *set;
	const struct warn *warn; /* NULL: none */
	struct clock clock;	 /* for records without a time */
	int64_t since, until;	 /* of events; TIME_NONE: open; until is exclusive */
	int min_confidence;	 /* of indicators that state one; 0: any */
	enum scan_text text;
	enum stream_pace pace;
	enum stream_open open; /* patterns */
	struct scan_counts counts;
	/* own */
	struct span file;
	bool is_outside; /* the record's time */
	bool is_spotted; /* the record says where alone something may be found */
	struct scan_mark {
		size_t at,
			done; /* a place in the field under work, in its text and as it is read */
	} mark;
	struct {
		size_t at, count; /* line ends of the record before `at` */
	} line;
	struct field_mark places;
	struct span viewed; /* of the field at hand: what is looked at, as it is read */
	struct arena arena;
	struct buf pattern; /* of the hit under work */
	struct match_answers answers;
	const struct vscan_cache *cache; /* for its expressions; NULL: none */
	struct strings_judge *strings;	 /* NULL until the set holds texts */
	struct hits hits;
	vec_of(struct stream_seen) parts; /* of patterns, seen in this record */
	struct streams *streams;	  /* NULL: no part was seen yet */
	uint64_t
		watched; /* one more than the set's version of which open patterns are watched for; 0: none */
	struct once seen;	   /* indicator and observable, hashed, of this record */
	struct match_answer first; /* of the record; in `seen` once there is another */
	enum scan_first { FIRST_NONE, FIRST_ALONE, FIRST_SEEN } has_first;
	struct {
		uint64_t key; /* of the pattern and what it names, hashed */
		enum side side;
	} side[64]; /* what was asked last */
};

void scan_init(struct scan *s, const struct match_set *set, struct clock clock);
void scan_fini(struct scan *s);
/* Hits of one record, in the order of their places; file is what the user calls it. */
size_t scan_record(
	struct scan *s, const struct record *r, struct span file, const struct hit **hits);
/*
 * Whether of a record with spots only fields in which one lies matter, and what readers make of others: no texts
 * are looked for, nothing is undone, no pattern asks for the rest.
 */
bool scan_is_lean(const struct scan *s);
/* Hits of patterns that were held back: due when there is nothing to read, for now or at all. */
size_t scan_settle(struct scan *s, const struct hit **hits);
/* What holds the records of patterns over several, for whoever keeps it beyond the process. */
struct streams *scan_streams(struct scan *s);
/* What became of patterns over several records. */
struct stream_counts scan_patterns(const struct scan *s);
