#pragma once
/*
 * What a scanner can look for as text on behalf of a pattern: names of files, registry keys, mutexes, user
 * agents, command lines by "=" and IN, and those and names, URLs and addresses by LIKE and MATCHES. What
 * "=" says of the latter are observables (pattern/atoms.h). Atoms live in the caller's arena and borrow
 * from the pattern. Any thread.
 */
#include "base/clock.h"
#include "pattern/syntax.h"

/* What the text is of an event. */
enum pattern_property {
	PROPERTY_NONE,
	PROPERTY_FILE, /* a file's name, the last component of its path; a path where it holds one */
	PROPERTY_DIRECTORY,
	PROPERTY_PROGRAM, /* name of a process, or of the file it runs */
	PROPERTY_COMMAND, /* line */
	PROPERTY_KEY,	  /* of the registry */
	PROPERTY_VALUE_NAME,
	PROPERTY_VALUE_DATA,
	PROPERTY_MUTEX,
	PROPERTY_AGENT,
	PROPERTY_REFERRER,
	PROPERTY_REQUEST, /* path and query of HTTP */
	PROPERTY_SERVICE,
	PROPERTY_ACCOUNT,
	PROPERTY_SUBJECT,     /* of mail */
	PROPERTY_CERTIFICATE, /* issuer and subject */
	PROPERTY_SOFTWARE,
	PROPERTY_DOMAIN, /* these four: by LIKE and MATCHES only */
	PROPERTY_URL,
	PROPERTY_EMAIL,
	PROPERTY_ADDRESS,
	PROPERTIES,
};

enum pattern_form {
	FORM_EQUAL,   /* octet for octet */
	FORM_LIKE,    /* section 9.6.1; the text is in NFC */
	FORM_MATCHES, /* the same */
};

struct pattern_string {
	enum pattern_property property;
	enum pattern_form form;
	struct span text;
	const struct pattern_test *test;
	int64_t from, until; /* START and STOP: from <= time < until; TIME_NONE: open */
};

struct pattern_strings {
	const struct pattern_string *at;
	size_t len;
	/*
	 * The pattern is a list of alternatives, of which each is one comparison that a string here or an
	 * atom of pattern_atoms says: seeing one of either is a match of the whole.
	 */
	bool whole;
};

/* No strings (len 0, not whole) where the pattern says nothing that can be looked for as text. */
void pattern_strings(const struct pattern *p, struct arena *a, struct pattern_strings *out);
/* Whether it is one that LIKE and MATCHES alone look for as text. */
bool pattern_property_is_observable(enum pattern_property property);
