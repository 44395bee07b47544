#include "match/sense.h"

#include "base/hash.h"

struct sense
sense_of(struct senses *s, struct span name)
{
	uint64_t hash = hash64(name, s->seed) | 1;
	struct sense *slot = &s->slot[hash >> 32 & (sizeof s->slot / sizeof *s->slot - 1)];
	if (slot->name != hash)
		*slot = (struct sense){hash, (uint8_t)field_role(name), (uint8_t)field_tells(name)};
	return *slot;
}
