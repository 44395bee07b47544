#pragma once
/*
 * A collection as MISP events, as far as the pass permits: what came from MISP goes back as it came,
 * indicators that were born as STIX are gathered into events with stable UUIDs, one for each creator,
 * day and TLP level. One thread; the vault's handle belongs to it meanwhile.
 *
 *     out_misp_open(&options, &out, &why);
 *     while ((code = out_misp_next(out, &item, &why)) == RC_OK) ...
 */
#include "base/buf.h"
#include "memo/release.h"
#include "vault/vault.h"

struct out_misp_options {
	struct vault *vault;
	uint32_t collection;
	const struct pass *pass;
	const struct facts_source *ends;
	int64_t now;
	int64_t after;	      /* of vault_item.added: what is new since; 0: all */
	size_t most;	      /* objects looked at; 0: all */
	struct span not_from; /* vault_source.name whose objects are not sent back; empty: none */
	struct span me, my_name; /* this node's identity */
	bool changes;		 /* for pushing: sightings are items of their own */
};

enum out_misp_kind { OUT_MISP_EVENT, OUT_MISP_SIGHTING };

/* Borrowed until the next call. */
struct out_misp_item {
	enum out_misp_kind kind;
	char uuid[37];	  /* of the event, or of the attribute that was sighted */
	struct span text; /* {"Event":{...}}, or the body for sightings/add */
	bool gathered;	  /* an event of ours: an edit adds to it and states no timestamp */
	size_t objects;
};

struct out_misp_counts {
	uint64_t written, withheld, unsaid;
};

struct out_misp;
enum rc out_misp_open(
	const struct out_misp_options *options, struct out_misp **out, struct diag *why);
/* RC_NONE after the last. */
enum rc out_misp_next(struct out_misp *out, struct out_misp_item *item, struct diag *why);
struct out_misp_counts out_misp_counts(const struct out_misp *out);
/* The newest `added` that was looked at; options.after where nothing was. */
int64_t out_misp_reached(const struct out_misp *out);
void out_misp_close(struct out_misp **out); /* NULL accepted */
