#pragma once
/*
 * Typed, bounded messages between two processes of ours over a socket pair. Order is kept, messages
 * arrive whole or not at all. The peer is treated as hostile: lengths over the limit, a broken
 * header or a message cut short end the pipe (RC_BAD) without reading further. A pipe may be used
 * for sending by any thread and for receiving by one thread at a time.
 */
#include "base/buf.h"
#include "base/rc.h"

struct pipe;

struct message {
	uint32_t type; /* the caller's numbering; never 0 */
	uint64_t id;   /* the caller's: which request it answers */
	struct span payload;
};

/* A connected pair; limit: the largest payload either side accepts. Both ends close on exec. */
enum rc pipe_pair(size_t limit, struct pipe **one, struct pipe **two, struct diag *why);
/* From an inherited descriptor, which the pipe owns from then on. */
enum rc pipe_new(int fd, size_t limit, struct pipe **out, struct diag *why);
void pipe_free(struct pipe *p);
/* For poll(2) and for children that inherit it; still owned by the pipe. */
int pipe_fd(const struct pipe *p);

/*
 * Sends one message whole; blocks until it is in the socket, at most `timeout` microseconds
 * (negative: for ever). RC_NONE: the peer is gone; RC_LIMIT: larger than the limit, nothing sent;
 * RC_AGAIN: timed out: where nothing was sent yet the pipe stays usable, else it is broken, and
 * every later call returns RC_NONE.
 */
enum rc pipe_send(struct pipe *p, const struct message *m, int64_t timeout);
/*
 * Queues a message without blocking; bytes go out now as far as the socket takes them, the rest
 * with pipe_flush. RC_LIMIT: more than four times the limit would be queued: flush first.
 */
enum rc pipe_queue(struct pipe *p, const struct message *m);
/* RC_OK: nothing is queued any more; RC_AGAIN: poll for POLLOUT and call again; RC_NONE: the peer
 * is gone. */
enum rc pipe_flush(struct pipe *p);
/*
 * Receives the next message; *out borrows from the pipe until the next receive. timeout 0 never
 * blocks (RC_AGAIN: poll for POLLIN and call again), negative blocks for ever. RC_NONE: the peer
 * closed its end between two messages; RC_BAD: it broke the rules, the pipe is of no use any more.
 */
enum rc pipe_receive(struct pipe *p, int64_t timeout, struct message *out);

enum { MESSAGE_HEAD = 24 };
/*
 * The header on the wire: "TMSG", type, length, zero (u32, little endian), id (u64). Reads it from
 * exactly MESSAGE_HEAD bytes; RC_BAD: not ours, RC_LIMIT: length above limit.
 */
enum rc message_head_parse(struct span head, size_t limit, struct message *out, size_t *length);
