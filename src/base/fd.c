#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

bool
fd_write(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = span_sub(bytes, (size_t)put, SIZE_MAX);
	}
	return true;
}
