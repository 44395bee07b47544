#pragma once
/*
 * What the names of a log's fields say, remembered: a log has many fields and few names. The answers are those of
 * match/role.h and match/told.h. One thread at a time.
 */
#include <stdint.h>

#include "match/role.h"
#include "match/told.h"

struct sense {
	uint64_t name; /* hashed; 0: free */
	uint8_t role, told;
};

struct senses {
	struct sense slot[2048];
	uint64_t seed;
};

struct sense sense_of(struct senses *s, struct span name);
