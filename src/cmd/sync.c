/* sync: peers, and exchanging with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "conf/conf.h"
#include "feed/misp_pull.h"
#include "keys/keyfile.h"
#include "keys/mac.h"
#include "memo/grant.h"
#include "net/cert.h"
#include "net/client.h"
#include "net/srv.h"
#include "net/url.h"
#include "node/layout.h"
#include "node/sync.h"

/* One "REMOTE=LOCAL" or "LOCAL=REMOTE"; the last "=" parts them, since titles may hold one. */
static bool
pair(const char *text, struct span *left, struct span *right)
{
	const char *equals = strrchr(text, '=');
	if (!equals || equals == text || !equals[1])
		return false;
	*left = (struct span){text, (size_t)(equals - text)};
	*right = span_of(equals + 1);
	return true;
}

struct adding {
	struct cmd_env *env;
	struct node node;
	struct peer peer;
	struct buf ca, cert, secret;
	char pin[7 + CERT_PIN_TEXT];
};

/* Certificates and keys that no connection could be made with are refused here, not at each exchange. */
static enum rc
adding_try(const struct adding *a, bool has_key, struct diag *why)
{
	struct client_config config = {.ca = a->peer.ca, .cert = a->peer.cert};
	struct client *c = NULL;
	if (has_key)
		config.key = buf_span(&a->secret);
	enum rc code = client_new(&config, &c, why);
	if (!code)
		client_free(c);
	return code;
}

static enum cmd_exit
adding_read(struct adding *a, struct diag *why)
{
	struct cmd_env *env = a->env;
	const char *user = cmd_option(env, "user"), *cert = cmd_option(env, "cert"),
		   *key = cmd_option(env, "key");
	const char *pin = cmd_option(env, "pin");
	uint8_t digest[CERT_PIN];
	bool token = cmd_flag(env, "token-stdin"), password = cmd_flag(env, "password-stdin");
	if ((user != NULL) + token + (cert != NULL) > 1)
		return cmd_usage(env, "one of --user, --token-stdin and --cert");
	if ((user != NULL) != password || (cert != NULL) != (key != NULL))
		return cmd_usage(env, user || password ? "--user and --password-stdin go together"
						       : "--cert and --key go together");
	a->peer.auth = user    ? PEER_AUTH_BASIC
		       : token ? PEER_AUTH_BEARER
		       : cert  ? PEER_AUTH_CERT
			       : PEER_AUTH_NONE;
	a->peer.user = span_of(user);
	if (pin) {
		struct span hex = span_of(pin);
		if (span_starts(hex, SPAN("sha256:")))
			hex = span_sub(hex, 7, SIZE_MAX);
		if (cert_pin_parse(hex, digest))
			return cmd_usage(env, "--pin is the SHA-256 of the server's certificate, "
					      "64 hexadecimal digits");
		memcpy(a->pin, "sha256:", 7);
		cert_pin_text(digest, a->pin + 7);
		a->peer.pin = span_of(a->pin);
	}
	const char *ca = cmd_option(env, "ca");
	if (ca && cmd_read(ca, 1 << 20, &a->ca, why))
		return cmd_fail(why);
	if (cert &&
		(cmd_read(cert, 1 << 20, &a->cert, why) || cmd_read(key, 1 << 20, &a->secret, why)))
		return cmd_fail(why);
	if ((token || password) && cmd_read_secret(&a->secret, why))
		return cmd_fail(why);
	a->peer.ca = buf_span(&a->ca);
	a->peer.cert = buf_span(&a->cert);
	return adding_try(a, cert != NULL, why) ? cmd_fail(why) : CMD_YES;
}

/*
 * Pushing to a peer is sending: the gate wants a grant for it. Saying --push is that consent, so the user
 * of the peer's name is made and granted reading of the collection.
 */
static enum rc
grant_push(struct adding *a, const struct vault_collection *c, struct diag *why)
{
	own_arena struct arena mem = {};
	struct user u = {};
	enum grant rights = GRANT_NONE;
	char id[UUID_TEXT];
	struct diag absent;
	enum rc code = user_get(a->node.store, a->peer.name, &mem, &u, &absent);
	if (code == RC_NONE) {
		u = (struct user){.name = a->peer.name, .roles = ROLE_READER};
		code = user_add(a->node.store, a->env->clock, &u, why);
		if (!code)
			cmd_say(a->env, "user \"%.*s\" made for this peer, without credentials",
				(int)a->peer.name.len, a->peer.name.ptr);
	}
	uuid_text(&c->id, id);
	if (!code)
		code = grant_get(a->node.store, span_of(id), a->peer.name, &rights, why);
	if (!code && !(rights & GRANT_READ)) {
		code = grant_set(a->node.store, span_of(id), a->peer.name,
			(enum grant)(rights | GRANT_READ), why);
		if (!code)
			cmd_say(a->env, "grant:%.*s: \"%.*s\" may read it", (int)c->alias.len,
				c->alias.ptr, (int)a->peer.name.len, a->peer.name.ptr);
	}
	return code;
}

static enum rc
links_add(struct adding *a, struct diag *why)
{
	const char *text;
	struct span left, right;
	struct vault_collection c;
	enum rc code = RC_OK;
	for (size_t at = 0; !code && (text = cmd_next(a->env, "collection", &at));) {
		if (!pair(text, &left, &right))
			return diag_fail(
				why, RC_BAD, "--collection wants REMOTE=LOCAL, not \"%s\"", text);
		if (a->peer.kind == PEER_MISP && (code = misp_remote_check(left, false, why)))
			return code;
		code = guess_collection(&a->node, right, &c, why);
		struct peer_link link = {
			.peer = a->peer.name, .way = PEER_PULL, .remote = left, .local = right};
		if (!code)
			code = peer_link_add(a->node.store, &link, why);
	}
	for (size_t at = 0; !code && (text = cmd_next(a->env, "push", &at));) {
		if (!pair(text, &left, &right))
			return diag_fail(
				why, RC_BAD, "--push wants LOCAL=REMOTE, not \"%s\"", text);
		if (a->peer.kind == PEER_MISP && (code = misp_remote_check(right, true, why)))
			return code;
		code = guess_collection(&a->node, left, &c, why);
		struct peer_link link = {
			.peer = a->peer.name, .way = PEER_PUSH, .remote = right, .local = left};
		if (!code)
			code = peer_link_add(a->node.store, &link, why);
	}
	return code;
}

static enum rc
secret_write(struct adding *a, struct diag *why)
{
	own_arena struct arena mem = {};
	if (a->secret.len == 0)
		return RC_OK;
	own_fd int dir = keyfile_dir(layout_path(&mem, a->env->node, LAYOUT_KEYS), why);
	if (dir < 0)
		return RC_IO;
	const char *name =
		arena_printf(&mem, "peer-%.*s", (int)a->peer.name.len, a->peer.name.ptr).ptr;
	return keyfile_replace(dir, name, buf_span(&a->secret), why);
}

static enum rc
adding_store(struct adding *a, struct diag *why)
{
	const char *text;
	struct span left, right;
	enum rc code = store_begin(a->node.store, why);
	if (code)
		return code;
	code = peer_add(a->node.store, &a->peer, why);
	if (!code)
		code = links_add(a, why);
	if (!code)
		code = secret_write(a, why);
	if (code) {
		store_rollback(a->node.store);
		return code;
	}
	code = store_commit(a->node.store, why);
	for (size_t at = 0; !code && (text = cmd_next(a->env, "push", &at));) {
		struct vault_collection c;
		if (pair(text, &left, &right) &&
			!(code = guess_collection(&a->node, left, &c, why)))
			code = grant_push(a, &c, why);
	}
	return code;
}

/*
 * No URL but a domain: what it announces by DNS is told (TAXII 2.1 section 8.4.2) and not followed by
 * itself, since whoever answers the query would choose where credentials go.
 */
static enum cmd_exit
add_domain(struct cmd_env *env, struct span domain, const char *fault)
{
	struct srv_list list;
	struct diag why = {};
	if (srv_lookup(domain, &list, &why))
		return cmd_usage(env, "%s: %s", env->word[1], why.what[0] ? why.what : fault);
	for (size_t i = 0; i < list.len; i++)
		cmd_say(env, "%s announces https://%s:%u/taxii2/", env->word[1], list.at[i].host,
			list.at[i].port);
	return cmd_usage(env,
		"%s is no URL: add the peer with the one above that you know to be your partner's",
		env->word[1]);
}

static enum cmd_exit
add_run(struct cmd_env *env)
{
	struct adding a = {.env = env};
	struct diag why = {};
	struct http_url url;
	a.peer.name = span_of(env->word[0]);
	a.peer.url = span_of(env->word[1]);
	a.peer.kind = (enum peer_kind)cmd_choice(env, "kind", PEER_TAXII);
	if (http_url_parse(a.peer.url, &url, &why))
		return a.peer.kind == PEER_TAXII ? add_domain(env, a.peer.url, why.what)
						 : cmd_usage(env, "%s: %s", env->word[1], why.what);
	/* TAXII 2.1 section 8.5.1 */
	if (a.peer.kind == PEER_TAXII && !url.tls && !url_is_local(&url))
		return cmd_usage(env,
			"%s: TAXII is spoken over https:// only; http:// reaches this machine "
			"alone",
			env->word[1]);
	if (!cmd_duration(env, "every", &a.peer.every))
		return CMD_USAGE;
	enum cmd_exit exit = adding_read(&a, &why);
	if (exit == CMD_YES && handle_open(env, STORE_WRITE, &a.node, &why))
		exit = cmd_fail(&why);
	enum rc code = exit == CMD_YES ? adding_store(&a, &why) : RC_OK;
	if (code)
		exit = cmd_refuse(env, code, &why);
	if (exit == CMD_YES && !cmd_option(env, "collection") && !cmd_option(env, "push"))
		cmd_say(env,
			"nothing is exchanged with it: remove it, then add it with --collection "
			"REMOTE=LOCAL or --push LOCAL=REMOTE");
	node_close(&a.node);
	secret_wipe(a.secret.ptr, a.secret.len);
	buf_fini(&a.secret);
	buf_fini(&a.ca);
	buf_fini(&a.cert);
	return exit;
}

static enum cmd_exit
remove_run(struct cmd_env *env)
{
	struct diag why = {};
	own_node struct node n = {};
	own_arena struct arena mem = {};
	enum rc code = handle_open(env, STORE_WRITE, &n, &why);
	if (!code)
		code = store_begin(n.store, &why);
	if (!code)
		code = peer_remove(n.store, span_of(env->word[0]), &why);
	if (!code)
		code = store_commit(n.store, &why);
	if (code)
		return cmd_fail(&why);
	remove(arena_printf(&mem, "%s/%s/peer-%s", env->node, LAYOUT_KEYS, env->word[0]).ptr);
	struct user u;
	struct diag ignored;
	if (user_get(n.store, span_of(env->word[0]), &mem, &u, &ignored) == RC_OK)
		cmd_say(env, "the user \"%s\" and its grants stay: \"tocsin user remove %s\"",
			env->word[0], env->word[0]);
	return CMD_YES;
}

static const char *const kind_words[] = {"taxii", "misp"};

static void
show_link(const struct cmd_env *env, const struct peer *p, const struct peer_link *l, int width)
{
	bool pull = l->way == PEER_PULL;
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "peer", p->name);
		row_text(&row, "kind", span_of(kind_words[p->kind]));
		row_text(&row, "url", p->url);
		row_text(&row, "way", pull ? SPAN("pull") : SPAN("push"));
		row_text(&row, "remote", l->remote);
		row_text(&row, "local", l->local);
		row_number(&row, "objects", l->objects);
		row_time(&row, "tried", l->tried);
		row_time(&row, "succeeded", l->succeeded);
		if (l->fault.len)
			row_text(&row, "fault", l->fault);
		if (l->skew != TIME_NONE)
			row_number(&row, "clock_offset_us", l->skew);
		row_end(&row);
		return;
	}
	char when[TIME_TEXT] = "never";
	if (l->succeeded != TIME_NONE)
		time_text(l->succeeded, when);
	printf("%-*.*s  %-5s  %s %.*s -> %.*s  %lld object%s  last %s", width, (int)p->name.len,
		p->name.ptr, kind_words[p->kind], pull ? "pull" : "push",
		(int)(pull ? l->remote : l->local).len, (pull ? l->remote : l->local).ptr,
		(int)(pull ? l->local : l->remote).len, (pull ? l->local : l->remote).ptr,
		(long long)l->objects, row_plural((uint64_t)l->objects), when);
	if (l->skew != TIME_NONE && (l->skew > 2 * SECOND || l->skew < -2 * SECOND))
		printf("  their clock is %+lld s off", (long long)(l->skew / SECOND));
	if (l->fault.len) {
		printf("  fault: ");
		row_plain(stdout, l->fault);
	}
	putchar('\n');
}

/* A peer that nothing is exchanged with. */
static void
show_idle(const struct cmd_env *env, const struct peer *p, int width)
{
	if (!env->json) {
		printf("%-*.*s  %-5s  nothing linked\n", width, (int)p->name.len, p->name.ptr,
			kind_words[p->kind]);
		return;
	}
	struct row row;
	row_begin(&row);
	row_text(&row, "peer", p->name);
	row_text(&row, "kind", span_of(kind_words[p->kind]));
	row_text(&row, "url", p->url);
	row_end(&row);
}

static enum cmd_exit
list_run(struct cmd_env *env)
{
	struct diag why = {};
	own_node struct node n = {};
	own_arena struct arena mem = {};
	struct peer_list peers = {};
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	if (!code)
		code = peer_list(n.store, &mem, &peers, &why);
	int width = 0;
	for (size_t i = 0; !code && i < peers.all.len; i++)
		width = row_wider(width, peers.all.at[i].name);
	for (size_t i = 0; !code && i < peers.all.len; i++) {
		struct peer_links links = {};
		code = peer_link_list(n.store, peers.all.at[i].name, &mem, &links, &why);
		for (size_t j = 0; !code && j < links.all.len; j++)
			show_link(env, &peers.all.at[i], &links.all.at[j], width);
		if (!code && !links.all.len)
			show_idle(env, &peers.all.at[i], width);
		free(links.all.at);
	}
	bool any = peers.all.len > 0;
	free(peers.all.at);
	if (code)
		return cmd_fail(&why);
	if (!any)
		cmd_say(env, "no peers: \"tocsin sync add NAME URL --collection REMOTE=LOCAL\" "
			     "adds one");
	return any ? CMD_YES : CMD_NO;
}

static void
show_event(const struct cmd_env *env, const struct sync_event *e)
{
	static const char *const words[] = {
		"pulled", "pushed", "refused", "quiet", "waits", "fault"};
	if (e->kind == SYNC_WAITS)
		cmd_say(env, "%.*s, %.*s: %s; asked again in %lld s", (int)e->peer.len, e->peer.ptr,
			(int)e->remote.len, e->remote.ptr, e->why.what,
			(long long)((e->pause + SECOND - 1) / SECOND));
	if (e->kind == SYNC_FAULT || e->kind == SYNC_REFUSED) {
		struct diag line = e->why;
		if (!line.where[0])
			diag_where(&line, "%.*s, %.*s", (int)e->peer.len, e->peer.ptr,
				(int)e->remote.len, e->remote.ptr);
		cmd_warn(&line);
	}
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "event", span_of(words[e->kind]));
		row_text(&row, "peer", e->peer);
		row_text(&row, "remote", e->remote);
		row_text(&row, "local", e->local);
		row_number(&row, "objects", (int64_t)e->objects);
		row_number(&row, "added", (int64_t)e->counts.added);
		row_number(&row, "duplicate", (int64_t)e->counts.duplicate);
		row_number(&row, "quarantined", (int64_t)e->counts.quarantined);
		row_number(&row, "refused", (int64_t)e->counts.refused);
		row_end(&row);
	} else if (e->kind == SYNC_PULLED) {
		printf("%.*s: %llu object%s, %llu new, %llu known already", (int)e->remote.len,
			e->remote.ptr, (unsigned long long)e->objects, row_plural(e->objects),
			(unsigned long long)e->counts.added,
			(unsigned long long)e->counts.duplicate);
		if (e->counts.quarantined)
			printf(", %llu quarantined", (unsigned long long)e->counts.quarantined);
		if (e->counts.refused)
			printf(", %llu refused", (unsigned long long)e->counts.refused);
		if (e->left_out)
			printf(", %llu left out", (unsigned long long)e->left_out);
		putchar('\n');
	} else if (e->kind == SYNC_PUSHED) {
		printf("%.*s: %llu object%s pushed\n", (int)e->remote.len, e->remote.ptr,
			(unsigned long long)e->objects, row_plural(e->objects));
	}
	fflush(stdout);
}

/* Somebody else changed the database: new objects to push, or peers added and removed. A fault is told once. */
static enum rc
changed(struct cmd_env *env, struct node *n, struct sync *s, struct span name, struct diag *told)
{
	own_arena struct arena a = {};
	struct diag why = {};
	struct peer p;
	sync_poke(s);
	if (!cmd_flag(env, "follow"))
		return RC_OK;
	if (!name.len) {
		if (sync_refresh(s, &why) && strcmp(told->what, why.what) != 0)
			cmd_warn(&why);
		*told = why;
		return RC_OK;
	}
	if (peer_get(n->store, name, &a, &p, &why) != RC_NONE)
		return RC_OK;
	cmd_say(env, "%.*s was removed", (int)name.len, name.ptr);
	return RC_NONE;
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct diag why = {};
	own_node struct node n = {};
	struct fetch fetch = {};
	struct jail_state jail = {};
	own_fd int lock = -1;
	struct span name = env->words ? span_of(env->word[0]) : (struct span){};
	const char *lock_name = "sync";
	enum rc code = layout_lock(env->node, lock_name, &lock, &why);
	if (code == RC_AGAIN)
		diag_todo(&why, "another \"tocsin sync\" runs here; wait for it or end it");
	if (!code)
		code = fetch_start(&fetch, &jail_fetch, &jail, &why);
	if (!code)
		code = handle_open(env, STORE_WRITE, &n, &why);
	if (code) {
		fetch_stop(&fetch);
		return cmd_fail(&why);
	}
	struct sync_options options = {
		.node = &n, .conf = env->conf, .fetch = &fetch, .follow = cmd_flag(env, "follow")};
	struct sync *s = sync_new(&options);
	struct sync_event e;
	code = sync_load(s, name, &why);
	if (!code && why.what[0])
		cmd_warn(&why);
	struct diag told = why;
	if (!code)
		why = (struct diag){};
	while (!code) {
		code = sync_next(s, SECOND / 4, &e, &why);
		if (code == RC_OK)
			show_event(env, &e);
		if (code == RC_AGAIN) {
			code = vault_changed(n.vault) ? changed(env, &n, s, name, &told) : RC_OK;
		}
	}
	bool failed = sync_failed(s);
	bool ended = code == RC_NONE && !why.what[0];
	sync_free(s);
	fetch_stop(&fetch);
	if (!ended)
		return cmd_fail(&why);
	return failed ? CMD_FAIL : CMD_YES;
}

static const struct cmd_option options[] = {
	{"follow", NULL, "go on: hold requests open, poll where the peer cannot", 0, false},
	{},
};

static const struct cmd_option add_options[] = {
	{"kind", "taxii|misp", "what the peer is (taxii)", 0, false},
	{"user", "NAME", "HTTP Basic, with --password-stdin", 0, false},
	{"password-stdin", NULL, "its password is the first line of stdin", 0, false},
	{"token-stdin", NULL, "bearer token, or a MISP user's key, on the first line of stdin", 0,
		false},
	{"cert", "FILE", "our client certificate, with --key", 0, false},
	{"key", "FILE", "its private key", 0, false},
	{"ca", "FILE", "who may have signed the server's certificate (the system's list)", 0,
		false},
	{"pin", "SHA256", "the server's certificate itself", 0, false},
	{"collection", "REMOTE=LOCAL", "pull this collection into that one", 0, true},
	{"push", "LOCAL=REMOTE", "push this collection to that one", 0, true},
	{"every", "TIME", "between polls (sync-every of tocsin.conf)", 0, false},
	{},
};

static const struct command verbs[] = {
	{.name = "add",
		.args = "NAME URL",
		.summary = "add a peer; of a domain without https:// tell what it announces by DNS",
		.needs = NEED_CONF,
		.run = add_run,
		.options = add_options},
	{.name = "list",
		.summary = "show peers and how far each exchange is",
		.needs = NEED_CONF,
		.run = list_run},
	{.name = "remove",
		.args = "NAME",
		.summary = "forget a peer, and how far each exchange with it had come",
		.needs = NEED_CONF,
		.run = remove_run,
		.more = "What came from it stays. Added again it is read, and sent to, from the "
			"start: nothing is "
			"missed, and what is there already is counted, not doubled."},
	{},
};

const struct command command_sync = {
	.name = "sync",
	.args = "[NAME]",
	.summary = "exchange with peers now",
	.needs = NEED_CONF,
	.run = run,
	.options = options,
	.verbs = verbs,
	.more = "Pulls and pushes what \"sync add\" linked: of one peer, or of all. A running "
		"\"serve\" does the same by "
		"itself. After a crash it goes on exactly where it was. A peer that answers 429 or "
		"503 is asked "
		"again when it says, for a minute in all.\n\n"
		"Of a MISP server (--kind misp) REMOTE is \"events\", or terms joined by \"+\": "
		"tag:NAME, !tag:NAME, org:NAME, threat:1..4, unpublished; to push, \"events\", "
		"with "
		"\"+publish\" and \"+tag:NAME\" where wanted.",
};
