#pragma once
/*
 * A growing run of bytes on the heap; struct buf b = {}; is a valid empty one. One thread at a
 * time. The writer bounds what outsiders can make it grow to; buf_span borrows until the next
 * change.
 */
#include "base/span.h"

struct buf {
	char *ptr;
	size_t len, cap;
};

#define own_buf __attribute__((cleanup(buf_fini)))

void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* keeps the memory */
void buf_add(struct buf *b, struct span s);
void buf_add_byte(struct buf *b, char byte);
void buf_add_u64(struct buf *b, uint64_t value); /* decimal */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `size` more bytes; returns where they go. The caller adds to len what it wrote. */
char *buf_room(struct buf *b, size_t size);
struct span buf_span(const struct buf *b);
