#pragma once
/* UUIDs (RFC 9562) as 16 bytes and as lower-case text. */
#include "base/rc.h"
#include "base/rng.h"

struct uuid {
	uint8_t byte[16];
};

enum { UUID_TEXT = 37 };

/* 8-4-4-4-12 hexadecimal digits of either case. */
enum rc uuid_parse(struct span text, struct uuid *out);
void uuid_text(const struct uuid *u, char out[static UUID_TEXT]);
/* Version digit, and whether the variant is RFC 9562's. */
unsigned uuid_version(const struct uuid *u);
bool uuid_is_rfc(const struct uuid *u);
struct uuid uuid_v4(struct rng r);
/* From a SHA-1 over namespace and name that the caller computed (the digests live above base). */
struct uuid uuid_v5_from_sha1(const uint8_t sha1[static 20]);
