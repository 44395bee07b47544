#pragma once
/*
 * The keys of one node, in NODE/keys: made once by ring_create, read at start by the process that
 * needs them and nobody else. node.key, node.pub    Ed25519: receipts, releases, evidence (the
 * keeper alone) mac.key               master of what the node authenticates to itself (cursors,
 * passes, sets) ca.key, ca.pem        own authority, for partners who pin nothing better
 *     server.key, server.pem, client.key, client.pem   TLS, both ways
 * *.pem and *.pub are public and 0644; the rest is 0600.
 */
#include "keys/mac.h"
#include "keys/sign.h"
#include "keys/x509.h"

struct ring {
	struct sign_key node;
	struct mac_key cursor; /* TAXII cursors, derived from mac.key */
	struct mac_key pass;   /* passes between keeper and front */
	struct mac_key set;    /* compiled sets and history */
};

struct ring_plan {
	struct span name; /* the node's, in certificates */
	const struct span
		*hosts; /* what partners will call it; "localhost", 127.0.0.1 and ::1 are added */
	size_t host_count;
	int64_t now;
};

/* Which keys a caller needs: bits for ring_open. */
enum { RING_NODE = 1, RING_MAC = 2 };

/*
 * Makes what is missing, leaves what is there: a second call is harmless, one after a crash
 * completes the first. RC_DENIED where something in the folder is open to others.
 */
enum rc ring_create(const char *path, const struct ring_plan *plan, struct rng r, struct diag *why);
/* The first of its files that is not there, node.key before all others; NULL: all are. */
enum rc ring_missing(const char *path, const char **name, struct diag *why);
enum rc ring_open(const char *path, unsigned which, struct ring *out, struct diag *why);
void ring_fini(struct ring *ring); /* overwrites it */
/* Every fault of the folder, one call each until RC_NONE: *at starts at 0. For doctor. */
enum rc ring_fault(const char *path, int64_t now, unsigned *at, struct diag *why);
