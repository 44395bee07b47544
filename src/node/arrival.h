#pragma once
/* A stream of parcels: one is checked while another is stored (taxii/parcel.h). */
#include "taxii/parcel.h"

/*
 * A stream of objects into one collection: the caller's thread checks while another stores. The vault's
 * handle belongs to the stream from new to finish. `look`, a reading handle of the same database and the
 * caller's thread, may be NULL: with it that thread does what of the storing it can.
 */
struct arrival;
struct arrival *arrival_new(struct vault *v, struct vault *look, uint32_t collection,
	const struct vault_source *source);
/* `text` is copied. RC_FULL, RC_IO, ...: of an earlier parcel's storing; nothing more is taken then. */
enum rc arrival_add(struct arrival *a, struct span text, struct diag *why);
/* Stores what is left and waits for it. Counts are of what is durable. */
enum rc arrival_finish(struct arrival *a, struct diag *why);
/* Counts so far; after finish all of them. */
struct vault_counts arrival_counts(const struct arrival *a);
/*
 * The first refusals and quarantines, for people: RC_NONE after the last kept (at most 100); *at starts
 * at 0. After finish.
 */
struct arrival_fault {
	struct span id;
	struct span reason;
	uint64_t number; /* of the object in the stream, from 1 */
	enum vault_verdict verdict;
};
enum rc arrival_fault(const struct arrival *a, size_t *at, struct arrival_fault *out);
void arrival_free(struct arrival *a); /* NULL accepted */
