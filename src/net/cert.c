#include "net/cert.h"

#include <gnutls/x509.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "net/tls-internal.h"

#define own_crt __attribute__((cleanup(crt_fini)))

static void
crt_fini(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}

gnutls_datum_t
tls_datum(struct span s)
{
	return (gnutls_datum_t){(unsigned char *)s.ptr, (unsigned)s.len};
}

enum rc
tls_describe(gnutls_x509_crt_t crt, struct cert *out)
{
	struct cert c = {};
	size_t size = sizeof c.pin;
	if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, c.pin, &size) < 0)
		return RC_BAD;
	gnutls_datum_t subject = {};
	if (gnutls_x509_crt_get_dn3(crt, &subject, 0) >= 0) {
		span_copy((struct span){(char *)subject.data, subject.size}, c.subject,
			sizeof c.subject);
		gnutls_free(subject.data);
	}
	for (char *p = c.subject; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	c.not_before = (int64_t)gnutls_x509_crt_get_activation_time(crt) * SECOND;
	c.not_after = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * SECOND;
	*out = c;
	return RC_OK;
}

/* The first certificate of a PEM text. */
static enum rc
import_first(struct span pem, gnutls_x509_crt_t *crt, struct diag *why)
{
	gnutls_datum_t datum = tls_datum(pem);
	int failed = gnutls_x509_crt_init(crt);
	if (!failed)
		failed = gnutls_x509_crt_import(*crt, &datum, GNUTLS_X509_FMT_PEM);
	if (!failed)
		return RC_OK;
	diag_todo(why, "give a PEM file that starts with -----BEGIN CERTIFICATE-----");
	return diag_fail(why, RC_BAD, "no certificate can be read: %s", gnutls_strerror(failed));
}

enum rc
cert_read(struct span pem, struct cert *out, struct diag *why)
{
	own_crt gnutls_x509_crt_t crt = NULL;
	enum rc code = import_first(pem, &crt, why);
	if (code != RC_OK)
		return code;
	if (tls_describe(crt, out) != RC_OK)
		return diag_fail(why, RC_BAD, "the certificate has no fingerprint");
	return RC_OK;
}

enum rc
cert_check_key(struct span pem, struct span key, struct diag *why)
{
	gnutls_certificate_credentials_t creds;
	if (gnutls_certificate_allocate_credentials(&creds) < 0)
		return diag_fail(why, RC_IO, "no memory for TLS credentials");
	enum rc code = tls_set_key(creds, pem, key, why);
	gnutls_certificate_free_credentials(creds);
	return code;
}

enum rc
tls_set_key(
	gnutls_certificate_credentials_t creds, struct span pem, struct span key, struct diag *why)
{
	gnutls_datum_t chain = tls_datum(pem), secret = tls_datum(key);
	int failed = gnutls_certificate_set_x509_key_mem2(
		creds, &chain, &secret, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (failed >= 0)
		return RC_OK;
	diag_todo(why, "give the certificate chain (leaf first) and its unencrypted key, both PEM");
	if (failed == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return diag_fail(why, RC_BAD, "the private key is not the certificate's");
	return diag_fail(
		why, RC_BAD, "certificate and key cannot be used: %s", gnutls_strerror(failed));
}

enum rc
cert_pin_parse(struct span text, uint8_t pin[static CERT_PIN])
{
	uint8_t out[CERT_PIN];
	size_t at = 0;
	struct span rest = span_trim(text);
	for (size_t i = 0; i < CERT_PIN; i++) {
		if (i > 0 && at < rest.len && rest.ptr[at] == ':')
			at++;
		if (rest.len - at < 2 || ascii_hex(rest.ptr[at]) < 0 ||
			ascii_hex(rest.ptr[at + 1]) < 0)
			return RC_BAD;
		out[i] = (uint8_t)(ascii_hex(rest.ptr[at]) * 16 + ascii_hex(rest.ptr[at + 1]));
		at += 2;
	}
	if (at != rest.len)
		return RC_BAD;
	memcpy(pin, out, CERT_PIN);
	return RC_OK;
}

void
cert_pin_text(const uint8_t pin[static CERT_PIN], char out[static CERT_PIN_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < CERT_PIN; i++) {
		out[2 * i] = digits[pin[i] >> 4];
		out[2 * i + 1] = digits[pin[i] & 15];
	}
	out[2 * CERT_PIN] = 0;
}
