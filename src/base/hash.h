#pragma once
/* Hashing for tables of our own (XXH3, seeded): never for signatures, ids or passwords. */
#include "base/span.h"

uint64_t hash64(struct span s, uint64_t seed);
