#pragma once
/*
 * Erasure: what `tocsin forget VALUE` does in the vault. Every version, quarantined object, status
 * and search entry whose text holds the value is removed and overwritten. Threads and errors as in
 * vault/vault.h.
 */
#include "vault/vault.h"

struct vault_erased {
	uint64_t versions, quarantined, statuses;
	uint64_t remains; /* places in the database's files where the bytes are found still */
};

/*
 * The value matches as it stands, and as JSON writes it (its escapes), ASCII case ignored. RC_BAD:
 * shorter than 4 bytes. Needs quiet: RC_AGAIN while a reader holds an old snapshot for longer than
 * the store waits; what is deleted stays deleted, call again.
 */
enum rc vault_erase(struct vault *v, struct span value, struct vault_erased *out, struct diag *why);
