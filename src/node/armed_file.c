#include "node/armed_file.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "memo/release.h"
#include "node/layout.h"
#include "obs/name.h"

#define MAGIC "ARMED\r\n\1"

static_assert(sizeof(struct armed_head) == 64); /* the versions behind it lie at a multiple of 8 */

/* ---- what makes it valid ---- */

enum rc
armed_file_now(struct node *n, struct vault_now *out, struct diag *why)
{
	enum rc code = memo_epoch(n->store, &out->epoch, why);
	if (!code)
		code = vault_last(n->vault, &out->last, why);
	return code ? code : vault_identity(n->vault, &out->vault, why);
}

/* Notes of a segment: name and bytes, each padded to four. */
static void
hash_notes(const char *at, size_t len, uint64_t *out)
{
	ElfW(Nhdr) note;
	while (len >= sizeof note) {
		memcpy(&note, at, sizeof note);
		size_t name = (note.n_namesz + 3) & ~(size_t)3,
		       bytes = (note.n_descsz + 3) & ~(size_t)3, all = sizeof note + name + bytes;
		if (all > len)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			memcmp(at + sizeof note, "GNU", 4) == 0)
			*out = hash64((struct span){at + sizeof note + name, note.n_descsz}, *out);
		at += all;
		len -= all;
	}
}

/* The program itself comes first. */
static int
hash_build(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_NOTE)
			hash_notes((const char *)(uintptr_t)(info->dlpi_addr + p->p_vaddr),
				p->p_memsz, ctx);
	}
	return 1;
}

/* What is armed of an object is this program's judgement: any other build may judge otherwise. */
uint64_t
armed_file_recipe(void)
{
	uint64_t hash = hash64(span_of(TOCSIN_VERSION), name_rules());
	dl_iterate_phdr(hash_build, &hash);
	return hash;
}

enum rc
armed_file_judge(const struct armed_head *head, const struct vault_now *now, struct diag *why)
{
	if (head->recipe != armed_file_recipe() && !mutant(1774))
		return diag_fail(why, RC_CONFLICT,
			"another build of this program made it, or other lists of names");
	if (memcmp(&head->vault, &now->vault, sizeof head->vault) != 0 && !mutant(1775))
		return diag_fail(why, RC_CONFLICT,
			"it was made of another database, or of this one before a restore");
	if (head->epoch != now->epoch && !mutant(1776))
		return diag_fail(
			why, RC_CONFLICT, "users or grants were changed since it was made");
	if (head->stamp > now->last && !mutant(1777))
		return diag_fail(why, RC_CONFLICT, "the database is older than it");
	return RC_OK;
}

/* ---- the file ---- */

bool
armed_file_is_other(const char *dir, struct stat *known)
{
	own_arena struct arena a = {};
	struct stat now = {};
	if (stat(layout_path(&a, dir, LAYOUT_ARMED), &now) < 0)
		now = (struct stat){};
	bool other = now.st_ino != known->st_ino || now.st_dev != known->st_dev ||
		     now.st_size != known->st_size || now.st_mtim.tv_sec != known->st_mtim.tv_sec ||
		     now.st_mtim.tv_nsec != known->st_mtim.tv_nsec;
	*known = now;
	return other;
}

static enum rc
bad(struct diag *why, const char *what)
{
	diag_todo(why, "tocsin set build");
	return diag_fail(why, RC_BAD, "%s", what);
}

/* Nobody but the node's owner may have put it there: it is mapped, and believed as the database is. */
static enum rc
check_owner(const char *dir, const char *path, struct diag *why)
{
	own_arena struct arena a = {};
	struct stat node, folder, file;
	diag_where(why, "%s", path);
	if (lstat(path, &file) < 0 || stat(layout_path(&a, dir, LAYOUT_SET), &folder) < 0 ||
		stat(dir, &node) < 0)
		return diag_fail(why, errno == ENOENT ? RC_NONE : RC_IO, "%s", strerror(errno));
	if (!S_ISREG(file.st_mode))
		return bad(why, "no regular file");
	if (((file.st_mode | folder.st_mode) & 022) && !mutant(1778))
		return bad(why, "others than its owner may write it, or into its folder");
	bool owned = (file.st_uid == node.st_uid || file.st_uid == 0) &&
		     (folder.st_uid == node.st_uid || folder.st_uid == 0);
	return owned ? RC_OK : bad(why, "it belongs to another user than the node's folder");
}

enum rc
armed_file_open(const char *dir, struct set_file **out, struct armed_head *head, struct diag *why)
{
	own_arena struct arena a = {};
	own_set_file struct set_file *file = NULL;
	const char *path = layout_path(&a, dir, LAYOUT_ARMED);
	enum rc code = check_owner(dir, path, why);
	if (!code)
		code = set_file_open(path, &file, why);
	if (code && code != RC_NONE)
		diag_todo(why, "tocsin set build");
	if (code)
		return code;
	struct span annex = set_file_annex(file);
	if (annex.len < sizeof *head || memcmp(annex.ptr, MAGIC, sizeof head->magic) != 0)
		return bad(why, "a set that does not say what the node held");
	memcpy(head, annex.ptr, sizeof *head);
	*out = take(&file);
	return RC_OK;
}

enum rc
armed_file_versions(
	const char *dir, const struct set_file *file, struct versions **out, struct diag *why)
{
	struct span annex = set_file_annex(file);
	struct span packed = span_sub(annex, sizeof(struct armed_head), SIZE_MAX);
	if (annex.len >= sizeof(struct armed_head) && !versions_unpack(packed, out))
		return RC_OK;
	diag_where(why, "%s/" LAYOUT_ARMED, dir);
	return bad(why, "a damaged set: what it says of the node's objects has another length");
}

enum rc
armed_file_verify(const char *dir, const struct set_file *file, struct diag *why)
{
	struct versions *v = NULL;
	enum rc code = set_file_verify(file, why);
	if (!code)
		code = armed_file_versions(dir, file, &v, why);
	if (!code && versions_verify(v))
		code = bad(why, "a damaged set: what it says of the node's objects is in disorder");
	versions_free(v);
	return code;
}

static enum rc
make_folder(const char *dir, struct diag *why)
{
	own_arena struct arena a = {};
	const char *folder = layout_path(&a, dir, LAYOUT_SET);
	if (mkdir(folder, 0700) == 0) {
		struct stat node;
		/* Root's work in somebody's node is that one's. */
		if (geteuid() == 0 && stat(dir, &node) == 0 && node.st_uid &&
			lchown(folder, node.st_uid, node.st_gid) < 0)
			return diag_fail(why, RC_IO, "%s", strerror(errno));
		return RC_OK;
	}
	if (errno == EEXIST)
		return RC_OK;
	diag_where(why, "%s", folder);
	diag_todo(why, "run it as the node's own user, or make room");
	return diag_fail(why, errno == ENOSPC ? RC_FULL : RC_IO, "cannot make the folder: %s",
		strerror(errno));
}

enum rc
armed_file_pack(
	const struct armed_head *head, const struct versions *v, struct buf *out, struct diag *why)
{
	struct armed_head made = *head;
	memcpy(made.magic, MAGIC, sizeof made.magic);
	made.recipe = armed_file_recipe();
	buf_add(out, (struct span){(const char *)&made, sizeof made});
	enum rc code = versions_pack(v, out);
	return code ? diag_fail(why, code, "too many collections or objects for one set") : RC_OK;
}

enum rc
armed_file_write(const char *dir, const struct match_set *set, struct span annex, int64_t now,
	struct diag *why)
{
	own_arena struct arena a = {};
	enum rc code = make_folder(dir, why);
	return code ? code
		    : set_file_write(set, layout_path(&a, dir, LAYOUT_ARMED), annex, now, why);
}
