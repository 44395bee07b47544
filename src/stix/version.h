#pragma once
/*
 * Versions of one object (STIX 2.1 section 3.6): how two relate, and making the next. Any thread.
 */
#include "base/buf.h"
#include "stix/object.h"

enum stix_relation {
	STIX_SAME,     /* the same version with the same content: an exact duplicate */
	STIX_NEWER,    /* a later version by the same creator */
	STIX_OLDER,    /* an earlier version by the same creator */
	STIX_CONFLICT, /* same id and modified, other content; or same id, other type or created */
	STIX_VARIANT,  /* an object without versions (SCO, marking-definition) with other content */
	STIX_FOREIGN,  /* created_by_ref differs: not its creator's to version */
	STIX_AFTER_END,	 /* later than a revocation, which is final */
	STIX_END_BEFORE, /* an earlier version that revokes what later versions then used: report it
			  */
};

/* How `got` relates to `have`. Both must have the same id. */
enum stix_relation stix_relate(const struct stix_object *have, const struct stix_object *got);
/* "same", "newer", "older", "conflict", "variant", "not-creator", "after-revocation",
 * "revoked-before" */
const char *stix_relation_word(enum stix_relation r);
/* True when both hold the same JSON value, whatever the order of keys and the blanks. */
bool stix_same_content(const struct stix_object *a, const struct stix_object *b);

/*
 * Appends the text of a new version: the properties of `changes` (an object) replace those of
 * `old`, null removes. id, type, created and created_by_ref stay, modified becomes `now` or one
 * millisecond after the old version, whichever is later. RC_BAD: `changes` touches what must stay,
 * or `old` has no versions (SCO, marking-definition); RC_CONFLICT: `old` is revoked.
 */
enum rc stix_version_make(const struct stix_object *old, const yyjson_val *changes, int64_t now,
	struct buf *out, struct diag *why);
/* The same with {"revoked": true}. */
enum rc stix_version_revoke(
	const struct stix_object *old, int64_t now, struct buf *out, struct diag *why);
