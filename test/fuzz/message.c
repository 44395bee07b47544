/* What a hostile process may write into our end of a pipe. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "jail/pipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { LIMIT = 4096 };
	struct span bytes = {(const char *)data, size > 65536 ? 65536 : size};
	struct message m;
	size_t length;
	struct pipe *p;
	int fds[2];
	enum rc code = message_head_parse(span_sub(bytes, 0, MESSAGE_HEAD), LIMIT, &m, &length);
	if (code == RC_OK)
		must(m.type != 0 && length <= LIMIT);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	must(pipe_new(fds[0], LIMIT, &p, NULL) == RC_OK);
	must(send(fds[1], bytes.ptr, bytes.len, MSG_DONTWAIT) == (ssize_t)bytes.len);
	close(fds[1]);
	size_t seen = 0;
	while ((code = pipe_receive(p, 0, &m)) == RC_OK) {
		must(m.payload.len <= LIMIT);
		seen += MESSAGE_HEAD + m.payload.len;
	}
	must(code == RC_NONE ? seen == bytes.len : code == RC_BAD && seen <= bytes.len);
	pipe_free(p);
	return 0;
}
