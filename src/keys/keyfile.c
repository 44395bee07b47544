#include "keys/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/must.h"
#include "base/own.h"
#include "base/rng.h"

static bool
is_public(const char *name)
{
	struct span n = span_of(name);
	return span_ends(n, SPAN(".pem")) || span_ends(n, SPAN(".pub"));
}

static enum rc
fail_errno(struct diag *why, const char *name, const char *doing)
{
	enum rc code = errno == ENOSPC || errno == EDQUOT ? RC_FULL
		       : errno == ENOENT		  ? RC_NONE
							  : RC_IO;
	diag_where(why, "%s", name);
	return diag_fail(why, code, "cannot %s: %s", doing, strerror(errno));
}

int
keyfile_dir(const char *path, struct diag *why)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		(void)fail_errno(why, path, "make the folder");
		return -1;
	}
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		diag_where(why, "%s", path);
		diag_todo(why, "put the folder itself there, not a link to it");
		diag_what(why, "it is no folder");
	} else if (dir < 0) {
		(void)fail_errno(why, path, "open the folder");
	}
	return dir;
}

/* A whole, synced file under a name nobody else has; the caller links or renames it. */
static enum rc
write_aside(
	int dir, const char *name, struct span bytes, char *aside, size_t size, struct diag *why)
{
	uint64_t chance;
	rng_fill(rng_system(), &chance, sizeof chance);
	snprintf(aside, size, ".%.80s.%016llx", name, (unsigned long long)chance);
	mode_t mode = is_public(name) ? 0644 : 0600;
	own_fd int fd =
		openat(dir, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(why, name, "create");
	/* The umask may have taken bits that a public file should have. */
	if (!fd_write(fd, bytes) || fchmod(fd, mode) != 0 || !fd_adopt(fd, dir) || fsync(fd) != 0) {
		enum rc code = fail_errno(why, name, "write");
		unlinkat(dir, aside, 0);
		return code;
	}
	return RC_OK;
}

enum rc
keyfile_create(int dir, const char *name, struct span bytes, struct diag *why)
{
	char aside[128];
	enum rc code = write_aside(dir, name, bytes, aside, sizeof aside, why);
	if (code != RC_OK)
		return code;
	if (linkat(dir, aside, dir, name, 0) != 0) {
		if (errno == EEXIST) {
			diag_where(why, "%s", name);
			code = diag_fail(why, RC_CONFLICT, "it exists already");
		} else {
			code = fail_errno(why, name, "create");
		}
	}
	unlinkat(dir, aside, 0);
	if (code == RC_OK && fsync(dir) != 0)
		code = fail_errno(why, name, "sync the folder of");
	return code;
}

enum rc
keyfile_replace(int dir, const char *name, struct span bytes, struct diag *why)
{
	char aside[128];
	enum rc code = write_aside(dir, name, bytes, aside, sizeof aside, why);
	if (code != RC_OK)
		return code;
	if (renameat(dir, aside, dir, name) != 0) {
		code = fail_errno(why, name, "replace");
		unlinkat(dir, aside, 0);
	} else if (fsync(dir) != 0) {
		code = fail_errno(why, name, "sync the folder of");
	}
	return code;
}

/* Where a file really is, for whom we tell to mend it: as far as the system says. */
static void
path_of(int dir, const char *name, char *out, size_t size)
{
	char link[64], folder[PATH_MAX - 256];
	snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
	ssize_t len = readlink(link, folder, sizeof folder - 1);
	if (len < 0)
		len = snprintf(folder, sizeof folder, "NODE/keys");
	folder[len] = 0;
	snprintf(out, size, "%s%s%s", folder, name ? "/" : "", name ? name : "");
}

static enum rc
judge(int dir, const struct stat *st, const char *name, struct diag *why)
{
	bool folder = strcmp(name, ".") == 0;
	mode_t open_to = is_public(name) ? 022 : 077;
	char path[PATH_MAX];
	path_of(dir, folder ? NULL : name, path, sizeof path);
	diag_where(why, "%s", path);
	if (folder ? !S_ISDIR(st->st_mode) : !S_ISREG(st->st_mode))
		return diag_fail(
			why, RC_DENIED, "it is not a plain %s", folder ? "folder" : "file");
	if (st->st_uid != geteuid()) {
		diag_todo(why, "chown %u %s", (unsigned)geteuid(), path);
		return diag_fail(why, RC_DENIED, "it belongs to user %u, not to us (%u)",
			(unsigned)st->st_uid, (unsigned)geteuid());
	}
	if (st->st_mode & open_to) {
		diag_todo(why, "chmod %s %s",
			folder		  ? "700"
			: is_public(name) ? "644"
					  : "600",
			path);
		return diag_fail(why, RC_DENIED, "others may %s it (mode %03o)",
			is_public(name) ? "change" : "read or change",
			(unsigned)st->st_mode & 0777);
	}
	return RC_OK;
}

enum rc
keyfile_check(int dir, const char *name, struct diag *why)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return fail_errno(why, name, "look at it");
	return judge(dir, &st, name, why);
}

enum rc
keyfile_read(int dir, const char *name, struct buf *out, struct diag *why)
{
	struct stat st;
	own_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP) {
		diag_where(why, "%s", name);
		return diag_fail(why, RC_DENIED, "it is a symbolic link");
	}
	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_errno(why, name, "open");
	enum rc code = judge(dir, &st, name, why);
	if (code != RC_OK)
		return code;
	size_t start = out->len;
	for (;;) {
		char *room = buf_room(out, 4096);
		ssize_t got = read(fd, room, 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			out->len = start;
			return fail_errno(why, name, "read");
		}
		if (got == 0)
			return RC_OK;
		out->len += (size_t)got;
		if (out->len - start > KEYFILE_LONGEST) {
			out->len = start;
			diag_where(why, "%s", name);
			return diag_fail(why, RC_LIMIT, "longer than %d bytes", KEYFILE_LONGEST);
		}
	}
}
