#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/own.h"
#include "store/driver.h"

enum {
	APPLICATION = 0x746f6373, /* "tocs", so that file(1) and we know our own */
	PAGE = 8192,
	/* The log is moved into the database when it is this long; a page rewritten meanwhile moves
	   once. Its file keeps that length: cut and grown anew it costs a tenth of all writing. */
	LOG_PAGES = 16384,
	LOG_KEPT = (LOG_PAGES + LOG_PAGES / 8) * PAGE,
	POLL_US = 500,
};

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt *version;
	unsigned busy_ms;
};

/*
 * What the system said. SQLite keeps the errno of the thread, which the calls of its rollback may have changed
 * by then; of a write that failed, the log or the database file knows it.
 */
static int
error_of(sqlite3 *db, int code)
{
	sqlite3_file *log = NULL;
	int error = 0;
	if (!db)
		return 0;
	if (code == SQLITE_IOERR_WRITE) {
		sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
		if (log && log->pMethods)
			log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
		if (!error)
			sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	}
	return error ? error : sqlite3_system_errno(db);
}

static enum rc
code_of(sqlite3 *db, int code)
{
	int error = error_of(db, code);
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW: return RC_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return RC_AGAIN;
	case SQLITE_FULL: return RC_FULL;
	case SQLITE_CONSTRAINT: return RC_CONFLICT;
	case SQLITE_TOOBIG: return RC_LIMIT;
	case SQLITE_NOTADB: return RC_BAD;
	default: return error == ENOSPC || error == EDQUOT || error == EFBIG ? RC_FULL : RC_IO;
	}
}

static enum rc
fail(sqlite3 *db, int code, struct diag *why)
{
	enum rc rc = code_of(db, code);
	const char *file = db ? sqlite3_db_filename(db, "main") : NULL;
	if (file && *file)
		diag_where(why, "%s", file);
	if (rc == RC_FULL) {
		diag_todo(why, "make room on that disk and run the command again; nothing was half "
			       "written");
		return diag_fail(why, rc, "no space left for the database");
	}
	if ((code & 0xff) == SQLITE_READONLY) {
		diag_todo(why, "let its user write there: mount it so, or mend owner and mode");
		return diag_fail(why, rc, "the database is read-only here");
	}
	if (rc == RC_AGAIN) {
		diag_todo(why, "try again; another command or the running node is writing");
		return diag_fail(why, rc, "the database is locked by another writer");
	}
	int error = error_of(db, code);
	return diag_fail(why, rc, "database: %s%s%s",
		db ? sqlite3_errmsg(db) : sqlite3_errstr(code), error ? ": " : "",
		error ? strerror(error) : "");
}

/* SQLite's own handler sleeps up to 100 ms, in which a busy importer takes the lock ever anew. */
static int
wait_for_lock(void *ctx, int tries)
{
	const struct sqlite *q = ctx;
	if ((uint64_t)tries * POLL_US >= (uint64_t)q->busy_ms * 1000)
		return 0;
	usleep(POLL_US);
	return 1;
}

static enum rc
pragma(struct sqlite *q, const char *name, int64_t value, struct diag *why)
{
	char sql[128];
	snprintf(sql, sizeof sql, "pragma %s=%lld", name, (long long)value);
	int code = sqlite3_exec(q->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? RC_OK : fail(q->db, code, why);
}

static int64_t
pragma_read(struct sqlite *q, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t value = -1;
	if (sqlite3_prepare_v2(q->db, sql, -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}

static enum rc
sqlite_run(void *db, const char *sql, struct diag *why)
{
	struct sqlite *q = db;
	int code = sqlite3_exec(q->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? RC_OK : fail(q->db, code, why);
}

static enum rc
configure(struct sqlite *q, const struct store_options *o, bool fresh, struct diag *why)
{
	bool writes = o->mode != STORE_READ;
	int64_t cache = o->cache_kb ? o->cache_kb : (writes ? 8192 : 2048);
	enum rc rc = RC_OK;
	sqlite3_busy_handler(q->db, wait_for_lock, q);
	/* Its log and shared memory stay, empty: a disk without room, or read-only, can still be read. */
	int stays = 1;
	if (writes)
		sqlite3_file_control(q->db, "main", SQLITE_FCNTL_PERSIST_WAL, &stays);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	if (fresh) {
		rc = pragma(q, "page_size", PAGE, why);
		if (rc == RC_OK)
			rc = pragma(q, "application_id", APPLICATION, why);
	}
	if (rc == RC_OK)
		rc = pragma(q, "cache_size", -cache, why);
	if (rc == RC_OK)
		rc = pragma(q, "mmap_size", (int64_t)o->mmap_mb << 20, why);
	if (rc == RC_OK)
		rc = sqlite_run(q, "pragma temp_store=memory", why);
	if (rc != RC_OK || !writes)
		return rc;
	/* secure_delete: what is deleted is overwritten, for erasure is a promise. */
	rc = sqlite_run(q,
		"pragma journal_mode=wal; pragma synchronous=full; pragma secure_delete=on", why);
	if (rc == RC_OK)
		rc = pragma(q, "wal_autocheckpoint", LOG_PAGES, why);
	if (rc == RC_OK)
		rc = pragma(q, "journal_size_limit", LOG_KEPT, why);
	if (rc == RC_OK && o->max_pages)
		rc = pragma(q, "max_page_count", o->max_pages, why);
	return rc;
}

static void
sqlite_close(void *db)
{
	struct sqlite *q = db;
	sqlite3_finalize(q->version);
	sqlite3_close_v2(q->db);
	free(q);
}

static enum rc
sqlite_open(const struct store_options *o, void **db, struct diag *why)
{
	struct stat st;
	bool fresh = stat(o->path, &st) != 0 || st.st_size == 0;
	diag_where(why, "%s", o->path);
	if (fresh && o->mode != STORE_CREATE) {
		diag_todo(why, "tocsin init makes a node");
		return diag_fail(why, RC_NONE, "no database here");
	}
	if (fresh) {
		/* Only its owner: it holds what others marked RED. The WAL takes the same mode. */
		own_fd int fd = open(o->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0)
			return diag_fail(why, errno == ENOSPC ? RC_FULL : RC_IO,
				"cannot create: %s", strerror(errno));
	}
	struct sqlite *q = mem_new(sizeof *q);
	q->busy_ms = o->busy_ms ? o->busy_ms : 10000;
	int flags = o->mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int code = sqlite3_open_v2(o->path, &q->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	enum rc rc = code == SQLITE_OK ? RC_OK : fail(q->db, code, why);
	sqlite3_extended_result_codes(q->db, 1);
	if (rc == RC_OK)
		rc = configure(q, o, fresh, why);
	if (rc == RC_OK && pragma_read(q, "pragma application_id") != APPLICATION)
		rc = diag_fail(why, RC_BAD, "not a database of this program");
	if (rc != RC_OK) {
		sqlite_close(q);
		return rc;
	}
	*db = q;
	return RC_OK;
}

static enum rc
sqlite_begin(void *db, enum store_begin kind, struct diag *why)
{
	return sqlite_run(db, kind == STORE_BEGIN_WRITE ? "begin immediate" : "begin", why);
}

static enum rc
sqlite_commit(void *db, struct diag *why)
{
	return sqlite_run(db, "commit", why);
}

static void
sqlite_rollback(void *db)
{
	struct sqlite *q = db;
	if (!sqlite3_get_autocommit(q->db))
		sqlite3_exec(q->db, "rollback", NULL, NULL, NULL);
}

static enum rc
sqlite_prepare(void *db, const char *sql, void **st, struct diag *why)
{
	struct sqlite *q = db;
	sqlite3_stmt *out = NULL;
	int code = sqlite3_prepare_v3(q->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &out, NULL);
	if (code != SQLITE_OK)
		return fail(q->db, code, why);
	*st = out;
	return RC_OK;
}

static void
sqlite_finalize(void *st)
{
	sqlite3_finalize(st);
}

/* "$1" is a name to SQLite, numbered by first appearance, not by its digits. */
static unsigned
sqlite_parameter(void *st, unsigned number)
{
	char name[16];
	snprintf(name, sizeof name, "$%u", number);
	return (unsigned)sqlite3_bind_parameter_index(st, name);
}

static void
sqlite_bind_i64(void *st, unsigned parameter, int64_t value)
{
	sqlite3_bind_int64(st, (int)parameter, value);
}

static void
sqlite_bind_text(void *st, unsigned parameter, struct span text)
{
	if (text.ptr)
		sqlite3_bind_text64(
			st, (int)parameter, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(st, (int)parameter);
}

static void
sqlite_bind_blob(void *st, unsigned parameter, struct span bytes)
{
	if (bytes.ptr)
		sqlite3_bind_blob64(st, (int)parameter, bytes.ptr, bytes.len, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, (int)parameter);
}

static enum rc
sqlite_step(void *st, struct diag *why)
{
	int code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		return RC_OK;
	if (code == SQLITE_DONE)
		return RC_NONE;
	return fail(sqlite3_db_handle(st), code, why);
}

static void
sqlite_reset(void *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

static int64_t
sqlite_column_i64(void *st, unsigned column)
{
	return sqlite3_column_int64(st, (int)column);
}

/* The column is found once, not for each question; its handle is one thread's, so the value stays meanwhile. */
static struct span
sqlite_column_bytes(void *st, unsigned column)
{
	sqlite3_value *value = sqlite3_column_value(st, (int)column);
	const void *bytes = sqlite3_value_blob(value);
	if (bytes)
		return (struct span){bytes, (size_t)sqlite3_value_bytes(value)};
	return sqlite3_value_type(value) == SQLITE_NULL ? (struct span){} : (struct span){"", 0};
}

static bool
sqlite_column_is_null(void *st, unsigned column)
{
	return sqlite3_column_type(st, (int)column) == SQLITE_NULL;
}

static int64_t
sqlite_changes(void *db)
{
	struct sqlite *q = db;
	return sqlite3_changes64(q->db);
}

static int64_t
sqlite_version(void *db)
{
	struct sqlite *q = db;
	int64_t value = -1;
	if (!q->version && sqlite3_prepare_v3(q->db, "pragma data_version", -1,
				   SQLITE_PREPARE_PERSISTENT, &q->version, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(q->version) == SQLITE_ROW)
		value = sqlite3_column_int64(q->version, 0);
	sqlite3_reset(q->version);
	return value;
}

static void
sqlite_idle(void *db)
{
	struct sqlite *q = db;
	if (!sqlite3_db_readonly(q->db, "main"))
		sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	sqlite3_db_release_memory(q->db);
}

static enum rc
sqlite_flush(void *db, struct diag *why)
{
	struct sqlite *q = db;
	int code = sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (code == SQLITE_BUSY)
		return diag_fail(why, RC_AGAIN, "a reader holds an old state of the database");
	return code == SQLITE_OK ? RC_OK : fail(q->db, code, why);
}

static enum rc
sqlite_compact(void *db, struct diag *why)
{
	return sqlite_run(db, "vacuum", why);
}

static enum rc
sync_file(const char *path, struct diag *why)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return diag_fail(why, errno == ENOSPC ? RC_FULL : RC_IO, "cannot sync %s: %s", path,
			strerror(errno));
	return RC_OK;
}

static enum rc
sync_folder_of(const char *path, struct diag *why)
{
	const char *slash = strrchr(path, '/');
	own_mem char *folder = slash ? mem_dup((struct span){path, (size_t)(slash - path) + 1})
				     : mem_dup(SPAN("."));
	return sync_file(folder, why);
}

static enum rc
backup_fail(const char *file, int error, struct diag *why)
{
	diag_where(why, "%s", file);
	return diag_fail(why,
		error == EEXIST	  ? RC_CONFLICT
		: error == ENOSPC ? RC_FULL
				  : RC_IO,
		"cannot create the backup: %s", strerror(error));
}

static enum rc
copy_into(struct sqlite *q, const char *file, struct diag *why)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(q->db, "vacuum main into ?1", -1, &st, NULL);
	if (code == SQLITE_OK) {
		sqlite3_bind_text(st, 1, file, -1, SQLITE_STATIC);
		code = sqlite3_step(st);
	}
	enum rc rc = code == SQLITE_DONE ? RC_OK : fail(q->db, code, why);
	sqlite3_finalize(st);
	/* Room is wanting where the copy goes, and reading rarely fails alone. */
	if (rc != RC_OK)
		diag_where(why, "%s", file);
	return rc == RC_OK ? sync_file(file, why) : rc;
}

/* Written beside its name and given it when whole, so that a name never stands for half a backup. */
static enum rc
sqlite_backup(void *db, const char *file, struct diag *why)
{
	struct buf name = {};
	buf_printf(&name, "%s.part", file);
	buf_add_byte(&name, 0);
	own_mem char *part = name.ptr;
	if (access(file, F_OK) == 0)
		return backup_fail(file, EEXIST, why);
	unlink(part); /* of one that was killed */
	own_fd int fd = open(part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return backup_fail(file, errno, why);
	enum rc rc = copy_into(db, part, why);
	if (rc == RC_OK && link(part, file) != 0)
		rc = backup_fail(file, errno, why);
	unlink(part);
	return rc == RC_OK ? sync_folder_of(file, why) : rc;
}

/* SQLite's backup runs inside one write transaction of the target: readers see the old or the new.
 */
static enum rc
sqlite_replace(void *db, const char *file, struct diag *why)
{
	struct sqlite *q = db;
	sqlite3 *from = NULL;
	int code = sqlite3_open_v2(file, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK) {
		enum rc rc = fail(from, code, why);
		sqlite3_close(from);
		return rc;
	}
	sqlite3_backup *copy = sqlite3_backup_init(q->db, "main", from, "main");
	int64_t start_us = 0;
	do {
		code = copy ? sqlite3_backup_step(copy, -1) : sqlite3_errcode(q->db);
		if (code != SQLITE_BUSY && code != SQLITE_LOCKED)
			break;
		usleep(POLL_US);
		start_us += POLL_US;
	} while (start_us < (int64_t)q->busy_ms * 1000);
	if (copy) {
		int end = sqlite3_backup_finish(copy);
		if (code == SQLITE_DONE)
			code = end;
	}
	sqlite3_close(from);
	return code == SQLITE_OK ? RC_OK : fail(q->db, code, why);
}

static enum rc
sqlite_verify(void *db, struct diag *why)
{
	struct sqlite *q = db;
	sqlite3_stmt *st = NULL;
	enum rc rc = RC_OK;
	int code = sqlite3_prepare_v2(q->db, "pragma integrity_check(1)", -1, &st, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code != SQLITE_ROW)
		rc = diag_fail(why, RC_BAD, "database: %s", sqlite3_errmsg(q->db));
	else if (strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
		rc = diag_fail(
			why, RC_BAD, "the database is damaged: %s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return rc;
}

static const char *const sqlite_files[] = {"", "-wal", NULL};

const struct store_driver store_sqlite = {
	.name = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.run = sqlite_run,
	.prepare = sqlite_prepare,
	.finalize = sqlite_finalize,
	.parameter = sqlite_parameter,
	.bind_i64 = sqlite_bind_i64,
	.bind_text = sqlite_bind_text,
	.bind_blob = sqlite_bind_blob,
	.step = sqlite_step,
	.reset = sqlite_reset,
	.column_i64 = sqlite_column_i64,
	.column_bytes = sqlite_column_bytes,
	.column_is_null = sqlite_column_is_null,
	.changes = sqlite_changes,
	.version = sqlite_version,
	.idle = sqlite_idle,
	.backup = sqlite_backup,
	.replace = sqlite_replace,
	.verify = sqlite_verify,
	.flush = sqlite_flush,
	.compact = sqlite_compact,
	.files = sqlite_files,
	.explain = "explain query plan ",
	.explain_column = 3,
};
