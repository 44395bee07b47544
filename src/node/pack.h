#pragma once
/*
 * Payloads of the messages between our own processes: numbers of 8 bytes and spans with their length in
 * front, in the order both sides know. Reading is bounds-checked: the other process may have been taken
 * over. Unpacked spans borrow from the message.
 */
#include "base/buf.h"

void pack_number(struct buf *out, uint64_t value);
void pack_span(struct buf *out, struct span s);

struct unpack {
	struct span rest;
	bool broken; /* something was missing; everything read since is zero or empty */
};

uint64_t unpack_number(struct unpack *u);
struct span unpack_span(struct unpack *u);
/* Nothing missing and nothing left over. */
bool unpack_done(const struct unpack *u);
