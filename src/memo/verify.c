#include "memo/verify.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/vec.h"

struct verify_wait {
	struct verify_wait *next; /* of the same question */
	struct question *question;
	uint64_t waker;
};

/* In the list from when it is asked until its last waiting one has gone. */
struct question {
	struct question *next;
	struct verify_wait *waits;
	struct verify_ask ask; /* its spans point into text */
	struct buf text;
	enum { ASKED, COMPUTING, ANSWERED } state;
	enum rc answer;
};

struct verifier {
	struct verifier_options options;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t asked;
	struct question *first; /* in the order they came */
	bool stops;
};

static void
hold(struct verifier *v)
{
	must(pthread_mutex_lock(&v->lock) == 0);
}

static void
let_go(struct verifier *v)
{
	must(pthread_mutex_unlock(&v->lock) == 0);
}

static void
question_free(struct question *q)
{
	if (q->text.ptr)
		secret_wipe(q->text.ptr, q->text.cap);
	buf_fini(&q->text);
	free(q);
}

/* Under the lock. */
static void
question_remove(struct verifier *v, struct question *q)
{
	struct question **at = &v->first;
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	question_free(q);
}

/* ---- the thread ---- */

/* Under the lock. The oldest that nobody has begun. */
static struct question *
next_asked(struct verifier *v)
{
	struct question *q = v->first;
	while (q && q->state != ASKED)
		q = q->next;
	return q;
}

static enum rc
compute(const struct verifier *v, const struct verify_ask *ask)
{
	if (ask->stored.len)
		return password_check(ask->stored, ask->secret) == RC_OK ? RC_OK : RC_DENIED;
	password_decoy(ask->secret, v->options.cost);
	return RC_DENIED;
}

/* Under the lock, which is let go meanwhile: the question may have ended when this returns. */
static void
wake_all(struct verifier *v, const struct question *q)
{
	vec_of(uint64_t) wakers = {};
	for (const struct verify_wait *w = q->waits; w; w = w->next)
		*vec_add(&wakers) = w->waker;
	let_go(v);
	for (size_t i = 0; i < wakers.len; i++)
		v->options.wake(v->options.ctx, wakers.at[i]);
	free(wakers.at);
	hold(v);
}

static void *
run(void *arg)
{
	struct verifier *v = arg;
	hold(v);
	while (!v->stops) {
		struct question *q = next_asked(v);
		if (!q) {
			must(pthread_cond_wait(&v->asked, &v->lock) == 0);
			continue;
		}
		q->state = COMPUTING;
		let_go(v);
		enum rc answer = compute(v, &q->ask);
		hold(v);
		q->answer = answer;
		q->state = ANSWERED;
		if (q->waits)
			wake_all(v, q);
		else
			question_remove(v, q);
	}
	let_go(v);
	return NULL;
}

struct verifier *
verifier_new(const struct verifier_options *options)
{
	struct verifier *v = mem_new(sizeof *v);
	v->options = *options;
	must(pthread_mutex_init(&v->lock, NULL) == 0);
	must(pthread_cond_init(&v->asked, NULL) == 0);
	must(pthread_create(&v->thread, NULL, run, v) == 0);
	v->started = true;
	return v;
}

void
verifier_stop(struct verifier *v)
{
	hold(v);
	v->stops = true;
	must(pthread_cond_signal(&v->asked) == 0);
	let_go(v);
	if (v->started)
		must(pthread_join(v->thread, NULL) == 0);
	v->started = false;
}

void
verifier_free(struct verifier *v)
{
	if (!v)
		return;
	verifier_stop(v);
	must(!v->first);
	pthread_cond_destroy(&v->asked);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

/* ---- those who ask ---- */

/* Under the lock. The same question, while it is in the list. */
static struct question *
same(struct verifier *v, const struct verify_ask *ask)
{
	struct question *q = v->first;
	while (q && (memcmp(q->ask.mac, ask->mac, MAC_SIZE) != 0 || q->ask.user != ask->user ||
			    q->ask.epoch != ask->epoch))
		q = q->next;
	return q;
}

/* Under the lock. */
static bool
has_room(const struct verifier *v, uint64_t address)
{
	unsigned all = 0, from_there = 0;
	for (const struct question *q = v->first; q; q = q->next) {
		all += q->state != ANSWERED;
		from_there += q->state != ANSWERED && q->ask.address == address;
	}
	return all < v->options.waiting && from_there < v->options.per_address;
}

/* Under the lock. At the end of the list. */
static struct question *
question_add(struct verifier *v, const struct verify_ask *ask)
{
	struct question *q = mem_new(sizeof *q), **at = &v->first;
	q->ask = *ask;
	buf_room(&q->text,
		ask->stored.len + ask->secret.len + 1); /* once: secrets leave no copies */
	buf_add(&q->text, ask->stored);
	buf_add(&q->text, ask->secret);
	q->ask.stored = span_sub(buf_span(&q->text), 0, ask->stored.len);
	q->ask.secret = span_sub(buf_span(&q->text), ask->stored.len, SIZE_MAX);
	while (*at)
		at = &(*at)->next;
	*at = q;
	must(pthread_cond_signal(&v->asked) == 0);
	return q;
}

enum rc
verify_begin(struct verifier *v, const struct verify_ask *ask, struct verify_wait **out)
{
	hold(v);
	struct question *q = v->stops ? NULL : same(v, ask);
	if (!q && !v->stops && has_room(v, ask->address))
		q = question_add(v, ask);
	if (q) {
		struct verify_wait *w = mem_new(sizeof *w);
		*w = (struct verify_wait){q->waits, q, ask->waker};
		q->waits = *out = w;
	}
	let_go(v);
	return q ? RC_OK : RC_AGAIN;
}

enum rc
verify_look(struct verifier *v, const struct verify_wait *w, int64_t *user, int64_t *epoch)
{
	hold(v);
	const struct question *q = w->question;
	enum rc code = q->state == ANSWERED ? q->answer : RC_AGAIN;
	if (code == RC_OK) {
		*user = q->ask.user;
		*epoch = q->ask.epoch;
	}
	let_go(v);
	return code;
}

void
verify_drop(struct verifier *v, struct verify_wait *w)
{
	if (!w)
		return;
	hold(v);
	struct question *q = w->question;
	struct verify_wait **at = &q->waits;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (!q->waits && q->state != COMPUTING) /* else the thread takes it away */
		question_remove(v, q);
	let_go(v);
	free(w);
}
