#pragma once
/*
 * Local users: who may log in here, with what, and in which roles. Rows of the node's own database;
 * secrets are stored as Argon2id (passwords) or SHA-256 (tokens, which are random). Every change
 * raises the user's epoch in the same transaction, so that whoever remembers a login finds out at
 * its next use. Functions take a handle of the calling thread; those that change something begin
 * and commit.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "keys/password.h"
#include "keys/token.h"
#include "store/store.h"

/* The tables of users, credentials and grants. */
extern const struct store_schema memo_schema;

/* A set of roles; what each may do: memo/role.h. */
enum {
	ROLE_READER = 1,
	ROLE_ANALYST = 2,
	ROLE_RELEASER = 4,
	ROLE_OFFICER = 8,
	ROLE_AUDITOR = 16,
	ROLE_ADMIN = 32,
	ROLES_ALL = 63,
};

struct user {
	int64_t number;	      /* never used again after removal */
	struct span name;     /* 1 to 64 of A-Z a-z 0-9 . _ @ -, first a letter or digit */
	unsigned roles;	      /* of ROLE_* */
	struct span identity; /* "identity--UUID" it speaks as, or empty */
	struct span party;    /* party id (a DNS name in lower case), or empty */
	int64_t epoch, made;
	bool has_password;
	uint64_t tokens, certs; /* how many; filled by user_get and user_next */
};

/*
 * Adds one; number, epoch and made are given to *u. RC_CONFLICT: the name is taken, or the identity
 * is another's; RC_BAD: a name, identity or party that cannot be, or no role.
 */
enum rc user_add(struct store *s, struct clock clock, struct user *u, struct diag *why);
/* With all its credentials and grants; logins of it fail from the commit on. RC_NONE. */
enum rc user_remove(struct store *s, struct span name, struct diag *why);
/* Text in *out lives in the arena. RC_NONE. */
enum rc user_get(
	struct store *s, struct span name, struct arena *a, struct user *out, struct diag *why);
/* By name, ascending: start with out->name empty, RC_NONE at the end. */
enum rc user_next(struct store *s, struct arena *a, struct user *io, struct diag *why);

/* Replaces the password (password_fit says what it must be); empty: takes it away. RC_NONE. */
enum rc user_set_password(struct store *s, struct span name, struct span password,
	struct password_cost cost, struct diag *why);
/* A new bearer token, shown this once. At most USER_CREDENTIALS a user (RC_LIMIT). */
enum { USER_CREDENTIALS = 16 };
enum rc user_add_token(struct store *s, struct span name, struct rng r, int64_t now,
	char out[static TOKEN_TEXT], struct diag *why);
/* Takes all tokens of a user away; *removed may be 0. */
enum rc user_drop_tokens(struct store *s, struct span name, uint64_t *removed, struct diag *why);
/* "sha256:..." of a client certificate. RC_CONFLICT: it is somebody's already. */
enum rc user_add_cert(
	struct store *s, struct span name, struct span fingerprint, int64_t now, struct diag *why);
/* Fingerprints of its certificates, ascending: start with an empty buffer. RC_NONE at the end. */
enum rc user_next_cert(struct store *s, const struct user *u, struct buf *io, struct diag *why);

/*
 * Identity objects bound to any user, ascending in memcmp order, in the arena: what
 * vault_source.bound wants.
 */
enum rc user_identities(
	struct store *s, struct arena *a, struct uuid **out, size_t *count, struct diag *why);

/* A DNS name in lower case with a dot, as parties are called. */
bool party_id_fits(struct span id);
