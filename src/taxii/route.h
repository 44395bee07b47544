#pragma once
/*
 * Paths of TAXII 2.1 section 1.6: /taxii2/ is discovery; everything else lies under the API root. A
 * path may leave out its last "/" and is served all the same, never redirected. Pure; results live
 * in mem.
 */
#include "base/arena.h"
#include "base/rc.h"

enum route_kind {
	ROUTE_NONE,
	ROUTE_DISCOVERY,
	ROUTE_ROOT,
	ROUTE_STATUS,
	ROUTE_COLLECTIONS,
	ROUTE_COLLECTION,
	ROUTE_MANIFEST,
	ROUTE_OBJECTS,
	ROUTE_OBJECT,
	ROUTE_VERSIONS,
};

struct route {
	enum route_kind kind;
	struct span collection; /* id or alias, decoded */
	struct span object;	/* STIX id, decoded */
	struct span status;	/* status id, decoded */
};

/* root: the API root's path, starting and ending in "/". ROUTE_NONE where nothing is served. */
struct route route_parse(struct span path, struct span root, struct arena *mem);
/* Methods of a route as Allow has them: "GET, HEAD", ... Static text. */
struct span route_methods(enum route_kind kind);
/* Query parameters the route defines for reading, or for DELETE: OR of enum query_field. */
unsigned route_fields(enum route_kind kind);
unsigned route_delete_fields(void);
