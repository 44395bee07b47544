/* user: local users, with what they log in and what they may. */
#include <stdio.h>

#include "base/mutant.h"
#include "cmd/cmd.h"
#include "cmd/handle.h"
#include "cmd/row.h"
#include "keys/mac.h"
#include "keys/x509.h"
#include "memo/role.h"
#include "memo/user.h"

static void
wipe(struct buf *secret)
{
	if (secret->ptr)
		secret_wipe(secret->ptr, secret->cap);
	buf_fini(secret);
}

#define own_password __attribute__((cleanup(wipe)))

static struct span
option_span(const struct cmd_env *env, const char *name)
{
	const char *text = cmd_option(env, name);
	return text ? span_of(text) : (struct span){};
}

/* ---- show ---- */

static void
show_roles(const struct user *u, struct buf *text)
{
	roles_text(u->roles, text);
}

static void
show_json(const struct user *u)
{
	struct row row;
	own_buf struct buf roles = {};
	show_roles(u, &roles);
	row_begin(&row);
	row_text(&row, "name", u->name);
	row_text(&row, "roles", buf_span(&roles));
	if (u->identity.len)
		row_text(&row, "identity", u->identity);
	if (u->party.len)
		row_text(&row, "party", u->party);
	row_flag(&row, "password", u->has_password);
	row_number(&row, "tokens", (int64_t)u->tokens);
	row_number(&row, "certificates", (int64_t)u->certs);
	row_time(&row, "made", u->made);
	row_end(&row);
}

struct widths {
	int name, roles;
};

static enum rc
measure(struct store *s, struct widths *out, struct diag *why)
{
	own_arena struct arena a = {};
	own_buf struct buf roles = {};
	struct user u = {};
	enum rc code;
	while (!(code = user_next(s, &a, &u, why))) {
		buf_reset(&roles);
		show_roles(&u, &roles);
		out->name = row_wider(out->name, u.name);
		out->roles = row_wider(out->roles, buf_span(&roles));
	}
	return code == RC_NONE ? RC_OK : code;
}

/* What the user logs in with. */
static void
show_login(const struct user *u)
{
	const char *comma = "";
	if (u->has_password) {
		printf("password");
		comma = ", ";
	}
	if (u->tokens) {
		printf("%s%llu token%s", comma, (unsigned long long)u->tokens,
			row_plural(u->tokens));
		comma = ", ";
	}
	if (u->certs)
		printf("%s%llu certificate%s", comma, (unsigned long long)u->certs,
			row_plural(u->certs));
	else if (!comma[0])
		printf("cannot log in");
}

static void
show_line(const struct user *u, const struct widths *w)
{
	own_buf struct buf roles = {};
	show_roles(u, &roles);
	printf("%-*.*s  %-*.*s  ", w->name, (int)u->name.len, u->name.ptr, w->roles, (int)roles.len,
		roles.ptr);
	show_login(u);
	if (u->party.len)
		printf(", party %.*s", (int)u->party.len, u->party.ptr);
	if (u->identity.len)
		printf(", %.*s", (int)u->identity.len, u->identity.ptr);
	putchar('\n');
}

static enum cmd_exit
list_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_arena struct arena a = {};
	struct diag why = {};
	struct user u = {};
	uint64_t count = 0;
	struct widths widths = {12, 12};
	enum rc code = handle_open(env, STORE_READ, &n, &why);
	if (!code && !env->json)
		code = measure(n.store, &widths, &why);
	while (!code && !(code = user_next(n.store, &a, &u, &why))) {
		count++;
		if (env->json)
			show_json(&u);
		else
			show_line(&u, &widths);
	}
	if (code != RC_NONE)
		return cmd_fail(&why);
	if (count == 0)
		cmd_say(env, "no users: \"tocsin user add NAME\" makes one");
	return count ? CMD_YES : CMD_NO;
}

/* ---- change ---- */

/* The fingerprint of a certificate in a file, or a fingerprint itself. */
static enum rc
read_cert(const char *file, char out[static FINGERPRINT_TEXT], struct diag *why)
{
	struct x509_view view;
	own_buf struct buf bytes = {};
	if (fingerprint_parse(span_of(file), out) == RC_OK)
		return RC_OK;
	enum rc code = cmd_read(file, X509_LONGEST, &bytes, why);
	if (code)
		return code;
	diag_where(why, "%s", file);
	if ((code = x509_read(buf_span(&bytes), &view, why)))
		return code;
	if (view.authority) {
		diag_todo(why, "give the certificate that the client itself shows");
		return diag_fail(why, RC_BAD, "this is an authority's certificate, not a client's");
	}
	span_copy(span_of(view.fingerprint), out, FINGERPRINT_TEXT);
	return RC_OK;
}

/* What `add` was told to log in with, read and checked before anything is written. */
struct secrets {
	struct buf password;
	char print[FINGERPRINT_TEXT]; /* empty: none */
};

static enum rc
read_secrets(const struct cmd_env *env, struct secrets *out, struct diag *why)
{
	const char *file = cmd_option(env, "cert");
	enum rc code = file ? read_cert(file, out->print, why) : RC_OK;
	if (!code && cmd_flag(env, "password-stdin") &&
		!(code = cmd_read_secret(&out->password, why)))
		code = password_fit(buf_span(&out->password), why);
	return code;
}

static enum rc
add_all(struct node *n, struct user *u, const struct secrets *s, struct diag *why)
{
	/* Whoever speaks as the node would version and revoke what it published. */
	if (span_eq_fold(u->identity, n->me.id) && !mutant(572)) {
		diag_where(why, "--identity");
		diag_todo(why, "objects in its name are made at its command line");
		return diag_fail(why, RC_CONFLICT, "that is this node's own identity");
	}
	enum rc code = user_add(n->store, n->clock, u, why);
	if (!code && s->password.len)
		code = user_set_password(
			n->store, u->name, buf_span(&s->password), password_cost_default(), why);
	if (!code && s->print[0])
		code = user_add_cert(
			n->store, u->name, span_of(s->print), clock_now(n->clock), why);
	/* Half a user is none: what a later step refuses takes the earlier ones back. */
	if (code && u->number)
		(void)!user_remove(n->store, u->name, NULL);
	return code;
}

static enum cmd_exit
add_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	struct secrets s = {};
	struct user u = {.name = span_of(env->word[0]),
		.roles = ROLE_READER,
		.identity = option_span(env, "identity"),
		.party = option_span(env, "party")};
	enum rc code = RC_OK;
	if (cmd_option(env, "role"))
		code = roles_parse(option_span(env, "role"), &u.roles, &why);
	if (code)
		return cmd_refuse(env, code, &why);
	if (read_secrets(env, &s, &why) || handle_open(env, STORE_WRITE, &n, &why)) {
		wipe(&s.password);
		return cmd_fail(&why);
	}
	code = add_all(&n, &u, &s, &why);
	bool way = s.password.len || s.print[0];
	wipe(&s.password);
	if (code)
		return cmd_refuse(env, code, &why);
	if (!way)
		cmd_say(env,
			"%s cannot log in yet: \"tocsin user passwd %s --password-stdin\", "
			"\"tocsin "
			"user token %s\" or \"tocsin user cert %s FILE\"",
			env->word[0], env->word[0], env->word[0], env->word[0]);
	cmd_say(env, "%s sees nothing yet: \"tocsin grant ALIAS %s read\"", env->word[0],
		env->word[0]);
	return CMD_YES;
}

static enum cmd_exit
remove_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_arena struct arena a = {};
	struct diag why = {};
	struct user u = {};
	enum rc code = handle_open(env, STORE_WRITE, &n, &why);
	/* What it brought keeps its number: a later user of this name may not version that. */
	if (!code && !mutant(571) &&
		user_get(n.store, span_of(env->word[0]), &a, &u, NULL) == RC_OK) {
		struct span old = arena_printf(&a, "user:%s", env->word[0]);
		struct span kept =
			arena_printf(&a, "user:%s#%lld", env->word[0], (long long)u.number);
		code = vault_source_rename(n.vault, old, kept, &why);
		code = code == RC_NONE ? RC_OK : code;
	}
	if (!code)
		code = user_remove(n.store, span_of(env->word[0]), &why);
	return code ? cmd_fail(&why) : CMD_YES;
}

static enum cmd_exit
passwd_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_password struct buf password = {};
	struct diag why = {};
	bool none = cmd_flag(env, "none");
	if (none == cmd_flag(env, "password-stdin"))
		return cmd_usage(env, "say --password-stdin, or --none to take the password away");
	enum rc code = none ? RC_OK : cmd_read_secret(&password, &why);
	if (!code)
		code = handle_open(env, STORE_WRITE, &n, &why);
	if (!code)
		code = user_set_password(n.store, span_of(env->word[0]),
			none ? SPAN("") : buf_span(&password), password_cost_default(), &why);
	return code ? cmd_fail(&why) : CMD_YES;
}

static enum cmd_exit
drop_tokens(const struct cmd_env *env, struct node *n)
{
	struct diag why = {};
	uint64_t removed;
	if (user_drop_tokens(n->store, span_of(env->word[0]), &removed, &why))
		return cmd_fail(&why);
	cmd_say(env, "%llu token%s taken away", (unsigned long long)removed,
		removed == 1 ? "" : "s");
	return removed ? CMD_YES : CMD_NO;
}

static enum cmd_exit
token_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	char token[TOKEN_TEXT];
	if (handle_open(env, STORE_WRITE, &n, &why))
		return cmd_fail(&why);
	if (cmd_flag(env, "drop"))
		return drop_tokens(env, &n);
	if (user_add_token(
		    n.store, span_of(env->word[0]), env->rng, clock_now(env->clock), token, &why))
		return cmd_fail(&why);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "user", span_of(env->word[0]));
		row_text(&row, "token", span_of(token));
		row_end(&row);
	} else {
		puts(token);
	}
	secret_wipe(token, sizeof token);
	cmd_say(env, "shown this once; the node keeps its digest only");
	return CMD_YES;
}

static enum cmd_exit
cert_run(struct cmd_env *env)
{
	own_node struct node n = {};
	struct diag why = {};
	char print[FINGERPRINT_TEXT];
	enum rc code = read_cert(env->word[1], print, &why);
	if (!code)
		code = handle_open(env, STORE_WRITE, &n, &why);
	if (!code)
		code = user_add_cert(n.store, span_of(env->word[0]), span_of(print),
			clock_now(env->clock), &why);
	if (code)
		return cmd_fail(&why);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "user", span_of(env->word[0]));
		row_text(&row, "fingerprint", span_of(print));
		row_end(&row);
	} else {
		puts(print);
	}
	return CMD_YES;
}

static const struct cmd_option add_options[] = {
	{"role", "ROLES",
		"reader, analyst, releaser, officer, auditor, admin, with commas (reader)", 0,
		false},
	{"identity", "ID", "the STIX identity whose objects this user may version", 0, false},
	{"party", "ID", "the party it speaks for, a DNS name", 0, false},
	{"password-stdin", NULL, "read a password from the first line of stdin", 0, false},
	{"cert", "FILE", "client certificate (PEM or DER) to log in with", 0, false},
	{},
};

static const struct cmd_option passwd_options[] = {
	{"password-stdin", NULL, "read the password from the first line of stdin", 0, false},
	{"none", NULL, "take the password away", 0, false},
	{},
};

static const struct cmd_option token_options[] = {
	{"drop", NULL, "take all tokens of the user away instead", 0, false},
	{},
};

static const struct command verbs[] = {
	{.name = "add",
		.args = "NAME",
		.summary = "add a user",
		.needs = NEED_CONF,
		.run = add_run,
		.options = add_options},
	{.name = "list", .summary = "show all users", .needs = NEED_CONF, .run = list_run},
	{.name = "remove",
		.args = "NAME",
		.summary = "remove a user with all grants; it is out at once",
		.needs = NEED_CONF,
		.run = remove_run},
	{.name = "passwd",
		.args = "NAME",
		.summary = "set or take away a password",
		.needs = NEED_CONF,
		.run = passwd_run,
		.options = passwd_options},
	{.name = "token",
		.args = "NAME",
		.summary = "make a bearer token, shown once",
		.needs = NEED_CONF,
		.run = token_run,
		.options = token_options},
	{.name = "cert",
		.args = "NAME FILE",
		.summary =
			"let a client certificate (or its SHA-256 fingerprint) log in as the user",
		.needs = NEED_CONF,
		.run = cert_run},
	{},
};

const struct command command_user = {
	.name = "user",
	.summary = "local users: who may log in, with what, as what",
	.verbs = verbs,
	.more = "A user logs in over TAXII with a password, a token or a client certificate, and "
		"sees what "
		"\"tocsin grant\" lets it see. Roles: reader, analyst, releaser and officer read "
		"content, "
		"auditor and admin do not. Passwords have 12 to 1024 bytes. A running \"serve\" "
		"sees every "
		"change at the next request.",
};
