#pragma once
/*
 * Peers a node syncs with, and how far each exchange has come. Rows of the node's own database;
 * secrets lie in NODE/keys as "peer-NAME" beside the other keys, never in the database, which the
 * front process reads. One thread a store handle.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/vec.h"
#include "store/store.h"

extern const struct store_schema peer_schema;

enum peer_kind { PEER_TAXII, PEER_MISP };
enum peer_auth { PEER_AUTH_NONE, PEER_AUTH_BASIC, PEER_AUTH_BEARER, PEER_AUTH_CERT };
enum peer_way { PEER_PULL, PEER_PUSH };

/* Spans borrow from the arena given to peer_get or peer_list. */
struct peer {
	struct span name; /* letters, digits, "-", "_", ".": 1 to 64 */
	enum peer_kind kind;
	struct span url;
	enum peer_auth auth;
	struct span user;	   /* Basic */
	struct span ca, cert, key; /* PEM texts; the key's text lies in NODE/keys */
	struct span pin;	   /* "sha256:..." of the server's certificate; empty: none */
	int64_t every;		   /* us between polls; 0: the configuration's */
};

/* One collection exchanged with a peer, and its state. */
struct peer_link {
	struct span peer;
	enum peer_way way;
	struct span remote, local; /* id, alias or title there; alias here */
	struct span state;	   /* of the client's cursor; opaque here */
	int64_t at;		   /* push: newest local stamp that was acknowledged */
	struct span saved;	   /* state and at as the row has them */
	int64_t saved_at;
	int64_t tried, succeeded; /* TIME_NONE: never */
	struct span fault;	  /* of the last try, empty where it succeeded */
	int64_t objects;	  /* exchanged in all */
	int64_t skew;		  /* their clock minus ours, us; TIME_NONE unknown */
};

/* RC_CONFLICT: the name is taken; RC_BAD: a name or URL that cannot be. Inside a transaction of the caller's. */
enum rc peer_add(struct store *s, const struct peer *p, struct diag *why);
enum rc peer_remove(struct store *s, struct span name, struct diag *why);
/* RC_NONE: no such peer. */
enum rc peer_get(
	struct store *s, struct span name, struct arena *a, struct peer *out, struct diag *why);

struct peer_list {
	vec_of(struct peer) all;
};

/* In order of name; free(out->all.at). */
enum rc peer_list(struct store *s, struct arena *a, struct peer_list *out, struct diag *why);

struct peer_links {
	vec_of(struct peer_link) all;
};

/* RC_CONFLICT: there already. */
enum rc peer_link_add(struct store *s, const struct peer_link *link, struct diag *why);
/* Links of one peer, pulls first; free(out->all.at). */
enum rc peer_link_list(struct store *s, struct span name, struct arena *a, struct peer_links *out,
	struct diag *why);
/*
 * Writes state, at, tried, succeeded, fault, objects and skew of one link, found by its four names and by
 * how far it had come: RC_NONE where it was removed since, or removed and added anew, which starts anew.
 */
enum rc peer_link_save(struct store *s, const struct peer_link *link, struct diag *why);
