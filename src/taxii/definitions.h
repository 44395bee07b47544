#pragma once
/*
 * The marking-definitions of TLP 2.0 go along with what bears them: unlike those of TLP 1, which STIX 2.1
 * itself holds (section 7.2.1.4), they come from an extension, and a reader may know the level only by the
 * object. So each collection gets those that its objects name, before these objects.
 */
#include "taxii/parcel.h"

/* For a whole batch. */
struct definitions {
	struct vault *vault;	       /* borrowed: where ends lie; NULL: not to be asked yet */
	struct parcel *const *parcels; /* borrowed: all that the batch stores */
	size_t count;
	vec_of(struct definitions_given) given;
	vec_of(struct definitions_end) ends; /* the parcels' objects by id, once they were needed */
};

void definitions_fini(struct definitions *d);
/*
 * Adds to the batch, as a request of its own with the parcel's source, what the parcel's objects name and
 * neither it nor an earlier parcel of the batch brings. Nobody learns by one that there is what is kept from
 * him: each is as strict as the least strict of the objects that name it here, judged with its ends. RC_NONE:
 * an end's marks count and there is no vault to ask.
 */
enum rc definitions_add(
	struct definitions *d, struct vault_batch *b, const struct parcel *p, struct diag *why);
