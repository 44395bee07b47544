#include "cmd/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/vec.h"
#include "cmd/guess.h"

const struct cmd_option cmd_globals[] = {
	{"node", "DIR", "the node's folder (else TOCSIN_NODE, else ./tocsin-node)"},
	{"json", NULL, "data as JSON, one object a line"},
	{"quiet", NULL, "no talk and no progress on stderr"},
	{"help", NULL, "show how the command is used", .letter = 'h'},
	{"version", NULL, "show the version"},
	{},
};

struct parse {
	struct cmd_env *env;
	const struct command *const *table;
	vec_of(const char *) words;
	vec_of(struct cmd_value) values;
	bool help, version;
	struct diag *why;
};

bool
parse_next_arg(struct span *args, struct parse_arg *out)
{
	*args = span_trim(*args);
	if (!args->len)
		return false;
	size_t end = span_find_byte(*args, ' ');
	struct span word = span_sub(*args, 0, end);
	*args = span_sub(*args, word.len, SIZE_MAX);
	*out = (struct parse_arg){};
	if (span_starts(word, SPAN("[")) && span_ends(word, SPAN("]"))) {
		out->optional = true;
		word = span_sub(word, 1, word.len - 2);
	}
	if (span_ends(word, SPAN("..."))) {
		out->repeats = true;
		word = span_sub(word, 0, word.len - 3);
	}
	out->text = word;
	return true;
}

void
parse_arity(const char *args, size_t *least, size_t *most)
{
	*least = *most = 0;
	struct span rest = args ? span_of(args) : SPAN("");
	struct parse_arg arg;
	while (parse_next_arg(&rest, &arg)) {
		*least += !arg.optional;
		*most = arg.repeats || *most == SIZE_MAX ? SIZE_MAX : *most + 1;
	}
}

bool
parse_is_choice(struct span arg)
{
	for (size_t i = 0; i < arg.len; i++)
		if (arg.ptr[i] >= 'A' && arg.ptr[i] <= 'Z')
			return false;
	return span_find_byte(arg, '|') != SIZE_MAX;
}

int
parse_choice(struct span arg, struct span word)
{
	struct span rest = arg, piece;
	for (int i = 0; span_cut(&rest, '|', &piece); i++)
		if (span_eq(piece, word))
			return i;
	return -1;
}

const struct command *
parse_find(const struct command *const *table, struct span name)
{
	for (; *table; table++)
		if (span_eq(span_of((*table)->name), name))
			return *table;
	return NULL;
}

/* Below this a word is near: at most two wrong letters, one in very short words. */
static size_t
near_enough(struct span word)
{
	return word.len > 3 ? 3 : 2;
}

const char *
parse_guess(const struct command *const *table, struct span name)
{
	const char *best = NULL;
	size_t nearest = near_enough(name);
	for (; *table; table++) {
		size_t far = guess_distance(span_of((*table)->name), name);
		if (far < nearest) {
			nearest = far;
			best = (*table)->name;
		}
	}
	return best;
}

const char *
parse_guess_verb(const struct command *c, struct span name)
{
	const char *best = NULL;
	size_t nearest = near_enough(name);
	for (const struct command *verb = c->verbs; verb && verb->name; verb++) {
		size_t far = guess_distance(span_of(verb->name), name);
		if (far < nearest) {
			nearest = far;
			best = verb->name;
		}
	}
	return best;
}

static const struct cmd_option *
find_in(const struct cmd_option *options, struct span name, char letter)
{
	for (; options && options->name; options++)
		if (letter ? options->letter == letter : span_eq(span_of(options->name), name))
			return options;
	return NULL;
}

static const struct cmd_option *
find_option(const struct parse *p, struct span name, char letter)
{
	const struct cmd_option *found = find_in(cmd_globals, name, letter);
	if (!found && p->env->command)
		found = find_in(p->env->command->options, name, letter);
	return found;
}

static const char *
guess_option(const struct parse *p, struct span name)
{
	const struct cmd_option *lists[] = {
		p->env->command ? p->env->command->options : NULL, cmd_globals};
	const char *best = NULL;
	size_t nearest = 3;
	for (size_t i = 0; i < 2; i++)
		for (const struct cmd_option *o = lists[i]; o && o->name; o++) {
			size_t far = guess_distance(span_of(o->name), name);
			if (far < nearest) {
				nearest = far;
				best = o->name;
			}
		}
	return best;
}

static enum rc
keep(struct parse *p, const struct cmd_option *option, const char *text)
{
	struct span arg = option->arg ? span_of(option->arg) : SPAN("");
	if (text && parse_is_choice(arg) && parse_choice(arg, span_of(text)) < 0)
		return diag_fail(p->why, RC_BAD, "--%s takes %s, not \"%s\"", option->name,
			option->arg, text);
	if (text && !*text)
		return diag_fail(
			p->why, RC_BAD, "--%s needs a value, not an empty one", option->name);
	for (size_t i = 0; !option->repeats && i < p->values.len; i++)
		if (p->values.at[i].option == option)
			return diag_fail(p->why, RC_BAD, "--%s is said twice", option->name);
	*vec_add(&p->values) = (struct cmd_value){option, text};
	if (find_in(cmd_globals, span_of(option->name), 0) != option)
		return RC_OK;
	if (!strcmp(option->name, "node"))
		p->env->node = text;
	p->env->json |= !strcmp(option->name, "json");
	p->env->quiet |= !strcmp(option->name, "quiet");
	p->help |= !strcmp(option->name, "help");
	p->version |= !strcmp(option->name, "version");
	return RC_OK;
}

static enum rc
take_long(struct parse *p, const char *word, const char *next, bool *used_next)
{
	struct span name = span_of(word + 2);
	size_t equal = span_find_byte(name, '=');
	const char *text = equal == SIZE_MAX ? NULL : word + 2 + equal + 1;
	name = span_sub(name, 0, equal);
	const struct cmd_option *option = find_option(p, name, 0);
	if (!option) {
		const char *near = guess_option(p, name);
		return diag_fail(p->why, RC_BAD, "no option --%.*s%s%s%s", (int)name.len, name.ptr,
			near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
	}
	if (!option->arg && text)
		return diag_fail(p->why, RC_BAD, "--%s takes no value", option->name);
	if (option->arg && !text) {
		if (!next)
			return diag_fail(
				p->why, RC_BAD, "--%s needs %s", option->name, option->arg);
		text = next;
		*used_next = true;
	}
	return keep(p, option, text);
}

static enum rc
take_letters(struct parse *p, const char *word, const char *next, bool *used_next)
{
	for (const char *at = word + 1; *at; at++) {
		const struct cmd_option *option = find_option(p, SPAN(""), *at);
		if (!option)
			return diag_fail(p->why, RC_BAD, "no option -%c", *at);
		const char *text = NULL;
		if (option->arg) {
			text = at[1] ? at + 1 : next;
			*used_next = !at[1];
			if (!text)
				return diag_fail(p->why, RC_BAD, "-%c needs %s", *at, option->arg);
		}
		enum rc rc = keep(p, option, text);
		if (rc || text)
			return rc;
	}
	return RC_OK;
}

/* A word is the command, its verb, or one more argument. */
static enum rc
take_word(struct parse *p, const char *word)
{
	struct cmd_env *env = p->env;
	if (!env->command) {
		env->command = parse_find(p->table, span_of(word));
		if (env->command)
			return RC_OK;
		const char *near = parse_guess(p->table, span_of(word));
		return diag_fail(p->why, RC_BAD, "no command \"%s\"%s%s%s", word,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	const struct command *verb = p->words.len || env->parent ? NULL : env->command->verbs;
	for (; verb && verb->name; verb++)
		if (!strcmp(verb->name, word)) {
			env->parent = env->command;
			env->command = verb;
			return RC_OK;
		}
	if (!env->command->run) {
		const char *near = parse_guess_verb(env->command, span_of(word));
		return diag_fail(p->why, RC_BAD, "%s has no \"%s\"%s%s%s", env->command->name, word,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	*vec_add(&p->words) = word;
	return RC_OK;
}

static enum rc
check_words(const struct parse *p)
{
	const struct command *c = p->env->command;
	if (!c->run)
		return diag_fail(p->why, RC_BAD, "%s: which one?", c->name);
	size_t least, most;
	parse_arity(c->args, &least, &most);
	if (p->words.len > most)
		return diag_fail(p->why, RC_BAD, "unexpected \"%s\"", p->words.at[most]);
	struct span rest = c->args ? span_of(c->args) : SPAN("");
	struct parse_arg arg;
	for (size_t i = 0; parse_next_arg(&rest, &arg); i++) {
		if (i >= p->words.len) {
			if (arg.optional)
				break;
			return diag_fail(
				p->why, RC_BAD, "%.*s is missing", (int)arg.text.len, arg.text.ptr);
		}
		if (parse_is_choice(arg.text) &&
			parse_choice(arg.text, span_of(p->words.at[i])) < 0)
			return diag_fail(p->why, RC_BAD, "\"%s\" is none of %.*s", p->words.at[i],
				(int)arg.text.len, arg.text.ptr);
	}
	return RC_OK;
}

static enum rc
take_all(struct parse *p, int argc, char **argv)
{
	bool plain = false;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *next = argv[i + 1];
		bool used_next = false;
		enum rc rc = RC_OK;
		if (plain || word[0] != '-' || !word[1])
			rc = take_word(p, word);
		else if (!strcmp(word, "--"))
			plain = true;
		else if (word[1] == '-')
			rc = take_long(p, word, next, &used_next);
		else
			rc = take_letters(p, word, next, &used_next);
		if (rc)
			return rc;
		i += used_next;
	}
	return RC_OK;
}

enum rc
parse_line(int argc, char **argv, const struct command *const *table, struct cmd_env *env,
	enum cmd_ask *ask, struct diag *why)
{
	struct parse p = {.env = env, .table = table, .why = why};
	enum rc rc = take_all(&p, argc, argv);
	*ask = p.help ? ASK_HELP : p.version ? ASK_VERSION : env->command ? ASK_RUN : ASK_NOTHING;
	if (!rc && *ask == ASK_RUN)
		rc = check_words(&p);
	env->word = p.words.at;
	env->words = p.words.len;
	env->value = p.values.at;
	env->values = p.values.len;
	return rc;
}

void
parse_fini(struct cmd_env *env)
{
	free((void *)env->word);
	free(env->value);
	arena_fini(&env->arena);
	env->word = NULL;
	env->value = NULL;
}
