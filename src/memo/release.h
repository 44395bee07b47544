#pragma once
/*
 * The gate. Bytes leave this node only with a pass, and only memo_release makes one (pass_unpack
 * brings back one that it made in another process of this node, under a key only those two have).
 * Every encoder takes a `const struct pass *` and asks pass_permits for each object;
 * tools/passes.py checks that.
 *
 * It decides as doc/gate.md says, in the order: 1 hold, 2 state of memorandum and parties, 3
 * recalled or expired, 4 markings, 5 deny clauses, 6 permit clauses, 7 deny. Until memoranda are
 * executed, grants are the only clauses, with ids "grant:ALIAS"; this node's own people and scanner
 * act under "local".
 *
 * A pass is immutable, holds no handle and may be used by many threads; it dies with pass_free. It
 * tells nothing of what it denied: to readers, what is not theirs and what is not there look alike.
 */
#include "base/clock.h"
#include "keys/mac.h"
#include "memo/facts.h"
#include "store/store.h"

enum gate_action {
	GATE_SEND,   /* to somebody over the network: TAXII, push, feeds that are fetched */
	GATE_SHOW,   /* on a screen */
	GATE_EXPORT, /* into a file that may be carried away */
	GATE_ACT,    /* scan, block, hunt with it */
	GATE_KEEP,   /* store it */
};

enum gate_step {
	GATE_HOLD = 1,
	GATE_STATE,
	GATE_RECALLED,
	GATE_MARKING,
	GATE_DENY,
	GATE_PERMIT,
	GATE_NOTHING, /* no clause permits it */
};

enum reader_kind {
	READER_SELF,   /* this node: its terminal, its scanner, a file for its own use */
	READER_USER,   /* a local user; name is the user's */
	READER_PARTY,  /* a signatory; name is the party's id */
	READER_PUBLIC, /* anybody: needs CLEAR, and `grant ALIAS public read` */
};

struct reader {
	enum reader_kind kind;
	struct span name; /* empty for self and public */
};

/* The collection it is about, as the vault has it. */
struct release_from {
	struct span id; /* UUID text, lower case */
	struct span alias;
	bool never_leaves;
};

struct release_ask {
	struct reader to;
	struct release_from from;
	enum gate_action action;
	int64_t now; /* us */
};

struct pass;

#define own_pass __attribute__((cleanup(pass_free)))

/* How long a pass may be used after it was made, us. Whoever waits longer asks again. */
#define PASS_LIFE (60 * SECOND)

/*
 * RC_DENIED: nothing of this collection may go there; why is for this node's people only, its
 * `where` is the step and clause, its `todo` what would change it. RC_BAD: a name, party id or
 * collection id that cannot be. Else the store's codes. Several statements: use a read transaction
 * where the reader was looked up before (store_begin_read).
 */
enum rc memo_release(
	struct store *s, const struct release_ask *ask, struct pass **out, struct diag *why);
void pass_free(struct pass **pass); /* NULL accepted */

struct gate_verdict {
	bool permit;
	enum gate_step step;
	struct span
		clause;	 /* borrowed from the pass; of a denial by marking "tlp", "public", ... */
	unsigned duties; /* what the receiver owes; none under a grant */
};

/* The decision on one object; facts of a relationship or sighting must be joined with its ends'. */
struct gate_verdict pass_decide(const struct pass *pass, struct facts f);
bool pass_permits(const struct pass *pass, struct facts f);

/* The same for a whole object: joined with its ends where it has any, which only then are looked up. */
bool pass_object(const struct pass *pass, struct facts own, struct span bytes,
	const struct facts_source *ends);

/* "grant:ALIAS" or "local"; text of these lives as long as the pass. */
struct span pass_clause(const struct pass *pass);
/* "user:NAME", "party:ID", "public", "self" */
struct span pass_reader(const struct pass *pass);
/* UUID text */
struct span pass_collection(const struct pass *pass);
enum gate_action pass_action(const struct pass *pass);
int64_t pass_until(const struct pass *pass);
/* False when it is too old, or users or grants have changed since (epoch: memo_epoch now). */
bool pass_fresh(const struct pass *pass, int64_t now, int64_t epoch);

/* Another number after every change of users, credentials and grants, never the same again. */
enum rc memo_epoch(struct store *s, int64_t *out, struct diag *why);

/* For the message pipe between keeper and front. At most PASS_PACKED bytes, appended. */
enum { PASS_PACKED = 1024 };
void pass_pack(const struct pass *pass, const struct mac_key *key, struct buf *out);
/* RC_BAD: cut, altered or made under another key. RC_NEWER: by a newer form than ours. */
enum rc pass_unpack(
	struct span packed, const struct mac_key *key, struct pass **out, struct diag *why);

/* "send", "hold" and so on, for people and records. */
const char *gate_action_word(enum gate_action a);
const char *gate_step_word(enum gate_step s);
