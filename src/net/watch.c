/*
 * One thread a server: cuts who is too slow, and wakes exchanges whose deadline has come.
 * libmicrohttpd knows only idleness since the last byte; one byte every few seconds would hold a
 * connection for ever. Cutting is shutdown(2) on the socket: the thread that serves it finds the
 * end of the stream and cleans up. The descriptor cannot be another's by then: it is closed only
 * after conns_lock was taken for its connection's end.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/server-internal.h"

static const int64_t tick = SECOND / 4;
/* Looking at a socket is a system call: an idle or waiting one is looked at every so many ticks. */
enum { LOOK_EVERY = 8 };

/* False where the socket is no TCP socket; out is zeroed then. */
static bool
tcp_look(int fd, struct tcp_info *out)
{
	socklen_t len = sizeof *out;
	*out = (struct tcp_info){};
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, out, &len) == 0;
}

/* The other side sends no more. */
static bool
ended(const struct tcp_info *info)
{
	return info->tcpi_state == 7 /* CLOSE */ || info->tcpi_state == 8 /* CLOSE_WAIT */;
}

void
conn_phase(struct conn *c, enum phase phase)
{
	struct tcp_info info;
	uint64_t mark = 0;
	bool marked = false;
	if (phase == PHASE_IDLE) {
		/* Whatever comes after this is the next request's first byte. */
		marked = tcp_look(c->fd, &info);
		mark = info.tcpi_bytes_received;
	}
	pthread_mutex_lock(&c->lock);
	if (phase != PHASE_HEAD || c->phase != PHASE_HEAD)
		c->since = clock_monotonic();
	c->phase = phase;
	c->marked = marked;
	c->mark = mark;
	pthread_mutex_unlock(&c->lock);
}

/* A window of head_seconds has to bring its share; a good one starts the next. True: too slow. */
static bool
window_slow(struct conn *c, int64_t now, uint64_t bytes, uint64_t rate)
{
	const struct server_config *config = &c->server->config;
	int64_t lasted = now - c->since;
	if (!c->marked) {
		c->marked = true;
		c->mark = bytes;
		c->since = now;
		return false;
	}
	if (lasted < config->head_seconds * SECOND)
		return false;
	bool slow = bytes - c->mark < (uint64_t)(lasted / SECOND) * rate;
	c->mark = bytes;
	c->since = now;
	return slow;
}

static bool
body_slow(struct conn *c, int64_t now)
{
	/* libmicrohttpd 1.0 stops reading, for ever, where the line of a chunk is longer than its room. */
	enum { STALLS_MOST = 3 };
	int unread = 0;
	uint64_t bytes = atomic_load(&c->body_bytes);
	if (bytes != c->mark)
		c->stalls = 0;
	if (!window_slow(c, now, bytes, c->server->config.rate))
		return false;
	/* Bytes that wait for us are our slowness, not the client's, but not for long. */
	if (ioctl(c->fd, FIONREAD, &unread) < 0 || unread == 0)
		return true;
	return ++c->stalls >= STALLS_MOST;
}

static bool
reader_slow(struct conn *c, int64_t now)
{
	enum { READ_SECONDS = 64 };
	struct tcp_info info;
	struct server *s = c->server;
	uint64_t rate = s->config.rate;
	/* Where the room for answers runs out, whoever holds much of it has to hurry. */
	if (atomic_load(&s->answer_bytes) > s->config.answers_limit / 2 &&
		c->answer / READ_SECONDS > rate)
		rate = c->answer / READ_SECONDS;
	if (!tcp_look(c->fd, &info) || !window_slow(c, now, info.tcpi_bytes_acked, rate))
		return false;
	return info.tcpi_unacked != 0 || info.tcpi_notsent_bytes != 0;
}

static bool
idle_over(struct conn *c, int64_t now, bool look)
{
	struct tcp_info info;
	if (look && tcp_look(c->fd, &info) && c->marked) {
		if (info.tcpi_bytes_received != c->mark) {
			c->phase = PHASE_HEAD;
			c->since = now;
			return false;
		}
		/* The library overlooks an end that came while it was busy with the request before it. */
		if (ended(&info))
			return true;
	}
	/* Where places run out, whoever merely keeps one gives it up sooner. */
	const struct server *s = c->server;
	bool crowded = s->open * 10 >= (uint64_t)s->config.connections * 9;
	unsigned patience = crowded && s->config.head_seconds < s->config.idle_seconds
				    ? s->config.head_seconds
				    : s->config.idle_seconds;
	return now - c->since > patience * SECOND;
}

/* Under conns_lock and c->lock. True: cut it. */
static bool
overdue(struct conn *c, int64_t now, bool look)
{
	switch (c->phase) {
	case PHASE_HEAD: return now - c->since > c->server->config.head_seconds * SECOND;
	case PHASE_BODY: return body_slow(c, now);
	case PHASE_SEND: return reader_slow(c, now);
	case PHASE_IDLE: return idle_over(c, now, look);
	case PHASE_WORK: break;
	}
	return false;
}

/* A waiting exchange whose peer has gone need not sleep on: libmicrohttpd does not look meanwhile.
 */
static void
wake_gone(struct server *s, struct conn *c)
{
	struct tcp_info info;
	if (!tcp_look(c->fd, &info) || !ended(&info))
		return;
	pthread_mutex_lock(&s->wait_lock);
	struct exchange *x = s->slots.at[c->slot].x;
	if (x && x->waiting) {
		x->gone = true;
		exchange_resume(x);
	}
	pthread_mutex_unlock(&s->wait_lock);
}

static void
watch_all(struct server *s, int64_t now, unsigned ticks)
{
	pthread_mutex_lock(&s->conns_lock);
	for (struct conn *c = s->conns; c; c = c->next) {
		bool look = (c->slot + ticks) % LOOK_EVERY == 0;
		pthread_mutex_lock(&c->lock);
		enum phase phase = c->phase;
		bool cut = !c->cut && overdue(c, now, look);
		c->cut |= cut;
		pthread_mutex_unlock(&c->lock);
		if (cut) {
			atomic_fetch_add(&s->cut, 1);
			shutdown(c->fd, SHUT_RDWR);
		} else if (look && phase == PHASE_WORK) {
			wake_gone(s, c);
		}
	}
	pthread_mutex_unlock(&s->conns_lock);
}

void *
watch_run(void *server)
{
	struct server *s = server;
	int64_t next_look = clock_monotonic() + tick;
	unsigned ticks = 0;
	pthread_mutex_lock(&s->wait_lock);
	while (!s->watch_ends) {
		int64_t now = clock_monotonic();
		server_wake_due(s, now);
		if (now >= next_look) {
			pthread_mutex_unlock(&s->wait_lock);
			watch_all(s, now, ticks++);
			pthread_mutex_lock(&s->wait_lock);
			next_look = now + tick;
			continue;
		}
		int64_t until = s->next_deadline < next_look ? s->next_deadline : next_look;
		struct timespec at = {until / SECOND, until % SECOND * 1000};
		pthread_cond_timedwait(&s->wait_cond, &s->wait_lock, &at);
	}
	pthread_mutex_unlock(&s->wait_lock);
	return NULL;
}
