/*
 * One thread a server accepts for all of its threads. Left to itself the library's busiest thread
 * takes every new connection, and the others sleep; handed over one by one they spread by
 * descriptor. It also keeps the cap over all threads together: at the cap the kernel's queue waits,
 * nothing is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/server-internal.h"

/* False when nobody waits to be accepted. */
static bool
accept_one(struct server *s)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	int fd = accept4(
		s->listen_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		/* No descriptors or memory left: the queue has to wait for somebody to leave. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		return errno == ECONNABORTED || errno == EINTR;
	}
	atomic_fetch_add(&s->taken, 1);
	/* It closes the descriptor where it refuses (connections of one address). */
	if (MHD_add_connection(s->daemon, fd, (struct sockaddr *)&address, len) != MHD_YES)
		accept_give_back(s);
	return true;
}

void
accept_give_back(struct server *s)
{
	if (atomic_fetch_sub(&s->taken, 1) == s->config.connections)
		accept_nudge(s);
}

void
accept_nudge(struct server *s)
{
	uint64_t one = 1;
	/* It can only fail when it is already as high as it goes. */
	(void)!write(s->accept_wake, &one, sizeof one);
}

void *
accept_run(void *server)
{
	struct server *s = server;
	while (!atomic_load(&s->accept_ends)) {
		bool full = atomic_load(&s->taken) >= s->config.connections;
		struct pollfd both[] = {
			{.fd = full ? -1 : s->listen_fd, .events = POLLIN},
			{.fd = s->accept_wake, .events = POLLIN},
		};
		if (poll(both, 2, -1) < 0)
			continue;
		uint64_t count;
		if (both[1].revents)
			(void)!read(s->accept_wake, &count, sizeof count);
		while (both[0].revents && atomic_load(&s->taken) < s->config.connections &&
			!atomic_load(&s->accept_ends) && accept_one(s))
			;
	}
	return NULL;
}

bool
accept_open(struct server *s, int listen_fd)
{
	int flags = fcntl(listen_fd, F_GETFL);
	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return false;
	s->listen_fd = listen_fd;
	s->accept_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->accept_wake >= 0;
}
