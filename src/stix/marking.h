#pragma once
/*
 * Data markings (STIX 2.1 section 7.2): of a whole object (object_marking_refs) and of parts of it
 * (granular_markings with selectors), and what they mean for release. Any thread.
 */
#include "base/buf.h"
#include "stix/object.h"
#include "stix/tlp.h"

/*
 * Finds the marking-definition of an id; NULL: not known here. What it returns must live until the
 * call that asked ends.
 */
struct stix_resolver {
	const struct stix_object *(*find)(void *ctx, struct span id);
	void *ctx;
};

struct stix_tlp {
	enum tlp level; /* the strictest of all; TLP_NONE: unmarked. Unknown markings count as
			   TLP_RED */
	bool unknown;	/* a marking could not be resolved, or is of a kind we do not understand */
	struct span strictest; /* id of the marking that decided, borrowed from the object; may be
				  empty */
};

/*
 * Effective TLP of an object's own markings, object and granular, and of markings that mark those
 * marking-definitions. The fixed TLP instances need no resolver; `resolve` may be NULL. Statements
 * and other markings without a TLP meaning that do resolve change nothing. For a relationship or
 * sighting the caller takes the strictest of it and its ends.
 */
struct stix_tlp stix_tlp(const struct stix_object *o, const struct stix_resolver *resolve);
