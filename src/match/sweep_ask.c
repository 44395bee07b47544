#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "base/mutant.h"
#include "match/sweep-internal.h"

/*
 * What lies in a large set is far away, and a chunk of a log holds one or two keys that the filters let through:
 * they are gathered over chunks, and each step of all look-ups is taken before the next of any.
 */
void
sweep_answers(struct sweep *s)
{
	struct asked *a = &s->asked;
	set_find_all(s->set, a->key, a->len);
	for (size_t i = 0; i < a->len; i++)
		if (a->key[i].base != NONE || a->key[i].own != NONE) {
			bool alone = a->key[i].key == KEY_NAME && a->key[i].own == NONE;
			sweep_note_item(
				s, a->place[i], alone || mutant(1856) ? a->key[i].base : NO_ITEM);
		}
	a->len = a->used = 0;
}

void
sweep_ask(struct sweep *s, enum key key, const unsigned char *bytes, size_t len,
	const unsigned char *place)
{
	struct asked *a = &s->asked;
	must(len <= sizeof a->room);
	if (a->len == SET_KEYS || len > sizeof a->room - a->used) {
		if (mutant(1823))
			a->len = a->used = 0;
		sweep_answers(s);
	}
	char *to = a->room + a->used;
	if (key == KEY_ADDR)
		memcpy(to, bytes, len);
	else
		for (size_t i = 0; i < len; i++)
			to[i] = ascii_lower((char)bytes[i]);
	a->used += len;
	a->place[a->len] = place;
	a->key[a->len++] = set_key_ahead(s->set, key, (struct span){to, len});
}
