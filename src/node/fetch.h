#pragma once
/*
 * The process with outgoing connections: it has no database, no listening socket and no node key. The
 * keeper tells it which peers there are and what to ask them; it sends and returns what came, reading
 * nothing of it. One thread and one kept-alive connection a peer.
 */
#include "base/buf.h"
#include "jail/jail.h"
#include "jail/pipe.h"
#include "net/client.h"

enum { FETCH_PEERS_MOST = 64 };
#define FETCH_MESSAGE_MOST ((size_t)96 << 20)

enum fetch_message {
	FETCH_PEER = 1, /* id: number of the peer; a second one replaces it */
	FETCH_DROP,	/* id: number of the peer; its running request ends */
	FETCH_ASK,	/* id: number of the request */
	FETCH_REPLY,	/* id: number of the request */
	FETCH_READY,	/* once, after the jail: payload is the jail's state */
};

/* How to reach a peer: client_config's texts and the credentials, all borrowed. */
struct fetch_peer {
	uint64_t number; /* below FETCH_PEERS_MOST */
	struct client_config config;
	enum client_auth auth;
	struct span user, secret;
};

struct fetch_ask {
	uint64_t peer;	/* its number */
	uint64_t delay; /* microseconds to wait before sending */
	struct span method, url, accept, content_type, body, prefer;
	uint64_t body_limit, seconds, silence;
};

struct fetch_reply {
	enum rc code;
	uint64_t status, elapsed, retry_after;
	struct span head, body; /* head: "name: value" lines */
	struct span pin;	/* of the server's certificate */
	struct diag why;
};

void fetch_peer_pack(const struct fetch_peer *p, struct buf *out);
void fetch_ask_pack(const struct fetch_ask *a, struct buf *out);
void fetch_reply_pack(const struct fetch_reply *r, struct buf *out);
/* Borrow from the payload; RC_BAD where it is none. */
enum rc fetch_peer_unpack(struct span payload, struct fetch_peer *out);
enum rc fetch_ask_unpack(struct span payload, struct fetch_ask *out);
enum rc fetch_reply_unpack(struct span payload, struct fetch_reply *out);
/* First value of a header in a reply; empty where absent. */
struct span fetch_reply_header(const struct fetch_reply *r, struct span name);

/* The child's whole life: narrows itself, then serves until the pipe ends. Never returns to main. */
void fetch_main(struct pipe *pipe, const struct jail *jail) __attribute__((noreturn));

/*
 * Starts the process and waits until it is narrowed. *state (may be NULL) says how. The caller is still
 * single-threaded. Kill and reap it with fetch_stop.
 */
struct fetch {
	pid_t pid;
	struct pipe *pipe;
};
enum rc fetch_start(
	struct fetch *f, const struct jail *jail, struct jail_state *state, struct diag *why);
void fetch_stop(struct fetch *f);
/*
 * In a fresh child: the kernel kills it when the thread that forked it ends, whatever it is doing then.
 * RC_NONE: the parent has ended already.
 */
enum rc fork_bound(pid_t parent);
