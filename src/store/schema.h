#pragma once
/*
 * Schemas: each module that has tables of its own describes them in a const struct store_schema,
 * and the program lists those in one visible NULL-terminated array that it hands to store_open.
 * Table `store_schema(name, version)` of the database says what is there. Constant data, any
 * thread.
 */
#include "base/rc.h"

struct store;

/* From version i to i + 1; the first makes version 1. sql first, then run; either may be NULL. */
struct store_step {
	const char *sql;
	enum rc (*run)(struct store *s, struct diag *why); /* inside the transaction */
};

struct store_schema {
	const char *name;
	unsigned version; /* how many steps there are; a step that was released never changes */
	const struct store_step *steps;
	/* Run on a copy that is about to be restored, so that caches notice; may be NULL. */
	enum rc (*restored)(struct store *s, struct diag *why);
};

/* The version of `name` in the database, 0 where it has none. */
enum rc store_schema_version(struct store *s, const char *name, unsigned *out, struct diag *why);
/* Brings all to their newest version; the caller holds the append lock. */
enum rc store_schema_apply(
	struct store *s, const struct store_schema *const *schemas, struct diag *why);
/*
 * RC_OK: all are as we have them; RC_NEWER; RC_CONFLICT: older or missing ("tocsin upgrade" is the
 * advice given).
 */
enum rc store_schema_check(
	struct store *s, const struct store_schema *const *schemas, struct diag *why);
