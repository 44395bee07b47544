#pragma once
/*
 * One STIX object as it came: its exact bytes and the facts that storing, versioning, marking and
 * releasing need, without full validation (that is stix/check.h). Objects are kept byte for byte:
 * nothing here writes them anew. An object owns its parsed document and borrows `text`; every span
 * in it lives as long as both. One thread at a time.
 */
#include <yyjson.h>

#include "base/clock.h"
#include "base/rc.h"
#include "base/uuid.h"

enum stix_kind {
	STIX_SDO,  /* domain object, also an unknown type with `created` */
	STIX_SRO,  /* relationship, sighting */
	STIX_SCO,  /* cyber-observable, also an unknown type without `created` */
	STIX_META, /* language-content, marking-definition, extension-definition */
};

/* Classes of release, which clauses of a memorandum speak of. */
enum stix_class {
	STIX_CLASS_INDICATOR,
	STIX_CLASS_SIGHTING, /* sighting, observed-data */
	STIX_CLASS_MALWARE,  /* malware, malware-analysis, tool, attack-pattern, infrastructure */
	STIX_CLASS_ACTOR,    /* threat-actor, intrusion-set, campaign */
	STIX_CLASS_VULNERABILITY, /* vulnerability, course-of-action */
	STIX_CLASS_REPORT,	  /* report, grouping, note, opinion */
	STIX_CLASS_INCIDENT,
	STIX_CLASS_LINK,    /* relationship: the strictest of its two ends */
	STIX_CLASS_SUPPORT, /* SCOs, identity, location, language-content, marking- and
			       extension-definition: go only with an object that refers to them */
	STIX_CLASS_OTHER,   /* every type the standard does not have */
};

enum stix_spec { STIX_2_0, STIX_2_1 };

/*
 * An instant with the digits it was written with: `at` is cut to microseconds, text is exact.
 * at is TIME_NONE and text empty where the object has none.
 */
struct stix_time {
	struct span text;
	int64_t at;
	unsigned digits; /* of the fraction, as written */
};

struct stix_object {
	yyjson_doc *doc;  /* owned */
	yyjson_val *root; /* of doc; an object */
	struct span text; /* borrowed: the exact bytes that were read */
	struct span type, id;
	struct uuid uuid;
	enum stix_kind kind;
	enum stix_class class;
	enum stix_spec spec;	   /* without spec_version: 2.1 for an SCO, 2.0 for others */
	struct stix_time created;  /* absent in an SCO */
	struct stix_time modified; /* as written, absent in an SCO and a marking-definition */
	struct stix_time
		version;	/* modified, else created, else absent: what TAXII calls version */
	struct span created_by; /* an id, should be identity--...; empty where absent */
	struct span lang;	/* RFC 5646 tag, empty where absent */
	bool revoked;
	yyjson_val *marking_refs; /* the object_marking_refs array, NULL where absent */
	yyjson_val *granular;	  /* the granular_markings array, NULL where absent */
};

#define own_stix __attribute__((cleanup(stix_fini)))

/* Bounds of one object's text. */
enum { STIX_BYTES_MAX = 16 << 20, STIX_DEPTH_MAX = 64 };

/*
 * Reads one object. RC_BAD: malformed JSON or I-JSON, no object, a bundle, or a header property
 * that is missing or of the wrong form (type, id, created, modified, spec_version, created_by_ref,
 * revoked, lang, markings; why->where is its name); RC_LIMIT: too long or too deep. On success call
 * stix_fini; struct stix_object o = {}; may be finished too.
 */
enum rc stix_read(struct span text, struct stix_object *out, struct diag *why);
void stix_fini(struct stix_object *o);

/* Order of two instants to the last digit written; trailing zeros count nothing. Absent sorts
 * first. */
int stix_time_cmp(const struct stix_time *a, const struct stix_time *b);
/* RFC 3339 as STIX 2.1 section 2.16 wants it. Text is borrowed. */
enum rc stix_time_read(struct span text, struct stix_time *out);

/* "indicator", "sighting", ... as memoranda write it; "relationship" and "support" for the last
 * two. */
const char *stix_class_word(enum stix_class c);
/* Kind and class of a type name; false and STIX_CLASS_OTHER for a type the standard does not have.
 */
bool stix_type_known(struct span type, enum stix_kind *kind, enum stix_class *class);
