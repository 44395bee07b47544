#include "node/arrival.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/must.h"

enum { PARCEL_OBJECTS = VAULT_BATCH_MAX, PARCEL_BYTES = 48 << 20, FAULTS_MOST = 100 };

/* A parcel and the batch it becomes. */
struct lane {
	struct parcel *parcel;
	struct vault_batch *batch;
	bool prepared;
};

struct arrival {
	struct vault *vault, *look;
	struct lane filling, storing; /* storing: the other thread's while `busy` */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool busy, stop, running;
	enum rc code; /* of the first parcel that could not be stored */
	struct diag why;
	struct vault_counts counts;
	uint64_t stored; /* objects of parcels before the one being stored */
	struct arena text;
	vec_of(struct arrival_fault) faults;
};

static void
keep_faults(struct arrival *a, const struct lane *l)
{
	const struct parcel *p = l->parcel;
	for (size_t i = 0; i < p->items.len && a->faults.len < FAULTS_MOST; i++) {
		const struct vault_result *r = vault_batch_result(l->batch, p->items.at[i].result);
		if (r->verdict == VAULT_ADDED || r->verdict == VAULT_DUPLICATE)
			continue;
		*vec_add(&a->faults) = (struct arrival_fault){
			.id = arena_dup(&a->text, p->items.at[i].object.id),
			.reason = arena_dup(&a->text, span_of(r->reason ? r->reason : "")),
			.number = a->stored + i + 1,
			.verdict = r->verdict,
		};
	}
	a->stored += p->items.len;
}

/* Without the lock: the storing parcel and the batch are this thread's while busy. */
static enum rc
store_one(struct arrival *a, struct diag *why)
{
	struct lane *l = &a->storing;
	enum rc code = l->prepared ? vault_batch_commit(l->batch, why)
				   : parcel_store(a->vault, l->batch, &l->parcel, 1, why);
	if (!code)
		keep_faults(a, l);
	return code;
}

static void *
store_loop(void *ctx)
{
	struct arrival *a = ctx;
	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (!a->busy && !a->stop)
			pthread_cond_wait(&a->change, &a->lock);
		if (!a->busy)
			break;
		pthread_mutex_unlock(&a->lock);
		struct diag why = {};
		enum rc code = store_one(a, &why);
		pthread_mutex_lock(&a->lock);
		if (code && !a->code) {
			a->code = code;
			a->why = why;
		}
		if (!code) {
			struct vault_counts one = vault_batch_counts(a->storing.batch);
			a->counts.added += one.added;
			a->counts.duplicate += one.duplicate;
			a->counts.quarantined += one.quarantined;
			a->counts.refused += one.refused;
		}
		a->busy = false;
		pthread_cond_broadcast(&a->change);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct arrival *
arrival_new(
	struct vault *v, struct vault *look, uint32_t collection, const struct vault_source *source)
{
	struct arrival *a = mem_new(sizeof *a);
	a->vault = v;
	a->look = look;
	for (struct lane *l = &a->filling;; l = &a->storing) {
		*l = (struct lane){.parcel = parcel_new(), .batch = vault_batch_new(v)};
		l->parcel->collection = collection;
		l->parcel->source = *source;
		if (l == &a->storing)
			break;
	}
	must(pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->change, NULL) == 0);
	must(pthread_create(&a->thread, NULL, store_loop, a) == 0);
	a->running = true;
	return a;
}

/* Waits until the last parcel is stored; says whether that failed. */
static enum rc
wait_stored(struct arrival *a, struct diag *why)
{
	pthread_mutex_lock(&a->lock);
	while (a->busy)
		pthread_cond_wait(&a->change, &a->lock);
	enum rc code = a->code;
	if (code && why)
		*why = a->why;
	pthread_mutex_unlock(&a->lock);
	return code;
}

/* Beside the storing of the one before, unless nothing is known of that. */
static enum rc
prepare(struct arrival *a, struct diag *why)
{
	struct lane *l = &a->filling;
	l->prepared = false;
	if (!a->look || !l->parcel->items.len)
		return RC_OK;
	bool known = a->storing.prepared;
	enum rc code = known ? RC_OK : wait_stored(a, why);
	if (!code)
		code = parcel_prepare(
			l->parcel, l->batch, a->look, known ? a->storing.batch : NULL, why);
	l->prepared = code == RC_OK;
	return code == RC_NONE ? RC_OK : code;
}

/* Gives the parcel away once the last is stored, unless something failed. */
static enum rc
hand_over(struct arrival *a, struct diag *why)
{
	enum rc code = prepare(a, why);
	if (!code)
		code = wait_stored(a, why);
	if (code)
		return code;
	if (a->filling.parcel->items.len) {
		pthread_mutex_lock(&a->lock);
		struct lane full = a->filling;
		a->filling = a->storing;
		a->storing = full;
		a->busy = true;
		pthread_cond_broadcast(&a->change);
		pthread_mutex_unlock(&a->lock);
	}
	parcel_reset(a->filling.parcel);
	return RC_OK;
}

enum rc
arrival_add(struct arrival *a, struct span text, struct diag *why)
{
	parcel_add_copy(a->filling.parcel, text);
	if (a->filling.parcel->items.len < PARCEL_OBJECTS &&
		a->filling.parcel->bytes < PARCEL_BYTES)
		return RC_OK;
	return hand_over(a, why);
}

static void
join(struct arrival *a)
{
	if (!a->running)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->change);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	a->running = false;
}

enum rc
arrival_finish(struct arrival *a, struct diag *why)
{
	enum rc code = hand_over(a, why);
	join(a);
	if (!code && a->code) {
		code = a->code;
		if (why)
			*why = a->why;
	}
	return code;
}

struct vault_counts
arrival_counts(const struct arrival *a)
{
	struct arrival *shared = (struct arrival *)(uintptr_t)a;
	pthread_mutex_lock(&shared->lock);
	struct vault_counts counts = a->counts;
	pthread_mutex_unlock(&shared->lock);
	return counts;
}

enum rc
arrival_fault(const struct arrival *a, size_t *at, struct arrival_fault *out)
{
	if (*at >= a->faults.len)
		return RC_NONE;
	*out = a->faults.at[(*at)++];
	return RC_OK;
}

void
arrival_free(struct arrival *a)
{
	if (!a)
		return;
	join(a);
	vault_batch_free(&a->filling.batch);
	vault_batch_free(&a->storing.batch);
	parcel_free(a->filling.parcel);
	parcel_free(a->storing.parcel);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->change);
	arena_fini(&a->text);
	free(a->faults.at);
	free(a);
}
