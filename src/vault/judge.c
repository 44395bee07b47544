#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "vault/batch-internal.h"
#include "vault/sql.h"

/* Aside it goes; a full quarantine refuses, so that hostile input cannot fill the disk. */
static enum rc
set_aside(struct vault_batch *b, struct item *it, const char *reason, struct diag *why)
{
	enum { ASIDE_MAX = 200000 };
	struct vault_text text;
	char creator[sizeof text.creator] = "";
	bool added = false;
	it->result = (struct vault_result){VAULT_QUARANTINED, reason, 0};
	if (b->state.quarantined >= ASIDE_MAX) {
		it->result = (struct vault_result){
			VAULT_REFUSED, "quarantine is full: accept or drop what is in it", 0};
		return RC_OK;
	}
	if (it->row.has_creator) {
		memcpy(creator, "identity--", 10);
		uuid_text(&it->row.creator, creator + 10);
	}
	struct vault_aside a = {
		.collection = it->row.collection,
		.source = it->row.source,
		.at = b->now,
		.reason = reason,
		.id = batch_id(b, it, &text),
		.version = batch_version(it, &text),
		.creator = span_of(creator),
		.bytes = it->bytes,
		.version_at = it->row.version,
		.created = it->row.created,
		.facts = it->row.facts,
	};
	enum rc rc = vault_quarantine_put(b->vault, &a, &added, why);
	b->state.quarantined += added;
	return rc;
}

/*
 * Items that share a key with each other or with stored rows. rows[] holds what is stored and then
 * what this batch adds, of which owner[] says the item.
 */
struct gathering {
	struct vault_group rows;
	vec_of(int32_t) owner;
};

static enum rc
content_of(struct vault_batch *b, const struct gathering *g, size_t i, struct buf *room,
	struct span *out, struct diag *why)
{
	if (g->owner.at[i] != UNSTORED) {
		*out = b->items.at[g->owner.at[i]].bytes;
		return RC_OK;
	}
	buf_reset(room);
	enum rc rc = vault_object_bytes(b->vault, g->rows.at[i].added, room, why);
	*out = buf_span(room);
	return rc;
}

/* The row of the same version whose content equals the item's, its own collection's first; -1:
 * none. */
static enum rc
find_equal(struct vault_batch *b, const struct gathering *g, const struct item *it, ptrdiff_t *out,
	struct diag *why)
{
	own_buf struct buf room = {};
	ptrdiff_t found = -1;
	for (size_t i = 0; i < g->rows.len; i++) {
		const struct vault_row *r = &g->rows.at[i];
		if (r->version != it->row.version || r->facts.spec != it->row.facts.spec)
			continue;
		if (found < 0 || r->collection == it->row.collection)
			found = (ptrdiff_t)i;
	}
	*out = -1;
	bool fixed = it->fixed && !mutant(1573);
	if (fixed)
		*out = found;
	if (found < 0 || fixed)
		return RC_OK;
	struct span bytes;
	enum rc rc = content_of(b, g, (size_t)found, &room, &bytes, why);
	if (rc == RC_OK && vault_same_content(bytes, it->bytes))
		*out = found;
	return rc;
}

/* A copy that was brought under a weaker reading of its marks is as strict as those that lie here. */
static void
raise_to_copies(const struct gathering *g, struct item *it)
{
	for (size_t i = 0; i < g->rows.len; i++) {
		const struct vault_row *r = &g->rows.at[i];
		if (r->version == it->row.version && r->facts.spec == it->row.facts.spec &&
			r->facts.tlp > it->row.facts.tlp && !mutant(542))
			it->row.facts.tlp = r->facts.tlp;
	}
}

/*
 * One of the definitions of TLP that comes less strict than it lies here takes that one's place, as arriving
 * now: whoever did not see it has read past where it lay.
 */
static enum rc
take_place(
	struct vault_batch *b, struct gathering *g, uint32_t index, size_t place, struct diag *why)
{
	struct item *it = &b->items.at[index];
	struct vault_row *row = &g->rows.at[place];
	int32_t owner = g->owner.at[place];
	if (owner != UNSTORED) { /* nobody has seen that one yet, and it comes earlier */
		b->items.at[owner].row.facts.tlp = row->facts.tlp = it->row.facts.tlp;
		return RC_OK;
	}
	enum rc rc = vault_object_delete(b->vault, row, why);
	it->row.last = row->last;
	it->result = (struct vault_result){VAULT_ADDED, NULL, 0};
	*row = it->row;
	g->owner.at[place] = (int32_t)index;
	return rc;
}

static enum rc
judge_one(struct vault_batch *b, struct gathering *g, uint32_t index, struct diag *why)
{
	struct item *it = &b->items.at[index];
	ptrdiff_t equal;
	const char *reason;
	enum rc rc = find_equal(b, g, it, &equal, why);
	if (rc != RC_OK)
		return rc;
	const struct vault_source *source = &b->requests.at[it->request].given.source;
	switch (vault_judge(g->rows.at, g->rows.len, &it->row, source, equal, &reason)) {
	case VAULT_RULE_SAME:
		it->result = (struct vault_result){VAULT_DUPLICATE, "stored already", 0};
		it->result.added = g->rows.at[equal].added;
		it->twin = g->owner.at[equal];
		bool lower = it->fixed && it->row.facts.tlp < g->rows.at[equal].facts.tlp;
		return lower && !mutant(1575) ? take_place(b, g, index, (size_t)equal, why) : RC_OK;
	case VAULT_RULE_QUARANTINE: return set_aside(b, it, reason, why);
	case VAULT_RULE_ADD: break;
	}
	if (g->rows.len >= VAULT_VERSIONS_MAX) {
		it->result =
			(struct vault_result){VAULT_REFUSED, "the object has too many versions", 0};
		return RC_OK;
	}
	bool raised = source->power == VAULT_REMOTE && !it->row.facts.unversioned;
	if (raised && (!it->fixed || mutant(1576)))
		raise_to_copies(g, it);
	it->result.verdict = VAULT_ADDED;
	struct vault_row *row = vec_add(&g->rows);
	*row = it->row;
	*vec_add(&g->owner) = (int32_t)index;
	return RC_OK;
}

/* `last` anew in each collection this object's new rows are in. */
static enum rc
settle_last(struct vault_batch *b, struct gathering *g, size_t stored, struct diag *why)
{
	own_mem struct vault_row *part = mem_new((g->rows.len + 1) * sizeof *part);
	own_mem size_t *at = mem_new((g->rows.len + 1) * sizeof *at);
	for (size_t i = stored; i < g->rows.len; i++) {
		uint32_t collection = g->rows.at[i].collection;
		size_t count = 0;
		bool done = false;
		for (size_t k = stored; k < i; k++)
			done |= g->rows.at[k].collection == collection;
		for (size_t k = 0; !done && k < g->rows.len; k++) {
			if (g->rows.at[k].collection != collection)
				continue;
			part[count] = g->rows.at[k];
			at[count++] = k;
		}
		enum rc rc = vault_last_update(b->vault, part, count, why);
		if (rc != RC_OK)
			return rc;
		for (size_t k = 0; k < count; k++)
			if (g->owner.at[at[k]] != UNSTORED)
				b->items.at[g->owner.at[at[k]]].row.last = part[k].last;
	}
	return RC_OK;
}

static void
gathering_fini(struct gathering *g)
{
	vault_group_fini(&g->rows);
	free(g->owner.at);
}

/* One object: all its items in `places` (which may hold others of the same key, left alone). */
static enum rc
judge_object(struct vault_batch *b, const struct vault_group *stored, const struct place *places,
	size_t count, struct diag *why)
{
	__attribute__((cleanup(gathering_fini))) struct gathering g = {};
	const struct vault_row *first = &b->items.at[places[0].item].row;
	enum rc rc = RC_OK;
	for (size_t i = 0; i < stored->len; i++) {
		*vec_add(&g.rows) = stored->at[i];
		*vec_add(&g.owner) = UNSTORED;
	}
	vault_group_keep(&g.rows, &first->uuid, first->kind, 0);
	g.owner.len = g.rows.len;
	size_t before = g.rows.len;
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		const struct vault_row *row = &b->items.at[places[i].item].row;
		if (row->kind == first->kind &&
			memcmp(&row->uuid, &first->uuid, sizeof row->uuid) == 0)
			rc = judge_one(b, &g, places[i].item, why);
	}
	return rc == RC_OK ? settle_last(b, &g, before, why) : rc;
}

/* All items of one key: nearly always one object, new to the vault. */
static enum rc
judge_key(struct vault_batch *b, const struct vault_group *stored, const struct place *places,
	size_t count, struct diag *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct vault_row *row = &b->items.at[places[i].item].row;
		bool seen = false;
		for (size_t k = 0; !seen && k < i; k++) {
			const struct vault_row *other = &b->items.at[places[k].item].row;
			seen = other->kind == row->kind &&
			       memcmp(&other->uuid, &row->uuid, sizeof row->uuid) == 0;
		}
		if (seen)
			continue;
		enum rc rc = judge_object(b, stored, places + i, count - i, why);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
judge_lone(struct vault_batch *b, uint32_t index, struct diag *why)
{
	struct item *it = &b->items.at[index];
	const char *reason;
	if (vault_judge(NULL, 0, &it->row, &b->requests.at[it->request].given.source, -1,
		    &reason) != VAULT_RULE_ADD)
		return set_aside(b, it, reason, why);
	it->result.verdict = VAULT_ADDED;
	it->row.last = true;
	return RC_OK;
}

/* Nearly every key of an import is new: asking only for that costs half of loading a group. */
static enum rc
load_stored(struct vault_batch *b, struct stmt *probe, const struct place *at,
	struct vault_group *stored, struct diag *why)
{
	enum rc rc = at->stored ? RC_OK : RC_NONE;
	stored->len = 0;
	if (!b->known) {
		stmt_bind_i64(probe, 1, at->key);
		rc = stmt_step(probe, why);
		stmt_rewind(probe);
	}
	if (rc == RC_OK)
		return vault_group_load(b->vault, at->key, stored, why);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
batch_judge(struct vault_batch *b, struct diag *why)
{
	own_group struct vault_group stored = {};
	own_stmt struct stmt *probe = NULL;
	enum rc rc = store_sql(b->vault->store, vault_sql[SQL_KEY], &probe, why);
	size_t count = b->items.len;
	while (count && b->items.at[b->order[count - 1].item].refused)
		count--;
	for (size_t i = 0, next; rc == RC_OK && i < count; i = next) {
		next = i + 1;
		while (next < count && b->order[next].key == b->order[i].key)
			next++;
		if (i + BATCH_AHEAD < count)
			__builtin_prefetch(&b->items.at[b->order[i + BATCH_AHEAD].item], 1);
		rc = load_stored(b, probe, &b->order[i], &stored, why);
		if (rc != RC_OK)
			break;
		if (stored.len == 0 && next == i + 1)
			rc = judge_lone(b, b->order[i].item, why);
		else
			rc = judge_key(b, &stored, b->order + i, next - i, why);
	}
	return rc;
}
