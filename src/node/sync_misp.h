#pragma once
/*
 * The two ways of a link with a MISP server: events come, are made into objects and stored; what is here
 * goes out as events and sightings. Called by node/sync.c alone, in its thread.
 */
#include "feed/misp_pull.h"
#include "feed/misp_push.h"
#include "node/settle.h"
#include "node/sync-internal.h"

struct misp_link {
	struct misp_pull pull;
	struct misp_push push;
	bool pulling, pushing;
	vec_of(struct misp_push_item) items;
	struct arena outgoing;
	int64_t reached; /* newest local stamp that the push under way has looked at */
	struct settle settle;
};

/* RC_BAD: the link's remote is no filter. */
enum rc misp_link_new(struct sync *s, struct link *l, struct diag *why);
void misp_link_free(struct misp_link *m); /* NULL accepted */
/* RC_NONE: nothing to ask, *out is the event. */
enum rc misp_link_ask(struct sync *s, struct link *l, struct ask *ask, struct sync_event *out);
void misp_link_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out);
