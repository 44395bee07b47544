#pragma once
/*
 * taxii_ops in place: one process that has the database open for writing does the writer's work and
 * makes the passes itself, at once, in the calling thread, one call at a time. For tests and for
 * tools that serve without further processes; `serve` routes the same operations to its keeper.
 */
#include "taxii/server.h"

struct taxii_local;

/* Both are borrowed until taxii_local_free and used by no one else meanwhile. */
struct taxii_local *taxii_local_new(struct store *store, struct vault *vault);
void taxii_local_free(struct taxii_local *l); /* NULL accepted */
struct taxii_ops taxii_local_ops(struct taxii_local *l);
