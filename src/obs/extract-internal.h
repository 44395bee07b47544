#pragma once
/* What the parts of extraction share. */
#include "base/ascii.h"
#include "obs/extract.h"
#include "obs/extract_class.h"

/* The byte at `at`, 0 behind the end. */
static inline unsigned char
extract_byte(const struct extract *it, size_t at)
{
	return at < it->text.len ? (unsigned char)it->text.ptr[at] : 0;
}

/* A letter or a digit, of any script. */
static inline bool
extract_is_word(const struct extract *it, size_t at)
{
	return ascii_is_alnum(it->text.ptr[at]) || (unsigned char)it->text.ptr[at] >= 0x80;
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
/* [ESCAPE] How many bytes at `start` belong to an escape that began before; *both: perhaps not. */
size_t extract_escape(const struct extract *it, size_t start, size_t stop, bool *both);
/*
 * Bytes of the MAC address at `at`, which nothing between `from` and `stop` goes on with before or behind;
 * 0 where there is none.
 */
size_t extract_mac_at(const struct extract *it, size_t from, size_t at, size_t stop);
/* Where the next one with colons stands in the chunk from it->mac on, SIZE_MAX where none does. */
size_t extract_next_mac(struct extract *it);
