#pragma once
/*
 * Who is asking: credentials of a request against the users of this node. Passwords cost 50 ms and
 * 32 MiB by design, so one is computed at a time, beside the threads that serve, and a verified one
 * is remembered for minutes, as a MAC under a key of this process; the user's row is read at every
 * use all the same, and whoever was removed or changed is out at once. Names that do not exist cost
 * the same work. Guessing is slowed by address and by name, in a table of fixed size. One struct
 * login serves all threads of a process, each with its own store handle.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "memo/user.h"

enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_BASIC, CREDENTIAL_BEARER, CREDENTIAL_CERT };

struct credential {
	enum credential_kind kind;
	struct span name;   /* Basic: user name */
	struct span secret; /* password, token, or "sha256:..." of a client certificate */
};

/*
 * Reads the value of an Authorization field (RFC 9110 section 11.6.2, RFC 7617, RFC 6750). An empty
 * one is CREDENTIAL_NONE. RC_UNKNOWN: another scheme; RC_BAD: malformed, or over 4,096 bytes. Text
 * of *out lives in the arena.
 */
enum rc credential_parse(struct span header, struct arena *a, struct credential *out);

struct login_options {
	struct rng rng;
	struct password_cost cost; /* of the work done for unknown names */
	unsigned waiting;     /* how many passwords may wait; 0: 64. More are told to come back */
	unsigned per_address; /* of one address among them; 0: 16 */
	int64_t remember;     /* us a verified password is remembered; 0: 5 minutes */
	/*
	 * Who waits is to ask again; called in a thread of login's own. NULL: no such thread, a
	 * password is computed in the one that asks.
	 */
	void (*wake)(void *ctx, uint64_t waker);
	void *ctx;
};

struct login;
struct login *login_new(const struct login_options *options);
/* No wake comes after this; passwords that are not remembered are told to come back. */
void login_stop(struct login *l);
void login_free(struct login *l); /* NULL accepted; overwrites what it remembered */

struct verify_wait;
struct login_ask {
	struct credential credential;
	struct span from;	   /* the client's address, for the brake; empty: none */
	int64_t now;		   /* us */
	uint64_t waker;		   /* whom to wake */
	struct verify_wait **wait; /* of the request, NULL at first; login_drop it in the end */
};

/*
 * RC_OK: *out is the user, its text in the arena. RC_DENIED: nobody; say the same to every reason.
 * RC_AGAIN: where *ask->wait is set the password is being computed, ask the same again once woken;
 * else too many failures or too many at once, *wait (us) is when to come back. Else the store's.
 */
enum rc login_check(struct login *l, struct store *s, const struct login_ask *ask, struct arena *a,
	struct user *out, int64_t *wait);

/* The request ends, answered or not. NULL accepted. */
void login_drop(struct login *l, struct verify_wait *wait);

/* How often each way was taken since login_new. */
struct login_counts {
	uint64_t remembered, verified, refused, braked;
};
struct login_counts login_counts(struct login *l);
