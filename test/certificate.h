#pragma once
/*
 * Certificates for tests of connections, good ones and those that no authority of ours would make: expired,
 * early, with other uses. ECDSA P-256, PEM. Written apart from keys/x509, which net does not know.
 */
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"

enum cert_use { CERT_SERVER = 1, CERT_CLIENT = 2, CERT_CA = 4 };

struct pair {
	struct buf pem, key;
};

struct wish {
	const char *name;      /* common name; a server's hosts are localhost and 127.0.0.1 */
	unsigned uses;	       /* enum cert_use, or-ed */
	const struct pair *ca; /* NULL: signed by itself */
	int64_t from, to;      /* seconds from now [an hour before and after] */
};

static inline void
pair_fini(struct pair *p)
{
	buf_fini(&p->pem);
	buf_fini(&p->key);
}

static inline void
wish_fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const struct wish *w)
{
	static const unsigned char loopback[] = {127, 0, 0, 1};
	unsigned char serial[16], id[20];
	size_t id_len = sizeof id;
	unsigned usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
	int64_t now = clock_now(clock_system()) / SECOND;
	if (w->uses & CERT_CA)
		usage |= GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN;
	must(!gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial));
	/* RFC 5280 section 4.1.2.2: positive, and not zero. */
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
	must(!gnutls_x509_crt_set_version(crt, 3) &&
		!gnutls_x509_crt_set_serial(crt, serial, sizeof serial) &&
		!gnutls_x509_crt_set_key(crt, key) &&
		!gnutls_x509_crt_set_dn_by_oid(
			crt, GNUTLS_OID_X520_COMMON_NAME, 0, w->name, (unsigned)strlen(w->name)) &&
		!gnutls_x509_crt_set_activation_time(crt, now + (w->from ? w->from : -3600)) &&
		!gnutls_x509_crt_set_expiration_time(crt, now + (w->to ? w->to : 3600)) &&
		!gnutls_x509_crt_set_basic_constraints(crt, w->uses & CERT_CA ? 1 : 0, -1) &&
		!gnutls_x509_crt_set_key_usage(crt, usage) &&
		!gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &id_len) &&
		!gnutls_x509_crt_set_subject_key_id(crt, id, id_len));
	if (w->uses & CERT_SERVER)
		must(!gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0) &&
			!gnutls_x509_crt_set_subject_alt_name(
				crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_APPEND) &&
			!gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback,
				sizeof loopback, GNUTLS_FSAN_APPEND));
	if (w->uses & CERT_CLIENT)
		must(!gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT, 0));
}

/* RFC 5280 section 4.2.1.1: which key of the issuer signed; strict clients want it. */
static inline void
wish_sign(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key)
{
	unsigned char id[64];
	size_t len = sizeof id;
	must(!gnutls_x509_crt_get_subject_key_id(issuer, id, &len, NULL) &&
		!gnutls_x509_crt_set_authority_key_id(crt, id, len) &&
		!gnutls_x509_crt_sign2(crt, issuer, key, GNUTLS_DIG_SHA256, 0));
}

static inline gnutls_datum_t
pem_datum(const struct buf *text)
{
	return (gnutls_datum_t){(unsigned char *)text->ptr, (unsigned)text->len};
}

static inline struct pair
make_cert(struct wish w)
{
	struct pair p = {};
	gnutls_x509_crt_t crt, ca;
	gnutls_x509_privkey_t key, ca_key;
	gnutls_datum_t text = {}, secret = {};
	must(!gnutls_x509_crt_init(&crt) && !gnutls_x509_privkey_init(&key) &&
		!gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	wish_fill(crt, key, &w);
	if (!w.ca) {
		wish_sign(crt, crt, key);
	} else {
		gnutls_datum_t pem = pem_datum(&w.ca->pem), ca_secret = pem_datum(&w.ca->key);
		must(!gnutls_x509_crt_init(&ca) && !gnutls_x509_privkey_init(&ca_key) &&
			!gnutls_x509_crt_import(ca, &pem, GNUTLS_X509_FMT_PEM) &&
			!gnutls_x509_privkey_import(ca_key, &ca_secret, GNUTLS_X509_FMT_PEM));
		wish_sign(crt, ca, ca_key);
		gnutls_x509_crt_deinit(ca);
		gnutls_x509_privkey_deinit(ca_key);
	}
	must(!gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text) &&
		!gnutls_x509_privkey_export2_pkcs8(
			key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &secret));
	buf_add(&p.pem, (struct span){(char *)text.data, text.size});
	buf_add(&p.key, (struct span){(char *)secret.data, secret.size});
	gnutls_free(text.data);
	gnutls_free(secret.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return p;
}
