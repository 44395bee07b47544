#include "../test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "memo/verify.h"

/* Counts wakes; a gate that is shut stops the verifier's thread in the first. */
struct wakes {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned count;
	uint64_t last;
	bool shut;
};

static void
wake(void *ctx, uint64_t waker)
{
	struct wakes *w = ctx;
	pthread_mutex_lock(&w->lock);
	w->count++;
	w->last = waker;
	pthread_cond_broadcast(&w->changed);
	while (w->shut)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void
await(struct wakes *w, unsigned count)
{
	pthread_mutex_lock(&w->lock);
	while (w->count < count)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void *
open_gate(void *wakes)
{
	struct wakes *w = wakes;
	pthread_mutex_lock(&w->lock);
	w->shut = false;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

#define WAKES \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER \
	}

static struct verifier *
make(struct wakes *w, unsigned waiting, unsigned per_address)
{
	struct verifier_options o = {.cost = password_cost_least(),
		.waiting = waiting,
		.per_address = per_address,
		.wake = wake,
		.ctx = w};
	return verifier_new(&o);
}

static char stored[PASSWORD_TEXT];

/* Of the user 7 at epoch 70, or of nobody; each number is another question. */
static struct verify_ask
question(uint8_t number, const char *secret, bool known)
{
	struct verify_ask a = {.secret = span_of(secret), .waker = number, .address = number};
	memset(a.mac, number, sizeof a.mac);
	if (known) {
		if (!stored[0])
			assert_rc(password_hash(SPAN("correct horse"), password_cost_least(),
					  stored, NULL),
				RC_OK);
		a.stored = span_of(stored);
		a.user = 7;
		a.epoch = 70;
	}
	return a;
}

static void
a_right_password_a_wrong_one_and_nobody_s_are_told_apart(void **state)
{
	(void)state;
	struct wakes w = WAKES;
	struct verifier *v = make(&w, 8, 8);
	struct verify_wait *good, *bad, *nobody;
	int64_t user = 0, epoch = 0;
	struct verify_ask a = question(1, "correct horse", true);
	assert_rc(verify_begin(v, &a, &good), RC_OK);
	a = question(2, "correct horsf", true);
	assert_rc(verify_begin(v, &a, &bad), RC_OK);
	a = question(3, "correct horse", false);
	assert_rc(verify_begin(v, &a, &nobody), RC_OK);
	await(&w, 3);
	assert_int_equal(w.last, 3);
	assert_rc(verify_look(v, bad, &user, &epoch), RC_DENIED);
	assert_rc(verify_look(v, nobody, &user, &epoch), RC_DENIED);
	assert_int_equal(user, 0);
	assert_rc(verify_look(v, good, &user, &epoch), RC_OK);
	assert_true(user == 7 && epoch == 70);
	verify_drop(v, good);
	verify_drop(v, bad);
	verify_drop(v, nobody);
	verify_drop(v, NULL);
	verifier_free(v);
}

static void
the_same_question_is_computed_once_for_all_who_ask(void **state)
{
	(void)state;
	struct wakes w = WAKES;
	struct verifier *v = make(&w, 2, 2);
	struct verify_wait *wait[100], *other;
	int64_t user, epoch;
	w.shut = true;
	struct verify_ask a = question(1, "x", false);
	assert_rc(verify_begin(v, &a, &other), RC_OK);
	await(&w, 1); /* answered; the thread stands in its wake */
	a = question(2, "correct horse", true);
	for (size_t i = 0; i < 100; i++) {
		a.waker = i;
		assert_rc(verify_begin(v, &a, &wait[i]), RC_OK);
		assert_rc(verify_look(v, wait[i], &user, &epoch), RC_AGAIN);
	}
	open_gate(&w);
	await(&w, 101);
	for (size_t i = 0; i < 100; i++) {
		assert_rc(verify_look(v, wait[i], &user, &epoch), RC_OK);
		verify_drop(v, wait[i]);
	}
	/* Who asks while the answer is still held has it at once. */
	assert_rc(verify_look(v, other, &user, &epoch), RC_DENIED);
	a = question(1, "x", false);
	assert_rc(verify_begin(v, &a, &wait[0]), RC_OK);
	assert_rc(verify_look(v, wait[0], &user, &epoch), RC_DENIED);
	verify_drop(v, wait[0]);
	/* Of another epoch it is another question. */
	a = question(2, "correct horse", true);
	assert_rc(verify_begin(v, &a, &wait[0]), RC_OK);
	a.epoch++;
	assert_rc(verify_begin(v, &a, &wait[1]), RC_OK);
	await(&w, 103);
	assert_rc(verify_look(v, wait[1], &user, &epoch), RC_OK);
	assert_int_equal(epoch, 71);
	verify_drop(v, wait[0]);
	verify_drop(v, wait[1]);
	verify_drop(v, other);
	verifier_free(v);
}

static void
more_than_may_wait_are_told_to_come_back(void **state)
{
	(void)state;
	struct wakes w = WAKES;
	struct verifier *v = make(&w, 5, 2);
	struct verify_wait *first, *wait[5], *none = NULL;
	w.shut = true;
	struct verify_ask a = question(1, "x", false);
	assert_rc(verify_begin(v, &a, &first), RC_OK);
	await(&w, 1);
	for (uint8_t i = 0; i < 5; i++) {
		a = question((uint8_t)(10 + i), "x", false);
		a.address = i / 2; /* two of each address */
		assert_rc(verify_begin(v, &a, &wait[i]), RC_OK);
		if (i == 1) {
			a = question(20, "x", false);
			a.address = 0;
			assert_rc(verify_begin(v, &a, &none), RC_AGAIN);
		}
	}
	a = question(21, "x", false);
	assert_rc(verify_begin(v, &a, &none), RC_AGAIN);
	assert_null(none);
	/* Who goes makes room, also one whose question is not begun. */
	verify_drop(v, wait[4]);
	assert_rc(verify_begin(v, &a, &wait[4]), RC_OK);
	open_gate(&w);
	await(&w, 6);
	verify_drop(v, first);
	for (size_t i = 0; i < 5; i++)
		verify_drop(v, wait[i]);
	verifier_free(v);
}

static void
after_the_end_nothing_is_asked_and_nobody_is_woken(void **state)
{
	(void)state;
	struct wakes w = WAKES;
	struct verifier *v = make(&w, 8, 8);
	struct verify_wait *first, *left, *none;
	int64_t user, epoch;
	w.shut = true;
	struct verify_ask a = question(1, "x", false);
	assert_rc(verify_begin(v, &a, &first), RC_OK);
	await(&w, 1);
	a = question(2, "x", false);
	assert_rc(verify_begin(v, &a, &left), RC_OK);
	pthread_t opens;
	assert_int_equal(pthread_create(&opens, NULL, open_gate, &w), 0);
	verifier_stop(v);
	pthread_join(opens, NULL);
	unsigned woken = w.count;
	assert_rc(verify_begin(v, &a, &none), RC_AGAIN);
	if (woken == 1)
		assert_rc(verify_look(v, left, &user, &epoch), RC_AGAIN);
	usleep(1000);
	assert_int_equal(w.count, woken);
	verify_drop(v, first);
	verify_drop(v, left);
	verifier_free(v);
}

static atomic_uint ignored;

static void
ignore(void *ctx, uint64_t waker)
{
	(void)ctx;
	(void)waker;
	atomic_fetch_add(&ignored, 1);
}

enum { THREADS = 4, ROUNDS = 500 };

/* Asks and leaves, at once, after a while or with the answer. */
static void *
come_and_go(void *arg)
{
	struct verifier *v = arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct verify_wait *w;
		int64_t user, epoch;
		struct verify_ask a = question((uint8_t)(i % 8), "x", false);
		if (verify_begin(v, &a, &w))
			continue;
		for (unsigned n = i % 3; n > 0 && verify_look(v, w, &user, &epoch) == RC_AGAIN; n--)
			usleep(50);
		verify_drop(v, w);
	}
	return NULL;
}

static void
who_leaves_early_leaves_nothing_behind(void **state)
{
	(void)state;
	struct verifier_options o = {
		.cost = password_cost_least(), .waiting = 6, .per_address = 6, .wake = ignore};
	struct verifier *v = verifier_new(&o);
	pthread_t thread[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, come_and_go, v), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	verifier_free(v); /* asserts that no question is left */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_password_a_wrong_one_and_nobody_s_are_told_apart),
		cmocka_unit_test(the_same_question_is_computed_once_for_all_who_ask),
		cmocka_unit_test(more_than_may_wait_are_told_to_come_back),
		cmocka_unit_test(after_the_end_nothing_is_asked_and_nobody_is_woken),
		cmocka_unit_test(who_leaves_early_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
