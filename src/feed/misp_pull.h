#pragma once
/*
 * Reading a MISP server for ever as a state machine without input or output, in the way of taxii/pull.h:
 * its index of events page by page, then each event that is news.
 *
 *     misp_pull_init(&p, &config, &stored);
 *     for (;;) {
 *             misp_pull_ask(&p, &ask);                      send it, get a reply
 *             step = misp_pull_take(&p, &reply, &turn, &why);
 *             MISP_PULL_LIST: clear .wanted of those turn.entries that are known here
 *             MISP_PULL_EVENT: store turn.event; where that fails begin again at the last cursor
 *             then, and after MISP_PULL_LEFT: step = misp_pull_next(&p, &turn)
 *             MISP_PULL_SWEPT: store turn.cursor, sleep turn.sleep
 *     }
 *
 * An index ends with a page that is empty or the one before once more: servers leave events that we may
 * not see out of a page after cutting it, so that a short one is not the last.
 *
 * An index is asked for what changed since the cursor, less an hour; the first time, and every twelfth
 * time after, for all of it, since events may be published long after their last edit and sightings move
 * no timestamp. Follows MISP's published API description: /servers/getVersion, /events/index,
 * /events/view. One thread.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "taxii/ask.h"

enum { MISP_PULL_PAGE = 2000, MISP_PULL_FULL = 12 };

/* Seconds since 1970; {} starts from the beginning. */
struct misp_pull_cursor {
	int64_t changed; /* newest timestamp seen in a sweep that ended */
	int64_t sighted; /* newest sighting_timestamp */
};

struct misp_pull_config {
	struct span url; /* of the server; a path is kept */
	struct span
		remote; /* "events", or terms joined by "+": tag:NAME, !tag:NAME, org:NAME, unpublished */
	uint64_t page;	   /* index entries a request; 0: MISP_PULL_PAGE */
	int64_t every;	   /* us between sweeps */
	size_t body_limit; /* of one event; 0: 64 MiB */
	struct rng chance;
};

struct misp_entry {
	char uuid[UUID_TEXT], org[UUID_TEXT]; /* org: of its creator; empty: not told */
	int64_t timestamp, sighted;	      /* s */
	bool sightings;			      /* newer ones than the cursor knows */
	bool wanted;
};

enum misp_pull_phase { MISP_VERSION, MISP_INDEX, MISP_EVENTS };

struct misp_pull {
	struct misp_pull_config config;
	struct misp_pull_cursor cursor, next; /* next: of the sweep under way */
	enum misp_pull_phase phase;
	uint64_t page, sweeps;
	char first[UUID_TEXT]; /* of the page before */
	size_t at;	       /* of entries */
	bool full, last;
	vec_of(struct misp_entry) entries;
	struct buf url, body;
	struct backoff backoff;
	unsigned tries; /* of the event under way */
};

enum misp_pull_step {
	MISP_PULL_ASK,	 /* ask again */
	MISP_PULL_LIST,	 /* say what is wanted, then ask again */
	MISP_PULL_EVENT, /* one event's text */
	MISP_PULL_SWEPT, /* up to date: a cursor to store */
	MISP_PULL_LEFT,	 /* one event was left out: why says which and why */
	MISP_PULL_FAULT, /* why says what is wrong; asking again after `sleep` is right */
};

struct misp_pull_turn {
	struct misp_entry *entries; /* the machine's, of one page */
	size_t count;
	struct span event; /* borrows from the reply */
	const struct misp_entry *entry;
	struct misp_pull_cursor cursor;
	int64_t sleep;
	enum rc code; /* of a fault */
};

/* RC_BAD: a remote that is no filter; why says what one is. */
enum rc misp_remote_check(struct span remote, bool push, struct diag *why);
void misp_pull_init(struct misp_pull *p, const struct misp_pull_config *config,
	const struct misp_pull_cursor *stored);
void misp_pull_fini(struct misp_pull *p);
void misp_pull_ask(struct misp_pull *p, struct ask *out);
enum misp_pull_step misp_pull_take(
	struct misp_pull *p, const struct reply *r, struct misp_pull_turn *turn, struct diag *why);
/* After a list, an event, or one left out: MISP_PULL_ASK or MISP_PULL_SWEPT. */
enum misp_pull_step misp_pull_next(struct misp_pull *p, struct misp_pull_turn *turn);
/* A sentence about a MISP server's refusal: its status and its own message, cut short. */
void misp_describe(const struct reply *r, struct diag *why);
