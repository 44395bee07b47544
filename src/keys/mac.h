#pragma once
/*
 * HMAC-SHA256 (RFC 2104) and keys derived by HKDF-SHA256 (RFC 5869). A mac key has one use; what
 * several uses need is derived, each with its own label. Any thread.
 */
#include "base/rc.h"
#include "base/rng.h"

enum { MAC_SIZE = 32, MAC_KEY_SIZE = 32 };

struct mac_key {
	uint8_t byte[MAC_KEY_SIZE];
};

struct mac_key mac_key_new(struct rng r);
/* A key of its own for one use; label is a literal of ours, "tocsin cursor 1". */
struct mac_key mac_key_derive(const struct mac_key *from, struct span label);
/* Overwrites it. */
void mac_key_fini(struct mac_key *key);

void mac_of(const struct mac_key *key, struct span text, uint8_t out[static MAC_SIZE]);
/* Whether `mac` (any length) is the one over text; takes the same time wherever they differ. */
bool mac_check(const struct mac_key *key, struct span text, struct span mac);

/* For keys of any length: RFC 2104 and RFC 5869 as they stand. len <= 255 * 32. */
void hmac_sha256(struct span key, struct span text, uint8_t out[static MAC_SIZE]);
void hkdf_sha256(struct span secret, struct span salt, struct span info, void *out, size_t len);

/* Equal bytes, in time that depends on the lengths alone. */
bool secret_equal(struct span a, struct span b);
/* Overwrites in a way the compiler keeps. */
void secret_wipe(void *bytes, size_t len);
