#include "store/schema.h"

#include "base/own.h"
#include "store/store.h"

static const char sql_table[] = "create table if not exists store_schema(name text primary key, "
				"version integer not null) without rowid";
static const char sql_exists[] =
	"select 1 from sqlite_schema where type = 'table' and name = 'store_schema'";
static const char sql_get[] = "select version from store_schema where name = $1";
static const char sql_put[] = "insert into store_schema(name, version) values($1, $2) on "
			      "conflict(name) do update set version = $2";

enum rc
store_schema_version(struct store *s, const char *name, unsigned *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(s, sql_exists, &st, why);
	if (rc == RC_OK)
		rc = stmt_step(st, why);
	if (rc == RC_NONE) {
		*out = 0;
		return RC_OK;
	}
	own_stmt struct stmt *get = NULL;
	if (rc == RC_OK)
		rc = store_sql(s, sql_get, &get, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(get, 1, span_of(name));
	rc = stmt_step(get, why);
	if (rc == RC_OK || rc == RC_NONE)
		*out = rc == RC_OK ? (unsigned)stmt_i64(get, 0) : 0;
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
apply_one(struct store *s, const struct store_schema *schema, struct diag *why)
{
	unsigned version;
	enum rc rc = store_schema_version(s, schema->name, &version, why);
	if (rc == RC_OK && version > schema->version)
		return diag_fail(why, RC_NEWER,
			"its tables of %s have version %u, this program knows %u", schema->name,
			version, schema->version);
	while (rc == RC_OK && version < schema->version) {
		const struct store_step *step = &schema->steps[version];
		if (step->sql)
			rc = store_run(s, step->sql, why);
		if (rc == RC_OK && step->run)
			rc = step->run(s, why);
		struct stmt *st;
		if (rc == RC_OK)
			rc = store_sql(s, sql_put, &st, why);
		if (rc != RC_OK)
			return rc;
		version++;
		stmt_bind_text(st, 1, span_of(schema->name));
		stmt_bind_i64(st, 2, version);
		rc = stmt_run(st, why);
	}
	return rc;
}

enum rc
store_schema_apply(struct store *s, const struct store_schema *const *schemas, struct diag *why)
{
	enum rc rc = store_run(s, sql_table, why);
	for (; rc == RC_OK && *schemas; schemas++)
		rc = apply_one(s, *schemas, why);
	return rc;
}

enum rc
store_schema_check(struct store *s, const struct store_schema *const *schemas, struct diag *why)
{
	enum rc found = RC_OK;
	for (; *schemas; schemas++) {
		unsigned version;
		enum rc rc = store_schema_version(s, (*schemas)->name, &version, why);
		if (rc != RC_OK)
			return rc;
		diag_where(why, "%s", store_path(s));
		if (version > (*schemas)->version) {
			diag_todo(why,
				"use the newer program that wrote it, or restore an older backup");
			return diag_fail(why, RC_NEWER,
				"its tables of %s have version %u, this program knows %u",
				(*schemas)->name, version, (*schemas)->version);
		}
		if (version < (*schemas)->version && found == RC_OK) {
			diag_todo(why, "tocsin upgrade brings it up to date, after a backup");
			found = diag_fail(why, RC_CONFLICT,
				"its tables of %s have version %u, this program needs %u",
				(*schemas)->name, version, (*schemas)->version);
		}
	}
	return found;
}
