#include "match/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

enum { BLOCK = 256 << 10, BLOCKS_EACH = 3, THREADS_MOST = 64 };

enum state { BLOCK_FREE, BLOCK_TODO, BLOCK_UNDER_WORK, BLOCK_DONE };

struct block {
	struct ahead_block shown;
	enum state state;
	struct sweep *sweep; /* whose result it holds */
	char *room;
	size_t cap;
};

struct ahead {
	struct stream *stream;
	size_t longest;
	struct block *block;	     /* a ring */
	size_t blocks, next, filled; /* the next to be shown; how many from there are filled */
	struct block *shown;
	struct buf carry; /* behind the last block's text */
	enum rc code;	  /* of the stream: RC_OK, or why nothing comes any more */
	struct diag why;
	pthread_t thread[THREADS_MOST];
	unsigned threads;
	pthread_mutex_t lock;
	pthread_cond_t todo, done;
	bool stop;
};

/* Under the lock: the first block in order that nobody sweeps yet. */
static struct block *
take_one(struct ahead *a)
{
	for (size_t i = 0; i < a->filled; i++) {
		struct block *b = &a->block[(a->next + i) % a->blocks];
		if (b->state != BLOCK_TODO)
			continue;
		b->state = BLOCK_UNDER_WORK;
		return b;
	}
	return NULL;
}

/* Under the lock, which is let go meanwhile. */
static void
sweep_one(struct ahead *a, struct block *b)
{
	pthread_mutex_unlock(&a->lock);
	sweep_text(b->sweep, b->shown.text, &b->shown.found);
	pthread_mutex_lock(&a->lock);
	b->state = BLOCK_DONE;
	pthread_cond_broadcast(&a->done);
}

static void *
work(void *ctx)
{
	struct ahead *a = ctx;
	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		struct block *b = take_one(a);
		if (b)
			sweep_one(a, b);
		else
			pthread_cond_wait(&a->todo, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct ahead *
ahead_new(struct stream *stream, const struct sweep *like, struct span carry, unsigned threads,
	size_t longest)
{
	struct ahead *a = mem_new(sizeof *a);
	a->stream = stream;
	a->longest = longest;
	if (threads > THREADS_MOST)
		threads = THREADS_MOST;
	a->blocks = (threads + 1) * BLOCKS_EACH;
	a->block = mem_grow(NULL, a->blocks, sizeof *a->block);
	for (size_t i = 0; i < a->blocks; i++)
		a->block[i] = (struct block){.sweep = sweep_like(like)};
	if (carry.len)
		buf_add(&a->carry, carry);
	must(pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->todo, NULL) == 0 &&
		pthread_cond_init(&a->done, NULL) == 0);
	/* Fewer threads than asked for do the same. */
	while (a->threads < threads && pthread_create(&a->thread[a->threads], NULL, work, a) == 0)
		a->threads++;
	return a;
}

void
ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->todo);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->threads; i++)
		pthread_join(a->thread[i], NULL);
	for (size_t i = 0; i < a->blocks; i++) {
		sweep_free(&a->block[i].sweep);
		free(a->block[i].room);
	}
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->todo);
	pthread_cond_destroy(&a->done);
	buf_fini(&a->carry);
	free(a->block);
	free(a);
}

static void
grow(struct block *b, size_t text)
{
	size_t cap = text + 2 * SWEEP_SLACK;
	if (cap <= b->cap)
		return;
	b->room = mem_grow(b->room, cap, 1);
	b->cap = cap;
}

/* Whole lines, until there are BLOCK bytes of them or the stream ends. RC_NONE: there is nothing more. */
static enum rc
fill(struct ahead *a, struct block *b)
{
	size_t len = a->carry.len, whole = 0; /* so many bytes are whole lines */
	grow(b, len + BLOCK);
	if (len)
		memcpy(b->room + SWEEP_SLACK, a->carry.ptr, len);
	a->carry.len = 0;
	while (!a->code && (len < BLOCK || !whole) && (len < a->longest || whole)) {
		size_t got;
		grow(b, len + BLOCK / 2);
		char *to = b->room + SWEEP_SLACK + len;
		a->code = stream_read(a->stream, to, b->cap - 2 * SWEEP_SLACK - len, &got, &a->why);
		if (a->code)
			break;
		const char *end = memrchr(to, '\n', got);
		if (end)
			whole = len + (size_t)(end - to) + 1;
		len += got;
	}
	const char *text = b->room + SWEEP_SLACK;
	b->shown = (struct ahead_block){.text = {text, len}, .rough = !a->code && !whole};
	if (!a->code && whole) {
		b->shown.text.len = whole;
		buf_add(&a->carry, (struct span){text + whole, len - whole});
	}
	return len ? RC_OK : RC_NONE;
}

/* Reads on while blocks are free. Under the lock, which is let go meanwhile. */
static void
fill_all(struct ahead *a)
{
	while (a->filled < a->blocks && !a->code) {
		struct block *b = &a->block[(a->next + a->filled) % a->blocks];
		pthread_mutex_unlock(&a->lock);
		enum rc code = fill(a, b);
		pthread_mutex_lock(&a->lock);
		if (code)
			break;
		b->state = b->shown.rough ? BLOCK_DONE : BLOCK_TODO;
		a->filled++;
		pthread_cond_signal(&a->todo);
		if (b->shown.rough)
			a->code = RC_NONE;
	}
}

enum rc
ahead_next(struct ahead *a, const struct ahead_block **out, struct diag *why)
{
	pthread_mutex_lock(&a->lock);
	if (a->shown)
		a->shown->state = BLOCK_FREE;
	a->shown = NULL;
	fill_all(a);
	enum rc code = RC_OK;
	if (a->filled == 0) {
		code = a->code;
		if (why && code != RC_NONE)
			*why = a->why;
	} else {
		struct block *first = &a->block[a->next];
		while (first->state != BLOCK_DONE) {
			struct block *b = take_one(a);
			if (b)
				sweep_one(a, b);
			else
				pthread_cond_wait(&a->done, &a->lock);
		}
		a->shown = first;
		a->next = (a->next + 1) % a->blocks;
		a->filled--;
		*out = &first->shown;
	}
	pthread_mutex_unlock(&a->lock);
	return code;
}
