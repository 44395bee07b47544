#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "vault/vault-internal.h"

/* Both ways in memory: numbers count from 1, an open table finds them by name. */
struct vault_names {
	struct arena text;
	vec_of(struct span) of; /* of[number - 1] */
	uint32_t *slots;	/* numbers; 0: free */
	size_t slot_count;	/* a power of two */
};

static const char sql_more[] =
	"select number, name from vault_name where number > $1 order by number";
static const char sql_rename[] = "update vault_name set name = $2 where name = $1";
static const char sql_add[] = "insert into vault_name(number, name) values($1, $2)";

struct vault_names *
vault_names_new(void)
{
	return mem_new(sizeof(struct vault_names));
}

void
vault_names_free(struct vault_names **p)
{
	struct vault_names *n = take(p);
	if (!n)
		return;
	arena_fini(&n->text);
	free(n->of.at);
	free(n->slots);
	free(n);
}

void
vault_names_forget(struct vault *v)
{
	vault_names_free(&v->names);
	v->names = vault_names_new();
}

static void
place(struct vault_names *n, uint32_t number)
{
	size_t slot = hash64(n->of.at[number - 1], 0) & (n->slot_count - 1);
	while (n->slots[slot])
		slot = (slot + 1) & (n->slot_count - 1);
	n->slots[slot] = number;
}

static void
remember(struct vault_names *n, struct span name)
{
	*vec_add(&n->of) = arena_dup(&n->text, name);
	if (n->of.len * 2 > n->slot_count) {
		n->slot_count = n->slot_count ? n->slot_count * 2 : 64;
		free(n->slots);
		n->slots = mem_new(n->slot_count * sizeof *n->slots);
		for (uint32_t i = 1; i <= n->of.len; i++)
			place(n, i);
	} else {
		place(n, (uint32_t)n->of.len);
	}
}

static enum rc
load(struct vault *v, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, sql_more, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, (int64_t)v->names->of.len);
	while ((rc = stmt_step(st, why)) == RC_OK) {
		if (stmt_i64(st, 0) != (int64_t)v->names->of.len + 1)
			return diag_fail(why, RC_IO, "the vault's names are damaged");
		remember(v->names, stmt_bytes(st, 1));
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static uint32_t
lookup(const struct vault_names *n, struct span name)
{
	if (!n->slot_count)
		return 0;
	for (size_t slot = hash64(name, 0);; slot++) {
		uint32_t number = n->slots[slot & (n->slot_count - 1)];
		if (!number || span_eq(n->of.at[number - 1], name))
			return number;
	}
}

enum rc
vault_name_find(struct vault *v, struct span name, uint32_t *out, struct diag *why)
{
	uint32_t number = lookup(v->names, name);
	if (!number) {
		enum rc rc = load(v, why);
		if (rc != RC_OK)
			return rc;
		number = lookup(v->names, name);
	}
	if (!number)
		return RC_NONE;
	*out = number;
	return RC_OK;
}

enum rc
vault_name_number(struct vault *v, struct span name, uint32_t *out, struct diag *why)
{
	enum rc rc = vault_name_find(v, name, out, why);
	if (rc != RC_NONE)
		return rc;
	if (v->names->of.len >= VAULT_NAMES_MAX)
		return diag_fail(why, RC_LIMIT, "more than %d types and sources", VAULT_NAMES_MAX);
	struct stmt *st;
	rc = store_sql(v->store, sql_add, &st, why);
	if (rc != RC_OK)
		return rc;
	uint32_t number = (uint32_t)v->names->of.len + 1;
	stmt_bind_i64(st, 1, number);
	stmt_bind_text(st, 2, name);
	rc = stmt_run(st, why);
	if (rc == RC_OK) {
		remember(v->names, name);
		*out = number;
	}
	return rc;
}

struct span
vault_name_text(struct vault *v, uint32_t number)
{
	if (number > v->names->of.len && load(v, NULL) != RC_OK)
		return SPAN("");
	return number && number <= v->names->of.len ? v->names->of.at[number - 1] : SPAN("");
}

static enum rc
rename_inside(struct vault *v, struct span name, struct span to, struct diag *why)
{
	struct vault_state state;
	struct stmt *st;
	enum rc rc = vault_state_read(v, &state, why);
	if (rc == RC_OK)
		rc = store_sql(v->store, sql_rename, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(st, 1, name);
	stmt_bind_text(st, 2, to);
	rc = stmt_run(st, why);
	if (rc == RC_OK && store_changes(v->store) == 0)
		return RC_NONE;
	/* Other processes have the names in memory. */
	return rc == RC_OK ? vault_schema.restored(v->store, why) : rc;
}

enum rc
vault_source_rename(struct vault *v, struct span name, struct span to, struct diag *why)
{
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = rename_inside(v, name, to, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	if (rc != RC_OK)
		return vault_undo(v, rc);
	vault_names_forget(v);
	return RC_OK;
}
