#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "vault/vault-internal.h"

int64_t
vault_facts_pack(const struct vault_facts *f)
{
	return (int64_t)f->spec | (int64_t)f->revoked << 8 | (int64_t)f->unversioned << 9 |
	       (int64_t)f->class << 16 | (int64_t)f->tlp << 24 | (int64_t)f->privacy << 32;
}

struct vault_facts
vault_facts_unpack(int64_t packed)
{
	return (struct vault_facts){
		.spec = (uint8_t)packed,
		.revoked = packed >> 8 & 1,
		.unversioned = packed >> 9 & 1,
		.class = (uint8_t)(packed >> 16),
		.tlp = (uint8_t)(packed >> 24),
		.privacy = (uint8_t)(packed >> 32),
	};
}

/* In the byte order of the machine: all that run us are little-endian, which a test of golden bytes
 * holds. */
struct packed {
	int64_t version, created;
	struct uuid uuid, creator;
	uint32_t source;
	uint8_t spec, class, tlp, privacy;
	uint8_t flags;
	uint8_t stamp_len; /* texts follow in this order */
	uint16_t exact_len;
	uint32_t spare;
};
static_assert(sizeof(struct packed) == 64);
enum { REVOKED = 1, UNVERSIONED = 2, CREATOR = 4 };

void
vault_row_pack(const struct vault_row *row, struct span stamp, struct span exact, struct buf *out)
{
	struct packed p = {
		.version = row->version,
		.created = row->created,
		.uuid = row->uuid,
		.creator = row->creator,
		.source = row->source,
		.spec = row->facts.spec,
		.class = row->facts.class,
		.tlp = row->facts.tlp,
		.privacy = row->facts.privacy,
		.flags = (uint8_t)((row->facts.revoked ? REVOKED : 0) |
				   (row->facts.unversioned ? UNVERSIONED : 0) |
				   (row->has_creator ? CREATOR : 0)),
		.stamp_len = (uint8_t)stamp.len,
		.exact_len = (uint16_t)exact.len,
	};
	must(stamp.len <= UINT8_MAX && exact.len <= UINT16_MAX);
	buf_add(out, (struct span){(const char *)&p, sizeof p});
	buf_add(out, stamp);
	buf_add(out, exact);
}

/* A damaged one reads as zeros. */
static struct packed
read_packed(struct span facts)
{
	struct packed p = {};
	if (facts.len >= sizeof p)
		memcpy(&p, facts.ptr, sizeof p);
	return p;
}

/* The row of a statement; stamp and exact may be NULL. */
static void
read_row(struct stmt *st, struct vault_row *out, struct span *stamp, struct span *exact)
{
	struct span facts = stmt_bytes(st, 4);
	struct packed p = read_packed(facts);
	*out = (struct vault_row){
		.added = stmt_i64(st, 0),
		.collection = (uint32_t)stmt_i64(st, 1),
		.last = stmt_i64(st, 2),
		.kind = (uint32_t)stmt_i64(st, 3),
		.facts = {p.spec, p.class, p.tlp, p.privacy, p.flags & REVOKED,
			p.flags & UNVERSIONED},
		.source = p.source,
		.version = p.version,
		.created = p.created,
		.uuid = p.uuid,
		.creator = p.creator,
		.has_creator = p.flags & CREATOR,
	};
	if (stamp)
		*stamp = span_sub(facts, sizeof p, p.stamp_len);
	if (exact)
		*exact = span_sub(facts, sizeof p + p.stamp_len, p.exact_len);
}

void
vault_row_read(struct stmt *st, struct vault_row *out)
{
	read_row(st, out, NULL, NULL);
}

/* "type--uuid" into out, which has room; its length. */
static size_t
write_id(struct span type, const struct uuid *uuid, char *out)
{
	memcpy(out, type.ptr, type.len);
	out[type.len] = out[type.len + 1] = '-';
	uuid_text(uuid, out + type.len + 2);
	return type.len + 2 + UUID_TEXT - 1;
}

void
vault_item_read(struct vault *v, struct stmt *st, enum vault_want want, struct vault_text *text,
	struct vault_item *out)
{
	struct vault_row row;
	struct span id, stamp;
	read_row(st, &row, &stamp, &id);
	struct span type = vault_name_text(v, row.kind);
	must(type.len <= VAULT_TYPE_MAX);
	if (!id.len)
		id = (struct span){text->id, write_id(type, &row.uuid, text->id)};
	if (!stamp.len) {
		time_text_ms(row.version, text->version);
		stamp = (struct span){text->version, TIME_TEXT - 4};
	}
	*out = (struct vault_item){
		.added = row.added,
		.collection = row.collection,
		.type = type,
		.source = vault_name_text(v, row.source),
		.last = row.last,
		.unversioned = row.facts.unversioned,
		.newest_tlp = row.facts.tlp,
		.newest_privacy = row.facts.privacy,
		.object =
			{
				.id = id,
				.version = stamp,
				.version_at = row.version,
				.created_at = row.created,
				.spec = row.facts.spec,
				.revoked = row.facts.revoked,
				.class = row.facts.class,
				.tlp = row.facts.tlp,
				.privacy = row.facts.privacy,
			},
	};
	if (row.has_creator)
		out->object.creator = (struct span){
			text->creator, write_id(SPAN("identity"), &row.creator, text->creator)};
	if (want == VAULT_BYTES)
		out->object.bytes = stmt_bytes(st, VAULT_COLUMN_BYTES);
}

void
vault_item_send(int64_t added, uint32_t collection, struct span facts, struct span bytes,
	struct vault_item *out)
{
	struct packed p = read_packed(facts);
	*out = (struct vault_item){
		.added = added,
		.collection = collection,
		.last = true,
		.unversioned = p.flags & UNVERSIONED,
		.newest_tlp = p.tlp,
		.newest_privacy = p.privacy,
		.object =
			{
				.version_at = p.version,
				.created_at = p.created,
				.spec = p.spec,
				.revoked = p.flags & REVOKED,
				.class = p.class,
				.tlp = p.tlp,
				.privacy = p.privacy,
				.bytes = bytes,
			},
	};
}

void
vault_item_copy(struct arena *a, struct vault_item *item)
{
	struct vault_object *o = &item->object;
	struct span *const texts[] = {
		&item->type, &item->source, &o->id, &o->version, &o->creator, &o->bytes};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i]->ptr)
			*texts[i] = arena_dup(a, *texts[i]);
}

enum rc
vault_id_parse(struct span id, struct vault_id *out)
{
	enum { TAIL = UUID_TEXT - 1 };
	struct vault_id got = {};
	if (id.len < TAIL + 3 || id.len > VAULT_TYPE_MAX + 2 + TAIL)
		return RC_BAD;
	got.type = span_sub(id, 0, id.len - TAIL - 2);
	struct span tail = span_sub(id, id.len - TAIL, TAIL);
	if (!span_eq(span_sub(id, got.type.len, 2), SPAN("--")) ||
		uuid_parse(tail, &got.uuid) != RC_OK)
		return RC_BAD;
	for (size_t i = 0; i < got.type.len; i++)
		if (!ascii_is_alnum(got.type.ptr[i]) && got.type.ptr[i] != '-' &&
			got.type.ptr[i] != '_')
			return RC_BAD;
	for (size_t i = 0; i < tail.len; i++)
		got.exact |= tail.ptr[i] >= 'A' && tail.ptr[i] <= 'F';
	*out = got;
	return RC_OK;
}

int64_t
vault_key(const struct vault *v, const struct uuid *uuid)
{
	return (int64_t)(hash64(vault_uuid_span(uuid), v->seed) >> 17);
}
