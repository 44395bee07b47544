#pragma once
/*
 * HTTP/1.1 client on libcurl with GnuTLS: one request at a time over kept-alive connections. A
 * client belongs to one thread, except client_cancel. Nothing is taken from the environment:
 * proxies come from the configuration only, credentials go to the URL's own origin only, redirects
 * are not followed unless asked for, and then never to another origin.
 */
#include "base/buf.h"
#include "base/rc.h"
#include "net/cert.h"

struct client;

/* How to reach one peer. Everything is copied; zero means the default in brackets. */
struct client_config {
	struct span ca;	    /* [the system's] PEM of trusted issuers */
	const uint8_t *pin; /* [none] CERT_PIN bytes: the server's certificate must be this one; its
			       issuer, name and dates then do not matter, unless ca is given too */
	struct span cert, key;	  /* [none] PEM of our own certificate and key */
	struct span proxy;	  /* [none] "http://HOST:PORT" */
	struct span user_agent;	  /* ["tocsin/" and its version] */
	unsigned connect_seconds; /* [15] */
	unsigned slow_seconds; /* [30] slower than 1 KB/s for so long: given up; not while an answer
				  is awaited */
};

enum client_auth {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_BASIC,
	CLIENT_AUTH_BEARER,
	CLIENT_AUTH_KEY, /* the bare secret in Authorization, as MISP wants it */
};

struct client_header {
	struct span name, value;
};

struct client_request {
	struct span method; /* ["GET"] */
	struct span url;    /* absolute http or https, see http_url_parse */
	const struct client_header *headers;
	size_t headers_len;
	struct span
		body; /* sent with Content-Length; empty: none unless the method is POST or PUT */
	enum client_auth auth;
	struct span user, secret; /* user and password, or the token */
	size_t body_limit;	  /* [16 MiB] of the answer; no compression is asked for */
	unsigned seconds;	  /* [300] for the whole request */
	unsigned silence;	  /* [0: as long] without a byte either way */
	unsigned redirects;	  /* [0] within the same origin, GET and HEAD only */
};

/* Owns its memory; one answer may be used for request after request (it is reset). */
struct client_answer {
	unsigned status;
	struct buf
		head; /* "name: value\n" lines of the final answer, as read with client_header() */
	struct buf body;
	struct cert peer; /* the server's certificate, for showing and pinning; pin all zero: plain
			     HTTP */
};

#define own_answer __attribute__((cleanup(client_answer_fini)))

void client_answer_fini(struct client_answer *a);
/* The nth header of that name (case ignored), blanks trimmed. */
bool client_header(
	const struct client_answer *a, struct span name, unsigned nth, struct span *value);
/* Seconds the server asks to wait (Retry-After: seconds or a date, judged by `now`), 0 where it
 * does not. */
uint64_t client_retry_after(const struct client_answer *a, int64_t now);

/* libcurl is loaded by the first client_new, or by this, where files may not be opened any more then. RC_IO: not here. */
enum rc client_load(struct diag *why);
/* RC_BAD: certificate, key or proxy cannot be used; RC_IO: as client_load. */
enum rc client_new(const struct client_config *config, struct client **out, struct diag *why);
void client_free(struct client *c);
/*
 * RC_OK: an answer came, whatever its status. RC_AGAIN: unreachable, timed out, cut off, too slow,
 * cancelled; RC_DENIED: certificate, TLS or cipher suite refused on either side; RC_LIMIT: the answer is larger
 * than body_limit; RC_BAD: the URL or the answer is malformed. why says what to do.
 */
enum rc client_fetch(struct client *c, const struct client_request *q, struct client_answer *a,
	struct diag *why);
/* Any thread: the running request and all later ones end with RC_AGAIN, until client_uncancel. */
void client_cancel(struct client *c);
void client_uncancel(struct client *c);
