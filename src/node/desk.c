#include "node/desk.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/must.h"
#include "base/vec.h"
#include "node/talk.h"

enum { CACHE_MOST = 4096, LOOK_MS = 40 };
/* How long nobody has asked anything before memory is given back. */
#define REST_US (5 * SECOND)

enum answer_state { ANSWER_ASKED, ANSWER_PASS, ANSWER_DENIED, ANSWER_FAILED };

/* What the keeper said to one ask, kept under the ask's own bytes (but the time). */
struct answer {
	struct buf key, packed;
	enum answer_state state;
	enum rc code;
	struct diag why;
	uint64_t id;	   /* of the message under way */
	int64_t epoch, at; /* when it was made */
	vec_of(uint64_t) sleepers;
};

struct errand {
	uint64_t id, exchange;
	bool done, dropped;
	enum rc code;
	struct diag why;
};

struct desk {
	struct desk_options options;
	pthread_mutex_t lock;
	vec_of(struct answer *) answers;
	vec_of(struct errand *) errands;
	uint64_t last_id;
	int64_t learnt; /* the epoch whose users' certificates are known */
	int kick;
};

struct desk *
desk_new(const struct desk_options *options)
{
	struct desk *d = mem_new(sizeof *d);
	d->options = *options;
	d->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(d->kick >= 0 && pthread_mutex_init(&d->lock, NULL) == 0);
	(void)!memo_epoch(
		d->options.node->store, &d->learnt, NULL); /* before anybody reads users */
	return d;
}

static void
kick(struct desk *d)
{
	uint64_t one = 1;
	ssize_t put = write(d->kick, &one, sizeof one);
	(void)put; /* full means it will wake anyway */
}

static void
answer_free(struct answer *a)
{
	buf_fini(&a->key);
	buf_fini(&a->packed);
	free(a->sleepers.at);
	free(a);
}

static void
key_of(const struct release_ask *ask, struct buf *out)
{
	struct release_ask timeless = *ask;
	timeless.now = 0;
	talk_ask_pack(&timeless, out);
}

static struct answer *
answer_find(struct desk *d, struct span key)
{
	for (size_t i = 0; i < d->answers.len; i++)
		if (span_eq(buf_span(&d->answers.at[i]->key), key))
			return d->answers.at[i];
	return NULL;
}

/* Room for one more: what was answered longest ago goes. */
static struct answer *
answer_new(struct desk *d, struct span key)
{
	struct answer *a;
	if (d->answers.len >= CACHE_MOST) {
		size_t oldest = SIZE_MAX;
		for (size_t i = 0; i < d->answers.len; i++)
			if (d->answers.at[i]->state != ANSWER_ASKED &&
				(oldest == SIZE_MAX ||
					d->answers.at[i]->at < d->answers.at[oldest]->at))
				oldest = i;
		if (oldest == SIZE_MAX)
			return NULL;
		answer_free(d->answers.at[oldest]);
		d->answers.at[oldest] = d->answers.at[--d->answers.len];
	}
	a = mem_new(sizeof *a);
	buf_add(&a->key, key);
	*vec_add(&d->answers) = a;
	return a;
}

static enum rc
ask_keeper(struct desk *d, struct answer *a, const struct release_ask *ask, uint64_t exchange)
{
	own_buf struct buf out = {};
	talk_ask_pack(ask, &out);
	struct message m = {TALK_PASS, ++d->last_id, buf_span(&out)};
	enum rc code = pipe_queue(d->options.keeper, &m);
	if (code)
		return code == RC_LIMIT ? RC_LIMIT : RC_IO;
	a->state = ANSWER_ASKED;
	a->id = m.id;
	a->at = ask->now;
	*vec_add(&a->sleepers) = exchange;
	kick(d);
	return RC_AGAIN;
}

/* What is remembered, where it may still be used. RC_NONE: ask. */
static enum rc
answer_use(struct desk *d, struct answer *a, int64_t now, struct pass **out, struct diag *why)
{
	int64_t epoch;
	enum rc code = memo_epoch(d->options.node->store, &epoch, why);
	if (code)
		return code;
	if (a->state == ANSWER_FAILED) {
		a->state = ANSWER_DENIED;
		a->at = TIME_NONE; /* told once, asked anew the next time */
		*why = a->why;
		return a->code;
	}
	if (a->state == ANSWER_DENIED) {
		if (a->at == TIME_NONE || a->epoch != epoch || now - a->at > PASS_LIFE ||
			now < a->at)
			return RC_NONE;
		*why = a->why;
		return RC_DENIED;
	}
	struct pass *pass = NULL;
	code = pass_unpack(buf_span(&a->packed), &d->options.key, &pass, why);
	if (code || !pass_fresh(pass, now, epoch)) {
		pass_free(&pass);
		return code ? RC_IO : RC_NONE;
	}
	*out = pass;
	return RC_OK;
}

static enum rc
desk_pass(void *ctx, const struct taxii_call *call, const struct release_ask *ask,
	struct pass **out, struct diag *why)
{
	struct desk *d = ctx;
	own_buf struct buf key = {};
	key_of(ask, &key);
	pthread_mutex_lock(&d->lock);
	struct answer *a = answer_find(d, buf_span(&key));
	enum rc code = RC_NONE;
	if (a && a->state == ANSWER_ASKED) {
		*vec_add(&a->sleepers) = call->request.exchange;
		code = RC_AGAIN;
	} else if (a) {
		code = answer_use(d, a, ask->now, out, why);
	}
	if (code == RC_NONE) {
		if (!a)
			a = answer_new(d, buf_span(&key));
		code = a ? ask_keeper(d, a, ask, call->request.exchange) : RC_LIMIT;
	}
	pthread_mutex_unlock(&d->lock);
	return code;
}

static void
errand_remove(struct desk *d, struct errand *e)
{
	for (size_t i = 0; i < d->errands.len; i++)
		if (d->errands.at[i] == e)
			d->errands.at[i] = d->errands.at[--d->errands.len];
	free(e);
}

static enum rc
desk_write(void *ctx, struct taxii_write *w, struct diag *why)
{
	struct desk *d = ctx;
	struct errand *e = w->state;
	enum rc code = RC_AGAIN;
	pthread_mutex_lock(&d->lock);
	if (e && e->done) {
		code = e->code;
		*why = e->why;
		errand_remove(d, e);
		w->state = NULL;
	} else if (!e) {
		own_buf struct buf out = {};
		code = talk_write_pack(w, &out);
		struct message m = {TALK_WRITE, ++d->last_id, buf_span(&out)};
		if (!code)
			code = pipe_queue(d->options.keeper, &m);
		if (code && code != RC_LIMIT)
			code = RC_IO;
		if (!code) {
			e = mem_new(sizeof *e);
			*e = (struct errand){.id = m.id, .exchange = w->exchange};
			*vec_add(&d->errands) = e;
			w->state = e;
			code = RC_AGAIN;
			kick(d);
		}
	}
	pthread_mutex_unlock(&d->lock);
	return code;
}

static void
desk_drop(void *ctx, struct taxii_write *w)
{
	struct desk *d = ctx;
	struct errand *e = w->state;
	if (!e)
		return;
	pthread_mutex_lock(&d->lock);
	if (e->done)
		errand_remove(d, e);
	else
		e->dropped = true;
	w->state = NULL;
	pthread_mutex_unlock(&d->lock);
}

struct taxii_ops
desk_ops(struct desk *d)
{
	return (struct taxii_ops){desk_pass, desk_write, desk_drop, d};
}

static void
passed(struct desk *d, struct server *server, const struct message *m)
{
	struct unpack u = {m->payload, false};
	enum rc code = (enum rc)unpack_number(&u);
	struct diag why = {};
	talk_diag_read(&u, &why);
	struct span packed = unpack_span(&u);
	for (size_t i = 0; i < d->answers.len; i++) {
		struct answer *a = d->answers.at[i];
		if (a->state != ANSWER_ASKED || a->id != m->id)
			continue;
		struct diag ignored;
		buf_reset(&a->packed);
		buf_add(&a->packed, packed);
		a->code = code;
		a->why = why;
		a->state = code == RC_OK       ? ANSWER_PASS
			   : code == RC_DENIED ? ANSWER_DENIED
					       : ANSWER_FAILED;
		a->at = clock_now(d->options.node->clock);
		if (memo_epoch(d->options.node->store, &a->epoch, &ignored))
			a->epoch = -1;
		for (size_t j = 0; j < a->sleepers.len; j++)
			server_wake(server, a->sleepers.at[j]);
		a->sleepers.len = 0;
		return;
	}
}

static void
wrote(struct desk *d, struct server *server, const struct message *m)
{
	struct unpack u = {m->payload, false};
	enum rc code = (enum rc)unpack_number(&u);
	for (size_t i = 0; i < d->errands.len; i++) {
		struct errand *e = d->errands.at[i];
		if (e->id != m->id)
			continue;
		e->code = code;
		talk_diag_read(&u, &e->why);
		e->done = true;
		if (e->dropped)
			errand_remove(d, e);
		else
			server_wake(server, e->exchange);
		return;
	}
}

static enum rc
reload(struct desk *d)
{
	struct diag why = {};
	own_buf struct buf out = {};
	/* The node that it reads from is everybody's under this lock. */
	pthread_mutex_lock(&d->lock);
	enum rc code = d->options.reload(d->options.ctx, &why);
	pack_number(&out, code);
	talk_diag(&out, &why);
	struct message m = {TALK_RELOADED, 0, buf_span(&out)};
	code = pipe_queue(d->options.keeper, &m);
	pthread_mutex_unlock(&d->lock);
	return code;
}

/* All messages there are. RC_AGAIN: none left. */
static enum rc
receive(struct desk *d, struct server *server)
{
	struct message m;
	enum rc code;
	while (!(code = pipe_receive(d->options.keeper, 0, &m))) {
		if (m.type == TALK_RELOAD) {
			if ((code = reload(d)))
				return code;
			continue;
		}
		pthread_mutex_lock(&d->lock);
		if (m.type == TALK_PASSED)
			passed(d, server, &m);
		else if (m.type == TALK_WROTE)
			wrote(d, server, &m);
		pthread_mutex_unlock(&d->lock);
	}
	return code;
}

/* Since when nobody has asked anything. */
struct rest {
	uint64_t requests;
	int64_t since;
	bool given_back;
};

/* What pages took is given back when a while passes without any. */
static void
rest(struct server *server, struct rest *r)
{
	struct server_stats stats;
	int64_t now = clock_monotonic();
	server_stats(server, &stats);
	if (stats.requests != r->requests) {
		*r = (struct rest){.requests = stats.requests, .since = now};
	} else if (!r->given_back && now - r->since > REST_US) {
		mem_give_back();
		r->given_back = true;
	}
}

/* A certificate that a user has since now is let in without a reload, as a password is. Under the lock. */
static void
learn(struct desk *d)
{
	int64_t epoch;
	struct diag ignored = {};
	if (!memo_epoch(d->options.node->store, &epoch, &ignored) && epoch != d->learnt &&
		!d->options.learn(d->options.ctx, &ignored))
		d->learnt = epoch;
}

enum rc
desk_run(struct desk *d, struct server *server)
{
	struct rest quiet = {.given_back = true};
	struct pollfd fds[] = {
		{.fd = d->kick, .events = POLLIN}, {.fd = pipe_fd(d->options.keeper)}};
	for (;;) {
		enum rc code = receive(d, server);
		if (code != RC_AGAIN)
			return code;
		code = pipe_flush(d->options.keeper);
		if (code && code != RC_AGAIN)
			return code;
		fds[1].events = (short)(POLLIN | (code == RC_AGAIN ? POLLOUT : 0));
		if (poll(fds, 2, LOOK_MS) < 0 && errno != EINTR)
			return RC_IO;
		uint64_t count;
		if (fds[0].revents & POLLIN && read(d->kick, &count, sizeof count) < 0 &&
			errno != EAGAIN)
			return RC_IO;
		pthread_mutex_lock(&d->lock);
		bool changed = vault_changed(d->options.node->vault);
		if (changed)
			learn(d);
		pthread_mutex_unlock(&d->lock);
		if (changed)
			server_wake_soon(server);
		rest(server, &quiet);
	}
}
