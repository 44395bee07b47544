#pragma once
/*
 * The command line against the table: options may stand anywhere, "--name value" or "--name=value",
 * letters may be joined ("-cl", "-A3"), "--" ends them, "-" is a word. Owned by the calling thread.
 */
#include "cmd/cmd.h"

enum cmd_ask { ASK_RUN, ASK_HELP, ASK_VERSION, ASK_NOTHING };

/* Options that every command takes; ends with {}. */
extern const struct cmd_option cmd_globals[];

/*
 * Fills env (command, words, values, json, quiet, node). On failure why->what holds the usage error
 * and env->command the row it is about, where one was recognised.
 */
enum rc parse_line(int argc, char **argv, const struct command *const *table, struct cmd_env *env,
	enum cmd_ask *ask, struct diag *why);
/* Frees what parse_line allocated. */
void parse_fini(struct cmd_env *env);
/* How many words `args` takes, at least and at most (SIZE_MAX: any number). */
void parse_arity(const char *args, size_t *least, size_t *most);
/*
 * Cuts the next word's pattern off args ("NAME", "[FILE...]"): text without brackets and dots.
 * False at the end.
 */
struct parse_arg {
	struct span text;
	bool optional, repeats;
};
bool parse_next_arg(struct span *args, struct parse_arg *out);
/* "a|b|c" all in lower case: a list of choices. */
bool parse_is_choice(struct span arg);
/* Position of `word` in "a|b|c", -1 when it is none of them. */
int parse_choice(struct span arg, struct span word);
/* The table's row called `name`, NULL when there is none. */
const struct command *parse_find(const struct command *const *table, struct span name);
/* The table's name nearest to a misspelt one, NULL when none is near. */
const char *parse_guess(const struct command *const *table, struct span name);
const char *parse_guess_verb(const struct command *c, struct span name);
