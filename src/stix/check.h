#pragma once
/*
 * Verdicts on STIX 2.1 objects. Level STIX_MUST: every MUST of the standard that one object (or one
 * bundle) can show. Level STIX_SHOULD: also its SHOULDs, as the checks of the OASIS validator name
 * them. An object of STIX 2.0, where accepted (it says so, or has neither spec_version nor anything
 * that only 2.1 has), is judged by the types of what it has, not by what it lacks, and by no
 * SHOULD. Verdicts own their text. Checking never changes an object. One thread at a time.
 */
#include "base/arena.h"
#include "base/vec.h"
#include "stix/object.h"

enum stix_level { STIX_MUST, STIX_SHOULD };

/* Flags of struct stix_options. */
enum {
	STIX_FIRST_ONLY = 1 << 0,   /* stop at the first MUST that is violated: for imports */
	STIX_STRICT_TYPES = 1 << 1, /* types the standard does not have are violations */
	STIX_STRICT_PROPERTIES =
		1 << 2, /* so are properties, extensions and dictionaries' custom parts */
	STIX_ENFORCE_REFS = 1 << 3, /* references must lead to an object of the same bundle */
	STIX_INTEROP = 1 << 4,	    /* also what the interoperability test document asks */
	STIX_ACCEPT_2_0 = 1 << 5,   /* STIX 2.0 objects are judged as such, else as 2.1 */
	STIX_AS_2_0 = 1 << 6,	    /* every object must be STIX 2.0 */
	STIX_ACROSS_ONLY = 1 << 7,  /* of a bundle only what its objects do not show one by one */
	STIX_IN_BUNDLE = 1 << 8,    /* the text is an element of a bundle's objects */
};

struct stix_options {
	enum stix_level level;
	unsigned flags;
	uint64_t disabled; /* sets of SHOULD checks, filled by stix_options_select */
	uint64_t enabled;  /* where not empty, only these run */
};

struct stix_verdict {
	const char *
		code; /* stable short name: "required", "type", "timestamp", "custom-prefix", ... */
	enum stix_level level;
	const char *clause; /* section of the standard, "4.7.1"; "" for what no section says */
	struct span id;	    /* of the object it is about; empty where it has none */
	struct span path;   /* "external_references[0].url"; empty for the object itself */
	struct span what;   /* for a person */
};

struct stix_verdicts {
	struct arena text, scratch;
	vec_of(struct stix_verdict) all; /* in the order of the text */
	size_t musts, shoulds;		 /* counts, also beyond what `all` holds (at most 1,000) */
};

#define own_verdicts __attribute__((cleanup(stix_verdicts_fini)))

/* struct stix_verdicts v = {}; is a valid empty one. Reset keeps memory for the next object. */
void stix_verdicts_fini(struct stix_verdicts *v);
void stix_verdicts_reset(struct stix_verdicts *v);

/* Adds a check by name ("custom-prefix") or the validator's number ("101") to a set; RC_UNKNOWN:
 * none. */
enum rc stix_options_select(uint64_t *set, struct span name);

/* RC_OK: nothing violated at options->level (MUSTs always count); RC_BAD: *out says what. */
enum rc stix_check(
	const struct stix_object *o, const struct stix_options *options, struct stix_verdicts *out);
/* One text: an object or a bundle, read and checked whole; what cannot be read is a verdict too. */
enum rc stix_check_text(
	struct span text, const struct stix_options *options, struct stix_verdicts *out);
