/* The keeper's two slow threads: housekeeping, and exchange with peers. */
#include <string.h>

#include "node/compile.h"
#include "node/keeper-internal.h"
#include "node/sync.h"
#include "vault/quarantine.h"
#include "vault/search.h"
#include "vault/status.h"

/* A step of the search holds the append lock: for 15 ms where others write, for 60 where nobody does. */
enum { FILL_BUSY = 1000, FILL_QUIET = 4000 };
#define REST_BUSY (SECOND / 50)
#define REST_QUIET (SECOND / 1000)
#define REFRESH_AGAIN (5 * SECOND)

static void
failed(struct keeper *k, const struct diag *why)
{
	if (atomic_load(&k->failed))
		return;
	k->failure = *why;
	atomic_store(&k->failed, true);
}

static void
gauges(struct keeper *k)
{
	uint64_t behind, aside;
	int64_t since;
	struct diag ignored;
	if (!vault_search_lag(k->house.vault, &behind, &since, &ignored))
		atomic_store(&k->options.meter->search_behind, behind);
	if (!vault_quarantine_count(k->house.vault, &aside, &ignored))
		atomic_store(&k->options.meter->quarantine, aside);
}

struct house {
	int64_t tidy_at, quiet_since, counted; /* monotonic; 0: never, or not now */
	bool tidied, idle;
};

/* A disk that became read-only or broke is no reason to end: what is there can still be read. */
static void
tidy(struct keeper *k, struct house *h, int64_t start)
{
	struct diag why = {};
	int64_t now = clock_monotonic();
	if (now < h->tidy_at)
		return;
	enum rc code = vault_status_tidy(k->house.vault,
		h->tidied ? clock_now(k->options.clock) - 3600 * SECOND : start, &why);
	if (code && code != RC_AGAIN)
		k->options.log("write.failed", &why);
	h->tidied |= !code;
	h->tidy_at = now + (code ? 60 : 3600) * SECOND;
}

/* Fills the search a step further and says how long to rest, us. */
static int64_t
fill(struct keeper *k, struct house *h)
{
	struct diag why = {};
	int64_t now = clock_monotonic();
	bool others = vault_changed(k->house.vault);
	if (atomic_load(&k->busy))
		return SECOND / 2; /* envelopes go first */
	enum rc code = vault_search_fill(k->house.vault, others ? FILL_BUSY : FILL_QUIET, &why);
	if (code == RC_OK) {
		h->quiet_since = 0;
		h->idle = false;
		/* To count what is left reads an index of it. */
		if (now - h->counted > 2 * SECOND) {
			gauges(k);
			h->counted = clock_monotonic();
		}
		return others ? REST_BUSY : REST_QUIET;
	}
	if (h->quiet_since == 0) {
		h->quiet_since = now;
		gauges(k);
	}
	if (!h->idle && code == RC_NONE && now - h->quiet_since > 3 * SECOND) {
		vault_idle(k->house.vault);
		mem_give_back();
		h->idle = true;
	}
	return SECOND / 2;
}

static void
tell_compiled(struct keeper *k)
{
	struct diag line = {};
	enum rc code = compiler_news(k->compiler, &line);
	if (code != RC_NONE)
		k->options.log(code ? "set.failed" : "set.compiled", code ? &line : NULL);
}

void *
keeper_house(void *ctx)
{
	struct keeper *k = ctx;
	struct house h = {};
	int64_t start = clock_now(k->options.clock);
	vault_status_keep(k->house.vault, k->options.conf->status_keep);
	do {
		tidy(k, &h, start);
		tell_compiled(k);
	} while (keeper_pause(k, fill(k, &h)));
	return NULL;
}

static void
sync_note(struct keeper *k, const struct sync_event *e)
{
	struct meter *m = k->options.meter;
	struct diag line = e->why;
	diag_where(&line, "peer=%.*s %s=%.*s", (int)e->peer.len, e->peer.ptr,
		e->way == PEER_PULL ? "from" : "to", (int)e->remote.len, e->remote.ptr);
	switch (e->kind) {
	case SYNC_PULLED:
		meter_add(&m->sync_pages, 1);
		meter_add(&m->sync_objects, e->counts.added);
		atomic_store(&m->last_sync, clock_now(k->options.clock));
		diag_what(&line, "objects=%llu added=%llu quarantined=%llu refused=%llu",
			(unsigned long long)e->objects, (unsigned long long)e->counts.added,
			(unsigned long long)e->counts.quarantined,
			(unsigned long long)e->counts.refused);
		k->options.log("sync.pulled", &line);
		break;
	case SYNC_PUSHED:
	case SYNC_REFUSED:
		meter_add(&m->pushed, e->objects);
		atomic_store(&m->last_sync, clock_now(k->options.clock));
		/* Why a peer refused is its text, and may hold what was refused: "tocsin sync" shows
		 * it, a log has no marking. */
		if (e->kind == SYNC_PUSHED)
			diag_what(&line, "objects=%llu", (unsigned long long)e->objects);
		else
			diag_what(&line, "objects=%llu refused=%llu first=%s",
				(unsigned long long)e->objects,
				(unsigned long long)e->counts.refused, e->why.where);
		k->options.log(e->kind == SYNC_PUSHED ? "sync.pushed" : "sync.refused", &line);
		break;
	case SYNC_WAITS:
	case SYNC_FAULT:
		meter_add(&m->sync_faults, 1);
		k->options.log("sync.fault", &line);
		break;
	case SYNC_QUIET: atomic_store(&m->last_sync, clock_now(k->options.clock)); break;
	}
}

/*
 * The peers' rows as they are now. A reason not to start a link is told once, not at every commit. When to look
 * again though nothing changed, for what was lacking may be there by then: INT64_MAX where all went well.
 */
static int64_t
refresh(struct keeper *k, struct sync *s, struct diag *told)
{
	struct diag why = {};
	enum rc code = sync_refresh(s, &why);
	if (code && strcmp(told->what, why.what) != 0)
		k->options.log("sync.fault", &why);
	*told = why;
	return code ? clock_monotonic() + REFRESH_AGAIN : INT64_MAX;
}

static bool
stopping(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	bool stop = k->stop;
	pthread_mutex_unlock(&k->lock);
	return stop;
}

/* Peers may come and go while we serve: their rows are read again whenever the database changed. */
void *
keeper_sync(void *ctx)
{
	struct keeper *k = ctx;
	struct sync_options options = {
		.node = &k->syncer,
		.conf = k->options.conf,
		.fetch = k->options.fetch,
		.follow = true,
	};
	struct sync *s = sync_new(&options);
	struct sync_event e;
	struct diag why = {}, told = {};
	vault_changed(k->syncer.vault); /* from here on */
	bool on = true;
	int64_t again = refresh(k, s, &told);
	while (on && !stopping(k)) {
		enum rc code = sync_next(s, SECOND / 10, &e, &why);
		if (code == RC_OK) {
			sync_note(k, &e);
		} else if (code == RC_NONE) {
			on = keeper_pause(k, SECOND / 2);
		} else if (code != RC_AGAIN) {
			failed(k, &why);
			break;
		}
		bool changed = vault_changed(k->syncer.vault);
		if (changed || clock_monotonic() > again) {
			again = refresh(k, s, &told);
			sync_poke(s);
		}
	}
	sync_free(s);
	return NULL;
}
