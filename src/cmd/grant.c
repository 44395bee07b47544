/* grant: which user may read or write which collection. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "memo/grant.h"

struct widths {
	int collection, user;
};

/* The alias, or the id of a collection without one. */
static struct span
name_of(struct node *n, const struct grant_row *g, struct vault_collection *room)
{
	bool there = vault_collection_find(n->vault, g->collection, room, NULL) == RC_OK;
	return there ? room->alias : g->collection;
}

static void
show(const struct cmd_env *env, const struct grant_row *g, struct span name, const struct widths *w)
{
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "collection", g->collection);
		if (!span_eq(name, g->collection))
			row_text(&row, "alias", name);
		row_text(&row, "user", g->user);
		row_text(&row, "rights", span_of(grant_word(g->rights)));
		row_end(&row);
		return;
	}
	printf("%-*.*s  %-*.*s  %s\n", w->collection, (int)name.len, name.ptr, w->user,
		(int)g->user.len, g->user.ptr, grant_word(g->rights));
}

static enum cmd_exit
list(struct cmd_env *env, struct node *n)
{
	own_arena struct arena a = {};
	struct grant_row g = {};
	struct vault_collection c;
	struct diag why = {};
	uint64_t count = 0;
	struct widths w = {12, 12};
	enum rc code;
	while (!(code = grant_next(n->store, &a, &g, &why))) {
		w.collection = row_wider(w.collection, name_of(n, &g, &c));
		w.user = row_wider(w.user, g.user);
	}
	if (code != RC_NONE)
		return cmd_fail(&why);
	g = (struct grant_row){};
	while (!(code = grant_next(n->store, &a, &g, &why))) {
		count++;
		show(env, &g, name_of(n, &g, &c), &w);
	}
	if (code != RC_NONE)
		return cmd_fail(&why);
	if (!count)
		cmd_say(env, "no grants: \"tocsin grant ALIAS USER read\" makes one");
	return count ? CMD_YES : CMD_NO;
}

static enum cmd_exit
set(struct cmd_env *env, struct node *n)
{
	struct vault_collection c;
	struct diag why = {};
	enum grant rights;
	char id[UUID_TEXT];
	if (grant_parse(span_of(env->word[2]), &rights))
		return cmd_usage(env, "\"%s\" is none of read, write, both, none", env->word[2]);
	if (guess_collection(n, span_of(env->word[0]), &c, &why))
		return cmd_fail(&why);
	if (c.never_leaves && rights & GRANT_READ) {
		diag_where(&why, "%s", env->word[0]);
		diag_todo(&why, "grant write, or use another collection");
		(void)!diag_fail(&why, RC_DENIED, "nothing of this collection leaves the node");
		return cmd_fail(&why);
	}
	uuid_text(&c.id, id);
	if (grant_set(n->store, span_of(id), span_of(env->word[1]), rights, &why))
		return cmd_fail(&why);
	return CMD_YES;
}

static enum cmd_exit
run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	if (env->words != 0 && env->words != 3)
		return cmd_usage(env, "name a collection, a user and what it may");
	if (handle_open(env, env->words ? STORE_WRITE : STORE_READ, &n, &why))
		return cmd_fail(&why);
	return env->words ? set(env, &n) : list(env, &n);
}

const struct command command_grant = {
	.name = "grant",
	.args = "[ALIAS] [USER] [read|write|both|none]",
	.summary = "let a user read or write a collection; without words: show all grants",
	.needs = NEED_CONF,
	.run = run,
	.more = "The user \"public\" stands for anybody: it can be granted reading, and only "
		"objects marked "
		"TLP:CLEAR go to it. \"none\" takes a grant away. What is marked TLP:RED goes to "
		"nobody, "
		"whatever is granted.",
};
