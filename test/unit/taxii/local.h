#pragma once
/*
 * taxii_ops in place: one process that has the database open for writing does the writer's work and makes
 * the passes itself, at once, in the calling thread, one call at a time. What `serve` routes to its keeper.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "memo/user.h"
#include "stix/id.h"
#include "taxii/envelope.h"
#include "taxii/parcel.h"
#include "taxii/server.h"

struct taxii_local {
	pthread_mutex_t one;
	struct store *store;
	struct vault *vault;
	struct vault_batch *batch;
	struct parcel *parcel;
};

/* Both are borrowed until taxii_local_free and used by no one else meanwhile. */
static inline struct taxii_local *
taxii_local_new(struct store *store, struct vault *vault)
{
	struct taxii_local *l = mem_new(sizeof *l);
	pthread_mutex_init(&l->one, NULL);
	l->store = store;
	l->vault = vault;
	l->batch = vault_batch_new(vault);
	l->parcel = parcel_new();
	return l;
}

static inline void
taxii_local_free(struct taxii_local *l)
{
	if (!l)
		return;
	vault_batch_free(&l->batch);
	parcel_free(l->parcel);
	pthread_mutex_destroy(&l->one);
	free(l);
}

static inline enum rc
taxii_local_pass(void *ctx, const struct taxii_call *call, const struct release_ask *ask,
	struct pass **out, struct diag *why)
{
	struct taxii_local *l = ctx;
	(void)call;
	pthread_mutex_lock(&l->one);
	enum rc code = memo_release(l->store, ask, out, why);
	pthread_mutex_unlock(&l->one);
	return code;
}

static inline enum rc
taxii_local_post(struct taxii_local *l, const struct taxii_write *w, struct diag *why)
{
	own_arena struct arena mem = {};
	struct json_slice it;
	struct span text;
	struct uuid *bound, own;
	size_t bound_count;
	enum rc code = user_identities(l->store, &mem, &bound, &bound_count, why);
	if (code)
		return code;
	bool speaks = w->user.identity.len && !stix_id_parse(w->user.identity, NULL, &own);
	struct parcel *p = l->parcel;
	parcel_reset(p);
	p->collection = w->collection;
	p->source = (struct vault_source){
		.name = arena_printf(&mem, "user:%.*s", (int)w->user.name.len, w->user.name.ptr),
		.power = VAULT_REMOTE,
		.identities = speaks ? &own : NULL,
		.identity_count = speaks,
		.bound = bound,
		.bound_count = bound_count,
	};
	p->status = &w->status;
	p->owner = w->owner;
	p->received = w->received;
	code = envelope_open(w->body, &it, why);
	while (!code && json_slice_next(&it, &text, why) == RC_OK)
		parcel_add(p, text);
	return code ? code : parcel_store(l->vault, l->batch, &p, 1, why);
}

static inline enum rc
taxii_local_write(void *ctx, struct taxii_write *w, struct diag *why)
{
	struct taxii_local *l = ctx;
	uint64_t removed;
	pthread_mutex_lock(&l->one);
	enum rc code = w->kind == TAXII_POST ? taxii_local_post(l, w, why)
					     : vault_delete(l->vault, w->collection, w->object,
						       &w->filter, &removed, why);
	pthread_mutex_unlock(&l->one);
	return code;
}

static inline void
taxii_local_drop(void *ctx, struct taxii_write *w)
{
	(void)ctx;
	(void)w;
}

static inline struct taxii_ops
taxii_local_ops(struct taxii_local *l)
{
	return (struct taxii_ops){taxii_local_pass, taxii_local_write, taxii_local_drop, l};
}
