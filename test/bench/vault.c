/*
 * Storing and paging, against SQLite alone in the same minute on the same disk.
 *     vault [OBJECTS [FOLDER]]
 * Storing: indicators of about 670 bytes, 50,000 a transaction, durable when the clock stops. The
 * rival writes the same values into the same tables and indexes, in order of arrival, without
 * looking for versions, conflicts or duplicates: what SQLite alone costs. Batches alternate. Pages:
 * 1,000 objects, bytes appended to one buffer; the rival reads the same bytes from a file.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/own.h"
#include "base/rng.h"
#include "vault/search.h"
#include "vault/sql.h"

static const struct store_schema *const schemas[] = {&vault_schema, NULL};

static void
check(enum rc rc, const struct diag *why)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "%s: %s: %s\n", rc_word(rc), why->where, why->what);
	exit(3);
}

static struct vault_object
indicator(struct arena *a, struct rng r, uint64_t number)
{
	struct vault_object o = {
		.spec = VAULT_SPEC_2_1,
		.created_at = INT64_C(1767225600) * SECOND + (int64_t)number * 1000,
		.creator = SPAN("identity--f431f809-377b-45e0-aa1c-6a4751cae5ff"),
		.class = 0,
		.tlp = 2,
	};
	struct uuid u = uuid_v4(r);
	char id[UUID_TEXT], at[TIME_TEXT];
	uuid_text(&u, id);
	time_text_ms(o.created_at, at);
	o.version_at = o.created_at;
	o.id = arena_printf(a, "indicator--%s", id);
	o.version = arena_dup(a, span_of(at));
	o.bytes = arena_printf(a,
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%.*s\","
		"\"created_by_ref\":\"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff\",\"created\":"
		"\"%s\","
		"\"modified\":\"%s\",\"name\":\"Command and control of campaign %llu\","
		"\"description\":\"Seen in proxy logs of several members; confirmed by sandbox run "
		"%llu.\",\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"[domain-name:"
		"value = "
		"'host-%llx.example.net' OR url:value = 'http://host-%llx.example.net/gate.php']\","
		"\"pattern_type\":\"stix\",\"valid_from\":\"%s\",\"object_marking_refs\":["
		"\"marking-"
		"definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}",
		(int)o.id.len, o.id.ptr, at, at, (unsigned long long)number % 977,
		(unsigned long long)number, (unsigned long long)number * 2654435761u % 999999937,
		(unsigned long long)number * 2654435761u % 999999937, at);
	return o;
}

/* ---- the rival ---- */

struct rival {
	sqlite3 *db;
	sqlite3_stmt *object, *entry;
	int64_t added;
};

static void
sql(sqlite3 *db, const char *text)
{
	char *error = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &error) == SQLITE_OK)
		return;
	fprintf(stderr, "rival: %s\n", error);
	exit(3);
}

static void
rival_open(struct rival *r, const char *path)
{
	must(sqlite3_open(path, &r->db) == SQLITE_OK);
	sql(r->db, "pragma page_size=8192; pragma journal_mode=wal; pragma synchronous=full;"
		   "pragma cache_size=-8192; pragma wal_autocheckpoint=16384;"
		   "pragma journal_size_limit=67108864");
	sql(r->db, vault_schema.steps[0].sql);
	must(sqlite3_prepare_v2(r->db, vault_sql[SQL_INSERT], -1, &r->object, NULL) == SQLITE_OK);
	must(sqlite3_prepare_v2(r->db, vault_sql[SQL_ENTRY], -1, &r->entry, NULL) == SQLITE_OK);
	r->added = INT64_C(1790000000) * SECOND;
}

static void
rival_put(struct rival *r, const struct vault_object *objects, size_t count)
{
	char facts[64] = {0};
	sql(r->db, "begin immediate");
	for (size_t i = 0; i < count; i++) {
		const struct vault_object *o = &objects[i];
		struct uuid u;
		int64_t key;
		must(uuid_parse(span_sub(o->id, o->id.len - 36, 36), &u) == RC_OK);
		memcpy(&key, u.byte, sizeof key);
		r->added++;
		const int64_t numbers[] = {r->added, 1, 1, 2};
		for (int n = 0; n < 4; n++)
			sqlite3_bind_int64(r->object, n + 1, numbers[n]);
		memcpy(facts, u.byte, sizeof u.byte);
		sqlite3_bind_blob(r->object, 5, facts, sizeof facts, SQLITE_STATIC);
		sqlite3_bind_blob(r->object, 6, o->bytes.ptr, (int)o->bytes.len, SQLITE_STATIC);
		must(sqlite3_step(r->object) == SQLITE_DONE);
		sqlite3_reset(r->object);
		sqlite3_bind_int64(r->entry, 1, (int64_t)((uint64_t)key >> 17));
		sqlite3_bind_int64(r->entry, 2, r->added);
		must(sqlite3_step(r->entry) == SQLITE_DONE);
		sqlite3_reset(r->entry);
	}
	sql(r->db, "commit");
}

/* ---- measuring ---- */

static struct store *
open_store(const char *path, enum store_mode mode)
{
	struct store *s = NULL;
	struct diag why = {};
	struct store_options o = {.path = path, .mode = mode, .schemas = schemas};
	if (mode == STORE_READ)
		o.mmap_mb = 4096;
	check(store_open(&o, &s, &why), &why);
	return s;
}

/* Other work on the machine does not count. */
static int64_t
cpu_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static void
bench_put(const char *ours, const char *theirs, uint64_t total)
{
	struct diag why = {};
	own_store struct store *s = open_store(ours, STORE_CREATE);
	own_vault struct vault *v = NULL;
	check(vault_open(s, clock_system(), &v, &why), &why);
	struct vault_collection c = {.alias = SPAN("main"), .title = SPAN("Main")};
	check(vault_collection_add(v, &c, &why), &why);
	struct rival rival = {};
	rival_open(&rival, theirs);
	own_vault_batch struct vault_batch *b = vault_batch_new(v);
	own_arena struct arena a = {};
	own_mem struct vault_object *objects = calloc(VAULT_BATCH_MAX, sizeof *objects);
	uint64_t state = 42, bytes = 0;
	int64_t our_time = 0, their_time = 0, our_cpu = 0, their_cpu = 0;
	for (uint64_t done = 0; done < total;) {
		size_t count = total - done < VAULT_BATCH_MAX ? total - done : VAULT_BATCH_MAX;
		arena_reset(&a);
		for (size_t i = 0; i < count; i++) {
			objects[i] = indicator(&a, rng_seeded(&state), done + i);
			bytes += objects[i].bytes.len;
		}
		struct vault_request r = {.collection = c.number,
			.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
		int64_t t0 = clock_monotonic(), c0 = cpu_time();
		vault_batch_reset(b);
		vault_batch_request(b, &r);
		for (size_t i = 0; i < count; i++)
			check(vault_batch_add(b, &objects[i]), &why);
		check(vault_batch_commit(b, &why), &why);
		int64_t t1 = clock_monotonic(), c1 = cpu_time();
		rival_put(&rival, objects, count);
		int64_t t2 = clock_monotonic(), c2 = cpu_time();
		must(vault_batch_counts(b).added == count);
		our_time += t1 - t0;
		their_time += t2 - t1;
		our_cpu += c1 - c0;
		their_cpu += c2 - c1;
		done += count;
	}
	sqlite3_finalize(rival.object);
	sqlite3_finalize(rival.entry);
	sqlite3_close(rival.db);
	printf("put %llu objects of %llu bytes, %d a transaction: %.0f objects/s; SQLite %s alone "
	       "%.0f/s; ratio %.2f; of CPU alone %.1f and %.1f us an object, ratio %.2f\n",
		(unsigned long long)total, (unsigned long long)(bytes / total), VAULT_BATCH_MAX,
		(double)total * 1e6 / (double)our_time, sqlite3_libversion(),
		(double)total * 1e6 / (double)their_time, (double)their_time / (double)our_time,
		(double)our_cpu / (double)total, (double)their_cpu / (double)total,
		(double)their_cpu / (double)our_cpu);
}

/* Commits of 1,000 objects, as POSTs bring them, grouped by `group`. */
static void
bench_posts(const char *ours, unsigned group)
{
	enum { POSTS = 60, EACH = 1000 };
	struct diag why = {};
	own_store struct store *s = open_store(ours, STORE_WRITE);
	own_vault struct vault *v = NULL;
	check(vault_open(s, clock_system(), &v, &why), &why);
	own_vault_batch struct vault_batch *b = vault_batch_new(v);
	uint64_t state = group;
	int64_t spent = 0;
	for (unsigned post = 0; post < POSTS; post += group) {
		own_arena struct arena a = {};
		own_mem struct vault_object *objects =
			calloc((size_t)EACH * group, sizeof *objects);
		for (size_t i = 0; i < (size_t)EACH * group; i++)
			objects[i] = indicator(&a, rng_seeded(&state), i);
		int64_t t0 = clock_monotonic();
		vault_batch_reset(b);
		struct uuid status[16];
		for (unsigned k = 0; k < group; k++) {
			status[k] = uuid_v4(rng_system());
			struct vault_request r = {.collection = 1,
				.source = {.name = SPAN("user:bench"), .power = VAULT_REMOTE},
				.status = &status[k],
				.owner = SPAN("bench")};
			vault_batch_request(b, &r);
			for (size_t i = 0; i < EACH; i++)
				check(vault_batch_add(b, &objects[k * EACH + i]), &why);
		}
		check(vault_batch_commit(b, &why), &why);
		spent += clock_monotonic() - t0;
	}
	printf("put envelopes of %d with a status each, %u a commit: %.0f objects/s\n", EACH, group,
		(double)POSTS * EACH * 1e6 / (double)spent);
}

static int64_t
one_page(struct vault *v, const struct vault_filter *f, struct buf *out)
{
	struct diag why = {};
	struct vault_item item;
	int64_t last = 0;
	unsigned count = 0;
	own_vault_page struct vault_page *p = NULL;
	check(vault_page_open(v, 1, f, VAULT_BYTES, &p, &why), &why);
	buf_reset(out);
	while (count++ < 1000 && vault_page_next(p, &item, &why) == RC_OK) {
		buf_add(out, item.object.bytes);
		buf_add_byte(out, ',');
		last = item.added;
	}
	return last;
}

static double
time_pages(struct vault *v, int64_t after)
{
	enum { ROUNDS = 300 };
	own_buf struct buf out = {};
	struct vault_filter f = {.after = after};
	one_page(v, &f, &out);
	int64_t t0 = cpu_time();
	for (int i = 0; i < ROUNDS; i++)
		one_page(v, &f, &out);
	return (double)(cpu_time() - t0) / ROUNDS;
}

static double
time_file(const char *path, struct vault *v)
{
	enum { ROUNDS = 300 };
	own_buf struct buf out = {};
	struct vault_filter f = {};
	one_page(v, &f, &out);
	own_fd int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	must(write(fd, out.ptr, out.len) == (ssize_t)out.len);
	int64_t t0 = cpu_time();
	for (int i = 0; i < ROUNDS; i++)
		must(pread(fd, out.ptr, out.len, 0) == (ssize_t)out.len);
	return (double)(cpu_time() - t0) / ROUNDS;
}

static void
bench_pages(const char *ours, const char *file, uint64_t total)
{
	struct diag why = {};
	own_store struct store *s = open_store(ours, STORE_READ);
	own_vault struct vault *v = NULL;
	check(vault_open(s, clock_system(), &v, &why), &why);
	own_buf struct buf out = {};
	struct vault_filter f = {};
	int64_t stamps[3] = {0};
	int64_t t0 = clock_monotonic();
	uint64_t pages = 0, seen = 0;
	/* A whole sweep, as a puller does: finds the places to time, and is a figure itself. */
	for (int64_t last; (last = one_page(v, &f, &out)) != 0; pages++) {
		seen += out.len;
		if (pages == total / 2000)
			stamps[1] = f.after;
		stamps[2] = f.after;
		f.after = last;
	}
	double sweep = (double)(clock_monotonic() - t0);
	double rival = time_file(file, v);
	double first = time_pages(v, 0), middle = time_pages(v, stamps[1]),
	       last = time_pages(v, stamps[2]);
	printf("page of 1,000 from %llu: first %.0f us, middle %.0f us, last %.0f us, each of a "
	       "sweep %.0f us "
	       "(%.0f MB/s); the same bytes from a file %.0f us\n",
		(unsigned long long)total, first, middle, last, sweep / (double)pages,
		(double)seen / sweep, rival);
}

static void
bench_search(const char *ours)
{
	struct diag why = {};
	own_store struct store *s = open_store(ours, STORE_WRITE);
	own_vault struct vault *v = NULL;
	check(vault_open(s, clock_system(), &v, &why), &why);
	uint64_t before, after;
	int64_t since;
	check(vault_search_lag(v, &before, &since, &why), &why);
	int64_t t0 = clock_monotonic();
	while (clock_monotonic() - t0 < 3 * SECOND && vault_search_fill(v, 2000, &why) == RC_OK)
		;
	int64_t spent = clock_monotonic() - t0;
	check(vault_search_lag(v, &after, &since, &why), &why);
	printf("search filled behind: %.0f objects/s\n",
		(double)(before - after) * 1e6 / (double)spent);
}

int
main(int argc, char **argv)
{
	uint64_t total = 1000000;
	char folder[200], ours[256], small[256], theirs[256], file[256];
	if (argc > 1 && !span_to_u64(span_of(argv[1]), &total))
		return 2;
	snprintf(folder, sizeof folder, "%s/tocsin-bench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
	if (!mkdtemp(folder))
		return 3;
	snprintf(ours, sizeof ours, "%s/ours.db", folder);
	snprintf(small, sizeof small, "%s/small.db", folder);
	snprintf(theirs, sizeof theirs, "%s/theirs.db", folder);
	snprintf(file, sizeof file, "%s/page", folder);
	bench_put(ours, theirs, total);
	unlink(theirs);
	bench_put(small, theirs, 10000);
	bench_pages(small, file, 10000);
	bench_pages(ours, file, total);
	bench_posts(ours, 1);
	bench_posts(ours, 10);
	bench_search(ours);
	struct stat st;
	struct rusage use;
	must(stat(ours, &st) == 0);
	getrusage(RUSAGE_SELF, &use);
	printf("database %.0f MB, %.0f bytes an object; peak memory %ld MB\n",
		(double)st.st_size / 1e6, (double)st.st_size / (double)total, use.ru_maxrss / 1024);
	char command[256];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}
