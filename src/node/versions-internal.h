#pragma once
/* How versions are kept: versions.c judges, versions_pack.c writes them down and stands on what was written. */
#include <assert.h>

#include "base/vec.h"
#include "node/versions.h"

/* What one collection shows of one object. */
struct seen {
	struct uuid uuid;
	int64_t added, version;
	uint32_t collection, remark; /* remark: index + 1; 0: none */
	uint8_t spec;
	bool permitted, in_force, gone;
};

/* index + 1; 0: free. The hash spares a look at those that only share the place. */
struct slot {
	uint32_t hash, index;
};

struct print {
	uint32_t collection;
	struct vault_print sum;
};

/* ---- packed: head, collections ascending, remarks by object, rows by collection and stamp, then rows by
 * object as their numbers. Little-endian. ---- */

enum { ROW_PERMITTED = 1, ROW_IN_FORCE = 2, ROW_REMARK = 4 };

struct packed_head {
	uint32_t format, collections;
	uint64_t rows, remarks, sums[REMARKS];
};

struct packed_collection {
	uint32_t number, unused;
	uint64_t first, count, sum; /* rows */
};

struct packed_remark {
	struct uuid uuid;
	int64_t added;
	uint32_t collection;
	struct remark said;
};

/* Numbers in halves, so that a row needs no padding. */
struct packed_row {
	struct uuid uuid;
	uint32_t added[2], version[2];
	uint16_t collection; /* index */
	uint8_t spec, bits;
};

static_assert(sizeof(struct packed_head) == 96 && sizeof(struct packed_collection) == 32 &&
	      sizeof(struct packed_remark) == 64 && sizeof(struct packed_row) == 36);

struct versions {
	vec_of(struct seen) seen;
	vec_of(struct print) prints;
	vec_of(struct remark) remarks;
	uint64_t sums[REMARKS];
	struct slot *slot; /* all of one uuid in one run */
	size_t slots;
	uint64_t seed, news;
	/* What it stands on; of rows that were lifted into `seen` a bit says so. */
	const struct packed_collection *base_collection;
	const struct packed_remark *base_remark;
	const struct packed_row *base;
	const uint32_t *base_order;
	uint32_t base_collections;
	uint64_t base_rows, base_remarks, *lifted;
};

static inline int64_t
versions_number(const uint32_t half[static 2])
{
	return (int64_t)((uint64_t)half[1] << 32 | half[0]);
}

static inline bool
versions_is_lifted(const struct versions *v, uint64_t row)
{
	return v->lifted[row / 64] >> row % 64 & 1;
}

/* Takes a packed object's rows, and its remark, into the heap, unless they are there. */
void versions_lift(struct versions *v, const struct uuid *uuid);
/* Puts one more into the heap. */
struct seen *versions_put(struct versions *v, const struct seen *made);
/* A row as it would be in the heap, without its remark. */
struct seen versions_row(const struct versions *v, uint64_t row);
