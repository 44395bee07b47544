#pragma once
/*
 * What every command shares: its row in the table, the environment it runs in, its options, its
 * exit code and how it talks. Data goes to stdout, talk and progress to stderr. A command is one
 * file that defines one `const struct command command_NAME`; commands.h and table.c list it. Help,
 * the manual page and the shells' completions are printed from the same rows.
 *
 * Everything here belongs to the one thread that runs main; strings in the environment live until
 * exit.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/rc.h"
#include "base/rng.h"

struct buf;
struct conf;
struct cmd_env;

enum cmd_exit {
	CMD_YES = 0,   /* done, found, valid */
	CMD_NO = 1,    /* done, but nothing found or not valid */
	CMD_USAGE = 2, /* the command line is wrong */
	CMD_FAIL = 3,  /* could not be done; why is on stderr */
};

/* What main makes ready before the command runs; each includes the ones above it. */
enum cmd_need {
	NEED_NOTHING,
	NEED_CONF, /* the node's folder exists, its configuration is read: env->conf */
};

struct cmd_option {
	const char *name; /* long name without dashes */
	const char *arg;  /* what follows it, NULL for a flag: see below */
	const char *help; /* half a line, no full stop */
	char letter;	  /* 'A' of -A, 0: none */
	bool repeats;	  /* may be said more than once; else a second time is an error */
};

/*
 * Words that name arguments, in `args` and in an option's `arg`, mean the same everywhere:
 * FILE and DIR complete as such; "yes|no", all in lower case, is a choice that the parser enforces;
 * "[X]" may be missing and "X..." may repeat, so that "NAME [FILE...]" takes one word or more.
 */
struct command {
	const char *name;
	const char *args;    /* positional words, NULL: none */
	const char *summary; /* half a line, no full stop */
	enum cmd_need needs;
	enum cmd_exit (*run)(struct cmd_env *env); /* NULL: a verb must follow */
	const struct cmd_option *options;	   /* ends with {}; NULL: none */
	const struct command *verbs;		   /* ends with {}; NULL: none */
	const char
		*more; /* paragraphs, separated by empty lines, for help and manual; NULL: none */
};

struct cmd_value {
	const struct cmd_option *option;
	const char *text; /* NULL for a flag */
};

struct cmd_env {
	const char *node; /* folder: --node, TOCSIN_NODE, ./tocsin-node */
	bool json, quiet;
	struct clock clock;
	struct rng rng;
	const char *const *word; /* positional words */
	size_t words;
	const struct conf *conf;       /* from NEED_CONF on */
	const struct command *command; /* the row that runs */
	const struct command *parent;  /* the row above a verb, else NULL */
	struct cmd_value *value;       /* use cmd_option and its like */
	size_t values;
	struct arena arena; /* what lives as long as the command */
};

/* Value of option `name`, the last one said; NULL when it was not. The row must declare it. */
const char *cmd_option(const struct cmd_env *env, const char *name);
bool cmd_flag(const struct cmd_env *env, const char *name);
/* Walks a repeatable option: const char *v; for (size_t at = 0; (v = cmd_next(env, "ioc", &at));)
 */
const char *cmd_next(const struct cmd_env *env, const char *name, size_t *at);
/* Index of the chosen word in the option's "a|b|c"; `absent` when it was not said. */
int cmd_choice(const struct cmd_env *env, const char *name, int absent);
/*
 * Numbers (decimal) and times ("90s", "9mo", "P30D"; microseconds) within bounds. *out keeps its
 * value where the option was not said. False after the usage error was printed: return CMD_USAGE
 * then.
 */
[[nodiscard]] bool cmd_number(
	const struct cmd_env *env, const char *name, uint64_t min, uint64_t max, uint64_t *out);
[[nodiscard]] bool cmd_duration(const struct cmd_env *env, const char *name, int64_t *out);
/* Which instant a bare date means: 2026-01-31 begins at its midnight and ends at the next. */
enum cmd_edge { EDGE_START, EDGE_END };
/*
 * An instant: RFC 3339 (a blank for its T, no seconds, no zone: UTC), a date (UTC), or a duration meaning
 * that long ago.
 */
[[nodiscard]] bool cmd_instant(
	const struct cmd_env *env, const char *name, enum cmd_edge edge, int64_t *out);

/* "tocsin: WHAT" and how the command is used; CMD_USAGE. */
enum cmd_exit cmd_usage(const struct cmd_env *env, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "tocsin: WHERE: WHAT; TODO" on stderr; CMD_FAIL. */
enum cmd_exit cmd_fail(const struct diag *why);
/* The same of what the line's own words led to: where they are malformed (RC_BAD) that is CMD_USAGE. */
enum cmd_exit cmd_refuse(const struct cmd_env *env, enum rc code, const struct diag *why);
/* The same line without the verdict: a warning, one bad file of many. */
void cmd_warn(const struct diag *why);
/* Talk on stderr, nothing with --quiet. No line end needed. */
void cmd_say(const struct cmd_env *env, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Reads a whole file ("-": stdin) of at most `limit` bytes. RC_NONE absent, RC_LIMIT larger, RC_IO.
 */
enum rc cmd_read(const char *path, size_t limit, struct buf *out, struct diag *why);
/*
 * First line of stdin without its line end, for passwords and tokens: 1 to 1024 bytes. A terminal is
 * asked for it and does not show it.
 */
enum rc cmd_read_secret(struct buf *out, struct diag *why);
/* NODE/name; lives in env->arena. */
const char *cmd_node_path(struct cmd_env *env, const char *name);
