#pragma once
/*
 * Owned locals: freed when they leave scope, unless given away with take().
 *     own_mem char *text = mem_dup(s);   own_fd int fd = open(...);   return take(&text);
 * Other modules define their own_NAME beside the type (own_stmt in store/, own_buf in base/buf.h).
 */
#include <stddef.h>

#define own_mem __attribute__((cleanup(own_mem_fini)))
#define own_fd __attribute__((cleanup(own_fd_fini)))

/* Gives a pointer away: returns it and leaves NULL behind. */
#define take(pointer) \
	({ \
		typeof(*(pointer)) taken_ = *(pointer); \
		*(pointer) = NULL; \
		taken_; \
	})

void own_mem_fini(void *pointer_to_pointer);
/* Closes unless negative; keeps errno. */
void own_fd_fini(int *fd);
/* Gives a descriptor away: returns it and leaves -1 behind. */
int own_fd_take(int *fd);
