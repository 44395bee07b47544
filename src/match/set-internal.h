#pragma once
/* How a set keeps what it knows: shared by what fills it (set.c) and what asks it (probe.c). */
#include "match/set.h"
#include "obs/addr.h"

/* What a key is about. Names and addresses also stand for the hosts of URLs and e-mail addresses.
 */
enum key { KEY_NAME, KEY_ADDR, KEY_RANGE, KEY_URL, KEY_EMAIL, KEY_DIGITS };
/* What an item is: an indicator, or a note that URLs or e-mail addresses have this host. */
enum role { ROLE_INDICATOR, ROLE_URL_HOST, ROLE_EMAIL_HOST };

enum { NONE = UINT32_MAX, ROUTES = 1 << 16 };

struct item {
	uint32_t text; /* in the pool: the key's bytes */
	uint32_t next; /* with the same key */
	uint32_t detail;
	uint16_t len;
	uint8_t kind; /* enum obs_kind */
	uint8_t role : 2, reach : 2, key : 3, dead : 1;
};

/* What few indicators share or all lines of a list do. */
struct detail {
	uint32_t id, name, pattern, party, memo,
		tlp; /* in the pool, each with its length before it */
	int64_t valid_from, valid_until;
	int confidence;
};

struct slot {
	uint32_t hash, item; /* item NONE: free */
};

struct match_set {
	struct slot *slot;
	size_t slots, keys;
	vec_of(struct item) items;
	vec_of(struct detail) details;
	struct buf pool;
	uint64_t seed, version; /* rises with whatever is added, and when all goes */
	size_t armed[OBS_KINDS];
	uint8_t routes[ROUTES / 8];	/* /16s of IPv4 that a range touches */
	uint64_t lengths4, lengths6[3]; /* prefix lengths in use, one bit each */
	/* Items by their indicator's id, made when the first is revoked: chains from id_first[hash]
	 * over id_next[item]. Of the items, the first `by_id` are in it. */
	uint32_t *id_first, *id_next;
	size_t id_buckets, by_id;
};

/* First item of a key, NONE where there is none. */
uint32_t set_find(const struct match_set *set, enum key key, struct span bytes);
/* A range's key: its bytes and its length; 5 or 17 bytes, so that it equals no address. */
struct span set_range_key(const struct addr *net, char out[static 17]);
