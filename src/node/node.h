#pragma once
/*
 * One struct that wires a node's modules together for a process: its store and vault handles, identity
 * and keys. Everything belongs to the thread that opened it; another thread opens a node of its own on
 * the same folder.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "keys/ring.h"
#include "memo/release.h"
#include "memo/user.h"
#include "node/init.h"
#include "store/store.h"
#include "vault/vault.h"

struct node_options {
	const char *dir;
	struct clock clock;
	struct rng rng;
	enum store_mode mode; /* STORE_READ or STORE_WRITE */
	unsigned keys;	      /* RING_NODE, RING_MAC */
	unsigned mmap_mb, cache_kb;
};

struct node {
	const char *dir; /* borrowed */
	struct clock clock;
	struct rng rng;
	struct arena text;
	struct identity me;
	struct ring ring;
	bool has_ring;
	struct store *store;
	struct vault *vault;
};

#define own_node __attribute__((cleanup(node_close)))

/* struct node n = {}; may be closed too. RC_NONE: no node there; RC_CONFLICT: "tocsin upgrade" first. */
enum rc node_open(struct node *n, const struct node_options *options, struct diag *why);
void node_close(struct node *n);

/*
 * Who delivers, as the vault's rules want it; memory of the arena.
 *     node_source_local     a person at this node's command line: speaks as the node's own identity
 *     node_source_user      a logged-in user: speaks as the identity the user is bound to, if any
 *     node_source_peer      a peer we pull from: speaks as the identity of the user of its name, if any
 * The node's own identity counts as bound, so nobody else versions what it published.
 */
enum rc node_source_local(
	struct node *n, struct arena *a, struct vault_source *out, struct diag *why);
enum rc node_source_user(struct node *n, const struct user *u, struct arena *a,
	struct vault_source *out, struct diag *why);
enum rc node_source_peer(struct node *n, struct span peer, struct arena *a,
	struct vault_source *out, struct diag *why);

/* Finds a collection by alias or id and says what to do where there is none. */
enum rc node_collection(
	struct node *n, struct span name, struct vault_collection *out, struct diag *why);
/* A pass for everything of one collection to one reader; RC_DENIED with the clause that would help. */
enum rc node_release(struct node *n, const struct reader *to, const struct vault_collection *from,
	enum gate_action action, struct pass **out, struct diag *why);
/* Facts of ends, looked up in the vault; borrows the node. */
struct facts_source node_facts(struct node *n);
/* What the gate judges an item by, its ends looked up in the vault. */
bool node_permits(struct node *n, const struct pass *pass, const struct vault_item *item);
