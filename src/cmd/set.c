/* set: indicators compiled into one file that scans map. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "cmd/row.h"
#include "cmd/scan-internal.h"
#include "match/set_file.h"
#include "node/armed.h"
#include "node/layout.h"

/* ---- build ---- */

/* Where it goes where nobody says: into the node. */
static const char *
own_path(struct cmd_env *env, struct diag *why)
{
	const char *folder = cmd_node_path(env, LAYOUT_SET);
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		return cmd_node_path(env, LAYOUT_ARMED);
	diag_where(why, "%s", folder);
	diag_what(why, "%s", strerror(errno));
	diag_todo(why, "run it as the node's own user, or say where with --out FILE");
	return NULL;
}

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

/* Of few the fixed parts tell most: nothing to be said of each. */
enum { MANY = 1000 };

static double
each(uint64_t bytes, uint64_t count)
{
	return (double)bytes / (double)count;
}

static void
say_built(const struct cmd_env *env, const char *path, const struct set_file_facts *f)
{
	if (f->indicators < MANY)
		cmd_say(env, "%s: %" PRIu64 " indicator%s in %" PRIu64 " bytes", path,
			f->indicators, row_plural(f->indicators), f->bytes);
	else
		cmd_say(env,
			"%s: %" PRIu64 " indicators in %" PRIu64
			" bytes, %.1f each and %.1f for what they say of themselves",
			path, f->indicators, f->bytes, each(f->first, f->indicators),
			each(f->second, f->indicators));
}

/* Texts and expressions are compared, not looked up: no file holds them yet. */
static void
say_texts(const struct cmd_env *env, const struct match_set *set)
{
	size_t texts = match_set_count_kind(set, OBS_TEXT);
	if (texts)
		cmd_say(env,
			"%zu text%s and expressions left out, which no compiled set holds: give "
			"them "
			"to scan with --ioc",
			texts, row_plural(texts));
}

static enum cmd_exit
build_run(struct cmd_env *env)
{
	own_match_set struct match_set *set = NULL;
	own_set_file struct set_file *made = NULL;
	struct scan_job job = {.env = env};
	struct diag why = {};
	uint64_t seed;
	const char *path = cmd_option(env, "out");
	if (!path && cmd_option(env, "ioc"))
		return cmd_usage(
			env, "--ioc needs --out FILE: the node's own set is of what it holds");
	rng_fill(env->rng, &seed, sizeof seed);
	set = match_set_new(seed);
	bool loaded = scan_load_indicators(&job, set);
	armed_free(job.node);
	if (!loaded)
		return CMD_FAIL;
	say_texts(env, set);
	if (match_set_count(set) == match_set_count_kind(set, OBS_TEXT))
		return say_empty(env);
	if (!path)
		path = own_path(env, &why);
	if (!path || set_file_write(set, path, (struct span){}, clock_now(env->clock), &why) ||
		set_file_open(path, &made, &why))
		return cmd_fail(&why);
	struct set_file_facts facts = set_file_facts(made);
	say_built(env, path, &facts);
	return CMD_YES;
}

/* ---- show, verify ---- */

/* "3 days" and the like: the largest unit of which there are two. */
static void
age_text(int64_t age, char *out, size_t size)
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
show_json(const char *path, const struct set_file_facts *f, int64_t now)
{
	struct row row;
	row_begin(&row);
	row_text(&row, "file", span_of(path));
	row_number(&row, "format", f->version);
	row_time(&row, "made", f->made);
	row_number(&row, "age", (now - f->made) / SECOND);
	row_number(&row, "bytes", (int64_t)f->bytes);
	row_number(&row, "first_bytes", (int64_t)f->first);
	row_number(&row, "second_bytes", (int64_t)f->second);
	row_number(&row, "indicators", (int64_t)f->indicators);
	row_open(&row, "kinds");
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		if (f->count[k])
			row_number(&row, obs_word(k), (int64_t)f->count[k]);
	row_close(&row);
	row_end(&row);
}

static void
show_bytes(const char *word, uint64_t bytes, uint64_t indicators, const char *what)
{
	printf("%-12s %12" PRIu64, word, bytes);
	if (indicators >= MANY)
		printf(", %.1f an indicator", each(bytes, indicators));
	printf("%s\n", what);
}

static enum cmd_exit
show_run(struct cmd_env *env)
{
	own_set_file struct set_file *file = NULL;
	struct diag why = {};
	char made[TIME_TEXT], age[40];
	const char *path = env->words ? env->word[0] : cmd_node_path(env, LAYOUT_ARMED);
	if (set_file_open(path, &file, &why))
		return cmd_fail(&why);
	struct set_file_facts f = set_file_facts(file);
	int64_t now = clock_now(env->clock);
	if (env->json) {
		show_json(path, &f, now);
		return CMD_YES;
	}
	time_text_ms(f.made, made);
	age_text(now - f.made, age, sizeof age);
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		if (f.count[k])
			printf("%-12s %12" PRIu64 "\n", obs_word(k), f.count[k]);
	printf("%-12s %12" PRIu64 "\n", "indicators", f.indicators);
	show_bytes("bytes", f.first, f.indicators, "");
	show_bytes("", f.second, f.indicators, ": what they say of themselves, read at a hit");
	printf("%-12s %12u\n", "format", f.version);
	printf("%-12s %s, %s ago\n", "made", made, age);
	return CMD_YES;
}

static enum cmd_exit
verify_run(struct cmd_env *env)
{
	own_set_file struct set_file *file = NULL;
	struct diag why = {};
	const char *path = env->words ? env->word[0] : cmd_node_path(env, LAYOUT_ARMED);
	enum rc code = set_file_open(path, &file, &why);
	if (code == RC_NONE || code == RC_IO)
		return cmd_fail(&why);
	if (!code)
		code = set_file_verify(file, &why);
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
		.run = show_run},
	{.name = "verify",
		.args = "[FILE]",
		.summary = "read all of a set; exit 1 when it is damaged or of another format",
		.run = verify_run},
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
		"Without FILE the node's own set is meant.\n\n"
		"A set is of the program's format and is not migrated: another version refuses it, "
		"and it is built again.",
};
