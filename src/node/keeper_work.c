/* The keeper's checker and writer: envelopes become parcels, parcels become transactions. */
#include <stdlib.h>

#include "base/must.h"
#include "node/compile.h"
#include "node/keeper-internal.h"
#include "taxii/envelope.h"

enum { QUEUE_BYTES = 192 << 20, GROUP_JOBS = 64 };
/* Keys of objects fall anywhere in their index: this holds it for two million. Given back in quiet times. */
enum { WRITER_CACHE_KB = 32 << 10, QUIET_SECONDS = 3 };

struct job *
job_new(uint64_t id, struct span payload)
{
	struct job *j = mem_new(sizeof *j);
	j->id = id;
	buf_add(&j->payload, payload);
	return j;
}

void
job_free(struct job *j)
{
	parcel_free(j->parcel);
	buf_fini(&j->payload);
	arena_fini(&j->text);
	free(j);
}

static void
push(struct job_queue *q, struct job *j)
{
	if (!q->first)
		q->last = &q->first;
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
}

static struct job *
pop(struct job_queue *q)
{
	struct job *j = q->first;
	if (j)
		q->first = j->next;
	return j;
}

bool
keeper_queue_full(struct keeper *k, size_t more)
{
	pthread_mutex_lock(&k->lock);
	bool full = k->queued_bytes + more > QUEUE_BYTES;
	pthread_mutex_unlock(&k->lock);
	return full;
}

void
keeper_queue(struct keeper *k, struct job *j)
{
	pthread_mutex_lock(&k->lock);
	k->queued_bytes += j->payload.len;
	push(&k->unchecked, j);
	pthread_cond_broadcast(&k->change);
	pthread_mutex_unlock(&k->lock);
}

static enum rc
check(struct job *j)
{
	struct json_slice it;
	struct span text;
	struct diag why;
	enum rc code = envelope_open(j->write.body, &it, &why);
	if (code)
		return code;
	j->parcel = parcel_new();
	j->parcel->collection = j->write.collection;
	j->parcel->source = j->source;
	j->parcel->status = &j->write.status;
	j->parcel->owner = j->write.owner;
	j->parcel->received = j->write.received;
	while (!(code = json_slice_next(&it, &text, &why)))
		parcel_add(j->parcel, text);
	return code == RC_NONE ? RC_OK : code;
}

static void *
checker(void *ctx)
{
	struct keeper *k = ctx;
	pthread_mutex_lock(&k->lock);
	for (;;) {
		struct job *j;
		while (!(j = pop(&k->unchecked)) && !k->stop)
			pthread_cond_wait(&k->change, &k->lock);
		if (!j)
			break;
		pthread_mutex_unlock(&k->lock);
		enum rc code = j->write.kind == TAXII_POST ? check(j) : RC_OK;
		pthread_mutex_lock(&k->lock);
		if (code) {
			k->queued_bytes -= j->payload.len;
			pthread_mutex_unlock(&k->lock);
			keeper_wrote(k, j->id, code, NULL);
			job_free(j);
			pthread_mutex_lock(&k->lock);
		} else {
			push(&k->checked, j);
			pthread_cond_broadcast(&k->change);
		}
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

static void
job_done(struct keeper *k, struct job *j, enum rc code, const struct diag *why)
{
	pthread_mutex_lock(&k->lock);
	k->queued_bytes -= j->payload.len;
	pthread_mutex_unlock(&k->lock);
	keeper_wrote(k, j->id, code, why);
	job_free(j);
}

static void
count(struct keeper *k, const struct vault_batch *b, size_t posts)
{
	struct meter *m = k->options.meter;
	struct vault_counts c = vault_batch_counts(b);
	meter_add(&m->posts, posts);
	meter_add(&m->objects_added, c.added);
	meter_add(&m->objects_duplicate, c.duplicate);
	meter_add(&m->objects_quarantined, c.quarantined);
	meter_add(&m->objects_refused, c.refused);
	meter_add(&m->commits, 1);
	atomic_store(&m->last_commit, clock_now(k->options.clock));
}

/* A group of POSTs in one transaction; where that cannot be, one by one, so that each has its own fate. */
static void
store_group(struct keeper *k, struct vault_batch *b, struct job **jobs, size_t n)
{
	struct parcel *parcels[GROUP_JOBS] = {};
	struct diag why = {};
	for (size_t i = 0; i < n; i++)
		parcels[i] = jobs[i]->parcel;
	enum rc code = parcel_store(k->writer.vault, b, parcels, n, &why);
	/* Told when it begins to fail, not for every envelope of a flood. */
	if (atomic_exchange(&k->options.meter->keeper_ok, !code) && code)
		k->options.log("write.failed", &why);
	if (!code)
		count(k, b, n);
	if (code && n > 1) {
		for (size_t i = 0; i < n; i++)
			store_group(k, b, &jobs[i], 1);
		return;
	}
	for (size_t i = 0; i < n; i++)
		job_done(k, jobs[i], code, &why);
}

static void
delete_one(struct keeper *k, struct job *j)
{
	struct diag why = {};
	uint64_t removed;
	struct vault_filter filter = {
		.specs = j->write.specs,
		.spec_count = j->write.spec_count,
		.at = j->write.at,
		.at_count = j->write.at_count,
		.which = j->write.which,
	};
	enum rc code = vault_delete(
		k->writer.vault, j->write.collection, j->write.object, &filter, &removed, &why);
	meter_add(&k->options.meter->deletes, !code);
	job_done(k, j, code, &why);
}

/* Takes what may go together: POSTs up to the batch's size, or one deletion. With the lock held. */
static size_t
take_group(struct keeper *k, struct job **jobs)
{
	size_t n = 0, objects = 0;
	while (k->checked.first && n < GROUP_JOBS) {
		struct job *j = k->checked.first;
		bool post = j->write.kind == TAXII_POST;
		size_t more = post ? j->parcel->items.len : 0;
		if (n && (!post || objects + more > VAULT_BATCH_MAX))
			break;
		jobs[n++] = pop(&k->checked);
		objects += more;
		if (!post)
			break;
	}
	return n;
}

/* With the lock held, which is let go meanwhile. */
static void
await_work(struct keeper *k, bool *quiet)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += QUIET_SECONDS;
	if (*quiet)
		pthread_cond_wait(&k->change, &k->lock);
	else if (pthread_cond_timedwait(&k->change, &k->lock, &until) != 0) {
		pthread_mutex_unlock(&k->lock);
		vault_idle(k->writer.vault);
		mem_give_back();
		pthread_mutex_lock(&k->lock);
		*quiet = true;
	}
}

static void *
writer(void *ctx)
{
	struct keeper *k = ctx;
	own_vault_batch struct vault_batch *b = vault_batch_new(k->writer.vault);
	struct job *jobs[GROUP_JOBS];
	bool quiet = false;
	pthread_mutex_lock(&k->lock);
	for (;;) {
		size_t n;
		while (!(n = take_group(k, jobs)) && !k->stop)
			await_work(k, &quiet);
		if (!n)
			break;
		quiet = false;
		pthread_mutex_unlock(&k->lock);
		atomic_store(&k->busy, true);
		if (jobs[0]->write.kind == TAXII_POST)
			store_group(k, b, jobs, n);
		else
			delete_one(k, jobs[0]);
		atomic_store(&k->busy, false);
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

bool
keeper_pause(struct keeper *k, int64_t micro)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	int64_t nano = until.tv_nsec + micro % SECOND * 1000;
	until.tv_sec += micro / SECOND + nano / 1000000000;
	until.tv_nsec = nano % 1000000000;
	pthread_mutex_lock(&k->lock);
	int waited = 0;
	while (!k->stop && waited == 0)
		waited = pthread_cond_timedwait(&k->change, &k->lock, &until);
	bool on = !k->stop;
	pthread_mutex_unlock(&k->lock);
	return on;
}

enum rc
keeper_threads_start(struct keeper *k, struct diag *why)
{
	struct armed_options set = {.dir = k->options.dir,
		.clock = k->options.clock,
		.rng = k->options.rng,
		.renew = true};
	enum rc code = keeper_open(k, &k->writer, STORE_WRITE, WRITER_CACHE_KB, why);
	if (!code)
		code = keeper_open(k, &k->house, STORE_WRITE, 0, why);
	if (!code)
		code = keeper_open(k, &k->syncer, STORE_WRITE, 0, why);
	if (!code)
		code = compiler_new(&set, &k->compiler, why);
	if (code)
		return code;
	atomic_store(&k->options.meter->keeper_ok, 1);
	k->checker_runs = pthread_create(&k->checker_thread, NULL, checker, k) == 0;
	k->writer_runs = pthread_create(&k->writer_thread, NULL, writer, k) == 0;
	k->house_runs = pthread_create(&k->house_thread, NULL, keeper_house, k) == 0;
	k->sync_runs = pthread_create(&k->sync_thread, NULL, keeper_sync, k) == 0;
	if (!k->checker_runs || !k->writer_runs || !k->house_runs || !k->sync_runs)
		return diag_fail(why, RC_IO, "cannot start a thread");
	return RC_OK;
}

void
keeper_threads_stop(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_broadcast(&k->change);
	pthread_mutex_unlock(&k->lock);
	if (k->checker_runs)
		pthread_join(k->checker_thread, NULL);
	if (k->writer_runs)
		pthread_join(k->writer_thread, NULL);
	if (k->house_runs)
		pthread_join(k->house_thread, NULL);
	if (k->sync_runs)
		pthread_join(k->sync_thread, NULL);
	compiler_free(k->compiler);
	struct job *j;
	while ((j = pop(&k->unchecked)) || (j = pop(&k->checked)))
		job_free(j);
	node_close(&k->writer);
	node_close(&k->house);
	node_close(&k->syncer);
}
