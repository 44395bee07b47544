#pragma once
/*
 * Sending events and sightings to a MISP server as a state machine without input or output: an event is
 * added, or edited where it is there already, and published where that was asked for. What it is given
 * must carry the gate's pass (feed/out_misp.h). Follows MISP's published API description: /events/add,
 * /events/edit, /events/publish, /sightings/add. One thread.
 */
#include "base/arena.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "taxii/ask.h"

enum misp_fate { MISP_WAITING, MISP_TAKEN, MISP_CURRENT /* it had it already */, MISP_FAILED };

struct misp_push_item {
	bool sighting;
	char uuid[UUID_TEXT]; /* of the event, or of the attribute sighted */
	struct span text;     /* borrowed until misp_push_fini */
	size_t objects;
	enum misp_fate fate;
	struct span message; /* of a failure, in the machine's memory */
};

struct misp_push_config {
	struct span url, remote; /* remote: see misp_remote_check */
	struct rng chance;
};

enum misp_push_phase { MISP_ADD, MISP_EDIT, MISP_PUBLISH };

struct misp_push {
	struct misp_push_config config;
	struct misp_push_item *items;
	size_t count, at;
	enum misp_push_phase phase;
	struct buf url, body;
	struct arena mem;
	struct backoff backoff;
	unsigned tries; /* of the item under way */
};

enum misp_push_step { MISP_PUSH_ASK, MISP_PUSH_DONE, MISP_PUSH_FAULT };

struct misp_push_turn {
	int64_t sleep;
	enum rc code; /* of a fault */
};

void misp_push_init(struct misp_push *p, const struct misp_push_config *config,
	struct misp_push_item *items, size_t count);
void misp_push_fini(struct misp_push *p);
/* Not after MISP_PUSH_DONE. */
void misp_push_ask(struct misp_push *p, struct ask *out);
enum misp_push_step misp_push_take(
	struct misp_push *p, const struct reply *r, struct misp_push_turn *turn, struct diag *why);
