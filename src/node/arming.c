#include "node/arming.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/must.h"
#include "codec/json.h"

enum { LOTS = 4, LOT_BYTES = 256 << 10 };

enum lot_state { LOT_FREE, LOT_FILLED, LOT_READ };

struct step {
	enum arming_change change;
	struct arm_known known;
	struct span bytes;
	size_t end; /* in the batch, behind what these bytes arm */
	struct remark said;
};

/* What one thread hands to the other at once. */
struct lot {
	enum lot_state state; /* under the lock; whoever it is of may touch the rest */
	struct arm_batch batch;
	vec_of(struct step) steps;
	size_t bytes;
};

struct arming {
	struct match_set *set;
	struct versions *versions;
	struct lot lot[LOTS];
	size_t head, tail; /* lots filled, lots in the set; ever rising */
	pthread_t reader;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ending;
};

/* What counting has to say of an object; how many are armed the set knows. */
static struct remark
remark_of(const struct ioc_counts *c)
{
	return (struct remark){{
		[REMARK_UNKNOWN] = (uint32_t)c->unknown,
		[REMARK_SUFFIXES] = (uint32_t)c->suffixes,
		[REMARK_WIDE] = (uint32_t)c->wide,
		[REMARK_REPEATED] = (uint32_t)c->repeated,
		[REMARK_REVOKED] = (uint32_t)c->revoked,
		[REMARK_FOREIGN] = (uint32_t)c->foreign,
		[REMARK_COMPOUND] = (uint32_t)c->compound,
		[REMARK_PARTIAL] = (uint32_t)c->partial,
		[REMARK_WANTING] = (uint32_t)c->wanting,
	}};
}

/* What was said since. */
static void
add_since(struct remark *said, struct remark before, struct remark after)
{
	for (size_t k = 0; k < REMARKS; k++)
		said->of[k] += after.of[k] - before.of[k];
}

static bool
is_read(enum arming_change change)
{
	return change == ARMING_NEW || change == ARMING_REPLACES;
}

static void
read_step(struct step *s, struct arm_batch *to)
{
	static const struct json_limits limits = {.bytes = STIX_BYTES_MAX,
		.depth = STIX_DEPTH_MAX,
		.any_keys = true,
		.any_ints = true};
	own_json yyjson_doc *doc = NULL;
	struct diag fault = {};
	struct remark before = remark_of(&to->counts);
	if (is_read(s->change) && json_read(s->bytes, &limits, &doc, &fault))
		ioc_unknown(&to->counts, &fault, s->bytes);
	else if (doc)
		arm_members(yyjson_doc_get_root(doc), &s->known, to);
	add_since(&s->said, before, remark_of(&to->counts));
	s->end = to->all.len;
}

static void
read_lot(struct lot *l)
{
	for (size_t i = 0; i < l->steps.len; i++)
		read_step(&l->steps.at[i], &l->batch);
}

static void *
read_lots(void *context)
{
	struct arming *a = context;
	pthread_mutex_lock(&a->lock);
	for (size_t next = 0;; next++) {
		struct lot *l = &a->lot[next % LOTS];
		while (l->state != LOT_FILLED && !a->ending)
			pthread_cond_wait(&a->changed, &a->lock);
		if (l->state != LOT_FILLED)
			break;
		pthread_mutex_unlock(&a->lock);
		read_lot(l);
		pthread_mutex_lock(&a->lock);
		l->state = LOT_READ;
		pthread_cond_broadcast(&a->changed);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void
give(struct arming *a, struct lot *l, enum lot_state state)
{
	pthread_mutex_lock(&a->lock);
	l->state = state;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static enum rc
settle_step(struct arming *a, struct step *s, const struct arm_batch *from, size_t first,
	struct ioc_counts *counts, struct diag *why)
{
	struct uuid object;
	struct remark before = remark_of(counts);
	if (s->change != ARMING_NEW && s->change != ARMING_REVOKED)
		match_set_revoke(a->set, s->known.id);
	enum rc code = arm_add(a->set, from, first, s->end, counts, why);
	add_since(&s->said, before, remark_of(counts));
	s->said.of[REMARK_REVOKED] += s->change == ARMING_WITHDRAWS || s->change == ARMING_REVOKED;
	/* Of what is new nothing was said before. */
	bool any = s->change != ARMING_NEW;
	for (size_t k = 0; k < REMARKS; k++)
		any |= s->said.of[k] != 0;
	if (any && !versions_object(s->known.id, &object))
		versions_remark(a->versions, &object, &s->said);
	return code;
}

/* Puts the oldest lot under way into the set, once it is read. */
static enum rc
settle(struct arming *a, struct diag *why)
{
	struct lot *l = &a->lot[a->tail++ % LOTS];
	size_t first = 0;
	struct ioc_counts counts = {};
	enum rc code = RC_OK;
	pthread_mutex_lock(&a->lock);
	while (l->state != LOT_READ)
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; !code && i < l->steps.len; i++) {
		struct step *s = &l->steps.at[i];
		code = settle_step(a, s, &l->batch, first, &counts, why);
		first = s->end;
	}
	arm_batch_reset(&l->batch);
	l->steps.len = l->bytes = 0;
	give(a, l, LOT_FREE);
	return code;
}

static void
hand_over(struct arming *a)
{
	struct lot *l = &a->lot[a->head % LOTS];
	if (!l->steps.len)
		return;
	a->head++;
	give(a, l, LOT_FILLED);
}

enum rc
arming_new(struct match_set *set, struct versions *versions, struct arming **out, struct diag *why)
{
	struct arming *a = mem_new(sizeof *a);
	a->set = set;
	a->versions = versions;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (pthread_create(&a->reader, NULL, read_lots, a) != 0) {
		free(a);
		return diag_fail(why, RC_LIMIT, "the system gives no thread");
	}
	*out = a;
	return RC_OK;
}

enum rc
arming_add(
	struct arming *a, enum arming_change change, const struct vault_object *o, struct diag *why)
{
	struct lot *l = &a->lot[a->head % LOTS];
	struct arena *mem = &l->batch.arena;
	struct step s = {.change = change};
	s.known.id = arena_dup(mem, o->id);
	if (is_read(change)) {
		s.known.party = o->creator.len ? arena_dup(mem, o->creator) : (struct span){};
		s.known.tlp = (enum tlp)o->tlp;
		s.bytes = arena_dup(mem, o->bytes);
	}
	*vec_add(&l->steps) = s;
	l->bytes += s.bytes.len + sizeof s;
	if (l->bytes < LOT_BYTES)
		return RC_OK;
	hand_over(a);
	return a->head - a->tail == LOTS ? settle(a, why) : RC_OK;
}

enum rc
arming_finish(struct arming *a, struct diag *why)
{
	enum rc code = RC_OK;
	hand_over(a);
	while (!code && a->tail < a->head)
		code = settle(a, why);
	return code;
}

void
arming_free(struct arming *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->ending = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	must(pthread_join(a->reader, NULL) == 0);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	for (size_t i = 0; i < LOTS; i++) {
		arm_batch_fini(&a->lot[i].batch);
		free(a->lot[i].steps.at);
	}
	free(a);
}

void
arming_explain(const struct vault_object *o, struct ioc_counts *counts)
{
	own_arm_batch struct arm_batch batch = {};
	own_match_set struct match_set *set = match_set_new(0);
	struct step s = {.change = ARMING_NEW,
		.known = {.id = o->id, .party = o->creator, .tlp = (enum tlp)o->tlp},
		.bytes = o->bytes};
	read_step(&s, &batch);
	/* A set of its own is not full. */
	(void)!arm_commit(set, &batch, counts, NULL);
}
