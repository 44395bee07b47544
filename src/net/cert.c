#include "net/cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/own.h"
#include "net/tls-internal.h"

#define own_crt __attribute__((cleanup(crt_fini)))
#define own_key __attribute__((cleanup(key_fini)))

static void
crt_fini(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}

static void
key_fini(gnutls_x509_privkey_t *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
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

enum rc
cert_file_read(const char *path, struct buf *out, struct diag *why)
{
	enum { FILE_MAX = 1 << 20 };
	diag_where(why, "%s", path);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return diag_fail(why, errno == ENOENT ? RC_NONE : RC_IO, "cannot be opened: %s",
			strerror(errno));
	size_t before = out->len;
	for (;;) {
		ssize_t got = read(fd, buf_room(out, 4096), 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || out->len - before > FILE_MAX) {
			out->len = before;
			if (got < 0)
				return diag_fail(why, RC_IO, "cannot be read: %s", strerror(errno));
			return diag_fail(why, RC_LIMIT, "larger than 1 MiB: no certificate");
		}
		if (got == 0)
			return RC_OK;
		out->len += (size_t)got;
	}
}

static int
add_hosts(gnutls_x509_crt_t crt, const char *const *hosts)
{
	for (; hosts && *hosts; hosts++) {
		unsigned char address[16];
		int failed;
		if (inet_pton(AF_INET, *hosts, address) == 1)
			failed = gnutls_x509_crt_set_subject_alt_name(
				crt, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
		else if (inet_pton(AF_INET6, *hosts, address) == 1)
			failed = gnutls_x509_crt_set_subject_alt_name(
				crt, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
		else
			failed = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
				*hosts, (unsigned)strlen(*hosts), GNUTLS_FSAN_APPEND);
		if (failed)
			return failed;
	}
	return 0;
}

static int
add_uses(gnutls_x509_crt_t crt, unsigned uses)
{
	int failed = gnutls_x509_crt_set_basic_constraints(crt, uses & CERT_CA ? 1 : 0, -1);
	unsigned usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
	if (uses & CERT_CA)
		usage |= GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN;
	if (!failed)
		failed = gnutls_x509_crt_set_key_usage(crt, usage);
	if (!failed && uses & CERT_SERVER)
		failed = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (!failed && uses & CERT_CLIENT)
		failed = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT, 0);
	return failed;
}

static int
fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const struct cert_order *order)
{
	unsigned char serial[16], id[20];
	size_t id_len = sizeof id;
	int failed = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
	/* RFC 5280 section 4.1.2.2: positive, and not zero. */
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
	if (!failed)
		failed = gnutls_x509_crt_set_version(crt, 3);
	if (!failed)
		failed = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
	if (!failed)
		failed = gnutls_x509_crt_set_key(crt, key);
	if (!failed)
		failed = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
			order->name, (unsigned)strlen(order->name));
	if (!failed)
		failed = gnutls_x509_crt_set_activation_time(crt, order->not_before / SECOND);
	if (!failed)
		failed = gnutls_x509_crt_set_expiration_time(crt, order->not_after / SECOND);
	if (!failed)
		failed = add_hosts(crt, order->hosts);
	if (!failed)
		failed = add_uses(crt, order->uses);
	if (!failed)
		failed = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &id_len);
	if (!failed)
		failed = gnutls_x509_crt_set_subject_key_id(crt, id, id_len);
	return failed;
}

/* RFC 5280 section 4.2.1.1: which key of the issuer signed; strict clients want it. */
static int
name_issuer(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	unsigned char id[64];
	size_t len = sizeof id;
	int failed = gnutls_x509_crt_get_subject_key_id(issuer, id, &len, NULL);
	return failed ? failed : gnutls_x509_crt_set_authority_key_id(crt, id, len);
}

/* Signs with the issuer's key, or with its own where the order names no issuer. */
static enum rc
sign(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const struct cert_order *order,
	struct diag *why)
{
	own_crt gnutls_x509_crt_t ca = NULL;
	own_key gnutls_x509_privkey_t ca_key = NULL;
	int failed;
	if (order->ca.len == 0) {
		failed = name_issuer(crt, crt);
		if (!failed)
			failed = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	} else {
		enum rc code = import_first(order->ca, &ca, why);
		if (code != RC_OK)
			return code;
		gnutls_datum_t datum = tls_datum(order->ca_key);
		failed = name_issuer(crt, ca);
		if (!failed)
			failed = gnutls_x509_privkey_init(&ca_key);
		if (!failed)
			failed = gnutls_x509_privkey_import(ca_key, &datum, GNUTLS_X509_FMT_PEM);
		if (!failed)
			failed = gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0);
	}
	if (failed)
		return diag_fail(why, RC_BAD, "the certificate cannot be signed: %s",
			gnutls_strerror(failed));
	return RC_OK;
}

enum rc
cert_make(const struct cert_order *order, struct buf *pem, struct buf *key, struct diag *why)
{
	own_crt gnutls_x509_crt_t crt = NULL;
	own_key gnutls_x509_privkey_t secret = NULL;
	int failed = gnutls_x509_crt_init(&crt);
	if (!failed)
		failed = gnutls_x509_privkey_init(&secret);
	if (!failed)
		failed = gnutls_x509_privkey_generate(secret, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (!failed)
		failed = fill(crt, secret, order);
	if (failed)
		return diag_fail(
			why, RC_BAD, "the certificate cannot be made: %s", gnutls_strerror(failed));
	enum rc code = sign(crt, secret, order, why);
	if (code != RC_OK)
		return code;
	gnutls_datum_t text = {}, secret_text = {};
	failed = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text);
	if (!failed)
		failed = gnutls_x509_privkey_export2_pkcs8(
			secret, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &secret_text);
	if (!failed) {
		buf_add(pem, (struct span){(char *)text.data, text.size});
		buf_add(key, (struct span){(char *)secret_text.data, secret_text.size});
		gnutls_memset(secret_text.data, 0, secret_text.size);
	}
	gnutls_free(text.data);
	gnutls_free(secret_text.data);
	if (failed)
		return diag_fail(why, RC_IO, "the certificate cannot be written: %s",
			gnutls_strerror(failed));
	return RC_OK;
}
