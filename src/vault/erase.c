#include "vault/erase.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/json.h"
#include "vault/quarantine.h"
#include "vault/search.h"
#include "vault/sql.h"
#include "vault/vault-internal.h"

static const char sql_names[] = "select number, name from vault_name";
static const char sql_rename[] = "update vault_name set name = $2 where number = $1";

static bool
holds(struct span text, struct span value)
{
	if (text.len < value.len)
		return false;
	char low = ascii_lower(value.ptr[0]), high = ascii_upper(value.ptr[0]);
	for (size_t at = 0; at + value.len <= text.len; at++)
		if ((text.ptr[at] == low || text.ptr[at] == high) &&
			span_eq_fold(span_sub(text, at, value.len), value))
			return true;
	return false;
}

static bool
value_holds(yyjson_val *val, struct span value, unsigned depth)
{
	size_t i, count;
	yyjson_val *key, *member;
	if (yyjson_is_str(val))
		return holds(json_span(val), value);
	if (depth > 256)
		return true; /* deeper than anything stored: rather too much than too little */
	if (yyjson_is_arr(val)) {
		yyjson_arr_foreach(val, i, count,
			member) if (value_holds(member, value, depth + 1)) return true;
	} else if (yyjson_is_obj(val)) {
		yyjson_obj_foreach(val, i, count, key,
			member) if (holds(json_span(key), value) ||
				    value_holds(member, value, depth + 1)) return true;
	}
	return false;
}

/* As it stands, or behind JSON's escapes. */
static bool
json_holds(struct span text, struct span value)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true, .depth = 256};
	own_json yyjson_doc *doc = NULL;
	if (holds(text, value))
		return true;
	if (span_find_byte(text, '\\') == SIZE_MAX || json_read(text, &limits, &doc, NULL) != RC_OK)
		return false;
	return value_holds(yyjson_doc_get_root(doc), value, 0);
}

/* The rows first, for deleting under a statement that still reads would be asking for trouble. */
static enum rc
find_objects(struct vault *v, struct span value, struct vault_group *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_EVERYTHING], &st, why);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, why)) == RC_OK)
		if (json_holds(stmt_bytes(st, VAULT_COLUMN_BYTES), value))
			vault_row_read(st, vec_add(out));
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
erase_objects(struct vault *v, struct span value, uint64_t *count, struct diag *why)
{
	own_group struct vault_group doomed = {}, rest = {};
	enum rc rc = find_objects(v, value, &doomed, why);
	for (size_t i = 0; rc == RC_OK && i < doomed.len; i++) {
		const struct vault_row *row = &doomed.at[i];
		rc = vault_object_delete(v, row, why);
		if (rc == RC_OK)
			rc = vault_group_load(v, vault_key(v, &row->uuid), &rest, why);
		vault_group_keep(&rest, &row->uuid, row->kind, row->collection);
		if (rc == RC_OK)
			rc = vault_last_update(v, rest.at, rest.len, why);
		(*count)++;
	}
	return rc;
}

static enum rc
erase_quarantined(struct vault *v, struct span value, uint64_t *count, struct diag *why)
{
	own_arena struct arena a = {};
	struct vault_quarantined q;
	int64_t number = 0;
	enum rc rc;
	while ((rc = vault_quarantine_next(v, &number, &a, &q, why)) == RC_OK) {
		if (json_holds(q.object.bytes, value) || holds(q.id, value) ||
			holds(q.version, value) || holds(q.object.creator, value)) {
			rc = vault_quarantine_remove(v, number, why);
			if (rc != RC_OK)
				return rc;
			(*count)++;
		}
		arena_reset(&a);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
erase_statuses(struct vault *v, struct span value, uint64_t *count, struct diag *why)
{
	vec_of(struct uuid) doomed = {};
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_STATUS_ALL], &st, why);
	while (rc == RC_OK && (rc = stmt_step(st, why)) == RC_OK) {
		struct span id = stmt_bytes(st, 0);
		if (id.len == sizeof(struct uuid) && holds(stmt_bytes(st, 1), value))
			memcpy(vec_add(&doomed), id.ptr, id.len);
	}
	rc = rc == RC_NONE ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < doomed.len; i++) {
		struct stmt *delete;
		rc = store_sql(v->store, vault_sql[SQL_STATUS_DELETE], &delete, why);
		if (rc != RC_OK)
			break;
		stmt_bind_blob(delete, 1, vault_uuid_span(&doomed.at[i]));
		rc = stmt_run(delete, why);
		(*count)++;
	}
	free(doomed.at);
	return rc;
}

/* Names of sources and types that hold it get one that says nothing; their numbers stay. */
static enum rc
erase_names(struct vault *v, struct span value, struct diag *why)
{
	vec_of(int64_t) doomed = {};
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, sql_names, &st, why);
	while (rc == RC_OK && (rc = stmt_step(st, why)) == RC_OK)
		if (holds(stmt_bytes(st, 1), value))
			*vec_add(&doomed) = stmt_i64(st, 0);
	rc = rc == RC_NONE ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < doomed.len; i++) {
		own_buf struct buf name = {};
		struct stmt *rename;
		buf_printf(&name, "erased-%lld", (long long)doomed.at[i]);
		rc = store_sql(v->store, sql_rename, &rename, why);
		if (rc != RC_OK)
			break;
		stmt_bind_i64(rename, 1, doomed.at[i]);
		stmt_bind_text(rename, 2, buf_span(&name));
		rc = stmt_run(rename, why);
	}
	free(doomed.at);
	return rc;
}

static enum rc
erase_all(struct vault *v, struct span value, struct vault_erased *out, struct diag *why)
{
	struct vault_state state;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		rc = erase_objects(v, value, &out->versions, why);
	if (rc == RC_OK)
		rc = erase_quarantined(v, value, &out->quarantined, why);
	if (rc == RC_OK)
		rc = erase_statuses(v, value, &out->statuses, why);
	if (rc == RC_OK)
		rc = erase_names(v, value, why);
	/* One segment is left, written anew without the words of what went. */
	if (rc == RC_OK)
		rc = store_run(v->store, "insert into search(search) values('optimize')", why);
	/* Other processes have the names in memory. */
	if (rc == RC_OK && vault_schema.restored)
		rc = vault_schema.restored(v->store, why);
	return rc;
}

enum rc
vault_erase(struct vault *v, struct span value, struct vault_erased *out, struct diag *why)
{
	enum { LEAST = 4 };
	struct vault_erased got = {};
	if (value.len < LEAST)
		return diag_fail(why, RC_BAD, "a value of at least %d bytes is needed", LEAST);
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = erase_all(v, value, &got, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	if (rc != RC_OK)
		return vault_undo(v, rc);
	vault_names_forget(v);
	rc = store_flush(v->store, why);
	if (rc == RC_OK)
		rc = store_files_hold(v->store, value, &got.remains, why);
	/* Pages that were split or merged may keep bytes in their free space. */
	if (rc == RC_OK && got.remains) {
		rc = store_compact(v->store, why);
		if (rc == RC_OK)
			rc = store_files_hold(v->store, value, &got.remains, why);
	}
	if (rc == RC_OK)
		*out = got;
	return rc;
}
