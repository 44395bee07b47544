#pragma once
/*
 * A batch inside: gathered (batch.c), looked up ahead (look.c), judged against what is stored (judge.c), written (commit.c).
 * Of these four files only.
 */
#include "base/arena.h"
#include "base/vec.h"
#include "vault/vault-internal.h"

enum { UNSTORED = -1 };
/* Items to fetch ahead by walks in the order of keys: they lie in that of arrival. */
enum { BATCH_AHEAD = 8 };

/* One object of a batch; row.added is its own once it is stored. */
struct item {
	struct vault_row row;
	uint32_t request;
	uint32_t type; /* index of batch.types */
	int32_t twin;  /* VAULT_DUPLICATE of this item of the same batch, or UNSTORED */
	struct span stamp, exact, bytes; /* stamp and exact NULL where the row alone tells them */
	struct span id, version;	 /* only of refused ones */
	struct vault_result result;
	bool refused, fixed;
};

struct request {
	struct vault_request given;
	uint32_t source;
	struct buf details;
	uint64_t successes, failures;
};

struct place {
	int64_t key; /* INT64_MAX: refused */
	uint32_t item;
	bool stored; /* as looked up, of the first with this key: some row has it */
};

/* Looked up ahead of the append lock (look.c); nothing writes it between the look and the next reset. */
struct look {
	bool done;
	struct uuid epoch;
	bool told;    /* of the batch before */
	int64_t last; /* newest stamp then */
	struct place *order;
};

struct vault_batch {
	struct vault *vault;
	struct arena text;
	vec_of(struct item) items;
	size_t supplements; /* how many of them */
	vec_of(struct request) requests;
	vec_of(struct span) types;
	uint32_t *kinds; /* of types, while committing */
	struct look look;
	struct place *sorted;	   /* where the look does not hold */
	const struct place *order; /* items by key, then as they came: one of both */
	bool known;		   /* `stored` of the places is true */
	struct span creator_text;
	struct uuid creator;
	struct buf facts;
	int64_t now;
	int64_t began; /* state.last when the transaction began */
	struct vault_state state;
};

/* As the object names itself; borrowed from the batch or from `text`. */
struct span batch_id(const struct vault_batch *b, const struct item *it, struct vault_text *text);
struct span batch_version(const struct item *it, struct vault_text *text);

/*
 * Sets `order`, inside the transaction: as looked up, where that is true of what the transaction sees, else
 * anew.
 */
void batch_order(struct vault_batch *b);
/* A verdict for each item that is not refused; sets aside what goes into quarantine. Inside the transaction. */
enum rc batch_judge(struct vault_batch *b, struct diag *why);
