#pragma once
/*
 * The front's side of its talk with the keeper: taxii_ops whose passes and writes are made in the other
 * process. Passes are remembered while they are fresh, so that most requests need no message. Any thread
 * may call the ops; one thread of the desk's own moves the messages and wakes who waited.
 */
#include "jail/pipe.h"
#include "net/server.h"
#include "node/node.h"
#include "taxii/server.h"

struct desk;

struct desk_options {
	struct pipe *keeper; /* the desk's alone from now on */
	struct node *node;   /* opened to read; the desk's alone */
	struct mac_key key;  /* of passes */
	enum rc (*reload)(
		void *ctx, struct diag *why); /* the keeper wants certificates read again */
	enum rc (*learn)(void *ctx, struct diag *why); /* users have changed */
	void *ctx;
};

struct desk *desk_new(const struct desk_options *options);
struct taxii_ops desk_ops(struct desk *d);
/*
 * Moves messages until the keeper has gone; commits of any process wake all held
 * answers of `server`. Called once, in a thread of the caller's. RC_NONE: the keeper closed the pipe.
 */
enum rc desk_run(struct desk *d, struct server *server);
