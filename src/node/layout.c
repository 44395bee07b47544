#include "node/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/own.h"

const char *
layout_path(struct arena *a, const char *dir, const char *name)
{
	return arena_printf(a, "%s/%s", dir, name).ptr;
}

static enum rc
io_fail(struct diag *why, const char *path, const char *verb)
{
	int error = errno;
	diag_where(why, "%s", path);
	if (error == ENOSPC || error == EDQUOT) {
		diag_todo(why, "free some space; nothing was half written");
		return diag_fail(why, RC_FULL, "no space left to %s it", verb);
	}
	return diag_fail(
		why, error == ENOENT ? RC_NONE : RC_IO, "cannot %s: %s", verb, strerror(error));
}

enum rc
layout_read(struct arena *a, const char *path, size_t limit, struct span *out, struct diag *why)
{
	struct stat st;
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return io_fail(why, path, "open");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > limit) {
		diag_where(why, "%s", path);
		return diag_fail(why, RC_LIMIT, "no regular file of at most %zu bytes", limit);
	}
	char *text = arena_bytes(a, (size_t)st.st_size + 1);
	size_t len = 0;
	while (len < (size_t)st.st_size) {
		ssize_t got = read(fd, text + len, (size_t)st.st_size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_fail(why, path, "read");
		if (got == 0)
			break;
		len += (size_t)got;
	}
	text[len] = 0;
	*out = (struct span){text, len};
	return RC_OK;
}

/* The folder a file lies in; -1 with errno. */
static int
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	own_mem char *folder =
		mem_dup(slash ? (struct span){path, (size_t)(slash - path) + 1} : SPAN("."));
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum rc
layout_write(const char *path, struct span bytes, unsigned mode, struct diag *why)
{
	own_arena struct arena a = {};
	const char *fresh = arena_printf(&a, "%s.new-%d", path, (int)getpid()).ptr;
	own_fd int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return io_fail(why, path, "write");
	own_fd int folder = folder_of(path);
	if (!fd_write(fd, bytes) || folder < 0 || !fd_adopt(fd, folder) || fsync(fd) < 0 ||
		rename(fresh, path) < 0) {
		enum rc code = io_fail(why, path, "write");
		unlink(fresh);
		return code;
	}
	fsync(folder);
	return RC_OK;
}

enum rc
layout_lock(const char *dir, const char *name, int *fd, struct diag *why)
{
	own_arena struct arena a = {};
	const char *path = arena_printf(&a, "%s/%s/%s.lock", dir, LAYOUT_RUN, name).ptr;
	own_fd int folder = folder_of(path);
	own_fd int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0 || folder < 0 || !fd_adopt(lock, folder)) {
		diag_todo(why, "run it as the node's own user, who may write there");
		return io_fail(why, path, "open");
	}
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		diag_where(why, "%s", path);
		return diag_fail(why, RC_AGAIN, "another process is at it");
	}
	*fd = own_fd_take(&lock);
	return RC_OK;
}
