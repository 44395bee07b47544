#pragma once
/*
 * Ed25519 (RFC 8032) through libsodium, one signature at a time: batches may accept what single
 * verification refuses. Key files are PKCS#8 and SubjectPublicKeyInfo in PEM (RFC 8410), so that
 * openssl reads and checks them. Any thread.
 */
#include "base/buf.h"
#include "base/rc.h"
#include "base/rng.h"

enum { SIGN_SEED = 32, SIGN_PUBLIC = 32, SIGNATURE_SIZE = 64 };

struct sign_key {	  /* secret */
	uint8_t byte[64]; /* seed, then public key */
};

struct sign_public {
	uint8_t byte[SIGN_PUBLIC];
};

struct sign_key sign_key_new(struct rng r);
struct sign_key sign_key_from_seed(const uint8_t seed[static SIGN_SEED]);
void sign_key_fini(struct sign_key *key); /* overwrites it */
struct sign_public sign_key_public(const struct sign_key *key);

void sign_make(const struct sign_key *key, struct span text, uint8_t out[static SIGNATURE_SIZE]);
/* False for any signature not of 64 bytes, non-canonical S, small-order points. */
bool sign_check(const struct sign_public *key, struct span text, struct span signature);

/* PEM of "PRIVATE KEY" and of "PUBLIC KEY", appended. */
void sign_key_pem(const struct sign_key *key, struct buf *out);
void sign_public_pem(const struct sign_public *key, struct buf *out);
enum rc sign_key_from_pem(struct span pem, struct sign_key *out, struct diag *why);
enum rc sign_public_from_pem(struct span pem, struct sign_public *out, struct diag *why);
/* "sha256:" and 64 hexadecimal digits over the SubjectPublicKeyInfo, with a NUL. */
enum { FINGERPRINT_TEXT = 7 + 64 + 1 };
void sign_public_fingerprint(const struct sign_public *key, char out[static FINGERPRINT_TEXT]);
