/* init: makes a node. */
#include <stdio.h>

#include "base/own.h"
#include "cmd/cmd.h"
#include "cmd/row.h"
#include "keys/ring.h"
#include "node/init.h"
#include "node/layout.h"

enum { HOSTS_MOST = 32 };

static const char *const kinds[] = {"cert", "isac", "operator", "private"};

static void
show(const struct cmd_env *env, const struct identity *me, const char *fingerprint, const char *tls)
{
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "node", span_of(env->node));
		row_text(&row, "name", me->name);
		row_text(&row, "identity", me->id);
		row_text(&row, "fingerprint", span_of(fingerprint));
		row_text(&row, "tls", span_of(tls));
		row_end(&row);
		return;
	}
	printf("node         %s\nname         ", env->node);
	row_plain(stdout, me->name);
	printf("\nidentity     %.*s\nfingerprint  %s\ntls          %s\n", (int)me->id.len,
		me->id.ptr, fingerprint, tls);
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct span hosts[HOSTS_MOST];
	size_t count = 0;
	const char *host;
	for (size_t at = 0; (host = cmd_next(env, "host", &at));) {
		if (count == HOSTS_MOST)
			return cmd_usage(env, "at most %d hosts", HOSTS_MOST);
		hosts[count++] = span_of(host);
	}
	const char *name = cmd_option(env, "name"), *country = cmd_option(env, "country");
	struct init_plan plan = {
		.name = name ? span_of(name) : SPAN("Tocsin node"),
		.country = span_of(country),
		.kind = span_of(kinds[cmd_choice(env, "kind", 0)]),
		.hosts = hosts,
		.host_count = count,
		.clock = env->clock,
		.rng = env->rng,
	};
	struct diag why = {};
	own_arena struct arena a = {};
	struct identity me;
	struct ring ring;
	struct x509_view cert;
	struct span pem;
	const char *keys = layout_path(&a, env->node, LAYOUT_KEYS);
	enum rc code = node_init(env->node, &plan, &why);
	if (code)
		return cmd_refuse(env, code, &why);
	if (identity_read(env->node, &a, &me, &why) ||
		layout_read(&a, layout_path(&a, keys, "server.pem"), X509_LONGEST, &pem, &why) ||
		x509_read(pem, &cert, &why) || ring_open(keys, RING_NODE, &ring, &why))
		return cmd_fail(&why);
	char fingerprint[FINGERPRINT_TEXT];
	struct sign_public public = sign_key_public(&ring.node);
	sign_public_fingerprint(&public, fingerprint);
	ring_fini(&ring);
	show(env, &me, fingerprint, cert.fingerprint);
	cmd_say(env, "next: \"tocsin collection add ALIAS\", \"tocsin user add NAME\", \"tocsin "
		     "grant ALIAS NAME "
		     "read\", \"tocsin serve\"");
	return CMD_YES;
}

static const struct cmd_option options[] = {
	{"name", "NAME", "the organisation's name", 0, false},
	{"country", "CC", "its country, two capital letters", 0, false},
	{"kind", "cert|isac|operator|private", "what it is (cert)", 0, false},
	{"host", "HOST", "name or address partners will use, for the TLS certificate", 0, true},
	{},
};

const struct command command_init = {
	.name = "init",
	.summary = "make a node: folder, keys, identity, database",
	.needs = NEED_NOTHING,
	.run = run,
	.options = options,
	.more = "Makes NODE with an Ed25519 key of its own, an own certificate authority with a "
		"server and a client "
		"certificate (keys/ca.pem is what partners may trust), a STIX identity, a "
		"commented tocsin.conf and "
		"an empty database. Prints the key's fingerprint: partners compare it by another "
		"channel.\n\n"
		"In a node that is there it makes what is missing of keys/ and tocsin.conf, and "
		"nothing "
		"else: move a certificate away to have it renewed, with --host for the server's.",
};
