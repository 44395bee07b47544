#include <stdlib.h>

#include "base/mutant.h"
#include "vault/batch-internal.h"
#include "vault/sql.h"

/* Collections and sources of the requests, numbers of the types. */
static enum rc
resolve(struct vault_batch *b, struct diag *why)
{
	struct vault *v = b->vault;
	b->kinds = mem_grow(b->kinds, b->types.len + 1, sizeof *b->kinds);
	for (size_t i = 0; i < b->requests.len; i++) {
		struct request *r = &b->requests.at[i];
		struct vault_collection c;
		buf_fini(&r->details);
		r->successes = r->failures = 0;
		enum rc rc = vault_collection_by_number(v, r->given.collection, &c, why);
		if (rc == RC_OK)
			rc = vault_name_number(v, r->given.source.name, &r->source, why);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < b->types.len; i++) {
		enum rc rc = vault_name_number(v, b->types.at[i], &b->kinds[i], why);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < b->items.len; i++) {
		struct item *it = &b->items.at[i];
		const struct request *r = &b->requests.at[it->request];
		it->row.added = 0;
		it->row.last = false;
		it->row.kind = b->kinds[it->type];
		it->row.collection = r->given.collection;
		it->row.source = r->source;
		it->twin = UNSTORED;
		if (!it->refused)
			it->result = (struct vault_result){};
	}
	return RC_OK;
}

/* `count` rows by one statement: 1 or SQL_MANY. */
static enum rc
insert_objects(struct vault_batch *b, struct item *const *items, size_t count, struct diag *why)
{
	struct stmt *st;
	size_t ends[SQL_MANY];
	enum vault_query query = count == 1 ? SQL_INSERT : SQL_INSERT_MANY;
	enum rc rc = store_sql(b->vault->store, vault_sql[query], &st, why);
	if (rc != RC_OK)
		return rc;
	buf_reset(&b->facts);
	for (size_t i = 0; i < count; i++) {
		vault_row_pack(&items[i]->row, items[i]->stamp, items[i]->exact, &b->facts);
		ends[i] = b->facts.len;
	}
	for (unsigned i = 0, n = 0; i < count; i++, n += 6) {
		const struct vault_row *r = &items[i]->row;
		size_t from = i ? ends[i - 1] : 0;
		stmt_bind_i64(st, n + 1, r->added);
		stmt_bind_i64(st, n + 2, r->collection);
		stmt_bind_i64(st, n + 3, r->last);
		stmt_bind_i64(st, n + 4, r->kind);
		stmt_bind_blob(st, n + 5, span_sub(buf_span(&b->facts), from, ends[i] - from));
		stmt_bind_blob(st, n + 6, items[i]->bytes);
	}
	return stmt_run(st, why);
}

static enum rc
insert_entries(struct vault_batch *b, struct item *const *items, size_t count, struct diag *why)
{
	struct stmt *st;
	enum vault_query query = count == 1 ? SQL_ENTRY : SQL_ENTRY_MANY;
	enum rc rc = store_sql(b->vault->store, vault_sql[query], &st, why);
	if (rc != RC_OK)
		return rc;
	for (unsigned i = 0; i < count; i++) {
		stmt_bind_i64(st, i * 2 + 1, vault_key(b->vault, &items[i]->row.uuid));
		stmt_bind_i64(st, i * 2 + 2, items[i]->row.added);
	}
	return stmt_run(st, why);
}

/* Gathers rows for one statement of many; what is left at the end goes one by one. */
struct insertion {
	enum rc (*insert)(
		struct vault_batch *b, struct item *const *items, size_t count, struct diag *why);
	struct item *items[SQL_MANY];
	size_t count;
};

static enum rc
insertion_add(struct vault_batch *b, struct insertion *in, struct item *it, struct diag *why)
{
	in->items[in->count++] = it;
	if (in->count < SQL_MANY)
		return RC_OK;
	in->count = 0;
	return in->insert(b, in->items, SQL_MANY, why);
}

static enum rc
insertion_end(struct vault_batch *b, struct insertion *in, struct diag *why)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < in->count; i++)
		rc = in->insert(b, &in->items[i], 1, why);
	return rc;
}

/* Stamps in the order of arrival, one microsecond apart; then the index in the order of its keys.
 */
static enum rc
insert_all(struct vault_batch *b, struct diag *why)
{
	enum rc rc = RC_OK;
	int64_t stamp = b->now > b->state.last || mutant(250) ? b->now : b->state.last + 1;
	struct insertion objects = {.insert = insert_objects}, entries = {.insert = insert_entries};
	for (size_t i = 0; rc == RC_OK && i < b->items.len; i++) {
		struct item *it = &b->items.at[i];
		if (it->result.verdict != VAULT_ADDED)
			continue;
		it->row.added = it->result.added = b->state.last = stamp;
		stamp += !mutant(240);
		rc = insertion_add(b, &objects, it, why);
	}
	if (rc == RC_OK)
		rc = insertion_end(b, &objects, why);
	for (size_t i = 0; rc == RC_OK && i < b->items.len; i++) {
		struct item *it = &b->items.at[b->order[i].item];
		if (i + BATCH_AHEAD < b->items.len)
			__builtin_prefetch(&b->items.at[b->order[i + BATCH_AHEAD].item]);
		if (it->twin != UNSTORED)
			it->result.added = b->items.at[it->twin].row.added;
		if (it->result.verdict == VAULT_ADDED)
			rc = insertion_add(b, &entries, it, why);
	}
	return rc == RC_OK ? insertion_end(b, &entries, why) : rc;
}

static enum rc
write_statuses(struct vault_batch *b, struct diag *why)
{
	struct vault_text text;
	for (size_t i = 0; i < b->items.len; i++) {
		const struct item *it = &b->items.at[i];
		struct request *r = &b->requests.at[it->request];
		if (!r->given.status)
			continue;
		bool success =
			it->result.verdict == VAULT_ADDED || it->result.verdict == VAULT_DUPLICATE;
		r->successes += success;
		r->failures += !success;
		vault_status_note(&r->details, it->result.verdict, batch_id(b, it, &text),
			batch_version(it, &text), it->result.reason);
	}
	for (size_t i = 0; i < b->requests.len; i++) {
		struct request *r = &b->requests.at[i];
		if (!r->given.status)
			continue;
		struct vault_status_row row = {
			&r->given, b->now, r->successes, r->failures, &r->details};
		enum rc rc = vault_status_put(b->vault, &row, why);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

enum rc
vault_batch_work(struct vault_batch *b, struct diag *why)
{
	enum rc rc = vault_state_read(b->vault, &b->state, why);
	b->now = clock_now(b->vault->clock);
	b->began = b->state.last;
	if (rc == RC_OK)
		rc = resolve(b, why);
	if (rc != RC_OK)
		return rc;
	batch_order(b);
	rc = batch_judge(b, why);
	if (rc == RC_OK)
		rc = insert_all(b, why);
	if (rc == RC_OK)
		rc = write_statuses(b, why);
	return rc == RC_OK ? vault_state_write(b->vault, &b->state, why) : rc;
}

enum rc
vault_batch_commit(struct vault_batch *b, struct diag *why)
{
	enum rc rc = store_begin(b->vault->store, why);
	if (rc != RC_OK)
		return rc;
	rc = vault_batch_work(b, why);
	if (rc != RC_OK)
		return vault_undo(b->vault, rc);
	rc = store_commit(b->vault->store, why);
	if (rc != RC_OK)
		return vault_undo(b->vault, rc);
	b->vault->looked_from = b->look.done ? b->began : INT64_MIN;
	b->vault->looked_to = b->state.last;
	return RC_OK;
}

enum rc
vault_put(struct vault *v, const struct vault_request *r, const struct vault_object *o,
	struct vault_result *out, struct diag *why)
{
	own_vault_batch struct vault_batch *b = vault_batch_new(v);
	vault_batch_request(b, r);
	enum rc rc = vault_batch_add(b, o);
	if (rc == RC_OK)
		rc = vault_batch_commit(b, why);
	if (rc == RC_OK)
		*out = *vault_batch_result(b, 0);
	return rc;
}
