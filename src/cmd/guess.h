#pragma once
/*
 * What somebody who mistyped may have meant. Of the thread that runs the command; names that it returns
 * are the caller's or the table's own.
 */
#include "cmd/cmd.h"

struct node;
struct vault_collection;

/* Letters to change, drop or add until a is b; SIZE_MAX for words of over 40 bytes. */
size_t guess_distance(struct span a, struct span b);
/* node_collection(), which on RC_NONE also names the alias nearest to a misspelt one. */
enum rc guess_collection(
	struct node *n, struct span name, struct vault_collection *out, struct diag *why);
