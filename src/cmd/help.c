/* help: the list of commands, one command, or the manual page and completions the build installs.
 */
#include "cmd/help.h"

#include <string.h>

#include "cmd/commands.h"
#include "cmd/manual.h"
#include "cmd/parse.h"

static void
usage_line(FILE *to, const char *lead, const struct command *parent, const struct command *c)
{
	fprintf(to, "%stocsin %s%s%s%s%s%s\n", lead, parent ? parent->name : "", parent ? " " : "",
		c->name, c->options ? " [options]" : "", c->args ? " " : "",
		c->args ? c->args : "");
}

void
help_usage(FILE *to, const struct command *parent, const struct command *c)
{
	if (!c) {
		fputs("usage: tocsin COMMAND [options]; \"tocsin help\" lists the commands\n", to);
		return;
	}
	const char *lead = "usage: ";
	if (c->run) {
		usage_line(to, lead, parent, c);
		lead = "       ";
	}
	for (const struct command *verb = c->verbs; verb && verb->name; verb++, lead = "       ")
		usage_line(to, lead, c, verb);
}

enum { COLUMN = 24 }; /* of options' names in help */

static void
options_list(FILE *to, const struct cmd_option *o)
{
	for (; o && o->name; o++) {
		char left[80];
		snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg ? " " : "",
			o->arg ? o->arg : "");
		char letter[8] = "    ";
		if (o->letter)
			snprintf(letter, sizeof letter, "-%c, ", o->letter);
		/* A long one has its line to itself. */
		bool fits = strlen(left) <= COLUMN;
		fprintf(to, "  %s%-*s%s%*s%s%s\n", letter, COLUMN, left, fits ? "  " : "\n",
			fits ? 0 : COLUMN + 8, "", o->help, o->repeats ? " (repeatable)" : "");
	}
}

/* Paragraphs folded at 96 columns; lines that start with a blank stay as they are. */
static void
paragraphs(FILE *to, const char *text)
{
	struct span rest = span_of(text), line;
	fputc('\n', to);
	while (span_cut(&rest, '\n', &line)) {
		size_t column = 0;
		struct span words = span_starts(line, SPAN(" ")) ? SPAN("") : line, word;
		if (!words.len)
			fwrite(line.ptr, 1, line.len, to);
		while (words.len && span_cut(&words, ' ', &word)) {
			bool fold = column && column + 1 + word.len > 96;
			fprintf(to, "%s%.*s",
				fold	 ? "\n"
				: column ? " "
					 : "",
				(int)word.len, word.ptr);
			column = (fold ? 0 : column + (column > 0)) + word.len;
		}
		fputc('\n', to);
	}
}

void
help_command(FILE *to, const struct command *parent, const struct command *c)
{
	help_usage(to, parent, c);
	if (c->summary)
		fprintf(to, "\n%s%s%s: %s\n", parent ? parent->name : "", parent ? " " : "",
			c->name, c->summary);
	if (c->options) {
		fputc('\n', to);
		options_list(to, c->options);
	}
	for (const struct command *verb = c->verbs; verb && verb->name; verb++) {
		fprintf(to, "\n%s %s: %s\n", c->name, verb->name, verb->summary);
		options_list(to, verb->options);
	}
	if (c->more)
		paragraphs(to, c->more);
	fputs("\nEvery command:\n", to);
	options_list(to, cmd_globals);
}

void
help_all(FILE *to)
{
	fputs("tocsin: the node of a cyber-defence alliance\n\n"
	      "usage: tocsin COMMAND [options]\n\n",
		to);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(to, "  %-12s %s\n", (*c)->name, (*c)->summary);
	fputs("\nOptions of every command:\n", to);
	options_list(to, cmd_globals);
	fputs("\nExit status: 0 yes or done, 1 no or none, 2 wrong usage, 3 failure.\n"
	      "\"tocsin help COMMAND\" says more.\n",
		to);
}

static enum cmd_exit
help_run(struct cmd_env *env)
{
	void (*const prints[])(FILE *) = {
		manual_page, manual_conf, manual_bash, manual_zsh, manual_fish};
	int format = cmd_choice(env, "format", -1);
	if (format >= 0) {
		prints[format](stdout);
		return CMD_YES;
	}
	if (!env->words) {
		help_all(stdout);
		return CMD_YES;
	}
	const struct command *c = parse_find(commands, span_of(env->word[0]));
	if (!c) {
		const char *near = parse_guess(commands, span_of(env->word[0]));
		return cmd_usage(env, "no command \"%s\"%s%s%s", env->word[0],
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	const struct command *parent = NULL;
	if (env->words > 1) {
		const struct command *verb = c->verbs;
		while (verb && verb->name && strcmp(verb->name, env->word[1]) != 0)
			verb++;
		if (!verb || !verb->name) {
			const char *near = parse_guess_verb(c, span_of(env->word[1]));
			return cmd_usage(env, "%s has no \"%s\"%s%s%s", c->name, env->word[1],
				near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		}
		parent = c;
		c = verb;
	}
	help_command(stdout, parent, c);
	return CMD_YES;
}

static const struct cmd_option options[] = {
	{"format", "man|man-conf|bash|zsh|fish", "print the manual pages or a shell's completion"},
	{},
};

const struct command command_help = {
	"help",
	"[COMMAND] [VERB]",
	"say how a command is used",
	NEED_NOTHING,
	help_run,
	options,
};
