#include "node/meter.h"

#include <sys/mman.h>

#include "base/clock.h"
#include "base/must.h"
#include "net/server.h"

struct meter *
meter_new(void)
{
	struct meter *m =
		mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	return m;
}

void
meter_add(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static void
one(struct buf *out, const char *name, const char *kind, const char *help, double value)
{
	buf_printf(out, "# HELP tocsin_%s %s\n# TYPE tocsin_%s %s\ntocsin_%s %.17g\n", name, help,
		name, kind, name, value);
}

void
meter_text(const struct meter *m, const struct server_stats *web, struct buf *out)
{
	const struct {
		const char *name, *kind, *help;
		double value;
	} rows[] = {
		{"http_connections_total", "counter", "connections accepted",
			(double)web->connections},
		{"http_requests_total", "counter", "requests answered", (double)web->requests},
		{"http_refused_total", "counter", "requests refused before any handler",
			(double)web->refused},
		{"http_cut_total", "counter", "connections cut for being slow or idle",
			(double)web->cut},
		{"http_open", "gauge", "connections open", (double)web->open},
		{"http_waiting", "gauge", "requests held", (double)web->waiting},
		{"http_body_bytes", "gauge", "bytes of request bodies in memory",
			(double)web->body_bytes},
		{"posts_total", "counter", "envelopes stored", (double)m->posts},
		{"deletes_total", "counter", "deletions", (double)m->deletes},
		{"objects_added_total", "counter", "object versions stored",
			(double)m->objects_added},
		{"objects_duplicate_total", "counter", "object versions that were there",
			(double)m->objects_duplicate},
		{"objects_quarantined_total", "counter", "object versions quarantined",
			(double)m->objects_quarantined},
		{"objects_refused_total", "counter", "objects that violate the standard",
			(double)m->objects_refused},
		{"commits_total", "counter", "transactions committed by the writer",
			(double)m->commits},
		{"passes_total", "counter", "passes made by the gate", (double)m->passes},
		{"passes_denied_total", "counter", "passes the gate refused",
			(double)m->passes_denied},
		{"sync_pages_total", "counter", "pages pulled from peers", (double)m->sync_pages},
		{"sync_objects_total", "counter", "object versions stored from peers",
			(double)m->sync_objects},
		{"sync_faults_total", "counter", "exchanges with peers that failed",
			(double)m->sync_faults},
		{"sync_pushed_total", "counter", "objects that peers acknowledged",
			(double)m->pushed},
		{"search_behind", "gauge", "object versions full-text search does not know yet",
			(double)m->search_behind},
		{"quarantine", "gauge", "objects in quarantine", (double)m->quarantine},
		{"last_commit_seconds", "gauge", "time of the last commit",
			(double)m->last_commit / 1e6},
		{"last_sync_seconds", "gauge", "time of the last exchange that succeeded",
			(double)m->last_sync / 1e6},
		{"start_seconds", "gauge", "time of the start", (double)m->started / 1e6},
		{"writer_ok", "gauge", "1 while the writer can write", m->keeper_ok},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		one(out, rows[i].name, rows[i].kind, rows[i].help, rows[i].value);
}
