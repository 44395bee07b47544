/* collection: makes, lists and removes collections of objects. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "memo/grant.h"

static enum rc
show(struct cmd_env *env, struct node *n, const struct vault_collection *c, struct diag *why)
{
	uint64_t versions, objects;
	char id[UUID_TEXT];
	uuid_text(&c->id, id);
	enum rc code = vault_collection_count(n->vault, c->number, &versions, &objects, why);
	if (code)
		return code;
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "alias", c->alias);
		row_text(&row, "id", span_of(id));
		row_text(&row, "title", c->title);
		row_text(&row, "description", c->description);
		row_flag(&row, "never_leaves", c->never_leaves);
		row_number(&row, "objects", (int64_t)objects);
		row_number(&row, "versions", (int64_t)versions);
		row_time(&row, "made", c->made);
		row_end(&row);
		return RC_OK;
	}
	printf("%-20.*s  %s  %10llu objects %10llu versions%s  ", (int)c->alias.len, c->alias.ptr,
		id, (unsigned long long)objects, (unsigned long long)versions,
		c->never_leaves ? "  never leaves" : "");
	row_plain(stdout, c->title);
	putchar('\n');
	return RC_OK;
}

static enum cmd_exit
add_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	const char *title = cmd_option(env, "title"), *about = cmd_option(env, "description");
	const char *id = cmd_option(env, "id");
	struct vault_collection c = {
		.alias = span_of(env->word[0]),
		.title = title ? span_of(title) : span_of(env->word[0]),
		.description = about ? span_of(about) : SPAN(""),
		.never_leaves = cmd_flag(env, "never-leaves"),
	};
	if (id && uuid_parse(span_of(id), &c.id) != RC_OK)
		return cmd_usage(env, "--id is a UUID of version 4");
	if (!span_is_utf8(c.title) || !span_is_utf8(c.description))
		return cmd_usage(env, "--title and --description are UTF-8");
	if (handle_open(env, STORE_WRITE, &n, &why))
		return cmd_fail(&why);
	enum rc code = vault_collection_add(n.vault, &c, &why);
	diag_where(&why, "%s", env->word[0]);
	if (!code)
		code = show(env, &n, &c, &why);
	if (!code && !c.never_leaves)
		cmd_say(env, "nobody reads it yet: \"tocsin grant %s USER read\"", env->word[0]);
	return code ? cmd_refuse(env, code, &why) : CMD_YES;
}

static enum cmd_exit
list_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	struct vault_collection c;
	uint32_t number = 0;
	bool any = false;
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	while (!code && !(code = vault_collection_next(n.vault, &number, &c, &why))) {
		any = true;
		code = show(env, &n, &c, &why);
	}
	if (code && code != RC_NONE)
		return cmd_fail(&why);
	if (code == RC_NONE && !n.vault)
		return cmd_fail(&why);
	if (!any)
		cmd_say(env, "no collections: \"tocsin collection add ALIAS\" makes one");
	return any ? CMD_YES : CMD_NO;
}

static enum cmd_exit
show_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	struct vault_collection c;
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	if (!code)
		code = guess_collection(&n, span_of(env->word[0]), &c, &why);
	if (!code)
		code = show(env, &n, &c, &why);
	return code ? cmd_fail(&why) : CMD_YES;
}

static enum cmd_exit
remove_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	struct vault_collection c;
	uint64_t versions = 0, objects = 0;
	char id[UUID_TEXT];
	enum rc code = handle_open(env, STORE_WRITE, &n, &why);
	if (!code)
		code = guess_collection(&n, span_of(env->word[0]), &c, &why);
	if (!code) {
		uuid_text(&c.id, id);
		code = vault_collection_count(n.vault, c.number, &versions, &objects, &why);
	}
	if (!code)
		code = vault_collection_remove(n.vault, c.number, &why);
	if (!code)
		code = grant_forget(n.store, span_of(id), &why);
	if (code)
		return cmd_fail(&why);
	cmd_say(env, "removed with %llu objects in %llu versions", (unsigned long long)objects,
		(unsigned long long)versions);
	return CMD_YES;
}

static const struct cmd_option add_options[] = {
	{"title", "TEXT", "what people read (the alias)", 0, false},
	{"description", "TEXT", "a sentence more", 0, false},
	{"id", "UUID", "its id, a UUIDv4 (a new one)", 0, false},
	{"never-leaves", NULL, "no grant and no memorandum lets anything of it out", 0, false},
	{},
};

static const struct command verbs[] = {
	{.name = "add",
		.args = "ALIAS",
		.summary = "make a collection",
		.needs = NEED_CONF,
		.run = add_run,
		.options = add_options},
	{.name = "list",
		.summary = "those there are; exit 1 when there is none",
		.needs = NEED_CONF,
		.run = list_run},
	{.name = "show",
		.args = "ALIAS",
		.summary = "one of them",
		.needs = NEED_CONF,
		.run = show_run},
	{.name = "remove",
		.args = "ALIAS",
		.summary = "remove it with all that is in it",
		.needs = NEED_CONF,
		.run = remove_run},
	{},
};

const struct command command_collection = {
	.name = "collection",
	.summary = "collections of objects",
	.verbs = verbs,
	.more = "A collection is what TAXII clients read and write, found by its alias or its id. "
		"An alias is 1 to 64 "
		"of a-z 0-9 - _ . and starts with a letter or digit. Objects that are in other "
		"collections too stay "
		"there when one is removed.",
};
