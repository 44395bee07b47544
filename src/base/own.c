#include "base/own.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void
own_mem_fini(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void
own_fd_fini(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

int
own_fd_take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}
