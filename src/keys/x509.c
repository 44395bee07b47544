#include "keys/x509.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/must.h"
#include "keys/digest.h"
#include "keys/mac.h"

static void
crt_free(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}

static void
privkey_free(gnutls_x509_privkey_t *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
}

#define own_crt __attribute__((cleanup(crt_free)))
#define own_privkey __attribute__((cleanup(privkey_free)))

static gnutls_datum_t
datum(struct span s)
{
	return (gnutls_datum_t){(unsigned char *)s.ptr, (unsigned)s.len};
}

void
x509_pair_fini(struct x509_pair *pair)
{
	if (pair->key.ptr)
		secret_wipe(pair->key.ptr, pair->key.cap);
	buf_fini(&pair->key);
	buf_fini(&pair->cert);
}

static bool
name_fits(struct span name)
{
	if (name.len == 0 || name.len > 64 || !span_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
			return false;
	return true;
}

/* A DNS name in ASCII, perhaps "*." before it (RFC 6125 section 6.4.3). */
static bool
host_fits(struct span host)
{
	struct span rest = host, label;
	if (span_starts(rest, SPAN("*.")))
		rest = span_sub(rest, 2, SIZE_MAX);
	if (rest.len == 0 || rest.len > 253)
		return false;
	while (span_cut(&rest, '.', &label)) {
		if (label.len == 0 || label.len > 63)
			return false;
		for (size_t i = 0; i < label.len; i++) {
			bool edge = i == 0 || i == label.len - 1;
			if (!ascii_is_alnum(label.ptr[i]) && (edge || label.ptr[i] != '-'))
				return false;
		}
	}
	return true;
}

static enum rc
add_host(gnutls_x509_crt_t crt, struct span host, struct diag *why)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];
	span_copy(host, text, sizeof text);
	size_t len = host.len >= sizeof text		       ? 0
		     : inet_pton(AF_INET, text, address) == 1  ? 4
		     : inet_pton(AF_INET6, text, address) == 1 ? 16
							       : 0;
	if (len) {
		must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address,
			     (unsigned)len, GNUTLS_FSAN_APPEND) == 0);
		return RC_OK;
	}
	if (!host_fits(host)) {
		diag_where(why, "%.*s", (int)(host.len < 100 ? host.len : 100), host.ptr);
		diag_todo(why, "give names in ASCII (xn--...) or addresses without port");
		return diag_fail(why, RC_BAD, "neither a DNS name nor an address");
	}
	must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host.ptr,
		     (unsigned)host.len, GNUTLS_FSAN_APPEND) == 0);
	return RC_OK;
}

static enum rc
fill_subject(gnutls_x509_crt_t crt, const struct x509_order *order, struct rng r, struct diag *why)
{
	uint8_t serial[16];
	if (!name_fits(order->name))
		return diag_fail(why, RC_BAD, "a name has 1 to 64 bytes of text");
	if (order->until <= order->from || order->from < 0)
		return diag_fail(why, RC_BAD, "it would never be valid");
	if (order->kind == X509_SERVER && order->host_count == 0)
		return diag_fail(
			why, RC_BAD, "a server needs a name or an address that clients use");
	rng_fill(r, serial, sizeof serial);
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, of full length */
	int64_t hour = 3600 * SECOND, from = order->from > hour ? order->from - hour : 0;
	must(gnutls_x509_crt_set_version(crt, 3) == 0);
	must(gnutls_x509_crt_set_serial(crt, serial, sizeof serial) == 0);
	must(gnutls_x509_crt_set_activation_time(crt, (time_t)(from / SECOND)) == 0);
	must(gnutls_x509_crt_set_expiration_time(crt, (time_t)(order->until / SECOND)) == 0);
	must(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, order->name.ptr,
		     (unsigned)order->name.len) == 0);
	for (size_t i = 0; i < order->host_count; i++) {
		enum rc code = add_host(crt, order->hosts[i], why);
		if (code != RC_OK)
			return code;
	}
	return RC_OK;
}

static void
fill_uses(gnutls_x509_crt_t crt, enum x509_kind kind)
{
	bool authority = kind == X509_AUTHORITY;
	must(gnutls_x509_crt_set_basic_constraints(crt, authority, authority ? 0 : -1) == 0);
	must(gnutls_x509_crt_set_key_usage(
		     crt, authority ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
				    : GNUTLS_KEY_DIGITAL_SIGNATURE) == 0);
	if (!authority)
		must(gnutls_x509_crt_set_key_purpose_oid(crt,
			     kind == X509_SERVER ? GNUTLS_KP_TLS_WWW_SERVER
						 : GNUTLS_KP_TLS_WWW_CLIENT,
			     0) == 0);
}

/* RFC 5280 sections 4.2.1.1 and 4.2.1.2: the first 160 bits of a digest over the public key. */
static void
fill_key_ids(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, gnutls_x509_privkey_t by)
{
	uint8_t id[DIGEST_MAX];
	size_t len = sizeof id;
	must(gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &len) == 0);
	must(gnutls_x509_crt_set_subject_key_id(crt, id, 20) == 0);
	len = sizeof id;
	must(gnutls_x509_privkey_get_key_id(by, GNUTLS_KEYID_USE_SHA256, id, &len) == 0);
	must(gnutls_x509_crt_set_authority_key_id(crt, id, 20) == 0);
}

static enum rc
load_key(struct span pem, gnutls_x509_privkey_t *out, struct diag *why)
{
	gnutls_datum_t bytes = datum(pem);
	must(gnutls_x509_privkey_init(out) == 0);
	if (pem.len > X509_LONGEST ||
		gnutls_x509_privkey_import2(*out, &bytes, GNUTLS_X509_FMT_PEM, NULL, 0) != 0)
		return diag_fail(why, RC_BAD, "no private key in PEM");
	return RC_OK;
}

static enum rc
load_cert(struct span bytes, gnutls_x509_crt_t *out, struct diag *why)
{
	gnutls_datum_t d = datum(bytes);
	must(gnutls_x509_crt_init(out) == 0);
	if (bytes.len == 0 || bytes.len > X509_LONGEST)
		return diag_fail(why, RC_LIMIT, "a certificate has 1 to %d bytes", X509_LONGEST);
	gnutls_x509_crt_fmt_t form = span_find(bytes, SPAN("-----BEGIN")) == SIZE_MAX
					     ? GNUTLS_X509_FMT_DER
					     : GNUTLS_X509_FMT_PEM;
	int got = gnutls_x509_crt_import(*out, &d, form);
	if (got != 0)
		return diag_fail(why, RC_BAD, "no certificate: %s", gnutls_strerror(got));
	return RC_OK;
}

static void
add_datum(struct buf *out, gnutls_datum_t *d)
{
	buf_add(out, (struct span){(const char *)d->data, d->size});
	secret_wipe(d->data, d->size);
	gnutls_free(d->data);
}

enum rc
x509_make(const struct x509_order *order, const struct x509_pair *issuer, struct rng r,
	struct x509_pair *out, struct diag *why)
{
	own_crt gnutls_x509_crt_t crt = NULL, issuer_crt = NULL;
	own_privkey gnutls_x509_privkey_t key = NULL, issuer_key = NULL;
	gnutls_datum_t pem = {};
	bool fresh = out->key.len == 0;
	enum rc code;
	must(gnutls_x509_crt_init(&crt) == 0);
	if ((code = fill_subject(crt, order, r, why)) != RC_OK)
		return code;
	if (fresh) {
		must(gnutls_x509_privkey_init(&key) == 0);
		must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
	} else if ((code = load_key(buf_span(&out->key), &key, why)) != RC_OK) {
		return code;
	}
	if (issuer &&
		((code = load_key(buf_span(&issuer->key), &issuer_key, why)) != RC_OK ||
			(code = load_cert(buf_span(&issuer->cert), &issuer_crt, why)) != RC_OK))
		return code;
	fill_uses(crt, order->kind);
	must(gnutls_x509_crt_set_key(crt, key) == 0);
	fill_key_ids(crt, key, issuer ? issuer_key : key);
	if (gnutls_x509_crt_sign2(crt, issuer ? issuer_crt : crt, issuer ? issuer_key : key,
		    GNUTLS_DIG_SHA256, 0) != 0)
		return diag_fail(why, RC_BAD, "the issuer's key cannot sign");
	if (fresh) {
		must(gnutls_x509_privkey_export2_pkcs8(
			     key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem) == 0);
		add_datum(&out->key, &pem);
	}
	must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) == 0);
	add_datum(&out->cert, &pem);
	return RC_OK;
}

static void
fingerprint_text(const uint8_t sum[static SHA256_SIZE], char out[static FINGERPRINT_TEXT])
{
	memcpy(out, "sha256:", 7);
	hex_text(sum, SHA256_SIZE, out + 7);
}

void
x509_fingerprint(struct span der, char out[static FINGERPRINT_TEXT])
{
	uint8_t sum[SHA256_SIZE];
	sha256_of(der, sum);
	fingerprint_text(sum, out);
}

enum rc
x509_read(struct span bytes, struct x509_view *out, struct diag *why)
{
	own_crt gnutls_x509_crt_t crt = NULL;
	uint8_t sum[DIGEST_MAX];
	size_t len = sizeof sum;
	enum rc code = load_cert(bytes, &crt, why);
	if (code != RC_OK)
		return code;
	struct x509_view view = {};
	if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, sum, &len) != 0)
		return diag_fail(why, RC_BAD, "a certificate without a fingerprint");
	fingerprint_text(sum, view.fingerprint);
	len = sizeof sum;
	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, sum, &len) != 0)
		return diag_fail(why, RC_BAD, "a certificate without a public key that we know");
	fingerprint_text(sum, view.pin);
	len = sizeof view.name;
	if (gnutls_x509_crt_get_dn_by_oid(
		    crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, view.name, &len) != 0)
		view.name[0] = 0;
	for (char *p = view.name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	view.from = (int64_t)gnutls_x509_crt_get_activation_time(crt) * SECOND;
	view.until = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * SECOND;
	view.authority = gnutls_x509_crt_get_ca_status(crt, NULL) > 0;
	*out = view;
	return RC_OK;
}

enum rc
x509_match(const struct x509_pair *pair, struct diag *why)
{
	own_crt gnutls_x509_crt_t crt = NULL;
	own_privkey gnutls_x509_privkey_t key = NULL;
	uint8_t a[DIGEST_MAX], b[DIGEST_MAX];
	size_t a_len = sizeof a, b_len = sizeof b;
	enum rc code = load_cert(buf_span(&pair->cert), &crt, why);
	if (code == RC_OK)
		code = load_key(buf_span(&pair->key), &key, why);
	if (code != RC_OK)
		return code;
	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, a, &a_len) != 0 ||
		gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b, &b_len) != 0)
		return diag_fail(why, RC_BAD, "a public key that we do not know");
	if (a_len != b_len || memcmp(a, b, a_len) != 0)
		return diag_fail(why, RC_CONFLICT, "key and certificate do not belong together");
	return RC_OK;
}

enum rc
fingerprint_parse(struct span text, char out[static FINGERPRINT_TEXT])
{
	uint8_t sum[SHA256_SIZE];
	char hex[2 * SHA256_SIZE];
	size_t n = 0;
	text = span_trim(text);
	if (text.len >= 7 && span_eq_fold(span_sub(text, 0, 7), SPAN("sha256:")))
		text = span_sub(text, 7, SIZE_MAX);
	bool colons = text.len == 3 * SHA256_SIZE - 1;
	for (size_t i = 0; i < text.len; i++) {
		if (colons && i % 3 == 2) {
			if (text.ptr[i] != ':')
				return RC_BAD;
			continue;
		}
		if (n == sizeof hex)
			return RC_BAD;
		hex[n++] = text.ptr[i];
	}
	if (hex_parse((struct span){hex, n}, sum, sizeof sum) != RC_OK)
		return RC_BAD;
	fingerprint_text(sum, out);
	return RC_OK;
}
