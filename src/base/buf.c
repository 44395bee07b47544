#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

void
buf_fini(struct buf *b)
{
	free(b->ptr);
	*b = (struct buf){};
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

char *
buf_room(struct buf *b, size_t size)
{
	must(size < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
	if (b->cap - b->len < size) {
		size_t cap = b->cap ? b->cap * 2 : 256;
		while (cap - b->len < size)
			cap *= 2;
		b->ptr = mem_grow(b->ptr, cap, 1);
		b->cap = cap;
	}
	return b->ptr + b->len;
}

void
buf_add(struct buf *b, struct span s)
{
	if (s.len == 0)
		return;
	char *to = s.len <= b->cap - b->len ? b->ptr + b->len : buf_room(b, s.len);
	memcpy(to, s.ptr, s.len);
	b->len += s.len;
}

void
buf_add_byte(struct buf *b, char byte)
{
	char *to = b->len < b->cap ? b->ptr + b->len : buf_room(b, 1);
	*to = byte;
	b->len++;
}

void
buf_add_u64(struct buf *b, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(b, (struct span){digits + at, sizeof digits - at});
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	must(len >= 0);
	vsnprintf(buf_room(b, (size_t)len + 1), (size_t)len + 1, format, again);
	va_end(again);
	b->len += (size_t)len;
}

struct span
buf_span(const struct buf *b)
{
	return (struct span){b->ptr ? b->ptr : "", b->len};
}
