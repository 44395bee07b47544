#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "base/rng.h"
#include "vault/sql.h"
#include "vault/vault-internal.h"

#define COLUMNS "number, id, alias, title, description, never_leaves, made"

static const char sql_by_number[] = "select " COLUMNS " from collection where number = $1";
static const char sql_by_id[] = "select " COLUMNS " from collection where id = $1";
static const char sql_by_alias[] = "select " COLUMNS " from collection where alias = $1";
static const char sql_next[] =
	"select " COLUMNS " from collection where number > $1 order by number limit 1";
static const char sql_add[] =
	"insert into collection(id, alias, title, description, never_leaves, made) "
	"values($1, $2, $3, $4, $5, $6)";
static const char sql_remove[] = "delete from collection where number = $1";

static enum rc
read_one(struct vault *v, struct stmt *st, struct vault_collection *out, struct diag *why)
{
	enum rc rc = stmt_step(st, why);
	if (rc != RC_OK)
		return rc;
	struct arena *a = &v->collection_text;
	arena_reset(a);
	*out = (struct vault_collection){
		.number = (uint32_t)stmt_i64(st, 0),
		.alias = arena_dup(a, stmt_bytes(st, 2)),
		.title = arena_dup(a, stmt_bytes(st, 3)),
		.description = arena_dup(a, stmt_bytes(st, 4)),
		.never_leaves = stmt_i64(st, 5),
		.made = stmt_i64(st, 6),
	};
	struct span id = stmt_bytes(st, 1);
	if (id.len != sizeof out->id.byte)
		return diag_fail(why, RC_IO, "a collection's id is damaged");
	memcpy(out->id.byte, id.ptr, id.len);
	return RC_OK;
}

enum rc
vault_collection_by_number(
	struct vault *v, uint32_t number, struct vault_collection *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, sql_by_number, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	rc = read_one(v, st, out, why);
	return rc == RC_NONE ? diag_fail(why, RC_NONE, "no such collection") : rc;
}

enum rc
vault_collection_find(
	struct vault *v, struct span id_or_alias, struct vault_collection *out, struct diag *why)
{
	struct uuid id;
	own_stmt struct stmt *st = NULL;
	bool by_id = uuid_parse(id_or_alias, &id) == RC_OK;
	enum rc rc = store_sql(v->store, by_id ? sql_by_id : sql_by_alias, &st, why);
	if (rc != RC_OK)
		return rc;
	if (by_id)
		stmt_bind_blob(st, 1, vault_uuid_span(&id));
	else
		stmt_bind_text(st, 1, id_or_alias);
	rc = read_one(v, st, out, why);
	if (rc == RC_NONE) {
		diag_where(why, "%.*s", (int)(id_or_alias.len > 80 ? 80 : id_or_alias.len),
			id_or_alias.ptr ? id_or_alias.ptr : "");
		diag_todo(why, "tocsin collection list shows those there are");
		return diag_fail(why, RC_NONE, "no such collection");
	}
	return rc;
}

enum rc
vault_collection_next(
	struct vault *v, uint32_t *number, struct vault_collection *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, sql_next, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, *number);
	rc = read_one(v, st, out, why);
	if (rc == RC_OK)
		*number = out->number;
	return rc;
}

static bool
alias_is_good(struct span alias)
{
	struct uuid id;
	if (alias.len < 1 || alias.len > 64 || uuid_parse(alias, &id) == RC_OK)
		return false;
	for (size_t i = 0; i < alias.len; i++) {
		char c = alias.ptr[i];
		bool word = ascii_is_digit(c) || (c >= 'a' && c <= 'z');
		if (!word && !(i > 0 && (c == '-' || c == '_' || c == '.')))
			return false;
	}
	return true;
}

enum rc
vault_collection_add(struct vault *v, struct vault_collection *c, struct diag *why)
{
	struct vault_collection there;
	char id[UUID_TEXT];
	if (!alias_is_good(c->alias)) {
		diag_todo(why, "use 1 to 64 of a-z 0-9 - _ . starting with a letter or digit");
		return diag_fail(why, RC_BAD, "not an alias for a collection");
	}
	static const struct uuid none = {};
	if (memcmp(&c->id, &none, sizeof none) == 0)
		c->id = uuid_v4(rng_system());
	if ((uuid_version(&c->id) != 4 || !uuid_is_rfc(&c->id)) && !mutant(181))
		return diag_fail(why, RC_BAD, "a collection's id must be a UUIDv4");
	uuid_text(&c->id, id);
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	if (vault_collection_find(v, c->alias, &there, NULL) == RC_OK)
		return vault_undo(
			v, diag_fail(why, RC_CONFLICT, "a collection with this alias exists"));
	if (vault_collection_find(v, span_of(id), &there, NULL) == RC_OK)
		return vault_undo(
			v, diag_fail(why, RC_CONFLICT, "a collection with this id exists"));
	struct stmt *st;
	rc = store_sql(v->store, sql_add, &st, why);
	if (rc != RC_OK)
		return vault_undo(v, rc);
	c->made = c->made ? c->made : clock_now(v->clock);
	stmt_bind_blob(st, 1, vault_uuid_span(&c->id));
	stmt_bind_text(st, 2, c->alias);
	stmt_bind_text(st, 3, c->title.ptr ? c->title : SPAN(""));
	stmt_bind_text(st, 4, c->description.ptr ? c->description : SPAN(""));
	stmt_bind_i64(st, 5, c->never_leaves);
	stmt_bind_i64(st, 6, c->made);
	rc = stmt_run(st, why);
	if (rc == RC_OK)
		rc = vault_collection_find(v, span_of(id), &there, why);
	if (rc != RC_OK)
		return vault_undo(v, rc);
	c->number = there.number;
	rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}

static enum rc
delete_where(struct vault *v, const char *sql, int64_t value, struct diag *why)
{
	struct stmt *st;
	enum rc rc = store_sql(v->store, sql, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, value);
	return stmt_run(st, why);
}

/* Up to `limit` objects in one transaction; RC_NONE once there are none. */
static enum rc
remove_some(struct vault *v, uint32_t number, unsigned limit, struct diag *why)
{
	own_group struct vault_group rows = {};
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_OF_COLLECTION], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	stmt_bind_i64(st, 2, limit);
	while ((rc = stmt_step(st, why)) == RC_OK)
		vault_row_read(st, vec_add(&rows));
	stmt_release(&st);
	for (size_t i = 0; rc == RC_NONE && i < rows.len; i++) {
		enum rc one = vault_object_delete(v, &rows.at[i], why);
		rc = one == RC_OK ? RC_NONE : one;
	}
	if (rc != RC_NONE)
		return rc;
	return rows.len ? RC_OK : RC_NONE;
}

enum rc
vault_collection_remove(struct vault *v, uint32_t number, struct diag *why)
{
	enum { SOME = 2000 };
	struct vault_collection c;
	struct vault_state state;
	enum rc rc = vault_collection_by_number(v, number, &c, why);
	if (rc != RC_OK)
		return rc;
	/* Large ones go in parts, so that other writers get their turn; the last part ends it. */
	while (rc == RC_OK) {
		rc = store_begin(v->store, why);
		if (rc != RC_OK)
			return rc;
		rc = remove_some(v, number, SOME, why);
		if (rc == RC_OK)
			rc = store_commit(v->store, why);
	}
	if (rc == RC_NONE)
		rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		rc = delete_where(v, vault_sql[SQL_QUARANTINE_DELETE_COLLECTION], number, why);
	if (rc == RC_OK) {
		state.quarantined -= store_changes(v->store);
		rc = vault_state_write(v, &state, why);
	}
	if (rc == RC_OK)
		rc = delete_where(v, vault_sql[SQL_STATUS_DELETE_COLLECTION], number, why);
	if (rc == RC_OK)
		rc = delete_where(v, sql_remove, number, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}

enum rc
vault_collection_count(
	struct vault *v, uint32_t number, uint64_t *versions, uint64_t *objects, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_COUNT], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	rc = stmt_step(st, why);
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_IO : rc;
	*versions = (uint64_t)stmt_i64(st, 0);
	*objects = (uint64_t)stmt_i64(st, 1);
	return RC_OK;
}

uint64_t
vault_print_of(int64_t added)
{
	return (uint64_t)added & UINT32_MAX;
}

enum rc
vault_collection_print(struct vault *v, uint32_t number, struct span type, struct vault_print *out,
	struct diag *why)
{
	uint32_t kind;
	own_stmt struct stmt *st = NULL;
	enum rc rc = vault_name_find(v, type, &kind, why);
	*out = (struct vault_print){};
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_OK : rc;
	rc = store_sql(v->store, vault_sql[SQL_PRINT], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	stmt_bind_i64(st, 2, kind);
	rc = stmt_step(st, why);
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_IO : rc;
	*out = (struct vault_print){(uint64_t)stmt_i64(st, 0), (uint64_t)stmt_i64(st, 1)};
	return RC_OK;
}

enum rc
vault_collection_stamps(struct vault *v, uint32_t number, struct span type, int64_t after,
	struct vault_stamps *out, struct diag *why)
{
	uint32_t kind;
	own_stmt struct stmt *st = NULL;
	enum rc rc = vault_name_find(v, type, &kind, why);
	out->len = 0;
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_OK : rc;
	rc = store_sql(v->store, vault_sql[SQL_STAMPS], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, number);
	stmt_bind_i64(st, 2, kind);
	stmt_bind_i64(st, 3, after);
	stmt_bind_i64(st, 4, VAULT_STAMPS);
	while (out->len < VAULT_STAMPS && (rc = stmt_step(st, why)) == RC_OK)
		out->at[out->len++] = stmt_i64(st, 0);
	return rc == RC_NONE ? RC_OK : rc;
}
