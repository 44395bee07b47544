#pragma once
/* IPv4 and IPv6 networks by value, for ISSUBSET and ISSUPERSET (STIX 2.1 section 9.6.1). Any
 * thread. */
#include "base/span.h"

struct network {
	uint8_t byte[16]; /* the host's bits are zero */
	unsigned bits;	  /* of the prefix */
	bool v6;
};

/* "198.51.100.7", "198.51.100.0/24", "2001:db8::/32". Bits beyond the prefix are dropped. */
bool network_parse(struct span text, struct network *out);
/* Every address of `inner` is in `outer`; equal networks are. */
bool network_holds(const struct network *outer, const struct network *inner);
