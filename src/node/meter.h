#pragma once
/*
 * Counters that all processes of one `serve` share: an anonymous mapping made before they part, written
 * with atomics, read by /metrics. Whoever is taken over can falsify figures and nothing else.
 */
#include <stdatomic.h>

#include "base/buf.h"

struct meter {
	_Atomic uint64_t posts, objects_added, objects_duplicate, objects_quarantined,
		objects_refused;
	_Atomic uint64_t deletes, passes, passes_denied, commits;
	_Atomic uint64_t sync_pages, sync_objects, sync_faults, pushed;
	_Atomic uint64_t search_behind, quarantine;
	_Atomic int64_t started, last_commit, last_sync; /* us; 0: never */
	_Atomic int keeper_ok;				 /* 1 while the writer can write */
};

struct meter *meter_new(void);
void meter_add(_Atomic uint64_t *counter, uint64_t more);

/* Prometheus text format 0.0.4, and one JSON object. `web` is what the front's servers counted. */
struct server_stats;
void meter_text(const struct meter *m, const struct server_stats *web, struct buf *out);
