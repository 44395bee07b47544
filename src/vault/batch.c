#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "vault/sql.h"
#include "vault/vault-internal.h"

enum { UNSTORED = -1 };

/* One object of a batch; row.added is its own once it is stored. */
struct item {
	struct vault_row row;
	int64_t key;
	uint32_t request;
	uint32_t type; /* index of batch.types */
	int32_t twin;  /* VAULT_DUPLICATE of this item of the same batch, or UNSTORED */
	struct span stamp, exact, bytes; /* stamp and exact NULL where the row alone tells them */
	struct span id, version;	 /* only of refused ones */
	struct vault_result result;
	bool refused;
};

struct request {
	struct vault_request given;
	uint32_t source;
	struct buf details;
	uint64_t successes, failures;
};

struct place {
	int64_t key;
	uint32_t item;
};

struct vault_batch {
	struct vault *vault;
	struct arena text;
	vec_of(struct item) items;
	vec_of(struct request) requests;
	vec_of(struct span) types;
	uint32_t *kinds;     /* of types, while committing */
	struct place *order; /* items by key, then as they came */
	struct span creator_text;
	struct uuid creator;
	struct buf facts;
	int64_t now;
	struct vault_state state;
};

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
	free(b->order);
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

static struct item *
item_new(struct vault_batch *b)
{
	must(b->requests.len);
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
	if (b->items.len >= VAULT_BATCH_MAX)
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
	if (b->items.len >= VAULT_BATCH_MAX)
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
	return RC_OK;
}

/* ---- committing ---- */

static struct span
id_of(const struct vault_batch *b, const struct item *it, struct vault_text *text)
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

static struct span
version_of(const struct item *it, struct vault_text *text)
{
	if (it->refused)
		return it->version;
	if (it->stamp.ptr)
		return it->stamp;
	time_text_ms(it->row.version, text->version);
	return (struct span){text->version, TIME_TEXT - 4};
}

/* Collections and sources of the requests, numbers of the types, keys of the items. */
static enum rc
resolve(struct vault_batch *b, struct diag *why)
{
	struct vault *v = b->vault;
	b->kinds = mem_grow(b->kinds, b->types.len + 1, sizeof *b->kinds);
	b->order = mem_grow(b->order, b->items.len + 1, sizeof *b->order);
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
		it->key = vault_key(v, &it->row.uuid);
		b->order[i].key = it->refused ? INT64_MAX : it->key;
		b->order[i].item = (uint32_t)i;
	}
	return RC_OK;
}

static int
by_key(const void *a, const void *b)
{
	const struct place *one = a, *two = b;
	if (one->key != two->key)
		return one->key < two->key ? -1 : 1;
	return one->item < two->item ? -1 : one->item > two->item;
}

/* Aside it goes; a full quarantine refuses, so that hostile input cannot fill the disk. */
static enum rc
set_aside(struct vault_batch *b, struct item *it, const char *reason, struct diag *why)
{
	enum { ASIDE_MAX = 200000 };
	struct vault_text text;
	char creator[sizeof text.creator] = "";
	bool added = false;
	it->result = (struct vault_result){VAULT_QUARANTINED, reason, 0};
	if (b->state.quarantined >= ASIDE_MAX) {
		it->result = (struct vault_result){
			VAULT_REFUSED, "quarantine is full: accept or drop what is in it", 0};
		return RC_OK;
	}
	if (it->row.has_creator) {
		memcpy(creator, "identity--", 10);
		uuid_text(&it->row.creator, creator + 10);
	}
	struct vault_aside a = {
		.collection = it->row.collection,
		.source = it->row.source,
		.at = b->now,
		.reason = reason,
		.id = id_of(b, it, &text),
		.version = version_of(it, &text),
		.creator = span_of(creator),
		.bytes = it->bytes,
		.version_at = it->row.version,
		.created = it->row.created,
		.facts = it->row.facts,
	};
	enum rc rc = vault_quarantine_put(b->vault, &a, &added, why);
	b->state.quarantined += added;
	return rc;
}

/*
 * Items that share a key with each other or with stored rows. rows[] holds what is stored and then
 * what this batch adds, of which owner[] says the item.
 */
struct gathering {
	struct vault_group rows;
	vec_of(int32_t) owner;
};

static enum rc
content_of(struct vault_batch *b, const struct gathering *g, size_t i, struct buf *room,
	struct span *out, struct diag *why)
{
	if (g->owner.at[i] != UNSTORED) {
		*out = b->items.at[g->owner.at[i]].bytes;
		return RC_OK;
	}
	buf_reset(room);
	enum rc rc = vault_object_bytes(b->vault, g->rows.at[i].added, room, why);
	*out = buf_span(room);
	return rc;
}

/* The row of the same version whose content equals the item's, its own collection's first; -1:
 * none. */
static enum rc
find_equal(struct vault_batch *b, const struct gathering *g, const struct item *it, ptrdiff_t *out,
	struct diag *why)
{
	own_buf struct buf room = {};
	ptrdiff_t found = -1;
	for (size_t i = 0; i < g->rows.len; i++) {
		const struct vault_row *r = &g->rows.at[i];
		if (r->version != it->row.version || r->facts.spec != it->row.facts.spec)
			continue;
		if (found < 0 || r->collection == it->row.collection)
			found = (ptrdiff_t)i;
	}
	*out = -1;
	if (found < 0)
		return RC_OK;
	struct span bytes;
	enum rc rc = content_of(b, g, (size_t)found, &room, &bytes, why);
	if (rc == RC_OK && vault_same_content(bytes, it->bytes))
		*out = found;
	return rc;
}

/* A copy that was brought under a weaker reading of its marks is as strict as those that lie here. */
static void
raise_to_copies(const struct gathering *g, struct item *it)
{
	for (size_t i = 0; i < g->rows.len; i++) {
		const struct vault_row *r = &g->rows.at[i];
		if (r->version == it->row.version && r->facts.spec == it->row.facts.spec &&
			r->facts.tlp > it->row.facts.tlp && !mutant(542))
			it->row.facts.tlp = r->facts.tlp;
	}
}

static enum rc
judge_one(struct vault_batch *b, struct gathering *g, uint32_t index, struct diag *why)
{
	struct item *it = &b->items.at[index];
	ptrdiff_t equal;
	const char *reason;
	enum rc rc = find_equal(b, g, it, &equal, why);
	if (rc != RC_OK)
		return rc;
	const struct vault_source *source = &b->requests.at[it->request].given.source;
	switch (vault_judge(g->rows.at, g->rows.len, &it->row, source, equal, &reason)) {
	case VAULT_RULE_SAME:
		it->result = (struct vault_result){VAULT_DUPLICATE, "stored already", 0};
		it->result.added = g->rows.at[equal].added;
		it->twin = g->owner.at[equal];
		return RC_OK;
	case VAULT_RULE_QUARANTINE: return set_aside(b, it, reason, why);
	case VAULT_RULE_ADD: break;
	}
	if (g->rows.len >= VAULT_VERSIONS_MAX) {
		it->result =
			(struct vault_result){VAULT_REFUSED, "the object has too many versions", 0};
		return RC_OK;
	}
	if (source->power == VAULT_REMOTE && !it->row.facts.unversioned)
		raise_to_copies(g, it);
	it->result.verdict = VAULT_ADDED;
	struct vault_row *row = vec_add(&g->rows);
	*row = it->row;
	*vec_add(&g->owner) = (int32_t)index;
	return RC_OK;
}

/* `last` anew in each collection this object's new rows are in. */
static enum rc
settle_last(struct vault_batch *b, struct gathering *g, size_t stored, struct diag *why)
{
	own_mem struct vault_row *part = mem_new((g->rows.len + 1) * sizeof *part);
	own_mem size_t *at = mem_new((g->rows.len + 1) * sizeof *at);
	for (size_t i = stored; i < g->rows.len; i++) {
		uint32_t collection = g->rows.at[i].collection;
		size_t count = 0;
		bool done = false;
		for (size_t k = stored; k < i; k++)
			done |= g->rows.at[k].collection == collection;
		for (size_t k = 0; !done && k < g->rows.len; k++) {
			if (g->rows.at[k].collection != collection)
				continue;
			part[count] = g->rows.at[k];
			at[count++] = k;
		}
		enum rc rc = vault_last_update(b->vault, part, count, why);
		if (rc != RC_OK)
			return rc;
		for (size_t k = 0; k < count; k++)
			if (g->owner.at[at[k]] != UNSTORED)
				b->items.at[g->owner.at[at[k]]].row.last = part[k].last;
	}
	return RC_OK;
}

static void
gathering_fini(struct gathering *g)
{
	vault_group_fini(&g->rows);
	free(g->owner.at);
}

/* One object: all its items in `places` (which may hold others of the same key, left alone). */
static enum rc
judge_object(struct vault_batch *b, const struct vault_group *stored, const struct place *places,
	size_t count, struct diag *why)
{
	__attribute__((cleanup(gathering_fini))) struct gathering g = {};
	const struct vault_row *first = &b->items.at[places[0].item].row;
	enum rc rc = RC_OK;
	for (size_t i = 0; i < stored->len; i++) {
		*vec_add(&g.rows) = stored->at[i];
		*vec_add(&g.owner) = UNSTORED;
	}
	vault_group_keep(&g.rows, &first->uuid, first->kind, 0);
	g.owner.len = g.rows.len;
	size_t before = g.rows.len;
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		const struct vault_row *row = &b->items.at[places[i].item].row;
		if (row->kind == first->kind &&
			memcmp(&row->uuid, &first->uuid, sizeof row->uuid) == 0)
			rc = judge_one(b, &g, places[i].item, why);
	}
	return rc == RC_OK ? settle_last(b, &g, before, why) : rc;
}

/* All items of one key: nearly always one object, new to the vault. */
static enum rc
judge_key(struct vault_batch *b, const struct vault_group *stored, const struct place *places,
	size_t count, struct diag *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct vault_row *row = &b->items.at[places[i].item].row;
		bool seen = false;
		for (size_t k = 0; !seen && k < i; k++) {
			const struct vault_row *other = &b->items.at[places[k].item].row;
			seen = other->kind == row->kind &&
			       memcmp(&other->uuid, &row->uuid, sizeof row->uuid) == 0;
		}
		if (seen)
			continue;
		enum rc rc = judge_object(b, stored, places + i, count - i, why);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
judge_lone(struct vault_batch *b, uint32_t index, struct diag *why)
{
	struct item *it = &b->items.at[index];
	const char *reason;
	if (vault_judge(NULL, 0, &it->row, &b->requests.at[it->request].given.source, -1,
		    &reason) != VAULT_RULE_ADD)
		return set_aside(b, it, reason, why);
	it->result.verdict = VAULT_ADDED;
	it->row.last = true;
	return RC_OK;
}

/* Nearly every key of an import is new: asking only for that costs half of loading a group. */
static enum rc
load_stored(struct vault_batch *b, struct stmt *probe, int64_t key, struct vault_group *stored,
	struct diag *why)
{
	stmt_bind_i64(probe, 1, key);
	enum rc rc = stmt_step(probe, why);
	stmt_rewind(probe);
	stored->len = 0;
	if (rc == RC_OK)
		return vault_group_load(b->vault, key, stored, why);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
judge_all(struct vault_batch *b, struct diag *why)
{
	own_group struct vault_group stored = {};
	own_stmt struct stmt *probe = NULL;
	enum rc rc = store_sql(b->vault->store, vault_sql[SQL_KEY], &probe, why);
	size_t count = b->items.len;
	while (count && b->items.at[b->order[count - 1].item].refused)
		count--;
	for (size_t i = 0, next; rc == RC_OK && i < count; i = next) {
		next = i + 1;
		while (next < count && b->order[next].key == b->order[i].key)
			next++;
		rc = load_stored(b, probe, b->order[i].key, &stored, why);
		if (rc != RC_OK)
			break;
		if (stored.len == 0 && next == i + 1)
			rc = judge_lone(b, b->order[i].item, why);
		else
			rc = judge_key(b, &stored, b->order + i, next - i, why);
	}
	return rc;
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
		stmt_bind_i64(st, i * 2 + 1, items[i]->key);
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
		vault_status_note(&r->details, it->result.verdict, id_of(b, it, &text),
			version_of(it, &text), it->result.reason);
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
	if (rc == RC_OK)
		rc = resolve(b, why);
	if (rc != RC_OK)
		return rc;
	qsort(b->order, b->items.len, sizeof *b->order, by_key);
	rc = judge_all(b, why);
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
	return rc == RC_OK ? RC_OK : vault_undo(b->vault, rc);
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
		c.added += verdict == VAULT_ADDED;
		c.duplicate += verdict == VAULT_DUPLICATE;
		c.quarantined += verdict == VAULT_QUARANTINED;
		c.refused += verdict == VAULT_REFUSED;
	}
	return c;
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
