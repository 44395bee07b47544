#pragma once
/*
 * Observables: what can be seen in a log or on a wire and what indicators are about - a kind and a
 * value in normal form, so that equality of bytes is equality of things. Values borrow from the
 * arena they were made in. Any thread may call these functions.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/rc.h"

enum obs_kind {
	OBS_NONE,
	OBS_IPV4,   /* "192.0.2.1" */
	OBS_IPV6,   /* RFC 5952: "2001:db8::1"; an IPv4-mapped address keeps its dotted tail */
	OBS_CIDR4,  /* "192.0.2.0/24", host bits zero */
	OBS_CIDR6,  /* "2001:db8::/32", host bits zero */
	OBS_DOMAIN, /* lower-case A-labels without the trailing dot, at least two labels */
	OBS_URL,    /* obs/url.h; "//host/path" where no scheme was given */
	OBS_EMAIL,  /* lower case, the host as OBS_DOMAIN or an address in brackets */
	OBS_MD5,    /* hashes: lower-case hexadecimal digits */
	OBS_SHA1,
	OBS_SHA224,
	OBS_SHA256,
	OBS_SHA384,
	OBS_SHA512,
	OBS_JA3, /* looks like an MD5: never detected, only normalized or read from a field of that
		    name */
	OBS_JA4, /* "t13d1516h2_8daaf6152771_e5627efa2ab1" */
	OBS_MAC, /* "00:1b:44:11:3a:b7" */
	OBS_CVE, /* "CVE-2024-1234" */
	OBS_TEXT, /* a name of a file, a registry key ...: as it stands, no word of tables, never detected */
	OBS_KINDS,
};

struct observable {
	enum obs_kind kind;
	struct span value;
};

/* Stable word of a kind: "ipv4", "cidr6", "domain", "sha256", ...; OBS_NONE is "none". */
const char *obs_word(enum obs_kind kind);
/* OBS_NONE for a word that is none of ours. */
enum obs_kind obs_from_word(struct span word);
/* The hash kind with that many hexadecimal digits (32 is OBS_MD5), OBS_NONE for other lengths. */
enum obs_kind obs_hash_kind(size_t digits);
bool obs_is_hash(enum obs_kind kind);
/* As STIX names the algorithm: "SHA-256"; NULL for what is no hash of a file. */
const char *obs_hash_name(enum obs_kind kind);

/*
 * Brings `text` (no blanks around it, not defanged) into the normal form of `kind`. RC_BAD: it is
 * none. An IPV4 or IPV6 text with a prefix length becomes the CIDR kind, a full-length prefix the
 * address. A hash may stand in pairs with colons; a MAC address with colons, hyphens, in groups of four
 * and without any.
 */
enum rc obs_normalize(enum obs_kind kind, struct span text, struct arena *a, struct observable *out,
	struct diag *why);
/*
 * Finds out what `text` is: address, range, MAC address, URL, e-mail address, hash, JA4, CVE or domain, in
 * that order. "host/path" is a URL without scheme; an IPv4-mapped IPv6 address is the IPv4 one; "*.name"
 * and
 * ".name" are the domain; a port behind an address or a name is dropped, since logs keep it
 * elsewhere. Twelve digits alone are no MAC address, and "dead.beef.cafe" is a name. RC_UNKNOWN where it is nothing we know.
 */
enum rc obs_detect(struct span text, struct arena *a, struct observable *out, struct diag *why);

/* A range of every address there is: 0.0.0.0/0, ::/0. */
bool obs_is_everything(struct observable o);
/* A range wider than a /8 (IPv4) or a /16 (IPv6): hardly what anybody means. */
bool obs_is_wide(struct observable o);

/*
 * Appends the STIX 2.1 pattern that says just this: "[domain-name:value = 'evil.example']". Ranges
 * use ISSUBSET; JA3 and JA4 have no standard object path and take network-traffic:x_ja3 and x_ja4. A
 * CVE takes vulnerability:name, which is a path of the standard, but of no cyber-observable.
 */
void obs_pattern(struct observable o, struct buf *out);
/* Of a name: that and what lies below it, as lists mean it. */
void obs_pattern_covering(struct span name, struct buf *out);
