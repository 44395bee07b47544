/*
 * How TLS records reach the socket. The library hands over one record of 16 KiB after the other, each a segment
 * of its own that wakes the peer; a full one is nearly always followed by more, so the kernel is told to wait
 * for that and sends four at once.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/server-internal.h"

enum { FULL = 16384, VECTORS = 8 };

static ssize_t
push(gnutls_transport_ptr_t conn, const giovec_t *from, int count)
{
	struct conn *c = conn;
	struct iovec to[VECTORS];
	size_t n = 0, bytes = 0;
	for (; n < VECTORS && n < (size_t)count; n++) {
		to[n] = (struct iovec){from[n].iov_base, from[n].iov_len};
		bytes += from[n].iov_len;
	}
	struct msghdr message = {.msg_iov = to, .msg_iovlen = n};
	bool more = bytes >= FULL;
	ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	if (sent > 0)
		c->held_back = more;
	return sent;
}

void
push_prepare(struct conn *c)
{
	gnutls_transport_ptr_t in = gnutls_transport_get_ptr(c->session);
	gnutls_transport_set_ptr2(c->session, in, c);
	gnutls_transport_set_vec_push_function(c->session, push);
}

/* The last record of an answer may be a full one. */
void
push_flush(struct conn *c)
{
	int yes = 1;
	if (!c->held_back)
		return;
	c->held_back = false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}
