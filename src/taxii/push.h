#pragma once
/*
 * Sending objects to a remote collection: envelopes within the server's max_content_length, their
 * status followed to its end, what became of each object told apart. A state machine without input
 * or output, like pull.h; what it is given must carry the gate's pass, see taxii/gate.h. One
 * thread.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "taxii/ask.h"

enum push_fate {
	PUSH_WAITING, /* not sent, or sent and not reported on */
	PUSH_TAKEN,
	PUSH_FAILED,  /* the server refused this object: message says why */
	PUSH_UNKNOWN, /* the server never said; send it again some day (a duplicate is a success) */
};

struct push_item {
	struct span id, version,
		text; /* borrowed from the caller until push_fini; version may be empty */
	enum push_fate fate;
	struct span message; /* of a failure, in the machine's memory */
};

struct push_config {
	struct span objects_url; /* .../collections/ID/objects/ */
	struct span root_url;	 /* of the API root, for status/ID/ */
	uint64_t max_content;	 /* bytes of a body; 0: 10 MB */
	size_t batch;		 /* objects an envelope; 0: 1,000 */
	int64_t patience;	 /* microseconds to follow one status; 0: 10 minutes */
	struct backoff backoff;	 /* first and most of its pauses */
	struct rng chance;
};

struct push {
	struct push_config config;
	struct push_item *items;
	size_t count, first, len; /* the batch under way: items[first .. first + len) */
	size_t batch;  /* most objects now: halved at 413 and on refusals of whole envelopes */
	uint64_t room; /* most bytes now */
	struct buf body, url;
	struct arena mem;
	struct span status; /* id of the status followed; empty: posting */
	int64_t followed;   /* microseconds spent on it */
	struct backoff backoff;
};

enum push_step {
	PUSH_ASK,   /* ask again after `sleep` */
	PUSH_DONE,  /* every item has its fate */
	PUSH_FAULT, /* why says what; nothing is lost, asking again after `sleep` is right */
};

struct push_turn {
	int64_t sleep;
	enum rc code; /* of a fault */
};

void push_init(
	struct push *p, const struct push_config *config, struct push_item *items, size_t count);
void push_fini(struct push *p);
/* Not after PUSH_DONE; with no items push_take need not be called either: push_left says 0. */
void push_ask(struct push *p, struct ask *out);
enum push_step push_take(
	struct push *p, const struct reply *r, struct push_turn *turn, struct diag *why);
/* Items still waiting. */
size_t push_left(const struct push *p);
