#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data */
	alignas(max_align_t) char data[];
};

enum { FIRST = 4096, LARGEST = 1 << 20 };

void
arena_fini(struct arena *a)
{
	while (a->newest) {
		struct arena_block *older = a->newest->older;
		free(a->newest);
		a->newest = older;
	}
	a->used = a->total = 0;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *kept = a->newest;
	if (!kept)
		return;
	struct arena_block *old = kept->older;
	while (old) {
		struct arena_block *older = old->older;
		free(old);
		old = older;
	}
	kept->older = NULL;
	a->used = 0;
	a->total = kept->size;
}

static void
add_block(struct arena *a, size_t need)
{
	size_t size = a->newest ? a->newest->size * 2 : FIRST;
	if (size > LARGEST)
		size = LARGEST;
	if (size < need)
		size = need;
	struct arena_block *block = malloc(sizeof *block + size);
	must(block != NULL);
	block->older = a->newest;
	block->size = size;
	a->newest = block;
	a->used = 0;
	a->total += size;
}

static void *
cut(struct arena *a, size_t size, size_t align)
{
	must(size < SIZE_MAX / 2);
	size_t at = (a->used + align - 1) & ~(align - 1);
	if (!a->newest || at > a->newest->size || size > a->newest->size - at) {
		add_block(a, size ? size : 1);
		at = 0;
	}
	a->used = at + size;
	return a->newest->data + at;
}

void *
arena_new(struct arena *a, size_t size)
{
	return memset(cut(a, size, alignof(max_align_t)), 0, size);
}

char *
arena_bytes(struct arena *a, size_t size)
{
	return cut(a, size, 1);
}

struct span
arena_dup(struct arena *a, struct span s)
{
	char *copy = arena_bytes(a, s.len + 1);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = 0;
	return (struct span){copy, s.len};
}

struct span
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	must(len >= 0);
	char *text = arena_bytes(a, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return (struct span){text, (size_t)len};
}
