#pragma once
/*
 * X.509 through GnuTLS: a small authority of one's own, server and client certificates under it,
 * and fingerprints. ECDSA P-256, random 128-bit serials, SHA-256. Certificates are parsed from
 * strangers: spans in, at most X509_LONGEST bytes. Any thread.
 */
#include "base/buf.h"
#include "base/rc.h"
#include "base/rng.h"
#include "keys/sign.h"

enum { X509_LONGEST = 64 * 1024 };

enum x509_kind { X509_AUTHORITY, X509_SERVER, X509_CLIENT };

struct x509_order {
	enum x509_kind kind;
	struct span name; /* common name: 1 to 64 bytes of UTF-8 without control characters */
	const struct span *hosts; /* subject alternative names: DNS names or IP addresses; a server
				     needs one */
	size_t host_count;
	int64_t from, until; /* us; `from` is set back an hour against skewed clocks */
};

/* Key and certificate in PEM, as files hold them. */
struct x509_pair {
	struct buf key;
	struct buf cert;
};

#define own_x509_pair __attribute__((cleanup(x509_pair_fini)))
void x509_pair_fini(struct x509_pair *pair); /* overwrites the key */

/*
 * Makes a certificate signed by `issuer` (NULL: by itself, which an authority always is and a
 * server may be), for the key in out->key, or a new one where that is empty. Appends; out is
 * untouched on failure. RC_BAD: an order that no client would accept; why says which part.
 */
enum rc x509_make(const struct x509_order *order, const struct x509_pair *issuer, struct rng r,
	struct x509_pair *out, struct diag *why);

/* What is worth knowing about one. Text borrows nothing. */
struct x509_view {
	char fingerprint[FINGERPRINT_TEXT]; /* "sha256:..." over the DER certificate */
	char pin[FINGERPRINT_TEXT]; /* "sha256:..." over its public key (SubjectPublicKeyInfo) */
	char name[128];		    /* common name, for people: cut, control characters as '?' */
	int64_t from, until;
	bool authority;
};

/* Reads PEM (the first certificate in it) or DER. */
enum rc x509_read(struct span bytes, struct x509_view *out, struct diag *why);
/* Whether key and certificate belong together. RC_BAD: one cannot be read; RC_CONFLICT: they do
 * not. */
enum rc x509_match(const struct x509_pair *pair, struct diag *why);
/* "sha256:..." over DER that somebody else parsed already (a TLS peer's certificate). */
void x509_fingerprint(struct span der, char out[static FINGERPRINT_TEXT]);
/*
 * A fingerprint as people type it: with or without "sha256:", colons between bytes, either case.
 * Out is in our one form.
 */
enum rc fingerprint_parse(struct span text, char out[static FINGERPRINT_TEXT]);
