#pragma once
/*
 * Numbers met before - hashes of what was met - by open addressing: 16 to 32 bytes each. {} is a valid
 * empty set. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
	uint64_t *at;
	size_t len, room;
};

#define own_seen __attribute__((cleanup(seen_fini)))

void seen_fini(struct seen *s);
bool seen_has(const struct seen *s, uint64_t number);
/* False: it was there already. */
bool seen_add(struct seen *s, uint64_t number);
