/*
 * Packed versions that somebody else wrote. The input is such bytes, or, since hardly any chance makes them, changes to
 * good ones: four bytes each - three of a place, a byte. Whatever is stood upon is asked, changed and packed again;
 * what verifies must come back from that as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/own.h"
#include "node/versions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OBJECTS = 40, COLLECTIONS = 3 };

static enum versions_verdict
see(struct versions *v, unsigned object, uint32_t collection, int64_t version, int64_t added)
{
	char id[60];
	enum versions_verdict verdict;
	snprintf(
		id, sizeof id, "indicator--%08x-0000-4000-8000-00000000000f", object * 2654435761U);
	struct vault_item item = {.added = added,
		.collection = collection,
		.object = {.id = span_of(id), .spec = VAULT_SPEC_2_1, .version_at = version}};
	must(versions_see(v, &item, object % 7 != 3, &verdict) == RC_OK);
	return verdict;
}

/* As a vault is read: what there is to say of each fourth. */
static struct buf
good(void)
{
	struct buf out = {};
	struct versions *v = versions_new();
	for (unsigned i = 0; i < OBJECTS * 2; i++) {
		struct uuid object = {};
		struct remark said = {.of = {i % 4 == 0, 0, i % 8 == 0}};
		char id[60];
		see(v, i % OBJECTS, 1 + i % COLLECTIONS, i / 3, 1000 + i);
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-00000000000f",
			i % OBJECTS * 2654435761U);
		must(versions_object(span_of(id), &object) == RC_OK);
		versions_remark(v, &object, &said);
	}
	must(versions_pack(v, &out) == RC_OK);
	versions_free(v);
	return out;
}

static void
ask(struct versions *v)
{
	struct versions_place first[4];
	for (int k = 0; k < REMARKS; k++) {
		versions_first(v, (enum remark_kind)k, 4, first);
	}
	/* What came, what went, what counts then. */
	for (unsigned i = 0; i < OBJECTS; i += 3)
		see(v, i, 1 + i % COLLECTIONS, i, 5000 + i);
	for (uint32_t c = 0; (c = versions_collection(v, c));) {
		struct versions_sights all = versions_sights(v, c);
		for (size_t i = 0; i < all.len; i += 2) {
			struct uuid object;
			uint32_t collection;
			if (versions_vanish(v, &all.at[i], &object))
				versions_resolve(v, &object, &collection);
		}
		free(all.at);
		if (c == UINT32_MAX)
			break;
	}
}

static void
stand_on(struct span bytes)
{
	struct versions *v = NULL;
	own_buf struct buf again = {};
	if (versions_unpack(bytes, &v))
		return;
	bool sound = versions_verify(v) == RC_OK;
	must(versions_pack(v, &again) == RC_OK || !sound);
	ask(v);
	versions_free(v);
	if (!sound || !again.len)
		return;
	struct versions *other = NULL;
	struct span packed = buf_span(&again);
	must(versions_unpack(packed, &other) == RC_OK && versions_verify(other) == RC_OK);
	versions_free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_buf struct buf bytes = good(), given = {};
	if (size >= 8 && size % 4 == 0)
		for (size_t i = 0; i < size; i += 4) {
			size_t at = data[i] | (size_t)data[i + 1] << 8 | (size_t)data[i + 2] << 16;
			bytes.ptr[at % bytes.len] = (char)data[i + 3];
		}
	stand_on(buf_span(&bytes));
	if (size)
		buf_add(&given, (struct span){(const char *)data, size});
	if (given.len)
		stand_on(buf_span(&given));
	return 0;
}
