#pragma once
/*
 * Bearer tokens (RFC 6750): 256 random bits as text that says what it is, so that leak scanners
 * find it. Shown once; what is stored is its SHA-256, which a search may use as key because nobody
 * can choose tokens by their digest. Any thread.
 */
#include "base/rc.h"
#include "base/rng.h"

/* "tocsin_" and 43 characters of base64url, with a NUL. */
enum { TOKEN_TEXT = 7 + 43 + 1 };

void token_new(struct rng r, char out[static TOKEN_TEXT]);
/* Form only: right length, prefix and alphabet. */
bool token_is(struct span text);
/* 64 hexadecimal digits with a NUL, to store and to search by. */
void token_digest(struct span token, char out[static 65]);
