#pragma once
/* Raw sockets against a server under test: bytes as they are, what came back as text. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static inline int
raw_connect(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* False when the peer has closed. */
static inline bool
raw_send(int fd, struct span s)
{
	while (s.len) {
		ssize_t sent = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		s = span_sub(s, (size_t)sent, SIZE_MAX);
	}
	return true;
}

/* Reads until the peer closes, `wait` milliseconds pass in silence, or `until` was seen. True:
 * closed. */
static inline bool
raw_read(int fd, struct buf *out, int wait, const char *until)
{
	for (;;) {
		struct pollfd one = {.fd = fd, .events = POLLIN};
		if (until && span_find(buf_span(out), span_of(until)) != SIZE_MAX)
			return false;
		if (poll(&one, 1, wait) <= 0)
			return false;
		ssize_t got = recv(fd, buf_room(out, 65536), 65536, 0);
		if (got <= 0)
			return true;
		out->len += (size_t)got;
	}
}

/* One exchange over a fresh connection: status of the first answer, 0 where none came. */
static inline unsigned
raw_status(struct span answer)
{
	uint64_t status;
	if (!span_starts(answer, SPAN("HTTP/1.1 ")) ||
		!span_to_u64(span_sub(answer, 9, 3), &status))
		return 0;
	return (unsigned)status;
}

static inline unsigned
raw_answers(struct span text)
{
	unsigned count = 0;
	for (size_t at; (at = span_find(text, SPAN("HTTP/1.1 "))) != SIZE_MAX; count++)
		text = span_sub(text, at + 9, SIZE_MAX);
	return count;
}
