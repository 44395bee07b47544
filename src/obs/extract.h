#pragma once
/*
 * Finds observables in running text, true to tokens and labels: "bücher.de" does not hold
 * "cher.de", an address inside a longer dotted run is none, a hash is a whole run of digits. What
 * it yields: addresses  IPv4-mapped IPv6 as IPv4; in brackets, with port or zone or prefix length
 *   names      whole names of two or more labels; whoever looks them up walks the labels
 *   hashes     MD5 to SHA-512 by length, in pairs with colons too; JA4 by shape
 *   MACs       with colons, hyphens or in groups of four, never out of a longer run of such; twelve digits
 *              that are a whole word come as `bare`
 *   CVEs       between anything but letters and digits
 * URLs and e-mail addresses are reached from their host: found_url, found_email. One thread at a
 * time.
 *
 * In text that is no JSON any more, escapes are read both ways: "\nevil.example" yields
 * "nevil.example" and "evil.example", "%2Fevil.example" and "\x22evil.example" only the latter.
 */
#include "obs/addr.h"
#include "obs/name.h"
#include "obs/obs.h"

struct found {
	enum obs_kind kind; /* IPV4, IPV6, DOMAIN, a hash, JA4, MAC, CVE */
	struct span
		value; /* normal form; valid until the next call; empty for addresses: see addr */
	struct addr addr;
	size_t at, len; /* where it stands in the text */
	bool bare;	/* twelve digits: a MAC address only where the field says so */
};

struct extract {
	struct span text;
	struct arena *scratch;
	size_t at, end;	      /* first byte not yet looked at; where looking ends */
	size_t chunk, stop;   /* rest of the chunk: names, colons, letters beyond ASCII */
	size_t six, six_stop; /* an IPv6 address in it, not yet yielded */
	size_t mac; /* where the search for MAC addresses in it goes on; SIZE_MAX: nowhere */
	size_t word, word_stop,
		word_all; /* word under work, word_all the byte behind it untrimmed */
	size_t run;	  /* where the search for hashes in the word goes on */
	size_t second;	  /* second reading of the word starts here; SIZE_MAX: none */
	size_t piece;	  /* second address of "192.0.2.1-192.0.2.9"; SIZE_MAX: none */
	unsigned stage, colons;
	unsigned seen; /* what the word is made of */
	bool dotted;   /* the word had a dot before it: no address */
	char small[NAME_LONGEST + 3];
};

/* scratch: for names beyond ASCII; the caller resets it when he likes, not before the next call. */
void extract_init(struct extract *it, struct span text, struct arena *scratch);
/*
 * From now on only what lies in the run of letters, digits, "-", "_", dots, colons and bytes beyond ASCII around
 * `at`, which is read as it would be in its turn. it->end is the end of that run.
 */
void extract_around(struct extract *it, size_t at);
/*
 * Whether all that there is in that run is one name, of no difficulty: what extract_around and extract_next would
 * find, and nothing else; it->end as above. False: ask them.
 */
bool extract_name(struct extract *it, size_t at, struct found *out);
/* False at the end. */
bool extract_next(struct extract *it, struct found *out);

/* How a URL stands in the text. */
enum found_coding {
	FOUND_PLAIN,
	FOUND_PERCENT, /* as a whole, to be decoded once: "http%3A%2F%2Fevil.example%2Fa" */
	FOUND_SLASHES, /* as JSON may have it: "http:\/\/evil.example\/a" */
};
/* The raw text of a URL whose host is `f`: with a scheme before it, or a path behind it. */
bool found_url(
	struct span text, const struct found *f, struct span *raw, enum found_coding *coding);
/* The URL itself: `raw` with its coding undone. */
struct span found_decode(struct span raw, enum found_coding coding, struct arena *a);
/*
 * The raw text of an e-mail address whose host is `f`. `nth` 0 is the plain reading (letters,
 * digits,
 * ". _ % + -" before the @), 1 the longer one with every character RFC 5322 allows, where it
 * differs.
 */
bool found_email(struct span text, const struct found *f, unsigned nth, struct span *raw);
