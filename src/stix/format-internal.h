#pragma once
/* Forms of values that other standards define. Pure predicates; any thread. */
#include "base/span.h"

/* RFC 1034 labels joined by dots, or IDNA2008 U-labels in UTF-8; at most 253 bytes. */
bool format_is_domain(struct span s);
/* addr-spec of RFC 5322 section 3.4.1 (RFC 6531 too): local part, "@", domain or address literal.
 */
bool format_is_email(struct span s);
/* Dotted decimal without leading zeros, with a prefix length of 0 to 32 or none. */
bool format_is_ipv4(struct span s);
/* RFC 4291 section 2.2, with a prefix length of 0 to 128 or none. */
bool format_is_ipv6(struct span s);
/* Six octets of two lower-case digits, colons between. */
bool format_is_mac(struct span s);
/* RFC 3986: scheme, ":" and something of its characters (RFC 3987's too) with well-formed escapes.
 */
bool format_is_url(struct span s);
/* A well-formed CPE 2.3 formatted string (NISTIR 7695 section 6.2). */
bool format_is_cpe(struct span s);
/* type/subtype of RFC 6838 section 4.2 with one of the registered top-level types; parameters may
 * follow. */
bool format_is_mime(struct span s);
/* An even number of the digits 0-9 and a-f. */
bool format_is_hex(struct span s);
/* What the algorithm yields; true for algorithms we do not know. */
bool format_is_hash(struct span algorithm, struct span value);
/* Lower-case words with hyphens between. */
bool format_is_vocabulary_word(struct span s);
