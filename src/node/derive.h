#pragma once
/*
 * What goes out in place of a stored object that only parts keep back: memo/redact.h with the marks, the
 * versions and the identity of a node. doc/decisions/redaction.md. The thread of the node's handle.
 */
#include "node/node.h"

/*
 * RC_OK: *out goes out instead of `item`, with text in the arena; the pass permits it. RC_NONE: the item
 * itself is for the gate to judge - nothing of it has to be left out, or all of it.
 */
enum rc node_derive(struct node *n, const struct pass *pass, const struct vault_item *item,
	struct arena *a, struct vault_item *out);
