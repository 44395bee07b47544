#pragma once
/*
 * URLs in the normal form of RFC 3986 section 6.2: scheme and host in lower case, the host as in
 * obs/name.h or obs/addr.h, user information and default ports left out, dot segments resolved,
 * percent signs before two upper-case digits and only where needed, an empty path written "/". The
 * fragment is kept. A host that is a number ("http://3221225985/") becomes the address that
 * browsers make of it.
 */
#include "base/arena.h"
#include "base/rc.h"
#include "obs/addr.h"

enum { URL_LONGEST = 8192 };

struct url {
	struct span text;   /* normal form; starts with "//" where the input had no scheme */
	struct span scheme; /* empty where there is none */
	struct span host;   /* without brackets and port */
	struct span rest;   /* path, query and fragment */
	bool is_addr;	    /* host is an address, in addr (IPv4-mapped ones unmapped) */
	struct addr addr;
};

/*
 * "scheme://..." or, where `bare` input is allowed by giving SCHEME_OPTIONAL, "host/..." as well.
 * RC_BAD: no URL; RC_LIMIT: longer than URL_LONGEST. Spans of *out borrow from the arena.
 */
enum url_scheme { SCHEME_NEEDED, SCHEME_OPTIONAL };
enum rc url_parse(struct span text, enum url_scheme scheme, struct arena *a, struct url *out,
	struct diag *why);
/* The host of a URL in normal form, without brackets and port; empty where there is none. */
struct span url_normal_host(struct span normal);
/*
 * Bytes of the character at `at` where it can stand in a URL in running text, 0 where the URL ends: at
 * blanks, quotes, angle brackets, braces, backslashes, control bytes, and at punctuation and blanks
 * beyond ASCII. Malformed UTF-8 goes on.
 */
size_t url_step(struct span text, size_t at);
/*
 * Where a URL that starts at text[0] ends in running text: where url_step says so, without
 * closing punctuation that belongs to the sentence.
 */
size_t url_extent(struct span text);
