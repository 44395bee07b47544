#pragma once
/*
 * Which version of each object is in force among all collections it lies in, and where each was seen:
 * what a scanner that goes on while the vault changes must remember to disarm what was superseded, and
 * to notice what was deleted. Memory only; one thread.
 */
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
	VERSION_LOST,	  /* what was in force went and nobody knows what counts now: begin anew */
};

/*
 * The version that a collection shows of an object now. Between collections the later specification
 * counts, then the later version, then what came first. permitted: false where the gate keeps it from
 * being acted on; it then only counts as seen. An id that is none is RC_BAD.
 */
enum rc versions_see(struct versions *v, const struct vault_item *item, bool permitted,
	enum versions_verdict *verdict);
/* What versions_see saw in a collection, as vault_collection_print tells of what is there. */
struct vault_print versions_print(const struct versions *v, uint32_t collection);
/* In how many collections anything was seen. */
size_t versions_collections(const struct versions *v);
