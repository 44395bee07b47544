#pragma once
/*
 * The server's parts share these. Three locks, taken in this order and never the other way round:
 * conns_lock (the list of connections and their descriptors), conn.lock (one connection's timing),
 * wait_lock (slots and who waits). libmicrohttpd's own locks lie below all of them: it calls us
 * holding none.
 */
#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/vec.h"
#include "net/head.h"
#include "net/server.h"
#include "net/tls-internal.h"

enum { SERVER_POOL = 7680 }; /* bytes the library keeps for each connection; 20 KiB in all */

enum phase {
	PHASE_HEAD, /* handshake, request line, headers */
	PHASE_BODY,
	PHASE_WORK, /* the handler has it, or it waits */
	PHASE_SEND,
	PHASE_IDLE, /* kept alive between two requests */
};

struct conn {
	struct conn *prev, *next; /* conns_lock */
	struct server *server;
	struct MHD_Connection *mhd;
	int fd;
	uint32_t slot;
	/* lock: what the watch judges. Body bytes are counted outside it. */
	pthread_mutex_t lock;
	enum phase phase;
	bool marked, cut;
	int64_t since;	 /* start of the phase, or of the window under way */
	uint64_t mark;	 /* bytes at its start */
	unsigned stalls; /* windows in a row in which no byte of a body moved */
	_Atomic uint64_t body_bytes;
	uint64_t answer; /* lock: bytes of the answer under way, where it is one of the large */
	/* The rest belongs to the thread that serves the connection. */
	struct tls *tls; /* NULL: plain */
	gnutls_session_t session;
	struct tls *judged; /* which generation judged the certificate; held */
	enum tls_verdict verdict;
	struct cert *cert;
	bool held_back; /* the kernel waits for more to send */
	bool served;	/* lock: a request line was read, by this thread */
	pthread_t thread;
};

struct exchange {
	struct server *server;
	struct conn *conn;
	uint64_t id;
	struct arena arena;
	/* The head; spans point into the connection's memory or the arena. */
	const char *target_at;
	struct span raw_target;
	struct head head;
	struct framing framing;
	struct target target;
	bool begun, drain, close, told;
	/* The body. */
	struct buf body;
	size_t body_limit;
	uint64_t body_seen;
	/* Waiting. */
	int64_t wait_until; /* 0: not asked for */
	bool timed_out;
	bool waiting, wake_pending, gone; /* wait_lock */
	unsigned refused_waits;
	/* The answer. */
	struct buf headers; /* name NUL value NUL ... */
	struct MHD_Response *response;
	size_t charged;	   /* of the answer, to answer_bytes */
	struct buf *aside; /* the answer goes here as bytes, not to the library */
	unsigned status;
	char address[64];
	void *state;
	void (*state_fini)(void *state);
};

struct slot {
	struct exchange *x; /* NULL: no request under way */
	uint32_t next_free;
};

struct server {
	struct handler handler;
	struct server_config config; /* defaults filled in; its spans are not kept */
	struct MHD_Daemon *daemon;
	uint16_t port;
	gnutls_datum_t ticket_key;

	pthread_mutex_t tls_lock;
	struct tls *tls; /* the newest; tls_lock */

	pthread_mutex_t conns_lock;
	struct conn *conns;
	uint64_t open;

	pthread_mutex_t wait_lock;
	pthread_cond_t wait_cond; /* monotonic; a nearer deadline, or the end */
	vec_of(struct slot) slots;
	uint32_t free_slot; /* UINT32_MAX: none */
	uint64_t next_id, wake_generation, waiting;
	int64_t next_deadline;
	int64_t woken, wake_at; /* of server_wake_soon: the last time, and the next (0: none) */
	bool stopping, watch_ends;
	pthread_t watch, accepts;
	int listen_fd, accept_wake;
	atomic_bool accept_ends;
	atomic_uint taken; /* connections accepted and not ended */

	_Atomic uint64_t connections, requests, refused, cut, body_bytes, answer_bytes;
};

/* server.c */
struct tls *server_tls_now(struct server *s); /* held; NULL: plain */

/* accept.c */
bool accept_open(struct server *s, int listen_fd);
void *accept_run(void *server);
void accept_nudge(struct server *s);	 /* look again: the end, or room */
void accept_give_back(struct server *s); /* a connection ended */

/* mend.c */
void mend_log(void *server, const char *format, va_list args);
/* Refuses past the library; the connection is to be closed. */
void mend_refuse(struct exchange *x, unsigned status, const char *why);

/* push.c; by the thread that serves the connection */
void push_prepare(struct conn *c); /* of a TLS session */
void push_flush(struct conn *c);   /* at the end of an answer */

/* watch.c */
void *watch_run(void *server);
void conn_phase(struct conn *c, enum phase phase);

/* wait.c */
uint32_t slot_take(struct server *s);
void slot_give_back(struct server *s, uint32_t slot);
void slot_bind(struct server *s, struct exchange *x); /* gives it its id */
void slot_unbind(struct server *s, struct exchange *x);
/* Runs the handler until it answers or the connection is suspended. */
void exchange_run(struct exchange *x);
/* Under wait_lock: resumes it if it waits. */
void exchange_resume(struct exchange *x);
void server_wake_due(struct server *s, int64_t now);

/* exchange.c */
void *exchange_new(void *server, const char *uri, struct MHD_Connection *mhd);
void exchange_end(void *server, struct MHD_Connection *mhd, void **exchange,
	enum MHD_RequestTerminationCode code);
enum MHD_Result exchange_step(void *server, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **exchange);
/*
 * Ends what is left of a connection's former request: versions of the library from 1.0 on close it after
 * some malformed requests without saying that the request has ended.
 */
void exchange_abandon(struct conn *c);
/* The server answers by itself. */
void exchange_refuse(struct exchange *x, unsigned status, const char *why);
