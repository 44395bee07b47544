#include "jail/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/own.h"

static const char magic[4] = "TMSG";

struct pipe {
	int fd;
	size_t limit;
	/* Sending: bytes waiting for the socket start at out_at of out. */
	pthread_mutex_t lock;
	struct buf out;
	size_t out_at;
	bool broken;
	/* Receiving: one thread. in holds the header and what has come of the payload. */
	struct buf in;
	size_t want; /* bytes of the message under way, header included; 0: header not complete */
	struct message under_way;
	bool failed;
};

static void
put_le(char *to, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (char)(value >> (8 * i));
}

static uint64_t
get_le(const char *from, int bytes)
{
	uint64_t value = 0;
	for (int i = bytes - 1; i >= 0; i--)
		value = value << 8 | (unsigned char)from[i];
	return value;
}

enum rc
message_head_parse(struct span head, size_t limit, struct message *out, size_t *length)
{
	if (head.len != MESSAGE_HEAD || memcmp(head.ptr, magic, sizeof magic) != 0)
		return RC_BAD;
	struct message m = {
		.type = (uint32_t)get_le(head.ptr + 4, 4),
		.id = get_le(head.ptr + 16, 8),
	};
	uint64_t len = get_le(head.ptr + 8, 4);
	if (m.type == 0 || get_le(head.ptr + 12, 4) != 0)
		return RC_BAD;
	if (len > limit)
		return RC_LIMIT;
	*out = m;
	*length = len;
	return RC_OK;
}

enum rc
pipe_new(int fd, size_t limit, struct pipe **out, struct diag *why)
{
	must(limit > 0 && limit <= (size_t)1 << 30);
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return diag_fail(why, RC_IO, "descriptor %d is no pipe: %s", fd, strerror(errno));
	struct pipe *p = mem_new(sizeof *p);
	p->fd = fd;
	p->limit = limit;
	must(pthread_mutex_init(&p->lock, NULL) == 0);
	*out = p;
	return RC_OK;
}

enum rc
pipe_pair(size_t limit, struct pipe **one, struct pipe **two, struct diag *why)
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return diag_fail(why, RC_IO, "cannot make a socket pair: %s", strerror(errno));
	own_fd int first = fds[0], second = fds[1];
	enum rc code = pipe_new(first, limit, one, why);
	if (code == RC_OK) {
		own_fd_take(&first);
		code = pipe_new(second, limit, two, why);
		if (code == RC_OK) {
			own_fd_take(&second);
		} else {
			pipe_free(*one);
			*one = NULL;
		}
	}
	return code;
}

void
pipe_free(struct pipe *p)
{
	if (!p)
		return;
	close(p->fd);
	buf_fini(&p->out);
	buf_fini(&p->in);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int
pipe_fd(const struct pipe *p)
{
	return p->fd;
}

/* Waits for the descriptor; deadline in monotonic microseconds, negative: for ever. */
static bool
wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		int wait = -1;
		if (deadline >= 0) {
			int64_t left = deadline - clock_monotonic();
			if (left <= 0)
				return false;
			wait = left > 1000 * SECOND ? 1000000 : (int)((left + 999) / 1000);
		}
		struct pollfd one = {.fd = fd, .events = events};
		int got = poll(&one, 1, wait);
		if (got > 0)
			return true;
		if (got < 0 && errno != EINTR)
			return true; /* the next call on it tells */
	}
}

static int64_t
deadline_of(int64_t timeout)
{
	return timeout < 0 ? -1 : clock_monotonic() + timeout;
}

/* Under the lock: moves queued bytes into the socket as far as it takes them. */
static enum rc
drain(struct pipe *p)
{
	while (p->out_at < p->out.len) {
		ssize_t sent = send(p->fd, p->out.ptr + p->out_at, p->out.len - p->out_at,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0) {
			p->out_at += (size_t)sent;
		} else if (errno == EAGAIN) {
			return RC_AGAIN;
		} else if (errno != EINTR) {
			p->broken = true;
			return RC_NONE;
		}
	}
	/* A large message's memory is not kept for the next small one. */
	p->out_at = 0;
	if (p->out.cap > 65536)
		buf_fini(&p->out);
	buf_reset(&p->out);
	return RC_OK;
}

static enum rc
enqueue(struct pipe *p, const struct message *m)
{
	must(m->type != 0);
	if (p->broken)
		return RC_NONE;
	if (m->payload.len > p->limit || p->out.len - p->out_at > 4 * p->limit)
		return RC_LIMIT;
	if (p->out_at > p->out.len / 2) {
		memmove(p->out.ptr, p->out.ptr + p->out_at, p->out.len - p->out_at);
		p->out.len -= p->out_at;
		p->out_at = 0;
	}
	char head[MESSAGE_HEAD] = {};
	memcpy(head, magic, sizeof magic);
	put_le(head + 4, m->type, 4);
	put_le(head + 8, m->payload.len, 4);
	put_le(head + 16, m->id, 8);
	buf_add(&p->out, (struct span){head, sizeof head});
	buf_add(&p->out, m->payload);
	return RC_OK;
}

enum rc
pipe_queue(struct pipe *p, const struct message *m)
{
	pthread_mutex_lock(&p->lock);
	enum rc code = enqueue(p, m);
	if (code == RC_OK && drain(p) == RC_NONE)
		code = RC_NONE;
	pthread_mutex_unlock(&p->lock);
	return code;
}

enum rc
pipe_flush(struct pipe *p)
{
	pthread_mutex_lock(&p->lock);
	enum rc code = p->broken ? RC_NONE : drain(p);
	pthread_mutex_unlock(&p->lock);
	return code;
}

enum rc
pipe_send(struct pipe *p, const struct message *m, int64_t timeout)
{
	int64_t deadline = deadline_of(timeout);
	if (m->payload.len > p->limit)
		return RC_LIMIT;
	pthread_mutex_lock(&p->lock);
	enum rc code = p->broken ? RC_NONE : drain(p);
	while (code == RC_AGAIN && wait_for(p->fd, POLLOUT, deadline))
		code = drain(p);
	if (code == RC_OK)
		code = enqueue(p, m);
	if (code == RC_OK) {
		do
			code = drain(p);
		while (code == RC_AGAIN && wait_for(p->fd, POLLOUT, deadline));
		if (code == RC_AGAIN && p->out_at == 0) {
			buf_reset(&p->out);
		} else if (code == RC_AGAIN) {
			/* Half a message is in the socket: nothing can follow it. */
			p->broken = true;
			shutdown(p->fd, SHUT_WR);
		}
	}
	pthread_mutex_unlock(&p->lock);
	return code;
}

/* One read into in, at most up to the end of what is wanted. RC_OK: bytes came. */
static enum rc
read_more(struct pipe *p)
{
	size_t goal = p->want ? p->want : MESSAGE_HEAD;
	/* The payload's memory grows with what really arrives: an announced length alone costs
	 * nothing. */
	size_t room = goal - p->in.len;
	if (room > (size_t)1 << 18)
		room = (size_t)1 << 18;
	char *to = buf_room(&p->in, room);
	ssize_t got = recv(p->fd, to, room, MSG_DONTWAIT);
	if (got > 0) {
		p->in.len += (size_t)got;
		return RC_OK;
	}
	if (got < 0 && errno == EINTR)
		return RC_OK;
	if (got < 0 && errno == EAGAIN)
		return RC_AGAIN;
	if (got < 0 && errno != ECONNRESET)
		return RC_BAD;
	return p->in.len == 0 ? RC_NONE : RC_BAD;
}

static void
start_next(struct pipe *p)
{
	if (p->want && p->in.len == p->want) {
		p->want = 0;
		if (p->in.cap > 65536)
			buf_fini(&p->in);
		buf_reset(&p->in);
	}
}

enum rc
pipe_receive(struct pipe *p, int64_t timeout, struct message *out)
{
	int64_t deadline = deadline_of(timeout);
	if (p->failed)
		return RC_BAD;
	start_next(p);
	for (;;) {
		if (!p->want && p->in.len == MESSAGE_HEAD) {
			size_t length;
			if (message_head_parse(
				    buf_span(&p->in), p->limit, &p->under_way, &length) != RC_OK) {
				p->failed = true;
				return RC_BAD;
			}
			p->want = MESSAGE_HEAD + length;
		}
		if (p->want && p->in.len == p->want) {
			*out = p->under_way;
			out->payload = span_sub(buf_span(&p->in), MESSAGE_HEAD, SIZE_MAX);
			return RC_OK;
		}
		enum rc code = read_more(p);
		if (code == RC_AGAIN && timeout != 0 && wait_for(p->fd, POLLIN, deadline))
			continue;
		if (code == RC_BAD)
			p->failed = true;
		if (code != RC_OK)
			return code;
	}
}
