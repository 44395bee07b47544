#include "base/mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/must.h"

void *
mem_new(size_t size)
{
	void *fresh = calloc(1, size ? size : 1);
	must(fresh != NULL);
	return fresh;
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	size_t bytes;
	must(!__builtin_mul_overflow(count, size, &bytes));
	void *fresh = realloc(old, bytes ? bytes : 1);
	must(fresh != NULL);
	return fresh;
}

void *
mem_table(size_t size)
{
	enum { LARGE = 2 << 20 };
	size_t whole;
	if (size < LARGE / 4)
		return mem_grow(NULL, 1, size);
	must(!__builtin_add_overflow(size, (size_t)LARGE - 1, &whole));
	whole = whole / LARGE * LARGE;
	void *fresh = aligned_alloc(LARGE, whole);
	must(fresh != NULL);
	madvise(fresh, whole, MADV_HUGEPAGE);
	return fresh;
}

char *
mem_dup(struct span s)
{
	must(s.len < SIZE_MAX);
	char *copy = mem_new(s.len + 1);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

void
mem_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
