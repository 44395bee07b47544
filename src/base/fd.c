#include "base/fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

bool
fd_adopt(int fd, int folder)
{
	struct stat file, over;
	if (geteuid() != 0)
		return true;
	if (fstat(fd, &file) < 0 || fstat(folder, &over) < 0)
		return false;
	if (over.st_uid == 0 || file.st_uid == over.st_uid || !S_ISREG(file.st_mode) ||
		file.st_nlink != 1)
		return true;
	return fchown(fd, over.st_uid, over.st_gid) == 0;
}

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
