/*
 * Patterns parsed and checked a second on one core, beside strlen over the same bytes in the same
 * run. pattern [PATTERNS] Patterns are what indicators hold: a hash, a name, an address, a URL,
 * some with two or three of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/rng.h"
#include "base/vec.h"
#include "pattern/atoms.h"

enum { ROUNDS = 5 };

static void
add_hex(struct buf *out, struct rng rng, int digits)
{
	for (int i = 0; i < digits; i++)
		buf_add_byte(out, "0123456789abcdef"[rng_below(rng, 16)]);
}

static void
add_comparison(struct buf *out, struct rng rng)
{
	unsigned a = (unsigned)rng_below(rng, 256), b = (unsigned)rng_below(rng, 256);
	switch (rng_below(rng, 5)) {
	case 0:
		buf_add(out, SPAN("file:hashes.'SHA-256' = '"));
		add_hex(out, rng, 64);
		break;
	case 1:
		buf_add(out, SPAN("file:hashes.MD5 = '"));
		add_hex(out, rng, 32);
		break;
	case 2: buf_printf(out, "domain-name:value = 'host%u.evil%u.example", a, b); break;
	case 3: buf_printf(out, "ipv4-addr:value = '198.51.%u.%u", a, b); break;
	default: buf_printf(out, "url:value = 'http://evil%u.example/path/%u/index.php", a, b);
	}
	buf_add_byte(out, '\'');
}

/* Microseconds of this thread. */
static int64_t
cpu_now(void)
{
	struct timespec t;
	must(!clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static double
best(double *seconds)
{
	double least = seconds[0];
	for (int i = 1; i < ROUNDS; i++)
		least = seconds[i] < least ? seconds[i] : least;
	return least;
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	uint64_t state = 1;
	struct rng rng = rng_seeded(&state);
	own_buf struct buf text = {};
	vec_of(size_t) ends = {};
	for (size_t i = 0; i < count; i++) {
		buf_add_byte(&text, '[');
		size_t more = rng_below(rng, 10) < 8 ? 0 : 1 + rng_below(rng, 2);
		for (size_t k = 0; k <= more; k++) {
			if (k)
				buf_add(&text, SPAN(" OR "));
			add_comparison(&text, rng);
		}
		buf_add(&text, SPAN("]\0"));
		*vec_add(&ends) = text.len;
	}
	double parse[ROUNDS], atoms[ROUNDS], limit[ROUNDS];
	own_arena struct arena arena = {};
	size_t tests = 0, found = 0, length = 0;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t from = cpu_now();
		for (size_t i = 0, at = 0; i < count; at = ends.at[i++]) {
			struct pattern p;
			must(!pattern_parse((struct span){text.ptr + at, ends.at[i] - at - 1},
				&arena, &p, NULL));
			tests += p.tests;
			arena_reset(&arena);
		}
		parse[round] = (double)(cpu_now() - from) / SECOND;
		from = cpu_now();
		for (size_t i = 0, at = 0; i < count; at = ends.at[i++]) {
			struct pattern p;
			struct pattern_atoms out;
			must(!pattern_parse((struct span){text.ptr + at, ends.at[i] - at - 1},
				&arena, &p, NULL));
			pattern_atoms(&p, &arena, &out);
			found += out.len;
			arena_reset(&arena);
		}
		atoms[round] = (double)(cpu_now() - from) / SECOND;
		from = cpu_now();
		for (size_t i = 0, at = 0; i < count; at = ends.at[i++])
			length += strlen(text.ptr + at);
		limit[round] = (double)(cpu_now() - from) / SECOND;
	}
	must(tests == found && length == (text.len - count) * ROUNDS);
	double n = (double)count;
	printf("pattern: %zu patterns, %.0f bytes each, best of %d\n", count, (double)text.len / n,
		ROUNDS);
	printf("pattern: parsed and checked %.0f patterns/s, %.1f times strlen's time\n",
		n / best(parse), best(parse) / best(limit));
	printf("pattern: with atoms in normal form %.0f patterns/s, %.1f times strlen's time\n",
		n / best(atoms), best(atoms) / best(limit));
	free(ends.at);
	return 0;
}
