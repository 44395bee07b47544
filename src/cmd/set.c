/* set: indicators compiled into one file that scans map. */
#include <inttypes.h>

#include "base/own.h"
#include "cmd/row.h"
#include "cmd/scan-internal.h"
#include "cmd/set-internal.h"
#include "cmd/working.h"
#include "match/set_file.h"
#include "node/armed.h"
#include "node/compile.h"
#include "node/layout.h"

/* ---- build ---- */

static enum cmd_exit
say_empty(const struct cmd_env *env)
{
	struct diag why = {};
	diag_where(&why, "%s", cmd_option(env, "ioc") ? cmd_option(env, "ioc") : env->node);
	diag_what(
		&why, "no indicator to compile: a set of none would find nothing, none is written");
	diag_todo(&why, "name a list that holds some with --ioc FILE, or fetch some with \"tocsin "
			"sync\"");
	return cmd_fail(&why);
}

static void
say_built(const struct cmd_env *env, const char *path, const struct set_file_facts *f)
{
	if (f->indicators < SET_MANY)
		cmd_say(env, "%s: %" PRIu64 " indicator%s in %" PRIu64 " bytes", path,
			f->indicators, row_plural(f->indicators), f->bytes);
	else
		cmd_say(env,
			"%s: %" PRIu64 " indicators in %" PRIu64
			" bytes, %.1f each and %.1f for what they say of themselves%s",
			path, f->indicators, f->bytes, set_each(f->first, f->indicators),
			set_each(f->second, f->indicators),
			f->annex ? "; the rest is what the node goes on from" : "");
}

static enum cmd_exit
say_made(const struct cmd_env *env, const char *path)
{
	own_set_file struct set_file *made = NULL;
	struct diag why = {};
	if (set_file_open(path, &made, &why))
		return cmd_fail(&why);
	struct set_file_facts facts = set_file_facts(made);
	say_built(env, path, &facts);
	return CMD_YES;
}

/*
 * serve, or a scan that follows, may be at it in the background. It is waited for, until a signal comes; then the
 * work is done again, for what it makes may be from before what somebody wants in it now.
 */
static enum rc
wait_for_others(const struct cmd_env *env, struct diag *why)
{
	enum { MINUTES = 10 };
	if (compile_wait(env->node, 0, why) != RC_AGAIN)
		return RC_OK; /* what else is wrong compiling tells */
	cmd_say(env, "another process compiles this node's set: waiting for it, %d minutes at most",
		MINUTES);
	return compile_wait(env->node, MINUTES * 60 * SECOND, why);
}

/* The node's own, from its database alone: whatever was wrong with the one before is not in it. */
static enum cmd_exit
build_own(struct cmd_env *env)
{
	struct working working;
	struct ioc_counts counts = {};
	struct diag why = {};
	struct armed_options options = {.dir = env->node,
		.clock = env->clock,
		.rng = env->rng,
		.anew = true,
		.work = &working.work};
	enum rc code = wait_for_others(env, &why);
	if (!code) {
		working_begin(&working, env);
		code = compile_set(&options, &counts, &why);
		working_end(&working);
	}
	if (!code || code == RC_NONE)
		scan_say_counts(env, env->node, &counts);
	if (code == RC_AGAIN)
		diag_todo(&why, "try again when it has ended; \"tocsin set show\" tells");
	if (code)
		return cmd_fail(&why);
	return say_made(env, cmd_node_path(env, LAYOUT_ARMED));
}

static enum cmd_exit
build_run(struct cmd_env *env)
{
	own_match_set struct match_set *set = NULL;
	struct scan_job job = {.env = env};
	struct working working;
	struct diag why = {};
	uint64_t seed;
	const char *path = cmd_option(env, "out");
	if (!path && cmd_option(env, "ioc"))
		return cmd_usage(
			env, "--ioc needs --out FILE: the node's own set is of what it holds");
	if (!path)
		return build_own(env);
	rng_fill(env->rng, &seed, sizeof seed);
	set = match_set_new(seed);
	working_begin(&working, env);
	match_set_watch(set, &working.work);
	bool loaded = scan_load_indicators(&job, set);
	enum rc code = RC_OK;
	if (loaded && match_set_count(set))
		code = set_file_write(set, path, (struct span){}, clock_now(env->clock), &why);
	working_end(&working);
	armed_free(job.node);
	if (!loaded)
		return CMD_FAIL;
	if (!match_set_count(set))
		return say_empty(env);
	return code ? cmd_fail(&why) : say_made(env, path);
}

/* ---- the table's row ---- */

static const struct cmd_option build_options[] = {
	{"ioc", "FILE", "indicators as scan reads them (what the node holds)", 0, true},
	{"out", "FILE", "where the set goes (NODE/" LAYOUT_ARMED ")", 0, false},
	{},
};

static const struct command verbs[] = {
	{.name = "build",
		.summary = "compile indicators into a file for \"scan --set\"",
		.run = build_run,
		.options = build_options},
	{.name = "show",
		.args = "[FILE]",
		.summary = "what a set holds: kinds, bytes, format, age",
		.run = set_show_run},
	{.name = "verify",
		.args = "[FILE]",
		.summary = "read all of a set; exit 1 when it is damaged or of another format",
		.run = set_verify_run},
	{},
};

const struct command command_set = {
	.name = "set",
	.summary = "indicators compiled into a file",
	.verbs = verbs,
	.more = "A set is compiled once and mapped by every scan that names it, so that ten "
		"million "
		"indicators cost no time at the start and their memory once. It is written beside "
		"its name and then put in its place: a scan that has the old one goes on with it. "
		"Without FILE the node's own set is meant: scan uses it by itself, with what came, "
		"changed or went since, and finds what it would find without. serve and scan "
		"--follow "
		"make it anew in the background when more than a sixteenth of it has changed; "
		"build makes it "
		"from the database alone. It is never restored: after a restore it is made "
		"anew.\n\n"
		"A set is of the program's format and is not migrated: another version refuses it, "
		"and it is built again.",
};
