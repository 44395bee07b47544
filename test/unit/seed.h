#pragma once
/* A seed for a test of random input, printed; TOCSIN_SEED repeats a run. */
#include "test.h"

#include <stdlib.h>

#include "base/rng.h"

static inline uint64_t
seed_of_run(void)
{
	const char *told = getenv("TOCSIN_SEED");
	uint64_t seed;
	rng_fill(rng_system(), &seed, sizeof seed);
	seed = told ? strtoull(told, NULL, 10) : seed % 1000000000;
	print_message("# seed %llu\n", (unsigned long long)seed);
	return seed;
}

static inline uint32_t
chance(struct rng rng, uint32_t below)
{
	uint32_t v;
	rng_fill(rng, &v, sizeof v);
	return v % below;
}
