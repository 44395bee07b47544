#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "vault/batch-internal.h"
#include "vault/sql.h"

static int
by_key(const void *a, const void *b)
{
	const struct place *one = a, *two = b;
	if (one->key != two->key)
		return one->key < two->key ? -1 : 1;
	return one->item < two->item ? -1 : one->item > two->item;
}

static struct place *
sort(const struct vault_batch *b, const struct vault *v, struct place *room)
{
	struct place *order = mem_grow(room, b->items.len + 1, sizeof *order);
	for (size_t i = 0; i < b->items.len; i++) {
		const struct item *it = &b->items.at[i];
		order[i] = (struct place){
			.key = it->refused ? INT64_MAX : vault_key(v, &it->row.uuid),
			.item = (uint32_t)i,
		};
	}
	qsort(order, b->items.len, sizeof *order, by_key);
	return order;
}

/* Marks what is stored or on its way: the rows of the snapshot and the keys of `before`. */
static enum rc
mark_stored(
	struct vault_batch *b, struct vault *v, const struct vault_batch *before, struct diag *why)
{
	own_stmt struct stmt *probe = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_KEY], &probe, why);
	size_t other = 0, others = before ? before->items.len : 0;
	for (size_t i = 0; rc == RC_OK && i < b->items.len; i++) {
		struct place *p = &b->look.order[i];
		if (p->key == INT64_MAX)
			break;
		if (i && p->key == p[-1].key)
			continue;
		while (other < others && before->look.order[other].key < p->key)
			other++;
		p->stored =
			other < others && before->look.order[other].key == p->key && !mutant(251);
		if (p->stored)
			continue;
		stmt_bind_i64(probe, 1, p->key);
		rc = stmt_step(probe, why);
		stmt_rewind(probe);
		p->stored = rc == RC_OK;
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	return rc;
}

static enum rc
look_up(struct vault_batch *b, struct vault *v, const struct vault_batch *before, struct diag *why)
{
	struct vault_state state;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc != RC_OK)
		return rc;
	b->look.order = sort(b, v, b->look.order);
	b->look.epoch = v->epoch;
	b->look.last = state.last;
	b->look.told = before != NULL;
	return mark_stored(b, v, before, why);
}

void
vault_batch_look(struct vault_batch *b, struct vault *v, const struct vault_batch *before)
{
	struct diag why = {};
	b->look.done = false;
	if ((before && !before->look.done) || store_begin_read(v->store, &why) != RC_OK)
		return;
	b->look.done = look_up(b, v, before, &why) == RC_OK;
	store_rollback(v->store);
}

/*
 * Nobody has added since the look but this handle the one batch that the look was told of. Who adds gives out
 * a newer stamp; what was deleted meanwhile is found absent by judging.
 */
static bool
holds(const struct vault_batch *b)
{
	const struct vault *v = b->vault;
	if (!b->look.done || memcmp(&b->look.epoch, &v->epoch, sizeof v->epoch) != 0)
		return false;
	bool same = b->look.last == b->state.last;
	bool ours = b->look.told && v->looked_to == b->state.last && v->looked_from == b->look.last;
	return same || ours || mutant(252);
}

void
batch_order(struct vault_batch *b)
{
	b->known = holds(b);
	if (!b->known)
		b->sorted = sort(b, b->vault, b->sorted);
	b->order = b->known ? b->look.order : b->sorted;
}
