#pragma once
/*
 * Where a node keeps what: the names inside its folder. Paths are built into the caller's arena.
 *     tocsin.conf   identity.json   tocsin.db   keys/ (0700)   run/ (locks)   set/   history/
 */
#include "base/arena.h"
#include "base/rc.h"

#define LAYOUT_CONF "tocsin.conf"
#define LAYOUT_IDENTITY "identity.json"
#define LAYOUT_STORE "tocsin.db"
#define LAYOUT_KEYS "keys"
#define LAYOUT_RUN "run"
#define LAYOUT_SET "set"
#define LAYOUT_ARMED LAYOUT_SET "/armed.set" /* what the node held when it was compiled last */
#define LAYOUT_BACKED \
	LAYOUT_RUN "/backup" /* when the last backup was made: microseconds, decimal */

/* DIR/name as a C string. */
const char *layout_path(struct arena *a, const char *dir, const char *name);
/* Reads a whole file of at most `limit` bytes into the arena. RC_NONE absent, RC_LIMIT, RC_IO. */
enum rc layout_read(
	struct arena *a, const char *path, size_t limit, struct span *out, struct diag *why);
/*
 * Writes a file whole or not at all: a new file beside it, synced, renamed over it, the folder synced.
 */
enum rc layout_write(const char *path, struct span bytes, unsigned mode, struct diag *why);
/*
 * Takes an exclusive lock on DIR/run/name.lock (made when absent), held until *fd is closed.
 * RC_AGAIN: another process has it.
 */
enum rc layout_lock(const char *dir, const char *name, int *fd, struct diag *why);
