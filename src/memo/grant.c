#include "memo/grant.h"

#include "base/uuid.h"
#include "memo/memo-internal.h"

static const struct {
	struct span word;
	enum grant grant;
} words[] = {
	{{"none", 4}, GRANT_NONE},
	{{"read", 4}, GRANT_READ},
	{{"write", 5}, GRANT_WRITE},
	{{"both", 4}, GRANT_BOTH},
};

const char *
grant_word(enum grant g)
{
	return words[g & GRANT_BOTH].word.ptr;
}

enum rc
grant_parse(struct span word, enum grant *out)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (span_eq(word, words[i].word)) {
			*out = words[i].grant;
			return RC_OK;
		}
	}
	return RC_BAD;
}

static enum rc
write_grant(
	struct store *s, struct span collection, int64_t user, enum grant rights, struct diag *why)
{
	static const char sql_put[] =
		"insert into memo_grant(collection, user, rights) values($1, $2, $3) "
		"on conflict(collection, user) do update set rights = $3";
	static const char sql_drop[] = "delete from memo_grant where collection = $1 and user = $2";
	struct stmt *st;
	enum rc code = store_sql(s, rights == GRANT_NONE ? sql_drop : sql_put, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, collection);
	stmt_bind_i64(st, 2, user);
	if (rights != GRANT_NONE)
		stmt_bind_i64(st, 3, rights);
	code = stmt_run(st, why);
	return code == RC_OK ? memo_touch(s, user, why) : code;
}

enum rc
grant_set(struct store *s, struct span collection, struct span user, enum grant rights,
	struct diag *why)
{
	struct uuid uuid;
	char id[UUID_TEXT];
	int64_t number;
	diag_where(why, "grant");
	if (uuid_parse(collection, &uuid) != RC_OK)
		return diag_fail(why, RC_BAD, "no id of a collection");
	uuid_text(&uuid, id);
	enum rc code = store_begin(s, why);
	if (code != RC_OK)
		return code;
	code = user_number(s, user, &number, why);
	if (code == RC_OK && number == USER_PUBLIC && rights & GRANT_WRITE)
		code = diag_fail(why, RC_BAD, "the public may read, not write");
	if (code == RC_OK)
		code = write_grant(s, span_of(id), number, rights, why);
	return memo_end(s, code, why);
}

enum rc
grant_get(struct store *s, struct span collection, struct span user, enum grant *out,
	struct diag *why)
{
	static const char sql[] =
		"select rights from memo_grant where collection = $1 and user = $2";
	own_stmt struct stmt *st = NULL;
	int64_t number;
	enum rc code = user_number(s, user, &number, NULL);
	if (code == RC_OK)
		code = store_sql(s, sql, &st, why);
	if (code == RC_OK) {
		stmt_bind_text(st, 1, collection);
		stmt_bind_i64(st, 2, number);
		code = stmt_step(st, why);
	}
	if (code != RC_OK && code != RC_NONE)
		return code;
	*out = code == RC_OK ? (enum grant)(stmt_i64(st, 0) & GRANT_BOTH) : GRANT_NONE;
	return RC_OK;
}

enum rc
grant_next(struct store *s, struct arena *a, struct grant_row *io, struct diag *why)
{
	/* "public" has no row among the users. */
	static const char sql[] = "select coalesce(u.name, 'public') as who, g.collection, "
				  "g.rights from memo_grant g "
				  "left join memo_user u on u.number = g.user "
				  "where g.collection > $1 or (g.collection = $1 and "
				  "coalesce(u.name, 'public') > $2) "
				  "order by g.collection, who limit 1";
	own_stmt struct stmt *st = NULL;
	enum rc code = store_sql(s, sql, &st, why);
	if (code != RC_OK)
		return code;
	stmt_bind_text(st, 1, io->collection.ptr ? io->collection : SPAN(""));
	stmt_bind_text(st, 2, io->user.ptr ? io->user : SPAN(""));
	if ((code = stmt_step(st, why)) != RC_OK)
		return code;
	io->user = arena_dup(a, stmt_bytes(st, 0));
	io->collection = arena_dup(a, stmt_bytes(st, 1));
	io->rights = (enum grant)(stmt_i64(st, 2) & GRANT_BOTH);
	return RC_OK;
}

enum rc
grant_forget(struct store *s, struct span collection, struct diag *why)
{
	static const char sql[] = "delete from memo_grant where collection = $1";
	struct stmt *st;
	enum rc code = store_begin(s, why);
	if (code != RC_OK)
		return code;
	if ((code = store_sql(s, sql, &st, why)) == RC_OK) {
		stmt_bind_text(st, 1, collection);
		code = stmt_run(st, why);
	}
	if (code == RC_OK)
		code = memo_touch(s, USER_PUBLIC, why);
	return memo_end(s, code, why);
}
