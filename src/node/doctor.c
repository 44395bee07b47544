#include "node/doctor-internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "jail/jail.h"
#include "match/vscan.h"
#include "memo/grant.h"
#include "memo/role.h"
#include "net/cert.h"
#include "node/armed_file.h"
#include "node/compile.h"
#include "node/layout.h"
#include "node/peer.h"
#include "vault/quarantine.h"
#include "vault/search.h"

#define DAY (INT64_C(86400) * SECOND)
enum { SKEW_SECONDS = 5, FREE_MIB = 512 };

struct diag *
doctor_add(struct doctor *d, const char *check, enum doctor_grade grade)
{
	struct doctor_finding *f = vec_add(&d->found);
	*f = (struct doctor_finding){.check = check, .grade = grade};
	return &f->why;
}

static enum rc
check_folder(struct doctor *d, struct diag *why)
{
	struct stat st;
	struct statvfs fs;
	(void)why;
	if (!stat(d->node->dir, &st) && (st.st_mode & 077)) {
		struct diag *f = doctor_add(d, "folder", DOCTOR_WEAK);
		diag_where(f, "%s", d->node->dir);
		diag_what(f, "others may look into the node's folder (mode %03o)",
			st.st_mode & 0777u);
		diag_todo(f, "chmod 700 %s", d->node->dir);
	}
	if (!statvfs(d->node->dir, &fs) && fs.f_bavail * fs.f_frsize < (uint64_t)FREE_MIB << 20) {
		struct diag *f = doctor_add(d, "disk", DOCTOR_WEAK);
		diag_where(f, "%s", d->node->dir);
		diag_what(f, "%llu MiB are free",
			(unsigned long long)(fs.f_bavail * fs.f_frsize >> 20));
		diag_todo(f, "free some space: writing stops, whole, when there is none");
	}
	return RC_OK;
}

static enum rc
check_keys(struct doctor *d, struct diag *why)
{
	own_arena struct arena a = {};
	const char *keys = layout_path(&a, d->node->dir, LAYOUT_KEYS);
	struct diag fault = {};
	for (unsigned at = 0;
		ring_fault(keys, clock_now(d->node->clock), &at, &fault) != RC_NONE;) {
		*doctor_add(d, "keys", DOCTOR_WEAK) = fault;
		fault = (struct diag){};
		if (at > 64)
			break;
	}
	(void)why;
	return RC_OK;
}

static enum rc
check_tls(struct doctor *d, struct diag *why)
{
	own_arena struct arena a = {};
	struct span pem, key;
	struct cert cert;
	struct diag fault = {};
	int64_t now = clock_now(d->node->clock);
	(void)why;
	if (!d->conf->tls_cert) {
		struct diag *f = doctor_add(
			d, "tls", d->conf->listen.loopback ? DOCTOR_NOTE : DOCTOR_BROKEN);
		diag_what(f,
			"no certificate is configured: only loopback can be served, in the clear");
		diag_todo(f, "set tls-cert and tls-key in tocsin.conf");
		return RC_OK;
	}
	if (layout_read(&a, d->conf->tls_cert, 1 << 20, &pem, &fault) ||
		layout_read(&a, d->conf->tls_key, 1 << 20, &key, &fault) ||
		cert_read(pem, &cert, &fault) || cert_check_key(pem, key, &fault)) {
		if (!fault.where[0])
			diag_where(&fault, "%s", d->conf->tls_cert);
		*doctor_add(d, "tls", DOCTOR_BROKEN) = fault;
		return RC_OK;
	}
	struct stat st;
	/* Of our own one the check of keys says so. */
	bool own = strcmp(d->conf->tls_key,
			   layout_path(&a, d->node->dir, LAYOUT_KEYS "/server.key")) == 0;
	if (!own && stat(d->conf->tls_key, &st) == 0 && st.st_mode & 027) {
		struct diag *f = doctor_add(d, "tls", DOCTOR_WEAK);
		diag_where(f, "%s", d->conf->tls_key);
		diag_what(f, "others may read or change this key (mode %o)", st.st_mode & 0777);
		diag_todo(f, "chmod 600 %s", d->conf->tls_key);
	}
	if (cert.not_after < now + 30 * DAY || cert.not_before > now) {
		struct diag *f =
			doctor_add(d, "tls", cert.not_after < now ? DOCTOR_BROKEN : DOCTOR_WEAK);
		char until[TIME_TEXT];
		time_text(cert.not_after, until);
		diag_where(f, "%s", d->conf->tls_cert);
		diag_what(f, "the certificate is valid until %s", until);
		diag_todo(f, "replace it, then send SIGHUP to serve");
	}
	return RC_OK;
}

static enum rc
check_jail(struct doctor *d, struct diag *why)
{
	(void)why;
	if (jail_landlock_abi())
		return RC_OK;
	struct diag *f = doctor_add(d, "jail", DOCTOR_WEAK);
	diag_what(f, "this kernel or container refuses Landlock: serve's processes are held by "
		     "seccomp only");
	diag_todo(f, "use a kernel with CONFIG_SECURITY_LANDLOCK (5.13 or later)");
	return RC_OK;
}

static struct diag *
user_finding(struct doctor *d, enum doctor_grade grade, const struct user *u)
{
	struct diag *f = doctor_add(d, "users", grade);
	diag_where(f, "%.*s", (int)u->name.len, u->name.ptr);
	return f;
}

/* "sync add --push" makes a user of the peer's name, for its grants alone. */
static bool
is_peer(struct doctor *d, struct span name)
{
	own_arena struct arena a = {};
	struct peer p;
	struct diag ignored;
	return peer_get(d->node->store, name, &a, &p, &ignored) == RC_OK;
}

static void
judge_user(struct doctor *d, const struct user *u)
{
	int len = (int)u->name.len;
	const char *name = u->name.ptr;
	if ((u->roles & ROLE_ADMIN) && (u->roles & ROLE_OFFICER)) {
		struct diag *f = user_finding(d, DOCTOR_WEAK, u);
		diag_what(f,
			"one user both configures and approves: the two-person rule means nothing");
		diag_todo(f, "tocsin user remove %.*s, then add two users", len, name);
	}
	if (!u->has_password && !u->tokens && !u->certs && !is_peer(d, u->name)) {
		struct diag *f = user_finding(d, DOCTOR_NOTE, u);
		diag_what(f, "it has nothing to log in with");
		diag_todo(f, "tocsin user cert %.*s FILE, or tocsin user token %.*s", len, name,
			len, name);
	}
	if (u->has_password && (u->tokens || u->certs)) {
		struct diag *f = user_finding(d, DOCTOR_NOTE, u);
		diag_what(f, "it has a password beside better credentials");
		diag_todo(f, "tocsin user passwd %.*s --none", len, name);
	}
}

/* A grant that opens nothing is a mistake of somebody: he thinks it does. */
static enum rc
judge_grant(struct doctor *d, const struct grant_row *g, struct diag *why)
{
	own_arena struct arena a = {};
	struct vault_collection c = {};
	struct user u = {};
	bool public = span_eq(g->user, SPAN("public"));
	enum rc code = vault_collection_find(d->node->vault, g->collection, &c, why);
	if (code && code != RC_NONE)
		return code;
	struct span name = code ? g->collection : c.alias;
	enum rc found = public ? RC_NONE : user_get(d->node->store, g->user, &a, &u, why);
	if (found && found != RC_NONE)
		return found;
	const char *what = code	    ? "it is for a collection that is gone"
			   : public ? "anybody may read what is TLP:CLEAR in this collection"
			   : !role_may(u.roles, ACT_READ)
				   ? "no role of this user reads content: the grant opens nothing"
				   : NULL;
	if (!what)
		return RC_OK;
	struct diag *f = doctor_add(d, "grants", public || code ? DOCTOR_NOTE : DOCTOR_WEAK);
	diag_where(f, "%.*s to %.*s", (int)name.len, name.ptr, (int)g->user.len, g->user.ptr);
	diag_what(f, "%s", what);
	if (!code)
		diag_todo(f, "tocsin grant %.*s %.*s none", (int)name.len, name.ptr,
			(int)g->user.len, g->user.ptr);
	return RC_OK;
}

static enum rc
check_users(struct doctor *d, struct diag *why)
{
	own_arena struct arena a = {};
	struct user u = {};
	struct grant_row row = {};
	enum rc code;
	while (!(code = user_next(d->node->store, &a, &u, why)))
		judge_user(d, &u);
	if (code != RC_NONE)
		return code;
	while (!(code = grant_next(d->node->store, &a, &row, why)))
		if ((code = judge_grant(d, &row, why)))
			return code;
	return code == RC_NONE ? RC_OK : code;
}

/* What a link goes from or to, and the grant that lets a push out. */
static enum rc
judge_ends(struct doctor *d, const struct peer_link *l, struct diag *why)
{
	own_arena struct arena a = {};
	struct vault_collection c;
	struct user u;
	struct diag ignored;
	enum grant rights = GRANT_NONE;
	int peer = (int)l->peer.len, local = (int)l->local.len;
	enum rc code = vault_collection_find(d->node->vault, l->local, &c, why);
	if (code && code != RC_NONE)
		return code;
	if (code) {
		struct diag *f = doctor_add(d, "sync", DOCTOR_BROKEN);
		diag_where(f, "%.*s", peer, l->peer.ptr);
		diag_what(f, "its collection %.*s is not there: nothing is exchanged with it",
			local, l->local.ptr);
		diag_todo(f, "tocsin collection add %.*s, or tocsin sync remove %.*s", local,
			l->local.ptr, peer, l->peer.ptr);
		return RC_OK;
	}
	char id[UUID_TEXT];
	uuid_text(&c.id, id);
	code = l->way == PEER_PUSH ? grant_get(d->node->store, span_of(id), l->peer, &rights, why)
				   : RC_OK;
	if (code && code != RC_NONE)
		return code;
	if (l->way == PEER_PUSH && !(rights & GRANT_READ)) {
		bool there = user_get(d->node->store, l->peer, &a, &u, &ignored) == RC_OK;
		struct diag *f = doctor_add(d, "sync", DOCTOR_BROKEN);
		diag_where(f, "%.*s", peer, l->peer.ptr);
		diag_what(f,
			"%.*s is to be pushed to it, and it may not read that: nothing goes out",
			local, l->local.ptr);
		if (there)
			diag_todo(f, "tocsin grant %.*s %.*s read", local, l->local.ptr, peer,
				l->peer.ptr);
		else
			diag_todo(f, "tocsin user add %.*s; tocsin grant %.*s %.*s read", peer,
				l->peer.ptr, local, l->local.ptr, peer, l->peer.ptr);
	}
	return RC_OK;
}

static void
judge_link(struct doctor *d, const struct peer_link *l)
{
	if (l->fault.len) {
		struct diag *f = doctor_add(d, "sync", DOCTOR_BROKEN);
		diag_where(f, "%.*s", (int)l->peer.len, l->peer.ptr);
		diag_what(f, "the last exchange of %.*s failed: %.*s", (int)l->remote.len,
			l->remote.ptr, (int)l->fault.len, l->fault.ptr);
		diag_todo(f, "tocsin sync %.*s", (int)l->peer.len, l->peer.ptr);
	}
	if (l->skew != TIME_NONE &&
		(l->skew > SKEW_SECONDS * SECOND || l->skew < -SKEW_SECONDS * SECOND)) {
		struct diag *f = doctor_add(d, "clock", DOCTOR_WEAK);
		diag_where(f, "%.*s", (int)l->peer.len, l->peer.ptr);
		diag_what(f, "their clock is %+lld s off ours", (long long)(l->skew / SECOND));
		diag_todo(f, "run NTP at both ends (timedatectl set-ntp true)");
	}
}

static enum rc
check_peers(struct doctor *d, struct diag *why)
{
	own_arena struct arena a = {};
	struct peer_list peers = {};
	enum rc code = peer_list(d->node->store, &a, &peers, why);
	for (size_t i = 0; !code && i < peers.all.len; i++) {
		const struct peer *p = &peers.all.at[i];
		struct peer_links links = {};
		if (span_starts(p->url, SPAN("http://"))) {
			struct diag *f = doctor_add(d, "sync", DOCTOR_WEAK);
			diag_where(f, "%.*s", (int)p->name.len, p->name.ptr);
			diag_what(f, "this peer is asked in the clear: whoever is between reads "
				     "and alters");
			diag_todo(f, "tocsin sync remove %.*s, then add it with an https URL",
				(int)p->name.len, p->name.ptr);
		}
		code = peer_link_list(d->node->store, p->name, &a, &links, why);
		for (size_t j = 0; !code && j < links.all.len; j++) {
			judge_link(d, &links.all.at[j]);
			code = judge_ends(d, &links.all.at[j], why);
		}
		free(links.all.at);
	}
	free(peers.all.at);
	return code;
}

static enum rc
check_vault(struct doctor *d, struct diag *why)
{
	uint64_t aside, behind;
	int64_t since;
	enum rc code = vault_quarantine_count(d->node->vault, &aside, why);
	if (!code && aside) {
		struct diag *f = doctor_add(d, "quarantine", DOCTOR_NOTE);
		diag_what(f, "%llu objects wait for somebody to accept or drop them",
			(unsigned long long)aside);
		diag_todo(f, "tocsin quarantine list");
	}
	if (!code)
		code = vault_search_lag(d->node->vault, &behind, &since, why);
	if (!code && behind && since && clock_now(d->node->clock) - since > 300 * SECOND) {
		struct diag *f = doctor_add(d, "search", DOCTOR_NOTE);
		diag_what(f, "search does not know %llu object versions yet",
			(unsigned long long)behind);
		diag_todo(f, "tocsin serve fills it while it runs");
	}
	return code;
}

/* One that is only out of date costs time alone, and serve makes it anew. */
static enum rc
check_set(struct doctor *d, struct diag *why)
{
	own_set_file struct set_file *file = NULL;
	struct armed_head head;
	struct compile_state state;
	struct diag fault = {};
	enum rc code = compile_look(d->node, &state, why);
	if (code)
		return code;
	bool damaged = state.there && state.usable && state.usable != RC_CONFLICT;
	if (damaged)
		fault = state.fault;
	if (!damaged && state.there && !armed_file_open(d->node->dir, &file, &head, &fault))
		damaged = set_file_digest(file, &fault);
	if (damaged) {
		struct diag *f = doctor_add(d, "set", DOCTOR_WEAK);
		*f = fault;
		diag_where(f, "%s/" LAYOUT_ARMED, d->node->dir);
		diag_todo(f, "tocsin set build");
	} else if (state.due) {
		struct diag *f = doctor_add(d, "set", DOCTOR_NOTE);
		diag_where(f, "%s/" LAYOUT_ARMED, d->node->dir);
		if (!state.there)
			diag_what(f, "there is none: each scan arms %llu objects anew",
				(unsigned long long)state.there_now);
		else if (state.usable)
			diag_what(f, "%s: each scan arms %llu objects anew", state.fault.what,
				(unsigned long long)state.there_now);
		else
			diag_what(f,
				"%llu objects came since it was made, %llu went: each scan reads "
				"those",
				(unsigned long long)state.came, (unsigned long long)state.went);
		diag_todo(f, "tocsin set build; serve does it by itself");
	}
	return RC_OK;
}

/* Without it scans find the same, with thousands of expressions later. */
static enum rc
check_expressions(struct doctor *d, struct diag *why)
{
	struct vscan *v = NULL;
	struct diag missing = {};
	(void)why;
	enum rc code = vscan_open(&v, &missing);
	vscan_close(&v);
	if (!code)
		return RC_OK;
	struct diag *f = doctor_add(d, "expressions", DOCTOR_NOTE);
	diag_what(f, "%s: scans try expressions one by one, which finds the same and takes longer",
		missing.what);
	diag_todo(f, "%s",
		span_find(span_of(missing.what), SPAN("libhs")) == SIZE_MAX
			? "nothing is wrong; another machine or build would be faster"
			: "apt install libhyperscan5, or libvectorscan5 where there is that one");
	return RC_OK;
}

enum rc
doctor_run(struct doctor *d, struct diag *why)
{
	static enum rc (*const checks[])(struct doctor * d, struct diag * why) = {check_folder,
		doctor_files, check_keys, check_tls, check_jail, doctor_limits, check_users,
		check_peers, doctor_clock, check_vault, check_set, check_expressions,
		doctor_backup};
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		enum rc code = checks[i](d, why);
		if (code)
			return code;
		d->checks++;
	}
	return RC_OK;
}

const char *
doctor_grade_word(enum doctor_grade g)
{
	return g == DOCTOR_NOTE ? "note" : g == DOCTOR_WEAK ? "weak" : "broken";
}
