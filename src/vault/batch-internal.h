#pragma once
/*
 * A batch inside: gathered (batch.c), judged against what is stored (judge.c), written (commit.c).
 * Of these three files only.
 */
#include "base/arena.h"
#include "base/vec.h"
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

/* As the object names itself; borrowed from the batch or from `text`. */
struct span batch_id(const struct vault_batch *b, const struct item *it, struct vault_text *text);
struct span batch_version(const struct item *it, struct vault_text *text);

/* A verdict for each item that is not refused; sets aside what goes into quarantine. Inside the transaction. */
enum rc batch_judge(struct vault_batch *b, struct diag *why);
