/*
 * Exchanges that sleep. Each connection has a slot; an exchange's id is its slot and a number that
 * never comes again, so a wake finds its exchange or nothing, whoever died meanwhile. A wake that
 * comes while the handler still runs is kept and undoes the sleep that follows.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/mutant.h"
#include "net/server-internal.h"

enum { SLOT_BITS = 24, WAKE_EACH = 250 }; /* microseconds between two times, for each who waits */

uint32_t
slot_take(struct server *s)
{
	pthread_mutex_lock(&s->wait_lock);
	uint32_t slot = s->free_slot;
	if (slot == UINT32_MAX) {
		must(s->slots.len < (size_t)1 << SLOT_BITS);
		slot = (uint32_t)s->slots.len;
		*vec_add(&s->slots) = (struct slot){};
	} else {
		s->free_slot = s->slots.at[slot].next_free;
	}
	s->slots.at[slot] = (struct slot){};
	pthread_mutex_unlock(&s->wait_lock);
	return slot;
}

void
slot_give_back(struct server *s, uint32_t slot)
{
	pthread_mutex_lock(&s->wait_lock);
	must(s->slots.at[slot].x == NULL);
	s->slots.at[slot].next_free = s->free_slot;
	s->free_slot = slot;
	pthread_mutex_unlock(&s->wait_lock);
}

void
slot_bind(struct server *s, struct exchange *x)
{
	pthread_mutex_lock(&s->wait_lock);
	x->id = ++s->next_id << SLOT_BITS | x->conn->slot;
	must(s->slots.at[x->conn->slot].x == NULL);
	s->slots.at[x->conn->slot].x = x;
	pthread_mutex_unlock(&s->wait_lock);
}

void
slot_unbind(struct server *s, struct exchange *x)
{
	pthread_mutex_lock(&s->wait_lock);
	must(!x->waiting);
	s->slots.at[x->conn->slot].x = NULL;
	pthread_mutex_unlock(&s->wait_lock);
}

void
exchange_resume(struct exchange *x)
{
	must(x->waiting);
	x->waiting = false;
	x->server->waiting--;
	MHD_resume_connection(x->conn->mhd);
}

void
server_wake(struct server *s, uint64_t exchange_id)
{
	size_t slot = exchange_id & (((uint64_t)1 << SLOT_BITS) - 1);
	pthread_mutex_lock(&s->wait_lock);
	struct exchange *x = slot < s->slots.len ? s->slots.at[slot].x : NULL;
	if (x && x->id == exchange_id) {
		if (x->waiting)
			exchange_resume(x);
		else
			x->wake_pending = true;
	}
	pthread_mutex_unlock(&s->wait_lock);
}

/* Under wait_lock. */
static void
wake_all(struct server *s)
{
	for (size_t i = 0; i < s->slots.len && s->waiting; i++)
		if (s->slots.at[i].x && s->slots.at[i].x->waiting)
			exchange_resume(s->slots.at[i].x);
}

void
server_wake_all(struct server *s)
{
	pthread_mutex_lock(&s->wait_lock);
	s->wake_generation++;
	wake_all(s);
	pthread_mutex_unlock(&s->wait_lock);
}

/* What is told here is not lost on those who are about to sleep: the generation moves at once. */
void
server_wake_soon(struct server *s)
{
	pthread_mutex_lock(&s->wait_lock);
	int64_t now = clock_monotonic(), pace = (int64_t)s->waiting * WAKE_EACH;
	if (pace > SECOND)
		pace = SECOND;
	s->wake_generation++;
	if (now - s->woken >= pace || mutant(501)) {
		s->woken = now;
		s->wake_at = 0;
		wake_all(s);
	} else if (s->wake_at == 0) {
		s->wake_at = s->woken + pace;
		if (s->wake_at < s->next_deadline) {
			s->next_deadline = s->wake_at;
			pthread_cond_signal(&s->wait_cond);
		}
	}
	pthread_mutex_unlock(&s->wait_lock);
}

/* Under wait_lock. */
void
server_wake_due(struct server *s, int64_t now)
{
	if (now < s->next_deadline)
		return;
	s->next_deadline = INT64_MAX;
	if (s->wake_at && now >= s->wake_at) {
		s->woken = now;
		s->wake_at = 0;
		wake_all(s);
	} else if (s->wake_at) {
		s->next_deadline = s->wake_at;
	}
	uint64_t left = s->waiting;
	for (size_t i = 0; i < s->slots.len && left; i++) {
		struct exchange *x = s->slots.at[i].x;
		if (!x || !x->waiting)
			continue;
		left--;
		if (x->wait_until <= now) {
			x->timed_out = true;
			exchange_resume(x);
		} else if (x->wait_until < s->next_deadline) {
			s->next_deadline = x->wait_until;
		}
	}
}

/* Under wait_lock, in the thread that serves the connection. */
static void
sleep_now(struct exchange *x)
{
	struct server *s = x->server;
	MHD_suspend_connection(x->conn->mhd);
	x->waiting = true;
	s->waiting++;
	if (x->wait_until < s->next_deadline) {
		s->next_deadline = x->wait_until;
		pthread_cond_signal(&s->wait_cond);
	}
}

/* True: the connection sleeps. False: call the handler again. */
static bool
go_to_sleep(struct exchange *x, uint64_t generation)
{
	struct server *s = x->server;
	bool sleeps = false;
	pthread_mutex_lock(&s->wait_lock);
	x->timed_out = false;
	if (s->stopping) {
		x->refused_waits++;
	} else if (!x->wake_pending && s->wake_generation == generation) {
		if (x->wait_until <= clock_monotonic()) {
			x->timed_out = true;
		} else {
			sleep_now(x);
			sleeps = true;
		}
	}
	pthread_mutex_unlock(&s->wait_lock);
	return sleeps;
}

void
exchange_run(struct exchange *x)
{
	struct server *s = x->server;
	while (!x->response) {
		pthread_mutex_lock(&s->wait_lock);
		uint64_t generation = s->wake_generation;
		x->wake_pending = false;
		bool gone = x->gone;
		pthread_mutex_unlock(&s->wait_lock);
		if (gone || x->refused_waits > 1) {
			exchange_refuse(x, 503, "the server ends, or the client has gone");
			return;
		}
		x->wait_until = 0;
		enum http_next next = s->handler.handle(s->handler.ctx, x);
		must((next == HTTP_DONE) == (x->response != NULL));
		if (next == HTTP_DONE)
			return;
		must(x->wait_until != 0);
		if (go_to_sleep(x, generation))
			return;
	}
}
