/* scan against what the node holds. */
#include "base/mutant.h"
#include "cmd/scan-internal.h"
#include "node/armed.h"

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
	scan_say_counts(env, env->node, armed_counts(job->node));
	return true;
}

void
scan_node_refresh(struct scan_job *job, struct match_set *set)
{
	struct diag why = {};
	if (job->node && armed_refresh(job->node, set, &why))
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
scan_node_store(struct scan_job *job)
{
	struct diag why = {};
	uint64_t added = 0;
	struct sight_objects objects = sight_objects(job->kept, job->env->rng);
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
