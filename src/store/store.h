#pragma once
/*
 * SQL: one handle is one connection to one database and belongs to one thread; open another for
 * another thread or process. Readers see a snapshot and never wait for a writer; writers take the
 * append lock, one at a time over all processes, and what they commit is durable when store_commit
 * returns. Statements are cached in the handle by the address of their SQL text, so SQL is a
 * `static const char[]` of the module that runs it. Parameters are written $1, $2, ... (at most
 * $127, none left out) and bound by that number; PostgreSQL's dialect is followed where SQLite
 * allows (cast($1 as bigint)).
 *
 * Errors of every call: RC_AGAIN the append lock was not had in time; RC_FULL no space left, the
 * transaction is rolled back; RC_IO anything else of the database, also a damaged file.
 */
#include "base/rc.h"
#include "store/schema.h"

struct store;
struct stmt;

enum store_mode {
	STORE_READ,   /* never writes the database (the WAL's shared memory is written still) */
	STORE_WRITE,  /* an existing database */
	STORE_CREATE, /* makes it when it is absent, and the tables of every schema in it */
};

struct store_options {
	const char *path;
	enum store_mode mode;
	const struct store_schema *const
		*schemas;   /* checked at opening; NULL-terminated; may be NULL */
	unsigned busy_ms;   /* wait for the append lock; 0: 10,000 */
	unsigned cache_kb;  /* private page cache; 0: 8 MiB to write, 2 MiB to read */
	unsigned mmap_mb;   /* of the file mapped, shared; 0: none */
	unsigned max_pages; /* refuse to grow beyond; 0: no bound (tests of a full disk) */
};

#define own_store __attribute__((cleanup(store_close)))

/*
 * RC_NONE: no such database; RC_NEWER: a schema in it is newer than ours; RC_CONFLICT: a schema is
 * older or missing, `upgrade` mends it; RC_BAD: another program's database.
 */
enum rc store_open(const struct store_options *options, struct store **out, struct diag *why);
void store_close(struct store **s); /* rolls an open transaction back; NULL accepted */
const char *store_path(const struct store *s);

/* Takes the append lock (waits up to busy_ms, then RC_AGAIN). Transactions do not nest. */
enum rc store_begin(struct store *s, struct diag *why);
/* A snapshot for several reads; without it each statement sees its own. */
enum rc store_begin_read(struct store *s, struct diag *why);
/* Durable on RC_OK; on any other code rolled back, nothing of it is there. */
enum rc store_commit(struct store *s, struct diag *why);
void store_rollback(struct store *s); /* harmless outside a transaction */
bool store_writing(const struct store *s);

/*
 * One statement of the cache, reset and unbound; where the same SQL text is in use already, a new
 * one. It is the caller's until stmt_run or stmt_release (own_stmt), one of which must follow: till
 * then it may hold a snapshot open.
 */
enum rc store_sql(struct store *s, const char *sql, struct stmt **out, struct diag *why);
/* The same, never cached, for SQL made at run time. */
enum rc store_prepare(struct store *s, const char *sql, struct stmt **out, struct diag *why);
void stmt_release(struct stmt **st); /* NULL accepted */

#define own_stmt __attribute__((cleanup(stmt_release)))

/* Number is that of $N. Bytes are borrowed until the statement has run. */
void stmt_bind_i64(struct stmt *st, unsigned number, int64_t value);
void stmt_bind_null(struct stmt *st, unsigned number);
void stmt_bind_text(struct stmt *st, unsigned number, struct span text);
void stmt_bind_blob(struct stmt *st, unsigned number, struct span bytes);
/* RC_OK: a row; RC_NONE: no more rows. After anything but RC_OK no snapshot is held. */
enum rc stmt_step(struct stmt *st, struct diag *why);
/* Ready to be bound and stepped again; for a statement that one loop runs many times. */
void stmt_rewind(struct stmt *st);
/* Runs a statement that yields no row, and releases it; RC_OK when done. */
enum rc stmt_run(struct stmt *st, struct diag *why);

/* Columns from 0; spans are borrowed until the next step or release. NULL reads as 0 and {NULL, 0}.
 */
int64_t stmt_i64(struct stmt *st, unsigned column);
struct span stmt_bytes(struct stmt *st, unsigned column);
bool stmt_is_null(struct stmt *st, unsigned column);

/* Runs statements separated by ";" that bind nothing and yield nothing. */
enum rc store_run(struct store *s, const char *sql, struct diag *why);
/* Rows changed by the last insert, update or delete. */
int64_t store_changes(struct store *s);
/* The plan of a statement, a line a step, appended to `out`; for tests. */
struct buf;
enum rc store_plan(struct store *s, const char *sql, struct buf *out, struct diag *why);

/* A number that changes when another connection commits; under a microsecond. */
int64_t store_version(struct store *s);
/*
 * True when store_version differs from the last call on this handle (the first call says true):
 * poll it every few ms to learn of other processes' commits. Never inside a transaction.
 */
bool store_changed(struct store *s);
/* What to do in quiet times: moves the log into the database and gives cache memory back. */
void store_idle(struct store *s);

/*
 * Moves the whole log into the database and empties it, so that what was deleted is in neither.
 * RC_AGAIN: a reader of an older snapshot stood in the way for busy_ms.
 */
enum rc store_flush(struct store *s, struct diag *why);
/* Writes the database anew without what free space still holds; then flushes. */
enum rc store_compact(struct store *s, struct diag *why);
/* Reads and compares every page and index. RC_BAD: damaged. */
enum rc store_verify(struct store *s, struct diag *why);
/* How often the bytes stand in the database's files, ASCII case ignored: for proofs of erasure. */
enum rc store_files_hold(struct store *s, struct span bytes, uint64_t *out, struct diag *why);
/* The same of one file, a backup perhaps; an absent one holds nothing. */
enum rc store_file_holds(const char *path, struct span bytes, uint64_t *out, struct diag *why);

/*
 * Writes a whole, consistent copy of the database to a new file while others read and write; the
 * copy is durable on RC_OK. RC_CONFLICT: the file exists already.
 */
enum rc store_backup(struct store *s, const char *file, struct diag *why);
/*
 * Puts the content of the backup `file` in place of the database at `path`, in one transaction:
 * other processes may have it open and see the old or the new, nothing between (caches of theirs
 * made from the old must notice: see store_changed). An older backup is brought up to date on the
 * way; what was there is kept as PATH.before-restore. RC_NONE: no such `file`, and nothing was
 * touched; RC_BAD: it is damaged or no database of ours; RC_NEWER.
 */
enum rc store_restore(const char *path, const char *file, const struct store_schema *const *schemas,
	struct diag *why);
/*
 * Brings every schema to its newest version in one transaction, after writing a backup to
 * `backup_file`. RC_NONE: nothing to do, and no backup made. On failure the database is as before.
 */
enum rc store_upgrade(const char *path, const char *backup_file,
	const struct store_schema *const *schemas, struct diag *why);
