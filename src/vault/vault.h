#pragma once
/*
 * The vault: STIX objects in collections, every version byte for byte, in order of arrival.
 *
 * A handle belongs to one thread; open one for each thread and process. Many may write: whatever is
 * assigned is assigned under the append lock. Each stored version gets `added`, microseconds since
 * 1970, max(clock, last + 1) under the lock: unique in the vault, ascending in the order of
 * commits, never used again after a deletion. It is TAXII's date_added, the key of the row, the
 * cursor of pages and the order of everything, so whoever has seen all up to T misses nothing by
 * asking for what came after T (TAXII 2.1 sections 3.3, 3.4).
 *
 * Spans handed out are borrowed until the next call on the same iterator. Errors are store.h's.
 */
#include "base/clock.h"
#include "base/uuid.h"
#include "store/store.h"

struct vault;
extern const struct store_schema vault_schema;

#define own_vault __attribute__((cleanup(vault_close)))

/*
 * `s` must have been opened with vault_schema among its schemas and stays the caller's; close the
 * vault first.
 */
enum rc vault_open(struct store *s, struct clock clock, struct vault **out, struct diag *why);
void vault_close(struct vault **v);
/* `added` of the newest version ever stored; a page after it is empty until the next commit. */
enum rc vault_last(struct vault *v, int64_t *out, struct diag *why);
/* Another one for each database, and for one into which a backup was restored. */
enum rc vault_identity(struct vault *v, struct uuid *out, struct diag *why);
/* True when another connection committed since the last call; cheap enough for every 10 ms. */
bool vault_changed(struct vault *v);
/* Quiet time: moves the log into the database, gives memory back. */
void vault_idle(struct vault *v);

/* ---- objects ---- */

enum { VAULT_SPEC_2_0 = 20, VAULT_SPEC_2_1 = 21 };

/* What is known of one object; the bytes are the exact text that came. */
struct vault_object {
	struct span id;	     /* "type--uuid" (STIX 2.1 section 2.9) */
	struct span version; /* exact text of modified, else created, else empty: unversioned */
	int64_t version_at;  /* its instant, us; TIME_NONE when unversioned */
	int64_t created_at;  /* TIME_NONE where absent */
	struct span creator; /* created_by_ref, empty where absent */
	unsigned spec;	     /* VAULT_SPEC_*: major * 10 + minor */
	bool revoked;
	uint8_t class; /* release class, effective TLP, privacy: the caller's numbers, kept */
	/* Of copies of one version the highest counts: one that VAULT_REMOTE brings is raised to it. */
	uint8_t tlp;
	uint8_t privacy;
	bool fixed; /* its id says all: whatever lies here under this id and version is the same */
	struct span bytes;
};

/* What an unversioned object (SCO, marking-definition of TLP) has for a version, always the same.
 */
#define VAULT_UNVERSIONED "1970-01-01T00:00:00.000Z"

/* One stored version. */
struct vault_item {
	int64_t added;
	uint32_t collection;
	struct vault_object
		object; /* version is VAULT_UNVERSIONED, version_at 0 when unversioned */
	struct span type;
	struct span source; /* who delivered it: vault_source.name */
	bool last;	    /* what match[version]=last shows of this object in this collection */
	bool unversioned;
	/* The same numbers of the newest version in this collection; of pages only. */
	uint8_t newest_tlp, newest_privacy;
};

/* ---- collections ---- */

struct vault_collection {
	uint32_t number; /* in this database */
	struct uuid id;	 /* a UUIDv4 (TAXII 2.1 section 5.2.1) */
	struct span alias, title, description;
	bool never_leaves;
	int64_t made;
};

/*
 * A number of 0 asks for the next; RC_CONFLICT: id or alias is taken; RC_BAD: alias is not 1 to 64
 * of a-z 0-9 "-" "_" "." starting with a letter or digit, or looks like a UUID.
 */
enum rc vault_collection_add(struct vault *v, struct vault_collection *c, struct diag *why);
/*
 * By UUID text or alias. Text in `out` lives as long as the vault's next collection call. RC_NONE.
 */
enum rc vault_collection_find(
	struct vault *v, struct span id_or_alias, struct vault_collection *out, struct diag *why);
/* In the order they were made: start with *number 0, RC_NONE at the end. */
enum rc vault_collection_next(
	struct vault *v, uint32_t *number, struct vault_collection *out, struct diag *why);
/*
 * What tells whether the objects of a type that a collection shows by default are those that somebody
 * saw before: how many, and the sum of vault_print_of their `added`. Reads the index: 50 ms a million.
 */
struct vault_print {
	uint64_t count, sum;
};
uint64_t vault_print_of(int64_t added);
enum rc vault_collection_print(struct vault *v, uint32_t number, struct span type,
	struct vault_print *out, struct diag *why);
/* The `added` of what it counts, ascending, later than `after`; fewer than VAULT_STAMPS: those were the last. */
enum { VAULT_STAMPS = 4096 };
struct vault_stamps {
	int64_t at[VAULT_STAMPS];
	size_t len;
};
enum rc vault_collection_stamps(struct vault *v, uint32_t number, struct span type, int64_t after,
	struct vault_stamps *out, struct diag *why);
/* With all its objects, versions, statuses, quarantine and search entries. */
enum rc vault_collection_remove(struct vault *v, uint32_t number, struct diag *why);
/* Counts the versions and the objects in it; reads the index: 20 ms a million. */
enum rc vault_collection_count(
	struct vault *v, uint32_t number, uint64_t *versions, uint64_t *objects, struct diag *why);

/* ---- putting ---- */

enum vault_power {
	VAULT_REMOTE,	/* a TAXII user, a peer: may version its own, and what it brought itself */
	VAULT_OPERATOR, /* a person at this node's command line: also what is nobody's here */
	VAULT_OVERRIDE, /* an officer accepting from quarantine: no rule but equal versions */
};

/*
 * Who delivers. A version of an object whose created_by_ref is bound here to somebody else is
 * quarantined (STIX 2.1 section 3.6: only the creator versions); so is a version of an object whose
 * creator is bound to nobody, unless it comes from where the earlier one came from.
 */
struct vault_source {
	struct span name; /* "user:NAME", "sync:NAME", "local" */
	enum vault_power power;
	const struct uuid *identities; /* identity objects this source is */
	size_t identity_count;
	const struct uuid *bound; /* identities bound to any user or party here, ascending */
	size_t bound_count;	  /* (memcmp order); may include its own */
};

enum vault_verdict {
	VAULT_ADDED,
	VAULT_DUPLICATE,   /* the same version with the same content is there: a success */
	VAULT_QUARANTINED, /* kept aside, reason says why */
	VAULT_REFUSED,	   /* not kept: the caller's vault_batch_refuse, or a malformed id */
};

struct vault_result {
	enum vault_verdict verdict;
	const char *reason; /* a short English sentence; NULL when added */
	int64_t added;	    /* of the stored version (also of the one it duplicates), else 0 */
};

/*
 * A batch gathers objects of one or more requests and stores all in one transaction, at most
 * VAULT_BATCH_MAX objects; whole or not at all. Facts are copied, the `bytes` of each object are
 * borrowed until vault_batch_commit returns. One batch may carry many small requests (group
 * commit).
 */
enum { VAULT_BATCH_MAX = 50000 };
struct vault_batch;
#define own_vault_batch __attribute__((cleanup(vault_batch_free)))

struct vault_batch *vault_batch_new(struct vault *v);
void vault_batch_free(struct vault_batch **b);
void vault_batch_reset(struct vault_batch *b); /* empty again; keeps memory */
size_t vault_batch_count(const struct vault_batch *b);

struct vault_request {
	uint32_t collection;
	struct vault_source source; /* borrowed until commit */
	const struct uuid *status;  /* a TAXII status to write, NULL for none */
	struct span owner;	    /* who may read the status */
	int64_t received;	    /* its request_timestamp; 0: the commit's time */
	bool supplement;	    /* what this node puts beside others' objects: in no count */
};

/* What follows belongs to this request. Call it before the first add. */
void vault_batch_request(struct vault_batch *b, const struct vault_request *r);
/* RC_LIMIT: the batch is full, commit first. A bad object is no error here but a refused result. */
enum rc vault_batch_add(struct vault_batch *b, const struct vault_object *o);
/* An object that its checker refused, so that its status lists it; id and version may be empty. */
enum rc vault_batch_refuse(
	struct vault_batch *b, struct span id, struct span version, const char *reason);
/*
 * Sorts the batch and notes by `look`, a reading handle of the same database, which of its ids are stored,
 * so that the commit need not: for the thread that fills batches beside the one that stores them. Only a
 * note: what others add before the commit makes it void, and where it cannot be had the commit looks itself.
 * `before`: the batch handed to the storing thread last, stored by now or not, which nobody may reset during
 * the call; where it was not looked up, neither is this. NULL: all handed over are stored. Batches are
 * committed in the order of their looks.
 */
void vault_batch_look(struct vault_batch *b, struct vault *look, const struct vault_batch *before);
/*
 * Takes the append lock, stores, makes durable. On failure nothing is there and the batch is as
 * before: RC_AGAIN and RC_FULL may be tried again. RC_NONE: a request's collection does not exist.
 */
enum rc vault_batch_commit(struct vault_batch *b, struct diag *why);
/* After commit: of the object added or refused at position i. */
const struct vault_result *vault_batch_result(const struct vault_batch *b, size_t i);
struct vault_counts {
	uint64_t added, duplicate, quarantined, refused;
};
struct vault_counts vault_batch_counts(const struct vault_batch *b);

/* One object, one transaction. */
enum rc vault_put(struct vault *v, const struct vault_request *r, const struct vault_object *o,
	struct vault_result *out, struct diag *why);

/*
 * Gives a source another name, also on all that it delivered, so that whoever comes under the old one
 * has delivered nothing yet. RC_NONE: it never delivered anything.
 */
enum rc vault_source_rename(struct vault *v, struct span name, struct span to, struct diag *why);

/* ---- reading ---- */

/* match[version] (TAXII 2.1 section 3.4.1): bits of `which`, and exact instants; none: last. */
enum { VAULT_LAST = 1, VAULT_FIRST = 2, VAULT_ALL = 4 };

/*
 * Fields are joined by AND, values of one by OR; an empty list asks for all. Without `specs` only
 * the latest specification version of each object is shown. `first` and `last` are taken, object by
 * object, among what the other fields let through; `after` does not take part in that.
 */
struct vault_filter {
	const struct span *ids, *types;
	const unsigned *specs;
	const int64_t *at;
	size_t id_count, type_count, spec_count, at_count;
	unsigned which;
	int64_t after; /* added strictly later; 0 or less: from the start */
};

enum { VAULT_FILTER_IDS = 1024 };

/*
 * Iterates ascending by `added` over what the filter shows of one collection; the caller stops when
 * it has enough and goes on later with filter.after = the last item.added it took. Holds a snapshot
 * while open, so close it soon. VAULT_FACTS: no bytes, for manifests. VAULT_SEND: bytes, their
 * instants and what a gate asks, for sending by the thousand; of id, type, version, creator and
 * source it leaves out what costs time.
 */
enum vault_want { VAULT_FACTS, VAULT_BYTES, VAULT_SEND };
struct vault_page;
#define own_vault_page __attribute__((cleanup(vault_page_close)))
/* RC_LIMIT: more than VAULT_FILTER_IDS ids or types. The filter is borrowed until closing. */
enum rc vault_page_open(struct vault *v, uint32_t collection, const struct vault_filter *f,
	enum vault_want want, struct vault_page **out, struct diag *why);
/* RC_NONE: the end. Borrowed spans of *out live until the next call. */
enum rc vault_page_next(struct vault_page *p, struct vault_item *out, struct diag *why);
void vault_page_close(struct vault_page **p);

/* True when any version of the object is in the collection. */
enum rc vault_has(
	struct vault *v, uint32_t collection, struct span id, bool *out, struct diag *why);
/*
 * The last version of an object in any collection (the latest by version, then the latest added),
 * in memory of the caller's arena. RC_NONE.
 */
struct arena;
enum rc vault_get(
	struct vault *v, struct span id, struct arena *a, struct vault_item *out, struct diag *why);
/*
 * How an object stands in the whole vault: what is kept beside its newest version (as vault_get
 * finds it), in every collection that has a copy of it. Reads no bytes. RC_NONE.
 */
struct vault_standing {
	uint8_t class;
	uint32_t tlps, privacies; /* bit N: a copy has the number N */
	bool leaves;		  /* some version is in a collection that things may leave */
};
enum rc vault_standing(
	struct vault *v, struct span id, struct vault_standing *out, struct diag *why);

/* ---- deleting ---- */

/*
 * Removes the versions of one object in one collection that filter->specs, at and which pick (an
 * empty filter: all of them, unlike a page's default) with their search entries. RC_NONE: the
 * object is not in the collection; removed may be 0.
 */
enum rc vault_delete(struct vault *v, uint32_t collection, struct span id,
	const struct vault_filter *f, uint64_t *removed, struct diag *why);
