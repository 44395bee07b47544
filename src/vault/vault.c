#include <stdlib.h>
#include <string.h>

#include "vault/vault-internal.h"

static const char sql_state[] =
	"select last, quarantined, epoch, seed from vault_state where one = 1";
static const char sql_set[] = "update vault_state set last = $1, quarantined = $2 where one = 1";

enum rc
vault_state_read(struct vault *v, struct vault_state *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, sql_state, &st, why);
	if (rc == RC_OK)
		rc = stmt_step(st, why);
	if (rc != RC_OK)
		return rc == RC_NONE ? diag_fail(why, RC_IO, "the vault's state is missing") : rc;
	struct span epoch = stmt_bytes(st, 2);
	if (epoch.len != sizeof v->epoch.byte)
		return diag_fail(why, RC_IO, "the vault's state is damaged");
	if (memcmp(v->epoch.byte, epoch.ptr, epoch.len) != 0) {
		memcpy(v->epoch.byte, epoch.ptr, epoch.len);
		v->seed = (uint64_t)stmt_i64(st, 3);
		vault_names_forget(v);
	}
	*out = (struct vault_state){.last = stmt_i64(st, 0), .quarantined = stmt_i64(st, 1)};
	return RC_OK;
}

enum rc
vault_state_write(struct vault *v, const struct vault_state *state, struct diag *why)
{
	struct stmt *st;
	enum rc rc = store_sql(v->store, sql_set, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, state->last);
	stmt_bind_i64(st, 2, state->quarantined);
	return stmt_run(st, why);
}

enum rc
vault_refresh(struct vault *v, struct diag *why)
{
	struct vault_state state;
	int64_t version = store_version(v->store);
	if (version == v->checked)
		return RC_OK;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		v->checked = version;
	return rc;
}

enum rc
vault_undo(struct vault *v, enum rc rc)
{
	store_rollback(v->store);
	return rc;
}

enum rc
vault_open(struct store *s, struct clock clock, struct vault **out, struct diag *why)
{
	struct vault_state state;
	struct vault *v = mem_new(sizeof *v);
	v->store = s;
	v->clock = clock;
	v->checked = INT64_MIN;
	v->names = vault_names_new();
	enum rc rc = vault_state_read(v, &state, why);
	if (rc != RC_OK)
		vault_close(&v);
	else
		*out = v;
	return rc;
}

void
vault_close(struct vault **p)
{
	struct vault *v = take(p);
	if (!v)
		return;
	vault_names_free(&v->names);
	arena_fini(&v->collection_text);
	free(v);
}

enum rc
vault_last(struct vault *v, int64_t *out, struct diag *why)
{
	struct vault_state state;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		*out = state.last;
	return rc;
}

enum rc
vault_identity(struct vault *v, struct uuid *out, struct diag *why)
{
	struct vault_state state;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		*out = v->epoch;
	return rc;
}

bool
vault_changed(struct vault *v)
{
	return store_changed(v->store);
}

void
vault_idle(struct vault *v)
{
	store_idle(v->store);
}
