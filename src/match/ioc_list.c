/*
 * Plain lists into a set. A long one is read by the caller's thread and put into the set by another: reading
 * waits for nothing and adding for memory. Lines are added in their order, and nobody else has the set.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/own.h"
#include "match/ioc-internal.h"
#include "match/lines.h"
#include "match/table.h"
#include "obs/line.h"

enum { BATCH = 2048, BATCHES = 4, AHEAD = 24 };

struct batch {
	struct observable at[BATCH];
	size_t len;
	struct arena arena; /* of their values */
};

struct list {
	struct match_set *set;
	struct batch *batch; /* a ring, of which the one behind those that are full is read into */
	size_t first, full;
	enum rc code;		  /* of adding */
	struct ioc_counts counts; /* of adding */
	bool runs, ended;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static enum rc
add_batch(struct list *l, struct batch *b)
{
	enum rc code = RC_OK;
	struct indicator plain = {.reach = REACH_COVERING,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	for (size_t i = 0; !code && i < b->len; i++) {
		struct indicator one = plain, later = plain;
		if (i + AHEAD < b->len) {
			later.about = b->at[i + AHEAD];
			match_set_prepare(l->set, &later);
		}
		one.about = b->at[i];
		code = ioc_add(l->set, &one, &l->counts);
	}
	b->len = 0;
	arena_reset(&b->arena);
	return code;
}

static void *
add_all(void *ctx)
{
	struct list *l = ctx;
	pthread_mutex_lock(&l->lock);
	while (l->full || !l->ended) {
		if (!l->full) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		struct batch *b = &l->batch[l->first];
		enum rc code = l->code;
		pthread_mutex_unlock(&l->lock);
		if (!code)
			code = add_batch(l, b);
		pthread_mutex_lock(&l->lock);
		l->code = code;
		l->first = (l->first + 1) % BATCHES;
		l->full--;
		pthread_cond_signal(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Gives the batch that was read away and waits for an empty one. A list of one batch needs no thread. */
static enum rc
give_batch(struct list *l)
{
	if (!l->runs)
		l->runs = pthread_create(&l->thread, NULL, add_all, l) == 0;
	if (!l->runs)
		return l->code = add_batch(l, &l->batch[0]);
	pthread_mutex_lock(&l->lock);
	l->full++;
	pthread_cond_signal(&l->changed);
	while (l->full == BATCHES)
		pthread_cond_wait(&l->changed, &l->lock);
	enum rc code = l->code;
	pthread_mutex_unlock(&l->lock);
	return code;
}

static struct batch *
under_work(struct list *l)
{
	if (!l->runs)
		return &l->batch[0];
	pthread_mutex_lock(&l->lock);
	struct batch *b = &l->batch[(l->first + l->full) % BATCHES];
	pthread_mutex_unlock(&l->lock);
	return b;
}

static void
list_end(struct list *l)
{
	struct batch *last = under_work(l);
	if (l->runs) {
		pthread_mutex_lock(&l->lock);
		l->ended = true;
		pthread_cond_signal(&l->changed);
		pthread_mutex_unlock(&l->lock);
		must(pthread_join(l->thread, NULL) == 0);
	}
	if (!l->code)
		l->code = add_batch(l, last);
	for (size_t i = 0; i < BATCHES; i++)
		arena_fini(&l->batch[i].arena);
	free(l->batch);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
}

/* What one line holds; what nobody understands is counted. */
static void
read_line(const struct line *line, struct arena *a, struct obs_list *all, struct arm_batch *texts,
	struct ioc_counts *counts)
{
	struct diag fault = {};
	*all = (struct obs_list){};
	arena_reset(a);
	if (line->number == 1 && table_is_heading(line->text))
		return;
	enum rc code = obs_line(line->text, a, all, &fault);
	if (!code)
		return;
	*all = (struct obs_list){};
	if (code == RC_NONE || ioc_text(line->text, texts))
		return;
	diag_where(&fault, "line %llu", (unsigned long long)line->number);
	ioc_unknown(counts, &fault, line->text);
}

enum rc
ioc_add_list(
	struct match_set *set, struct stream *from, struct ioc_counts *counts, struct diag *why)
{
	own_lines struct lines lines;
	own_arena struct arena a = {};
	own_arm_batch struct arm_batch texts = {}; /* few: added when the others are */
	struct list l = {.set = set, .batch = mem_new(BATCHES * sizeof(struct batch))};
	struct batch *b = &l.batch[0];
	struct obs_list all;
	struct line line;
	enum rc code, full = RC_OK;
	must(pthread_mutex_init(&l.lock, NULL) == 0 && pthread_cond_init(&l.changed, NULL) == 0);
	lines_init(&lines, from, LINES_ALL);
	while (!full && !(code = lines_next(&lines, &line, why))) {
		read_line(&line, &a, &all, &texts, counts);
		for (size_t k = 0; !full && k < all.len; k++) {
			b->at[b->len].kind = all.at[k].kind;
			b->at[b->len].value = arena_dup(&b->arena, all.at[k].value);
			if (++b->len == BATCH) {
				full = give_batch(&l);
				b = under_work(&l);
			}
		}
	}
	list_end(&l);
	ioc_counts_join(counts, &l.counts);
	if (!l.code)
		l.code = arm_commit(set, &texts, counts, why);
	if (l.code)
		return diag_fail(why, l.code, "too many indicators for one set");
	return code == RC_NONE ? RC_OK : code;
}
