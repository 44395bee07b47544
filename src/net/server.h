#pragma once
/*
 * HTTP/1.1 server, plain or TLS 1.2 and 1.3 (never 0-RTT), on libmicrohttpd. A request reaches the
 * handler once it is whole: framing checked, body read within its limit, client certificate
 * verified.
 *
 * Handlers run on the server's own few threads and never block: who has to wait for something
 * returns HTTP_WAIT, and the connection sleeps until it is woken or its deadline passes. One
 * exchange is handled by one thread at a time; different exchanges run at once, so ctx is shared
 * and must bear that. Spans read from an exchange live as long as the exchange, which ends after
 * its answer was sent or its connection lost.
 *
 * Refused here, before any handler: Content-Length with Transfer-Encoding or repeated, any transfer
 * coding but "chunked", control bytes and NUL in the request line, bare LF, folded and malformed
 * header lines, a missing or repeated Host, malformed escapes in the path (400); heads larger than
 * SERVER_HEAD (431); bodies over the limit (413, chunked ones after draining at most twice the
 * limit, then cut). Cut without an answer: TLS handshake and head not complete in head_seconds,
 * bodies and readers slower than rate, connections idle for idle_seconds. A request with a chunked
 * body is the last one of its connection.
 */
#include "base/buf.h"
#include "base/rc.h"
#include "net/cert.h"

struct server;
struct exchange;

enum {
	SERVER_HEAD = 6144
}; /* bytes of request line and headers, with 72 counted for each header */

enum http_next {
	HTTP_DONE, /* exchange_answer...() was called */
	HTTP_WAIT, /* call me again: exchange_wait_until() was called */
};

struct handler {
	/*
	 * Head in, body not read, the peer's certificate verified. May refuse by answering (the
	 * body is not read and the connection ends), may set the body's limit. NULL: admit all.
	 */
	void (*admit)(void *ctx, struct exchange *x);
	/* The whole request is in. */
	enum http_next (*handle)(void *ctx, struct exchange *x);
	/*
	 * The server refuses by itself: add headers and exchange_answer...() with this status, in
	 * your own media type. What is malformed beyond reading has an empty method and path. NULL:
	 * text/plain.
	 */
	void (*refuse)(void *ctx, struct exchange *x, unsigned status, const char *why);
	void *ctx;
};

/* All borrowed for the call only. PEM texts. */
struct server_tls {
	struct span cert, key;		 /* chain with the leaf first; unencrypted private key */
	struct span client_ca;		 /* who may sign client certificates; empty: none */
	const uint8_t (*pins)[CERT_PIN]; /* client certificates trusted by themselves (until they
					    expire) */
	size_t pins_len;
	enum {
		CLIENT_CERT_NEVER, /* not asked for */
		CLIENT_CERT_MAY,   /* asked for; a bad one is refused with 403, none is fine */
		CLIENT_CERT_MUST,  /* none is refused with 403 as well */
	} client;
};

/* Zero means the default in brackets. */
struct server_config {
	struct span listen; /* "127.0.0.1:8443", "[::1]:0", ":443" */
	int listen_fd; /* [none] or a bound, listening socket instead of `listen`; the server closes
			  it */
	const struct server_tls *tls; /* [plain HTTP] */
	unsigned threads;	      /* [2] */
	unsigned connections;  /* [1024], all threads together; more wait in the kernel's queue */
	unsigned per_address;  /* [no limit] connections of one address */
	unsigned idle_seconds; /* [75]; head_seconds when 9 of 10 connections are taken */
	unsigned head_seconds; /* [10] */
	unsigned rate;	       /* [1024] bytes a second at least, judged after head_seconds */
	size_t body_limit;     /* [1 MiB] of one body where admit sets none */
	size_t bodies_limit;   /* [256 MiB] of all bodies in memory; beyond: 503 with Retry-After */
	/* [512 MiB] of all answers over 64 KiB that are not yet sent; beyond: 503 with Retry-After. From the
	 * half of it on whoever reads one has 64 seconds for it. */
	size_t answers_limit;
};

/* RC_BAD: address, certificate or key; RC_IO: cannot listen. */
enum rc server_new(const struct server_config *config, const struct handler *handler,
	struct server **out, struct diag *why);
/* Wakes all who wait (they should answer, exchange_stopping() is true), waits for them, ends. */
void server_free(struct server *s);
uint16_t server_port(const struct server *s);
/*
 * New certificate, key and client lists, from now on: new handshakes use them, and live
 * connections' client certificates are judged again at their next request. On failure the old ones
 * stay.
 */
enum rc server_reload(struct server *s, const struct server_tls *tls, struct diag *why);
/* Any thread. An id of an exchange that is gone or not waiting yet is no error (a wake is never
 * lost). */
void server_wake(struct server *s, uint64_t exchange_id);
void server_wake_all(struct server *s);
/*
 * As server_wake_all, now where few wait or the last time is long ago, else soon: 0.25 ms for each who
 * waits lie between two times, at most a second, so that many who wait do not cost more than they may.
 */
void server_wake_soon(struct server *s);

struct server_stats {
	uint64_t connections, requests; /* since the start */
	uint64_t refused;		/* answered by the server itself with 4xx or 5xx */
	uint64_t cut;			/* too slow or idle */
	uint64_t open, waiting;		/* now */
	uint64_t body_bytes;		/* of bodies in memory, now */
};

void server_stats(struct server *s, struct server_stats *out);

/* ---- The request ---- */

uint64_t exchange_id(const struct exchange *x); /* never 0, never twice in one server */
struct span exchange_method(const struct exchange *x);
/*
 * The path, percent-decoded once: UTF-8, starts with "/" (or is "*" of OPTIONS), no control bytes,
 * no encoded "/", no "." or ".." segment: all those were refused.
 */
struct span exchange_path(const struct exchange *x);
struct span exchange_raw_path(const struct exchange *x); /* as sent, without the query */
struct span exchange_query(const struct exchange *x);	 /* raw, without "?" */
bool exchange_has_query(const struct exchange *x);	 /* "/a?" has an empty one */
/* The nth (from 0) header of this name, case ignored; blanks around the value are gone. */
bool exchange_header(const struct exchange *x, struct span name, unsigned nth, struct span *value);
/* Empty in admit. */
struct span exchange_body(const struct exchange *x);
bool exchange_is_tls(const struct exchange *x);
const char *exchange_address(
	const struct exchange *x); /* of the peer, "192.0.2.1" or "2001:db8::1" */
/* The peer's verified certificate, NULL where it showed none. */
const struct cert *exchange_cert(const struct exchange *x);

/* In admit: this request's body limit. */
void exchange_set_body_limit(struct exchange *x, size_t limit);
/* A pointer of the handler's own, freed with fini (may be NULL) when the exchange ends. */
void exchange_set_state(struct exchange *x, void *state, void (*fini)(void *state));
void *exchange_state(const struct exchange *x);

/* ---- Waiting ---- */

/* Before returning HTTP_WAIT: when to be called again at the latest, in clock_monotonic()
 * microseconds. */
void exchange_wait_until(struct exchange *x, int64_t deadline);
/* True in the call that the deadline of the last wait caused. */
bool exchange_timed_out(const struct exchange *x);
bool exchange_stopping(const struct exchange *x); /* the server ends: answer now, do not wait */
/* Half of the places are taken by who waits already: better not to wait for mere convenience. */
bool exchange_crowded(const struct exchange *x);

/* ---- The answer: headers first, then exactly one exchange_answer...() ---- */

/* Date, Content-Length and Connection are the server's own. A value with control bytes is a broken
 * invariant. */
void exchange_answer_header(struct exchange *x, struct span name, struct span value);
void exchange_answer_empty(struct exchange *x, unsigned status);
void exchange_answer_copy(struct exchange *x, unsigned status, struct span body);
/* Takes body's memory; *body is an empty buf afterwards. */
void exchange_answer_buf(struct exchange *x, unsigned status, struct buf *body);

/* An immutable body that many answers share. Counted, because answers outlive whoever caches the
 * body. */
struct http_body;
struct http_body *http_body_new(struct buf *bytes); /* takes the memory; count 1 */
struct http_body *http_body_hold(struct http_body *b);
void http_body_free(struct http_body *b); /* NULL accepted; drops one count */
struct span http_body_span(const struct http_body *b);
/* Drops the caller's count when the answer is sent: give http_body_hold(b) to keep it. */
void exchange_answer_shared(struct exchange *x, unsigned status, struct http_body *body);
