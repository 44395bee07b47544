#pragma once
/*
 * X.509 certificates as connections need them: what a person or a list needs to know of one, and
 * whether a key is its. Pins are the SHA-256 of the whole certificate's DER. Private keys are PEM;
 * the caller wipes them. Any thread.
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
