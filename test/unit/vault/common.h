#pragma once
/* A vault in a folder of its own, with a clock that the test sets, and objects made from numbers.
 */
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/own.h"
#include "base/rng.h"
#include "base/vec.h"
#include "vault/vault.h"

static const struct store_schema *const schemas[] = {&vault_schema, NULL};

struct world {
	char folder[64], path[128];
	struct store *store;
	struct vault *vault;
	int64_t now;
	uint32_t collection;
	struct uuid collection_id;
};

static int64_t
world_now(const void *ctx)
{
	return *(const int64_t *)ctx;
}

static struct store *
world_store(struct world *w, enum store_mode mode)
{
	struct store *s = NULL;
	struct diag why = {};
	struct store_options o = {.path = w->path, .mode = mode, .schemas = schemas};
	if (store_open(&o, &s, &why) != RC_OK)
		print_message("# %s: %s\n", why.where, why.what);
	assert_non_null(s);
	return s;
}

static inline void
world_reopen(struct world *w)
{
	vault_close(&w->vault);
	store_close(&w->store);
	w->store = world_store(w, STORE_WRITE);
	assert_rc(vault_open(w->store, (struct clock){world_now, &w->now}, &w->vault, NULL), RC_OK);
}

static inline uint32_t
world_collection(struct world *w, const char *alias)
{
	struct vault_collection c = {.alias = span_of(alias), .title = SPAN("Test")};
	assert_rc(vault_collection_add(w->vault, &c, NULL), RC_OK);
	w->collection_id = c.id;
	return c.number;
}

static inline int
world_new(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	*state = w;
	snprintf(w->folder, sizeof w->folder, "/tmp/tocsin-vault-XXXXXX");
	if (!w || !mkdtemp(w->folder))
		return -1;
	snprintf(w->path, sizeof w->path, "%s/t.db", w->folder);
	w->now = INT64_C(1790000000) * SECOND;
	w->store = world_store(w, STORE_CREATE);
	if (vault_open(w->store, (struct clock){world_now, &w->now}, &w->vault, NULL) != RC_OK)
		return -1;
	w->collection = world_collection(w, "main");
	return 0;
}

static inline int
world_free(void **state)
{
	struct world *w = *state;
	char command[160];
	vault_close(&w->vault);
	store_close(&w->store);
	snprintf(command, sizeof command, "rm -rf %s", w->folder);
	int code = system(command);
	free(w);
	return code;
}

#define IDENTITY_A "identity--aaaaaaaa-0000-4000-8000-000000000001"
#define IDENTITY_B "identity--bbbbbbbb-0000-4000-8000-000000000002"

/* Version `version` (ms after 2026-01-01; negative: none) of indicator number `id`. */
static inline struct vault_object
an_object(struct arena *a, unsigned id, int version, const char *content)
{
	char text[TIME_TEXT];
	struct vault_object o = {
		.spec = VAULT_SPEC_2_1, .created_at = TIME_NONE, .version_at = TIME_NONE};
	o.id = arena_printf(a, "%s--%08x-1111-4111-8111-%012x",
		version < 0 ? "ipv4-addr" : "indicator", id * 2654435761u, id);
	if (version >= 0) {
		o.created_at = INT64_C(1767225600) * SECOND;
		o.version_at = o.created_at + (int64_t)version * 1000;
		time_text_ms(o.version_at, text);
		o.version = arena_dup(a, span_of(text));
		o.creator = SPAN(IDENTITY_A);
	}
	o.bytes = arena_printf(a, "{\"id\":\"%.*s\",\"name\":\"%s\",\"x\":%d}", (int)o.id.len,
		o.id.ptr, content, version);
	return o;
}

static inline struct vault_result
put(struct world *w, const struct vault_source *source, const struct vault_object *o)
{
	static const struct vault_source local = {.name = {"local", 5}, .power = VAULT_OPERATOR};
	struct vault_request r = {.collection = w->collection, .source = source ? *source : local};
	struct vault_result result = {};
	struct diag why = {};
	if (vault_put(w->vault, &r, o, &result, &why) != RC_OK)
		fail_msg("%s: %s", why.where, why.what);
	return result;
}

/* The items of a page as "id@version" are compared by their stamps, so this lists those. */
static inline size_t
page_stamps(struct world *w, const struct vault_filter *f, int64_t *out, size_t max)
{
	own_vault_page struct vault_page *p = NULL;
	struct vault_item item;
	size_t count = 0;
	enum rc rc;
	assert_rc(vault_page_open(w->vault, w->collection, f, VAULT_BYTES, &p, NULL), RC_OK);
	while ((rc = vault_page_next(p, &item, NULL)) == RC_OK && count < max)
		out[count++] = item.added;
	assert_true(rc == RC_NONE || count == max);
	return count;
}
