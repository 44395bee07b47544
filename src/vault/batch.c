#include <stdlib.h>
#include <string.h>

#include "vault/batch-internal.h"

struct vault_batch *
vault_batch_new(struct vault *v)
{
	struct vault_batch *b = mem_new(sizeof *b);
	b->vault = v;
	return b;
}

void
vault_batch_reset(struct vault_batch *b)
{
	for (size_t i = 0; i < b->requests.len; i++)
		buf_fini(&b->requests.at[i].details);
	b->items.len = b->requests.len = b->types.len = 0;
	b->supplements = 0;
	b->look.done = false;
	b->creator_text = SPAN("");
	arena_reset(&b->text);
}

void
vault_batch_free(struct vault_batch **p)
{
	struct vault_batch *b = take(p);
	if (!b)
		return;
	vault_batch_reset(b);
	arena_fini(&b->text);
	free(b->items.at);
	free(b->requests.at);
	free(b->types.at);
	free(b->kinds);
	free(b->look.order);
	free(b->sorted);
	buf_fini(&b->facts);
	free(b);
}

size_t
vault_batch_count(const struct vault_batch *b)
{
	return b->items.len;
}

void
vault_batch_request(struct vault_batch *b, const struct vault_request *r)
{
	*vec_add(&b->requests) = (struct request){.given = *r};
}

static uint32_t
type_index(struct vault_batch *b, struct span type)
{
	/* Batches have few types and runs of the same, so the latest used stand a good chance. */
	for (size_t i = b->types.len; i-- > 0;)
		if (span_eq(b->types.at[i], type))
			return (uint32_t)i;
	*vec_add(&b->types) = arena_dup(&b->text, type);
	return (uint32_t)b->types.len - 1;
}

/* What this node puts beside others' objects takes no room from them. */
static bool
is_full(const struct vault_batch *b)
{
	return b->items.len - b->supplements >= VAULT_BATCH_MAX;
}

static struct item *
item_new(struct vault_batch *b)
{
	must(b->requests.len);
	b->look.done = false;
	b->supplements += b->requests.at[b->requests.len - 1].given.supplement;
	struct item *it = vec_add(&b->items);
	*it = (struct item){.request = (uint32_t)b->requests.len - 1, .twin = UNSTORED};
	return it;
}

static enum rc
refuse(struct vault_batch *b, struct span id, struct span version, const char *reason)
{
	struct item *it = item_new(b);
	it->refused = true;
	it->id = arena_dup(&b->text, id);
	it->version = arena_dup(&b->text, version);
	it->result = (struct vault_result){VAULT_REFUSED, reason, 0};
	return RC_OK;
}

enum rc
vault_batch_refuse(struct vault_batch *b, struct span id, struct span version, const char *reason)
{
	if (is_full(b))
		return RC_LIMIT;
	return refuse(b, id, version, arena_dup(&b->text, span_of(reason)).ptr);
}

/* Runs of objects have one creator: the text of the former is not read again. */
static bool
creator_of(struct vault_batch *b, struct span text, struct uuid *out)
{
	struct vault_id id;
	if (text.len == 0)
		return false;
	if (!span_eq(text, b->creator_text)) {
		if (vault_id_parse(text, &id) != RC_OK)
			return false;
		b->creator_text = arena_dup(&b->text, text);
		b->creator = id.uuid;
	}
	*out = b->creator;
	return true;
}

enum rc
vault_batch_add(struct vault_batch *b, const struct vault_object *o)
{
	enum { TYPES_MAX = 1000 };
	struct vault_id id;
	char usual[TIME_TEXT];
	enum { STAMP_MAX = 200 };
	if (is_full(b))
		return RC_LIMIT;
	if (vault_id_parse(o->id, &id) != RC_OK)
		return refuse(b, o->id, o->version, "its id is not a type, \"--\" and a UUID");
	if (o->version.len > STAMP_MAX)
		return refuse(b, o->id, SPAN(""), "its version has too many digits");
	uint32_t type = type_index(b, id.type);
	if (type >= TYPES_MAX)
		return refuse(b, o->id, o->version, "too many different types at once");
	struct item *it = item_new(b);
	bool unversioned = o->version.len == 0 || o->version_at == TIME_NONE;
	it->type = type;
	it->row = (struct vault_row){
		.version = unversioned ? 0 : o->version_at,
		.created = o->created_at,
		.facts = {(uint8_t)o->spec, o->class, o->tlp, o->privacy, o->revoked, unversioned},
		.uuid = id.uuid,
	};
	it->row.identity = span_eq(id.type, SPAN("identity"));
	it->row.has_creator = creator_of(b, o->creator, &it->row.creator);
	if (id.exact)
		it->exact = arena_dup(&b->text, o->id);
	time_text_ms(it->row.version, usual);
	if (!unversioned && !span_eq(o->version, (struct span){usual, TIME_TEXT - 4}))
		it->stamp = arena_dup(&b->text, o->version);
	it->bytes = o->bytes;
	it->fixed = o->fixed;
	return RC_OK;
}

struct span
batch_id(const struct vault_batch *b, const struct item *it, struct vault_text *text)
{
	if (it->refused)
		return it->id;
	if (it->exact.ptr)
		return it->exact;
	struct span type = b->types.at[it->type];
	memcpy(text->id, type.ptr, type.len);
	text->id[type.len] = text->id[type.len + 1] = '-';
	uuid_text(&it->row.uuid, text->id + type.len + 2);
	return (struct span){text->id, type.len + 2 + UUID_TEXT - 1};
}

struct span
batch_version(const struct item *it, struct vault_text *text)
{
	if (it->refused)
		return it->version;
	if (it->stamp.ptr)
		return it->stamp;
	time_text_ms(it->row.version, text->version);
	return (struct span){text->version, TIME_TEXT - 4};
}

const struct vault_result *
vault_batch_result(const struct vault_batch *b, size_t i)
{
	must(i < b->items.len);
	return &b->items.at[i].result;
}

struct vault_counts
vault_batch_counts(const struct vault_batch *b)
{
	struct vault_counts c = {};
	for (size_t i = 0; i < b->items.len; i++) {
		enum vault_verdict verdict = b->items.at[i].result.verdict;
		if (b->requests.at[b->items.at[i].request].given.supplement)
			continue;
		c.added += verdict == VAULT_ADDED;
		c.duplicate += verdict == VAULT_DUPLICATE;
		c.quarantined += verdict == VAULT_QUARANTINED;
		c.refused += verdict == VAULT_REFUSED;
	}
	return c;
}
