#pragma once
/*
 * What the files of this module share: credentials' rows, transactions, epochs. Threads as in
 * user.h.
 */
#include "memo/user.h"

enum { CREDENTIAL_ROW_TOKEN = 1, CREDENTIAL_ROW_CERT = 2 };

/* The number that stands for "public" in grants; users count from 1. */
enum { USER_PUBLIC = 0 };

/* By number, without counting credentials. RC_NONE. */
enum rc user_by_number(
	struct store *s, int64_t number, struct arena *a, struct user *out, struct diag *why);
/* By name, without counts, with the stored password (empty where none) of the same row. RC_NONE. */
enum rc user_secret(struct store *s, struct span name, struct arena *a, struct user *out,
	struct span *password, struct diag *why);
/* Whose credential it is. RC_NONE: nobody's. */
enum rc user_of_credential(
	struct store *s, int kind, struct span digest, int64_t *number, struct diag *why);
/* Number of a name, USER_PUBLIC for "public". RC_NONE with a why. */
enum rc user_number(struct store *s, struct span name, int64_t *number, struct diag *why);

/* Ends a transaction that store_begin began: commits where code is RC_OK, else rolls back. */
enum rc memo_end(struct store *s, enum rc code, struct diag *why);
/* New epochs for a user and for all. Inside a transaction. */
enum rc memo_touch(struct store *s, int64_t user, struct diag *why);
