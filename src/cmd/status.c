/* status: what this node is and holds. */
#include <stdio.h>

#include "base/own.h"
#include "cmd/cmd.h"
#include "cmd/row.h"
#include "cmd/set-internal.h"
#include "conf/conf.h"
#include "node/compile.h"
#include "node/layout.h"
#include "node/node.h"
#include "vault/quarantine.h"
#include "vault/search.h"

struct facts_shown {
	char fingerprint[FINGERPRINT_TEXT];
	uint64_t aside, behind;
	int64_t last;
	bool served;
	int alias_width;
	struct compile_state set;
};

static enum rc
gather(struct cmd_env *env, struct node *n, struct facts_shown *out, struct diag *why)
{
	int64_t since;
	own_fd int lock = -1;
	struct diag ignored;
	struct sign_public public = sign_key_public(&n->ring.node);
	sign_public_fingerprint(&public, out->fingerprint);
	out->served = layout_lock(env->node, "serve", &lock, &ignored) == RC_AGAIN;
	enum rc code = vault_last(n->vault, &out->last, why);
	if (!code)
		code = vault_quarantine_count(n->vault, &out->aside, why);
	if (!code)
		code = vault_search_lag(n->vault, &out->behind, &since, why);
	if (!code)
		code = compile_look(n, &out->set, why);
	struct vault_collection c;
	uint32_t at = 0;
	out->alias_width = 20;
	while (!code && !(code = vault_collection_next(n->vault, &at, &c, why)))
		out->alias_width = row_wider(out->alias_width, c.alias);
	return code == RC_NONE ? RC_OK : code;
}

static void
show_collection(const struct cmd_env *env, struct row *row, const struct facts_shown *f,
	const struct vault_collection *c, uint64_t versions, uint64_t objects)
{
	if (!env->json) {
		printf("collection   %-*.*s %llu object%s, %llu version%s%s\n", f->alias_width,
			(int)c->alias.len, c->alias.ptr, (unsigned long long)objects,
			row_plural(objects), (unsigned long long)versions, row_plural(versions),
			c->never_leaves ? ", never leaves" : "");
		return;
	}
	char id[UUID_TEXT];
	uuid_text(&c->id, id);
	row_open(row, NULL);
	row_text(row, "alias", c->alias);
	row_text(row, "id", span_of(id));
	row_number(row, "objects", (int64_t)objects);
	row_number(row, "versions", (int64_t)versions);
	row_close(row);
}

/* The set that scans stand on. */
static void
show_set(const struct cmd_env *env, const struct compile_state *s)
{
	char age[40] = "long";
	if (s->made != TIME_NONE)
		set_age_text(clock_now(env->clock) - s->made, age, sizeof age);
	const char *due = s->due ? ", \"tocsin set build\" is due" : "";
	if (!s->there)
		printf("set          none%s\n", due);
	else if (s->usable)
		printf("set          not used, %s: \"%s\"\n", s->fault.what, s->fault.todo);
	else
		printf("set          %llu indicator%s, made %s ago; since then %llu came, %llu "
		       "went%s\n",
			(unsigned long long)s->indicators, row_plural(s->indicators), age,
			(unsigned long long)s->came, (unsigned long long)s->went, due);
}

static void
set_json(struct row *row, const struct compile_state *s)
{
	if (!s->there)
		return;
	row_open(row, "set");
	row_flag(row, "used", s->usable == RC_OK);
	row_time(row, "made", s->made);
	row_time(row, "stamp", s->stamp);
	row_number(row, "indicators", (int64_t)s->indicators);
	row_number(row, "came", (int64_t)s->came);
	row_number(row, "went", (int64_t)s->went);
	row_flag(row, "due", s->due);
	if (s->usable)
		row_text(row, "what", span_of(s->fault.what));
	row_close(row);
}

static void
show_head(const struct cmd_env *env, const struct node *n, const struct facts_shown *f)
{
	char last[TIME_TEXT] = "never";
	if (f->last > 0)
		time_text(f->last, last);
	printf("node         %s%s\nname         ", env->node, f->served ? ", being served" : "");
	row_plain(stdout, n->me.name);
	printf("\nidentity     %.*s\nfingerprint  %s\nlast stored  %s\n", (int)n->me.id.len,
		n->me.id.ptr, f->fingerprint, last);
	if (f->aside)
		printf("quarantine   %llu object%s: \"tocsin quarantine list\"\n",
			(unsigned long long)f->aside, row_plural(f->aside));
	else
		puts("quarantine   empty");
	if (f->behind)
		printf("search       %llu version%s behind: \"tocsin %s\" reads them\n",
			(unsigned long long)f->behind, row_plural(f->behind),
			f->served ? "serve" : "search");
	else
		puts("search       up to date");
	show_set(env, &f->set);
}

static enum rc
show(struct cmd_env *env, struct node *n, const struct facts_shown *f, struct diag *why)
{
	struct row row = {};
	struct vault_collection c;
	uint32_t at = 0;
	enum rc code;
	if (env->json) {
		row_begin(&row);
		row_text(&row, "name", n->me.name);
		row_text(&row, "identity", n->me.id);
		row_text(&row, "fingerprint", span_of(f->fingerprint));
		row_flag(&row, "served", f->served);
		row_number(&row, "quarantine", (int64_t)f->aside);
		row_number(&row, "search_behind", (int64_t)f->behind);
		if (f->last > 0)
			row_time(&row, "last", f->last);
		set_json(&row, &f->set);
		row_list_open(&row, "collections");
	} else {
		show_head(env, n, f);
	}
	while (!(code = vault_collection_next(n->vault, &at, &c, why))) {
		uint64_t versions = 0, objects = 0;
		code = vault_collection_count(n->vault, c.number, &versions, &objects, why);
		if (code)
			return code;
		show_collection(env, &row, f, &c, versions, objects);
	}
	if (env->json) {
		row_list_close(&row);
		row_end(&row);
	}
	return code == RC_NONE ? RC_OK : code;
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct diag why = {};
	own_node struct node n = {};
	struct facts_shown f = {};
	struct node_options options = {.dir = env->node,
		.clock = env->clock,
		.rng = env->rng,
		.mode = STORE_READ,
		.keys = RING_NODE};
	if (node_open(&n, &options, &why) || gather(env, &n, &f, &why) || show(env, &n, &f, &why))
		return cmd_fail(&why);
	return CMD_YES;
}

const struct command command_status = {
	.name = "status",
	.summary = "what this node is and holds",
	.needs = NEED_CONF,
	.run = run,
};
