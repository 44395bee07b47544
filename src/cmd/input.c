#include "cmd/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "codec/stream.h"

enum { PIECE = 1 << 20 };
/* What is packed or comes through a pipe is held in memory. */
#define UNPACKED_MOST (UINT64_C(2) << 30)

void
input_fini(struct input *in)
{
	if (in->map)
		munmap(in->map, in->map_len);
	buf_fini(&in->unpacked);
	*in = (struct input){};
}

static bool
is_packed(struct span s)
{
	return span_starts(s, SPAN("\x1f\x8b")) || span_starts(s, SPAN("\x28\xb5\x2f\xfd")) ||
	       span_starts(s, SPAN("\xfd"
				   "7zXZ"));
}

static enum rc
unpack(struct input *in, int fd, struct diag *why)
{
	static const struct stream_limits limits = {.bytes = UNPACKED_MOST, .ratio = 2000};
	own_stream struct stream *s = stream_new_fd(fd, &limits);
	struct diag fault = {};
	enum rc code;
	do {
		size_t got = 0;
		code = stream_read(s, buf_room(&in->unpacked, PIECE), PIECE, &got, &fault);
		if (!code)
			in->unpacked.len += got;
	} while (!code);
	in->span = buf_span(&in->unpacked);
	if (code == RC_NONE)
		return RC_OK;
	if (code == RC_LIMIT && in->unpacked.len >= UNPACKED_MOST - PIECE)
		diag_todo(why, "put it, unpacked, into a file");
	/* why->where stays the file's name. */
	return diag_fail(why, code, "%s%s%s", fault.where, *fault.where ? ": " : "", fault.what);
}

enum rc
input_open(struct input *in, const char *path, struct diag *why)
{
	struct stat st;
	bool standard = strcmp(path, "-") == 0;
	own_fd int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	diag_where(why, "%s", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return diag_fail(
			why, errno == ENOENT ? RC_NONE : RC_IO, "cannot open: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return unpack(in, fd, why);
	in->map_len = (size_t)st.st_size;
	in->map = mmap(NULL, in->map_len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (in->map == MAP_FAILED) {
		in->map = NULL;
		return diag_fail(why, RC_IO, "cannot map: %s", strerror(errno));
	}
	in->span = (struct span){in->map, in->map_len};
	if (!is_packed(in->span))
		return RC_OK;
	return unpack(in, fd, why);
}
