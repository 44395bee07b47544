#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/own.h"
#include "store/driver.h"

enum {
	CACHE_SLOTS = 256, /* a power of two; a module has a few dozen statements */
	PARAMETERS = 128,
	LONG_HOLD = 20000, /* us of append lock after which others get a chance */
	YIELD_US = 1200,
};

struct stmt {
	struct store *store;
	const struct store_driver *driver;
	void *st;
	bool cached, busy;
	unsigned char parameter[PARAMETERS]; /* of $N at N; 0: none */
};

struct store {
	const struct store_driver *driver;
	void *db;
	char *path;
	enum { IDLE, READING, WRITING } state;
	int64_t begun, held; /* when the lock was had, and how long the last time */
	int64_t seen;	     /* data version at the last store_changed */
	bool seen_any;
	size_t cached;
	struct {
		const char *sql;
		struct stmt *stmt;
	} cache[CACHE_SLOTS];
};

/* SQLite alone so far; PostgreSQL's would be chosen by a "postgresql:" path. */
static const struct store_driver *const drivers[] = {&store_sqlite};

static enum rc
open_schemas(struct store *s, const struct store_options *o, struct diag *why)
{
	if (!o->schemas)
		return RC_OK;
	enum rc rc = store_schema_check(s, o->schemas, why);
	if (rc != RC_CONFLICT || o->mode != STORE_CREATE)
		return rc;
	unsigned version;
	rc = store_begin(s, why);
	if (rc == RC_OK)
		rc = store_schema_version(
			s, o->schemas[0] ? o->schemas[0]->name : "", &version, why);
	/* Creating is for what is not there; an older one is for `upgrade`, after its backup. */
	if (rc == RC_OK && version == 0)
		rc = store_schema_apply(s, o->schemas, why);
	if (rc == RC_OK)
		rc = store_commit(s, why);
	else
		store_rollback(s);
	return rc == RC_OK ? store_schema_check(s, o->schemas, why) : rc;
}

enum rc
store_open(const struct store_options *options, struct store **out, struct diag *why)
{
	void *db = NULL;
	enum rc rc = drivers[0]->open(options, &db, why);
	if (rc != RC_OK)
		return rc;
	struct store *s = mem_new(sizeof *s);
	s->driver = drivers[0];
	s->db = db;
	s->path = mem_dup(span_of(options->path));
	rc = open_schemas(s, options, why);
	if (rc != RC_OK)
		store_close(&s);
	else
		*out = s;
	return rc;
}

void
store_close(struct store **p)
{
	struct store *s = take(p);
	if (!s)
		return;
	store_rollback(s);
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		if (s->cache[i].stmt) {
			s->cache[i].stmt->cached = false;
			stmt_release(&s->cache[i].stmt);
		}
	s->driver->close(s->db);
	free(s->path);
	free(s);
}

const char *
store_path(const struct store *s)
{
	return s->path;
}

enum rc
store_begin(struct store *s, struct diag *why)
{
	must(s->state == IDLE);
	/* Without a pause the one who held the lock long gets it again before those who poll for
	 * it. */
	if (s->held > LONG_HOLD)
		usleep(YIELD_US);
	s->held = 0;
	enum rc rc = s->driver->begin(s->db, STORE_BEGIN_WRITE, why);
	if (rc == RC_OK) {
		s->state = WRITING;
		s->begun = clock_monotonic();
	}
	return rc;
}

enum rc
store_begin_read(struct store *s, struct diag *why)
{
	must(s->state == IDLE);
	enum rc rc = s->driver->begin(s->db, STORE_BEGIN_READ, why);
	if (rc == RC_OK)
		s->state = READING;
	return rc;
}

enum rc
store_commit(struct store *s, struct diag *why)
{
	must(s->state != IDLE);
	enum rc rc = s->driver->commit(s->db, why);
	if (rc != RC_OK)
		s->driver->rollback(s->db);
	if (s->state == WRITING)
		s->held = clock_monotonic() - s->begun;
	s->state = IDLE;
	return rc;
}

void
store_rollback(struct store *s)
{
	s->driver->rollback(s->db);
	s->state = IDLE;
}

bool
store_writing(const struct store *s)
{
	return s->state == WRITING;
}

enum rc
store_prepare(struct store *s, const char *sql, struct stmt **out, struct diag *why)
{
	void *handle = NULL;
	enum rc rc = s->driver->prepare(s->db, sql, &handle, why);
	if (rc != RC_OK)
		return rc;
	struct stmt *st = mem_new(sizeof *st);
	*st = (struct stmt){.store = s, .driver = s->driver, .st = handle};
	for (unsigned n = 1, index; n < PARAMETERS; n++) {
		index = s->driver->parameter(handle, n);
		if (!index)
			break;
		must(index < 256);
		st->parameter[n] = (unsigned char)index;
	}
	*out = st;
	return RC_OK;
}

enum rc
store_sql(struct store *s, const char *sql, struct stmt **out, struct diag *why)
{
	size_t slot = ((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 56;
	static_assert(CACHE_SLOTS == 256, "the shift above takes eight bits");
	while (s->cache[slot].stmt && s->cache[slot].sql != sql)
		slot = (slot + 1) % CACHE_SLOTS;
	if (!s->cache[slot].stmt) {
		must(s->cached < CACHE_SLOTS - 32);
		enum rc rc = store_prepare(s, sql, &s->cache[slot].stmt, why);
		if (rc != RC_OK)
			return rc;
		s->cache[slot].sql = sql;
		s->cache[slot].stmt->cached = true;
		s->cached++;
	}
	if (s->cache[slot].stmt->busy)
		return store_prepare(s, sql, out, why);
	s->cache[slot].stmt->busy = true;
	*out = s->cache[slot].stmt;
	return RC_OK;
}

void
stmt_release(struct stmt **p)
{
	struct stmt *st = take(p);
	if (!st)
		return;
	if (st->cached) {
		st->driver->reset(st->st);
		st->busy = false;
		return;
	}
	st->driver->finalize(st->st);
	free(st);
}

static unsigned
parameter(const struct stmt *st, unsigned number)
{
	must(number && number < PARAMETERS && st->parameter[number]);
	return st->parameter[number];
}

void
stmt_bind_i64(struct stmt *st, unsigned number, int64_t value)
{
	st->driver->bind_i64(st->st, parameter(st, number), value);
}

void
stmt_bind_null(struct stmt *st, unsigned number)
{
	st->driver->bind_text(st->st, parameter(st, number), (struct span){});
}

void
stmt_bind_text(struct stmt *st, unsigned number, struct span text)
{
	st->driver->bind_text(st->st, parameter(st, number), text);
}

void
stmt_bind_blob(struct stmt *st, unsigned number, struct span bytes)
{
	st->driver->bind_blob(st->st, parameter(st, number), bytes);
}

enum rc
stmt_step(struct stmt *st, struct diag *why)
{
	enum rc rc = st->driver->step(st->st, why);
	if (rc != RC_OK)
		st->driver->reset(st->st);
	return rc;
}

void
stmt_rewind(struct stmt *st)
{
	st->driver->reset(st->st);
}

enum rc
stmt_run(struct stmt *st, struct diag *why)
{
	enum rc rc = st->driver->step(st->st, why);
	must(rc != RC_OK);
	stmt_release(&st);
	return rc == RC_NONE ? RC_OK : rc;
}

int64_t
stmt_i64(struct stmt *st, unsigned column)
{
	return st->driver->column_i64(st->st, column);
}

struct span
stmt_bytes(struct stmt *st, unsigned column)
{
	return st->driver->column_bytes(st->st, column);
}

bool
stmt_is_null(struct stmt *st, unsigned column)
{
	return st->driver->column_is_null(st->st, column);
}

enum rc
store_run(struct store *s, const char *sql, struct diag *why)
{
	return s->driver->run(s->db, sql, why);
}

int64_t
store_changes(struct store *s)
{
	return s->driver->changes(s->db);
}

enum rc
store_plan(struct store *s, const char *sql, struct buf *out, struct diag *why)
{
	own_buf struct buf text = {};
	buf_add(&text, span_of(s->driver->explain));
	buf_add(&text, span_of(sql));
	buf_add_byte(&text, 0);
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_prepare(s, text.ptr, &st, why);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, why)) == RC_OK) {
		buf_add(out, stmt_bytes(st, s->driver->explain_column));
		buf_add_byte(out, '\n');
	}
	return rc == RC_NONE ? RC_OK : rc;
}

int64_t
store_version(struct store *s)
{
	return s->driver->version(s->db);
}

bool
store_changed(struct store *s)
{
	must(s->state == IDLE);
	int64_t version = store_version(s);
	bool changed = !s->seen_any || version != s->seen;
	s->seen = version;
	s->seen_any = true;
	return changed;
}

void
store_idle(struct store *s)
{
	if (s->state == IDLE)
		s->driver->idle(s->db);
}

enum rc
store_backup(struct store *s, const char *file, struct diag *why)
{
	must(s->state == IDLE);
	return s->driver->backup(s->db, file, why);
}

enum rc
store_flush(struct store *s, struct diag *why)
{
	must(s->state == IDLE);
	return s->driver->flush(s->db, why);
}

enum rc
store_compact(struct store *s, struct diag *why)
{
	must(s->state == IDLE);
	enum rc rc = s->driver->compact(s->db, why);
	return rc == RC_OK ? s->driver->flush(s->db, why) : rc;
}

enum rc
store_verify(struct store *s, struct diag *why)
{
	return s->driver->verify(s->db, why);
}

static bool
same_fold(const char *a, struct span b)
{
	for (size_t i = 0; i < b.len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

static enum rc
count_in_file(const char *path, struct span bytes, uint64_t *count, struct diag *why)
{
	enum { PIECE = 1 << 20 };
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return RC_OK;
	own_mem char *room = mem_new(PIECE + bytes.len);
	size_t kept = 0;
	for (;;) {
		ssize_t got = fd < 0 ? -1 : read(fd, room + kept, PIECE);
		if (got < 0) {
			diag_where(why, "%s", path);
			return diag_fail(why, RC_IO, "cannot be read: %s", strerror(errno));
		}
		if (got == 0)
			return RC_OK;
		size_t len = kept + (size_t)got, at = 0;
		for (; at + bytes.len <= len; at++)
			*count += same_fold(room + at, bytes);
		memmove(room, room + at, len - at);
		kept = len - at;
	}
}

enum rc
store_file_holds(const char *path, struct span bytes, uint64_t *out, struct diag *why)
{
	*out = 0;
	return count_in_file(path, bytes, out, why);
}

enum rc
store_files_hold(struct store *s, struct span bytes, uint64_t *out, struct diag *why)
{
	uint64_t count = 0;
	must(bytes.len > 0);
	for (const char *const *suffix = s->driver->files; *suffix; suffix++) {
		own_buf struct buf path = {};
		buf_printf(&path, "%s%s", s->path, *suffix);
		buf_add_byte(&path, 0);
		enum rc rc = count_in_file(path.ptr, bytes, &count, why);
		if (rc != RC_OK)
			return rc;
	}
	*out = count;
	return RC_OK;
}
