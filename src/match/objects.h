#pragma once
/*
 * What a record tells, as the cyber-observable objects of STIX 2.1 section 6 that an observed-data of it would
 * hold: the observables in it, as they stand and in normal form; and where names of fields say what is
 * what, traffic from a source to a destination with ports, protocols and HTTP's request, what a name was
 * resolved to, messages, files, processes, registry keys, accounts, certificates. Where no field says which
 * of its addresses is the source, each may be, and each may be the destination. One thread at a time.
 */
#include "match/reader.h"
#include "obs/obs.h"
#include "pattern/observe.h"
#include "pattern/strings.h"

enum { OBJECTS_MAX = 65536 /* of a record; what comes behind is left out */ };

struct objects;

struct senses;
/* Borrows the senses. */
struct objects *objects_new(struct senses *senses);
void objects_free(struct objects *o); /* NULL accepted */
/* From the first on only objects are told that some part could be about. */
void objects_want(struct objects *o, const struct pattern_expr *part);
/* Empty again: another record begins. */
void objects_reset(struct objects *o);
/* Something that is known to be seen in it, under one more spelling. Before objects_of. */
void objects_add(struct objects *o, struct observable seen);
/* The same for a text that is taken for a property, of which `field` is all; where that tells it already, nothing is added. */
void objects_add_text(
	struct objects *o, enum pattern_property property, struct span text, struct span field);
/* Reads the record, its defanging undone if so; the observation, which has no times, lives until the next reset. */
const struct observation *objects_of(struct objects *o, const struct record *r, bool defanged);
