#pragma once
/*
 * Texts that stand for bytes: hexadecimal, base64, and strings whose code points are below U+0100
 * (STIX 2.1 sections 9.2 and 9.6.4). Results live in the arena. Any thread.
 */
#include "base/arena.h"

/* Pairs of hexadecimal digits of either case; false on anything else. */
bool octets_from_hex(struct span text, struct arena *a, struct span *out);
/* Padded base64, line feeds ignored, spare bits of the last digit dropped; the empty text is no
 * bytes. */
bool octets_from_base64(struct span text, struct arena *a, struct span *out);
/* One byte a code point; false when one is U+0100 or more. Text is UTF-8. */
bool octets_from_text(struct span text, struct arena *a, struct span *out);
/* The way back: each byte becomes the code point of its number. */
struct span octets_to_text(struct span bytes, struct arena *a);
