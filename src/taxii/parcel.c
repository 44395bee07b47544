#include "taxii/parcel.h"

#include <stdlib.h>

#include "base/must.h"
#include "base/mutant.h"
#include "memo/facts.h"
#include "stix/check.h"
#include "taxii/company.h"
#include "taxii/definitions.h"
#include "taxii/envelope.h"
#include "taxii/marks.h"

struct parcel *
parcel_new(void)
{
	struct parcel *p = mem_new(sizeof *p);
	p->verdicts = mem_new(sizeof *p->verdicts);
	return p;
}

void
parcel_free(struct parcel *p)
{
	if (!p)
		return;
	stix_verdicts_fini(p->verdicts);
	free(p->verdicts);
	free(p->items.at);
	arena_fini(&p->text);
	free(p);
}

void
parcel_reset(struct parcel *p)
{
	arena_reset(&p->text);
	p->items.len = 0;
	p->bytes = 0;
	p->unresolved = 0;
}

void
parcel_facts(const struct stix_object *o, struct vault_object *out)
{
	struct facts facts = facts_of(o, NULL);
	*out = (struct vault_object){
		.id = o->id,
		.version = mutant(381) ? o->modified.text : o->version.text,
		.version_at = mutant(381) ? o->modified.at : o->version.at,
		.created_at = o->created.at,
		.creator = o->created_by,
		.spec = o->spec == STIX_2_1 && !mutant(372) ? VAULT_SPEC_2_1 : VAULT_SPEC_2_0,
		.revoked = o->revoked,
		.class = facts.class,
		.tlp = facts.tlp,
		.privacy = facts.privacy,
		.fixed = tlp_marking_find(o->id) != NULL,
		.bytes = o->text,
	};
}

/* Why the checker refuses it: the first MUST, as one line. */
static const char *
refusal_of(struct parcel *p)
{
	const struct stix_verdict *v = p->verdicts->all.at;
	if (p->verdicts->all.len == 0)
		return "it violates the standard";
	if (v->path.len == 0)
		return arena_printf(&p->text, "%.*s", (int)v->what.len, v->what.ptr).ptr;
	return arena_printf(&p->text, "%.*s: %.*s", (int)v->path.len, v->path.ptr, (int)v->what.len,
		v->what.ptr)
		.ptr;
}

void
parcel_add(struct parcel *p, struct span text)
{
	static const struct stix_options options = {
		.level = STIX_MUST, .flags = STIX_FIRST_ONLY | STIX_ACCEPT_2_0};
	own_stix struct stix_object o = {};
	struct diag why = {};
	struct parcel_item *item = vec_add(&p->items);
	*item = (struct parcel_item){};
	p->bytes += text.len;
	if (stix_read(text, &o, &why)) {
		item->refusal = arena_printf(
			&p->text, "%s%s%s", why.where, why.where[0] ? ": " : "", why.what)
					.ptr;
		item->object = (struct vault_object){.version_at = TIME_NONE, .bytes = text};
		/* A status names even what cannot be read, as far as it has a name. */
		envelope_names(text, &p->text, &item->object.id, &item->object.version);
		return;
	}
	parcel_facts(&o, &item->object);
	item->object.bytes = text;
	item->object.id = arena_dup(&p->text, o.id);
	item->object.version = arena_dup(&p->text, o.version.text);
	item->object.creator = arena_dup(&p->text, o.created_by);
	item->observable = o.kind == STIX_SCO;
	item->marking = span_eq(o.type, SPAN("marking-definition"));
	size_t end = 0;
	struct span end_id;
	struct stix_tlp marks = stix_tlp(&o, NULL);
	item->has_ends = facts_end(&o, &end, &end_id) == RC_OK;
	item->fixed = (uint16_t)marks.fixed;
	if (item->object.tlp == TLP_RED && marks.unknown) {
		item->unresolved = true;
		p->unresolved++;
	}
	stix_verdicts_reset(p->verdicts);
	if (stix_check(&o, &options, p->verdicts) && !mutant(440))
		item->refusal = refusal_of(p);
}

void
parcel_add_copy(struct parcel *p, struct span text)
{
	parcel_add(p, arena_dup(&p->text, text));
}

/* Of one kind: marking-definitions, or what may bear them. */
static enum rc
batch_items(struct vault_batch *b, struct parcel *p, bool marking)
{
	for (size_t i = 0; i < p->items.len; i++) {
		struct parcel_item *item = &p->items.at[i];
		if (item->marking != marking)
			continue;
		item->result = vault_batch_count(b);
		enum rc code = item->refusal ? vault_batch_refuse(b, item->object.id,
						       item->object.version, item->refusal)
					     : vault_batch_add(b, &item->object);
		if (code)
			return code;
	}
	return RC_OK;
}

static enum rc
batch_parcel(struct vault_batch *b, struct parcel *p, struct definitions *given, struct diag *why)
{
	enum rc code = definitions_add(given, b, p, why);
	if (code)
		return code;
	struct vault_request request = {
		.collection = p->collection,
		.source = p->source,
		.status = p->status,
		.owner = p->owner,
		.received = p->received,
	};
	vault_batch_request(b, &request);
	code = batch_items(b, p, true);
	if (!code)
		code = batch_items(b, p, false);
	return code ? diag_fail(why, code, "more than %d objects at once", VAULT_BATCH_MAX) : RC_OK;
}

enum rc
parcel_prepare(struct parcel *p, struct vault_batch *b, struct vault *look,
	const struct vault_batch *before, struct diag *why)
{
	if (p->unresolved)
		return RC_NONE;
	struct definitions given = {};
	vault_batch_reset(b);
	company_mark(p);
	enum rc code = batch_parcel(b, p, &given, why);
	definitions_fini(&given);
	if (code)
		return code;
	vault_batch_look(b, look, before);
	return RC_OK;
}

enum rc
parcel_store(struct vault *v, struct vault_batch *b, struct parcel *const *parcels, size_t count,
	struct diag *why)
{
	vault_batch_reset(b);
	marks_resolve(v, parcels, count);
	for (size_t i = 0; i < count; i++)
		company_mark(parcels[i]);
	struct definitions given = {.vault = v, .parcels = parcels, .count = count};
	enum rc code = RC_OK;
	for (size_t i = 0; !code && i < count; i++)
		code = batch_parcel(b, parcels[i], &given, why);
	definitions_fini(&given);
	return code ? code : vault_batch_commit(b, why);
}
