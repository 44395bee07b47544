#pragma once
/*
 * Data markings (STIX 2.1 section 7.2): of a whole object (object_marking_refs) and of parts of it
 * (granular_markings with selectors), and what they mean for release. Any thread.
 */
#include "base/buf.h"
#include "base/vec.h"
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
	unsigned fixed; /* bit i: tlp_markings[i] is among them */
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

/* The same of one marking-definition by its id, as it would count on an object. */
struct stix_tlp stix_tlp_of_mark(struct span id, const struct stix_resolver *resolve);

struct stix_spans {
	const struct span *at;
	size_t len;
};

/* Flags of the calls below. */
enum {
	STIX_MARKS_INHERITED =
		1 << 0, /* also what marks an ancestor of a selector, and the object */
	STIX_MARKS_DESCENDANTS = 1 << 1, /* also what marks a part of what a selector selects */
	STIX_MARKS_NO_REFS = 1 << 2,	 /* leave out marking_ref */
	STIX_MARKS_NO_LANGS = 1 << 3,	 /* leave out lang */
};

/* What a call is about. No selectors at all (at NULL): the object as a whole. */
struct stix_marks {
	struct stix_spans marks; /* marking-definition ids, or language tags of granular markings */
	struct stix_spans selectors; /* "description", "external_references.[0].url" */
	unsigned flags;
};

/*
 * The value a selector selects (section 7.2.3). RC_BAD: not the syntax; RC_NONE: nothing there. An
 * empty list of selectors in the calls below is RC_BAD too.
 */
enum rc stix_select(
	const yyjson_val *object, struct span selector, yyjson_val **out, struct diag *why);

struct stix_mark_list {
	vec_of(struct span) all; /* each once, borrowed from the object; free(all.at) */
};

/* Adds to *out what marks the selected parts; what->marks plays no part. */
enum rc stix_marks_get(const yyjson_val *object, const struct stix_marks *what,
	struct stix_mark_list *out, struct diag *why);
/* *out: every one of what->marks (or any mark, where that is empty) marks the selected parts. */
enum rc stix_marks_has(
	const yyjson_val *object, const struct stix_marks *what, bool *out, struct diag *why);

enum stix_marks_edit { STIX_MARKS_ADD, STIX_MARKS_REMOVE, STIX_MARKS_SET, STIX_MARKS_CLEAR };

/*
 * Appends the text of `object` with its markings edited and, where it has `modified` and anything
 * changed, modified = now (or 1 ms after the old, whichever is later). REMOVE: every mark must be
 * there, CLEAR: some mark must be, else RC_NONE; an object without any marks stays as it is.
 * RC_BAD: a mark that is no marking-definition's id (or, for parts, no language tag), a selector
 * that selects nothing.
 */
enum rc stix_marks_change(const yyjson_val *object, enum stix_marks_edit edit,
	const struct stix_marks *what, int64_t now, struct buf *out, struct diag *why);
