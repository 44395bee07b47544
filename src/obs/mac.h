#pragma once
/* MAC addresses (EUI-48) as people and devices write them. Pure functions; any thread. */
#include "base/span.h"

enum { MAC_DIGITS = 12, MAC_TEXT = 17 };

/*
 * How many bytes at the beginning of `text` are one, whatever follows: "00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7"
 * or "001b.4411.3ab7"; 0 where they are none.
 */
size_t mac_length(struct span text);
/* The whole of it, or twelve digits alone, in lower case with colons (STIX 2.1 section 6.9). */
bool mac_normalize(struct span text, char out[static MAC_TEXT]);
