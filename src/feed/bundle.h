#pragma once
/*
 * A STIX bundle of objects' exact bytes (STIX 2.1 section 8), as far as the pass permits. One thread.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "memo/release.h"
#include "vault/vault.h"

struct bundle {
	uint64_t written, withheld;
};

/* Appends the head with a fresh bundle id. */
void bundle_begin(struct bundle *b, struct rng chance, struct buf *to);
/* ends: of what a relationship or sighting joins. */
void bundle_add(struct bundle *b, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends, struct buf *to);
void bundle_end(struct bundle *b, struct buf *to);
