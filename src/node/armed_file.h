#pragma once
/*
 * NODE/set/armed.set: a set of everything the vault armed at one commit, and what makes it valid. Behind the
 * set lies what one refresh must know to go on from that commit: its stamp, the gate's epoch, the vault's
 * identity, what this program arms (all of which must be the same still), and which version of which object
 * lay in which collection. It is never mended: it is written anew and renamed, by one process at a time.
 */
#include <sys/stat.h>

#include "base/uuid.h"
#include "match/set_file.h"
#include "node/node.h"
#include "node/versions.h"

/* Of the database, in one snapshot. */
struct vault_now {
	int64_t last, epoch; /* newest stamp; memo_epoch */
	struct uuid vault;   /* vault_identity */
};
enum rc armed_file_now(struct node *n, struct vault_now *out, struct diag *why);

/* At the front of the set's annex; the packed versions follow. Little-endian. */
struct armed_head {
	char magic[8];
	uint64_t recipe;
	int64_t stamp, epoch; /* the vault's last then, and the gate's epoch */
	struct uuid vault;
	int64_t took; /* to make it, us */
	uint64_t unused;
};

/* False where the file is the one that *known tells of, or none is there and none was; *known then tells of it. */
bool armed_file_is_other(const char *dir, struct stat *known);
/*
 * Checks owner and mode, head and section table, and lengths. RC_NONE: none there. RC_BAD and others of
 * set_file_open: why says what is wrong and what mends it.
 */
enum rc armed_file_open(
	const char *dir, struct set_file **out, struct armed_head *head, struct diag *why);
/* RC_CONFLICT: it was valid once; why says what changed since. */
enum rc armed_file_judge(
	const struct armed_head *head, const struct vault_now *now, struct diag *why);
/* What lay where; borrows from the file. RC_BAD: damaged. */
enum rc armed_file_versions(
	const char *dir, const struct set_file *file, struct versions **out, struct diag *why);
/* All of it: bodies, indexes and versions. */
enum rc armed_file_verify(const char *dir, const struct set_file *file, struct diag *why);

struct match_set;
/* The annex that says so; magic and recipe are filled in. RC_LIMIT: too much. */
enum rc armed_file_pack(
	const struct armed_head *head, const struct versions *v, struct buf *out, struct diag *why);
/* Makes the folder where there is none. Errors of set_file_write. The caller has the lock of the set. */
enum rc armed_file_write(const char *dir, const struct match_set *set, struct span annex,
	int64_t now, struct diag *why);
/* What this program, with the lists of names it uses, makes of the same objects. */
uint64_t armed_file_recipe(void);
