#pragma once
/*
 * Compiling what a node's vault arms into NODE/set/armed.set, when somebody asks or when it is due: by one
 * process at a time (NODE/run/set.lock), while all others go on with the file they have, and with none at
 * all. A compiler does that in a thread of its own, of the lowest priority, for a process that runs long.
 */
#include "node/armed.h"

struct node;

/*
 * Due where there is no usable file, or where what came since is more than a sixteenth of what it holds, or
 * more than COMPILE_MOST; never for fewer than COMPILE_LEAST, which are armed in milliseconds.
 */
enum { COMPILE_LEAST = 1000, COMPILE_MOST = 100000, COMPILE_SHARE = 16 };

struct compile_state {
	bool there;	   /* a file is */
	enum rc usable;	   /* RC_OK; else fault says why not, RC_CONFLICT: out of date only */
	struct diag fault; /* with what mends it */
	int64_t made, stamp, took; /* of a file that was made for a node; TIME_NONE */
	uint64_t indicators, bytes;
	uint64_t held;	     /* sights of objects in collections that it knows */
	uint64_t came, went; /* since: new versions; objects and versions that lie there no more */
	uint64_t there_now;  /* in the vault */
	bool due;
};

/* How the file stands to the vault. Reads its head and the vault's index. */
enum rc compile_look(struct node *n, struct compile_state *out, struct diag *why);
/*
 * Compiles. anew: from the vault alone (options->anew); else from the file that is there and what came since,
 * unless its bytes are not those that were written. counts: as armed_counts; NULL: not wanted. RC_AGAIN: another
 * process is at it, or the work was stopped; RC_NONE: no indicator is armed.
 */
enum rc compile_set(
	const struct armed_options *options, struct ioc_counts *counts, struct diag *why);
/* RC_OK: nobody compiles, or nobody does any more; RC_AGAIN: somebody still does after `longest` us. */
enum rc compile_wait(const char *dir, int64_t longest, struct diag *why);
/* Removes the file and what killed writers left, after whoever writes one has ended. */
enum rc compile_remove(const char *dir, struct diag *why);

/* What compiling an object takes, about; whether a machine of so much memory has room to do it unasked. */
enum { COMPILE_BYTES = 640 };
bool compile_fits(uint64_t objects, uint64_t memory);

struct compiler;

/* Options are copied, their work is the compiler's own. RC_LIMIT: the system gives no thread. */
enum rc compiler_new(const struct armed_options *options, struct compiler **out, struct diag *why);
/* Stops what is under way: within a second for each million indicators. NULL accepted. */
void compiler_free(struct compiler *c);
/* What was done last, once: RC_OK compiled, else the fault; RC_NONE: nothing new. */
enum rc compiler_news(struct compiler *c, struct diag *why);
