#pragma once
/*
 * STIX objects into a set for scanning: what an indicator says of itself - who, how sure, how long,
 * under which TLP - goes along. Objects of other types are passed over. One thread at a time for a
 * set.
 */
#include "match/arm.h"
#include "stix/object.h"
#include "stix/tlp.h"

/* What is known of an indicator before its pattern is read. Spans are copied where they are kept. */
struct arm_known {
	struct span id, party, memo;
	enum tlp tlp;
	bool revoked;
};
/* Appends what an indicator arms; counts tell what was not. root: an object that stix_read took once. */
void arm_members(const yyjson_val *root, const struct arm_known *known, struct arm_batch *to);

/*
 * The newest version of each indicator that was met, over all texts of a scan: an older one is not armed,
 * a newer one takes its place, and one that is revoked takes it away. struct arm_latest l = {.seed = ...}.
 */
struct arm_latest {
	uint64_t seed; /* ids are strangers' */
	struct arm_version {
		uint64_t id; /* hashed; 0: free */
		int64_t modified;
	} * slot;
	size_t slots, count;
};
#define own_arm_latest __attribute__((cleanup(arm_latest_fini)))
void arm_latest_fini(struct arm_latest *l);
/*
 * A bundle, an envelope ("objects": [...]), an array of objects or one object. RC_BAD: not JSON of
 * these shapes; RC_LIMIT: the set is full. A malformed object costs itself only and is counted as
 * unknown.
 */
enum rc arm_text(struct match_set *set, struct span text, struct arm_latest *latest,
	struct ioc_counts *counts, struct diag *why);
