/*
 * kill -9 at random instants: what was acknowledged is there, what was not is wholly there or
 * wholly absent, nothing is half there. TOCSIN_CRASHES=N for more rounds than the usual 50.
 */
#include "common.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "vault/quarantine.h"
#include "vault/search.h"
#include "vault/status.h"

enum { BATCH_MAX = 300, ROUNDS = 50 };

/* What the writer tells its parent after a commit. */
struct note {
	uint32_t batch, count;
	bool deleted;
};

static struct vault_object
of_batch(struct arena *a, uint32_t batch, uint32_t i)
{
	struct vault_object o =
		an_object(a, batch * 1000 + i, 1, "an indicator of some length or other");
	return o;
}

static struct uuid
status_of(uint32_t batch)
{
	struct uuid u = {};
	memcpy(u.byte, &batch, sizeof batch);
	return u;
}

/* Imports, deletes and indexes until it is killed. Every batch holds one conflict and one bad
 * object. */
static void
write_for_ever(const struct world *parent, uint32_t batch, int tell, uint64_t seed)
{
	struct world w = *parent;
	struct rng r = rng_seeded(&seed);
	w.store = NULL;
	w.vault = NULL;
	world_reopen(&w);
	own_vault_batch struct vault_batch *b = vault_batch_new(w.vault);
	for (;; batch++) {
		own_arena struct arena a = {};
		uint32_t count = 2 + (uint32_t)rng_below(r, BATCH_MAX - 2);
		struct uuid status = status_of(batch);
		struct vault_request request = {
			.collection = w.collection,
			.source = {.name = SPAN("local"), .power = VAULT_OPERATOR},
			.status = &status,
			.owner = SPAN("me"),
		};
		vault_batch_reset(b);
		vault_batch_request(b, &request);
		for (uint32_t i = 0; i < count; i++) {
			struct vault_object o = of_batch(&a, batch, i);
			assert_rc(vault_batch_add(b, &o), RC_OK);
		}
		struct vault_object bad = of_batch(&a, batch, 0);
		bad.bytes = SPAN("{\"other\":\"content\"}");
		assert_rc(vault_batch_add(b, &bad), RC_OK);
		w.now++;
		assert_rc(vault_batch_commit(b, NULL), RC_OK);
		struct note note = {batch, count, false};
		assert_int_equal(write(tell, &note, sizeof note), sizeof note);
		if (rng_below(r, 3) == 0)
			assert_true(vault_search_fill(w.vault, 500, NULL) <= RC_NONE);
		if (rng_below(r, 3) == 0) {
			uint64_t removed;
			assert_rc(vault_delete(w.vault, w.collection, of_batch(&a, batch, 1).id,
					  NULL, &removed, NULL),
				RC_OK);
			note.deleted = true;
			assert_int_equal(write(tell, &note, sizeof note), sizeof note);
		}
	}
}

struct tally {
	uint32_t acknowledged, found; /* objects */
	bool deleted, started;
};

static int64_t
number(struct store *s, const char *sql)
{
	own_stmt struct stmt *st = NULL;
	assert_rc(store_prepare(s, sql, &st, NULL), RC_OK);
	assert_rc(stmt_step(st, NULL), RC_OK);
	return stmt_i64(st, 0);
}

static void
tables_agree(struct store *s)
{
	assert_rc(store_verify(s, NULL), RC_OK);
	int64_t objects = number(s, "select count(*) from object");
	assert_int_equal(number(s, "select count(*) from entry"), objects);
	assert_int_equal(
		number(s, "select count(*) from entry join object on object.added = entry.added"),
		objects);
	assert_true(number(s, "select coalesce(max(added), 0) from object") <=
		    number(s, "select last from vault_state"));
	assert_int_equal(number(s, "select quarantined from vault_state"),
		number(s, "select count(*) from quarantine"));
	assert_int_equal(number(s, "select count(*) from search where search match 'length'"),
		number(s, "select count(*) from object where added <= (select done from "
			  "search_state)"));
}

static void
count_objects(struct world *w, struct tally *t, uint32_t batches)
{
	own_vault_page struct vault_page *p = NULL;
	struct vault_filter f = {};
	struct vault_item item;
	int64_t before = 0;
	for (uint32_t i = 0; i < batches; i++)
		t[i].found = 0;
	assert_rc(vault_page_open(w->vault, w->collection, &f, VAULT_BYTES, &p, NULL), RC_OK);
	while (vault_page_next(p, &item, NULL) == RC_OK) {
		char digits[13] = "";
		memcpy(digits, item.object.id.ptr + item.object.id.len - 12, 12);
		uint32_t batch = (uint32_t)strtoul(digits, NULL, 16) / 1000;
		assert_true(batch < batches && item.added > before);
		before = item.added;
		t[batch].found++;
	}
}

static void
check_world(struct world *w, struct tally *t, uint32_t batches)
{
	own_arena struct arena a = {};
	world_reopen(w);
	tables_agree(w->store);
	count_objects(w, t, batches);
	for (uint32_t i = 0; i < batches; i++) {
		struct uuid id = status_of(i);
		struct vault_status status = {};
		enum rc rc = vault_status_get(w->vault, &id, SPAN("me"), &a, &status, NULL);
		if (t[i].acknowledged) {
			assert_rc(rc, RC_OK);
			assert_int_equal(status.successes, t[i].acknowledged);
		}
		/* A deletion that was not acknowledged may have happened, whole. */
		if (rc == RC_OK) {
			assert_int_equal(status.failures, 1);
			uint64_t there = t[i].found;
			assert_true(there == status.successes || there == status.successes - 1);
			if (t[i].deleted)
				assert_int_equal(there, status.successes - 1);
		} else {
			assert_int_equal(t[i].found, 0);
		}
	}
}

static void
what_was_acknowledged_survives_kill_9_and_nothing_is_half_there(void **state)
{
	struct world *w = *state;
	uint64_t seed = 0, rounds = ROUNDS, busy = 0, total = 0;
	rng_fill(rng_system(), &seed, sizeof seed);
	const char *given = getenv("TOCSIN_SEED"), *more = getenv("TOCSIN_CRASHES");
	assert_true(!given || span_to_u64(span_of(given), &seed));
	assert_true(!more || span_to_u64(span_of(more), &rounds));
	print_message("# TOCSIN_SEED=%llu\n", (unsigned long long)seed);
	struct rng r = rng_seeded(&seed);
	uint32_t batches = 0;
	vec_of(struct tally) t = {};
	for (uint64_t round = 0; round < rounds; round++) {
		int pipes[2];
		assert_int_equal(pipe(pipes), 0);
		uint64_t child_seed = rng_below(r, UINT64_MAX);
		vault_close(&w->vault);
		store_close(&w->store);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			close(pipes[0]);
			write_for_ever(w, batches, pipes[1], child_seed);
			_exit(1);
		}
		close(pipes[1]);
		/* Half of the time from the first acknowledgement on, else from the fork on. */
		struct note note;
		bool has = rng_below(r, 2) && read(pipes[0], &note, sizeof note) == sizeof note;
		usleep((useconds_t)rng_below(r, 15000));
		kill(pid, SIGKILL);
		int code;
		assert_int_equal(waitpid(pid, &code, 0), pid);
		assert_true(WIFSIGNALED(code) && WTERMSIG(code) == SIGKILL);
		uint32_t from = batches;
		while (has || read(pipes[0], &note, sizeof note) == sizeof note) {
			has = false;
			while (t.len <= note.batch)
				*vec_add(&t) = (struct tally){};
			t.at[note.batch].acknowledged = note.count;
			t.at[note.batch].deleted |= note.deleted;
			batches = note.batch + 1;
			total++;
		}
		close(pipes[0]);
		busy += batches > from;
		*vec_add(&t) = (struct tally){}; /* one more may have been committed unheard */
		batches++;
		t.len = batches;
		check_world(w, t.at, batches);
	}
	print_message("# %llu kills, %llu after an acknowledgement, %llu acknowledgements\n",
		(unsigned long long)rounds, (unsigned long long)busy, (unsigned long long)total);
	assert_true(busy > 0 && busy <= rounds);
	free(t.at);
}

/* In a mount namespace of its own; false where the kernel does not let us. */
static bool
small_disk(const char *folder)
{
	if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0)
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", folder, "tmpfs", 0, "size=3m") == 0;
}

static enum rc
put_many(struct world *w, uint32_t batch, struct diag *why)
{
	own_arena struct arena a = {};
	own_vault_batch struct vault_batch *b = vault_batch_new(w->vault);
	struct vault_request request = {.collection = w->collection,
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	vault_batch_request(b, &request);
	for (uint32_t i = 0; i < 900; i++) {
		struct vault_object o = of_batch(&a, batch, i);
		assert_rc(vault_batch_add(b, &o), RC_OK);
	}
	return vault_batch_commit(b, why);
}

static void
run_out_of_disk(struct world *w)
{
	struct diag why = {};
	struct tally t[100] = {};
	char filler[160], junk[65536] = {1};
	vault_close(&w->vault);
	store_close(&w->store);
	snprintf(w->path, sizeof w->path, "%s/t.db", w->folder);
	w->store = world_store(w, STORE_CREATE);
	assert_rc(vault_open(w->store, (struct clock){world_now, &w->now}, &w->vault, NULL), RC_OK);
	w->collection = world_collection(w, "main");
	assert_rc(put_many(w, 0, NULL), RC_OK);
	snprintf(filler, sizeof filler, "%s/filler", w->folder);
	FILE *f = fopen(filler, "w");
	while (fwrite(junk, 1, sizeof junk, f) == sizeof junk)
		;
	fclose(f);
	uint32_t batch = 1;
	enum rc rc = RC_OK;
	for (; rc == RC_OK && batch < 99; batch++)
		rc = put_many(w, batch, &why);
	assert_rc(rc, RC_FULL);
	assert_non_null(strstr(why.what, "space"));
	count_objects(w, t, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(t[i].found, i < batch - 1 ? 900 : 0);
	/* With room again, the same handle and the same batch go on. */
	assert_int_equal(unlink(filler), 0);
	assert_rc(put_many(w, batch - 1, NULL), RC_OK);
	world_reopen(w);
	tables_agree(w->store);
	count_objects(w, t, 100);
	assert_int_equal(t[batch - 1].found, 900);
}

static void
a_disk_that_is_full_loses_nothing_and_takes_more_once_there_is_room(void **state)
{
	struct world *w = *state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!small_disk(w->folder))
			_exit(77);
		run_out_of_disk(w);
		vault_close(&w->vault);
		store_close(&w->store);
		_exit(0);
	}
	int code;
	assert_int_equal(waitpid(pid, &code, 0), pid);
	if (WIFEXITED(code) && WEXITSTATUS(code) == 77)
		print_message("# not run: no tmpfs can be mounted here\n");
	else
		assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
}

int
main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
	const struct CMUnitTest tests[] = {
		ONE(what_was_acknowledged_survives_kill_9_and_nothing_is_half_there),
		ONE(a_disk_that_is_full_loses_nothing_and_takes_more_once_there_is_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
