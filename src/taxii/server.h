#pragma once
/*
 * The TAXII 2.1 server: from a request to its answer, over a store it only reads, without sockets.
 * Whoever has the connection fills a struct taxii_call and calls taxii_handle; TAXII_WAIT means
 * that the call sleeps until somebody wakes it or call->wait_until has passed, then taxii_handle is
 * called again. What needs the writer, and the gate's passes, go through struct taxii_ops, so that
 * they may lie in another process. taxii/serve.h joins
 * this with net/server.h.
 *
 * One struct taxii_server serves all threads; each thread brings a reader of its own.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "memo/login.h"
#include "memo/release.h"
#include "taxii/cursor.h"
#include "taxii/encode.h"
#include "taxii/query.h"
#include "taxii/route.h"
#include "vault/vault.h"

struct taxii_call;

enum taxii_write_kind { TAXII_POST, TAXII_DELETE };

/* One thing the writer is asked to do. Spans live as long as the call. */
struct taxii_write {
	enum taxii_write_kind kind;
	struct user user; /* who asks; his rights were checked */
	uint32_t collection;
	uint64_t exchange; /* whom to wake */
	/* POST: an envelope that envelope_check took. */
	struct span body;
	size_t objects;
	struct uuid status;
	struct span owner; /* of the status */
	int64_t received;
	/* DELETE */
	struct span object;
	struct vault_filter filter;
	/* Of the ops: their own, NULL at first. */
	void *state;
};

/*
 * Each returns RC_AGAIN while the answer is under way: the call will be woken, and the same
 * function called with the same argument. Several threads call at once.
 */
struct taxii_ops {
	/* memo_release for what is asked. RC_DENIED: the gate denies all. The call owns the pass.
	 */
	enum rc (*pass)(void *ctx, const struct taxii_call *call, const struct release_ask *ask,
		struct pass **out, struct diag *why);
	/*
	 * RC_OK: durably done (POST: its status can be read). RC_NONE: gone meanwhile. RC_LIMIT:
	 * too much waits for the writer already; RC_FULL, RC_IO: nothing was stored.
	 */
	enum rc (*write)(void *ctx, struct taxii_write *w, struct diag *why);
	/* The call ends while a write was under way; what becomes of it interests nobody. */
	void (*drop)(void *ctx, struct taxii_write *w);
	void *ctx;
};

/* Borrowed for the server's life. Zero means the default in brackets. */
struct taxii_config {
	struct span title, description, contact; /* title ["Tocsin"] */
	struct span root;			 /* path of the API root ["/api/"] */
	uint64_t max_content;			 /* bytes of a POST body [10 MB] */
	uint64_t page, page_most; /* objects a page: default [1000] and cap [10000] */
	uint64_t page_bytes;	  /* a page ends before it grows beyond [32 MiB] */
	uint64_t wait_most;	  /* seconds an empty answer is held at most [300] */
	uint64_t write_seconds;	  /* the writer's time before 503 [60] */
	uint8_t key[CURSOR_KEY];  /* of cursors; kept over restarts */
	struct clock clock;
	struct rng chance;
	struct login *login;
	struct taxii_ops ops;
};

struct taxii_server {
	struct taxii_config config;
	struct encode_server about;
};

void taxii_server_init(struct taxii_server *s, const struct taxii_config *config);

/* Handles of the calling thread. */
struct taxii_reader {
	struct store *store;
	struct vault *vault;
	/* Of the last page with objects on it, so that the next one gets its room at once. */
	size_t page_objects, page_bytes;
};

/* ptr NULL: the header is absent. Repeated ones are joined by ",". */
struct taxii_request {
	struct span method, path; /* path raw, before "?" */
	struct span query;	  /* raw; ptr NULL: no "?" */
	struct span accept, content_type, content_encoding, authorization, prefer;
	struct span certificate; /* "sha256:..." of the verified client certificate; empty: none */
	struct span address;	 /* of the peer, for the brake on guessing */
	struct span body;
	uint64_t exchange; /* whom to wake */
};

enum { TAXII_HEADERS = 10, TAXII_HEADER = 120 };
struct taxii_header {
	const char *name;
	char value[TAXII_HEADER];
};

struct taxii_call {
	struct taxii_request request; /* borrowed; lives as long as the call */
	/* The answer, after TAXII_DONE. */
	unsigned status;
	struct taxii_header header[TAXII_HEADERS];
	size_t headers;
	struct buf body;
	/* While waiting: clock_monotonic microseconds. */
	int64_t wait_until;
	/* The server's own. */
	struct arena mem;
	struct route route;
	struct query query;
	struct user user;
	struct verify_wait *login_wait; /* a password is being computed */
	int64_t login_until;		/* when that is given up */
	struct pass *pass;
	struct taxii_write write;
	bool writing;
	int64_t pass_until; /* when a pass that does not come is given up; 0: none awaited */
	int64_t hold_until; /* of Prefer: wait; 0: not holding */
	int64_t seen;	    /* newest commit that the held answer knew */
	uint64_t objects;   /* in the answer, for logs */
};

enum taxii_next { TAXII_DONE, TAXII_WAIT };

enum taxii_next taxii_handle(
	struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call);
/*
 * The body is larger than the server takes, or the request was refused before it was read: fills
 * the answer that says so (413, 400, 431, 503 ...), in the media type every answer has.
 */
void taxii_refuse(struct taxii_call *call, unsigned status, struct span description);
/* Ends a call at any time. */
void taxii_call_fini(struct taxii_server *s, struct taxii_call *call);
