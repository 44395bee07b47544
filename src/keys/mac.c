#include "keys/mac.h"

#include <gnutls/crypto.h>
#include <sodium.h>
#include <string.h>

#include "base/must.h"

struct mac_key
mac_key_new(struct rng r)
{
	struct mac_key key;
	rng_fill(r, key.byte, sizeof key.byte);
	return key;
}

struct mac_key
mac_key_derive(const struct mac_key *from, struct span label)
{
	struct mac_key key;
	hkdf_sha256((struct span){(const char *)from->byte, sizeof from->byte}, SPAN(""), label,
		key.byte, sizeof key.byte);
	return key;
}

void
mac_key_fini(struct mac_key *key)
{
	secret_wipe(key, sizeof *key);
}

void
mac_of(const struct mac_key *key, struct span text, uint8_t out[static MAC_SIZE])
{
	hmac_sha256((struct span){(const char *)key->byte, sizeof key->byte}, text, out);
}

bool
mac_check(const struct mac_key *key, struct span text, struct span mac)
{
	uint8_t want[MAC_SIZE];
	mac_of(key, text, want);
	return secret_equal((struct span){(const char *)want, sizeof want}, mac);
}

void
hmac_sha256(struct span key, struct span text, uint8_t out[static MAC_SIZE])
{
	must(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.ptr ? key.ptr : "", key.len,
		     text.ptr ? text.ptr : "", text.len, out) == 0);
}

void
hkdf_sha256(struct span secret, struct span salt, struct span info, void *out, size_t len)
{
	uint8_t extracted[MAC_SIZE];
	gnutls_datum_t s = {(unsigned char *)salt.ptr, (unsigned)salt.len};
	gnutls_datum_t k = {(unsigned char *)secret.ptr, (unsigned)secret.len};
	gnutls_datum_t i = {(unsigned char *)info.ptr, (unsigned)info.len};
	gnutls_datum_t prk = {extracted, sizeof extracted};
	must(len <= (size_t)255 * MAC_SIZE);
	must(gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &k, &s, extracted) == 0);
	must(gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &prk, &i, out, len) == 0);
	secret_wipe(extracted, sizeof extracted);
}

bool
secret_equal(struct span a, struct span b)
{
	return a.len == b.len && sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

void
secret_wipe(void *bytes, size_t len)
{
	sodium_memzero(bytes, len);
}
