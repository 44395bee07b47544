/*
 * What went: deleted objects and versions come on no page. Where a collection's print differs from what was
 * seen in it, the stamps of both are walked side by side; a stamp names a row for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "node/armed-internal.h"

static const char kind[] = "indicator--";
enum { ID_TEXT = sizeof kind - 1 + UUID_TEXT };

static struct span
id_text(const struct uuid *object, char out[static ID_TEXT])
{
	char uuid[UUID_TEXT];
	uuid_text(object, uuid);
	return (struct span){out, (size_t)snprintf(out, ID_TEXT, "%s%s", kind, uuid)};
}

static enum rc
drop(struct refresh *r, const struct uuid *object, struct diag *why)
{
	char id[ID_TEXT];
	struct vault_object gone = {.id = id_text(object, id)};
	*vec_add(&r->affected) = *object;
	return arming_add(r->arming, ARMING_DROPS, &gone, why);
}

static enum rc
vanish(struct refresh *r, const struct versions_sight *sight, struct diag *why)
{
	struct uuid object;
	if (!versions_vanish(r->armed->versions, sight, &object))
		return RC_OK;
	return drop(r, &object, why);
}

/* The rows that a collection shows and nobody saw, by their stamps. */
struct unseen {
	vec_of(int64_t) at;
};

/* Walks both, each ascending. */
static enum rc
compare(struct refresh *r, uint32_t collection, const struct versions_sights *sights,
	struct unseen *unseen, struct diag *why)
{
	struct vault *vault = r->armed->node.vault;
	own_mem struct vault_stamps *there = mem_new(sizeof *there);
	enum rc code = RC_OK;
	int64_t after = 0;
	size_t at = 0;
	do {
		code = vault_collection_stamps(
			vault, collection, armed_types[0], after, there, why);
		for (size_t i = 0; !code && i < there->len; i++) {
			after = there->at[i];
			while (!code && at < sights->len && sights->at[at].added < after)
				code = vanish(r, &sights->at[at++], why);
			if (at < sights->len && sights->at[at].added == after)
				at++;
			else
				*vec_add(&unseen->at) = after;
		}
	} while (!code && there->len == VAULT_STAMPS);
	while (!code && at < sights->len)
		code = vanish(r, &sights->at[at++], why);
	return code;
}

/* An older version is shown again where a newer one went. */
static enum rc
arm_unseen(struct refresh *r, uint32_t collection, const struct pass *pass, int64_t added,
	struct diag *why)
{
	struct vault_filter filter = {.types = armed_types, .type_count = 1, .after = added - 1};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item item;
	enum rc code =
		vault_page_open(r->armed->node.vault, collection, &filter, VAULT_BYTES, &page, why);
	if (!code)
		code = vault_page_next(page, &item, why);
	return code ? code : armed_item(r, pass, &item, why);
}

enum rc
armed_mend(struct refresh *r, uint32_t collection, const struct pass *pass, struct diag *why)
{
	struct versions_sights sights = versions_sights(r->armed->versions, collection);
	struct unseen unseen = {};
	enum rc code = RC_OK;
	if (pass)
		code = compare(r, collection, &sights, &unseen, why);
	for (size_t i = 0; !pass && !code && i < sights.len; i++)
		code = vanish(r, &sights.at[i], why);
	for (size_t i = 0; !code && i < unseen.at.len; i++)
		code = arm_unseen(r, collection, pass, unseen.at.at[i], why);
	free(unseen.at.at);
	free(sights.at);
	if (code == RC_NONE)
		r->lost = true;
	return code == RC_NONE ? RC_OK : code;
}

/* What counts now of an object of which something went. */
static enum rc
resolve(struct refresh *r, const struct uuid *object, struct diag *why)
{
	char id[ID_TEXT];
	uint32_t collection;
	struct span text = id_text(object, id);
	struct vault_filter filter = {
		.types = armed_types, .type_count = 1, .ids = &text, .id_count = 1};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item item;
	enum versions_verdict verdict = versions_resolve(r->armed->versions, object, &collection);
	if (verdict == VERSION_IDLE || mutant(1772))
		return RC_OK;
	enum rc code =
		vault_page_open(r->armed->node.vault, collection, &filter, VAULT_BYTES, &page, why);
	if (!code)
		code = vault_page_next(page, &item, why);
	if (code == RC_NONE)
		r->lost = true;
	if (code)
		return code == RC_NONE ? RC_OK : code;
	return armed_take(r, verdict, &item, why);
}

static bool
is_present(const struct refresh *r, uint32_t number)
{
	for (size_t i = 0; i < r->present.len; i++)
		if (r->present.at[i] == number)
			return true;
	return false;
}

enum rc
armed_mend_rest(struct refresh *r, struct diag *why)
{
	enum rc code = RC_OK;
	uint32_t number = 0;
	while (!code && (number = versions_collection(r->armed->versions, number)))
		if (!is_present(r, number) && !mutant(1773))
			code = armed_mend(r, number, NULL, why);
	for (size_t i = 0; !code && !r->lost && i < r->affected.len; i++)
		code = resolve(r, &r->affected.at[i], why);
	return code;
}
