#pragma once
/*
 * How a set keeps what it knows: shared by what fills it (set.c), what looks keys up (set_find.c), what
 * asks it (probe.c) and what writes it down (set_write.c). A set may stand on a file that was compiled before: that one's items
 * come first in numbering, and what is added here hashes with the file's seed.
 */
#include "base/arena.h"
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
	bool part;
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
	bool has_parts, has_open;	/* of what was added */
	uint8_t routes[ROUTES / 8];	/* /16s of IPv4 that a range touches */
	uint64_t lengths4, lengths6[3]; /* prefix lengths in use, one bit each */
	/* Items by their indicator's id, made when the first is revoked: chains from id_first[hash]
	 * over id_next[item]. Of the items, the first `by_id` are in it. */
	uint32_t *id_first, *id_next;
	size_t id_buckets, by_id;
	struct set_file *base;	 /* owned; NULL: none */
	uint32_t base_items;	 /* numbers of what is added begin there */
	size_t unread;		 /* texts of the file that could not be taken */
	uint64_t *base_dead;	 /* of its items, a bit each; NULL: none yet */
	struct strings *strings; /* owned; NULL: no texts */
	struct set_work *work;	 /* borrowed; NULL: nobody looks */
};

/* Whether the work was asked to stop. */
bool set_is_stopped(const struct match_set *set);
/* Nothing was ever put in. */
bool set_is_empty(const struct match_set *set);
uint32_t set_hash(uint64_t seed, enum key key, struct span bytes);
/* Number of the first item of a key, NONE where there is none. */
uint32_t set_find(const struct match_set *set, enum key key, struct span bytes);
/* The same of what was added, by its own number. hash: set_hash with the set's seed. */
uint32_t set_find_own(const struct match_set *set, enum key key, struct span bytes, uint32_t hash);
/* A key that is looked for with others, so that all of them wait for memory at once. */
struct set_key {
	struct span bytes; /* as they are until set_find_all */
	enum key key;
	uint32_t hash;
	uint32_t base, own; /* its first item in the file, and of what was added; NONE */
};
enum { SET_KEYS = 64 }; /* a good number of them */
/* One more; what it will be looked for in is on its way from now on. */
struct set_key set_key_ahead(const struct match_set *set, enum key key, struct span bytes);
void set_find_all(const struct match_set *set, struct set_key *keys, size_t count);
/* The bytes of a name, a bit each, at which something may begin that a set knows. */
struct set_likely {
	uint64_t at[(NAME_LONGEST + 63) / 64];
};
void set_likely_names(const struct match_set *set, struct span name, struct set_likely *out);
/* Items of one key, one after the other: those of the file first. */
struct set_walk {
	const struct match_set *set;
	uint32_t base, own; /* what comes next in the file, and of what was added */
	uint32_t left;	    /* so many may still come from the file: its chains may be rings */
};
void set_walk(const struct match_set *set, enum key key, struct span bytes, struct set_walk *out);
void set_walk_from(const struct match_set *set, const struct set_key *found, struct set_walk *out);
/* The same of what a value lies under; false: no set holds its kind. */
bool set_walk_value(const struct match_set *set, const struct observable *o, struct set_walk *out);
/* Its number and what it is (text, next and detail mean nothing outside); NONE: that was all. */
uint32_t set_next(struct set_walk *w, struct item *out);
/* The key under which indicators of a kind lie; of hosts, KEY_NAME. */
enum key set_key_of(enum obs_kind kind);
/* A key's bytes as the observable's text: addresses are written out into the arena. */
struct span set_value(enum key key, struct span bytes, struct arena *a);
/* Whether an indicator says of itself what `known` says. */
bool set_same_facts(const struct indicator *known, const struct indicator *i);
/* An item that was added, by its own number: its key. */
struct span set_own_bytes(const struct match_set *set, const struct item *item);
struct span set_own_text(const struct match_set *set, uint32_t at);
/*
 * What a value lies under: bytes of the value, of addr (addresses, which are unmapped) or of room (ranges). RC_BAD:
 * no address or range; RC_UNKNOWN: no set holds its kind by a key.
 */
enum rc set_key_make(const struct observable *o, struct addr *addr, char room[static 17],
	enum key *key, struct span *bytes);
/* A range's key: its bytes and its length; 5 or 17 bytes, so that it equals no address. */
struct span set_range_key(const struct addr *net, char out[static 17]);
