/* config: shows, checks and describes the node's configuration. */
#include <stdio.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/row.h"
#include "conf/conf.h"

static void
show_one(const struct cmd_env *env, const struct conf_key *key)
{
	own_buf struct buf value = {};
	conf_show(env->conf, key, &value);
	unsigned line = conf_line(env->conf, key);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "name", span_of(key->name));
		row_text(&row, "value", value.len ? buf_span(&value) : SPAN(""));
		if (line)
			row_number(&row, "line", line);
		row_end(&row);
		return;
	}
	/* One line a value, so that a repeated key shows as it would be written. */
	struct span rest = value.len ? buf_span(&value) : SPAN(""), piece;
	if (!rest.len)
		printf("# %s =\n", key->name);
	while (rest.len && span_cut(&rest, '\n', &piece)) {
		printf("%s = ", key->name);
		row_plain(stdout, piece);
		printf("%s\n", line ? "" : "  ; default");
	}
}

static enum cmd_exit
show_run(struct cmd_env *env)
{
	for (const struct conf_key *key = conf_keys; key->name; key++)
		show_one(env, key);
	return CMD_YES;
}

static enum cmd_exit
check_run(struct cmd_env *env)
{
	const char *path = env->words ? env->word[0] : cmd_node_path(env, "tocsin.conf");
	struct diag why = {};
	struct conf *conf = NULL;
	enum rc rc = conf_read(path, env->node, &conf, &why);
	conf_free(conf);
	if (rc == RC_NONE || rc == RC_IO)
		return cmd_fail(&why);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", span_of(path));
		row_flag(&row, "valid", !rc);
		if (rc) {
			row_text(&row, "where", span_of(why.where));
			row_text(&row, "error", span_of(why.what));
		}
		row_end(&row);
	} else if (rc) {
		cmd_warn(&why);
	} else {
		cmd_say(env, "%s: ok", path);
	}
	return rc ? CMD_NO : CMD_YES;
}

static enum cmd_exit
describe_run(struct cmd_env *env)
{
	for (const struct conf_key *key = conf_keys; key->name; key++) {
		own_buf struct buf bounds = {};
		conf_bounds(key, &bounds);
		if (env->json) {
			struct row row;
			row_begin(&row);
			row_text(&row, "name", span_of(key->name));
			row_text(&row, "takes", buf_span(&bounds));
			row_text(&row, "default", span_of(key->normal));
			row_flag(&row, "repeatable", key->type == CONF_PATHS);
			row_text(&row, "help", span_of(key->help));
			row_end(&row);
		} else {
			printf("%s# %s\n# Takes %.*s.\n#%s = %s\n", key == conf_keys ? "" : "\n",
				key->help, (int)bounds.len, bounds.ptr, key->name, key->normal);
		}
	}
	return CMD_YES;
}

static const struct command verbs[] = {
	{"show", NULL, "the values in force; those set in the file name their line with --json",
		NEED_CONF, show_run},
	{"check", "[FILE]", "exit 0 when the file is valid, 1 when it is not", NEED_NOTHING,
		check_run},
	{"describe", NULL,
		"every key with its bounds, default and meaning, as a file to start from",
		NEED_NOTHING, describe_run},
	{},
};

const struct command command_config = {
	"config",
	NULL,
	"show, check and describe the node's configuration",
	.verbs = verbs,
};
