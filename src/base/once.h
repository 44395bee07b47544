#pragma once
/*
 * Whether something was met before, by a hash of 64 bits, of which one is not used: a table of such that grows.
 * struct once o = {}; is a valid empty one. One thread at a time; the writer bounds what outsiders can make it
 * grow to, and seeds the hash where they choose what is hashed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct once {
	uint64_t *slot; /* 0: free */
	size_t slots, used;
};

void once_fini(struct once *o);
void once_reset(struct once *o); /* keeps the memory */
/* True the first time; it is known from then on. */
bool once_first(struct once *o, uint64_t key);
/* As if it had not been met. */
void once_forget(struct once *o, uint64_t key);
