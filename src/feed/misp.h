#pragma once
/*
 * What MISP's words mean in STIX: attribute types, distribution levels, tags. The mapping is ours and
 * written down in doc/misp.md. Pure functions over the caller's memory; any thread.
 */
#include <yyjson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "obs/obs.h"
#include "stix/tlp.h"

/* The extension that carries what STIX has no word for, so that an event goes back as it came. */
#define MISP_EXTENSION "extension-definition--c2d4c5f0-6a0e-4b1b-8f6e-3b1f7d8a9e24"
#define MISP_EXTENSION_AUTHOR "identity--5d1c6c1e-32c5-4f0a-9b57-7e4e0d1fb3a9"

enum misp_class {
	MISP_VALUE,	    /* an observable: a pattern, or SCOs */
	MISP_RULE,	    /* a rule in another language: stored, never armed */
	MISP_VULNERABILITY, /* a CVE number */
	MISP_TEXT,	    /* anything else: a note */
};

struct misp_type {
	const char *name;
	enum misp_class class;
	uint8_t first, second; /* what the value, or each side of its "|", is */
	uint8_t join;
	const char *rule; /* pattern_type */
};

/* Never NULL: types unknown here are MISP_TEXT. */
const struct misp_type *misp_type_find(struct span name);

/*
 * Appends comparisons for a value, without brackets: "domain-name:value = 'evil.example'". RC_UNKNOWN: the
 * type has none; RC_BAD: the value is not what its type says.
 */
enum rc misp_comparison(const struct misp_type *type, struct span value, struct arena *a,
	struct buf *out, struct diag *why);
/* A word that only narrows what others of its object say (port, size): it never stands alone. */
bool misp_is_context(const struct misp_type *type);

/* Appends one SCO a call for a value: start with *at = 0; RC_NONE after the last. */
struct misp_sco {
	char id[64];
	struct span text; /* in the arena */
};
enum rc misp_sco(const struct misp_type *type, struct span value, size_t *at, struct arena *a,
	struct misp_sco *out);

/* The MISP type that says an observable, for writing: "ip-dst", "domain", "sha256". */
const char *misp_type_of(struct observable o);
const char *misp_category_of(struct observable o);

/* "0" to "5" into the level it is judged by where no tag says otherwise; TLP_NONE for 5 and nonsense. */
enum tlp misp_distribution_tlp(int distribution);
/* The widest distribution that a level bears. */
int misp_tlp_distribution(enum tlp level);
/* "tlp:amber" and the like; TLP_NONE: no such tag. */
enum tlp misp_tag_tlp(struct span name);
/* MISP's confidence-level taxonomy, 0 to 100; -1: no such tag. */
int misp_tag_confidence(struct span name);

/* A number that MISP writes as a number or as text; `otherwise` where it is neither. */
int64_t misp_number(yyjson_val *object, const char *key, int64_t otherwise);
/* true, 1, "1" */
bool misp_flag(yyjson_val *object, const char *key);
/* Seconds, microseconds or ISO 8601; TIME_NONE. */
int64_t misp_time(yyjson_val *val);

/* Lower-case UUID text of a member; false where it is none. */
bool misp_uuid(yyjson_val *object, const char *key, char out[static UUID_TEXT]);
/* A UUID of our own made of a name, for what MISP wants a UUID for and we have none. */
void misp_uuid_of(struct span name, char out[static UUID_TEXT]);

/*
 * Appends a value as a STIX dictionary: null and empty lists left out, also what belongs to one server
 * alone (numbers of rows) and the members named in `drop` (ends with NULL, top level only). Keys that
 * no dictionary can have are left out and counted in *lost.
 */
void misp_keep(struct buf *out, yyjson_val *val, const char *const *drop, size_t *lost);

/* Our part of an object's extensions, NULL where it has none. */
yyjson_val *misp_extension(yyjson_val *object);
