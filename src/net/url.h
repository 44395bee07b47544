#pragma once
/*
 * Pieces of URLs and queries (RFC 3986), as foreign spans. Nothing is allocated but what
 * percent-decoding takes from the caller's arena. Pure functions; any thread.
 */
#include "base/arena.h"
#include "base/rc.h"

struct http_url {
	bool tls;	   /* https */
	struct span host;  /* a name, an IPv4 address, or an IPv6 address without its brackets */
	uint16_t port;	   /* 80 or 443 where the URL names none */
	struct span path;  /* raw, starts with "/" ("/" where the URL has none) */
	struct span query; /* raw, without "?" */
};

/*
 * Reads an absolute http or https URL. User names, fragments, blanks, control bytes, bytes above
 * 0x7e, empty hosts and ports of 0 or above 65535 are refused (RC_BAD). *out borrows from text.
 */
enum rc http_url_parse(struct span text, struct http_url *out, struct diag *why);
/* True when scheme, host (case ignored) and port are the same: credentials may go to b as they went
 * to a. */
bool url_same_origin(const struct http_url *a, const struct http_url *b);
/* Whether it names this machine itself: localhost, 127.0.0.0/8 or ::1. */
bool url_is_local(const struct http_url *u);
/* Percent-decodes once. Malformed escapes, NUL and bytes below 0x20 once decoded: RC_BAD. */
enum rc url_decode(struct arena *a, struct span raw, struct span *out);

/* "HOST:PORT", "[IPv6]:PORT" or ":PORT" (every address) for listening; port 0 is allowed. */
enum rc address_parse(struct span text, struct span *host, uint16_t *port, struct diag *why);
