#pragma once
/*
 * Digests through GnuTLS. Of these only SHA-256 and above bind anything; MD5 and SHA-1 are here
 * because indicators and RFC 9562 name them. Any thread; a running digest belongs to one.
 */
#include "base/rc.h"

enum digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

enum { DIGEST_MAX = 64, SHA256_SIZE = 32, SHA1_SIZE = 20, HEX_SHA256 = 65 };

size_t digest_size(enum digest kind);
/* Writes digest_size(kind) bytes. */
void digest_of(enum digest kind, struct span text, uint8_t *out);
void sha256_of(struct span text, uint8_t out[static SHA256_SIZE]);

/* A digest over pieces: new, add..., take (which starts it anew), free. */
struct digest_run;
struct digest_run *digest_new(enum digest kind);
void digest_add(struct digest_run *run, struct span piece);
void digest_take(struct digest_run *run, uint8_t *out);
void digest_free(struct digest_run *run); /* NULL accepted */

/* Lower-case hexadecimal with a NUL: 2 * len + 1 bytes. */
void hex_text(const void *bytes, size_t len, char *out);
/* Exactly 2 * len digits of either case into len bytes. */
enum rc hex_parse(struct span text, void *out, size_t len);
