#pragma once
/*
 * Quarantine: objects that came and were neither applied nor lost, each with the reason, until a
 * person accepts or drops them. The same bytes for the same reason are kept once. Threads and
 * errors as in vault/vault.h.
 */
#include "vault/vault.h"

struct vault_quarantined {
	int64_t number;
	int64_t at;
	uint32_t collection;
	struct span id, version, source, reason;
	struct vault_object object; /* facts as they came, with bytes */
};

/* Later than *number, ascending; start with 0; RC_NONE at the end. Text lives in the arena. */
enum rc vault_quarantine_next(struct vault *v, int64_t *number, struct arena *a,
	struct vault_quarantined *out, struct diag *why);
/*
 * Stores it in its collection after all and removes it here, in one transaction. RC_NONE: no such
 * number; RC_CONFLICT: the same version is there with other content, which must be deleted first.
 */
enum rc vault_quarantine_accept(
	struct vault *v, int64_t number, struct vault_result *out, struct diag *why);
/* RC_NONE: no such number. */
enum rc vault_quarantine_drop(struct vault *v, int64_t number, struct diag *why);
enum rc vault_quarantine_count(struct vault *v, uint64_t *out, struct diag *why);
