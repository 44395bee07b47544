#pragma once
/*
 * The query of a URL (TAXII 2.1 section 3.4): percent-decoding, the parameters an endpoint defines,
 * their bounds. Results live in the caller's arena. Any thread.
 *
 * Refused as RC_BAD, to be answered 400: broken percent escapes, malformed UTF-8, a repeated
 * parameter, an empty value or list element, limit that is not 1 to 2^53-1 (section 2: integer), added_after that is no
 * timestamp, an unknown form of match value. Ignored, as section 3.4 permits: parameters and match
 * fields the endpoint does not define.
 */
#include "base/arena.h"
#include "base/clock.h"

enum { QUERY_VALUES = 1000, QUERY_BYTES = 64 * 1024, QUERY_NEXT = 256 };
#define QUERY_LIMIT_MOST ((UINT64_C(1) << 53) - 1)

/* Parameters an endpoint defines, as bits. */
enum query_field {
	QUERY_ADDED_AFTER = 1,
	QUERY_LIMIT = 2,
	QUERY_NEXT_TOKEN = 4,
	QUERY_ID = 8,
	QUERY_TYPE = 16,
	QUERY_VERSION = 32,
	QUERY_SPEC = 64,
};

struct query_values {
	struct span *at; /* decoded, sorted, each once */
	size_t count;
};

struct query {
	int64_t added_after; /* TIME_NONE: absent */
	uint64_t limit;	     /* 0: absent */
	struct span next;    /* ptr NULL: absent */
	struct query_values ids, types, specs;
	bool first, last, all; /* match[version] keywords; last is set where nothing is asked */
	bool versioned;	       /* match[version] was given */
	int64_t *versions;     /* exact instants, ascending */
	size_t version_count;
};

/* raw: what follows "?", ptr NULL where there is none; fields: OR of enum query_field. */
enum rc query_parse(
	struct span raw, unsigned fields, struct arena *mem, struct query *out, struct diag *why);

/*
 * A digest of everything but limit and next: two requests page through the same set of objects
 * exactly when their filters are equal. Values are hashed with their lengths; order of writing does
 * not matter.
 */
enum { QUERY_DIGEST = 32 };
void query_digest(const struct query *q, uint8_t out[static QUERY_DIGEST]);

/* Decodes %XX into mem; RC_BAD on a broken escape, NUL or malformed UTF-8. A "+" stays a "+". */
enum rc query_decode(struct span raw, struct arena *mem, struct span *out, struct diag *why);
