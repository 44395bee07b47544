#include "node/peer.h"

#include <stdlib.h>

#include "base/ascii.h"

enum { NAME_MAX_LEN = 64, URL_MAX_LEN = 2000 };

static const char schema_1[] =
	"create table peer (name text primary key, kind integer not null, url text not null,"
	" auth integer not null, login text not null, ca blob not null, cert blob not null,"
	" pin text not null, every integer not null) without rowid;"
	"create table peer_link (peer text not null references peer(name) on delete cascade,"
	" way integer not null, remote text not null, local text not null, state blob not null,"
	" stamp integer not null, tried integer, succeeded integer, fault text not null,"
	" objects integer not null, skew integer, primary key (peer, way, remote, local)) without "
	"rowid";

static const struct store_step steps[] = {{schema_1, NULL}};

const struct store_schema peer_schema = {"peer", 1, steps};

static bool
name_is_fine(struct span name)
{
	if (name.len < 1 || name.len > NAME_MAX_LEN || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!ascii_is_alnum(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

enum rc
peer_add(struct store *s, const struct peer *p, struct diag *why)
{
	static const char sql[] =
		"insert into peer (name, kind, url, auth, login, ca, cert, pin, every)"
		" values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing";
	diag_where(why, "%.*s", (int)(p->name.len < 100 ? p->name.len : 100), p->name.ptr);
	if (!name_is_fine(p->name)) {
		diag_todo(why, "use 1 to %d letters, digits, \"-\", \"_\" or \".\"", NAME_MAX_LEN);
		return diag_fail(why, RC_BAD, "no name for a peer");
	}
	if (p->url.len > URL_MAX_LEN)
		return diag_fail(why, RC_LIMIT, "a URL of more than %d bytes", URL_MAX_LEN);
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code)
		return code;
	stmt_bind_text(st, 1, p->name);
	stmt_bind_i64(st, 2, p->kind);
	stmt_bind_text(st, 3, p->url);
	stmt_bind_i64(st, 4, p->auth);
	stmt_bind_text(st, 5, p->user.ptr ? p->user : SPAN(""));
	stmt_bind_blob(st, 6, p->ca.ptr ? p->ca : SPAN(""));
	stmt_bind_blob(st, 7, p->cert.ptr ? p->cert : SPAN(""));
	stmt_bind_text(st, 8, p->pin.ptr ? p->pin : SPAN(""));
	stmt_bind_i64(st, 9, p->every);
	code = stmt_run(st, why);
	if (!code && store_changes(s) == 0) {
		diag_todo(why, "remove it first (\"tocsin sync remove\") or take another name");
		return diag_fail(why, RC_CONFLICT, "there is a peer of that name");
	}
	return code;
}

enum rc
peer_remove(struct store *s, struct span name, struct diag *why)
{
	static const char links[] = "delete from peer_link where peer = $1";
	static const char row[] = "delete from peer where name = $1";
	own_stmt struct stmt *one = NULL, *two = NULL;
	enum rc code = store_sql(s, links, &one, why);
	if (code)
		return code;
	stmt_bind_text(one, 1, name);
	code = stmt_run(one, why);
	if (!code)
		code = store_sql(s, row, &two, why);
	if (code)
		return code;
	stmt_bind_text(two, 1, name);
	code = stmt_run(two, why);
	if (!code && store_changes(s) == 0) {
		diag_where(why, "%.*s", (int)(name.len < 100 ? name.len : 100), name.ptr);
		diag_todo(why, "\"tocsin sync list\" shows the peers");
		return diag_fail(why, RC_NONE, "no such peer");
	}
	return code;
}

static void
read_peer(struct stmt *st, struct arena *a, struct peer *out)
{
	*out = (struct peer){
		.name = arena_dup(a, stmt_bytes(st, 0)),
		.kind = stmt_i64(st, 1) == PEER_MISP ? PEER_MISP : PEER_TAXII,
		.url = arena_dup(a, stmt_bytes(st, 2)),
		.auth = (enum peer_auth)stmt_i64(st, 3),
		.user = arena_dup(a, stmt_bytes(st, 4)),
		.ca = arena_dup(a, stmt_bytes(st, 5)),
		.cert = arena_dup(a, stmt_bytes(st, 6)),
		.pin = arena_dup(a, stmt_bytes(st, 7)),
		.every = stmt_i64(st, 8),
	};
}

#define PEER_COLUMNS "name, kind, url, auth, login, ca, cert, pin, every"

enum rc
peer_get(struct store *s, struct span name, struct arena *a, struct peer *out, struct diag *why)
{
	static const char sql[] = "select " PEER_COLUMNS " from peer where name = $1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code)
		return code;
	stmt_bind_text(st, 1, name);
	code = stmt_step(st, why);
	if (code == RC_NONE) {
		diag_where(why, "%.*s", (int)(name.len < 100 ? name.len : 100), name.ptr);
		diag_todo(why, "\"tocsin sync list\" shows the peers");
		return diag_fail(why, RC_NONE, "no such peer");
	}
	if (!code)
		read_peer(st, a, out);
	return code;
}

enum rc
peer_list(struct store *s, struct arena *a, struct peer_list *out, struct diag *why)
{
	static const char sql[] = "select " PEER_COLUMNS " from peer order by name";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	while (!code && !(code = stmt_step(st, why)))
		read_peer(st, a, vec_add(&out->all));
	return code == RC_NONE ? RC_OK : code;
}

static void
bind_names(struct stmt *st, const struct peer_link *link)
{
	stmt_bind_text(st, 1, link->peer);
	stmt_bind_i64(st, 2, link->way);
	stmt_bind_text(st, 3, link->remote);
	stmt_bind_text(st, 4, link->local);
}

enum rc
peer_link_add(struct store *s, const struct peer_link *link, struct diag *why)
{
	static const char sql[] =
		"insert into peer_link (peer, way, remote, local, state, stamp, fault, objects)"
		" values ($1, $2, $3, $4, '', 0, '', 0) on conflict do nothing";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code)
		return code;
	bind_names(st, link);
	code = stmt_run(st, why);
	if (!code && store_changes(s) == 0)
		return diag_fail(why, RC_CONFLICT, "these two collections are linked already");
	return code;
}

static int64_t
time_or_none(struct stmt *st, unsigned column)
{
	return stmt_is_null(st, column) ? TIME_NONE : stmt_i64(st, column);
}

enum rc
peer_link_list(struct store *s, struct span name, struct arena *a, struct peer_links *out,
	struct diag *why)
{
	static const char sql[] =
		"select peer, way, remote, local, state, stamp, tried, succeeded, fault,"
		" objects, skew from peer_link where peer = $1 order by way, remote, local";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code)
		return code;
	stmt_bind_text(st, 1, name);
	while (!(code = stmt_step(st, why))) {
		struct peer_link *link = vec_add(&out->all);
		*link = (struct peer_link){
			.peer = arena_dup(a, stmt_bytes(st, 0)),
			.way = (enum peer_way)stmt_i64(st, 1),
			.remote = arena_dup(a, stmt_bytes(st, 2)),
			.local = arena_dup(a, stmt_bytes(st, 3)),
			.state = arena_dup(a, stmt_bytes(st, 4)),
			.at = stmt_i64(st, 5),
			.tried = time_or_none(st, 6),
			.succeeded = time_or_none(st, 7),
			.fault = arena_dup(a, stmt_bytes(st, 8)),
			.objects = stmt_i64(st, 9),
			.skew = time_or_none(st, 10),
		};
		link->saved = link->state;
		link->saved_at = link->at;
	}
	return code == RC_NONE ? RC_OK : code;
}

static void
bind_time(struct stmt *st, unsigned number, int64_t at)
{
	if (at == TIME_NONE)
		stmt_bind_null(st, number);
	else
		stmt_bind_i64(st, number, at);
}

enum rc
peer_link_save(struct store *s, const struct peer_link *link, struct diag *why)
{
	static const char sql[] =
		"update peer_link set state = $5, stamp = $6, tried = $7, succeeded = $8,"
		" fault = $9, objects = $10, skew = $11"
		" where peer = $1 and way = $2 and remote = $3 and local = $4"
		" and stamp = $13"
		/* One never written is '', which is no blob. */
		" and case when length(state) = 0 then length($12) = 0 else state = $12 end";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code)
		return code;
	bind_names(st, link);
	stmt_bind_blob(st, 5, link->state.ptr ? link->state : SPAN(""));
	stmt_bind_i64(st, 6, link->at);
	bind_time(st, 7, link->tried);
	bind_time(st, 8, link->succeeded);
	stmt_bind_text(st, 9, link->fault.ptr ? link->fault : SPAN(""));
	stmt_bind_i64(st, 10, link->objects);
	bind_time(st, 11, link->skew);
	stmt_bind_blob(st, 12, link->saved.ptr ? link->saved : SPAN(""));
	stmt_bind_i64(st, 13, link->saved_at);
	code = stmt_run(st, why);
	return !code && store_changes(s) == 0 ? RC_NONE : code;
}
