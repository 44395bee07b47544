#pragma once
/*
 * Compiled expressions between runs. They are as good as code, so a file counts only under the node's MAC, and
 * is found by a digest of the library's version and of what it was compiled from: a shard that changed is
 * another file, the others stay. One thread at a time; several processes may share a folder.
 */
#include "keys/mac.h"
#include "match/vscan.h"

struct vscan_cache {
	const char *folder; /* borrowed */
	struct mac_key key;
};

/* RC_NONE: not there, or nothing that was made here; it is compiled anew then. */
enum rc vscan_cache_load(const struct vscan_cache *c, struct vscan *v,
	const struct span *expression, size_t count, struct vscan_shard **out);
/* Keeps what came out. Of too many files the one that was written first goes. RC_IO: it is not kept. */
enum rc vscan_cache_save(const struct vscan_cache *c, struct vscan *v,
	const struct span *expression, size_t count, struct vscan_making *made);
