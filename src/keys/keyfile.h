#pragma once
/*
 * Files of secrets in one folder (NODE/keys, mode 0700): each 0600, owned by who runs us, created
 * whole or not at all, never overwritten in place. Symbolic links are not followed. Any thread.
 */
#include "base/buf.h"
#include "base/rc.h"

enum { KEYFILE_LONGEST = 1 << 20 };

/* Opens the folder, making it (0700) where it is missing. -1 and why on failure. */
int keyfile_dir(const char *path, struct diag *why);
/*
 * Writes a new file. RC_CONFLICT: there is one already (untouched). Durable when it returns RC_OK;
 * after a crash there is the whole file or none.
 */
enum rc keyfile_create(int dir, const char *name, struct span bytes, struct diag *why);
/* The same, in place of an old one, by rename. */
enum rc keyfile_replace(int dir, const char *name, struct span bytes, struct diag *why);
/*
 * Appends the file's bytes to *out. RC_NONE absent; RC_DENIED: others may read or write it, or
 * another user owns it (why->todo says which command mends it); RC_LIMIT too long; RC_IO.
 */
enum rc keyfile_read(int dir, const char *name, struct buf *out, struct diag *why);
/* Owner, mode and kind alone, of a file or (name ".") of the folder. */
enum rc keyfile_check(int dir, const char *name, struct diag *why);
