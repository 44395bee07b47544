#pragma once
/*
 * One arena per unit of work: a request, a bundle, a chunk of log. What is taken from it lives
 * until reset or fini. One thread at a time. Blocks double from 4 KiB to 1 MiB; reset keeps the
 * newest.
 */
#include <stdarg.h>

#include "base/span.h"

struct arena {
	struct arena_block *newest;
	size_t used;  /* bytes of the newest block handed out */
	size_t total; /* bytes of all blocks, for limits and tests */
};

#define own_arena __attribute__((cleanup(arena_fini)))

/* An arena of zero bytes is a valid empty one: struct arena a = {}; */
void arena_fini(struct arena *a);
void arena_reset(struct arena *a);
/* Zeroed, aligned for any type. Aborts when the system has no memory. */
void *arena_new(struct arena *a, size_t size);
/* Not zeroed, alignment 1: for text. */
char *arena_bytes(struct arena *a, size_t size);
/* A copy with a NUL behind (not counted in len). */
struct span arena_dup(struct arena *a, struct span s);
struct span arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
