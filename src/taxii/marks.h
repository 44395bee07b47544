#pragma once
/*
 * What markings that are not TLP mean for the objects that arrive with them. A statement says nothing
 * about who may read, so it must not count as a marking that nobody knows (RED); but whoever could bring
 * a statement under the id of somebody else's restriction would lift it. So a marking-definition counts
 * only when it comes from where the object comes from, or from this node's own operator: he who delivers
 * an object could have left its markings out anyway. The thread that owns the vault's handle.
 */
#include "taxii/parcel.h"

/*
 * Sets the TLP of every object of these parcels whose markings parcel_add did not know
 * (parcel_item.unresolved), with the marking-definitions of the same parcel and of the vault.
 */
void marks_resolve(struct vault *v, struct parcel *const *parcels, size_t count);

/*
 * The marks of one stored item, by the same rule: marking-definitions that were stored before it, from
 * where it came from or from the operator. Borrows the vault and the item's source.
 */
struct marks;
struct marks *marks_of(struct vault *v, const struct vault_item *item);
struct stix_resolver marks_resolver(struct marks *m);
void marks_free(struct marks *m);
