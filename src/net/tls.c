#include "net/tls-internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

/* Forward secrecy and AEAD in both versions; what is not named is off. */
const char tls_priorities[] = "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-256-GCM:+CHACHA20-POLY1305:"
			      "+AES-128-GCM:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:"
			      "+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:-SIGN-RSA-SHA1:"
			      "-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:+COMP-NULL:+CTYPE-X509:"
			      "%SERVER_PRECEDENCE";

struct tls {
	atomic_uint count;
	gnutls_certificate_credentials_t creds;
	gnutls_x509_trust_list_t issuers; /* NULL: none */
	uint8_t (*pins)[CERT_PIN];
	size_t pins_len;
	int client;
};

static enum rc
set_issuers(struct tls *t, struct span pem, struct diag *why)
{
	gnutls_datum_t datum = tls_datum(pem);
	int got = gnutls_x509_trust_list_init(&t->issuers, 0);
	if (got == 0)
		got = gnutls_x509_trust_list_add_trust_mem(
			t->issuers, &datum, NULL, GNUTLS_X509_FMT_PEM, GNUTLS_TL_NO_DUPLICATES, 0);
	if (got > 0)
		return RC_OK;
	diag_todo(why, "give the issuers of client certificates as PEM");
	return diag_fail(why, RC_BAD, "no client issuer can be read: %s",
		got ? gnutls_strerror(got) : "no certificate in it");
}

enum rc
tls_new(const struct server_tls *config, struct tls **out, struct diag *why)
{
	struct tls *t = mem_new(sizeof *t);
	atomic_init(&t->count, 1);
	t->client = config->client;
	enum rc code = RC_OK;
	if (gnutls_certificate_allocate_credentials(&t->creds) < 0)
		code = diag_fail(why, RC_IO, "no memory for TLS credentials");
	if (code == RC_OK)
		code = tls_set_key(t->creds, config->cert, config->key, why);
	if (code == RC_OK && config->client_ca.len)
		code = set_issuers(t, config->client_ca, why);
	if (code != RC_OK) {
		tls_free(t);
		return code;
	}
	if (config->pins_len) {
		t->pins = mem_grow(NULL, config->pins_len, CERT_PIN);
		memcpy(t->pins, config->pins, config->pins_len * CERT_PIN);
		t->pins_len = config->pins_len;
	}
	*out = t;
	return RC_OK;
}

struct tls *
tls_hold(struct tls *t)
{
	atomic_fetch_add(&t->count, 1);
	return t;
}

void
tls_free(struct tls *t)
{
	if (!t || atomic_fetch_sub(&t->count, 1) != 1)
		return;
	if (t->creds)
		gnutls_certificate_free_credentials(t->creds);
	if (t->issuers)
		gnutls_x509_trust_list_deinit(t->issuers, 1);
	free(t->pins);
	free(t);
}

enum rc
tls_prepare(struct tls *t, gnutls_session_t session, const gnutls_datum_t *ticket_key)
{
	if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, t->creds) < 0 ||
		gnutls_session_ticket_enable_server(session, ticket_key) < 0)
		return RC_IO;
	gnutls_certificate_server_set_request(
		session, t->client == CLIENT_CERT_NEVER ? GNUTLS_CERT_IGNORE : GNUTLS_CERT_REQUEST);
	return RC_OK;
}

static bool
is_pinned(const struct tls *t, const struct cert *c)
{
	for (size_t i = 0; i < t->pins_len; i++)
		if (memcmp(t->pins[i], c->pin, CERT_PIN) == 0)
			return true;
	return false;
}

/* A chain to a trusted issuer, in date, good for clients. */
static bool
is_issued(struct tls *t, gnutls_x509_crt_t *chain, unsigned len)
{
	if (!t->issuers)
		return false;
	unsigned status = 0;
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	int failed = gnutls_x509_trust_list_verify_crt2(
		t->issuers, chain, len, &purpose, 1, 0, &status, NULL);
	return failed == 0 && status == 0;
}

enum tls_verdict
tls_judge(struct tls *t, gnutls_session_t session, struct cert *out)
{
	enum { CHAIN_MAX = 8 };
	unsigned len = 0;
	const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &len);
	if (t->client == CLIENT_CERT_NEVER)
		return TLS_PEER_NONE;
	if (!raw || len == 0)
		return t->client == CLIENT_CERT_MUST ? TLS_PEER_MISSING : TLS_PEER_NONE;
	gnutls_x509_crt_t chain[CHAIN_MAX];
	unsigned have = 0;
	bool sound = len <= CHAIN_MAX &&
		     gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) == GNUTLS_CRT_X509;
	while (sound && have < len) {
		if (gnutls_x509_crt_init(&chain[have]) < 0)
			break;
		sound = gnutls_x509_crt_import(chain[have], &raw[have], GNUTLS_X509_FMT_DER) == 0;
		have++;
	}
	struct cert c = {};
	bool good = false;
	if (sound && have == len && tls_describe(chain[0], &c) == RC_OK) {
		time_t now = time(NULL);
		bool in_date = gnutls_x509_crt_get_activation_time(chain[0]) <= now &&
			       now <= gnutls_x509_crt_get_expiration_time(chain[0]);
		good = in_date && (is_pinned(t, &c) || is_issued(t, chain, have));
	}
	while (have)
		gnutls_x509_crt_deinit(chain[--have]);
	if (!good)
		return TLS_PEER_BAD;
	*out = c;
	return TLS_PEER_GOOD;
}
