#pragma once
/*
 * Heap memory that never returns NULL: small allocations abort when the system has none left. A
 * size that an outsider can influence is limited by the caller first. Free with free().
 */
#include <stddef.h>

#include "base/span.h"

void *mem_new(size_t size); /* zeroed */
void *mem_grow(
	void *old, size_t count, size_t size); /* realloc of count * size, overflow checked */
/* Not zeroed, for tables that are looked at all over: in large pages where there is enough of it. */
void *mem_table(size_t size);
char *mem_dup(struct span s); /* with a NUL behind */
/* Gives what was freed back to the system, in quiet times: a walk over all of it. */
void mem_give_back(void);
