#pragma once
/* UTF-16 from strangers (RFC 2781) into UTF-8. Pure functions; any thread. */
#include "base/buf.h"

enum utf16 { UTF16_NONE, UTF16_LITTLE, UTF16_BIG };

/*
 * By the byte order mark a text starts with; UTF-32's little-endian one is none of ours. Without one, where each
 * of the first characters, two at least and up to 32, is of ASCII with a zero before or behind it: a log that was
 * cut or appended to has no mark.
 */
enum utf16 utf16_by_start(struct span start);
/*
 * Appends `text` as UTF-8, the mark too; lone surrogates become U+FFFD. How many bytes were taken: the
 * last unit or pair may be unfinished and stays.
 */
size_t utf16_read(enum utf16 order, struct span text, struct buf *out);
/* How many bytes of UTF-16 a UTF-8 text made by utf16_read came from. */
size_t utf16_bytes(struct span utf8);
