#pragma once
/*
 * RFC 4648 section 4 (base64, padded) and section 5 (base64url, unpadded as RFC 7515 wants it).
 * Decoding is strict: one text for each run of bytes. No blanks, no missing or surplus padding, no
 * other alphabet, no stray bits at the end. Any thread.
 */
#include "base/buf.h"
#include "base/rc.h"

void base64_encode(struct buf *out, struct span bytes);
void base64url_encode(struct buf *out, struct span bytes);
/* Appends to out. On RC_BAD out is as it was and why->where names the byte. */
enum rc base64_decode(struct span text, struct buf *out, struct diag *why);
enum rc base64url_decode(struct span text, struct buf *out, struct diag *why);
/*
 * Base64 in letters, length and padding. Stray bits at its end, which base64_decode refuses, are
 * no matter: RFC 4648 section 3.5 leaves it to the decoder.
 */
bool base64_is(struct span text);
