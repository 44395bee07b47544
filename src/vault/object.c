#include <string.h>

#include "vault/sql.h"
#include "vault/vault-internal.h"

enum rc
vault_object_bytes(struct vault *v, int64_t added, struct buf *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_BYTES], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, added);
	rc = stmt_step(st, why);
	if (rc == RC_OK)
		buf_add(out, stmt_bytes(st, 0));
	return rc;
}

static enum rc
run_with(struct vault *v, enum vault_query query, int64_t one, const int64_t *two, struct diag *why)
{
	struct stmt *st;
	enum rc rc = store_sql(v->store, vault_sql[query], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, one);
	if (two)
		stmt_bind_i64(st, 2, *two);
	return stmt_run(st, why);
}

enum rc
vault_object_delete(struct vault *v, const struct vault_row *row, struct diag *why)
{
	own_buf struct buf bytes = {};
	enum rc rc = vault_object_bytes(v, row->added, &bytes, why);
	if (rc == RC_OK)
		rc = vault_search_remove(v, row->added, buf_span(&bytes), why);
	if (rc == RC_OK)
		rc = run_with(v, SQL_ENTRY_DELETE, vault_key(v, &row->uuid), &row->added, why);
	if (rc == RC_OK)
		rc = run_with(v, SQL_OBJECT_DELETE, row->added, NULL, why);
	return rc;
}

/* All rows of an object in one collection (0: in any); none where its type or id is not known. */
static enum rc
rows_of(struct vault *v, struct span id, uint32_t collection, struct vault_group *g,
	struct diag *why)
{
	struct vault_id parsed;
	uint32_t kind;
	g->len = 0;
	if (vault_id_parse(id, &parsed) != RC_OK)
		return RC_OK;
	enum rc rc = vault_name_find(v, parsed.type, &kind, why);
	if (rc == RC_NONE)
		return RC_OK;
	if (rc == RC_OK)
		rc = vault_group_load(v, vault_key(v, &parsed.uuid), g, why);
	if (rc == RC_OK)
		vault_group_keep(g, &parsed.uuid, kind, collection);
	return rc;
}

enum rc
vault_has(struct vault *v, uint32_t collection, struct span id, bool *out, struct diag *why)
{
	own_group struct vault_group g = {};
	enum rc rc = vault_refresh(v, why);
	if (rc == RC_OK)
		rc = rows_of(v, id, collection, &g, why);
	if (rc == RC_OK)
		*out = g.len > 0;
	return rc;
}

enum rc
vault_item_load(
	struct vault *v, int64_t added, struct arena *a, struct vault_item *out, struct diag *why)
{
	struct vault_text text;
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_ONE_BYTES], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, added);
	rc = stmt_step(st, why);
	if (rc != RC_OK)
		return rc;
	vault_item_read(v, st, VAULT_BYTES, &text, out);
	vault_item_copy(a, out);
	return RC_OK;
}

/* The newest of an object's rows: of the latest specification, then by version, then as added. */
static const struct vault_row *
newest_of(const struct vault_group *g)
{
	const struct vault_row *best = NULL;
	for (size_t i = 0; i < g->len; i++) {
		const struct vault_row *r = &g->at[i];
		bool newer = best && r->facts.spec != best->facts.spec
				     ? r->facts.spec > best->facts.spec
				     : best && r->version >= best->version;
		if (!best || newer)
			best = r;
	}
	return best;
}

/* All versions of an object in any collection, and which of them is the newest. RC_NONE: there is none. */
static enum rc
rows_and_newest(struct vault *v, struct span id, struct vault_group *g,
	const struct vault_row **newest, struct diag *why)
{
	enum rc rc = vault_refresh(v, why);
	if (rc == RC_OK)
		rc = rows_of(v, id, 0, g, why);
	if (rc != RC_OK)
		return rc;
	*newest = newest_of(g);
	return *newest ? RC_OK : RC_NONE;
}

static enum rc
may_leave(struct vault *v, uint32_t collection, bool *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_NEVER_LEAVES], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, collection);
	rc = stmt_step(st, why);
	*out = rc == RC_OK && stmt_i64(st, 0) == 0;
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
vault_standing(struct vault *v, struct span id, struct vault_standing *out, struct diag *why)
{
	own_group struct vault_group g = {};
	const struct vault_row *best = NULL;
	enum rc rc = rows_and_newest(v, id, &g, &best, why);
	if (rc != RC_OK)
		return rc;
	*out = (struct vault_standing){.class = best->facts.class};
	uint32_t asked = 0;
	for (size_t i = 0; rc == RC_OK && i < g.len; i++) {
		const struct vault_row *r = &g.at[i];
		if (r->version == best->version && r->facts.spec == best->facts.spec) {
			out->tlps |= UINT32_C(1) << (r->facts.tlp & 31);
			out->privacies |= UINT32_C(1) << (r->facts.privacy & 31);
		}
		if (!out->leaves && r->collection != asked)
			rc = may_leave(v, asked = r->collection, &out->leaves, why);
	}
	return rc;
}

enum rc
vault_get(
	struct vault *v, struct span id, struct arena *a, struct vault_item *out, struct diag *why)
{
	own_group struct vault_group g = {};
	const struct vault_row *best = NULL;
	enum rc rc = rows_and_newest(v, id, &g, &best, why);
	return rc == RC_OK ? vault_item_load(v, best->added, a, out, why) : rc;
}

static enum rc
delete_picked(struct vault *v, struct vault_group *g, const struct vault_filter *f,
	uint64_t *removed, struct diag *why)
{
	own_mem bool *pick = mem_new(g->len + 1);
	own_mem unsigned *every = mem_new((g->len + 1) * sizeof *every);
	struct vault_filter all_specs = *f;
	enum rc rc = RC_OK;
	size_t kept = 0;
	for (size_t i = 0; i < g->len; i++)
		every[i] = g->at[i].facts.spec;
	if (f->spec_count == 0) {
		all_specs.specs = every;
		all_specs.spec_count = g->len;
	}
	vault_pick(g->at, g->len, &all_specs, VAULT_ALL, pick);
	for (size_t i = 0; rc == RC_OK && i < g->len; i++) {
		if (!pick[i]) {
			g->at[kept++] = g->at[i];
			continue;
		}
		rc = vault_object_delete(v, &g->at[i], why);
		(*removed)++;
	}
	return rc == RC_OK ? vault_last_update(v, g->at, kept, why) : rc;
}

enum rc
vault_delete(struct vault *v, uint32_t collection, struct span id, const struct vault_filter *f,
	uint64_t *removed, struct diag *why)
{
	static const struct vault_filter nothing = {};
	own_group struct vault_group g = {};
	struct vault_state state;
	uint64_t count = 0;
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		rc = rows_of(v, id, collection, &g, why);
	if (rc == RC_OK && g.len == 0)
		rc = diag_fail(why, RC_NONE, "the collection has no such object");
	if (rc == RC_OK)
		rc = delete_picked(v, &g, f ? f : &nothing, &count, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	if (rc != RC_OK)
		return vault_undo(v, rc);
	*removed = count;
	return RC_OK;
}
