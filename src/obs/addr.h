#pragma once
/* IPv4 and IPv6 addresses and ranges as bytes and as text. Pure functions. */
#include "base/span.h"

struct addr {
	uint8_t byte[16]; /* network order; IPv4 uses the first four, the rest is zero */
	uint8_t bits;	  /* prefix length: 32 or 128 for a single address */
	bool six;
};

enum { ADDR_TEXT = 52 }; /* longest text with prefix length and NUL */

/* Dotted quad without leading zeros (RFC 6943 section 3.1.1). */
bool addr_parse4(struct span text, struct addr *out);
/* RFC 4291 section 2.2, all three forms, either case, no zone, no brackets. */
bool addr_parse6(struct span text, struct addr *out);
/* Either; no prefix length. */
bool addr_parse(struct span text, struct addr *out);
/* "address/bits": bits beyond the prefix are cleared in *out. False without a slash. */
bool addr_parse_range(struct span text, struct addr *out);
/* Normal form (RFC 5952), "/bits" only for ranges; returns the length without the NUL. */
size_t addr_text(const struct addr *a, char out[static ADDR_TEXT]);
bool addr_is_range(const struct addr *a);
/* Whether every address of `one` lies in `net`. */
bool addr_holds(const struct addr *net, const struct addr *one);
/* ::ffff:a.b.c.d as the IPv4 address (or range) it stands for; anything else unchanged. */
struct addr addr_unmap(struct addr a);
/*
 * Not routable on the internet, so naming somebody's inside: private, loopback, link-local,
 * carrier-grade NAT, benchmark, unspecified, unique local, multicast, reserved (RFC 6890).
 * Documentation ranges count as outside: nobody lives there, and examples use them.
 */
bool addr_is_internal(const struct addr *a);
