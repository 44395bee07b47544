#pragma once
/*
 * The "next" of a page: where it ended, bound to who read it, what collection and which filters, by
 * a MAC under the node's key (TAXII 2.1 section 3.4 and appendix B). Nothing is stored: a cursor
 * works with any limit, twice, and after a restart, for as long as the key lives. Any thread.
 */
#include "base/rc.h"
#include "base/uuid.h"
#include "taxii/query.h"

enum { CURSOR_KEY = 32, CURSOR_TEXT = 48 };

struct cursor_scope {
	struct span reader; /* name of the user; whatever tells readers apart for good */
	struct uuid collection;
	unsigned char endpoint; /* a page of objects never continues as one of versions */
	struct span object;	/* of the endpoint; empty where it has none */
	uint8_t filter[QUERY_DIGEST];
};

/* Writes the cursor behind `position` (date_added, microseconds) as base64url text with a NUL. */
void cursor_seal(const uint8_t key[static CURSOR_KEY], const struct cursor_scope *scope,
	int64_t position, char out[static CURSOR_TEXT]);
/* RC_BAD: not made by cursor_seal with this key and an equal scope. */
enum rc cursor_open(const uint8_t key[static CURSOR_KEY], const struct cursor_scope *scope,
	struct span text, int64_t *position, struct diag *why);
