#include "vault/quarantine.h"

#include <string.h>

#include "base/hash.h"
#include "vault/sql.h"
#include "vault/vault-internal.h"

static void
read_one(struct vault *v, struct stmt *st, struct arena *a, struct vault_quarantined *out)
{
	struct vault_facts facts = vault_facts_unpack(stmt_i64(st, 10));
	*out = (struct vault_quarantined){
		.number = stmt_i64(st, 0),
		.at = stmt_i64(st, 1),
		.collection = (uint32_t)stmt_i64(st, 2),
		.source = vault_name_text(v, (uint32_t)stmt_i64(st, 3)),
		.reason = arena_dup(a, stmt_bytes(st, 4)),
		.id = arena_dup(a, stmt_bytes(st, 5)),
		.version = arena_dup(a, stmt_bytes(st, 6)),
		.object =
			{
				.version_at = facts.unversioned ? TIME_NONE : stmt_i64(st, 7),
				.created_at = stmt_is_null(st, 8) ? TIME_NONE : stmt_i64(st, 8),
				.creator = arena_dup(a, stmt_bytes(st, 9)),
				.spec = facts.spec,
				.revoked = facts.revoked,
				.class = facts.class,
				.tlp = facts.tlp,
				.privacy = facts.privacy,
				.bytes = arena_dup(a, stmt_bytes(st, 11)),
			},
	};
	out->object.id = out->id;
	out->object.version = facts.unversioned ? SPAN("") : out->version;
}

static int64_t
digest(struct vault *v, const struct vault_aside *a)
{
	uint64_t h = hash64(a->bytes, v->seed);
	return (int64_t)hash64(a->id, h ^ a->collection);
}

enum rc
vault_quarantine_put(struct vault *v, const struct vault_aside *a, bool *added, struct diag *why)
{
	int64_t key = digest(v, a);
	own_stmt struct stmt *same = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_QUARANTINE_SAME], &same, why);
	if (rc != RC_OK)
		return rc;
	*added = false;
	stmt_bind_i64(same, 1, key);
	while ((rc = stmt_step(same, why)) == RC_OK)
		if (span_eq(stmt_bytes(same, 11), a->bytes) &&
			span_eq(stmt_bytes(same, 5), a->id) && stmt_i64(same, 2) == a->collection &&
			stmt_i64(same, 3) == a->source &&
			span_eq(stmt_bytes(same, 4), span_of(a->reason)))
			return RC_OK;
	if (rc != RC_NONE)
		return rc;
	struct stmt *st;
	rc = store_sql(v->store, vault_sql[SQL_QUARANTINE_PUT], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, a->at);
	stmt_bind_i64(st, 2, a->collection);
	stmt_bind_i64(st, 3, a->source);
	stmt_bind_text(st, 4, span_of(a->reason));
	stmt_bind_i64(st, 5, key);
	stmt_bind_text(st, 6, a->id);
	stmt_bind_text(st, 7, a->version);
	stmt_bind_i64(st, 8, a->version_at);
	if (a->created != TIME_NONE)
		stmt_bind_i64(st, 9, a->created);
	stmt_bind_text(st, 10, a->creator);
	stmt_bind_i64(st, 11, vault_facts_pack(&a->facts));
	stmt_bind_blob(st, 12, a->bytes);
	*added = true;
	return stmt_run(st, why);
}

static enum rc
get_where(struct vault *v, enum vault_query query, int64_t number, struct arena *a,
	struct vault_quarantined *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[query], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	rc = stmt_step(st, why);
	if (rc == RC_OK)
		read_one(v, st, a, out);
	return rc;
}

enum rc
vault_quarantine_next(struct vault *v, int64_t *number, struct arena *a,
	struct vault_quarantined *out, struct diag *why)
{
	enum rc rc = vault_refresh(v, why);
	if (rc == RC_OK)
		rc = get_where(v, SQL_QUARANTINE_NEXT, *number, a, out, why);
	if (rc == RC_OK)
		*number = out->number;
	return rc;
}

enum rc
vault_quarantine_remove(struct vault *v, int64_t number, struct diag *why)
{
	struct vault_state state;
	struct stmt *st;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		rc = store_sql(v->store, vault_sql[SQL_QUARANTINE_DELETE], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	rc = stmt_run(st, why);
	if (rc == RC_OK && store_changes(v->store) == 0)
		return diag_fail(why, RC_NONE, "nothing with this number is in quarantine");
	state.quarantined--;
	return rc == RC_OK ? vault_state_write(v, &state, why) : rc;
}

enum rc
vault_quarantine_drop(struct vault *v, int64_t number, struct diag *why)
{
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = vault_quarantine_remove(v, number, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}

static enum rc
accept_inside(struct vault *v, int64_t number, struct arena *a, struct vault_result *out,
	struct diag *why)
{
	struct vault_quarantined q;
	struct vault_state state;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		rc = get_where(v, SQL_QUARANTINE_GET, number, a, &q, why);
	if (rc == RC_NONE)
		return diag_fail(why, RC_NONE, "nothing with this number is in quarantine");
	if (rc == RC_OK)
		rc = vault_quarantine_remove(v, number, why);
	if (rc != RC_OK)
		return rc;
	own_vault_batch struct vault_batch *b = vault_batch_new(v);
	struct vault_request r = {
		.collection = q.collection,
		.source = {.name = q.source, .power = VAULT_OVERRIDE},
	};
	vault_batch_request(b, &r);
	rc = vault_batch_add(b, &q.object);
	if (rc == RC_OK)
		rc = vault_batch_work(b, why);
	if (rc != RC_OK)
		return rc;
	*out = *vault_batch_result(b, 0);
	if (out->verdict == VAULT_ADDED || out->verdict == VAULT_DUPLICATE)
		return RC_OK;
	diag_where(why, "%.*s", (int)q.id.len, q.id.ptr);
	diag_todo(why, "delete the version that is stored first, or drop this one");
	return diag_fail(why, RC_CONFLICT, "%s", out->reason);
}

enum rc
vault_quarantine_accept(struct vault *v, int64_t number, struct vault_result *out, struct diag *why)
{
	own_arena struct arena a = {};
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = accept_inside(v, number, &a, out, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}

enum rc
vault_quarantine_count(struct vault *v, uint64_t *out, struct diag *why)
{
	struct vault_state state;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		*out = (uint64_t)state.quarantined;
	return rc;
}
