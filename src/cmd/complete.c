/*
 * Completions for three shells. All offer the commands, a command's verbs, the options of the row
 * and of every command, the words of a choice, and files or folders where the table says FILE or
 * DIR.
 */
#include <string.h>

#include "cmd/commands.h"
#include "cmd/manual.h"
#include "cmd/parse.h"

/* Choices of an option or of positional words, separated by blanks. */
static void
choices_put(FILE *to, const char *arg)
{
	for (; *arg; arg++)
		fputc(*arg == '|' ? ' ' : *arg, to);
}

static void
bash_options(FILE *to, const struct cmd_option *o)
{
	for (; o && o->name; o++)
		fprintf(to, " --%s", o->name);
}

static void
bash_choices(FILE *to, const char *path, const struct cmd_option *o)
{
	for (; o && o->name; o++)
		if (o->arg && parse_is_choice(span_of(o->arg))) {
			fprintf(to, "\t\"%s --%s\") words='", path, o->name);
			choices_put(to, o->arg);
			fputs("';;\n", to);
		}
}

static void
bash_values(FILE *to)
{
	for (const struct command *const *c = commands; *c; c++) {
		bash_choices(to, (*c)->name, (*c)->options);
		for (const struct command *v = (*c)->verbs; v && v->name; v++) {
			char path[128];
			snprintf(path, sizeof path, "%s %s", (*c)->name, v->name);
			bash_choices(to, path, v->options);
		}
	}
}

/* The words a row takes that can be listed: the choices among its positional words. */
static void
bash_words(FILE *to, const struct command *c)
{
	struct span rest = c->args ? span_of(c->args) : SPAN("");
	struct parse_arg arg;
	while (parse_next_arg(&rest, &arg))
		if (parse_is_choice(arg.text)) {
			char copy[256];
			span_copy(arg.text, copy, sizeof copy);
			fputc(' ', to);
			choices_put(to, copy);
		}
}

static void
bash_row(FILE *to, const struct command *parent, const struct command *c)
{
	fprintf(to, "\t\"%s%s%s\") words='", parent ? parent->name : "", parent ? " " : "",
		c->name);
	for (const struct command *v = c->verbs; v && v->name; v++)
		fprintf(to, "%s%s", v == c->verbs ? "" : " ", v->name);
	if (c == &command_help)
		for (const struct command *const *all = commands; *all; all++)
			fprintf(to, " %s", (*all)->name);
	bash_words(to, c);
	fputs("' options='", to);
	bash_options(to, c->options);
	fputs("';;\n", to);
	for (const struct command *v = c->verbs; v && v->name; v++)
		bash_row(to, c, v);
}

void
manual_bash(FILE *to)
{
	fputs("# bash completion of tocsin, printed by \"tocsin help --format bash\"\n"
	      "_tocsin()\n{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal path='' words='' options='' i word skip=0\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n"
	      "\t\tif ((skip)); then skip=0; continue; fi\n"
	      "\t\tcase $word in --node) skip=1;; -*) ;; *)\n"
	      "\t\t\tcase \"$path\" in *' '*) ;; '') path=$word;;\n"
	      "\t\t\t*) case \" $(_tocsin_verbs \"$path\") \" in *\" $word \"*) path=\"$path "
	      "$word\";; esac;;\n"
	      "\t\t\tesac;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tcase \"$path $before\" in\n",
		to);
	bash_values(to);
	fputs("\tesac\n"
	      "\tif [[ -n $words ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	      "\t\treturn\n\tfi\n"
	      "\tcase \"$path\" in\n\t'') words='",
		to);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(to, "%s%s", c == commands ? "" : " ", (*c)->name);
	fputs("';;\n", to);
	for (const struct command *const *c = commands; *c; c++)
		bash_row(to, NULL, *c);
	fputs("\tesac\n"
	      "\tif [[ $current == -* ]]; then words=\"$options",
		to);
	bash_options(to, cmd_globals);
	fputs("\"; fi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	      "}\n"
	      "_tocsin_verbs()\n{\n\tcase \"$1\" in\n",
		to);
	for (const struct command *const *c = commands; *c; c++) {
		if (!(*c)->verbs)
			continue;
		fprintf(to, "\t%s) echo '", (*c)->name);
		for (const struct command *v = (*c)->verbs; v->name; v++)
			fprintf(to, "%s%s", v == (*c)->verbs ? "" : " ", v->name);
		fputs("';;\n", to);
	}
	fputs("\tesac\n}\ncomplete -o default -F _tocsin tocsin\n", to);
}

/* Text inside single quotes of zsh and fish; zsh's specs also need colons and brackets escaped. */
static void
quoted(FILE *to, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", to);
		else if (strchr(escape, *text))
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void
zsh_action(FILE *to, struct span arg)
{
	char copy[256];
	span_copy(arg, copy, sizeof copy);
	fputc(':', to);
	quoted(to, copy, ":[]");
	fputc(':', to);
	if (parse_is_choice(arg)) {
		fputc('(', to);
		choices_put(to, copy);
		fputc(')', to);
	} else if (span_eq(arg, SPAN("FILE"))) {
		fputs("_files", to);
	} else if (span_eq(arg, SPAN("DIR"))) {
		fputs("_files -/", to);
	}
}

static void
zsh_options(FILE *to, const struct cmd_option *o)
{
	for (; o && o->name; o++) {
		fprintf(to, " \\\n\t\t'%s--%s%s[", o->repeats ? "*" : "", o->name,
			o->arg ? "=" : "");
		quoted(to, o->help, ":[]");
		fputc(']', to);
		if (o->arg)
			zsh_action(to, span_of(o->arg));
		fputc('\'', to);
	}
}

static void
zsh_arguments(FILE *to, const struct command *c)
{
	fputs("_arguments -s", to);
	zsh_options(to, c->options);
	zsh_options(to, cmd_globals);
	struct span rest = c->args ? span_of(c->args) : SPAN("");
	struct parse_arg arg;
	while (parse_next_arg(&rest, &arg)) {
		fprintf(to, " \\\n\t\t'%s%s", arg.repeats ? "*" : "",
			arg.optional && !arg.repeats ? ":" : "");
		zsh_action(to, arg.text);
		fputc('\'', to);
	}
}

static void
zsh_list(FILE *to, const char *name, const struct command *c)
{
	fprintf(to, "\t\t'%s:", name);
	quoted(to, c->summary, ":");
	fputs("'\n", to);
}

static void
zsh_command(FILE *to, const struct command *c)
{
	fprintf(to, "_tocsin_%s() {\n", c->name);
	if (c->verbs) {
		fputs("\tlocal -a verbs=(\n", to);
		for (const struct command *v = c->verbs; v->name; v++)
			zsh_list(to, v->name, v);
		fputs("\t)\n\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
		      "\t\t_describe verb verbs\n",
			to);
		fputs(c->run ? "\tfi\n" : "\t\treturn\n\tfi\n", to);
		fputs("\tcase $words[2] in\n", to);
		for (const struct command *v = c->verbs; v->name; v++) {
			fprintf(to, "\t%s) shift words; (( CURRENT-- )); ", v->name);
			zsh_arguments(to, v);
			fputs(";;\n", to);
		}
		fputs(c->run ? "\t*) " : "\tesac\n}\n", to);
	}
	if (!c->run && c->verbs)
		return;
	fputs(c->verbs ? "" : "\t", to);
	zsh_arguments(to, c);
	fputs(c->verbs ? ";;\n\tesac\n}\n" : "\n}\n", to);
}

void
manual_zsh(FILE *to)
{
	fputs("#compdef tocsin\n# zsh completion of tocsin, printed by \"tocsin help --format "
	      "zsh\"\n",
		to);
	for (const struct command *const *c = commands; *c; c++)
		zsh_command(to, *c);
	fputs("_tocsin() {\n\tlocal -a commands=(\n", to);
	for (const struct command *const *c = commands; *c; c++)
		zsh_list(to, (*c)->name, *c);
	fputs("\t)\n\tlocal context state line\n\t_arguments -C", to);
	zsh_options(to, cmd_globals);
	fputs(" \\\n\t\t'1: :->command' '*:: :->words'\n"
	      "\tcase $state in\n"
	      "\tcommand) _describe command commands;;\n"
	      "\twords) (( $+functions[_tocsin_$words[1]] )) && _tocsin_$words[1];;\n"
	      "\tesac\n}\n_tocsin \"$@\"\n",
		to);
}

static void
fish_options(FILE *to, const char *when, const struct cmd_option *o)
{
	for (; o && o->name; o++) {
		fprintf(to, "complete -c tocsin -n '%s' -l %s", when, o->name);
		if (o->letter)
			fprintf(to, " -s %c", o->letter);
		if (o->arg && parse_is_choice(span_of(o->arg))) {
			fputs(" -x -a '", to);
			choices_put(to, o->arg);
			fputc('\'', to);
		} else if (o->arg) {
			fputs(strcmp(o->arg, "FILE") && strcmp(o->arg, "DIR") ? " -x" : " -r -F",
				to);
		}
		fputs(" -d '", to);
		quoted(to, o->help, "");
		fputs("'\n", to);
	}
}

static void
fish_name(FILE *to, const char *when, const struct command *c)
{
	fprintf(to, "complete -c tocsin -f -n '%s' -a %s -d '", when, c->name);
	quoted(to, c->summary, "");
	fputs("'\n", to);
}

static void
fish_command(FILE *to, const struct command *c)
{
	char when[256], verb[512];
	snprintf(when, sizeof when, "__fish_seen_subcommand_from %s", c->name);
	fish_options(to, when, c->options);
	if (!c->verbs)
		return;
	size_t used = (size_t)snprintf(verb, sizeof verb,
		"__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from", c->name);
	for (const struct command *v = c->verbs; v->name && used < sizeof verb; v++)
		used += (size_t)snprintf(verb + used, sizeof verb - used, " %s", v->name);
	for (const struct command *v = c->verbs; v->name; v++)
		fish_name(to, verb, v);
	for (const struct command *v = c->verbs; v->name; v++) {
		snprintf(
			verb, sizeof verb, "%s; and __fish_seen_subcommand_from %s", when, v->name);
		fish_options(to, verb, v->options);
	}
}

void
manual_fish(FILE *to)
{
	fputs("# fish completion of tocsin, printed by \"tocsin help --format fish\"\n", to);
	for (const struct command *const *c = commands; *c; c++)
		fish_name(to, "__fish_use_subcommand", *c);
	fish_options(to, "true", cmd_globals);
	for (const struct command *const *c = commands; *c; c++)
		fish_command(to, *c);
}
