#include "node/derive.h"

#include "base/mutant.h"
#include "memo/redact.h"
#include "taxii/ends.h"
#include "taxii/marks.h"

static enum rc
derive(struct node *n, struct redact_ask *ask, const struct vault_item *item, struct buf *text,
	struct facts *facts)
{
	own_stix struct stix_object o = {};
	if (stix_read(item->object.bytes, &o, NULL))
		return RC_DENIED;
	struct marks *marks = marks_of(n->vault, item);
	struct stix_resolver resolver = marks_resolver(marks);
	ask->resolve = &resolver;
	enum rc code = redact_object(ask, &o, text, facts);
	ask->resolve = NULL;
	marks_free(marks);
	return code;
}

/*
 * Whether an earlier version went out derived: then this one does too, under the same id, though nothing
 * of it has to be left out. Else a reader's copy would never hear of its revocation.
 */
static bool
was_derived(struct node *n, struct redact_ask *ask, const struct vault_item *item)
{
	struct vault_filter filter = {.ids = &item->object.id, .id_count = 1, .which = VAULT_ALL};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item older;
	if (item->object.version_at == item->object.created_at ||
		vault_page_open(n->vault, item->collection, &filter, VAULT_BYTES, &page, NULL) !=
			RC_OK)
		return false;
	while (vault_page_next(page, &older, NULL) == RC_OK) {
		own_buf struct buf ignored = {};
		struct facts facts;
		if (older.added != item->added &&
			!pass_permits(ask->pass, facts_kept(older.object.class, older.object.tlp,
							 older.object.privacy)) &&
			derive(n, ask, &older, &ignored, &facts) == RC_OK)
			return true;
	}
	return false;
}

enum rc
node_derive(struct node *n, const struct pass *pass, const struct vault_item *item, struct arena *a,
	struct vault_item *out)
{
	own_buf struct buf text = {};
	own_stix struct stix_object o = {};
	struct facts facts;
	struct facts_source ends = node_facts(n);
	struct redact_ask ask = {.pass = pass, .ends = &ends, .author = n->me.id};
	if (item_permitted(pass, item, &ends)) {
		if (mutant(562) || !was_derived(n, &ask, item))
			return RC_NONE;
		ask.always = true;
	}
	if (derive(n, &ask, item, &text, &facts) != RC_OK)
		return RC_NONE;
	*out = *item;
	out->object.bytes = arena_dup(a, buf_span(&text));
	if (stix_read(out->object.bytes, &o, NULL))
		return RC_NONE;
	out->object.id = arena_dup(a, o.id);
	out->object.creator = n->me.id;
	out->object.class = facts.class;
	out->object.tlp = out->newest_tlp = facts.tlp;
	out->object.privacy = out->newest_privacy = facts.privacy;
	return RC_OK;
}
