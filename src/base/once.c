#include "base/once.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mutant.h"

enum { FORGOTTEN = 2 }; /* keys are odd */

void
once_fini(struct once *o)
{
	free(o->slot);
	*o = (struct once){};
}

void
once_reset(struct once *o)
{
	if (o->used)
		memset(o->slot, 0, o->slots * sizeof *o->slot);
	o->used = 0;
}

/* The slot of a key, or the free one where it would be. */
static uint64_t *
find(const struct once *o, uint64_t key)
{
	size_t at = key & (o->slots - 1);
	while (o->slot[at] && o->slot[at] != key)
		at = (at + 1) & (o->slots - 1);
	return &o->slot[at];
}

static void
grow(struct once *o)
{
	struct once old = *o;
	size_t known = 0;
	for (size_t i = 0; i < old.slots; i++)
		known += old.slot[i] && old.slot[i] != FORGOTTEN;
	/* What was forgotten makes room first. */
	*o = (struct once){.slots = !old.slots		    ? 64
				    : known * 4 > old.slots ? old.slots * 2
							    : old.slots};
	o->slot = mem_new(o->slots * sizeof *o->slot);
	for (size_t i = 0; i < old.slots; i++)
		if (old.slot[i] && old.slot[i] != FORGOTTEN) {
			*find(o, old.slot[i]) = old.slot[i];
			o->used++;
		}
	free(old.slot);
}

bool
once_first(struct once *o, uint64_t key)
{
	if ((o->used + 1) * 2 > o->slots)
		grow(o);
	uint64_t *slot = find(o, key | 1);
	if (*slot)
		return false;
	*slot = key | 1;
	o->used++;
	return true;
}

void
once_forget(struct once *o, uint64_t key)
{
	uint64_t *slot = o->slots ? find(o, key | 1) : NULL;
	if (slot && *slot && !mutant(1815))
		*slot = FORGOTTEN;
}
