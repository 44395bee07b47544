#pragma once
/*
 * Passwords as Argon2id strings ("$argon2id$v=19$m=...,t=...,p=1$salt$hash") through libsodium. The
 * cost stands in the string, so that it can rise later without a reset. Any thread; each call needs
 * `memory` bytes for its time: the caller bounds how many run at once.
 */
#include "base/rc.h"

struct password_cost {
	uint64_t passes; /* 1 to 16 */
	size_t memory;	 /* bytes, 8 KiB to 1 GiB */
};

enum { PASSWORD_TEXT = 128, PASSWORD_LONGEST = 1024, PASSWORD_SHORTEST = 12 };

/* 32 MiB, 3 passes: about 50 ms on a server core of 2023; above the OWASP minimum (19 MiB, 2). */
struct password_cost password_cost_default(void);
/* The least that Argon2id takes: for tests alone. */
struct password_cost password_cost_least(void);

/* RC_LIMIT: empty or over PASSWORD_LONGEST; RC_AGAIN: no memory. Takes any bytes. */
enum rc password_hash(struct span password, struct password_cost cost,
	char out[static PASSWORD_TEXT], struct diag *why);
/* RC_OK it is; RC_DENIED it is not; RC_BAD the stored text is no Argon2id of sane cost. */
enum rc password_check(struct span stored, struct span password);
/* The work of one password_check at this cost, for names that do not exist. */
void password_decoy(struct span password, struct password_cost cost);
/* Whether the stored text was made at another cost than this. */
bool password_is_stale(struct span stored, struct password_cost cost);
/* What a new password must be: 12 to 1024 bytes of UTF-8 without control characters. */
enum rc password_fit(struct span password, struct diag *why);
