#pragma once
/*
 * The indicators a node holds, armed in a set: all of them at first, then whatever came or was revoked
 * since. Where NODE/set/armed.set says what the vault held at some time, the set stands on that file and
 * only what came, changed or went since is read. Also where a scan's sightings go. Reads the vault on a
 * handle of its own; one thread.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "conf/conf.h"
#include "match/ioc.h"

struct armed;

struct armed_options {
	const char *dir; /* borrowed */
	struct clock clock;
	struct rng rng;
	bool anew;  /* from the vault alone, whatever file there is */
	bool renew; /* of a compiler: only where there is a file, for then somebody scans */
	struct set_work *work; /* borrowed; may stop a refresh (RC_AGAIN); NULL: nobody looks */
};

/* RC_NONE: no node there. Nothing is armed yet. */
enum rc armed_open(const struct armed_options *options, struct armed **out, struct diag *why);
void armed_free(struct armed *a); /* NULL accepted */
/*
 * Arms what was stored since the last call, disarms what was revoked, superseded, deleted or is not to be
 * acted on any more; of an object that several collections hold, the latest version counts. The set is
 * then what a fresh one would be, on a file or not; where nothing was committed, that costs nothing. A
 * newer file is taken up when it appears. Other pattern languages and what no set can say are counted.
 * After a failure the set holds what could be read, and the next call goes on. It is always the same set,
 * which nobody else changes.
 */
enum rc armed_refresh(struct armed *a, struct match_set *set, struct diag *why);
/* Of what is armed now, as a fresh one would count it; until the next call. */
const struct ioc_counts *armed_counts(struct armed *a);
/*
 * True once for each file that was found and not used because it is damaged or none of ours: why, and what
 * mends it. Of one that is only out of date nothing is said: it costs time alone.
 */
bool armed_ignored(struct armed *a, struct diag *why);
const struct conf *armed_conf(const struct armed *a);
/*
 * Whether an indicator lies in a collection that things may leave: what is seen of another would tell
 * it. Asks the vault once for each.
 */
bool armed_leaves(struct armed *a, struct span indicator);
/* Whether the node holds an object of this id in some collection; false also where it cannot be asked. */
bool armed_holds(struct armed *a, struct span id);
/* The node's identity id: who saw. */
struct span armed_identity(const struct armed *a);
/* The identity object itself. */
struct span armed_identity_object(const struct armed *a);
/*
 * Stores objects, and the node's identity with them, in the collection that the configuration names for
 * sightings, which is made where it is not there. RC_BAD: one was refused, why says which.
 */
enum rc armed_store(struct armed *a, const struct span *objects, size_t count, uint64_t *added,
	struct diag *why);
