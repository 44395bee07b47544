/* serve: the node's three processes. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "cmd/cmd.h"
#include "cmd/row.h"
#include "conf/conf.h"
#include "node/layout.h"
#include "node/serve.h"

static void
log_line(const char *event, const struct diag *why)
{
	own_mem char *text = NULL;
	char now[TIME_TEXT];
	size_t len = 0;
	FILE *line = open_memstream(&text, &len);
	if (!line)
		return;
	time_text(clock_now(clock_system()), now);
	fprintf(line, "%s %s", now, event);
	/* A peer's words are in some: no line of theirs may look like one of ours. */
	if (why && why->where[0]) {
		fputc(' ', line);
		row_plain(line, span_of(why->where));
	}
	if (why && why->what[0]) {
		fputc(' ', line);
		row_plain(line, span_of(why->what));
	}
	if (why && why->todo[0]) {
		fputs(" (", line);
		row_plain(line, span_of(why->todo));
		fputc(')', line);
	}
	fputc('\n', line);
	/* Threads log side by side: a line goes out whole. */
	if (fclose(line) == 0)
		fwrite(text, 1, len, stderr);
	fflush(stderr);
}

static bool
address(struct cmd_env *env, const char *name, struct conf_address *out, enum cmd_exit *code)
{
	const char *text = cmd_option(env, name);
	if (text && conf_address_parse(span_of(text), out)) {
		*code = cmd_usage(
			env, "--%s wants ADDR:PORT, such as 127.0.0.1:6210 or [::1]:6210", name);
		return false;
	}
	return true;
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct conf conf = *env->conf;
	enum cmd_exit usage;
	struct diag why = {};
	if (!address(env, "listen", &conf.listen, &usage) ||
		!address(env, "local", &conf.local, &usage))
		return usage;
	if (cmd_flag(env, "plain"))
		conf.tls_cert = conf.tls_key = NULL;
	if (cmd_option(env, "tls-cert"))
		conf.tls_cert = cmd_option(env, "tls-cert");
	if (cmd_option(env, "tls-key"))
		conf.tls_key = cmd_option(env, "tls-key");
	if (cmd_option(env, "client-ca"))
		conf.client_ca = cmd_option(env, "client-ca");
	if (!conf.tls_cert != !conf.tls_key)
		return cmd_usage(env, "--tls-cert and --tls-key go together");
	if (!conf.tls_cert && !conf.listen.loopback)
		return cmd_usage(env,
			"plain HTTP is served on loopback only: give --tls-cert and --tls-key");
	if (conf.local.host[0] && !conf.local.loopback)
		return cmd_usage(env, "metrics are served on loopback only");
	if (cmd_flag(env, "require-jail"))
		conf.require_jail = true;
	struct serve_options options = {.dir = env->node,
		.conf = &conf,
		.written = env->conf,
		.clock = env->clock,
		.rng = env->rng,
		.log = log_line};
	if (serve_run(&options, &why))
		return cmd_fail(&why);
	return CMD_YES;
}

static const struct cmd_option options[] = {
	{"listen", "ADDR:PORT", "where TAXII is served (from tocsin.conf)", 0, false},
	{"tls-cert", "FILE", "server certificate chain, PEM", 0, false},
	{"tls-key", "FILE", "its private key, PEM", 0, false},
	{"client-ca", "FILE", "issuers of client certificates, PEM", 0, false},
	{"plain", NULL, "no TLS, on loopback only (behind a proxy of yours)", 0, false},
	{"local", "ADDR:PORT", "loopback address of /metrics and /health", 0, false},
	{"require-jail", NULL, "refuse to serve where the kernel cannot confine the processes", 0,
		false},
	{},
};

const struct command command_serve = {
	.name = "serve",
	.summary = "serve TAXII 2.1 and sync with peers",
	.needs = NEED_CONF,
	.run = run,
	.options = options,
	.more = "Runs until SIGTERM or SIGINT; SIGHUP reads certificates again. Says \"serve.ready "
		"port=N\" on stderr "
		"once it answers. Peers of \"sync add\" are followed while it runs.\n\n"
		"Three processes: the keeper has the node's keys and writes, the front has the "
		"listening socket, fetch "
		"makes outgoing connections. Each is confined by seccomp and, where the kernel has "
		"it, Landlock.",
};
