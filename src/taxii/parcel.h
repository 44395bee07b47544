#pragma once
/*
 * How objects enter the vault, whoever brings them: read, checked against the standard's MUSTs, their
 * facts taken, then stored in one transaction. Checking needs no database and runs beside the writer:
 * a parcel is filled by one thread, then stored by the thread that owns the vault's handle.
 */
#include "base/arena.h"
#include "base/vec.h"
#include "stix/object.h"
#include "vault/vault.h"

/* What one object came to before it met the vault. Spans borrow from the parcel. */
struct parcel_item {
	struct vault_object object; /* bytes: as given to parcel_add */
	const char *refusal;	    /* NULL: checked and fine */
	size_t result;		    /* its position in the batch that stored it */
	bool marking;	 /* a marking-definition: stored before the others of its parcel */
	bool observable; /* a cyber-observable */
	uint16_t fixed;	 /* bit i: bears tlp_markings[i] */
	bool has_ends;	 /* a relationship, sighting or translation (memo/facts.h) */
	bool unresolved; /* bears a marking that only the vault may know; RED until then */
};

/* One request's objects: a POST, a page of a peer, a stretch of a file. */
struct parcel {
	uint32_t collection;
	struct vault_source source; /* borrowed */
	const struct uuid *status;  /* borrowed; NULL: none is written */
	struct span owner;	    /* of the status */
	int64_t received;
	struct arena text;
	vec_of(struct parcel_item) items;
	size_t bytes;			/* of all objects, for bounding parcels */
	struct stix_verdicts *verdicts; /* scratch */
	size_t unresolved;		/* how many items are */
};

struct parcel *parcel_new(void);
void parcel_free(struct parcel *p); /* NULL accepted */
/* Empty again; request fields stay. */
void parcel_reset(struct parcel *p);
/*
 * Checks one object and takes its facts. `text` is borrowed until the parcel was stored. A bad object is
 * no failure: its item says why it is refused.
 */
void parcel_add(struct parcel *p, struct span text);
/* The same with a copy of the text, for readers that reuse their buffer. */
void parcel_add_copy(struct parcel *p, struct span text);

/*
 * Stores parcels in one transaction; at most VAULT_BATCH_MAX objects together. Marking-definitions of a
 * parcel go before its other objects, so that whoever reads page by page knows what the marks mean. On
 * failure nothing is stored and the same call may be tried again (RC_AGAIN, RC_FULL). `b` is one of `v`
 * and is reset first; parcel_item.result is a position in its results.
 */
enum rc parcel_store(struct vault *v, struct vault_batch *b, struct parcel *const *parcels,
	size_t count, struct diag *why);

/*
 * What parcel_store does before its transaction, for one parcel and by a reading handle, so that the filling
 * thread can do it; vault_batch_commit(b) is the rest. `before`: see vault_batch_look. RC_NONE: the parcel
 * must wait for what is being stored, for it bears marks that only the vault may know, or names ends whose
 * marks count; use parcel_store.
 */
enum rc parcel_prepare(struct parcel *p, struct vault_batch *b, struct vault *look,
	const struct vault_batch *before, struct diag *why);

/*
 * What is known of an object by itself: markings that are not TLP's count as unknown (RED). Spans borrow
 * from it.
 */
void parcel_facts(const struct stix_object *o, struct vault_object *out);
