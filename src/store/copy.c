#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/own.h"
#include "store/driver.h"

/* Opens without judging schemas. */
static enum rc
open_any(const char *path, enum store_mode mode, void **db, struct diag *why)
{
	struct store_options o = {.path = path, .mode = mode};
	return store_sqlite.open(&o, db, why);
}

static const char *
beside(struct buf *out, const char *path, const char *suffix)
{
	buf_reset(out);
	buf_printf(out, "%s%s", path, suffix);
	buf_add_byte(out, 0);
	return out->ptr;
}

static void
remove_database(const char *path)
{
	own_buf struct buf name = {};
	unlink(path);
	unlink(beside(&name, path, "-wal"));
	unlink(beside(&name, path, "-shm"));
}

/* A backup beside the database, made by root, is as much its owner's as the database. */
static void
adopt_beside(const char *made, const char *path)
{
	const char *slash = strrchr(path, '/'), *other = strrchr(made, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	if ((other ? (size_t)(other - made) + 1 : 0) != len || memcmp(made, path, len) != 0)
		return;
	own_mem char *name = mem_dup(len ? (struct span){path, len} : SPAN("."));
	own_fd int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = open(made, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && folder >= 0 && !fd_adopt(fd, folder))
		return; /* it is whole, and says who owns it */
}

/* A copy of `file` at `to`, whole and of our newest schemas. */
static enum rc
prepare_copy(const char *file, const char *to, const struct store_schema *const *schemas,
	struct diag *why)
{
	void *db = NULL;
	remove_database(to);
	diag_where(why, "%s", file);
	enum rc rc = open_any(file, STORE_READ, &db, why);
	if (rc != RC_OK)
		diag_todo(why, "name a file that \"tocsin backup\" wrote");
	if (rc == RC_OK) {
		rc = store_sqlite.verify(db, why);
		if (rc == RC_OK)
			rc = store_sqlite.backup(db, to, why);
		store_sqlite.close(db);
	}
	if (rc != RC_OK)
		return rc;
	own_store struct store *s = NULL;
	struct store_options o = {.path = to, .mode = STORE_WRITE};
	rc = store_open(&o, &s, why);
	if (rc == RC_OK)
		rc = store_begin(s, why);
	if (rc == RC_OK)
		rc = store_schema_apply(s, schemas, why);
	for (; rc == RC_OK && *schemas; schemas++)
		if ((*schemas)->restored)
			rc = (*schemas)->restored(s, why);
	if (rc == RC_OK)
		rc = store_commit(s, why);
	if (rc != RC_OK)
		diag_where(why, "%s", file);
	return rc;
}

enum rc
store_restore(const char *path, const char *file, const struct store_schema *const *schemas,
	struct diag *why)
{
	own_buf struct buf fresh = {}, before = {};
	void *db = NULL;
	beside(&fresh, path, ".restoring");
	beside(&before, path, ".before-restore");
	enum rc rc = prepare_copy(file, fresh.ptr, schemas, why);
	if (rc) {
		remove_database(fresh.ptr);
		return rc;
	}
	rc = open_any(path, STORE_WRITE, &db, why);
	if (rc == RC_NONE) {
		/* Nothing is there to keep: an empty database takes its place and is filled. */
		rc = open_any(path, STORE_CREATE, &db, why);
	} else if (rc == RC_OK) {
		unlink(before.ptr);
		rc = store_sqlite.backup(db, before.ptr, why);
		if (rc == RC_OK)
			adopt_beside(before.ptr, path);
	}
	if (rc == RC_OK)
		rc = store_sqlite.replace(db, fresh.ptr, why);
	if (db)
		store_sqlite.close(db);
	remove_database(fresh.ptr);
	return rc;
}

enum rc
store_upgrade(const char *path, const char *backup_file, const struct store_schema *const *schemas,
	struct diag *why)
{
	own_store struct store *s = NULL;
	struct store_options o = {.path = path, .mode = STORE_WRITE};
	enum rc rc = store_open(&o, &s, why);
	if (rc != RC_OK)
		return rc;
	rc = store_schema_check(s, schemas, why);
	if (rc == RC_OK)
		return RC_NONE;
	if (rc != RC_CONFLICT)
		return rc;
	rc = store_backup(s, backup_file, why);
	if (rc == RC_OK) {
		adopt_beside(backup_file, path);
		rc = store_begin(s, why);
	}
	if (rc == RC_OK)
		rc = store_schema_apply(s, schemas, why);
	if (rc == RC_OK)
		rc = store_commit(s, why);
	else
		store_rollback(s);
	return rc;
}
