#include "base/rng.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/must.h"

static void
fill_system(void *ctx, void *out, size_t len)
{
	(void)ctx;
	char *p = out;
	while (len) {
		ssize_t got = getrandom(p, len, 0);
		must(got > 0 || errno == EINTR);
		if (got > 0) {
			p += got;
			len -= (size_t)got;
		}
	}
}

static void
fill_seeded(void *ctx, void *out, size_t len)
{
	uint64_t *state = ctx;
	char *p = out;
	while (len) {
		uint64_t z = *state += 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		size_t part = len < sizeof z ? len : sizeof z;
		memcpy(p, &z, part);
		p += part;
		len -= part;
	}
}

struct rng
rng_system(void)
{
	return (struct rng){fill_system, NULL};
}

struct rng
rng_seeded(uint64_t *state)
{
	return (struct rng){fill_seeded, state};
}

void
rng_fill(struct rng r, void *out, size_t len)
{
	r.fill(r.ctx, out, len);
}

uint64_t
rng_below(struct rng r, uint64_t bound)
{
	must(bound > 0);
	uint64_t reject = -bound % bound, value;
	do
		rng_fill(r, &value, sizeof value);
	while (value < reject);
	return value % bound;
}
