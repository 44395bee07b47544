#pragma once
/*
 * Making a node: its folder, keys, configuration, identity and empty database. Each step leaves what is
 * there, so that a second call after a crash completes the first.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/rc.h"
#include "base/rng.h"
#include "store/schema.h"

struct init_plan {
	struct span name;	  /* of the organisation, UTF-8, 1 to 64 bytes */
	struct span country;	  /* ISO 3166-1 alpha-2 in upper case, or empty */
	struct span kind;	  /* "cert", "isac", "operator" or "private" */
	const struct span *hosts; /* names or addresses partners will use; may be none */
	size_t host_count;
	struct clock clock;
	struct rng rng;
};

/* Every module's tables, in the order they are made; ends with NULL. */
extern const struct store_schema *const node_schemas[];

/*
 * In a node that lost files of keys/ or its configuration, or whose certificates were moved away to be
 * renewed, makes those; never its node key or identity, which others know it by. RC_CONFLICT: there is a
 * whole node already. RC_BAD: a name,
 * country or host that cannot be.
 */
enum rc node_init(const char *dir, const struct init_plan *plan, struct diag *why);

/* Who this node is. Spans borrow from the arena. */
struct identity {
	struct span id; /* identity--... */
	struct span name;
	struct span text; /* the STIX object's exact bytes */
};

enum rc identity_read(const char *dir, struct arena *a, struct identity *out, struct diag *why);
