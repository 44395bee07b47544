#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "vault/sql.h"
#include "vault/vault-internal.h"

/*
 * A page merges runs, each a statement that yields rows ascending by `added`: one run for the
 * default view of a collection; one a type; twice as many where older versions count too, for the
 * index keeps what is last and what is not apart. With match[id] the rows are found first and
 * fetched one by one.
 *
 * The default view for sending begins as a scan of the table, which takes half as long a row as the
 * way over the index, and goes over to the index when a stretch of rows is mostly of no use.
 */
enum { RUNS_MAX = 64, STRETCH = 64, USELESS_MOST = STRETCH / 4 };

struct run {
	struct stmt *st;
	int64_t added; /* of the row it stands on */
	bool scan;
	unsigned looked, useless; /* of this stretch */
};

struct found {
	int64_t added;
	uint8_t newest_tlp, newest_privacy;
};

struct vault_page {
	struct vault *vault;
	const struct vault_filter *filter;
	uint32_t collection;
	enum vault_want want;
	bool judged; /* rows must be compared with the other versions of their object */
	struct run *runs;
	size_t run_count;
	size_t current; /* run whose row was given last and is borrowed from; SIZE_MAX: none */
	vec_of(struct found) found; /* with match[id] */
	size_t next_found;
	bool by_id;
	struct stmt *one;
	vec_of(uint32_t) kinds;
	struct vault_group group;
	struct vault_text text;
};

void
vault_page_close(struct vault_page **pp)
{
	struct vault_page *p = take(pp);
	if (!p)
		return;
	for (size_t i = 0; i < p->run_count; i++)
		stmt_release(&p->runs[i].st);
	stmt_release(&p->one);
	vault_group_fini(&p->group);
	free(p->runs);
	free(p->found.at);
	free(p->kinds.at);
	free(p);
}

static bool
kind_is_wanted(const struct vault_page *p, uint32_t kind)
{
	for (size_t i = 0; i < p->kinds.len; i++)
		if (p->kinds.at[i] == kind)
			return true;
	return p->filter->type_count == 0;
}

/* Numbers of the types asked for, each once; unknown types have no objects. */
static enum rc
resolve_types(struct vault_page *p, struct diag *why)
{
	const struct vault_filter *f = p->filter;
	for (size_t i = 0; i < f->type_count; i++) {
		uint32_t kind;
		enum rc rc = vault_name_find(p->vault, f->types[i], &kind, why);
		if (rc == RC_NONE || (rc == RC_OK && p->kinds.len && kind_is_wanted(p, kind)))
			continue;
		if (rc != RC_OK)
			return rc;
		*vec_add(&p->kinds) = kind;
	}
	return RC_OK;
}

/* Steps a run; at its end releases it. */
static enum rc
step(struct run *r, struct diag *why)
{
	enum rc rc = stmt_step(r->st, why);
	if (rc == RC_OK)
		r->added = stmt_i64(r->st, 0);
	else
		stmt_release(&r->st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Goes on over the index. The new statement begins while the old one holds the snapshot. */
static enum rc
leave_scan(struct vault_page *p, struct run *r, struct diag *why)
{
	struct stmt *st;
	enum rc rc = store_sql(p->vault->store, vault_sql[SQL_PAGE_SEND], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_i64(st, 1, p->collection);
	stmt_bind_i64(st, 2, 1);
	stmt_bind_i64(st, 3, r->added);
	struct run over = {.st = st};
	rc = step(&over, why);
	stmt_release(&r->st);
	*r = over;
	return rc;
}

/* To the next row that may count. */
static enum rc
advance(struct vault_page *p, struct run *r, struct diag *why)
{
	for (;;) {
		enum rc rc = step(r, why);
		if (rc != RC_OK || !r->st || !r->scan)
			return rc;
		if ((uint32_t)stmt_i64(r->st, 3) == p->collection && stmt_i64(r->st, 4) == 1) {
			if (++r->looked == STRETCH)
				r->looked = r->useless = 0;
			return RC_OK;
		}
		if (++r->useless > USELESS_MOST)
			return leave_scan(p, r, why);
	}
}

static enum rc
add_scan(struct vault_page *p, struct diag *why)
{
	struct run *r = &p->runs[p->run_count];
	enum rc rc = store_sql(p->vault->store, vault_sql[SQL_SCAN_SEND], &r->st, why);
	if (rc != RC_OK)
		return rc;
	p->run_count++;
	r->scan = true;
	r->added = p->filter->after > 0 ? p->filter->after : 0;
	stmt_bind_i64(r->st, 1, r->added);
	return advance(p, r, why);
}

static enum rc
add_run(struct vault_page *p, const uint32_t *kind, unsigned last, struct diag *why)
{
	enum vault_query query = kind ? (p->want == VAULT_BYTES ? SQL_KIND_BYTES : SQL_KIND_FACTS)
				      : (p->want == VAULT_BYTES ? SQL_PAGE_BYTES : SQL_PAGE_FACTS);
	struct run *r = &p->runs[p->run_count];
	enum rc rc = store_sql(p->vault->store, vault_sql[query], &r->st, why);
	if (rc != RC_OK)
		return rc;
	p->run_count++;
	stmt_bind_i64(r->st, 1, p->collection);
	stmt_bind_i64(r->st, 2, last);
	stmt_bind_i64(r->st, 3, p->filter->after > 0 ? p->filter->after : 0);
	if (kind)
		stmt_bind_i64(r->st, 4, *kind);
	return step(r, why);
}

static enum rc
open_runs(struct vault_page *p, struct diag *why)
{
	bool typed = p->filter->type_count && p->kinds.len * 2 <= RUNS_MAX;
	size_t kinds = typed ? p->kinds.len : 1;
	enum rc rc = RC_OK;
	p->runs = mem_new((kinds * 2 + 1) * sizeof *p->runs);
	if (p->want == VAULT_SEND)
		return add_scan(p, why);
	for (size_t i = 0; rc == RC_OK && i < kinds; i++) {
		rc = add_run(p, typed ? &p->kinds.at[i] : NULL, 1, why);
		if (rc == RC_OK && p->judged)
			rc = add_run(p, typed ? &p->kinds.at[i] : NULL, 0, why);
	}
	return rc;
}

static int
by_stamp(const void *a, const void *b)
{
	const struct found *one = a, *two = b;
	return one->added < two->added ? -1 : one->added > two->added;
}

/* What a page shows by default of the object whose rows the group holds. */
static struct vault_facts
newest_facts(const struct vault_page *p, struct vault_facts otherwise)
{
	for (size_t i = 0; i < p->group.len; i++)
		if (p->group.at[i].last)
			return p->group.at[i].facts;
	return otherwise;
}

static enum rc
pick_group(struct vault_page *p, const struct uuid *uuid, uint32_t kind, struct diag *why)
{
	enum rc rc = vault_group_load(p->vault, vault_key(p->vault, uuid), &p->group, why);
	if (rc == RC_OK)
		vault_group_keep(&p->group, uuid, kind, p->collection);
	return rc;
}

static enum rc
find_ids(struct vault_page *p, struct diag *why)
{
	const struct vault_filter *f = p->filter;
	for (size_t i = 0; i < f->id_count; i++) {
		struct vault_id id;
		uint32_t kind;
		if (vault_id_parse(f->ids[i], &id) != RC_OK)
			continue;
		enum rc rc = vault_name_find(p->vault, id.type, &kind, why);
		if (rc == RC_NONE || (rc == RC_OK && !kind_is_wanted(p, kind)))
			continue;
		if (rc == RC_OK)
			rc = pick_group(p, &id.uuid, kind, why);
		if (rc != RC_OK)
			return rc;
		own_mem bool *pick = mem_new(p->group.len + 1);
		vault_pick(p->group.at, p->group.len, f, VAULT_LAST, pick);
		for (size_t k = 0; k < p->group.len; k++)
			if (pick[k] && p->group.at[k].added > f->after) {
				struct vault_facts newest = newest_facts(p, p->group.at[k].facts);
				*vec_add(&p->found) = (struct found){
					p->group.at[k].added, newest.tlp, newest.privacy};
			}
	}
	if (p->found.len)
		qsort(p->found.at, p->found.len, sizeof *p->found.at, by_stamp);
	return RC_OK;
}

enum rc
vault_page_open(struct vault *v, uint32_t collection, const struct vault_filter *f,
	enum vault_want want, struct vault_page **out, struct diag *why)
{
	if (f->id_count > VAULT_FILTER_IDS || f->type_count > VAULT_FILTER_IDS)
		return diag_fail(
			why, RC_LIMIT, "more than %d values in a filter", VAULT_FILTER_IDS);
	enum rc rc = vault_refresh(v, why);
	if (rc != RC_OK)
		return rc;
	struct vault_page *p = mem_new(sizeof *p);
	*p = (struct vault_page){
		.vault = v,
		.filter = f,
		.collection = collection,
		.current = SIZE_MAX,
		.by_id = f->id_count > 0,
		.judged = f->spec_count || f->at_count || (f->which && f->which != VAULT_LAST),
	};
	/* What must be judged needs the whole row. */
	bool plain = !p->judged && !p->by_id && !f->type_count;
	p->want = want == VAULT_SEND && !plain ? VAULT_BYTES : want;
	rc = resolve_types(p, why);
	bool nothing = rc == RC_OK && f->type_count && p->kinds.len == 0;
	if (rc == RC_OK && p->by_id)
		rc = find_ids(p, why);
	else if (rc == RC_OK && !nothing)
		rc = open_runs(p, why);
	if (rc != RC_OK)
		vault_page_close(&p);
	else
		*out = p;
	return rc;
}

static enum rc
next_found(struct vault_page *p, struct vault_item *out, struct diag *why)
{
	enum rc rc = RC_NONE;
	while (rc == RC_NONE) {
		stmt_release(&p->one);
		int64_t before = p->next_found ? p->found.at[p->next_found - 1].added : 0;
		if (p->next_found == p->found.len)
			return RC_NONE;
		int64_t added = p->found.at[p->next_found++].added;
		if (added == before)
			continue; /* an id that was asked for twice */
		bool bytes = p->want == VAULT_BYTES;
		rc = store_sql(p->vault->store, vault_sql[bytes ? SQL_ONE_BYTES : SQL_ONE_FACTS],
			&p->one, why);
		if (rc != RC_OK)
			return rc;
		stmt_bind_i64(p->one, 1, added);
		rc = stmt_step(p->one, why);
	}
	if (rc != RC_OK)
		return rc;
	vault_item_read(p->vault, p->one, p->want, &p->text, out);
	out->newest_tlp = p->found.at[p->next_found - 1].newest_tlp;
	out->newest_privacy = p->found.at[p->next_found - 1].newest_privacy;
	return RC_OK;
}

/* Whether the filter shows this row among the versions of its object. */
static enum rc
judge(struct vault_page *p, const struct vault_row *row, bool *shown, struct diag *why)
{
	*shown = false;
	if (!kind_is_wanted(p, row->kind))
		return RC_OK;
	*shown = true;
	if (!p->judged)
		return RC_OK;
	enum rc rc = pick_group(p, &row->uuid, row->kind, why);
	if (rc != RC_OK)
		return rc;
	own_mem bool *pick = mem_new(p->group.len + 1);
	vault_pick(p->group.at, p->group.len, p->filter, VAULT_LAST, pick);
	*shown = false;
	for (size_t i = 0; i < p->group.len; i++)
		if (p->group.at[i].added == row->added)
			*shown = pick[i];
	return RC_OK;
}

enum rc
vault_page_next(struct vault_page *p, struct vault_item *out, struct diag *why)
{
	if (p->by_id)
		return next_found(p, out, why);
	for (;;) {
		if (p->current != SIZE_MAX) {
			enum rc rc = advance(p, &p->runs[p->current], why);
			p->current = SIZE_MAX;
			if (rc != RC_OK)
				return rc;
		}
		for (size_t i = 0; i < p->run_count; i++)
			if (p->runs[i].st &&
				(p->current == SIZE_MAX ||
					(p->runs[i].added < p->runs[p->current].added) !=
						mutant(230)))
				p->current = i;
		if (p->current == SIZE_MAX)
			return RC_NONE;
		struct stmt *st = p->runs[p->current].st;
		if (p->want == VAULT_SEND) {
			vault_item_send(p->runs[p->current].added, p->collection, stmt_bytes(st, 1),
				stmt_bytes(st, 2), out);
			return RC_OK;
		}
		bool shown = true;
		struct vault_row row = {.last = true};
		if (p->judged || p->filter->type_count) {
			vault_row_read(st, &row);
			enum rc rc = judge(p, &row, &shown, why);
			if (rc != RC_OK)
				return rc;
		}
		if (shown) {
			vault_item_read(p->vault, st, p->want, &p->text, out);
			if (!row.last) { /* then it was judged, and the group is its own */
				struct vault_facts newest = newest_facts(p, row.facts);
				out->newest_tlp = newest.tlp;
				out->newest_privacy = newest.privacy;
			}
			return RC_OK;
		}
	}
}
