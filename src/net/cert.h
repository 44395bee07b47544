#pragma once
/*
 * X.509 certificates: what a person or a list needs to know of one, and making our own. Pins are
 * the SHA-256 of the whole certificate's DER. Private keys are PEM; the caller wipes them. Any
 * thread.
 */
#include "base/buf.h"
#include "base/rc.h"

enum { CERT_PIN = 32, CERT_PIN_TEXT = 65 };

struct cert {
	uint8_t pin[CERT_PIN];
	char subject[256];	       /* RFC 4514, cut where longer, control bytes replaced */
	int64_t not_before, not_after; /* us since 1970 */
};

/* The first certificate of a PEM text. RC_BAD where there is none that can be read. */
enum rc cert_read(struct span pem, struct cert *out, struct diag *why);
/* Refuses a key that is not the first certificate's, or certificates that cannot be used. */
enum rc cert_check_key(struct span pem, struct span key, struct diag *why);
/* 64 hexadecimal digits, with or without ":" between the bytes. */
enum rc cert_pin_parse(struct span text, uint8_t pin[static CERT_PIN]);
void cert_pin_text(const uint8_t pin[static CERT_PIN], char out[static CERT_PIN_TEXT]);
/* Reads a file of at most 1 MiB (certificates, keys) into *out. */
enum rc cert_file_read(const char *path, struct buf *out, struct diag *why);

enum cert_use { CERT_SERVER = 1, CERT_CLIENT = 2, CERT_CA = 4 };

struct cert_order {
	const char *name;	       /* common name */
	const char *const *hosts;      /* DNS names and IP addresses, NULL at the end; or NULL */
	int64_t not_before, not_after; /* us since 1970 */
	unsigned uses;		       /* enum cert_use, or-ed */
	struct span ca, ca_key;	       /* PEM of the issuer; both empty: signed by itself */
};

/* Makes an ECDSA P-256 key and a certificate for it, both PEM, appended to *pem and *key. */
enum rc cert_make(
	const struct cert_order *order, struct buf *pem, struct buf *key, struct diag *why);
