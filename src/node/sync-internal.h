#pragma once
/* One link of node/sync.h and the two ways it can go: sync.c drives, pull and push steps are here. */
#include "keys/digest.h"
#include "node/arrival.h"
#include "node/sync.h"
#include "taxii/find.h"
#include "taxii/pull.h"
#include "taxii/push.h"

enum link_phase { LINK_FIND, LINK_PULL, LINK_PUSH, LINK_MISP, LINK_ENDED };

struct link {
	uint64_t number; /* of the channel in the fetch process; free again once the link is gone */
	uint64_t asked;	 /* id of the question under way */
	struct arena mem; /* of row, peer_url and objects_url */
	struct peer_link row;
	struct span peer_url, objects_url;
	uint8_t channel[SHA256_SIZE]; /* of how the peer is reached, secret included */
	bool kept;		      /* sync_refresh: still wanted */
	uint32_t local;		      /* collection's number */
	int64_t every;
	enum link_phase phase;
	struct find find;
	struct backoff backoff; /* of finding */
	struct pull pull;
	struct push push;
	struct misp_link *misp;	 /* of a link with a MISP server, else NULL */
	struct push_item *items; /* of the push under way */
	size_t item_count;
	struct arena outgoing; /* their bytes */
	int64_t reached;       /* newest local stamp looked at by the push under way */
	bool pushing, in_flight, failed;
	bool busy;				    /* the peer's last answer was 429 or 503 */
	int64_t waited;				    /* us, for a busy peer, without follow */
	int64_t next_at;			    /* monotonic us */
	struct arena text, saved;		    /* of row.state and row.saved */
	char fault[sizeof((struct diag *)0)->what]; /* of row.fault */
};

struct sync {
	struct node *node;
	const struct conf *conf;
	struct fetch *fetch;
	bool follow;
	vec_of(struct link *) links;
	struct parcel *parcel;
	struct vault_batch *batch;
	uint64_t last_ask;
	bool left_out; /* sync_load: a link could not start */
};

void link_event(
	struct sync *s, const struct link *l, enum sync_event_kind kind, struct sync_event *out);
void link_fault(struct sync *s, struct link *l, int64_t sleep, struct sync_event *out);
void link_success(struct sync *s, struct link *l);
/* The configuration's pauses after failures. */
struct backoff link_backoff(const struct sync *s);
enum rc link_save(struct sync *s, struct link *l, struct diag *why);

void link_free(struct link *l);
enum rc link_add(
	struct sync *s, const struct peer *p, const struct peer_link *row, struct diag *why);
/* What makes a running link another one when it changes: url, credentials, certificates, interval. */
enum rc channel_digest(struct sync *s, const struct peer *p, uint8_t *out, struct diag *why);

void pull_start(struct sync *s, struct link *l);
void pull_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out);
/* Collects what is to be sent. RC_NONE: nothing, *out is the event. */
enum rc push_gather(struct sync *s, struct link *l, struct sync_event *out, struct diag *why);
void push_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out);
