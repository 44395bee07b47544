/* set show, set verify: what a compiled set holds, how the node's stands to its database, and whether it is whole. */
#include <inttypes.h>
#include <stdio.h>

#include "base/own.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "cmd/set-internal.h"
#include "match/set_file.h"
#include "node/armed_file.h"
#include "node/compile.h"
#include "node/layout.h"

void
set_age_text(int64_t age, char *out, size_t size)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	int64_t seconds = age < 0 ? 0 : age / SECOND;
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	int64_t count = seconds / units[i].seconds;
	snprintf(out, size, "%" PRId64 " %s%s", count, units[i].name, row_plural((uint64_t)count));
}

static void
show_json(const char *path, const struct set_file_facts *f, const struct compile_state *node,
	int64_t now)
{
	struct row row;
	row_begin(&row);
	row_text(&row, "file", span_of(path));
	row_number(&row, "format", f->version);
	row_time(&row, "made", f->made);
	row_number(&row, "age", f->made > 0 ? (now - f->made) / SECOND : 0);
	row_number(&row, "bytes", (int64_t)f->bytes);
	row_number(&row, "first_bytes", (int64_t)f->first);
	row_number(&row, "second_bytes", (int64_t)f->second);
	if (f->annex)
		row_number(&row, "node_bytes", (int64_t)f->annex);
	row_number(&row, "indicators", (int64_t)f->indicators);
	row_open(&row, "kinds");
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		if (f->count[k])
			row_number(&row, obs_word(k), (int64_t)f->count[k]);
	row_close(&row);
	if (node) {
		row_open(&row, "node");
		row_flag(&row, "used", node->usable == RC_OK);
		row_time(&row, "stamp", node->stamp);
		row_number(&row, "came", (int64_t)node->came);
		row_number(&row, "went", (int64_t)node->went);
		row_flag(&row, "due", node->due);
		if (node->usable)
			row_text(&row, "what", span_of(node->fault.what));
		row_close(&row);
	}
	row_end(&row);
}

static void
show_bytes(const char *word, uint64_t bytes, uint64_t indicators, const char *what)
{
	printf("%-12s %12" PRIu64, word, bytes);
	if (indicators >= SET_MANY)
		printf(", %.1f an indicator", set_each(bytes, indicators));
	printf("%s\n", what);
}

/* How the node's own stands to the database. */
static void
show_node(const struct compile_state *node)
{
	char stamp[TIME_TEXT];
	if (node->stamp != TIME_NONE) {
		time_text(node->stamp, stamp);
		printf("%-12s %s: what was stored last when it was made\n", "stamp", stamp);
	}
	if (node->usable)
		printf("%-12s no, %s; \"%s\" mends it\n", "used", node->fault.what,
			node->fault.todo);
	else
		printf("%-12s yes; since then %" PRIu64 " came, %" PRIu64
		       " went or were superseded%s\n",
			"used", node->came, node->went,
			node->due ? ": \"tocsin set build\" is due" : "");
}

/* The set of a file, or the node's own and how it stands; false after a fault, which was told. */
static bool
open_shown(struct cmd_env *env, struct set_file **file, struct compile_state *state)
{
	own_node struct node n = {};
	struct diag why = {};
	if (env->words) {
		if (!set_file_open(env->word[0], file, &why))
			return true;
		cmd_warn(&why);
		return false;
	}
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	if (!code)
		code = compile_look(&n, state, &why);
	if (!code && state->usable && state->usable != RC_CONFLICT) {
		code = state->usable;
		why = state->fault;
		if (code == RC_NONE)
			diag_todo(&why, "make it with \"tocsin set build\"");
	}
	if (!code)
		code = set_file_open(cmd_node_path(env, LAYOUT_ARMED), file, &why);
	if (code)
		cmd_warn(&why);
	return !code;
}

enum cmd_exit
set_show_run(struct cmd_env *env)
{
	own_set_file struct set_file *file = NULL;
	struct compile_state state = {};
	char made[TIME_TEXT], age[40];
	const char *path = env->words ? env->word[0] : cmd_node_path(env, LAYOUT_ARMED);
	if (!open_shown(env, &file, &state))
		return CMD_FAIL;
	struct set_file_facts f = set_file_facts(file);
	int64_t now = clock_now(env->clock);
	if (env->json) {
		show_json(path, &f, env->words ? NULL : &state, now);
		return CMD_YES;
	}
	time_text_ms(f.made, made);
	set_age_text(f.made > 0 ? now - f.made : 0, age, sizeof age);
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		if (f.count[k])
			printf("%-12s %12" PRIu64 "\n", obs_word(k), f.count[k]);
	printf("%-12s %12" PRIu64 "\n", "indicators", f.indicators);
	show_bytes("bytes", f.first, f.indicators, "");
	show_bytes("", f.second, f.indicators, ": what they say of themselves, read at a hit");
	if (f.annex)
		show_bytes("", f.annex, f.indicators, ": what the node goes on from");
	printf("%-12s %12u\n", "format", f.version);
	printf("%-12s %s, %s ago\n", "made", made, age);
	if (!env->words)
		show_node(&state);
	return CMD_YES;
}

/* Of the node's own: owner and mode too, and what it says of the node's objects. */
static enum rc
verify(struct cmd_env *env, const char *path, struct set_file **file, struct diag *why)
{
	struct armed_head head;
	enum rc code = env->words ? set_file_open(path, file, why)
				  : armed_file_open(env->node, file, &head, why);
	if (code)
		return code;
	return env->words ? set_file_verify(*file, why) : armed_file_verify(env->node, *file, why);
}

enum cmd_exit
set_verify_run(struct cmd_env *env)
{
	own_set_file struct set_file *file = NULL;
	struct diag why = {};
	const char *path = env->words ? env->word[0] : cmd_node_path(env, LAYOUT_ARMED);
	enum rc code = verify(env, path, &file, &why);
	if (code == RC_NONE || code == RC_IO)
		return cmd_fail(&why);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", span_of(path));
		row_flag(&row, "sound", !code);
		row_text(&row, "what", span_of(why.what));
		row_end(&row);
	} else if (!code) {
		printf("%s: sound, %" PRIu64 " indicators\n", path,
			set_file_facts(file).indicators);
	}
	if (!code)
		return CMD_YES;
	diag_where(&why, "%s", path);
	cmd_warn(&why);
	return CMD_NO;
}
