#include "node/arrival.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/must.h"
#include "memo/facts.h"
#include "node/company.h"
#include "node/marks.h"
#include "stix/check.h"
#include "taxii/envelope.h"

enum { PARCEL_OBJECTS = VAULT_BATCH_MAX, PARCEL_BYTES = 48 << 20, FAULTS_MOST = 100 };

struct parcel *
parcel_new(void)
{
	struct parcel *p = mem_new(sizeof *p);
	p->verdicts = mem_new(sizeof *p->verdicts);
	return p;
}

void
parcel_free(struct parcel *p)
{
	if (!p)
		return;
	stix_verdicts_fini(p->verdicts);
	free(p->verdicts);
	free(p->items.at);
	arena_fini(&p->text);
	free(p);
}

void
parcel_reset(struct parcel *p)
{
	arena_reset(&p->text);
	p->items.len = 0;
	p->bytes = 0;
	p->unresolved = 0;
}

void
arrival_facts(const struct stix_object *o, struct vault_object *out)
{
	struct facts facts = facts_of(o, NULL);
	*out = (struct vault_object){
		.id = o->id,
		.version = o->version.text,
		.version_at = o->version.at,
		.created_at = o->created.at,
		.creator = o->created_by,
		.spec = o->spec == STIX_2_1 ? VAULT_SPEC_2_1 : VAULT_SPEC_2_0,
		.revoked = o->revoked,
		.class = facts.class,
		.tlp = facts.tlp,
		.privacy = facts.privacy,
		.bytes = o->text,
	};
}

/* Why the checker refuses it: the first MUST, as one line. */
static const char *
refusal_of(struct parcel *p)
{
	const struct stix_verdict *v = p->verdicts->all.at;
	if (p->verdicts->all.len == 0)
		return "it violates the standard";
	if (v->path.len == 0)
		return arena_printf(&p->text, "%.*s", (int)v->what.len, v->what.ptr).ptr;
	return arena_printf(&p->text, "%.*s: %.*s", (int)v->path.len, v->path.ptr, (int)v->what.len,
		v->what.ptr)
		.ptr;
}

void
parcel_add(struct parcel *p, struct span text)
{
	static const struct stix_options options = {
		.level = STIX_MUST, .flags = STIX_FIRST_ONLY | STIX_ACCEPT_2_0};
	own_stix struct stix_object o = {};
	struct diag why = {};
	struct arrival_item *item = vec_add(&p->items);
	*item = (struct arrival_item){};
	p->bytes += text.len;
	if (stix_read(text, &o, &why)) {
		item->refusal = arena_printf(
			&p->text, "%s%s%s", why.where, why.where[0] ? ": " : "", why.what)
					.ptr;
		item->object = (struct vault_object){.version_at = TIME_NONE, .bytes = text};
		/* A status names even what cannot be read, as far as it has a name. */
		envelope_names(text, &p->text, &item->object.id, &item->object.version);
		return;
	}
	arrival_facts(&o, &item->object);
	item->object.bytes = text;
	item->object.id = arena_dup(&p->text, o.id);
	item->object.version = arena_dup(&p->text, o.version.text);
	item->object.creator = arena_dup(&p->text, o.created_by);
	item->observable = o.kind == STIX_SCO;
	item->marking = span_eq(o.type, SPAN("marking-definition"));
	if (item->object.tlp == TLP_RED && stix_tlp(&o, NULL).unknown) {
		item->unresolved = true;
		p->unresolved++;
	}
	stix_verdicts_reset(p->verdicts);
	if (stix_check(&o, &options, p->verdicts))
		item->refusal = refusal_of(p);
}

void
parcel_add_copy(struct parcel *p, struct span text)
{
	parcel_add(p, arena_dup(&p->text, text));
}

/* Of one kind: marking-definitions, or what may bear them. */
static enum rc
batch_items(struct vault_batch *b, struct parcel *p, bool marking)
{
	for (size_t i = 0; i < p->items.len; i++) {
		struct arrival_item *item = &p->items.at[i];
		if (item->marking != marking)
			continue;
		item->result = vault_batch_count(b);
		enum rc code = item->refusal ? vault_batch_refuse(b, item->object.id,
						       item->object.version, item->refusal)
					     : vault_batch_add(b, &item->object);
		if (code)
			return code;
	}
	return RC_OK;
}

static enum rc
batch_parcel(struct vault_batch *b, struct parcel *p)
{
	struct vault_request request = {
		.collection = p->collection,
		.source = p->source,
		.status = p->status,
		.owner = p->owner,
		.received = p->received,
	};
	vault_batch_request(b, &request);
	enum rc code = batch_items(b, p, true);
	return code ? code : batch_items(b, p, false);
}

enum rc
arrival_store(struct vault *v, struct vault_batch *b, struct parcel *const *parcels, size_t count,
	struct diag *why)
{
	vault_batch_reset(b);
	marks_resolve(v, parcels, count);
	for (size_t i = 0; i < count; i++)
		company_mark(parcels[i]);
	for (size_t i = 0; i < count; i++) {
		enum rc code = batch_parcel(b, parcels[i]);
		if (code)
			return diag_fail(
				why, code, "more than %d objects at once", VAULT_BATCH_MAX);
	}
	return vault_batch_commit(b, why);
}

struct arrival {
	struct vault *vault;
	struct vault_batch *batch;
	struct parcel *filling, *storing; /* storing: the other thread's while `busy` */
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
keep_faults(struct arrival *a, const struct parcel *p)
{
	for (size_t i = 0; i < p->items.len && a->faults.len < FAULTS_MOST; i++) {
		const struct vault_result *r = vault_batch_result(a->batch, p->items.at[i].result);
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
	enum rc code = arrival_store(a->vault, a->batch, &a->storing, 1, why);
	if (!code)
		keep_faults(a, a->storing);
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
			struct vault_counts one = vault_batch_counts(a->batch);
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
arrival_new(struct vault *v, uint32_t collection, const struct vault_source *source)
{
	struct arrival *a = mem_new(sizeof *a);
	a->vault = v;
	a->batch = vault_batch_new(v);
	a->filling = parcel_new();
	a->storing = parcel_new();
	a->filling->collection = a->storing->collection = collection;
	a->filling->source = a->storing->source = *source;
	must(pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->change, NULL) == 0);
	must(pthread_create(&a->thread, NULL, store_loop, a) == 0);
	a->running = true;
	return a;
}

/* Waits until the last parcel is stored, then gives this one away unless something failed. */
static enum rc
hand_over(struct arrival *a, struct diag *why)
{
	pthread_mutex_lock(&a->lock);
	while (a->busy)
		pthread_cond_wait(&a->change, &a->lock);
	enum rc code = a->code;
	if (code && why)
		*why = a->why;
	if (!code && a->filling->items.len) {
		struct parcel *full = a->filling;
		a->filling = a->storing;
		a->storing = full;
		a->busy = true;
		pthread_cond_broadcast(&a->change);
	}
	pthread_mutex_unlock(&a->lock);
	if (!code)
		parcel_reset(a->filling);
	return code;
}

enum rc
arrival_add(struct arrival *a, struct span text, struct diag *why)
{
	parcel_add_copy(a->filling, text);
	if (a->filling->items.len < PARCEL_OBJECTS && a->filling->bytes < PARCEL_BYTES)
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
	vault_batch_free(&a->batch);
	parcel_free(a->filling);
	parcel_free(a->storing);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->change);
	arena_fini(&a->text);
	free(a->faults.at);
	free(a);
}
