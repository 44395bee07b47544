#pragma once
/*
 * DNS SRV records (RFC 2782) by which a domain announces its TAXII server: _taxii2._tcp.DOMAIN (TAXII
 * 2.1 section 3.9). What they say is a hint for a person and no more: without DNSSEC whoever answers
 * the query chooses the host. Any thread.
 */
#include "base/rc.h"

enum { SRV_MOST = 16, SRV_HOST = 256 };

struct srv {
	uint16_t priority, weight, port;
	char host[SRV_HOST]; /* letters, digits, "-", "_" and "."; without a last dot */
};

struct srv_list {
	struct srv at[SRV_MOST];
	size_t len;
};

/*
 * The SRV records of a DNS answer message, by priority, then the weightiest first. Records of other
 * types, ports of 0, targets that are no host names and the target "." (nothing is offered) are passed
 * over; so is what follows a broken record. RC_NONE: nothing is left; RC_BAD: no DNS answer.
 */
enum rc srv_read(struct span message, struct srv_list *out, struct diag *why);
/* Asks the system's resolver. RC_NONE: the domain announces nothing; RC_AGAIN: no answer came. */
enum rc srv_lookup(struct span domain, struct srv_list *out, struct diag *why);
