#pragma once
/*
 * The node that a command works on, opened with the command's folder, clock and chance. Of the thread
 * that runs the command, which closes it (own_node).
 */
#include "cmd/cmd.h"
#include "node/node.h"

/* node_open() without keys: RC_NONE no node there, RC_CONFLICT "tocsin upgrade" first. */
enum rc handle_open(
	const struct cmd_env *env, enum store_mode mode, struct node *n, struct diag *why);
