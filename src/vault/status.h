#pragma once
/*
 * Status resources (TAXII 2.1 section 4.3): what became of the objects of one POST. They survive
 * restarts and are kept at least 24 hours. vault_batch_commit writes those of its requests,
 * complete, in the transaction that stores the objects; a server that answers before that writes it
 * pending first. Threads and errors as in vault/vault.h.
 */
#include "vault/vault.h"

#define VAULT_STATUS_KEPT (INT64_C(25) * 3600 * SECOND)

struct vault_status {
	struct uuid id;
	uint32_t collection;
	struct span owner;
	int64_t requested;
	bool complete;
	uint64_t total, successes, failures, pendings;
	struct span details; /* for vault_status_next */
};

struct vault_status_detail {
	enum vault_verdict verdict; /* added and duplicate are successes */
	bool pending;
	struct span id, version, message;
};

/* A pending one: all of `total` pending, none listed. RC_CONFLICT: the id is taken. */
enum rc vault_status_pend(
	struct vault *v, const struct vault_request *r, uint64_t total, struct diag *why);
/* RC_NONE: none, or not this owner's (who must not learn that it is). Text lives in the arena. */
enum rc vault_status_get(struct vault *v, const struct uuid *id, struct span owner, struct arena *a,
	struct vault_status *out, struct diag *why);
/* Walks out->details: RC_NONE at the end; *rest starts as details. */
enum rc vault_status_next(struct span *rest, struct vault_status_detail *out);
/*
 * After a crash: completes what stayed pending, requested before `before`, as failed ("the server
 * stopped before it was stored"). Removes what was requested longer than VAULT_STATUS_KEPT ago, or
 * than vault_status_keep was told.
 */
enum rc vault_status_tidy(struct vault *v, int64_t before, struct diag *why);
void vault_status_keep(struct vault *v, int64_t microseconds);
