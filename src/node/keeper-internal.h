#pragma once
/* The keeper's threads and the jobs that go through them: keeper.c listens, keeper_work.c works. */
#include <pthread.h>
#include <stdatomic.h>

#include "node/arrival.h"
#include "node/keeper.h"
#include "node/talk.h"

/* One POST or DELETE on its way: listener -> checker -> writer -> answer. */
struct job {
	struct job *next;
	uint64_t id;
	struct buf payload; /* what write borrows from */
	struct talk_write write;
	struct arena text; /* of source */
	struct vault_source source;
	struct parcel *parcel; /* of a POST */
};

struct job_queue {
	struct job *first, **last;
};

struct keeper {
	struct keeper_options options;
	struct node reader; /* the listener's */
	struct node writer, house, syncer;
	struct compiler *compiler;
	pthread_t checker_thread, writer_thread, house_thread, sync_thread;
	bool checker_runs, writer_runs, house_runs, sync_runs;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t change;
	struct job_queue unchecked, checked;
	size_t queued_bytes;
	bool stop;
	_Atomic bool lost, failed, busy;
	struct diag failure; /* set before failed */
};

struct job *job_new(uint64_t id, struct span payload);
void job_free(struct job *j);
bool keeper_queue_full(struct keeper *k, size_t more);
void keeper_queue(struct keeper *k, struct job *j);
void keeper_wrote(struct keeper *k, uint64_t id, enum rc code, const struct diag *why);
enum rc keeper_open(struct keeper *k, struct node *n, enum store_mode mode, unsigned cache_kb,
	struct diag *why); /* cache_kb 0: the store's own */
enum rc keeper_threads_start(struct keeper *k, struct diag *why);
void keeper_threads_stop(struct keeper *k);
/* Bodies of two threads, in keeper_house.c. */
void *keeper_house(void *ctx);
void *keeper_sync(void *ctx);
/* Sleeps up to so many us; false: stop. */
bool keeper_pause(struct keeper *k, int64_t micro);
