#pragma once
/*
 * Slows guessing: failures are counted by key in a table of fixed size; after a few, the next try
 * must wait, twice as long each time. A key is a keyed hash of a name, an address or both; two keys
 * may share a place and then slow each other, which an attacker cannot aim at. Forgets what is ten
 * minutes old. Not shared between threads without a lock of the caller's.
 */
#include <stdint.h>

enum { BRAKE_PLACES = 4096 };

struct brake {
	struct brake_place {
		uint32_t failures;
		int64_t last; /* us, of the last failure */
	} place[BRAKE_PLACES];
};

/* How `failures` become waiting: none up to `free`, then 1 s, 2 s, 4 s ... up to `most` (us). */
struct brake_rule {
	uint32_t free;
	int64_t most;
};

/* us to wait before the next try, 0: go on. */
int64_t brake_wait(const struct brake *b, uint64_t key, struct brake_rule rule, int64_t now);
void brake_failed(struct brake *b, uint64_t key, int64_t now);
void brake_passed(struct brake *b, uint64_t key);
