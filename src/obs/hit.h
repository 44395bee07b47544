#pragma once
/* A hit: one indicator seen once. Spans borrow from the set, the record and the scanner that made
 * it. */
#include "base/clock.h"
#include "obs/obs.h"

enum hit_match {
	HIT_EXACT,
	HIT_SUBDOMAIN,
	HIT_CIDR,
	HIT_URL_HOST,
	HIT_URL_PREFIX,
	HIT_REGEX,
	HIT_PATTERN,
};

/* Of a pattern over several records: one of them, and what it was taken for. */
struct hit_part {
	int64_t time; /* TIME_NONE where the record has none */
	struct observable
		seen; /* kind OBS_NONE: too long to be kept, or it shows nothing that is looked for */
	struct span file;
	uint64_t line, offset;
};

enum { HIT_PARTS_MAX = 16 }; /* the first of them, and the last */

struct hit {
	int64_t time;		 /* of the event; TIME_NONE where the record has none */
	struct span indicator;	 /* STIX id; empty for a line of a plain list */
	struct span name;	 /* empty where there is none */
	struct span pattern;	 /* STIX pattern; made from the observable for a plain list */
	struct observable about; /* what the indicator names */
	enum hit_match match;
	struct observable seen; /* what the record holds */
	struct span file;	/* as the user named it */
	uint64_t line;		/* from 1 */
	uint64_t offset;	/* of the seen text's first byte in the file, unpacked */
	size_t length; /* of the seen text as it stands there; 0 where it was put together */
	struct span party, memo, tlp; /* empty: unknown */
	int confidence;		      /* 0 to 100, -1: none given */
	uint32_t
		item; /* of the set, from 1, while that has the same version; 0: of no single one */
	/* HIT_PATTERN: the records that make it up, by time; all of them up to HIT_PARTS_MAX. */
	const struct hit_part *part;
	size_t parts;
	uint64_t records; /* how many there are */
};

/* "exact", "subdomain", "cidr", "url-host", "url-prefix", "regex", "pattern" */
const char *hit_match_word(enum hit_match match);
