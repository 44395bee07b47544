#include "node/compile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/set_file.h"
#include "node/armed-internal.h"
#include "node/layout.h"

#define LOCK "set"
#define FRESH "armed.set.new-" /* as set_file_write calls what it writes */

/* ---- one writer ---- */

/* What writers left that were killed; whoever has the lock knows that nobody writes. */
static void
sweep_folder(const char *dir)
{
	own_arena struct arena a = {};
	const char *path = layout_path(&a, dir, LAYOUT_SET);
	DIR *folder = opendir(path);
	if (!folder)
		return;
	for (struct dirent *one; (one = readdir(folder));)
		if (span_starts(span_of(one->d_name), SPAN(FRESH)))
			unlinkat(dirfd(folder), one->d_name, 0);
	closedir(folder);
}

/* The lock, for which a while is waited. */
static enum rc
lock_within(const char *dir, int64_t longest, int *lock, struct diag *why)
{
	enum { LOOK_MS = 100 };
	int64_t until = clock_monotonic() + longest;
	enum rc code = layout_lock(dir, LOCK, lock, why);
	while (code == RC_AGAIN && clock_monotonic() < until) {
		poll(NULL, 0, LOOK_MS);
		code = layout_lock(dir, LOCK, lock, why);
	}
	return code;
}

enum rc
compile_wait(const char *dir, int64_t longest, struct diag *why)
{
	own_fd int lock = -1;
	enum rc code = lock_within(dir, longest, &lock, why);
	if (code == RC_AGAIN)
		diag_what(why, "another process compiles this node's set");
	return code;
}

enum rc
compile_remove(const char *dir, struct diag *why)
{
	own_arena struct arena a = {};
	own_fd int lock = -1;
	const char *path = layout_path(&a, dir, LAYOUT_ARMED);
	enum rc code = lock_within(dir, 60 * SECOND, &lock, why);
	if (code) {
		diag_todo(why, "remove %s by hand", path);
		return code;
	}
	sweep_folder(dir);
	if (unlink(path) == 0 || errno == ENOENT)
		return RC_OK;
	diag_where(why, "%s", path);
	return diag_fail(why, RC_IO, "cannot be removed: %s", strerror(errno));
}

/* ---- compiling ---- */

/* What stands on a file whose bytes are not those that were written would spread what is wrong in it. */
static enum rc
arm_all(struct armed **a, const struct armed_options *options, struct match_set *set,
	struct diag *why)
{
	struct armed_options anew = *options;
	enum rc code = armed_open(options, a, why);
	if (!code)
		code = armed_refresh(*a, set, why);
	if (code || (*a)->stamp == TIME_NONE)
		return code;
	own_set_file struct set_file *file = NULL;
	struct armed_head head;
	/* The file that is there is the one it stands on, or a newer one: only we may write. */
	if (!armed_file_open(options->dir, &file, &head, NULL) && head.stamp == (*a)->stamp &&
		(!set_file_digest(file, NULL) || mutant(1780)))
		return RC_OK;
	armed_free(*a);
	*a = NULL;
	anew.anew = true;
	match_set_reset(set);
	code = armed_open(&anew, a, why);
	return code ? code : armed_refresh(*a, set, why);
}

enum { WRITING = 4 }; /* us an indicator, about */

static enum rc
compile(const struct armed_options *options, struct ioc_counts *counts, struct diag *why)
{
	struct armed *a = NULL;
	uint64_t seed;
	int64_t began = clock_monotonic();
	rng_fill(options->rng, &seed, sizeof seed);
	own_buf struct buf annex = {};
	own_match_set struct match_set *set = match_set_new(seed);
	match_set_watch(set, options->work);
	enum rc code = arm_all(&a, options, set, why);
	if (!code && counts)
		*counts = *armed_counts(a);
	if (!code && match_set_count(set) == 0) {
		code = RC_NONE;
		diag_where(why, "%s", options->dir);
		diag_what(why, "no indicator to compile: a set of none would find nothing, none is "
			       "written");
		diag_todo(why, "fetch some with \"tocsin sync\" or \"tocsin import\"");
	} else if (!code) {
		struct armed_head head = {.stamp = a->seen,
			.epoch = a->now.epoch,
			.vault = a->now.vault,
			.took = clock_monotonic() - began +
				(int64_t)match_set_count(set) * WRITING};
		code = armed_file_pack(&head, a->versions, &annex, why);
	}
	armed_free(a); /* it takes as much memory as writing does */
	if (!code)
		code = armed_file_write(
			options->dir, set, buf_span(&annex), clock_now(options->clock), why);
	return code;
}

enum rc
compile_set(const struct armed_options *options, struct ioc_counts *counts, struct diag *why)
{
	own_fd int lock = -1;
	enum rc code = layout_lock(options->dir, LOCK, &lock, why);
	if (code == RC_AGAIN)
		diag_what(why, "another process compiles this node's set");
	if (code)
		return code;
	sweep_folder(options->dir);
	return compile(options, counts, why);
}

/* ---- when it is due ---- */

/* New stamps in one collection, up to as many as make no difference any more. */
static enum rc
count_news(struct node *n, uint32_t number, int64_t after, uint64_t *came, struct diag *why)
{
	own_mem struct vault_stamps *stamps = mem_new(sizeof *stamps);
	enum rc code = RC_OK;
	do {
		code = vault_collection_stamps(
			n->vault, number, armed_types[0], after, stamps, why);
		*came += stamps->len;
		after = stamps->len ? stamps->at[stamps->len - 1] : after;
	} while (!code && stamps->len == VAULT_STAMPS && *came <= COMPILE_MOST);
	return code;
}

static enum rc
look_at_vault(struct node *n, const struct versions *v, struct compile_state *out, struct diag *why)
{
	uint32_t at = 0;
	struct vault_collection c;
	struct vault_print there;
	uint64_t held = v ? versions_count(v) : 0, expected = held;
	enum rc code;
	while (!(code = vault_collection_next(n->vault, &at, &c, why))) {
		uint64_t came = 0;
		code = vault_collection_print(n->vault, c.number, armed_types[0], &there, why);
		struct vault_print seen = v ? versions_print(v, c.number) : (struct vault_print){};
		out->there_now += there.count;
		if (!code && v && (there.count != seen.count || there.sum != seen.sum))
			code = count_news(n, c.number, out->stamp, &came, why);
		if (code)
			return code;
		out->came += came;
		expected += came;
	}
	/* Each new version takes the place of an old one, or something went. */
	out->went = v && expected > out->there_now ? expected - out->there_now : 0;
	return code == RC_NONE ? RC_OK : code;
}

static void
look_at_file(struct node *n, struct versions **v, struct set_file **file, struct compile_state *out)
{
	struct armed_head head;
	struct vault_now now;
	*out = (struct compile_state){.made = TIME_NONE, .stamp = TIME_NONE, .took = TIME_NONE};
	out->usable = armed_file_open(n->dir, file, &head, &out->fault);
	out->there = out->usable != RC_NONE;
	if (out->usable)
		return;
	struct set_file_facts facts = set_file_facts(*file);
	out->made = facts.made > 0 ? facts.made : TIME_NONE;
	out->indicators = facts.indicators;
	out->bytes = facts.bytes;
	out->stamp = head.stamp;
	out->took = head.took;
	out->usable = armed_file_now(n, &now, &out->fault);
	if (!out->usable)
		out->usable = armed_file_judge(&head, &now, &out->fault);
	if (!out->usable)
		out->usable = armed_file_versions(n->dir, *file, v, &out->fault);
	if (out->usable)
		diag_todo(&out->fault, "tocsin set build");
	else
		out->held = versions_count(*v);
}

static bool
is_due(const struct compile_state *s)
{
	uint64_t news = s->came > s->went ? s->came : s->went;
	if (s->usable != RC_OK)
		return s->there_now >= COMPILE_LEAST;
	return news >= COMPILE_LEAST && (news > s->held / COMPILE_SHARE || news > COMPILE_MOST);
}

enum rc
compile_look(struct node *n, struct compile_state *out, struct diag *why)
{
	own_set_file struct set_file *file = NULL;
	struct versions *v = NULL;
	enum rc code = store_begin_read(n->store, why);
	if (code)
		return code;
	look_at_file(n, &v, &file, out);
	code = look_at_vault(n, v, out, why);
	store_rollback(n->store);
	versions_free(v);
	out->due = !code && is_due(out);
	return code;
}

/* ---- in the background ---- */

/* Between looks; since the last commit; at most, while commits go on; of what it took, until the next. */
#define LOOK_EVERY (SECOND)
#define QUIET (SECOND)
#define QUIET_MOST (10 * SECOND)
enum { REST_SHARE = 20 };

struct compiler {
	struct armed_options options;
	struct set_work work;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t change;
	bool stop, news;
	enum rc code;
	struct diag why;
};

/* Of one thread's waiting. Times are monotonic; 0: not. */
struct waiting {
	struct node node;
	bool opened;
	int64_t changed, first_change, rest_until;
	bool look;
};

static bool
pause_for(struct compiler *c, int64_t micro)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += micro / SECOND;
	pthread_mutex_lock(&c->lock);
	int waited = 0;
	while (!c->stop && waited == 0)
		waited = pthread_cond_timedwait(&c->change, &c->lock, &until);
	bool on = !c->stop;
	pthread_mutex_unlock(&c->lock);
	return on;
}

static void
tell(struct compiler *c, enum rc code, const struct diag *why)
{
	pthread_mutex_lock(&c->lock);
	/* The same fault is told once. */
	c->news = code == RC_OK || code != c->code || strcmp(why->what, c->why.what) != 0;
	c->code = code;
	c->why = *why;
	pthread_mutex_unlock(&c->lock);
}

/* Whoever made the file last rests a while in proportion, and so do all others. */
static bool
has_rested(const struct compiler *c, const struct compile_state *s)
{
	int64_t age = s->made == TIME_NONE ? -1 : clock_now(c->options.clock) - s->made;
	if (s->took <= 0 || age < 0)
		return true;
	return age / REST_SHARE > s->took || age > 3600 * SECOND;
}

bool
compile_fits(uint64_t objects, uint64_t memory)
{
	enum { SHARE = 3 };
	return objects < memory / SHARE / COMPILE_BYTES;
}

/* Nobody asked for it: it must not drive others, or this process, out of memory. */
static bool
fits_here(struct compiler *c, uint64_t objects)
{
	struct sysinfo info;
	struct diag why = {};
	if (sysinfo(&info) < 0 || compile_fits(objects, (uint64_t)info.totalram * info.mem_unit))
		return true;
	diag_where(&why, "%s/" LAYOUT_ARMED, c->options.dir);
	diag_what(&why, "making it of %llu objects wants %llu MiB, too much to do unasked",
		(unsigned long long)objects, (unsigned long long)(objects * COMPILE_BYTES >> 20));
	diag_todo(&why, "tocsin set build, where there is room for it");
	tell(c, RC_LIMIT, &why);
	return false;
}

static bool
is_quiet(struct waiting *w)
{
	int64_t now = clock_monotonic();
	if (vault_changed(w->node.vault)) {
		w->changed = now;
		w->first_change = w->first_change ? w->first_change : now;
		w->look = true;
	}
	return now - w->changed > QUIET || now - w->first_change > QUIET_MOST;
}

static void
work_once(struct compiler *c, struct waiting *w)
{
	struct compile_state state;
	struct diag why = {};
	int64_t began = clock_monotonic();
	bool quiet = is_quiet(w);
	if (!w->look || !quiet || began < w->rest_until)
		return;
	if (compile_look(&w->node, &state, &why))
		return;
	state.due &= state.there || !c->options.renew;
	w->look = state.due && !has_rested(c, &state);
	w->first_change = 0;
	if (w->look)
		w->rest_until = began + 5 * SECOND;
	if (!state.due || w->look)
		return;
	if (!fits_here(c, state.there_now)) {
		w->rest_until = began + 3600 * SECOND;
		return;
	}
	enum rc code = compile_set(&c->options, NULL, &why);
	if (code != RC_AGAIN && code != RC_NONE)
		tell(c, code, &why);
	int64_t now = clock_monotonic();
	w->rest_until = now + (now - began) * REST_SHARE;
	w->look = code == RC_AGAIN;
	if (code && code != RC_AGAIN)
		w->rest_until = now + 60 * SECOND;
}

static void *
run(void *ctx)
{
	struct compiler *c = ctx;
	struct waiting w = {.look = true, .changed = clock_monotonic()};
	struct node_options options = {.dir = c->options.dir,
		.clock = c->options.clock,
		.rng = c->options.rng,
		.mode = STORE_READ};
	struct diag why = {};
	/* Of this thread and of those it starts: the kernel's threads have a priority each. */
	(void)!setpriority(PRIO_PROCESS, 0, 19);
	do {
		if (!w.opened) {
			w.opened = node_open(&w.node, &options, &why) == RC_OK;
			w.first_change = clock_monotonic();
		}
		if (w.opened)
			work_once(c, &w);
	} while (pause_for(c, LOOK_EVERY));
	if (w.opened)
		node_close(&w.node);
	return NULL;
}

enum rc
compiler_new(const struct armed_options *options, struct compiler **out, struct diag *why)
{
	struct compiler *c = mem_new(sizeof *c);
	c->options = *options;
	c->options.work = &c->work;
	must(pthread_mutex_init(&c->lock, NULL) == 0 && pthread_cond_init(&c->change, NULL) == 0);
	if (pthread_create(&c->thread, NULL, run, c) != 0) {
		free(c);
		return diag_fail(why, RC_LIMIT, "the system gives no thread");
	}
	*out = c;
	return RC_OK;
}

void
compiler_free(struct compiler *c)
{
	if (!c)
		return;
	atomic_store(&c->work.stop, true);
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->change);
	pthread_mutex_unlock(&c->lock);
	must(pthread_join(c->thread, NULL) == 0);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->change);
	free(c);
}

enum rc
compiler_news(struct compiler *c, struct diag *why)
{
	pthread_mutex_lock(&c->lock);
	enum rc code = c->news ? c->code : RC_NONE;
	if (c->news && why)
		*why = c->why;
	c->news = false;
	pthread_mutex_unlock(&c->lock);
	return code;
}
