#include "keys/sign.h"

#include <sodium.h>
#include <string.h>

#include "base/must.h"
#include "codec/base64.h"
#include "keys/digest.h"
#include "keys/mac.h"

/* RFC 8410 section 7 and 4: everything before the 32 bytes. */
static const uint8_t der_private[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
	0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
static const uint8_t der_public[12] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

struct sign_key
sign_key_new(struct rng r)
{
	uint8_t seed[SIGN_SEED];
	rng_fill(r, seed, sizeof seed);
	struct sign_key key = sign_key_from_seed(seed);
	secret_wipe(seed, sizeof seed);
	return key;
}

struct sign_key
sign_key_from_seed(const uint8_t seed[static SIGN_SEED])
{
	struct sign_key key;
	uint8_t public[SIGN_PUBLIC];
	must(sodium_init() >= 0);
	must(crypto_sign_ed25519_seed_keypair(public, key.byte, seed) == 0);
	return key;
}

void
sign_key_fini(struct sign_key *key)
{
	secret_wipe(key, sizeof *key);
}

struct sign_public
sign_key_public(const struct sign_key *key)
{
	struct sign_public public;
	memcpy(public.byte, key->byte + SIGN_SEED, sizeof public.byte);
	return public;
}

void
sign_make(const struct sign_key *key, struct span text, uint8_t out[static SIGNATURE_SIZE])
{
	must(crypto_sign_ed25519_detached(
		     out, NULL, (const uint8_t *)text.ptr, text.len, key->byte) == 0);
}

bool
sign_check(const struct sign_public *key, struct span text, struct span signature)
{
	must(sodium_init() >= 0);
	return signature.len == SIGNATURE_SIZE &&
	       crypto_sign_ed25519_verify_detached((const uint8_t *)signature.ptr,
		       (const uint8_t *)text.ptr, text.len, key->byte) == 0;
}

static void
pem_add(struct buf *out, const char *label, struct span der)
{
	buf_printf(out, "-----BEGIN %s-----\n", label);
	base64_encode(out, der); /* 60 or 64 characters: one line */
	buf_printf(out, "\n-----END %s-----\n", label);
}

void
sign_key_pem(const struct sign_key *key, struct buf *out)
{
	uint8_t der[sizeof der_private + SIGN_SEED];
	memcpy(der, der_private, sizeof der_private);
	memcpy(der + sizeof der_private, key->byte, SIGN_SEED);
	pem_add(out, "PRIVATE KEY", (struct span){(const char *)der, sizeof der});
	secret_wipe(der, sizeof der);
}

static void
public_der(const struct sign_public *key, uint8_t der[static sizeof der_public + SIGN_PUBLIC])
{
	memcpy(der, der_public, sizeof der_public);
	memcpy(der + sizeof der_public, key->byte, SIGN_PUBLIC);
}

void
sign_public_pem(const struct sign_public *key, struct buf *out)
{
	uint8_t der[sizeof der_public + SIGN_PUBLIC];
	public_der(key, der);
	pem_add(out, "PUBLIC KEY", (struct span){(const char *)der, sizeof der});
}

/*
 * The 32 bytes behind `head` in a PEM of this label. Only the form that RFC 8410 section 10 shows
 * and that we and openssl write: one block, no attributes.
 */
static enum rc
pem_read(struct span pem, struct span begin, struct span end, struct span head,
	uint8_t out[static 32])
{
	own_buf struct buf body = {}, der = {};
	struct span rest = span_trim(pem), line;
	if (pem.len > 1024 || !span_starts(rest, begin) || !span_ends(rest, end) ||
		rest.len < begin.len + end.len)
		return RC_BAD;
	rest = span_sub(rest, begin.len, rest.len - begin.len - end.len);
	while (span_cut(&rest, '\n', &line))
		buf_add(&body, span_trim(line));
	enum rc code = base64_decode(buf_span(&body), &der, NULL);
	if (code == RC_OK && (der.len != head.len + 32 || !span_starts(buf_span(&der), head)))
		code = RC_BAD;
	if (code == RC_OK)
		memcpy(out, der.ptr + head.len, 32);
	if (body.ptr)
		secret_wipe(body.ptr, body.cap);
	if (der.ptr)
		secret_wipe(der.ptr, der.cap);
	return code;
}

enum rc
sign_key_from_pem(struct span pem, struct sign_key *out, struct diag *why)
{
	uint8_t seed[SIGN_SEED];
	if (pem_read(pem, SPAN("-----BEGIN PRIVATE KEY-----"), SPAN("-----END PRIVATE KEY-----"),
		    (struct span){(const char *)der_private, sizeof der_private}, seed) != RC_OK)
		return diag_fail(why, RC_BAD, "no Ed25519 private key in PEM (RFC 8410)");
	*out = sign_key_from_seed(seed);
	secret_wipe(seed, sizeof seed);
	return RC_OK;
}

enum rc
sign_public_from_pem(struct span pem, struct sign_public *out, struct diag *why)
{
	uint8_t bytes[SIGN_PUBLIC];
	if (pem_read(pem, SPAN("-----BEGIN PUBLIC KEY-----"), SPAN("-----END PUBLIC KEY-----"),
		    (struct span){(const char *)der_public, sizeof der_public}, bytes) != RC_OK)
		return diag_fail(why, RC_BAD, "no Ed25519 public key in PEM (RFC 8410)");
	memcpy(out->byte, bytes, sizeof bytes);
	return RC_OK;
}

void
sign_public_fingerprint(const struct sign_public *key, char out[static FINGERPRINT_TEXT])
{
	uint8_t der[sizeof der_public + SIGN_PUBLIC], sum[SHA256_SIZE];
	public_der(key, der);
	sha256_of((struct span){(const char *)der, sizeof der}, sum);
	memcpy(out, "sha256:", 7);
	hex_text(sum, sizeof sum, out + 7);
}
