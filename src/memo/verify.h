#pragma once
/*
 * The one thread that computes passwords, so that guessing costs at most one processor and nobody whose
 * login is known waits behind it. Threads that serve ask, sleep, and are woken to look. Who asks the same
 * while it is under way shares its computation. One struct verifier serves all threads of a process.
 */
#include "keys/mac.h"
#include "keys/password.h"

struct verifier_options {
	struct password_cost cost; /* of the work done for nobody */
	unsigned waiting;	   /* questions in all; more are told to come back */
	unsigned per_address;	   /* of one address among them */
	/* Called in the verifier's thread: who waits is to look. */
	void (*wake)(void *ctx, uint64_t waker);
	void *ctx;
};

struct verifier;
struct verifier *verifier_new(const struct verifier_options *options);
/* The thread ends; what was asked stays without an answer, what is asked is RC_AGAIN. Then no more wakes. */
void verifier_stop(struct verifier *v);
void verifier_free(struct verifier *v); /* stops it; all questions were dropped. NULL accepted */

/* What is asked. Spans are copied, and the copies overwritten. */
struct verify_ask {
	uint8_t mac[MAC_SIZE]; /* of who and what: equal ones of one epoch are one question */
	int64_t user, epoch;   /* 0: nobody's name */
	struct span stored;    /* as password_check reads it; empty: its work alone is done */
	struct span secret;
	uint64_t address; /* hash of where it comes from */
	uint64_t waker;
};

/* A question and one who waits for its answer. */
struct verify_wait;

/*
 * RC_OK: *out waits and will be woken, unless verify_look knows the answer already; RC_AGAIN: too many
 * questions, or the end.
 */
enum rc verify_begin(struct verifier *v, const struct verify_ask *ask, struct verify_wait **out);
/* RC_AGAIN: not computed yet; RC_OK: it is the password of *user at *epoch; RC_DENIED: it is not. */
enum rc verify_look(struct verifier *v, const struct verify_wait *w, int64_t *user, int64_t *epoch);
/* Waits no more; the last who does takes the question away. NULL accepted. */
void verify_drop(struct verifier *v, struct verify_wait *w);
