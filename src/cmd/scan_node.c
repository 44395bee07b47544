/* scan against what the node holds. */
#include <unistd.h>

#include "base/mutant.h"
#include "cmd/guard.h"
#include "cmd/scan-internal.h"
#include "keys/ring.h"
#include "node/armed.h"
#include "node/compile.h"
#include "node/layout.h"

/* What the set stands on now, and what it should and cannot. */
static void
note_file(struct scan_job *job, const struct match_set *set)
{
	own_arena struct arena a = {};
	struct diag why = {};
	if (armed_ignored(job->node, &why)) {
		struct diag plain = why;
		diag_what(&why, "%s: not used, what the database holds is armed", plain.what);
		cmd_warn(&why);
	}
	guard_mapping(layout_path(&a, job->env->node, LAYOUT_ARMED), match_set_mapped(set));
}

/*
 * Expressions that were compiled are kept in the node's folder under its key; who may not read that compiles
 * them anew.
 */
static void
keep_expressions(struct scan_job *job)
{
	own_arena struct arena a = {};
	struct ring ring;
	const char *dir = job->env->node;
	if (ring_open(layout_path(&a, dir, LAYOUT_KEYS), RING_MAC, &ring, NULL))
		return;
	job->expressions.key = mac_key_derive(&ring.set, SPAN("tocsin expressions 1"));
	job->expressions.folder = cmd_node_path((struct cmd_env *)(uintptr_t)job->env, LAYOUT_SET);
	job->scan.cache = &job->expressions;
	ring_fini(&ring);
}

bool
scan_node_load(struct scan_job *job, struct match_set *set)
{
	const struct cmd_env *env = job->env;
	struct diag why = {};
	struct armed_options options = {.dir = env->node, .clock = env->clock, .rng = env->rng};
	enum rc code = armed_open(&options, &job->node, &why);
	if (code == RC_NONE)
		diag_todo(&why, "name indicators with --ioc FILE, or a node with --node DIR");
	if (!code)
		code = armed_refresh(job->node, set, &why);
	if (code) {
		cmd_warn(&why);
		return false;
	}
	note_file(job, set);
	keep_expressions(job);
	scan_say_counts(env, env->node, armed_counts(job->node));
	return true;
}

void
scan_node_refresh(struct scan_job *job, struct match_set *set)
{
	struct diag why = {};
	if (!job->node)
		return;
	if (armed_refresh(job->node, set, &why))
		cmd_warn(&why);
	note_file(job, set);
	enum rc code = job->compiler ? compiler_news(job->compiler, &why) : RC_NONE;
	if (code && code != RC_NONE)
		cmd_warn(&why);
}

void
scan_node_keep(struct scan_job *job)
{
	const struct cmd_env *env = job->env;
	struct diag why = {};
	struct armed_options options = {.dir = env->node, .clock = env->clock, .rng = env->rng};
	/* Whoever may only read leaves that to others. */
	if (!job->node || access(env->node, W_OK) < 0)
		return;
	if (compiler_new(&options, &job->compiler, &why))
		cmd_warn(&why);
}

void
scan_node_sight(struct scan_job *job, const struct hit *hit)
{
	struct hit told = *hit;
	if (job->node && !armed_leaves(job->node, hit->indicator) && !mutant(561))
		told.tlp = SPAN("red");
	if (job->sight)
		sight_add(job->sight, &told);
	if (job->kept)
		sight_add(job->kept, &told);
}

bool
scan_node_store(struct scan_job *job, struct sight_objects objects)
{
	struct diag why = {};
	uint64_t added = 0;
	enum rc code = armed_store(job->node, objects.at, objects.len, &added, &why);
	if (code) {
		cmd_warn(&why);
		return false;
	}
	cmd_say(job->env, "%llu objects stored in %s", (unsigned long long)added,
		armed_conf(job->node)->sightings);
	job->withheld += sight_counts(job->kept).withheld;
	sight_free(&job->kept);
	job->sight_options.now = clock_now(job->env->clock);
	job->kept = sight_new(&job->sight_options);
	return true;
}
