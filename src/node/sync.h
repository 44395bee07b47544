#pragma once
/*
 * Exchange with peers: each link (a remote and a local collection, one way) is a state machine of
 * taxii/, the fetch process does the network, this side the vault. A page is stored before its cursor
 * is, so that a crash between the two repeats a page and never skips one. One thread.
 */
#include "conf/conf.h"
#include "node/fetch.h"
#include "node/node.h"
#include "node/peer.h"

struct sync;

/* How long a link without `follow` waits in all for a peer that says it is busy (429, 503). */
#define SYNC_PATIENCE (60 * SECOND)

struct sync_options {
	struct node *node; /* opened to write; the engine's alone while it lives */
	const struct conf *conf;
	struct fetch *fetch;
	bool follow; /* go on for ever; else each link ends once it is quiet, or has failed */
};

enum sync_event_kind {
	SYNC_PULLED,  /* a page was stored: counts */
	SYNC_PUSHED,  /* objects were acknowledged */
	SYNC_REFUSED, /* the peer refused one object: id, why */
	SYNC_QUIET,   /* a link is up to date */
	SYNC_WAITS,   /* the peer is busy: why; without `follow`, asked again after `pause` */
	SYNC_FAULT,   /* a try failed: why; it is tried again with `follow` */
};

struct sync_event {
	enum sync_event_kind kind;
	struct span peer, remote, local, id; /* borrowed until the next sync_next */
	enum peer_way way;
	struct vault_counts counts;
	uint64_t objects;  /* in this step */
	uint64_t left_out; /* parts of an event that no object here can be */
	int64_t pause;	   /* us; of SYNC_WAITS */
	struct diag why;
};

struct sync *sync_new(const struct sync_options *options);
void sync_free(struct sync *s); /* NULL accepted */
/*
 * Adds all links of a peer, or of all peers where name is empty. A link that cannot start is left out, is a
 * failure (sync_failed), and the first such reason is told in *why with RC_OK; alone it is what is returned.
 * RC_NONE: no such peer, or no links.
 */
enum rc sync_load(struct sync *s, struct span name, struct diag *why);
/*
 * Brings the links to what the peers' rows say now, for `follow`: new ones start, those of removed or
 * changed peers end, all others go on undisturbed. A link that cannot start is left out and the first
 * such reason is told: RC_OK all started, else of that one.
 */
enum rc sync_refresh(struct sync *s, struct diag *why);
/*
 * Works for at most `timeout` us (negative: until an event). RC_OK: *out is what happened; RC_AGAIN:
 * nothing in that time; RC_NONE: every link has ended. RC_IO: the fetch process is gone, or the store
 * failed.
 */
enum rc sync_next(struct sync *s, int64_t timeout, struct sync_event *out, struct diag *why);
/* After a local commit: pushes look whether there is something new. */
void sync_poke(struct sync *s);
/* Whether any link's last try failed. */
bool sync_failed(const struct sync *s);
