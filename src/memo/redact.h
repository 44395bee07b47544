#pragma once
/*
 * Redaction: of an object that only parts keep from a reader, what he may have, as an object of this
 * node's own (STIX 2.1 section 3.5: who omits anything makes a new object). doc/decisions/redaction.md
 * says what is omitted and why. Pure but for the look-ups of its caller; any thread.
 */
#include "memo/release.h"
#include "stix/marking.h"

struct redact_ask {
	const struct pass *pass;
	const struct stix_resolver *resolve; /* marking-definitions; NULL: only TLP's are known */
	const struct facts_source *ends;
	struct span author; /* this node's identity */
	bool always;	    /* also where nothing must go: an earlier version was derived */
};

/*
 * Appends the derived object's text; *facts is what the gate judges it by, and permits. RC_DENIED:
 * it is withheld whole - the rest may not go either, what would remain is no valid object, or it is of
 * a kind that has no versions to follow. RC_NONE: no part of it has to go.
 */
enum rc redact_object(const struct redact_ask *ask, const struct stix_object *o, struct buf *out,
	struct facts *facts);
