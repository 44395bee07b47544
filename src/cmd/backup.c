/* backup, restore, upgrade, forget: the database as a whole. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "node/compile.h"
#include "node/init.h"
#include "node/layout.h"
#include "vault/erase.h"

/* For doctor. A node that cannot be written to is backed up all the same. */
static void
backup_note(struct cmd_env *env)
{
	struct diag ignored;
	own_buf struct buf text = {};
	buf_printf(&text, "%lld\n", (long long)clock_now(env->clock));
	if (layout_write(cmd_node_path(env, LAYOUT_BACKED), buf_span(&text), 0600, &ignored))
		return;
}

static enum cmd_exit
backup_run(struct cmd_env *env)
{
	own_store struct store *s = NULL;
	struct diag why = {};
	struct store_options o = {.path = cmd_node_path(env, LAYOUT_STORE), .mode = STORE_READ};
	enum rc code = store_open(&o, &s, &why);
	if (!code)
		code = store_backup(s, env->word[0], &why);
	if (code)
		return cmd_fail(&why);
	backup_note(env);
	cmd_say(env, "%s holds the database; keys/, identity.json and tocsin.conf are copied apart",
		env->word[0]);
	return CMD_YES;
}

static enum cmd_exit
restore_run(struct cmd_env *env)
{
	struct diag why = {};
	const char *path = cmd_node_path(env, LAYOUT_STORE);
	if (store_restore(path, env->word[0], node_schemas, &why))
		return cmd_fail(&why);
	cmd_say(env, "restored; what was there is in %s.before-restore", path);
	return CMD_YES;
}

static enum cmd_exit
upgrade_run(struct cmd_env *env)
{
	own_arena struct arena a = {};
	struct diag why = {};
	char now[TIME_TEXT];
	const char *path = cmd_node_path(env, LAYOUT_STORE), *file = cmd_option(env, "backup");
	time_text_ms(clock_now(env->clock), now);
	if (!file)
		file = arena_printf(&a, "%s.before-upgrade-%.19s", path, now).ptr;
	enum rc code = store_upgrade(path, file, node_schemas, &why);
	if (code == RC_NONE && !why.what[0]) {
		cmd_say(env, "nothing to upgrade");
		return CMD_YES;
	}
	if (code)
		return cmd_fail(&why);
	cmd_say(env, "upgraded; what was there is in %s", file);
	return CMD_YES;
}

static const struct cmd_option upgrade_options[] = {
	{"backup", "FILE", "where the backup goes (beside the database, with the time in its name)",
		0, false},
	{},
};

const struct command command_backup = {
	.name = "backup",
	.args = "FILE",
	.summary = "write a copy of the database, while the node runs",
	.needs = NEED_CONF,
	.run = backup_run,
	.more = "The copy is whole and durable when the command ends. FILE must not exist yet. "
		"Keys are not in it.",
};

const struct command command_restore = {
	.name = "restore",
	.args = "FILE",
	.summary = "put a backup's content in place of the database's, while the node runs",
	.needs = NEED_CONF,
	.run = restore_run,
	.more = "Readers see the old content or the new, nothing between. The backup is verified "
		"first, and brought "
		"up to date where it is older; what was there is kept beside the database as "
		".before-restore.",
};

const struct command command_upgrade = {
	.name = "upgrade",
	.summary = "bring an older database up to date, after a backup",
	.needs = NEED_CONF,
	.run = upgrade_run,
	.options = upgrade_options,
};

/* ---- forget ---- */

/* Other copies of the database beside it still hold the value: they are named, never touched. */
static enum rc
name_backups(struct cmd_env *env, struct span value, uint64_t *count, struct diag *why)
{
	DIR *folder = opendir(env->node);
	struct dirent *entry;
	enum rc code = RC_OK;
	while (!code && folder && (entry = readdir(folder))) {
		uint64_t times = 0;
		struct span name = span_of(entry->d_name);
		if (!span_starts(name, SPAN(LAYOUT_STORE ".")))
			continue;
		code = store_file_holds(cmd_node_path(env, entry->d_name), value, &times, why);
		if (!code && times) {
			cmd_say(env, "still in the backup %s/%s", env->node, entry->d_name);
			(*count)++;
		}
	}
	if (folder)
		closedir(folder);
	return code;
}

static enum cmd_exit
forget_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_buf struct buf secret = {};
	struct diag why = {};
	struct vault_erased e = {};
	uint64_t backups = 0;
	struct span value = span_of(env->word[0]);
	if (span_eq(value, SPAN("-"))) {
		if (cmd_read_secret(&secret, &why))
			return cmd_fail(&why);
		value = buf_span(&secret);
	}
	if (handle_open(env, STORE_WRITE, &n, &why))
		return cmd_fail(&why);
	enum rc code = vault_erase(n.vault, value, &e, &why);
	if (code == RC_BAD)
		diag_where(&why, "forget");
	if (!code)
		code = name_backups(env, value, &backups, &why);
	/* It may hold the value, packed: "tocsin set build" makes another. */
	if (!code)
		code = compile_remove(env->node, &why);
	if (code)
		return cmd_refuse(env, code, &why);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_number(&row, "versions", (int64_t)e.versions);
		row_number(&row, "quarantined", (int64_t)e.quarantined);
		row_number(&row, "statuses", (int64_t)e.statuses);
		row_number(&row, "remains", (int64_t)e.remains);
		row_number(&row, "backups", (int64_t)backups);
		row_end(&row);
	} else {
		printf("erased: %llu versions, %llu in quarantine, %llu statuses; found in the "
		       "database's files "
		       "after that: %llu times\n",
			(unsigned long long)e.versions, (unsigned long long)e.quarantined,
			(unsigned long long)e.statuses, (unsigned long long)e.remains);
	}
	return e.remains || backups ? CMD_NO : CMD_YES;
}

const struct command command_forget = {
	.name = "forget",
	.args = "VALUE",
	.summary =
		"erase every stored object that holds a value; exit 1 when it is still somewhere",
	.needs = NEED_CONF,
	.run = forget_run,
	.more = "\"-\" reads the value from stdin. Erases all versions of the objects whose text "
		"holds the value, "
		"whatever its case, from collections, quarantine, statuses and search, overwrites "
		"them, and then looks "
		"for it in the database's files. The compiled set of the node's indicators is "
		"removed, and made "
		"anew by \"tocsin set build\". Backups beside the database that hold it "
		"are "
		"named, not touched; those "
		"kept elsewhere are yours to find.",
};
