/* What doctor says about the node's files, its backups, the system's limits and the clock. */
#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "node/doctor-internal.h"
#include "node/layout.h"

#define DAY (INT64_C(86400) * SECOND)
enum { BACKUP_DAYS = 7, FUTURE_SECONDS = 5, FILES_BESIDE = 64 };

/* What belongs into the node's folder; "*" at the end: whatever begins so. */
static const char *const in_node[] = {LAYOUT_CONF, LAYOUT_IDENTITY, LAYOUT_STORE,
	LAYOUT_STORE "-wal", LAYOUT_STORE "-shm", LAYOUT_STORE ".before-*", LAYOUT_KEYS, LAYOUT_RUN,
	"set", "history", "exercise", NULL};
static const char *const copies_in_keys[] = {
	"node.key", "mac.key", "ca.key", "server.key", "client.key", NULL};

static bool
belongs(const char *name)
{
	for (const char *const *known = in_node; *known; known++) {
		size_t len = strlen(*known);
		if ((*known)[len - 1] == '*' ? strncmp(name, *known, len - 1) == 0
					     : strcmp(name, *known) == 0)
			return true;
	}
	return false;
}

/* In keys/, where people put certificates of their own: "node.key.bak" is a key that nobody looks after. */
static bool
is_copy(const char *name)
{
	for (const char *const *key = copies_in_keys; *key; key++)
		if (strncmp(name, *key, strlen(*key)) == 0 && name[strlen(*key)])
			return true;
	return false;
}

/* Whether the configuration names this file. */
static bool
configured(const struct conf *conf, const char *path)
{
	const char *const named[] = {conf->tls_cert, conf->tls_key, conf->client_ca};
	struct stat st, other;
	if (stat(path, &st) < 0)
		return false;
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
		if (named[i] && stat(named[i], &other) == 0 && other.st_dev == st.st_dev &&
			other.st_ino == st.st_ino)
			return true;
	return false;
}

/* Bits of a mode that others must not have on this file. */
static unsigned
forbidden(const char *name)
{
	if (strncmp(name, LAYOUT_STORE, strlen(LAYOUT_STORE)) == 0)
		return 077;
	return strcmp(name, LAYOUT_CONF) == 0 || strcmp(name, LAYOUT_IDENTITY) == 0 ? 022 : 0;
}

static void
judge_file(struct doctor *d, const char *path, const char *name, bool known, uid_t owner)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return;
	unsigned excess = S_ISREG(st.st_mode) ? st.st_mode & forbidden(name) : 0;
	if (!known) {
		struct diag *f = doctor_add(d, "files", DOCTOR_NOTE);
		diag_where(f, "%s", path);
		diag_what(f,
			"this program made no such file: a copy of a key or of the database is as "
			"secret as they are");
		diag_todo(f, "mv %s to where it belongs, or rm %s", path, path);
	}
	if (excess) {
		struct diag *f = doctor_add(d, "files", DOCTOR_WEAK);
		diag_where(f, "%s", path);
		diag_what(f, "others may %s it (mode %03o)", excess & 044 ? "read" : "write",
			st.st_mode & 0777u);
		diag_todo(f, "chmod %03o %s", st.st_mode & 0777u & ~forbidden(name), path);
	}
	if (st.st_uid != owner) {
		struct diag *f = doctor_add(d, "files", DOCTOR_WEAK);
		diag_where(f, "%s", path);
		diag_what(f, "it belongs to another user than the node's folder");
		diag_todo(f, "chown --reference=%s %s", d->node->dir, path);
	}
}

static enum rc
judge_folder(struct doctor *d, const char *folder, bool keys, uid_t owner)
{
	DIR *dir = opendir(folder);
	unsigned beside = 0;
	if (!dir)
		return RC_OK; /* another check names it */
	for (struct dirent *one; (one = readdir(dir));) {
		own_arena struct arena a = {};
		if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0)
			continue;
		const char *path = layout_path(&a, folder, one->d_name);
		bool mine = (keys ? !is_copy(one->d_name) : belongs(one->d_name)) ||
			    configured(d->conf, path);
		if (mine || beside++ < FILES_BESIDE)
			judge_file(d, path, one->d_name, mine, owner);
	}
	closedir(dir);
	return RC_OK;
}

enum rc
doctor_files(struct doctor *d, struct diag *why)
{
	(void)why;
	own_arena struct arena a = {};
	struct stat st;
	if (stat(d->node->dir, &st) < 0)
		return RC_OK;
	enum rc code = judge_folder(d, d->node->dir, false, st.st_uid);
	return code ? code
		    : judge_folder(d, layout_path(&a, d->node->dir, LAYOUT_KEYS), true, st.st_uid);
}

/* `tocsin backup` leaves the time of the last one. */
enum rc
doctor_backup(struct doctor *d, struct diag *why)
{
	own_arena struct arena a = {};
	struct span text = {};
	struct diag ignored = {};
	int64_t at = 0, last = 0, now = clock_now(d->node->clock);
	enum rc code = vault_last(d->node->vault, &last, why);
	if (code || last == 0)
		return code;
	if (!layout_read(&a, layout_path(&a, d->node->dir, LAYOUT_BACKED), 64, &text, &ignored) &&
		!span_to_i64(span_trim(text), &at))
		at = 0;
	if (at > 0 && (last <= at || now - at < BACKUP_DAYS * DAY))
		return RC_OK;
	struct diag *f = doctor_add(d, "backup", DOCTOR_WEAK);
	diag_where(f, "%s", d->node->dir);
	if (at <= 0)
		diag_what(f, "no backup was ever made of it");
	else
		diag_what(f, "the last backup is %lld days old", (long long)((now - at) / DAY));
	diag_todo(f, "tocsin backup FILE, on another disk; and copy keys/, which is not in it");
	return RC_OK;
}

enum rc
doctor_limits(struct doctor *d, struct diag *why)
{
	enum { SPARE = 512 };
	struct rlimit limit;
	rlim_t need = (rlim_t)d->conf->max_connections + SPARE;
	(void)why;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max >= need)
		return RC_OK;
	struct diag *f = doctor_add(d, "limits", DOCTOR_WEAK);
	diag_where(f, "max-connections = %lld", (long long)d->conf->max_connections);
	diag_what(f, "%llu open files are allowed, fewer than so many connections need",
		(unsigned long long)limit.rlim_max);
	diag_todo(f,
		"ulimit -Hn %llu (LimitNOFILE= of the unit), or set max-connections = %llu in "
		"tocsin.conf",
		(unsigned long long)need,
		(unsigned long long)(limit.rlim_max > 2 * SPARE ? limit.rlim_max - SPARE : 16));
	return RC_OK;
}

/* What is stored later gets later stamps all the same: partners see ours run ahead. */
enum rc
doctor_clock(struct doctor *d, struct diag *why)
{
	int64_t last = 0, now = clock_now(d->node->clock);
	enum rc code = vault_last(d->node->vault, &last, why);
	if (code || last < now + FUTURE_SECONDS * SECOND)
		return code;
	struct diag *f = doctor_add(d, "clock", DOCTOR_WEAK);
	char at[TIME_TEXT];
	time_text(last, at);
	diag_where(f, "%s", d->node->dir);
	diag_what(f, "what was stored last is from %s: the clock was ahead, or is behind now", at);
	diag_todo(f, "run NTP (timedatectl set-ntp true)");
	return RC_OK;
}
