#pragma once
/*
 * From the URL a person was given to the collection he means, as a state machine without input or
 * output. The URL may be of discovery, an API root, a list of collections, one collection, or just
 * the server; the collection is named by id, alias or title. Roots of another origin are never
 * asked, since credentials would go with the question. One thread.
 */
#include "base/vec.h"
#include "taxii/ask.h"

enum { FIND_ROOTS = 64, FIND_COLLECTIONS = 4096, FIND_BYTES = 8 << 20 };

struct find_collection {
	struct span url;  /* .../collections/ID/, absolute */
	struct span root; /* its API root's URL */
	struct span id, alias, title;
	bool can_read, can_write;
	uint64_t max_content; /* of its root, bytes; 0: not said */
};

struct find {
	struct arena mem;
	struct span wanted;
	struct span url;	/* asked now */
	unsigned phase, accept; /* which of ask_accepts */
	vec_of(struct span) roots;
	size_t root; /* index of the one asked now */
	uint64_t max_content;
	vec_of(struct find_collection) found;
	struct span tries[3]; /* where discovery may lie */
	unsigned try, tries_len;
	struct diag fault; /* the first thing that went wrong, for the end */
};

enum find_step { FIND_ASK, FIND_DONE, FIND_FAILED };

/* wanted: empty to list all. RC_BAD: the URL is none. Spans are copied. */
enum rc find_init(struct find *f, struct span url, struct span wanted, struct diag *why);
void find_fini(struct find *f);
void find_ask(struct find *f, struct ask *out);
/*
 * FIND_DONE: f->found holds what was wanted, exactly one where a name was given; it lives until
 * find_fini. FIND_FAILED: why says what, *code is RC_NONE (no such collection), RC_CONFLICT
 * (several of that title), RC_DENIED, RC_AGAIN or RC_BAD.
 */
enum find_step find_take(struct find *f, const struct reply *r, enum rc *code, struct diag *why);
