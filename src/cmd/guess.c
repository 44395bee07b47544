#include "cmd/guess.h"

#include "base/arena.h"
#include "node/node.h"

size_t
guess_distance(struct span a, struct span b)
{
	enum { LONGEST = 40 };
	if (a.len > LONGEST || b.len > LONGEST)
		return SIZE_MAX;
	size_t row[LONGEST + 1];
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t change = corner + (a.ptr[i - 1] != b.ptr[j - 1]);
			corner = row[j];
			size_t insert = row[j - 1] + 1, drop = row[j] + 1;
			row[j] = insert < drop ? insert : drop;
			if (change < row[j])
				row[j] = change;
		}
	}
	return row[b.len];
}

enum rc
guess_collection(struct node *n, struct span name, struct vault_collection *out, struct diag *why)
{
	enum rc code = node_collection(n, name, out, why);
	if (code != RC_NONE)
		return code;
	own_arena struct arena a = {};
	struct vault_collection c;
	struct span best = {};
	uint32_t at = 0;
	size_t nearest = name.len > 3 ? 3 : 2;
	struct diag ignored;
	while (!vault_collection_next(n->vault, &at, &c, &ignored)) {
		size_t far = guess_distance(c.alias, name);
		if (far < nearest) {
			nearest = far;
			best = arena_dup(&a, c.alias);
		}
	}
	if (best.len)
		diag_what(why, "no such collection; did you mean %.*s?", (int)best.len, best.ptr);
	return code;
}
