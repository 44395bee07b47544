#pragma once
/*
 * What the gate must know of an object, and nothing more: its class, the strictest TLP marking it
 * bears, the level of personal data in it, and whether it lies where nothing leaves. The first
 * three are taken from the object when it arrives and kept beside it, one byte each
 * (vault_object.class, tlp, privacy); those of a relationship or sighting are joined with its ends'
 * when it is read, because ends change their markings later. Pure functions; any thread.
 */
#include "stix/marking.h"

/* What personal data an object holds; strictness rises. */
enum privacy {
	PRIVACY_NONE,
	PRIVACY_TECHNICAL, /* addresses, domains, URLs, hashes */
	PRIVACY_PERSON,	   /* e-mail address, account, name */
	PRIVACY_VICTIM,
};

/* Flags of struct facts. */
enum {
	FACTS_UNMARKED = 1,	/* a part of it bears no marking at all (and another may) */
	FACTS_NEVER_LEAVES = 2, /* in no collection that anything may leave */
	FACTS_HIDDEN = 4,	/* an end whose facts cannot be had */
};

struct facts {
	uint8_t class;	 /* enum stix_class */
	uint8_t tlp;	 /* enum tlp; TLP_NONE: unmarked; markings nobody here knows are TLP_RED */
	uint8_t privacy; /* enum privacy */
	uint8_t flags;
};

/*
 * Of one object by itself. `resolve` finds its marking-definitions; NULL: only the fixed ones are
 * known. Where granular markings alone mark it, the rest is unmarked: it counts as the strictest of
 * them and AMBER.
 */
struct facts facts_of(const struct stix_object *o, const struct stix_resolver *resolve);
/* From the bytes that were kept; a byte out of range is read as the strictest there is. */
struct facts facts_kept(uint8_t class, uint8_t tlp, uint8_t privacy);
/* What holds for both together: the class stays that of `a`, all else is the stricter. */
struct facts facts_join(struct facts a, struct facts b);
/*
 * Of an end that this node has never seen: unmarked. Its markings are unknown, so it goes nowhere
 * that an unmarked object would not; when it arrives its own count at once.
 */
struct facts facts_absent(void);
/* The level that decisions use: `unmarked` (a memorandum's default_tlp, AMBER) where nothing marks
 * it. */
enum tlp facts_level(struct facts f, enum tlp unmarked);

/*
 * Ends of a relationship (source_ref, target_ref) or sighting (sighting_of_ref, observed_data_refs,
 * where_sighted_refs), one a call, borrowed from `o`: start with *at = 0, RC_NONE after the last.
 */
enum rc facts_end(const struct stix_object *o, size_t *at, struct span *id);

/*
 * Where the facts of ends are found: of the newest version of an end, in whatever collection it lies
 * (FACTS_NEVER_LEAVES where every such collection never leaves). RC_NONE: there is none. Any other code of it
 * makes what has the end FACTS_HIDDEN.
 */
struct facts_source {
	enum rc (*find)(void *ctx, struct span id, struct facts *out);
	void *ctx;
};
/* Whether an object of these facts may have ends: the others need no bytes. */
bool facts_may_have_ends(struct facts own, struct span bytes);
/* Joined with those of its ends; FACTS_HIDDEN where it cannot be read or has too many of them. */
struct facts facts_with_ends(struct facts own, struct span bytes, const struct facts_source *ends);

/* "none", "technical", "person", "victim" */
const char *privacy_word(enum privacy p);
/* Level of one object, computed from its type and properties, never taken from what it says of
 * itself. */
enum privacy privacy_of(const struct stix_object *o);
