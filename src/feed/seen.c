#include "feed/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
seen_fini(struct seen *s)
{
	free(s->at);
	*s = (struct seen){};
}

static size_t
place(const struct seen *s, uint64_t number)
{
	size_t i = (size_t)(number * 0x9e3779b97f4a7c15u) & (s->room - 1);
	while (s->at[i] && s->at[i] != number)
		i = (i + 1) & (s->room - 1);
	return i;
}

bool
seen_has(const struct seen *s, uint64_t number)
{
	return s->room && s->at[place(s, number ? number : 1)] != 0;
}

bool
seen_add(struct seen *s, uint64_t number)
{
	number = number ? number : 1; /* 0 is a free place */
	if (s->len * 2 >= s->room) {
		struct seen wide = {.room = s->room ? s->room * 2 : 1024, .len = s->len};
		wide.at = mem_grow(NULL, wide.room, sizeof *wide.at);
		memset(wide.at, 0, wide.room * sizeof *wide.at);
		for (size_t i = 0; i < s->room; i++)
			if (s->at[i])
				wide.at[place(&wide, s->at[i])] = s->at[i];
		free(s->at);
		*s = wide;
	}
	size_t i = place(s, number);
	bool fresh = s->at[i] == 0;
	s->len += fresh;
	s->at[i] = number;
	return fresh;
}
