#include "match/crew.h"

#include <stdlib.h>

#include "base/must.h"
#include "match/ahead-internal.h"

/* ---- what there is to do ---- */

static size_t
hands(const struct crew *c)
{
	return c->threads + 1;
}

/* The one that is made use of has its own measure, so that it never waits for those behind it. */
static bool
may_hold_more(const struct ahead *a, const struct ahead *caller)
{
	const struct crew *c = a->crew;
	if (a == caller || a == c->first)
		return a->blocks < CREW_BLOCKS * hands(c);
	return c->held < CREW_HELD * hands(c);
}

static bool
find_sweep(struct ahead *a, struct task *out)
{
	struct block *b = a->todo ? a->first : NULL;
	while (b && b->state != BLOCK_TODO)
		b = b->next;
	*out = (struct task){TASK_SWEEP, a, b};
	return b != NULL;
}

/* What was unpacked last is in the cache of who did it: it goes on, and others sweep. */
static bool
find_of(struct ahead *a, const struct hand *h, const struct ahead *caller, struct task *out)
{
	if (!a->begun)
		return false;
	bool goes_on = a->by_caller ? a == caller : h && h == a->owner;
	if (!goes_on && find_sweep(a, out))
		return true;
	*out = (struct task){.kind = a->spread ? TASK_SPREAD : TASK_READ, .ahead = a};
	if (!a->ended && !a->reading && may_hold_more(a, caller) && (goes_on || !a->by_caller))
		return true;
	return goes_on && find_sweep(a, out);
}

static bool
may_begin(const struct crew *c)
{
	size_t decoders = hands(c) < CREW_PACKED ? hands(c) : CREW_PACKED;
	return c->next_file < c->files.count && c->files_ahead < c->files.most &&
	       c->packed + c->beginning < decoders && c->held < CREW_HELD * hands(c);
}

/* For the thread that waits for `caller`, or for another: NULL. */
static bool
find(struct crew *c, const struct hand *h, struct ahead *caller, struct task *out)
{
	if (caller && find_of(caller, h, caller, out))
		return true;
	for (struct ahead *a = c->first; a; a = a->next)
		if (a != caller && find_of(a, h, caller, out))
			return true;
	*out = (struct task){.kind = TASK_BEGIN};
	return may_begin(c);
}

/* ---- doing it ---- */

void
crew_keep_room(struct crew *c, struct room room)
{
	if (room.cap > BLOCK && c->spares < 2 * hands(c))
		c->spare[c->spares++] = room;
	else
		free(room.ptr);
}

static struct block *
new_block(struct crew *c)
{
	struct block *b = block_get(c);
	b->state = BLOCK_UNDER_WORK;
	b->held = sizeof *b + BLOCK; /* more or less, until it is done */
	c->held += b->held;
	if (c->spares)
		b->room = c->spare[--c->spares];
	return b;
}

static void
begin_file(struct crew *c, struct task *t)
{
	struct ahead *a = ahead_get(c);
	a->is_file = true;
	a->number = c->next_file++;
	c->beginning++;
	c->files_ahead++;
	struct ahead **at = &c->first;
	while (*at)
		at = &(*at)->next;
	*at = a;
	t->ahead = a;
}

static void
claim(struct crew *c, struct task *t, struct hand *h)
{
	if (t->kind == TASK_BEGIN)
		begin_file(c, t);
	if (!t->block)
		t->block = new_block(c);
	struct ahead *a = t->ahead;
	a->working++;
	t->block->state = BLOCK_UNDER_WORK;
	if (t->kind == TASK_READ || t->kind == TASK_BEGIN) {
		a->reading = true;
		a->owner = h;
	}
	a->todo -= t->kind == TASK_SWEEP;
	if (t->kind != TASK_SPREAD)
		return;
	t->block->from = a->from;
	t->block->to = a->from += BLOCK;
	ahead_add_block(a, t->block);
}

/* Under the lock: the stream was read on. Whether its block is still to be swept by who did it. */
static bool
take_note(struct crew *c, struct task *t)
{
	struct ahead *a = t->ahead;
	struct block *b = t->block;
	if (t->kind == TASK_BEGIN) {
		c->beginning--;
		a->begun = true;
		a->packed = !a->odd && stream_kind(a->stream) != STREAM_PLAIN;
		c->packed += a->packed;
	}
	a->code = b->code;
	a->ended |= a->odd || b->code || b->shown.rough;
	bool goes_on = !a->ended && !a->spread, helped = goes_on && (c->idle || c->waiting);
	if (a->ended && a->packed) {
		c->packed--;
		a->packed = false;
	}
	bool text = b->shown.text.len > 0;
	if (text)
		ahead_add_block(a, b);
	else
		block_free(c, b);
	/* While this thread sweeps what it unpacked nobody else goes on. */
	bool mine = text && !a->by_caller && !helped;
	a->reading = t->holds = mine && goes_on;
	if (text && !mine) {
		b->state = BLOCK_TODO;
		a->todo++;
	}
	return mine;
}

static void
run(struct crew *c, struct task *t, struct hand *h)
{
	struct ahead *a = t->ahead;
	struct block *b = t->block;
	pthread_mutex_unlock(&c->lock);
	if (t->kind == TASK_SPREAD)
		ahead_read_at(a, b);
	else if (t->kind == TASK_BEGIN)
		ahead_begin(a, b);
	else if (t->kind == TASK_READ)
		ahead_read(a, b);
	if (t->kind == TASK_BEGIN || t->kind == TASK_READ) {
		pthread_mutex_lock(&c->lock);
		bool more = take_note(c, t);
		crew_wake(c);
		pthread_cond_signal(&c->done);
		if (!more)
			return;
		pthread_mutex_unlock(&c->lock);
	}
	ahead_sweep(a, b, h);
	pthread_mutex_lock(&c->lock);
	crew_keep_room(c, h->other);
	h->other = (struct room){};
	c->held += ahead_bytes(b) - b->held;
	b->held = ahead_bytes(b);
	b->state = BLOCK_DONE;
	a->ended |= b->last;
	if (t->holds)
		a->reading = false;
}

bool
crew_work(struct crew *c, struct hand *h, struct ahead *caller)
{
	struct task t;
	if (!find(c, h, caller, &t))
		return false;
	claim(c, &t, h);
	crew_wake(c);
	run(c, &t, h);
	t.ahead->working--;
	pthread_cond_signal(&c->done);
	return true;
}

static void
free_hand(struct hand *h)
{
	sweep_free(&h->sweep);
	buf_fini(&h->thin);
	free(h->gaps.at);
}

static void *
work(void *ctx)
{
	struct crew *c = ctx;
	struct hand h = {.sweep = c->like ? sweep_like(c->like) : NULL};
	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		if (crew_work(c, &h, NULL))
			continue;
		c->idle++;
		pthread_cond_wait(&c->todo, &c->lock);
		c->idle--;
	}
	pthread_mutex_unlock(&c->lock);
	free_hand(&h);
	return NULL;
}

void
crew_wake(struct crew *c)
{
	struct task t;
	if (c->stop || (c->idle == 0 && c->running == c->threads) || !find(c, NULL, NULL, &t))
		return;
	/* Small files are done faster than a thread wakes: some at a time. */
	if (t.kind == TASK_BEGIN && c->files_ahead > c->files.most / 2)
		return;
	if (c->idle)
		pthread_cond_signal(&c->todo);
	else if (pthread_create(&c->thread[c->running], NULL, work, c) == 0)
		c->running++;
	else
		c->threads = c->running; /* fewer do the same */
}

/* ---- the caller ---- */

void
crew_wait(struct crew *c, struct ahead *a)
{
	if (crew_work(c, &c->hand, a))
		return;
	c->waiting = true;
	pthread_cond_wait(&c->done, &c->lock);
	c->waiting = false;
}

struct crew *
crew_new(const struct sweep *like, unsigned threads)
{
	struct crew *c = mem_new(sizeof *c);
	c->like = like;
	c->threads = threads < THREADS_MOST ? threads : THREADS_MOST;
	c->hand.sweep = like ? sweep_like(like) : NULL;
	/* It is held for so short that waiting for it awake costs less than sleeping. */
	pthread_mutexattr_t spins;
	must(pthread_mutexattr_init(&spins) == 0 &&
		pthread_mutexattr_settype(&spins, PTHREAD_MUTEX_ADAPTIVE_NP) == 0 &&
		pthread_mutex_init(&c->lock, &spins) == 0);
	pthread_mutexattr_destroy(&spins);
	must(pthread_cond_init(&c->todo, NULL) == 0 && pthread_cond_init(&c->done, NULL) == 0);
	return c;
}

void
crew_free(struct crew **p)
{
	struct crew *c = *p;
	*p = NULL;
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->todo);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->running; i++)
		pthread_join(c->thread[i], NULL);
	while (c->first)
		ahead_free(c->first);
	for (unsigned i = 0; i < c->spares; i++)
		free(c->spare[i].ptr);
	ahead_drop(c);
	free_hand(&c->hand);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->todo);
	pthread_cond_destroy(&c->done);
	free(c);
}

void
crew_add_files(struct crew *c, const struct crew_files *files)
{
	must(!c->files.open);
	c->files = *files;
	if (c->files.most > CREW_FILES)
		c->files.most = CREW_FILES;
}

struct ahead *
crew_take(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	size_t number = c->next_taken++;
	must(number < c->files.count);
	struct ahead *a = c->first;
	if (!a) { /* whatever the bounds say */
		struct task t = {.kind = TASK_BEGIN};
		claim(c, &t, &c->hand);
		a = t.ahead;
		crew_wake(c);
		run(c, &t, &c->hand);
		a->working--;
	}
	must(a->is_file && a->number == number);
	while (!a->begun)
		crew_wait(c, a);
	pthread_mutex_unlock(&c->lock);
	if (!a->odd)
		return a;
	ahead_free(a);
	return NULL;
}
