#pragma once
/*
 * What the gate must know of what lies in a vault: of an item, and of the ends that a relationship or
 * sighting is joined with. One place for every exit, so that TAXII, pushes, exports and MISP cannot
 * differ. The vault's handle belongs to the calling thread.
 */
#include "memo/release.h"
#include "vault/vault.h"

/*
 * What is kept beside an item, joined with what is kept beside the newest version in its collection:
 * an older version goes nowhere that the newest would not.
 */
struct facts item_facts(const struct vault_item *item);
/* Facts of ends, by id, in whatever collections they lie; borrows the vault. */
struct facts_source vault_ends(struct vault *v);
/* The gate's answer on an item with its bytes. */
bool item_permitted(
	const struct pass *pass, const struct vault_item *item, const struct facts_source *ends);
