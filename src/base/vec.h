#pragma once
/*
 * A growing array on the heap: struct { T *at; size_t len, cap; } v = {};
 *     *vec_add(&v) = item;     for (size_t i = 0; i < v.len; i++) use(v.at[i]);     free(v.at);
 * Growth doubles. One thread at a time; pointers into it die at the next vec_add.
 */
#include "base/mem.h"

#define vec_of(type) \
	struct { \
		type *at; \
		size_t len, cap; \
	}

/* Makes room for one more and yields a pointer to it (not zeroed). */
#define vec_add(v) \
	((v)->len == (v)->cap ? (void)((v)->cap = (v)->cap ? (v)->cap * 2 : 8, \
					(v)->at = mem_grow((v)->at, (v)->cap, sizeof *(v)->at)) \
			      : (void)0, \
		&(v)->at[(v)->len++])
