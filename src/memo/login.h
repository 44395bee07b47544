#pragma once
/*
 * Who is asking: credentials of a request against the users of this node. Passwords cost 50 ms and
 * 32 MiB by design, so a verified one is remembered for minutes, as a MAC under a key of this
 * process; the user's row is read at every use all the same, and whoever was removed or changed is
 * out at once. Names that do not exist cost the same work. Guessing is slowed by address and by
 * name, in a table of fixed size. One struct login serves all threads of a process, each with its
 * own store handle.
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
	unsigned at_once;	   /* password computations at a time; 0: 2. Others wait */
	unsigned waiting;	   /* how many may wait; 0: 64. More are told to come back */
	int64_t remember;	   /* us a verified password is remembered; 0: 5 minutes */
};

struct login;
struct login *login_new(const struct login_options *options);
void login_free(struct login *l); /* NULL accepted; overwrites what it remembered */

struct login_ask {
	struct credential credential;
	struct span from; /* the client's address, for the brake; empty: none */
	int64_t now;	  /* us */
};

/*
 * RC_OK: *out is the user, its text in the arena. RC_DENIED: nobody; say the same to every reason.
 * RC_AGAIN: too many failures or too many at once, *wait (us) is when to come back. Else the
 * store's. What a password needs is done in the calling thread: 50 ms, or as long as others are
 * before it.
 */
enum rc login_check(struct login *l, struct store *s, const struct login_ask *ask, struct arena *a,
	struct user *out, int64_t *wait);

/* How often each way was taken since login_new. */
struct login_counts {
	uint64_t remembered, verified, refused, braked;
};
struct login_counts login_counts(struct login *l);
