#pragma once
/* The index of across.c as the rules of across_rules.c see it. */
#include "stix/across.h"
#include "stix/check-internal.h"

/* Which rules an object is of interest to. */
enum {
	ACROSS_TRANSLATES = 1 << 0,
	ACROSS_MARKING = 1 << 1,
	ACROSS_LINK = 1 << 2,	 /* its references say of what kind they must be */
	ACROSS_SAMPLES = 1 << 3, /* one malware with several samples */
	ACROSS_EXTENDED = 1 << 4,
};

enum { NOBODY = UINT32_MAX };

struct across_entry {
	struct span text;  /* where it lies, ptr NULL: in `value` */
	yyjson_val *value; /* borrowed */
	struct span id;
	uint64_t maker; /* hash of created_by_ref, 0: none */
	size_t index;
	uint32_t next;	       /* of the same id, NOBODY: none */
	uint32_t last, latest; /* of the same id in the file and in time, kept on the first */
	int64_t modified;      /* TIME_NONE: not read */
	uint32_t twin;	       /* the next of the same UUID and maker */
	unsigned rules;
};

/* The first entry of an id, NOBODY: none in this file. */
uint32_t across_find(struct stix_across *a, struct span id);
const struct across_entry *across_at(struct stix_across *a, uint32_t number);
/*
 * The entry's value; *doc owns it where it was read anew. NULL once so much was read again that the
 * file must mean harm: as if the object were not there.
 */
yyjson_val *across_open(struct stix_across *a, const struct across_entry *e, yyjson_doc **doc);
/* The latest version of an id; NOBODY: none in this file. */
uint32_t across_latest(struct stix_across *a, struct span id);
/* Circles of markings that mark each other, over all `count` entries; item: where they stand. */
void across_circles(struct check *c, struct stix_across *a, struct frame *item, size_t count);
/* The rules of one entry, at c->at. */
void across_rules(struct check *c, struct stix_across *a, const struct across_entry *e);
