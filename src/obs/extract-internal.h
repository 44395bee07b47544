#pragma once
/* What the parts of extraction share. */
#include "obs/extract.h"

/* The byte at `at`, 0 behind the end. */
static inline unsigned char
extract_byte(const struct extract *it, size_t at)
{
	return at < it->text.len ? (unsigned char)it->text.ptr[at] : 0;
}

/*
 * How many bytes at `start` and before `stop` end a terminal's control sequence that began before them:
 * parameters and a letter, "31m". *both: without parameters and for rare letters, perhaps the letter
 * belongs to what follows.
 */
size_t extract_sequence(struct span text, size_t start, size_t stop, bool *both);
/* Whether text from *from to *to is an address once a stray colon at an end is cut off. */
bool extract_parse_six(const struct extract *it, size_t *from, size_t *to, struct addr *out);
/*
 * Looks for an IPv6 address among the chunk's groups from `at`, consecutive groups that could be one:
 * it->six and it->six_stop are where it stands, SIZE_MAX where there is none.
 */
bool extract_find_six(struct extract *it, size_t at, struct addr *out);
