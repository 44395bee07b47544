#include "vault/status.h"
#include "base/mutant.h"

#include <string.h>

#include "vault/sql.h"
#include "vault/vault-internal.h"

/* details: for each object one byte of verdict, then id, version and message, each after its
 * length. */
static void
note_text(struct buf *out, struct span text)
{
	uint16_t len = (uint16_t)(text.len < 1000 ? text.len : 1000);
	buf_add(out, (struct span){(const char *)&len, sizeof len});
	buf_add(out, span_sub(text, 0, len));
}

void
vault_status_note(struct buf *details, enum vault_verdict verdict, struct span id,
	struct span version, const char *message)
{
	buf_add_byte(details, (char)verdict);
	note_text(details, id);
	note_text(details, version);
	/* Of what was taken nothing is said, not even that it was here before: the writer may be one
	 * who may not read. */
	bool told = message && (verdict != VAULT_DUPLICATE || mutant(502));
	note_text(details, told ? span_of(message) : SPAN(""));
}

static bool
read_text(struct span *rest, struct span *out)
{
	uint16_t len;
	if (rest->len < sizeof len)
		return false;
	memcpy(&len, rest->ptr, sizeof len);
	if (rest->len - sizeof len < len)
		return false;
	*out = span_sub(*rest, sizeof len, len);
	*rest = span_sub(*rest, sizeof len + len, rest->len);
	return true;
}

enum rc
vault_status_next(struct span *rest, struct vault_status_detail *out)
{
	struct vault_status_detail got = {};
	if (rest->len == 0)
		return RC_NONE;
	got.verdict = (enum vault_verdict)(unsigned char)rest->ptr[0];
	*rest = span_sub(*rest, 1, rest->len);
	if (got.verdict > VAULT_REFUSED || !read_text(rest, &got.id) ||
		!read_text(rest, &got.version) || !read_text(rest, &got.message)) {
		*rest = SPAN("");
		return RC_NONE;
	}
	*out = got;
	return RC_OK;
}

struct written {
	const struct vault_request *request;
	int64_t requested;
	bool complete;
	uint64_t total, successes, failures;
	struct span details;
};

static enum rc
write_row(struct vault *v, const struct written *w, struct diag *why)
{
	struct stmt *st;
	enum rc rc = store_sql(v->store, vault_sql[SQL_STATUS_PUT], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(st, 1, vault_uuid_span(w->request->status));
	stmt_bind_i64(st, 2, w->request->collection);
	stmt_bind_text(st, 3, w->request->owner.ptr ? w->request->owner : SPAN(""));
	stmt_bind_i64(st, 4, w->requested);
	stmt_bind_i64(st, 5, w->complete);
	stmt_bind_i64(st, 6, (int64_t)w->total);
	stmt_bind_i64(st, 7, (int64_t)w->successes);
	stmt_bind_i64(st, 8, (int64_t)w->failures);
	stmt_bind_blob(st, 9, w->details);
	return stmt_run(st, why);
}

enum rc
vault_status_put(struct vault *v, const struct vault_status_row *row, struct diag *why)
{
	struct written w = {
		.request = row->request,
		.requested = row->request->received ? row->request->received : row->now,
		.complete = true,
		.total = row->successes + row->failures,
		.successes = row->successes,
		.failures = row->failures,
		.details = buf_span(row->details),
	};
	return write_row(v, &w, why);
}

enum rc
vault_status_pend(struct vault *v, const struct vault_request *r, uint64_t total, struct diag *why)
{
	must(r->status);
	struct written w = {
		.request = r,
		.requested = r->received ? r->received : clock_now(v->clock),
		.total = total,
		.details = SPAN(""),
	};
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	own_stmt struct stmt *st = NULL;
	rc = store_sql(v->store, vault_sql[SQL_STATUS_GET], &st, why);
	if (rc == RC_OK) {
		stmt_bind_blob(st, 1, vault_uuid_span(r->status));
		rc = stmt_step(st, why);
		if (rc == RC_OK)
			rc = diag_fail(why, RC_CONFLICT, "a status with this id exists");
		else if (rc == RC_NONE)
			rc = write_row(v, &w, why);
	}
	stmt_release(&st);
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}

enum rc
vault_status_get(struct vault *v, const struct uuid *id, struct span owner, struct arena *a,
	struct vault_status *out, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_STATUS_GET], &st, why);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(st, 1, vault_uuid_span(id));
	rc = stmt_step(st, why);
	if (rc == RC_OK && !span_eq(stmt_bytes(st, 1), owner))
		rc = RC_NONE;
	if (rc != RC_OK)
		return rc;
	*out = (struct vault_status){
		.id = *id,
		.collection = (uint32_t)stmt_i64(st, 0),
		.owner = arena_dup(a, stmt_bytes(st, 1)),
		.requested = stmt_i64(st, 2),
		.complete = stmt_i64(st, 3),
		.total = (uint64_t)stmt_i64(st, 4),
		.successes = (uint64_t)stmt_i64(st, 5),
		.failures = (uint64_t)stmt_i64(st, 6),
		.details = arena_dup(a, stmt_bytes(st, 7)),
	};
	out->pendings = out->total - out->successes - out->failures;
	return RC_OK;
}

void
vault_status_keep(struct vault *v, int64_t microseconds)
{
	v->status_kept = microseconds;
}

enum rc
vault_status_tidy(struct vault *v, int64_t before, struct diag *why)
{
	own_buf struct buf lost = {};
	struct stmt *st;
	int64_t kept = v->status_kept ? v->status_kept : VAULT_STATUS_KEPT;
	vault_status_note(&lost, VAULT_REFUSED, SPAN(""), SPAN(""),
		"the server stopped before these objects were stored; send them again");
	enum rc rc = store_begin(v->store, why);
	if (rc != RC_OK)
		return rc;
	rc = store_sql(v->store, vault_sql[SQL_STATUS_PENDING], &st, why);
	if (rc == RC_OK) {
		stmt_bind_i64(st, 1, mutant(432) ? 0 : before);
		stmt_bind_blob(st, 2, buf_span(&lost));
		rc = stmt_run(st, why);
	}
	if (rc == RC_OK)
		rc = store_sql(v->store, vault_sql[SQL_STATUS_OLD], &st, why);
	if (rc == RC_OK) {
		stmt_bind_i64(st, 1, clock_now(v->clock) - (mutant(431) ? SECOND : kept));
		rc = stmt_run(st, why);
	}
	if (rc == RC_OK)
		rc = store_commit(v->store, why);
	return rc == RC_OK ? RC_OK : vault_undo(v, rc);
}
