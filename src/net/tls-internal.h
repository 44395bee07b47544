#pragma once
/*
 * The server's side of TLS: one immutable generation of certificate, key and client lists.
 * Connections hold the generation they were made under, because GnuTLS keeps pointing into it until
 * their session ends; the newest one judges every request's client certificate. Hence the count: a
 * generation is freed by whoever drops it last, the server (at reload) or a connection (at its
 * end). Any thread.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "net/server.h"

struct tls;

gnutls_datum_t tls_datum(struct span s);
enum rc tls_describe(gnutls_x509_crt_t crt, struct cert *out);
enum rc tls_set_key(
	gnutls_certificate_credentials_t creds, struct span pem, struct span key, struct diag *why);

/* Preference of the server; TLS 1.2 and 1.3, forward secrecy and AEAD only. */
extern const char tls_priorities[];

enum rc tls_new(const struct server_tls *config, struct tls **out, struct diag *why);
struct tls *tls_hold(struct tls *t);
void tls_free(struct tls *t); /* drops one count */
/* Sets up a fresh session; tickets for resumption under the server's ticket key. */
enum rc tls_prepare(struct tls *t, gnutls_session_t session, const gnutls_datum_t *ticket_key);

enum tls_verdict {
	TLS_PEER_NONE, /* no certificate, and none is needed */
	TLS_PEER_GOOD,
	TLS_PEER_MISSING, /* none, but one is needed */
	TLS_PEER_BAD,
};

/* Judges the session's client certificate; *out is filled when TLS_PEER_GOOD. */
enum tls_verdict tls_judge(struct tls *t, gnutls_session_t session, struct cert *out);
