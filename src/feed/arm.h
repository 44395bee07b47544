#pragma once
/*
 * STIX objects into a set for scanning: what an indicator says of itself - who, how sure, how long,
 * under which TLP - goes along. Objects of other types are passed over. One thread at a time for a
 * set.
 */
#include "match/arm.h"
#include "stix/object.h"
#include "stix/tlp.h"

/* Where an indicator came from, beyond what it says. Spans are copied. */
struct arm_origin {
	struct span party; /* empty: its created_by_ref */
	struct span memo;
};

/* What is known of an indicator before its pattern is read. Spans are copied where they are kept. */
struct arm_known {
	struct span id, party, memo;
	enum tlp tlp;
	bool revoked;
};
/* Appends what an indicator arms; counts tell what was not. root: an object that stix_read took once. */
void arm_members(const yyjson_val *root, const struct arm_known *known, struct arm_batch *to);
/* The same for an object, where it is an indicator. */
void arm_object(const struct stix_object *o, const struct arm_origin *origin, struct arm_batch *to);
/*
 * A bundle, an envelope ("objects": [...]), an array of objects or one object. RC_BAD: not JSON of
 * these shapes; RC_LIMIT: the set is full. A malformed object costs itself only and is counted as
 * unknown.
 */
enum rc arm_text(struct match_set *set, struct span text, const struct arm_origin *origin,
	struct ioc_counts *counts, struct diag *why);
