#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "codec/json.h"
#include "vault/sql.h"
#include "vault/vault-internal.h"

void
vault_group_fini(struct vault_group *g)
{
	free(g->at);
	*g = (struct vault_group){};
}

enum rc
vault_group_load(struct vault *v, int64_t key, struct vault_group *g, struct diag *why)
{
	own_stmt struct stmt *st = NULL;
	enum rc rc = store_sql(v->store, vault_sql[SQL_GROUP], &st, why);
	if (rc != RC_OK)
		return rc;
	g->len = 0;
	stmt_bind_i64(st, 1, key);
	while ((rc = stmt_step(st, why)) == RC_OK)
		vault_row_read(st, vec_add(g));
	return rc == RC_NONE ? RC_OK : rc;
}

void
vault_group_keep(struct vault_group *g, const struct uuid *uuid, uint32_t kind, uint32_t collection)
{
	size_t kept = 0;
	for (size_t i = 0; i < g->len; i++) {
		const struct vault_row *r = &g->at[i];
		if (r->kind == kind && memcmp(&r->uuid, uuid, sizeof *uuid) == 0 &&
			(!collection || r->collection == collection))
			g->at[kept++] = *r;
	}
	g->len = kept;
}

static bool
spec_is_wanted(const struct vault_filter *f, unsigned spec, unsigned newest)
{
	if (f->spec_count == 0)
		return spec == newest;
	for (size_t i = 0; i < f->spec_count; i++)
		if (f->specs[i] == spec)
			return true;
	return false;
}

void
vault_pick(const struct vault_row *rows, size_t count, const struct vault_filter *f,
	unsigned by_default, bool *pick)
{
	unsigned which = f->which || f->at_count ? f->which : by_default;
	unsigned newest = 0;
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < count; i++)
		newest = rows[i].facts.spec > newest ? rows[i].facts.spec : newest;
	for (size_t i = 0; i < count; i++) {
		if (!spec_is_wanted(f, rows[i].facts.spec, newest) && !mutant(360))
			continue;
		first = rows[i].version < first ? rows[i].version : first;
		last = rows[i].version > last || mutant(361) ? rows[i].version : last;
	}
	for (size_t i = 0; i < count; i++) {
		int64_t version = rows[i].version;
		bool hit = (which & VAULT_ALL) || ((which & VAULT_LAST) && version == last) ||
			   ((which & VAULT_FIRST) && version == first);
		for (size_t k = 0; !hit && k < f->at_count; k++)
			hit = f->at[k] == version;
		pick[i] = hit && spec_is_wanted(f, rows[i].facts.spec, newest);
	}
}

bool
vault_same_content(struct span a, struct span b)
{
	if (span_eq(a, b))
		return true;
	/* A relay may have written the same JSON anew: other blanks, other order of keys. */
	static const struct json_limits limits = {.any_ints = true};
	own_json yyjson_doc *one = NULL, *two = NULL;
	return json_read(a, &limits, &one, NULL) == RC_OK &&
	       json_read(b, &limits, &two, NULL) == RC_OK &&
	       yyjson_equals(yyjson_doc_get_root(one), yyjson_doc_get_root(two));
}

static bool
uuid_eq(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static int
uuid_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

/* Whose the object is here, seen from the source; strictness rises. */
enum claim { CLAIM_NOBODY, CLAIM_OWN, CLAIM_OTHERS };

static enum claim
claim_on(const struct uuid *identity, const struct vault_source *source)
{
	for (size_t i = 0; i < source->identity_count; i++)
		if (uuid_eq(&source->identities[i], identity))
			return CLAIM_OWN;
	bool bound = source->bound_count && bsearch(identity, source->bound, source->bound_count,
						    sizeof *source->bound, uuid_order);
	return bound ? CLAIM_OTHERS : CLAIM_NOBODY;
}

/*
 * Its creator's; an identity object is besides that of whoever is bound to it, else anybody could say
 * who a party is.
 */
static enum claim
claim_of(const struct vault_row *got, const struct vault_source *source)
{
	enum claim creator = got->has_creator ? claim_on(&got->creator, source) : CLAIM_NOBODY;
	enum claim itself =
		got->identity && !mutant(540) ? claim_on(&got->uuid, source) : CLAIM_NOBODY;
	return creator > itself ? creator : itself;
}

/* STIX 2.1 section 3.6: what a later or earlier version may not do, whoever brings it. */
static const char *
broken_rule(const struct vault_row *rows, size_t count, const struct vault_row *got)
{
	for (size_t i = 0; i < count; i++) {
		const struct vault_row *r = &rows[i];
		if (r->has_creator != got->has_creator ||
			(got->has_creator && !uuid_eq(&r->creator, &got->creator)))
			return "created_by_ref differs from that of the versions stored";
		if (r->created != got->created && r->facts.spec == got->facts.spec)
			return "created differs from that of the versions stored";
		if (r->facts.revoked && got->version > r->version)
			return "later than the revocation, which is final";
		if (got->facts.revoked && got->version < r->version)
			return "revokes before versions that are stored";
	}
	return NULL;
}

static enum vault_ruling
aside(const char *text, const char **reason)
{
	*reason = text;
	return VAULT_RULE_QUARANTINE;
}

enum vault_ruling
vault_judge(const struct vault_row *rows, size_t count, const struct vault_row *got,
	const struct vault_source *source, ptrdiff_t equals, const char **reason)
{
	bool here = false, anywhere = false;
	*reason = NULL;
	for (size_t i = 0; i < count; i++) {
		bool same =
			rows[i].version == got->version && rows[i].facts.spec == got->facts.spec;
		anywhere |= same;
		here |= same && rows[i].collection == got->collection;
	}
	/*
	 * What has no versions (an observable) has an id that anybody can compute from its value, and
	 * may well be told by two parties in different words. A copy in another collection decides
	 * nothing here: else whoever may write here could find out what lies there.
	 */
	if (got->facts.unversioned && !here && !mutant(541)) {
		count = 0;
		anywhere = false;
	}
	if (anywhere && equals < 0)
		return aside(got->facts.unversioned
				     ? "the same id without versions is stored with other content"
				     : "the same version is stored with other content",
			reason);
	/* Unchanged bytes may come from anybody: a relay, or one collection filled from another. */
	if (anywhere)
		return here ? VAULT_RULE_SAME : VAULT_RULE_ADD;
	if (source->power == VAULT_OVERRIDE)
		return VAULT_RULE_ADD;
	const char *broken = broken_rule(rows, count, got);
	if (broken)
		return aside(broken, reason);
	switch (claim_of(got, source)) {
	case CLAIM_OWN: return VAULT_RULE_ADD;
	case CLAIM_OTHERS:
		if (count || source->power == VAULT_REMOTE)
			return aside("its creator is known here and did not send it", reason);
		return VAULT_RULE_ADD;
	case CLAIM_NOBODY:
		if (count && source->power == VAULT_REMOTE && rows[0].source != got->source)
			return aside("a version by another than who brought the object", reason);
		return VAULT_RULE_ADD;
	}
	return VAULT_RULE_ADD;
}

enum rc
vault_last_update(struct vault *v, struct vault_row *rows, size_t count, struct diag *why)
{
	static const struct vault_filter shown = {};
	own_mem bool *pick = mem_new(count + 1);
	enum rc rc = RC_OK;
	vault_pick(rows, count, &shown, VAULT_LAST, pick);
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		if (rows[i].last == pick[i])
			continue;
		rows[i].last = pick[i];
		if (!rows[i].added)
			continue;
		struct stmt *st;
		rc = store_sql(v->store, vault_sql[SQL_SET_LAST], &st, why);
		if (rc != RC_OK)
			return rc;
		stmt_bind_i64(st, 1, pick[i]);
		stmt_bind_i64(st, 2, rows[i].added);
		rc = stmt_run(st, why);
	}
	return rc;
}
