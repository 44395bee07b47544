/* collection: makes, lists and removes collections of objects. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "memo/grant.h"

struct shown {
	const struct vault_collection *c;
	char id[UUID_TEXT];
	uint64_t versions, objects;
};

static enum rc
read_shown(struct node *n, const struct vault_collection *c, struct shown *out, struct diag *why)
{
	out->c = c;
	uuid_text(&c->id, out->id);
	return vault_collection_count(n->vault, c->number, &out->versions, &out->objects, why);
}

static void
show_json(const struct shown *s)
{
	const struct vault_collection *c = s->c;
	struct row row;
	row_begin(&row);
	row_text(&row, "alias", c->alias);
	row_text(&row, "id", span_of(s->id));
	row_text(&row, "title", c->title);
	row_text(&row, "description", c->description);
	row_flag(&row, "never_leaves", c->never_leaves);
	row_number(&row, "objects", (int64_t)s->objects);
	row_number(&row, "versions", (int64_t)s->versions);
	row_time(&row, "made", c->made);
	row_end(&row);
}

/* One line of a list; `width` is that of the longest alias. */
static enum rc
show(struct cmd_env *env, struct node *n, const struct vault_collection *c, int width,
	struct diag *why)
{
	struct shown s;
	enum rc code = read_shown(n, c, &s, why);
	if (code)
		return code;
	if (env->json) {
		show_json(&s);
		return RC_OK;
	}
	printf("%-*.*s  %s  %8llu object%-1s  %8llu version%-1s%s  ", width, (int)c->alias.len,
		c->alias.ptr, s.id, (unsigned long long)s.objects, row_plural(s.objects),
		(unsigned long long)s.versions, row_plural(s.versions),
		c->never_leaves ? "  never leaves" : "");
	row_plain(stdout, c->title);
	putchar('\n');
	return RC_OK;
}

/* Who was granted what of it, as the last line of its card. */
static enum rc
show_grants(struct node *n, const struct shown *s, struct diag *why)
{
	own_arena struct arena a = {};
	struct grant_row g = {};
	const char *comma = "grants       ";
	enum rc code;
	while (!(code = grant_next(n->store, &a, &g, why))) {
		if (!span_eq(g.collection, span_of(s->id)))
			continue;
		printf("%s%.*s %s", comma, (int)g.user.len, g.user.ptr, grant_word(g.rights));
		comma = ", ";
	}
	puts(comma[0] == ',' ? "" : "grants       none");
	return code == RC_NONE ? RC_OK : code;
}

static enum rc
show_card(struct node *n, const struct shown *s, struct diag *why)
{
	const struct vault_collection *c = s->c;
	char made[TIME_TEXT];
	time_text(c->made, made);
	printf("alias        %.*s\nid           %s\ntitle        ", (int)c->alias.len, c->alias.ptr,
		s->id);
	row_plain(stdout, c->title);
	if (c->description.len) {
		printf("\ndescription  ");
		row_plain(stdout, c->description);
	}
	printf("\nobjects      %llu\nversions     %llu\nmade         %s\nleaves       %s\n",
		(unsigned long long)s->objects, (unsigned long long)s->versions, made,
		c->never_leaves ? "never" : "as granted, and as each object is marked");
	return show_grants(n, s, why);
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
		code = show(env, &n, &c, (int)c.alias.len, &why);
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
	int width = 12;
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	while (!code && !(code = vault_collection_next(n.vault, &number, &c, &why)))
		width = row_wider(width, c.alias);
	if (code == RC_NONE && n.vault)
		code = RC_OK;
	number = 0;
	while (!code && !(code = vault_collection_next(n.vault, &number, &c, &why))) {
		any = true;
		code = show(env, &n, &c, width, &why);
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
	struct shown s;
	if (!code)
		code = guess_collection(&n, span_of(env->word[0]), &c, &why);
	if (!code)
		code = read_shown(&n, &c, &s, &why);
	if (!code && env->json)
		show_json(&s);
	else if (!code)
		code = show_card(&n, &s, &why);
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
	cmd_say(env, "removed with %llu object%s in %llu version%s", (unsigned long long)objects,
		row_plural(objects), (unsigned long long)versions, row_plural(versions));
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
		.summary = "one of them, with who may read and write it",
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
