#pragma once
/*
 * Reading one remote collection for ever, page by page, as a state machine without input or output:
 *
 *     pull_init(&p, &config, &stored_cursor);
 *     for (;;) {
 *             pull_ask(&p, &ask);                        send it, get a reply
 *             step = pull_take(&p, &reply, &turn, &why);
 *             PULL_PAGE: store turn.objects and turn.cursor in one transaction
 *             then sleep turn.sleep microseconds (0 while there is more)
 *     }
 *
 * A cursor that was stored with its page's objects resumes exactly behind them; objects may come
 * twice after a server forgot its "next", never be passed over. Follows TAXII 2.1 section 3.2
 * to 3.4 and bears what servers do wrong: no or odd X-TAXII-Date-Added-Last, forgotten cursors,
 * the first stamp alone, pages that repeat for ever, `more` with an empty page, wrong media types, limits they cannot
 * serve. One thread.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "taxii/ask.h"

enum { PULL_NEXT = 1024, PULL_LIMIT = 1000, PULL_EMPTY = 64 };

/* What to store. Text with NUL; {} starts from the beginning. */
struct pull_cursor {
	char added_after[STAMP_TEXT]; /* filter of this pass; empty: none */
	char last[STAMP_TEXT];	      /* X-TAXII-Date-Added-Last of the newest page read */
	char next[PULL_NEXT];	      /* the server's token for the page to come; empty: none */
};

struct pull_config {
	struct span url;	/* .../collections/ID/objects/ */
	struct span filters;	/* raw query text sent with every request, or empty */
	uint64_t limit;		/* objects a page; 0: PULL_LIMIT */
	uint64_t wait;		/* seconds to ask a server to hold an empty answer; 0: never */
	int64_t every;		/* microseconds between polls of servers that do not hold */
	struct backoff backoff; /* first and most of its pauses */
	size_t body_limit;	/* of one page; 0: 64 MiB */
	struct rng chance;
};

struct pull {
	struct pull_config config;
	struct pull_cursor cursor;
	struct buf url;
	struct arena page; /* what the latest turn borrows */
	struct backoff backoff;
	uint64_t limit;	  /* asked now; halved where pages are too large */
	unsigned good;	  /* pages since the limit last changed */
	unsigned accept;  /* which Accept text */
	unsigned empties; /* empty pages with `more` in a row */
	uint64_t seen;	  /* digest of a former page of this pass (Brent's cycle search) */
	uint64_t steps, power;
	uint64_t whole; /* digest of the page before, to know it again */
	bool unlimited; /* the server takes no limit */
	bool more;	/* the latest page said so, or nothing was read yet */
};

enum pull_step {
	PULL_PAGE,  /* objects (perhaps none) and a new cursor to store */
	PULL_QUIET, /* nothing new; with turn.more the same is to be asked in another way */
	PULL_FAULT, /* why says what is wrong; asking again after `sleep` is right. Objects, if any, are
		       to be stored, without a cursor: the server gives no way behind them */
};

struct pull_turn {
	struct span objects; /* the JSON array's exact text, empty where there is none; borrows from
				reply */
	size_t count;
	struct pull_cursor cursor;
	bool more;
	int64_t sleep; /* microseconds before the next ask */
	enum rc code;  /* of a fault: RC_DENIED, RC_BAD, RC_LIMIT, RC_AGAIN, RC_NONE */
};

void pull_init(struct pull *p, const struct pull_config *config, const struct pull_cursor *stored);
void pull_fini(struct pull *p);
void pull_ask(struct pull *p, struct ask *out);
enum pull_step pull_take(
	struct pull *p, const struct reply *r, struct pull_turn *turn, struct diag *why);

/* One envelope, as pull_take reads it (also for pages carried as files). */
struct page {
	struct span objects; /* exact text of the array; empty where there is none */
	size_t count;
	bool more;
	struct span next; /* decoded, in mem; empty where absent */
};

/* RC_BAD: no envelope; its elements are separated, not checked. */
enum rc page_read(struct span body, struct arena *mem, struct page *out, struct diag *why);
