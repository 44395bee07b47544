#pragma once
/*
 * Identifiers, "type--uuid" (STIX 2.1 section 2.9), and the deterministic identifiers of
 * cyber-observables (section 3.4, musts of section 2.9). Any thread.
 */
#include <yyjson.h>

#include "base/rc.h"
#include "base/rng.h"
#include "base/uuid.h"

enum { STIX_TYPE_MAX = 250, STIX_ID_TEXT = STIX_TYPE_MAX + 2 + UUID_TEXT };

/*
 * Splits an identifier. RC_BAD: not a type name of section 3.1, "--" and an RFC 9562 UUID
 * (hexadecimal digits of either case, any version). Either output may be NULL.
 */
enum rc stix_id_parse(struct span id, struct span *type, struct uuid *uuid);
/* A type name: 3 to 250 of a-z 0-9 and "-", no "--" (section 3.1). */
bool stix_type_valid(struct span type);
/* A fresh identifier with a UUIDv4. type must be valid. */
void stix_id_new(struct span type, struct rng chance, char out[static STIX_ID_TEXT]);

/*
 * The identifier that an observable's contributing properties make: UUIDv5 in the namespace
 * 00abedb4-aa42-466c-9c01-fed23315a9b7 over the RFC 8785 text of those present; of `hashes` only
 * one contributes. RC_NONE: none of them is present, or the type has none (process): use
 * stix_id_new. RC_UNKNOWN: not a type of section 6. RC_BAD: no canonical text.
 */
enum rc stix_id_of_sco(const yyjson_val *sco, char out[static STIX_ID_TEXT], struct diag *why);
/* Whether a contributing property is present. False also for what is no type of section 6. */
bool stix_id_contributes(const yyjson_val *sco);
/* UUIDv5 in the SCO namespace over bytes that are canonical already. */
struct uuid stix_sco_uuid(struct span canonical);
/* UUIDv5 in any namespace. */
struct uuid stix_uuid_v5(const struct uuid *space, struct span name);
