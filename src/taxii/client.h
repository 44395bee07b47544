#pragma once
/*
 * Sends what the client's machines (find.h, pull.h, push.h) ask over one HTTP client and reads what
 * came into a reply. For programs that fetch and store in one process; `serve` has its own, over
 * its pipe. One thread, like the client itself.
 */
#include "net/client.h"
#include "taxii/find.h"
#include "taxii/pull.h"
#include "taxii/push.h"

struct taxii_peer {
	struct client *client;
	enum client_auth auth;
	struct span user, secret; /* user and password, or the token */
	struct clock clock;
};

/*
 * *reply borrows from *answer. Every failure to get an answer is in reply->code, so a machine's
 * take comes next in any case; why says what failed.
 */
void taxii_send(const struct taxii_peer *peer, const struct ask *ask, struct client_answer *answer,
	struct reply *reply, struct diag *why);
