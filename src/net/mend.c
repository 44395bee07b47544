/*
 * Answers past libmicrohttpd, where it cannot give them or gives them wrong. Its memory for a
 * connection may be full of a large head, with no room for an answer's.
 *
 * And a fault of its versions before 1.0: it answers a malformed Content-Length by itself and then once
 * more, two heads for one body, as HTML. It says so in its log just before, in the thread of the
 * connection and holding none of its locks. So we listen: whoever in this thread has sent such a
 * field gets the one answer that our own rules give, past the library, and is cut; what the library
 * writes after that goes nowhere.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "net/server-internal.h"

enum { DOOMED_MOST = 16 };

/* What the library refuses, as it reads it (of several fields the first): 400 or 413, else 0. */
static unsigned
judge(struct conn *c)
{
	const char *text = NULL;
	size_t len = 0;
	uint64_t ignored;
	static const char coding[] = "Transfer-Encoding", length[] = "Content-Length";
	if (MHD_lookup_connection_value_n(
		    c->mhd, MHD_HEADER_KIND, coding, sizeof coding - 1, NULL, NULL) == MHD_YES ||
		MHD_lookup_connection_value_n(
			c->mhd, MHD_HEADER_KIND, length, sizeof length - 1, &text, &len) != MHD_YES)
		return 0;
	if (span_to_u64((struct span){text, text ? len : 0}, &ignored))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_digit(text[i]))
			return 400;
	return len ? 413 : 400;
}

/* Connections of this thread whose head is being read; each is told at most once. */
static size_t
doomed(struct server *s, struct conn *found[static DOOMED_MOST])
{
	size_t count = 0;
	pthread_mutex_lock(&s->conns_lock);
	for (struct conn *c = s->conns; c && count < DOOMED_MOST; c = c->next) {
		pthread_mutex_lock(&c->lock);
		bool ours = c->phase == PHASE_HEAD && !c->cut && c->served &&
			    pthread_equal(c->thread, pthread_self());
		bool bad = ours && judge(c);
		c->cut |= bad;
		pthread_mutex_unlock(&c->lock);
		if (bad)
			found[count++] = c;
	}
	pthread_mutex_unlock(&s->conns_lock);
	return count;
}

void
mend_refuse(struct exchange *x, unsigned status, const char *why)
{
	own_buf struct buf bytes = {};
	struct conn *c = x->conn;
	x->aside = &bytes;
	exchange_refuse(x, status, why);
	x->aside = NULL;
	/* A few hundred bytes on a connection that has sent nothing yet: they fit or he is gone. */
	if (c->tls) {
		(void)gnutls_record_send(c->session, bytes.ptr, bytes.len);
		(void)gnutls_bye(c->session, GNUTLS_SHUT_WR);
	} else {
		(void)!send(c->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	shutdown(c->fd, SHUT_WR);
}

static void
tell(struct server *s, struct conn *c)
{
	unsigned status = judge(c);
	pthread_mutex_lock(&s->wait_lock);
	struct exchange *x = s->slots.at[c->slot].x;
	pthread_mutex_unlock(&s->wait_lock);
	if (x)
		mend_refuse(x, status,
			status == 413 ? "the body is larger than accepted here"
				      : "Content-Length is no number");
}

void
mend_log(void *server, const char *format, va_list args)
{
	struct server *s = server;
	struct conn *found[DOOMED_MOST];
	(void)args;
	if (!strstr(format, "Content-Length") || mutant(52))
		return;
	for (size_t i = 0, count = doomed(s, found); i < count; i++)
		tell(s, found[i]);
}
