#pragma once
/*
 * Observations: what observed-data objects say was seen, when and how often (STIX 2.1
 * section 4.14), in the form a matcher wants. Values are borrowed from JSON documents, which must
 * outlive this. One thread adds, then any may read.
 */
#include <yyjson.h>

#include "base/rc.h"

enum {
	OBSERVATIONS_MAX = 1000000,   /* observed-data objects */
	OBSERVED_REFS_MAX = 10000000, /* objects they hold or refer to, together */
};

/* An object of one observation under the name that references use: its id, or its key in `objects`.
 */
struct observed {
	struct span name, type;
	yyjson_val *object;
};

struct observation {
	int64_t first, last; /* us */
	uint64_t number;
	const struct observed *objects; /* by name */
	size_t count;
};

struct observations;

#define own_observations __attribute__((cleanup(observations_fini)))

struct observations *observations_new(void);
void observations_free(struct observations *o); /* NULL accepted */
void observations_fini(struct observations **o);

/*
 * Adds what a bundle, an envelope of TAXII, an observed-data object with `objects`, or an array of
 * these holds. Both `object_refs` (resolved within the same list of objects, else by
 * observations_link) and the deprecated `objects` are read. A revoked observed-data is left out; of
 * several versions the last counts. RC_BAD: an observed-data without usable times or number, or no
 * such value; RC_LIMIT: too many.
 */
enum rc observations_add(struct observations *o, yyjson_val *root, struct diag *why);
/*
 * After the last observations_add: finds in all that was added the objects that an observed-data
 * refers to and its own list does not hold. What is nowhere is left out.
 */
void observations_link(struct observations *o);
size_t observations_count(const struct observations *o);
const struct observation *observations_at(const struct observations *o, size_t index);
/* The object under this name, NULL when the observation has none. */
yyjson_val *observation_find(const struct observation *o, struct span name);
