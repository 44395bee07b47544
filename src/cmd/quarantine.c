/* quarantine: what came and was neither applied nor lost, for a person to decide. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "vault/quarantine.h"

/* The alias of where it should have gone; empty where that is gone since. */
static struct span
alias_of(struct node *n, uint32_t collection, struct vault_collection *room)
{
	uint32_t at = collection - 1;
	bool there = collection && vault_collection_next(n->vault, &at, room, NULL) == RC_OK &&
		     at == collection;
	return there ? room->alias : (struct span){};
}

static void
show(const struct cmd_env *env, const struct vault_quarantined *q, struct span alias)
{
	if (env->json) {
		struct span json = q->object.bytes;
		struct row row;
		row_begin(&row);
		row_number(&row, "number", q->number);
		row_text(&row, "id", q->id);
		row_text(&row, "version", q->version);
		row_time(&row, "at", q->at);
		row_number(&row, "collection", q->collection);
		row_text(&row, "alias", alias);
		row_text(&row, "source", q->source);
		row_text(&row, "reason", q->reason);
		row_raw(&row, "object", json);
		row_end(&row);
		return;
	}
	char at[TIME_TEXT];
	time_text(q->at, at);
	printf("%6lld  %s  ", (long long)q->number, at);
	row_plain(stdout, q->id);
	printf("  ");
	row_plain(stdout, q->version);
	printf("\n        ");
	if (alias.len)
		printf("for %.*s, ", (int)alias.len, alias.ptr);
	printf("from ");
	row_plain(stdout, q->source);
	printf(": ");
	row_plain(stdout, q->reason);
	putchar('\n');
}

static enum cmd_exit
list_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_arena struct arena a = {};
	struct diag why = {};
	struct vault_quarantined q;
	int64_t number = 0;
	bool any = false;
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	if (code)
		return cmd_fail(&why);
	while (!(code = vault_quarantine_next(n.vault, &number, &a, &q, &why))) {
		any = true;
		struct vault_collection c;
		show(env, &q, alias_of(&n, q.collection, &c));
		arena_reset(&a);
	}
	if (code != RC_NONE)
		return cmd_fail(&why);
	if (!any)
		cmd_say(env, "nothing is in quarantine");
	return any ? CMD_YES : CMD_NO;
}

static enum cmd_exit
each(struct cmd_env *env,
	enum rc (*act)(struct cmd_env *env, struct node *n, int64_t number, struct diag *why))
{
	own_node struct node n = {};
	struct diag why = {};
	enum cmd_exit exit = CMD_YES;
	for (size_t i = 0; i < env->words; i++) {
		int64_t number;
		if (!span_to_i64(span_of(env->word[i]), &number) || number < 1)
			return cmd_usage(
				env, "\"%s\" is no number of \"quarantine list\"", env->word[i]);
	}
	if (handle_open(env, STORE_WRITE, &n, &why))
		return cmd_fail(&why);
	for (size_t i = 0; i < env->words; i++) {
		int64_t number = 0;
		why = (struct diag){};
		diag_where(&why, "%s", env->word[i]);
		if (span_to_i64(span_of(env->word[i]), &number) && act(env, &n, number, &why))
			exit = cmd_fail(&why);
	}
	return exit;
}

static enum rc
accept_one(struct cmd_env *env, struct node *n, int64_t number, struct diag *why)
{
	struct vault_result result;
	enum rc code = vault_quarantine_accept(n->vault, number, &result, why);
	if (!code)
		cmd_say(env, "%lld: stored", (long long)number);
	return code;
}

static enum rc
drop_one(struct cmd_env *env, struct node *n, int64_t number, struct diag *why)
{
	enum rc code = vault_quarantine_drop(n->vault, number, why);
	if (!code)
		cmd_say(env, "%lld: dropped", (long long)number);
	return code;
}

static enum cmd_exit
accept_run(struct cmd_env *env)
{
	return each(env, accept_one);
}

static enum cmd_exit
drop_run(struct cmd_env *env)
{
	return each(env, drop_one);
}

static const struct command verbs[] = {
	{.name = "list",
		.summary = "what waits, with reasons; exit 1 when nothing does",
		.needs = NEED_CONF,
		.run = list_run},
	{.name = "accept",
		.args = "NUMBER...",
		.summary = "store it after all",
		.needs = NEED_CONF,
		.run = accept_run},
	{.name = "drop",
		.args = "NUMBER...",
		.summary = "throw it away",
		.needs = NEED_CONF,
		.run = drop_run},
	{},
};

const struct command command_quarantine = {
	.name = "quarantine",
	.summary = "objects set aside, and what to do with them",
	.verbs = verbs,
	.more = "Set aside are: other content under a version that is stored, versions and "
		"revocations by another "
		"than the creator, versions later than a revocation. None of them is applied, none "
		"is lost.",
};
