#pragma once
/*
 * The marking-definitions of TLP 2.0 go along with what bears them: unlike those of TLP 1, which STIX 2.1
 * itself holds (section 7.2.1.4), they come from an extension, and a reader may know the level only by the
 * object. So each collection gets those that its objects name, before these objects.
 */
#include "taxii/parcel.h"

/* What one batch has been given for one collection. */
struct definitions_given {
	uint32_t collection;
	unsigned fixed; /* bit i: tlp_markings[i] */
};

/* For a whole batch; free(given.at). */
struct definitions {
	vec_of(struct definitions_given) given;
};

/*
 * Adds to the batch, as a request of its own with the parcel's source, what the parcel's objects name and
 * neither it nor an earlier parcel of the batch brings. Nobody learns by one that there is what is kept from
 * him: each is as strict as the level it defines, and what may be hidden names none (definitions.c).
 */
enum rc definitions_add(
	struct definitions *d, struct vault_batch *b, const struct parcel *p, struct diag *why);
