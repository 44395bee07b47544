#pragma once
/*
 * What the client's state machines want sent, and what came of it. The machines (pull, push, find)
 * do no input or output themselves: whoever owns a connection sends each ask and hands the reply
 * back, so that fetching and storing may live in different processes and every path can be tested
 * without a socket.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/rc.h"

struct ask {
	struct span method; /* "GET" or "POST" */
	struct span url;    /* borrowed from the machine until its next call */
	struct span accept;
	struct span content_type; /* of body; empty: no body */
	struct span body;
	uint64_t wait;	   /* seconds for "Prefer: wait=N"; 0: none */
	size_t body_limit; /* of the answer */
	unsigned seconds;  /* for the whole request */
};

struct reply {
	enum rc code; /* RC_OK: an answer came, status is valid; RC_AGAIN, RC_LIMIT, RC_DENIED, ...
		       */
	unsigned status;
	struct span body;
	/* X-TAXII-Date-Added-First and -Last as sent; empty: absent */
	struct span date_first, date_last;
	struct span applied;  /* Preference-Applied */
	struct span location; /* Location */
	uint64_t retry_after; /* seconds; 0: none */
	int64_t elapsed;      /* microseconds the request took */
};

/*
 * Servers compare Accept as text: what most take first, then what the stubborn ones want, each tried
 * at 406.
 */
enum { ASK_ACCEPTS = 4 };
extern const struct span ask_accepts[ASK_ACCEPTS];

/* Widening pauses between attempts that fail: doubling, each drawn from its upper half. */
struct backoff {
	unsigned failures;
	int64_t first, most; /* microseconds; 0: 1 s, 5 min */
};

struct rng;
/* Microseconds to pause after one more failure; never less than the server's Retry-After (<= 1
 * day). */
int64_t backoff_next(struct backoff *b, uint64_t retry_after, const struct rng *chance);
void backoff_reset(struct backoff *b);
/* A person has to act: the next pause is the longest already. */
void backoff_late(struct backoff *b);

/* Will the same request perhaps succeed later (timeouts, 408, 425, 429, 5xx)? */
bool reply_is_passing(const struct reply *r);
/*
 * A sentence about a reply that is no success: the status and the server's own title, cut short, or
 * where it moved to when it was not followed there. Why no answer came stays as it is told already.
 */
void reply_describe(const struct reply *r, struct diag *why);

enum { STAMP_TEXT = 48 };
/*
 * A timestamp as servers really write them, made one that TAXII 2.1 allows: RFC 3339 with any
 * offset, in any case, with a blank for "T"; RFC 9110 dates; JavaScript's "Tue Jan 02 2024 10:00:00
 * GMT+0000 (..)". Well-formed text is kept digit for digit. RC_BAD on anything else, such as
 * "undefined".
 */
enum rc stamp_read(struct span text, char out[static STAMP_TEXT]);
/* Order of two texts that stamp_read wrote, to the last digit; "" sorts first. */
int stamp_cmp(const char *a, const char *b);
