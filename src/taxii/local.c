#include "taxii/local.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/mutant.h"
#include "base/vec.h"
#include "stix/check.h"
#include "stix/id.h"
#include "taxii/envelope.h"

struct taxii_local {
	pthread_mutex_t one;
	struct store *store;
	struct vault *vault;
	struct vault_batch *batch;
	struct stix_verdicts verdicts;
};

struct taxii_local *
taxii_local_new(struct store *store, struct vault *vault)
{
	struct taxii_local *l = mem_new(sizeof *l);
	pthread_mutex_init(&l->one, NULL);
	l->store = store;
	l->vault = vault;
	l->batch = vault_batch_new(vault);
	return l;
}

void
taxii_local_free(struct taxii_local *l)
{
	if (!l)
		return;
	vault_batch_free(&l->batch);
	stix_verdicts_fini(&l->verdicts);
	pthread_mutex_destroy(&l->one);
	free(l);
}

static enum rc
local_pass(void *ctx, const struct taxii_call *call, const struct release_ask *ask,
	struct pass **out, struct diag *why)
{
	struct taxii_local *l = ctx;
	(void)call;
	pthread_mutex_lock(&l->one);
	enum rc code = memo_release(l->store, ask, out, why);
	pthread_mutex_unlock(&l->one);
	return code;
}

/* ---- POST ---- */

/* Objects of one envelope, read; marking-definitions among them are found by their id. */
struct intake {
	struct taxii_local *local;
	struct arena mem;
	vec_of(struct stix_object)
		objects; /* doc NULL: could not be read, text and refusal are set */
	vec_of(const char *) refusals;
	vec_of(struct stix_object *) fetched; /* marking-definitions of the vault */
};

static const struct stix_object *
find_marking(void *ctx, struct span id)
{
	struct intake *in = ctx;
	struct vault_item item;
	for (size_t i = 0; i < in->objects.len; i++)
		if (in->objects.at[i].doc && span_eq(in->objects.at[i].id, id))
			return &in->objects.at[i];
	for (size_t i = 0; i < in->fetched.len; i++)
		if (span_eq(in->fetched.at[i]->id, id))
			return in->fetched.at[i];
	if (vault_get(in->local->vault, id, &in->mem, &item, NULL))
		return NULL;
	struct stix_object *o = arena_new(&in->mem, sizeof *o);
	if (stix_read(item.object.bytes, o, NULL))
		return NULL;
	*vec_add(&in->fetched) = o;
	return o;
}

static const char *
refusal_of(struct intake *in, const struct stix_verdicts *v)
{
	if (v->all.len == 0)
		return "it violates the standard";
	const struct stix_verdict *first = v->all.at;
	return arena_printf(&in->mem, "%.*s%s%.*s", (int)first->path.len, first->path.ptr,
		first->path.len ? ": " : "", (int)first->what.len, first->what.ptr)
		.ptr;
}

static void
read_one(struct intake *in, struct span text)
{
	static const struct stix_options options = {
		.level = STIX_MUST, .flags = STIX_FIRST_ONLY | STIX_ACCEPT_2_0};
	struct stix_object *o = vec_add(&in->objects);
	const char **refusal = vec_add(&in->refusals);
	struct diag why = {};
	*o = (struct stix_object){};
	*refusal = NULL;
	if (stix_read(text, o, &why)) {
		*refusal = arena_printf(
			&in->mem, "%s%s%s", why.where, why.where[0] ? ": " : "", why.what)
				   .ptr;
		*o = (struct stix_object){.text = text};
		return;
	}
	stix_verdicts_reset(&in->local->verdicts);
	if (stix_check(o, &options, &in->local->verdicts) && !mutant(440))
		*refusal = refusal_of(in, &in->local->verdicts);
}

static enum rc
batch_one(struct intake *in, const struct stix_object *o, const char *refusal)
{
	struct vault_batch *batch = in->local->batch;
	struct stix_resolver resolve = {find_marking, in};
	if (refusal) {
		struct span id, version;
		envelope_names(o->text, &in->mem, &id, &version);
		return vault_batch_refuse(batch, id, version, refusal);
	}
	struct facts facts = facts_of(o, &resolve);
	const struct vault_object object = {
		.id = o->id,
		.version = mutant(381) ? o->modified.text : o->version.text,
		.version_at = mutant(381) ? o->modified.at : o->version.at,
		.created_at = o->created.at,
		.creator = o->created_by,
		.spec = o->spec == STIX_2_0 || mutant(372) ? VAULT_SPEC_2_0 : VAULT_SPEC_2_1,
		.revoked = o->revoked,
		.class = facts.class,
		.tlp = facts.tlp,
		.privacy = facts.privacy,
		.bytes = o->text,
	};
	return vault_batch_add(batch, &object);
}

static enum rc
store_all(struct intake *in, const struct taxii_write *w, struct diag *why)
{
	struct taxii_local *l = in->local;
	struct uuid *bound, own;
	size_t bound_count;
	enum rc code = user_identities(l->store, &in->mem, &bound, &bound_count, why);
	if (code)
		return code;
	bool speaks = w->user.identity.len && !stix_id_parse(w->user.identity, NULL, &own);
	const struct vault_request request = {
		.collection = w->collection,
		.source =
			{
				.name = arena_printf(&in->mem, "user:%.*s", (int)w->user.name.len,
					w->user.name.ptr),
				.power = VAULT_REMOTE,
				.identities = speaks ? &own : NULL,
				.identity_count = speaks,
				.bound = bound,
				.bound_count = bound_count,
			},
		.status = &w->status,
		.owner = w->owner,
		.received = w->received,
	};
	vault_batch_reset(l->batch);
	vault_batch_request(l->batch, &request);
	for (size_t i = 0; !code && i < in->objects.len; i++)
		code = batch_one(in, &in->objects.at[i], in->refusals.at[i]);
	if (!code)
		code = vault_batch_commit(l->batch, why);
	vault_batch_reset(l->batch);
	return code;
}

static enum rc
local_post(struct taxii_local *l, const struct taxii_write *w, struct diag *why)
{
	struct intake in = {.local = l};
	struct json_slice it;
	struct span text;
	enum rc code = envelope_open(w->body, &it, why);
	while (!code && json_slice_next(&it, &text, why) == RC_OK)
		read_one(&in, text);
	if (!code)
		code = store_all(&in, w, why);
	for (size_t i = 0; i < in.objects.len; i++)
		stix_fini(&in.objects.at[i]);
	for (size_t i = 0; i < in.fetched.len; i++)
		stix_fini(in.fetched.at[i]);
	free(in.objects.at);
	free(in.refusals.at);
	free(in.fetched.at);
	arena_fini(&in.mem);
	return code;
}

static enum rc
local_write(void *ctx, struct taxii_write *w, struct diag *why)
{
	struct taxii_local *l = ctx;
	uint64_t removed;
	pthread_mutex_lock(&l->one);
	enum rc code = w->kind == TAXII_POST ? local_post(l, w, why)
					     : vault_delete(l->vault, w->collection, w->object,
						       &w->filter, &removed, why);
	pthread_mutex_unlock(&l->one);
	return code;
}

static void
local_drop(void *ctx, struct taxii_write *w)
{
	(void)ctx;
	(void)w;
}

struct taxii_ops
taxii_local_ops(struct taxii_local *l)
{
	return (struct taxii_ops){local_pass, local_write, local_drop, l};
}
