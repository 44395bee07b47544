#pragma once
/*
 * Which version of each object is in force among all collections it lies in, and where each was seen:
 * what a scanner that goes on while the vault changes must remember to disarm what was superseded, and
 * to notice and to undo what was deleted. Packed, it lies in a file beside the set that was armed from
 * it; what comes later then stands on those bytes, of which only what changes is read. One thread.
 */
#include "base/buf.h"
#include "vault/vault.h"

struct versions;

struct versions *versions_new(void);
void versions_free(struct versions *v); /* NULL accepted */

/* Room for so many more at once. */
void versions_expect(struct versions *v, uint64_t more);

enum versions_verdict {
	VERSION_FIRST,	  /* nothing of this object was in force */
	VERSION_REPLACES, /* in force from now on instead of what was */
	VERSION_IDLE,	  /* the same or a newer one is in force */
	VERSION_LOST, /* what was in force went, nothing is now: versions_resolve finds what counts */
};

/*
 * The version that a collection shows of an object now. Between collections the later specification
 * counts, then the later version, then the collection that was made first: in whatever order they are
 * seen, the same is in force in the end. permitted: false where the gate keeps it from being acted on; it
 * then only counts as seen. An id that is none is RC_BAD.
 */
enum rc versions_see(struct versions *v, const struct vault_item *item, bool permitted,
	enum versions_verdict *verdict);
/* What versions_see saw in a collection, as vault_collection_print tells of what is there. */
struct vault_print versions_print(const struct versions *v, uint32_t collection);
/* Collections in which something lies, ascending: the first above `after`; 0: none. */
uint32_t versions_collection(const struct versions *v, uint32_t after);
/* In how many collections anything lies. */
size_t versions_collections(const struct versions *v);
/* How many sights there are of objects in collections, and how many came since the packed ones. */
uint64_t versions_count(const struct versions *v);
uint64_t versions_news(const struct versions *v);

/* ---- what went ---- */

/* Everything seen in a collection, ascending by `added`. free(at) */
struct versions_sights {
	struct versions_sight {
		int64_t added;
		uint32_t index;
		bool packed;
	} * at;
	size_t len;
};
struct versions_sights versions_sights(const struct versions *v, uint32_t collection);
/* It is not there any more. True where it was in force: nothing of *object is now. */
bool versions_vanish(struct versions *v, const struct versions_sight *sight, struct uuid *object);
/*
 * Puts into force what counts among what is left of an object: VERSION_FIRST or VERSION_REPLACES, and the
 * collection that shows it; VERSION_IDLE where that is in force already, or nothing is left.
 */
enum versions_verdict versions_resolve(
	struct versions *v, const struct uuid *object, uint32_t *collection);

/* ---- what arming had to say ---- */

/* How often what of an object: patterns and comparisons that arm nothing, or with a remark. */
enum remark_kind {
	REMARK_UNKNOWN,
	REMARK_SUFFIXES,
	REMARK_WIDE,
	REMARK_REPEATED,
	REMARK_REVOKED,
	REMARK_FOREIGN,
	REMARK_COMPOUND,
	REMARK_PARTIAL,
	REMARK_WANTING,
	REMARKS,
};

struct remark {
	uint32_t of[REMARKS];
};

/* Of the version in force, instead of what was said before; an object of which none is in force: nothing. */
void versions_remark(struct versions *v, const struct uuid *object, const struct remark *said);
/* Over all versions in force. */
uint64_t versions_remarks(const struct versions *v, enum remark_kind kind);
struct versions_place {
	struct uuid object;
	uint32_t collection;
	int64_t added;
};
/* Versions in force with this remark, by collection, then as they came: the first ones. How many there are. */
size_t versions_first(
	const struct versions *v, enum remark_kind kind, size_t most, struct versions_place *out);

/* ---- packed ---- */

/* Appends all of it, at a multiple of 8. RC_LIMIT: too many collections. */
enum rc versions_pack(const struct versions *v, struct buf *out);
/*
 * Stands on packed bytes, at a multiple of 8, which must outlive it. RC_BAD: of another length than they
 * say. Nothing else of them is believed: wrong ones yield wrong verdicts and harm nobody.
 */
enum rc versions_unpack(struct span bytes, struct versions **out);
/* Reads all of the packed bytes. RC_BAD: out of order, or counted wrongly. */
enum rc versions_verify(const struct versions *v);

/* The id that ends in a UUID. RC_BAD: none. */
enum rc versions_object(struct span id, struct uuid *out);
