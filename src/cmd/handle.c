#include "cmd/handle.h"

enum rc
handle_open(const struct cmd_env *env, enum store_mode mode, struct node *n, struct diag *why)
{
	struct node_options options = {
		.dir = env->node, .clock = env->clock, .rng = env->rng, .mode = mode};
	return node_open(n, &options, why);
}
