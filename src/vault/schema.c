#include "base/rng.h"
#include "vault/vault-internal.h"

static const char version_1[] =
	/* `last`: newest stamp given out, ever. `epoch` changes when a backup is restored. `seed`
	 * keys the hashes of `entry`, so that nobody can make identifiers that collide. */
	"create table vault_state("
	"  one integer primary key check(one = 1), last integer not null, epoch blob not null,"
	"  seed integer not null, quarantined integer not null);"
	/* Types of objects and names of sources. */
	"create table vault_name(number integer primary key, name text not null unique);"
	"create table collection("
	"  number integer primary key autoincrement, id blob not null unique, alias text not null "
	"unique,"
	"  title text not null, description text not null, never_leaves integer not null,"
	"  made integer not null);"
	/* One version in one collection. `last` is 1 for what a page shows by default: the latest
	 * version of the latest specification. `facts` is packed (row.c): a page reads it as one
	 * column of a thousand rows, not nine. */
	"create table object("
	"  added integer primary key, collection integer not null, last integer not null,"
	"  kind integer not null, facts blob not null, bytes blob not null);"
	"create index object_page on object(collection, last, added);"
	"create index object_kind on object(collection, kind, last, added);"
	/* From a hash of the id to its versions: half the size of an index over type and uuid, and
	 * filled in the order of its keys, so that a batch touches each page once. */
	"create table entry(key integer not null, added integer not null, primary key(key, added))"
	"  without rowid;"
	"create table status("
	"  id blob primary key, collection integer not null, owner text not null,"
	"  requested integer not null, complete integer not null, total integer not null,"
	"  successes integer not null, failures integer not null, details blob not null) without "
	"rowid;"
	"create index status_requested on status(requested);"
	"create table quarantine("
	"  number integer primary key autoincrement, at integer not null, collection integer not "
	"null,"
	"  source integer not null, reason text not null, digest integer not null, id text not "
	"null,"
	"  version text not null, version_at integer not null, created integer, creator text not "
	"null,"
	"  facts integer not null, bytes blob not null);"
	"create index quarantine_digest on quarantine(digest);";

/* Contentless: the text is in the objects; `done` is the last stamp it knows. */
static const char version_2[] =
	"create virtual table search using fts5(body, content='', tokenize='unicode61 "
	"remove_diacritics 2');"
	"create table search_state(one integer primary key check(one = 1), done integer not null);"
	"insert into search_state(one, done) values(1, 0);";

static enum rc
state_new(struct store *s, struct diag *why)
{
	static const char sql[] = "insert into vault_state(one, last, epoch, seed, quarantined) "
				  "values(1, 0, $1, $2, 0)";
	struct uuid epoch = uuid_v4(rng_system());
	int64_t seed;
	rng_fill(rng_system(), &seed, sizeof seed);
	struct stmt *st;
	enum rc rc = store_sql(s, sql, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(st, 1, vault_uuid_span(&epoch));
	stmt_bind_i64(st, 2, seed);
	return stmt_run(st, why);
}

static enum rc
epoch_new(struct store *s, struct diag *why)
{
	static const char sql[] = "update vault_state set epoch = $1";
	struct uuid epoch = uuid_v4(rng_system());
	struct stmt *st;
	enum rc rc = store_sql(s, sql, &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(st, 1, vault_uuid_span(&epoch));
	return stmt_run(st, why);
}

static const struct store_step steps[] = {{version_1, state_new}, {version_2, NULL}};

const struct store_schema vault_schema = {
	.name = "vault",
	.version = sizeof steps / sizeof steps[0],
	.steps = steps,
	.restored = epoch_new,
};
