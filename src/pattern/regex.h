#pragma once
/*
 * MATCHES: Perl-compatible regular expressions of strangers over values of strangers (STIX 2.1
 * section 9.6.1): a search, the dot takes line ends, Unicode for text and none for octets. Steps,
 * memory and lengths are bounded. One thread at a time.
 */
#include "base/rc.h"

struct regex;

enum regex_form { REGEX_TEXT, REGEX_OCTETS };

enum {
	REGEX_BYTES_MAX = 65536,   /* of an expression */
	REGEX_SUBJECT_MAX = 65536, /* bytes */
};

/* RC_BAD: no expression, why->what holds the reason; RC_LIMIT: too long or too large. */
enum rc regex_new(struct span text, enum regex_form form, struct regex **out, struct diag *why);
void regex_free(struct regex *r);	   /* NULL accepted */
size_t regex_bytes(const struct regex *r); /* compiled */
/* Where the last search that found something found it. */
void regex_place(const struct regex *r, size_t *at, size_t *len);
/* RC_OK: found; RC_NONE: not found; RC_LIMIT: not known, subject or search exceed the bounds. */
enum rc regex_search(struct regex *r, struct span subject, struct diag *why);
