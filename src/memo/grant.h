#pragma once
/*
 * Grants: which user may read or write which collection. They are the only clauses until memoranda
 * are executed. Keyed by the collection's UUID, so that a new collection of an old alias inherits
 * nothing. The name "public" stands for anybody and can be granted reading only. Threads as in
 * memo/user.h.
 */
#include "base/arena.h"
#include "store/store.h"

enum grant { GRANT_NONE = 0, GRANT_READ = 1, GRANT_WRITE = 2, GRANT_BOTH = 3 };

/* Replaces what was; GRANT_NONE takes it away. RC_NONE: no such user; RC_BAD: writing for "public".
 */
enum rc grant_set(struct store *s, struct span collection, struct span user, enum grant rights,
	struct diag *why);
/* What a user may in a collection now; GRANT_NONE also where there is no such user. */
enum rc grant_get(struct store *s, struct span collection, struct span user, enum grant *out,
	struct diag *why);
struct grant_row {
	struct span user, collection; /* name, UUID text */
	enum grant rights;
};
/* All, by collection and user: start with both spans empty; RC_NONE at the end. */
enum rc grant_next(struct store *s, struct arena *a, struct grant_row *io, struct diag *why);
/* When a collection goes: all its grants. */
enum rc grant_forget(struct store *s, struct span collection, struct diag *why);
/* "read", "write", "both", "none" */
const char *grant_word(enum grant g);
enum rc grant_parse(struct span word, enum grant *out);
