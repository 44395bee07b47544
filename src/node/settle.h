#pragma once
/*
 * Whether what a feed made is news to a collection: an object whose id is known, an edit of a MISP event
 * that changed other parts of it, what came back from where we sent it. The node belongs to the caller's
 * thread.
 */
#include "feed/in.h"
#include "node/node.h"

/* Scratch between calls; {} is a valid empty one. */
struct settle {
	struct arena stored;
	struct buf text;
};

#define own_settle __attribute__((cleanup(settle_fini)))

void settle_fini(struct settle *s);
/*
 * RC_OK: *text is to be stored, borrowed until the next call; RC_NONE: known; RC_CONFLICT: left out, why
 * says why. Else the store's codes.
 */
enum rc settle_object(struct settle *s, struct node *n, uint32_t collection,
	const struct in_object *o, struct span *text, struct diag *why);
