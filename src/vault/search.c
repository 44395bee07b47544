#include "vault/search.h"

#include <stdlib.h>
#include <string.h>

#include "vault/sql.h"
#include "vault/vault-internal.h"

static const char sql_done[] = "select done from search_state where one = 1";
static const char sql_set_done[] = "update search_state set done = $1 where one = 1";

struct vault_hits {
	struct vault *vault;
	struct buf query;
	struct stmt *found;
	struct arena text;
};

static enum rc
read_done(struct vault *v, int64_t *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, sql_done, &st, why);
	if (rc == RC_OK)
		rc = stmt_step(st, why);
	if (rc == RC_OK)
		*out = stmt_i64(st, 0);
	return rc == RC_NONE ? RC_IO : rc;
}

static enum rc
write_text(struct vault *v, enum vault_query query, int64_t added, struct span bytes,
	struct buf *room, struct diag *why)
{
	struct stmt *st;
	enum rc rc = store_sql(v->store, vault_sql[query], &st, why);
	if (rc != RC_OK)
		return rc;
	buf_reset(room);
	vault_text_of(bytes, room);
	stmt_bind_i64(st, 1, added);
	stmt_bind_text(st, 2, buf_span(room));
	return stmt_run(st, why);
}

enum rc
vault_search_remove(struct vault *v, int64_t added, struct span bytes, struct diag *why)
{
	int64_t done;
	own_buf struct buf room = {};
	enum rc rc = read_done(v, &done, why);
	if (rc != RC_OK || added > done)
		return rc;
	return write_text(v, SQL_SEARCH_DELETE, added, bytes, &room, why);
}

/* The number that a query over what comes after `done` yields, 0 for none. */
static enum rc
after_done(struct vault *v, enum vault_query query, int64_t *out, struct diag *why)
{
	int64_t done;
	enum rc rc = read_done(v, &done, why);
	own_stmt struct stmt *st = NULL;
	if (rc == RC_OK)
		rc = store_sql(v->store, vault_sql[query], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, done);
	rc = stmt_step(st, why);
	if (rc == RC_OK || rc == RC_NONE)
		*out = rc == RC_OK ? stmt_i64(st, 0) : 0;
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
fill(struct vault *v, unsigned objects, struct diag *why)
{
	own_buf struct buf room = {};
	int64_t done, from;
	enum rc rc = read_done(v, &done, why);
	own_stmt struct stmt *st = NULL;
	if (rc == RC_OK)
		rc = store_sql(v->store, vault_sql[SQL_FROM], &st, why);
	if (rc != RC_OK)
		return rc;
	from = done;
	stmt_bind_i64(st, 1, done);
	stmt_bind_i64(st, 2, objects);
	while ((rc = stmt_step(st, why)) == RC_OK) {
		done = stmt_i64(st, 0);
		rc = write_text(v, SQL_SEARCH_ADD, done, stmt_bytes(st, 1), &room, why);
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_NONE || done == from)
		return rc;
	struct stmt *set;
	rc = store_sql(v->store, sql_set_done, &set, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(set, 1, done);
	return stmt_run(set, why);
}

enum rc
vault_search_fill(struct vault *v, unsigned objects, struct diag *why)
{
	int64_t since;
	enum rc rc = after_done(v, SQL_FIRST, &since, why);
	if (rc != RC_OK || since == 0)
		return rc == RC_OK ? RC_NONE : rc;
	rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = fill(v, objects, why);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}

enum rc
vault_search_lag(struct vault *v, uint64_t *behind, int64_t *since, struct diag *why)
{
	int64_t count = 0;
	enum rc rc = after_done(v, SQL_BEHIND, &count, why);
	if (rc == RC_OK)
		rc = after_done(v, SQL_FIRST, since, why);
	*behind = (uint64_t)count;
	return rc;
}

/*
 * The person's words as a query of FTS5: each quoted, so that none of its operators is reachable;
 * what stands between double quotes is one phrase. A word cut at dots and slashes is a phrase by
 * itself.
 */
static void
add_phrase(struct span word, struct buf *out)
{
	word = span_trim(word);
	if (word.len == 0)
		return;
	buf_add(out, out->len ? SPAN(" \"") : SPAN("\""));
	vault_text_words(word, out);
	buf_add_byte(out, '"');
}

static bool
make_query(struct span text, struct buf *out)
{
	bool phrase = false;
	struct span piece, word;
	while (span_cut(&text, '"', &piece)) {
		if (phrase)
			add_phrase(piece, out);
		while (!phrase && span_cut(&piece, ' ', &word))
			add_phrase(word, out);
		phrase = !phrase;
	}
	return out->len > 0;
}

enum rc
vault_search_open(struct vault *v, struct span text, struct vault_hits **out, struct diag *why)
{
	enum { TEXT_MAX = 1000 };
	if (text.len > TEXT_MAX)
		return diag_fail(why, RC_LIMIT, "more than %d bytes to search for", TEXT_MAX);
	if (!span_is_utf8(text) || span_find_byte(text, 0) != SIZE_MAX)
		return diag_fail(why, RC_BAD, "the text to search for is not UTF-8");
	enum rc rc = vault_refresh(v, why);
	if (rc != RC_OK)
		return rc;
	struct vault_hits *h = mem_new(sizeof *h);
	h->vault = v;
	if (!make_query(text, &h->query))
		rc = diag_fail(why, RC_BAD, "no word to search for");
	if (rc == RC_OK)
		rc = store_sql(v->store, vault_sql[SQL_SEARCH], &h->found, why);
	if (rc != RC_OK) {
		vault_search_close(&h);
		return rc;
	}
	stmt_bind_text(h->found, 1, buf_span(&h->query));
	*out = h;
	return RC_OK;
}

enum rc
vault_search_next(struct vault_hits *h, struct vault_item *out, struct diag *why)
{
	enum rc rc;
	while ((rc = stmt_step(h->found, why)) == RC_OK) {
		arena_reset(&h->text);
		rc = vault_item_load(h->vault, stmt_i64(h->found, 0), &h->text, out, why);
		if (rc == RC_OK && out->last)
			return RC_OK;
		if (rc != RC_OK && rc != RC_NONE)
			return rc;
	}
	return rc;
}

void
vault_search_close(struct vault_hits **p)
{
	struct vault_hits *h = take(p);
	if (!h)
		return;
	stmt_release(&h->found);
	buf_fini(&h->query);
	arena_fini(&h->text);
	free(h);
}
