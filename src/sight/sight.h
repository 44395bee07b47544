#pragma once
/*
 * Hits become STIX: for each indicator and window of time one sighting (STIX 2.1 section 5.2) with
 * its count, and for each thing seen one observed-data (section 4.14) with its cyber-observable.
 * What names the observer's inside - private addresses, local names, what the options list - never
 * goes into them; the sighting itself stays. One thread at a time; what is added is copied.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "obs/hit.h"
#include "stix/tlp.h"

enum {
	SIGHT_SEEN_MAX = 100, /* distinct things told for one sighting; more are only counted */
	SIGHT_COUNT_MAX = 999999999, /* of the standard */
};

struct sight_options {
	int64_t now;		     /* created and modified; also the time of hits without one */
	int64_t window;		     /* us; 0: a day. Windows begin at multiples of it since 1970 */
	struct span identity;	     /* who saw it, an identity's id; empty: not told */
	struct span identity_object; /* its JSON text, which goes into bundles; empty: none */
	const struct span *inside;   /* ranges, addresses and names that are the observer's own */
	size_t insides;
	enum tlp most; /* hits under a stricter TLP are left out; TLP_NONE: none are */
};

struct sight_counts {
	uint64_t hits;	   /* taken in */
	uint64_t withheld; /* left out by TLP */
	uint64_t internal; /* things seen that name the observer's inside */
};

struct sight;

#define own_sight __attribute__((cleanup(sight_free)))

/* Copies the options. */
struct sight *sight_new(const struct sight_options *options);
void sight_free(struct sight **s); /* NULL accepted */
void sight_add(struct sight *s, const struct hit *h);
struct sight_counts sight_counts(const struct sight *s);
/*
 * The objects, one JSON text each, in an order in which none refers to a later one: observables,
 * observed data, indicators of plain lists (which have no object of their own yet), sightings. Ids
 * are UUIDv4 from `chance`, those of observables deterministic. Borrow from s until the next call
 * on it.
 */
struct sight_objects {
	const struct span *at;
	size_t len;
	struct span last; /* the id of the last one, a sighting; empty: there is none */
};
struct sight_objects sight_objects(struct sight *s, struct rng chance);
/*
 * The same as a bundle, with a line end, the TLP markings they bear before them: readers know those
 * of TLP 1 at best. An empty bundle has no "objects".
 */
void sight_bundle(struct sight *s, struct rng chance, struct buf *out);
/* Whether an observable names somebody's inside, the options' own ranges and names included. */
bool sight_is_internal(const struct sight *s, struct observable o);
