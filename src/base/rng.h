#pragma once
/* Chance arrives as a struct rng: the kernel's in production, a seeded one in tests. */
#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(void *ctx, void *out, size_t len);
	void *ctx;
};

/* getrandom(2); any thread. */
struct rng rng_system(void);
/* splitmix64 over *state, reproducible, for tests only; one thread. */
struct rng rng_seeded(uint64_t *state);
void rng_fill(struct rng r, void *out, size_t len);
/* Uniform below `bound` (> 0). */
uint64_t rng_below(struct rng r, uint64_t bound);
