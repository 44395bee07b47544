#include "keys/digest.h"

#include <gnutls/crypto.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/must.h"

struct digest_run {
	enum digest kind;
	gnutls_hash_hd_t hash;
};

static gnutls_digest_algorithm_t
algorithm(enum digest kind)
{
	static const gnutls_digest_algorithm_t of[] = {
		[DIGEST_MD5] = GNUTLS_DIG_MD5,
		[DIGEST_SHA1] = GNUTLS_DIG_SHA1,
		[DIGEST_SHA256] = GNUTLS_DIG_SHA256,
		[DIGEST_SHA384] = GNUTLS_DIG_SHA384,
		[DIGEST_SHA512] = GNUTLS_DIG_SHA512,
	};
	must((size_t)kind < sizeof of / sizeof *of);
	return of[kind];
}

size_t
digest_size(enum digest kind)
{
	return gnutls_hash_get_len(algorithm(kind));
}

void
digest_of(enum digest kind, struct span text, uint8_t *out)
{
	must(gnutls_hash_fast(algorithm(kind), text.ptr ? text.ptr : "", text.len, out) == 0);
}

void
sha256_of(struct span text, uint8_t out[static SHA256_SIZE])
{
	digest_of(DIGEST_SHA256, text, out);
}

struct digest_run *
digest_new(enum digest kind)
{
	struct digest_run *run = mem_new(sizeof *run);
	run->kind = kind;
	must(gnutls_hash_init(&run->hash, algorithm(kind)) == 0);
	return run;
}

void
digest_add(struct digest_run *run, struct span piece)
{
	if (piece.len)
		must(gnutls_hash(run->hash, piece.ptr, piece.len) == 0);
}

void
digest_take(struct digest_run *run, uint8_t *out)
{
	gnutls_hash_output(run->hash, out);
}

void
digest_free(struct digest_run *run)
{
	if (!run)
		return;
	gnutls_hash_deinit(run->hash, NULL);
	free(run);
}

void
hex_text(const void *bytes, size_t len, char *out)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[p[i] >> 4];
		out[2 * i + 1] = digit[p[i] & 15];
	}
	out[2 * len] = 0;
}

enum rc
hex_parse(struct span text, void *out, size_t len)
{
	if (text.len != 2 * len)
		return RC_BAD;
	for (size_t i = 0; i < text.len; i++)
		if (ascii_hex(text.ptr[i]) < 0)
			return RC_BAD;
	uint8_t *p = out;
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(ascii_hex(text.ptr[2 * i]) << 4 | ascii_hex(text.ptr[2 * i + 1]));
	return RC_OK;
}
