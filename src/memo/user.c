#include "memo/user.h"

#include <string.h>

#include "base/ascii.h"
#include "base/vec.h"
#include "keys/x509.h"
#include "memo/memo-internal.h"
#include "stix/id.h"

/*
 * No number of a user is used twice, so a grant or a remembered login never passes to somebody
 * else. Epochs are random: a database restored from a backup cannot come to one that was used
 * before.
 */
static const char version_1[] =
	"create table memo_state(one integer primary key check(one = 1), epoch integer not null);"
	"create table memo_user("
	"  number integer primary key autoincrement, name text not null unique, roles integer not "
	"null,"
	"  identity text unique, party text, password text, epoch integer not null,"
	"  made integer not null);"
	"create index memo_user_party on memo_user(party) where party is not null;"
	"create table memo_credential("
	"  digest text primary key, kind integer not null, user integer not null, made integer not "
	"null)"
	"  without rowid;"
	"create index memo_credential_user on memo_credential(user, kind);"
	"create table memo_grant("
	"  collection text not null, user integer not null, rights integer not null,"
	"  primary key(collection, user)) without rowid;"
	"create index memo_grant_user on memo_grant(user);";

static int64_t
fresh_epoch(void)
{
	int64_t epoch;
	rng_fill(rng_system(), &epoch, sizeof epoch);
	return epoch & INT64_MAX;
}

static enum rc
state_new(struct store *s, struct diag *why)
{
	static const char sql[] = "insert into memo_state(one, epoch) values(1, $1)";
	struct stmt *st;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_i64(st, 1, fresh_epoch());
	return stmt_run(st, why);
}

static const struct store_step steps[] = {{version_1, state_new}};
const struct store_schema memo_schema = {"memo", sizeof steps / sizeof *steps, steps};

enum rc
memo_end(struct store *s, enum rc code, struct diag *why)
{
	if (code == RC_OK)
		return store_commit(s, why);
	store_rollback(s);
	return code;
}

enum rc
memo_touch(struct store *s, int64_t user, struct diag *why)
{
	static const char sql_user[] = "update memo_user set epoch = $1 where number = $2";
	static const char sql_all[] = "update memo_state set epoch = $1";
	struct stmt *st;
	enum rc code = store_sql(s, sql_user, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_i64(st, 1, fresh_epoch());
	stmt_bind_i64(st, 2, user);
	if ((code = stmt_run(st, why)) != RC_OK ||
		(code = store_sql(s, sql_all, &st, why)) != RC_OK)
		return code;
	stmt_bind_i64(st, 1, fresh_epoch());
	return stmt_run(st, why);
}

/* ---- what a user may be called ---- */

static bool
name_fits(struct span name)
{
	if (name.len == 0 || name.len > 64 || !ascii_is_alnum(name.ptr[0]))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.ptr[i]) && !memchr("._@-", name.ptr[i], 4))
			return false;
	return !span_eq_fold(name, SPAN("public")) && !span_eq_fold(name, SPAN("self")) &&
	       !span_eq_fold(name, SPAN("local"));
}

bool
party_id_fits(struct span id)
{
	struct span rest = id, label;
	if (id.len == 0 || id.len > 253 || span_find_byte(id, '.') == SIZE_MAX)
		return false;
	while (span_cut(&rest, '.', &label)) {
		if (label.len == 0 || label.len > 63)
			return false;
		for (size_t i = 0; i < label.len; i++) {
			char c = label.ptr[i];
			bool edge = i == 0 || i == label.len - 1;
			if (!(ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c == '-' && !edge)))
				return false;
		}
	}
	return true;
}

static enum rc
user_fits(const struct user *u, struct diag *why)
{
	struct span type;
	diag_where(why, "user %.*s", (int)(u->name.len < 64 ? u->name.len : 64),
		u->name.ptr ? u->name.ptr : "");
	if (!name_fits(u->name)) {
		diag_todo(why,
			"1 to 64 of A-Z a-z 0-9 . _ @ -, first a letter or digit; public, self and "
			"local are taken");
		return diag_fail(why, RC_BAD, "no name for a user");
	}
	if (u->roles == 0 || u->roles & ~(unsigned)ROLES_ALL)
		return diag_fail(why, RC_BAD, "a user needs a role");
	if (u->identity.len && (stix_id_parse(u->identity, &type, NULL) != RC_OK ||
				       !span_eq(type, SPAN("identity")))) {
		diag_todo(why, "give the id of a STIX identity object: identity--UUID");
		return diag_fail(why, RC_BAD, "no id of an identity");
	}
	if (u->party.len && !party_id_fits(u->party)) {
		diag_todo(why, "a party is called by a DNS name in lower case that it controls");
		return diag_fail(why, RC_BAD, "no id of a party");
	}
	return RC_OK;
}

/* ---- reading ---- */

#define USER_COLUMNS "number, name, roles, identity, party, epoch, made, password is not null"
#define USER_COUNTS \
	", (select count(*) from memo_credential where user = number and kind = 1)" \
	", (select count(*) from memo_credential where user = number and kind = 2)"

static void
row_read(struct stmt *st, struct arena *a, struct user *out)
{
	*out = (struct user){
		.number = stmt_i64(st, 0),
		.name = arena_dup(a, stmt_bytes(st, 1)),
		.roles = (unsigned)stmt_i64(st, 2) & ROLES_ALL,
		.identity = arena_dup(a, stmt_bytes(st, 3)),
		.party = arena_dup(a, stmt_bytes(st, 4)),
		.epoch = stmt_i64(st, 5),
		.made = stmt_i64(st, 6),
		.has_password = stmt_i64(st, 7) != 0,
	};
}

static enum rc
no_such_user(struct span name, struct diag *why)
{
	diag_where(why, "%.*s", (int)(name.len < 64 ? name.len : 64), name.ptr ? name.ptr : "");
	diag_todo(why, "\"tocsin user list\" shows who there is");
	return diag_fail(why, RC_NONE, "no such user");
}

enum rc
user_get(struct store *s, struct span name, struct arena *a, struct user *out, struct diag *why)
{
	static const char sql[] =
		"select " USER_COLUMNS USER_COUNTS " from memo_user where name = $1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, name);
	code = stmt_step(st, why);
	if (code == RC_NONE)
		return no_such_user(name, why);
	if (code != RC_OK)
		return code;
	row_read(st, a, out);
	out->tokens = (uint64_t)stmt_i64(st, 8);
	out->certs = (uint64_t)stmt_i64(st, 9);
	return RC_OK;
}

enum rc
user_next(struct store *s, struct arena *a, struct user *io, struct diag *why)
{
	static const char sql[] = "select " USER_COLUMNS USER_COUNTS
				  " from memo_user where name > $1 order by name limit 1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, io->name.ptr ? io->name : SPAN(""));
	if ((code = stmt_step(st, why)) != RC_OK)
		return code;
	row_read(st, a, io);
	io->tokens = (uint64_t)stmt_i64(st, 8);
	io->certs = (uint64_t)stmt_i64(st, 9);
	return RC_OK;
}

enum rc
user_by_number(struct store *s, int64_t number, struct arena *a, struct user *out, struct diag *why)
{
	static const char sql[] = "select " USER_COLUMNS " from memo_user where number = $1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_i64(st, 1, number);
	if ((code = stmt_step(st, why)) == RC_OK)
		row_read(st, a, out);
	return code;
}

enum rc
user_secret(struct store *s, struct span name, struct arena *a, struct user *out,
	struct span *password, struct diag *why)
{
	static const char sql[] =
		"select " USER_COLUMNS ", password from memo_user where name = $1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, name);
	if ((code = stmt_step(st, why)) != RC_OK)
		return code;
	row_read(st, a, out);
	*password = arena_dup(a, stmt_bytes(st, 8));
	return RC_OK;
}

enum rc
user_of_credential(struct store *s, int kind, struct span digest, int64_t *number, struct diag *why)
{
	static const char sql[] = "select user, kind from memo_credential where digest = $1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, digest);
	code = stmt_step(st, why);
	if (code == RC_OK && stmt_i64(st, 1) != kind)
		return RC_NONE;
	if (code == RC_OK)
		*number = stmt_i64(st, 0);
	return code;
}

enum rc
user_number(struct store *s, struct span name, int64_t *number, struct diag *why)
{
	static const char sql[] = "select number from memo_user where name = $1";
	own_stmt struct stmt *st = NULL;
	if (span_eq(name, SPAN("public"))) {
		*number = USER_PUBLIC;
		return RC_OK;
	}
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, name);
	code = stmt_step(st, why);
	if (code == RC_OK)
		*number = stmt_i64(st, 0);
	return code == RC_NONE ? no_such_user(name, why) : code;
}

static int
uuid_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

enum rc
user_identities(
	struct store *s, struct arena *a, struct uuid **out, size_t *count, struct diag *why)
{
	static const char sql[] = "select identity from memo_user where identity is not null";
	own_stmt struct stmt *st = NULL;
	vec_of(struct uuid) all = {};
	struct uuid one;
	enum rc code = store_sql(s, sql, &st, why);
	while (code == RC_OK && (code = stmt_step(st, why)) == RC_OK)
		if (stix_id_parse(stmt_bytes(st, 0), NULL, &one) == RC_OK)
			*vec_add(&all) = one;
	if (code == RC_NONE) {
		if (all.len)
			qsort(all.at, all.len, sizeof *all.at, uuid_order);
		*out = arena_new(a, (all.len + 1) * sizeof *all.at);
		if (all.len)
			memcpy(*out, all.at, all.len * sizeof *all.at);
		*count = all.len;
		code = RC_OK;
	}
	free(all.at);
	return code;
}

/* ---- changing ---- */

static void
bind_optional(struct stmt *st, unsigned number, struct span text)
{
	if (text.len)
		stmt_bind_text(st, number, text);
	else
		stmt_bind_null(st, number);
}

/* Whether a row with this value is there: name or identity. */
static enum rc
taken(struct store *s, const char *sql, struct span value, const char *what, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, value);
	code = stmt_step(st, why);
	if (code == RC_OK)
		return diag_fail(why, RC_CONFLICT, "%s", what);
	return code == RC_NONE ? RC_OK : code;
}

static enum rc
insert_user(struct store *s, struct user *u, struct diag *why)
{
	static const char sql[] =
		"insert into memo_user(name, roles, identity, party, epoch, made) "
		"values($1, $2, $3, $4, $5, $6) returning number";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, u->name);
	stmt_bind_i64(st, 2, u->roles);
	bind_optional(st, 3, u->identity);
	bind_optional(st, 4, u->party);
	stmt_bind_i64(st, 5, u->epoch);
	stmt_bind_i64(st, 6, u->made);
	if ((code = stmt_step(st, why)) != RC_OK)
		return code;
	u->number = stmt_i64(st, 0);
	code = stmt_step(st, why);
	return code == RC_NONE ? RC_OK : code;
}

enum rc
user_add(struct store *s, struct clock clock, struct user *u, struct diag *why)
{
	static const char sql_name[] = "select 1 from memo_user where name = $1";
	static const char sql_identity[] = "select 1 from memo_user where identity = $1";
	char identity[sizeof "identity--" + UUID_TEXT];
	struct user new = *u;
	struct uuid uuid;
	enum rc code = user_fits(u, why);
	if (code != RC_OK)
		return code;
	if (u->identity.len && stix_id_parse(u->identity, NULL, &uuid) == RC_OK) {
		memcpy(identity, "identity--", 10);
		uuid_text(&uuid, identity + 10);
		new.identity = span_of(identity);
	}
	if ((code = store_begin(s, why)) != RC_OK)
		return code;
	new.made = clock_now(clock);
	new.epoch = fresh_epoch();
	code = taken(s, sql_name, new.name, "there is a user of that name", why);
	if (code == RC_OK && new.identity.len)
		code = taken(s, sql_identity, new.identity, "that identity is another user's", why);
	if (code == RC_OK)
		code = insert_user(s, &new, why);
	if (code == RC_OK)
		code = memo_touch(s, USER_PUBLIC, why);
	if ((code = memo_end(s, code, why)) != RC_OK)
		return code;
	u->number = new.number;
	u->epoch = new.epoch;
	u->made = new.made;
	return RC_OK;
}

/* Runs a statement whose $1 is a user's number and $2, where it has one, a text. */
static enum rc
run_for(struct store *s, const char *sql, int64_t number, struct span text, struct diag *why)
{
	struct stmt *st;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_i64(st, 1, number);
	if (text.ptr)
		bind_optional(st, 2, text);
	return stmt_run(st, why);
}

/* Begins a change of one user. On RC_OK call memo_end. */
static enum rc
begin_change(struct store *s, struct span name, int64_t *number, struct diag *why)
{
	enum rc code = store_begin(s, why);
	if (code != RC_OK)
		return code;
	code = user_number(s, name, number, why);
	if (code == RC_OK && *number == USER_PUBLIC)
		code = no_such_user(name, why);
	if (code != RC_OK)
		store_rollback(s);
	return code;
}

enum rc
user_remove(struct store *s, struct span name, struct diag *why)
{
	static const char *const sql[] = {
		"delete from memo_grant where user = $1",
		"delete from memo_credential where user = $1",
		"delete from memo_user where number = $1",
	};
	int64_t number;
	enum rc code = begin_change(s, name, &number, why);
	if (code != RC_OK)
		return code;
	for (size_t i = 0; i < 3 && code == RC_OK; i++)
		code = run_for(s, sql[i], number, (struct span){}, why);
	if (code == RC_OK)
		code = memo_touch(s, number, why);
	return memo_end(s, code, why);
}

enum rc
user_set_password(struct store *s, struct span name, struct span password,
	struct password_cost cost, struct diag *why)
{
	static const char sql[] = "update memo_user set password = $2 where number = $1";
	char text[PASSWORD_TEXT] = "";
	int64_t number;
	enum rc code = RC_OK;
	diag_where(why, "password");
	if (password.len) {
		code = password_fit(password, why);
		if (code == RC_OK)
			code = password_hash(password, cost, text, why); /* slow: before the lock */
		if (code != RC_OK)
			return code;
	}
	if ((code = begin_change(s, name, &number, why)) != RC_OK)
		return code;
	code = run_for(s, sql, number, span_of(text), why);
	if (code == RC_OK)
		code = memo_touch(s, number, why);
	return memo_end(s, code, why);
}

/* RC_LIMIT where the user has as many as are allowed. */
static enum rc
room_for_credential(struct store *s, int64_t number, struct diag *why)
{
	static const char sql[] = "select count(*) from memo_credential where user = $1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_i64(st, 1, number);
	code = stmt_step(st, why);
	if (code != RC_OK || stmt_i64(st, 0) < USER_CREDENTIALS)
		return code;
	diag_todo(why, "take old ones away first: tocsin user token NAME --drop");
	return diag_fail(
		why, RC_LIMIT, "a user has at most %d tokens and certificates", USER_CREDENTIALS);
}

static enum rc
insert_credential(struct store *s, int64_t number, int kind, struct span digest, int64_t now,
	struct diag *why)
{
	static const char sql[] =
		"insert into memo_credential(digest, kind, user, made) values($1, $2, $3, $4)";
	struct stmt *st;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, digest);
	stmt_bind_i64(st, 2, kind);
	stmt_bind_i64(st, 3, number);
	stmt_bind_i64(st, 4, now);
	return stmt_run(st, why);
}

static enum rc
add_credential(struct store *s, struct span name, int kind, struct span digest, int64_t now,
	struct diag *why)
{
	static const char sql_taken[] = "select 1 from memo_credential where digest = $1";
	int64_t number;
	enum rc code = begin_change(s, name, &number, why);
	if (code != RC_OK)
		return code;
	code = room_for_credential(s, number, why);
	if (code == RC_OK)
		code = taken(s, sql_taken, digest, "that certificate is known already", why);
	if (code == RC_OK)
		code = insert_credential(s, number, kind, digest, now, why);
	if (code == RC_OK)
		code = memo_touch(s, number, why);
	return memo_end(s, code, why);
}

enum rc
user_add_token(struct store *s, struct span name, struct rng r, int64_t now,
	char out[static TOKEN_TEXT], struct diag *why)
{
	char token[TOKEN_TEXT], digest[65];
	diag_where(why, "token");
	token_new(r, token);
	token_digest(span_of(token), digest);
	enum rc code = add_credential(s, name, CREDENTIAL_ROW_TOKEN, span_of(digest), now, why);
	if (code == RC_OK)
		memcpy(out, token, sizeof token);
	return code;
}

enum rc
user_drop_tokens(struct store *s, struct span name, uint64_t *removed, struct diag *why)
{
	static const char sql[] = "delete from memo_credential where user = $1 and kind = 1";
	int64_t number;
	uint64_t count = 0;
	enum rc code = begin_change(s, name, &number, why);
	if (code != RC_OK)
		return code;
	code = run_for(s, sql, number, (struct span){}, why);
	if (code == RC_OK) {
		count = (uint64_t)store_changes(s);
		code = memo_touch(s, number, why);
	}
	code = memo_end(s, code, why);
	if (code == RC_OK)
		*removed = count;
	return code;
}

enum rc
user_add_cert(
	struct store *s, struct span name, struct span fingerprint, int64_t now, struct diag *why)
{
	char print[FINGERPRINT_TEXT];
	diag_where(why, "certificate");
	if (fingerprint_parse(fingerprint, print) != RC_OK)
		return diag_fail(why, RC_BAD, "no SHA-256 fingerprint");
	return add_credential(s, name, CREDENTIAL_ROW_CERT, span_of(print), now, why);
}

enum rc
user_next_cert(struct store *s, const struct user *u, struct buf *io, struct diag *why)
{
	static const char sql[] = "select digest from memo_credential where user = $1 and kind = 2 "
				  "and digest > $2 order by digest limit 1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_i64(st, 1, u->number);
	stmt_bind_text(st, 2, io->len ? buf_span(io) : SPAN(""));
	if ((code = stmt_step(st, why)) != RC_OK)
		return code;
	struct span digest = stmt_bytes(st, 0);
	buf_reset(io);
	buf_add(io, digest);
	return RC_OK;
}
