#include "node/node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/layout.h"
#include "stix/id.h"
#include "taxii/ends.h"

enum rc
node_open(struct node *n, const struct node_options *options, struct diag *why)
{
	struct stat st;
	*n = (struct node){.dir = options->dir, .clock = options->clock, .rng = options->rng};
	const char *path = layout_path(&n->text, n->dir, LAYOUT_STORE);
	if (stat(path, &st) < 0) {
		diag_where(why, "%s", n->dir);
		diag_todo(why, "make one with \"tocsin init\" or name it with --node DIR");
		return diag_fail(why, RC_NONE, "no node there");
	}
	struct store_options store = {
		.path = path,
		.mode = options->mode,
		.schemas = node_schemas,
		.mmap_mb = options->mmap_mb,
		.cache_kb = options->cache_kb,
	};
	enum rc code = identity_read(n->dir, &n->text, &n->me, why);
	if (!code && options->keys) {
		code = ring_open(
			layout_path(&n->text, n->dir, LAYOUT_KEYS), options->keys, &n->ring, why);
		n->has_ring = !code;
	}
	if (!code)
		code = store_open(&store, &n->store, why);
	if (!code)
		code = vault_open(n->store, n->clock, &n->vault, why);
	if (code)
		node_close(n);
	return code;
}

void
node_close(struct node *n)
{
	vault_close(&n->vault);
	store_close(&n->store);
	if (n->has_ring)
		ring_fini(&n->ring);
	n->has_ring = false;
	arena_fini(&n->text);
}

static int
uuid_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

/* Everybody's identities and the node's own, ascending. */
static enum rc
bound(struct node *n, struct arena *a, struct vault_source *out, struct diag *why)
{
	struct uuid *users = NULL, *all;
	size_t count = 0;
	enum rc code = user_identities(n->store, a, &users, &count, why);
	if (code)
		return code;
	all = arena_new(a, (count + 1) * sizeof *all);
	if (count)
		memcpy(all, users, count * sizeof *all);
	code = stix_id_parse(n->me.id, NULL, &all[count]);
	if (code)
		return diag_fail(why, code, "this node's identity has no valid id");
	qsort(all, count + 1, sizeof *all, uuid_order);
	out->bound = all;
	out->bound_count = count + 1;
	return RC_OK;
}

static enum rc
source(struct node *n, struct arena *a, struct span identity, struct vault_source *out,
	struct diag *why)
{
	if (identity.len) {
		struct uuid *one = arena_new(a, sizeof *one);
		if (stix_id_parse(identity, NULL, one) == RC_OK) {
			out->identities = one;
			out->identity_count = 1;
		}
	}
	return bound(n, a, out, why);
}

enum rc
node_source_local(struct node *n, struct arena *a, struct vault_source *out, struct diag *why)
{
	*out = (struct vault_source){.name = SPAN("local"), .power = VAULT_OPERATOR};
	return source(n, a, n->me.id, out, why);
}

enum rc
node_source_user(struct node *n, const struct user *u, struct arena *a, struct vault_source *out,
	struct diag *why)
{
	*out = (struct vault_source){.power = VAULT_REMOTE};
	out->name = arena_printf(a, "user:%.*s", (int)u->name.len, u->name.ptr);
	return source(n, a, u->identity, out, why);
}

enum rc
node_source_peer(struct node *n, struct span peer, struct arena *a, struct vault_source *out,
	struct diag *why)
{
	struct user u = {};
	struct diag absent;
	enum rc code = user_get(n->store, peer, a, &u, &absent);
	if (code && code != RC_NONE) {
		if (why)
			*why = absent;
		return code;
	}
	*out = (struct vault_source){.power = VAULT_REMOTE};
	out->name = arena_printf(a, "sync:%.*s", (int)peer.len, peer.ptr);
	return source(n, a, code ? (struct span){} : u.identity, out, why);
}

enum rc
node_collection(struct node *n, struct span name, struct vault_collection *out, struct diag *why)
{
	enum rc code = vault_collection_find(n->vault, name, out, why);
	if (code == RC_NONE) {
		diag_where(why, "%.*s", (int)(name.len < 80 ? name.len : 80), name.ptr);
		diag_what(why, "no such collection");
		diag_todo(why, "\"tocsin collection list\" shows them, \"tocsin collection add\" "
			       "makes one");
	}
	return code;
}

enum rc
node_release(struct node *n, const struct reader *to, const struct vault_collection *from,
	enum gate_action action, struct pass **out, struct diag *why)
{
	char id[UUID_TEXT];
	uuid_text(&from->id, id);
	struct release_ask ask = {
		.to = *to,
		.from = {span_of(id), from->alias, from->never_leaves},
		.action = action,
		.now = clock_now(n->clock),
	};
	return memo_release(n->store, &ask, out, why);
}

struct facts_source
node_facts(struct node *n)
{
	return vault_ends(n->vault);
}

bool
node_permits(struct node *n, const struct pass *pass, const struct vault_item *item)
{
	struct facts_source ends = node_facts(n);
	return item_permitted(pass, item, &ends);
}
