#pragma once
/*
 * Media types and what a request's headers negotiate with them: Content-Type and Accept (RFC 9110
 * sections 8.3.1, 12.4.2 and 12.5.1; TAXII 2.1 section 3.1) and Prefer (RFC 7240). Header values
 * are foreign bytes; several fields of one name arrive joined by ",". Pure functions; results
 * borrow.
 */
#include "base/rc.h"

#define TAXII_MEDIA "application/taxii+json;version=2.1"
#define STIX_MEDIA "application/stix+json;version=2.1"

enum { MEDIA_VALUE = 32 };

struct media {
	struct span type, subtype; /* as written; "*" in ranges */
	char version[MEDIA_VALUE]; /* unquoted value of "version"; empty: absent */
	char charset[MEDIA_VALUE]; /* unquoted value of "charset"; empty: absent */
	unsigned quality;	   /* of "q", in thousandths; 1000 where absent */
};

/*
 * One media type or range, blanks around it allowed; parameter names in any case, values as tokens
 * or quoted strings; a longer value than MEDIA_VALUE - 1, a repeated "version", "charset" or "q"
 * are RC_BAD.
 */
enum rc media_parse(struct span text, struct media *out, struct diag *why);
/* Is it this type/subtype, without regard to case and parameters? */
bool media_is(const struct media *m, struct span type, struct span subtype);

/*
 * Content negotiation for the one representation we have, TAXII_MEDIA: the most specific range that
 * covers it decides, and q=0 refuses (RFC 9110 section 12.5.1). A malformed element is passed over.
 * A header that is absent (ptr NULL) or blank accepts.
 */
bool media_accepts(struct span accept);

/*
 * The type of a POST body: application/taxii+json of version 2.1 or none, in UTF-8. RC_UNKNOWN: any
 * other type, to be answered 415. RC_BAD: absent or malformed, likewise.
 */
enum rc media_body(struct span content_type, struct diag *why);

/*
 * "wait=N" of Prefer, in seconds; RC_NONE where absent, malformed or zero, as a server ignores what
 * it cannot honour (RFC 7240 section 2). The first of several counts.
 */
enum rc prefer_wait(struct span prefer, uint64_t *seconds);
