#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "keys/x509.h"
#include "memo/brake.h"

static const struct login_options quick = {};

static struct login *
new_login(struct login_options options)
{
	options.rng = rng_system();
	options.cost = password_cost_least();
	return login_new(&options);
}

static struct login_ask
basic(const char *name, const char *password, int64_t now)
{
	return (struct login_ask){
		.credential = {CREDENTIAL_BASIC, span_of(name), span_of(password)}, .now = now};
}

static void
give_password(struct fixture *f, const char *name, const char *password)
{
	assert_rc(user_set_password(
			  f->s, span_of(name), span_of(password), password_cost_least(), NULL),
		RC_OK);
}

static enum rc
try(struct fixture *f, struct login *l, struct login_ask ask)
{
	struct user u = {};
	int64_t wait = 0;
	return login_check(l, f->s, &ask, &f->a, &u, &wait);
}

static void
a_verified_password_is_remembered_and_not_computed_again(void **state)
{
	struct fixture *f = *state;
	struct login *l = new_login(quick);
	struct user u = {};
	int64_t wait = 0;
	add_user(f, "bob", ROLE_READER);
	give_password(f, "bob", "correct horse");
	struct login_ask ask = basic("bob", "correct horse", noon);
	assert_rc(login_check(l, f->s, &ask, &f->a, &u, &wait), RC_OK);
	assert_span(u.name, "bob");
	for (int i = 0; i < 10; i++)
		assert_rc(try(f, l, ask), RC_OK);
	assert_int_equal(login_counts(l).verified, 1);
	assert_int_equal(login_counts(l).remembered, 10);
	/* Another password of the same name is not remembered with it. */
	assert_rc(try(f, l, basic("bob", "correct horsf", noon)), RC_DENIED);
	/* Minutes later it is computed anew, also when the clock was set back. */
	ask.now = noon + 301 * SECOND;
	assert_rc(try(f, l, ask), RC_OK);
	assert_int_equal(login_counts(l).verified, 2);
	ask.now = noon - 3600 * SECOND;
	assert_rc(try(f, l, ask), RC_OK);
	assert_int_equal(login_counts(l).verified, 3);
	login_free(l);
}

/* Each case makes the remembered login worthless, seen through another connection. */
static void
a_removed_or_changed_user_is_out_at_once(void **state)
{
	struct fixture *f = *state;
	struct login *l = new_login(quick);
	own_store struct store *reader = fixture_store(f, STORE_READ);
	struct login_ask ask = basic("bob", "correct horse", noon);
	struct user u;
	int64_t wait;
	for (int round = 0; round < 3; round++) {
		if (round != 1)
			add_user(f, "bob", ROLE_READER);
		give_password(f, "bob", "correct horse");
		assert_rc(login_check(l, reader, &ask, &f->a, &u, &wait), RC_OK);
		assert_rc(login_check(l, reader, &ask, &f->a, &u, &wait), RC_OK);
		if (round == 0)
			give_password(f, "bob", "another horse");
		else
			assert_rc(user_remove(f->s, SPAN("bob"), NULL), RC_OK);
		assert_rc(login_check(l, reader, &ask, &f->a, &u, &wait), RC_DENIED);
	}
	/* Somebody new under the old name and password is himself, not the old one. */
	struct user again = add_user(f, "bob", ROLE_AUDITOR);
	give_password(f, "bob", "correct horse");
	assert_rc(login_check(l, reader, &ask, &f->a, &u, &wait), RC_OK);
	assert_int_equal(u.number, again.number);
	assert_int_equal(u.roles, ROLE_AUDITOR);
	login_free(l);
}

static void
users_without_password_and_unknown_names_are_nobody(void **state)
{
	struct fixture *f = *state;
	struct login *l = new_login(quick);
	add_user(f, "token-only", ROLE_READER);
	assert_rc(try(f, l, basic("token-only", "", noon)), RC_DENIED);
	assert_rc(try(f, l, basic("token-only", "x", noon)), RC_DENIED);
	assert_rc(try(f, l, basic("nobody", "x", noon)), RC_DENIED);
	assert_rc(try(f, l, basic("", "", noon)), RC_DENIED);
	assert_rc(try(f, l, (struct login_ask){.now = noon}), RC_DENIED);
	assert_int_equal(login_counts(l).refused, 4);
	login_free(l);
}

static void
tokens_and_certificates_are_one_users_until_taken_away(void **state)
{
	struct fixture *f = *state;
	struct login *l = new_login(quick);
	char token[TOKEN_TEXT];
	uint64_t dropped;
	struct user u = {};
	int64_t wait;
	add_user(f, "bob", ROLE_READER);
	assert_rc(user_add_token(f->s, SPAN("bob"), rng_system(), noon, token, NULL), RC_OK);
	struct login_ask bearer = {
		.credential = {CREDENTIAL_BEARER, {}, span_of(token)}, .now = noon};
	assert_rc(login_check(l, f->s, &bearer, &f->a, &u, &wait), RC_OK);
	assert_span(u.name, "bob");
	/* The stored digest is no token, and a token's digest is no certificate. */
	char digest[65];
	token_digest(span_of(token), digest);
	bearer.credential.secret = span_of(digest);
	assert_rc(try(f, l, bearer), RC_DENIED);
	bearer.credential.kind = CREDENTIAL_CERT;
	assert_rc(try(f, l, bearer), RC_DENIED);
	static const char print[] =
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct login_ask cert = {.credential = {CREDENTIAL_CERT, {}, span_of(print)}, .now = noon};
	assert_rc(try(f, l, cert), RC_DENIED);
	assert_rc(user_add_cert(f->s, SPAN("bob"), span_of(print), noon, NULL), RC_OK);
	assert_rc(try(f, l, cert), RC_OK);
	assert_rc(user_drop_tokens(f->s, SPAN("bob"), &dropped, NULL), RC_OK);
	bearer.credential = (struct credential){CREDENTIAL_BEARER, {}, span_of(token)};
	assert_rc(try(f, l, bearer), RC_DENIED);
	assert_rc(try(f, l, cert), RC_OK);
	assert_rc(user_remove(f->s, SPAN("bob"), NULL), RC_OK);
	assert_rc(try(f, l, cert), RC_DENIED);
	login_free(l);
}

static struct login_ask
from(struct login_ask ask, const char *address)
{
	ask.from = span_of(address);
	return ask;
}

static void
guessing_is_slowed_and_a_remembered_login_is_not(void **state)
{
	struct fixture *f = *state;
	struct login *l = new_login(quick);
	struct user u;
	int64_t wait = 0;
	add_user(f, "bob", ROLE_READER);
	add_user(f, "eve", ROLE_READER);
	give_password(f, "bob", "correct horse");
	give_password(f, "eve", "battery staple");
	struct login_ask good = from(basic("bob", "correct horse", noon), "192.0.2.1");
	assert_rc(try(f, l, good), RC_OK);
	struct login_ask bad = from(basic("eve", "guess", noon), "192.0.2.66");
	for (int i = 0; i < 5; i++)
		assert_rc(try(f, l, bad), RC_DENIED);
	assert_rc(login_check(l, f->s, &bad, &f->a, &u, &wait), RC_AGAIN);
	assert_int_equal(wait, SECOND);
	/* From there not even the right one; from elsewhere it works. */
	assert_rc(try(f, l, from(basic("eve", "battery staple", noon), "192.0.2.66")), RC_AGAIN);
	assert_rc(try(f, l, from(basic("eve", "battery staple", noon), "192.0.2.7")), RC_OK);
	/* Each failure doubles the wait. */
	bad.now += SECOND;
	assert_rc(try(f, l, bad), RC_DENIED);
	assert_rc(login_check(l, f->s, &bad, &f->a, &u, &wait), RC_AGAIN);
	assert_int_equal(wait, 2 * SECOND);
	/* A hundred names from one address: the address is slowed. */
	for (int i = 0; i < 100; i++) {
		char name[16];
		snprintf(name, sizeof name, "user%d", i);
		(void)try(f, l, from(basic(name, "x", noon), "2001:db8::1"));
	}
	assert_rc(try(f, l, from(basic("new", "x", noon), "2001:db8::1")), RC_AGAIN);
	assert_rc(try(f, l, from(basic("new", "x", noon), "2001:db8::2")), RC_AGAIN);
	assert_rc(try(f, l, from(basic("new", "x", noon), "2001:db8:0:1::1")), RC_DENIED);
	/* Bob from a slowed address: remembered, so he is let in. */
	assert_rc(try(f, l, from(basic("bob", "correct horse", noon), "2001:db8::1")), RC_OK);
	/* Ten minutes later all is forgotten. */
	bad.now = noon + 700 * SECOND;
	assert_rc(try(f, l, bad), RC_DENIED);
	login_free(l);
}

static void
the_brake_waits_longer_up_to_its_bound_and_forgets(void **state)
{
	(void)state;
	static struct brake b;
	struct brake_rule rule = {2, 60 * SECOND};
	static const int64_t want[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_int_equal(brake_wait(&b, 7, rule, noon), want[i] * SECOND);
		brake_failed(&b, 7, noon);
	}
	for (int i = 0; i < 100; i++)
		brake_failed(&b, 7, noon);
	assert_int_equal(brake_wait(&b, 7, rule, noon), 60 * SECOND);
	assert_int_equal(brake_wait(&b, 7, rule, noon + 59 * SECOND), SECOND);
	assert_int_equal(brake_wait(&b, 7, rule, noon + 60 * SECOND), 0);
	assert_int_equal(brake_wait(&b, 8, rule, noon), 0);
	brake_failed(&b, 7, noon + 600 * SECOND);
	assert_int_equal(brake_wait(&b, 7, rule, noon + 600 * SECOND), 0);
	brake_passed(&b, 7);
	assert_int_equal(b.place[7].failures, 0);
}

static void
authorization_fields_are_read_strictly(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *name, *secret;
		enum rc code;
		enum credential_kind kind;
	} cases[] = {
		{"", "", "", RC_OK, CREDENTIAL_NONE},
		{"  ", "", "", RC_OK, CREDENTIAL_NONE},
		/* RFC 7617 section 2 and 2.1 */
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame", RC_OK,
			CREDENTIAL_BASIC},
		{"bAsIc   dGVzdDoxMjPCow==", "test", "123£", RC_OK, CREDENTIAL_BASIC},
		{"Basic YTpiOmM=", "a", "b:c", RC_OK, CREDENTIAL_BASIC},
		{"Basic Og==", "", "", RC_OK, CREDENTIAL_BASIC},
		{"Basic YWJj", "", "", RC_BAD, CREDENTIAL_NONE}, /* no colon */
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "", "", RC_BAD, CREDENTIAL_NONE},
		{"Basic YTpiAA==", "", "", RC_BAD, CREDENTIAL_NONE}, /* NUL */
		{"Basic YToKYg==", "", "", RC_BAD, CREDENTIAL_NONE}, /* line end */
		{"Basic Yf86Yg==", "", "", RC_BAD, CREDENTIAL_NONE}, /* not UTF-8 */
		{"Basic", "", "", RC_UNKNOWN, CREDENTIAL_NONE},
		{"BasicQWxh", "", "", RC_UNKNOWN, CREDENTIAL_NONE},
		{"Basic ", "", "", RC_UNKNOWN, CREDENTIAL_NONE},
		/* RFC 6750 section 2.1 */
		{"Bearer mF_9.B5f-4.1JqM", "", "mF_9.B5f-4.1JqM", RC_OK, CREDENTIAL_BEARER},
		{"bearer abc==", "", "abc==", RC_OK, CREDENTIAL_BEARER},
		{"Bearer a=b", "", "", RC_BAD, CREDENTIAL_NONE},
		{"Bearer a b", "", "", RC_BAD, CREDENTIAL_NONE},
		{"Bearer =", "", "", RC_BAD, CREDENTIAL_NONE},
		{"Digest username=x", "", "", RC_UNKNOWN, CREDENTIAL_NONE},
		{"\x01", "", "", RC_UNKNOWN, CREDENTIAL_NONE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct credential got = {};
		assert_rc(credential_parse(span_of(cases[i].text), &f->a, &got), cases[i].code);
		assert_int_equal(got.kind, cases[i].kind);
		assert_true(span_eq(got.name, span_of(cases[i].name)));
		assert_true(span_eq(got.secret, span_of(cases[i].secret)));
	}
	static char longest[5000] = "Bearer ";
	memset(longest + 7, 'a', sizeof longest - 7);
	struct credential got = {};
	assert_rc(credential_parse((struct span){longest, 4097}, &f->a, &got), RC_BAD);
	assert_rc(credential_parse((struct span){longest, 4096}, &f->a, &got), RC_OK);
}

enum { THREADS = 8, ROUNDS = 200 };

/* Of one thread: whether it was woken. */
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	bool rings;
};

static void
ring(void *ctx, uint64_t waker)
{
	(void)ctx;
	struct bell *b = (struct bell *)(uintptr_t)waker;
	pthread_mutex_lock(&b->lock);
	b->rings = true;
	pthread_cond_signal(&b->rung);
	pthread_mutex_unlock(&b->lock);
}

/* As a server does: asks, sleeps, asks again. */
static enum rc
ask_until_known(struct login *l, struct store *s, struct login_ask ask, struct bell *b,
	struct arena *a, struct user *u)
{
	struct verify_wait *wait = NULL;
	int64_t later;
	enum rc code;
	ask.wait = &wait;
	ask.waker = (uintptr_t)b;
	while ((code = login_check(l, s, &ask, a, u, &later)) == RC_AGAIN && wait) {
		pthread_mutex_lock(&b->lock);
		while (!b->rings)
			pthread_cond_wait(&b->rung, &b->lock);
		b->rings = false;
		pthread_mutex_unlock(&b->lock);
	}
	assert_null(wait);
	return code;
}

struct racer {
	struct fixture *f;
	struct login *l;
	atomic_bool *removed;
	unsigned good, after;
	int index;
};

/* Logs in again and again; once the removal is known to be durable, nobody may be let in. */
static void *
race(void *arg)
{
	struct racer *r = arg;
	own_store struct store *s = fixture_store(r->f, STORE_READ);
	struct bell bell = {.lock = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER};
	for (int i = 0; i < ROUNDS; i++) {
		own_arena struct arena a = {};
		bool gone = atomic_load(r->removed);
		bool wrong = (i + r->index) % 16 == 0;
		struct login_ask ask = basic("bob", wrong ? "wrong horse" : "correct horse", noon);
		char address[16];
		snprintf(address, sizeof address, "192.0.2.%d", i % 250);
		ask.from = span_of(address);
		struct user u;
		enum rc code = ask_until_known(r->l, s, ask, &bell, &a, &u);
		r->good += code == RC_OK;
		r->after += code == RC_OK && (gone || wrong);
	}
	return NULL;
}

static void
many_threads_share_one_login_and_a_removal_reaches_all(void **state)
{
	struct fixture *f = *state;
	struct login *l = new_login((struct login_options){.wake = ring});
	pthread_t thread[THREADS];
	struct racer racer[THREADS];
	atomic_bool removed = false;
	unsigned good = 0;
	add_user(f, "bob", ROLE_READER);
	give_password(f, "bob", "correct horse");
	for (int i = 0; i < THREADS; i++) {
		racer[i] = (struct racer){f, l, &removed, 0, 0, i};
		assert_int_equal(pthread_create(&thread[i], NULL, race, &racer[i]), 0);
	}
	for (int i = 0; i < 20000 && login_counts(l).remembered < 100; i++)
		usleep(1000);
	assert_rc(user_remove(f->s, SPAN("bob"), NULL), RC_OK);
	atomic_store(&removed, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(racer[i].after, 0);
		good += racer[i].good;
	}
	assert_true(good >= 100);
	struct login_counts c = login_counts(l);
	assert_int_equal(c.verified + c.remembered, good);
	login_free(l);
}

/* The thread that computes stands still in its first wake, until the test lets go. */
static void
stand(void *ctx, uint64_t waker)
{
	(void)waker;
	pthread_mutex_lock(ctx);
	pthread_mutex_unlock(ctx);
}

static void
a_password_changed_while_it_is_computed_lets_nobody_in(void **state)
{
	struct fixture *f = *state;
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct login *l = new_login((struct login_options){.wake = stand, .ctx = &gate});
	struct verify_wait *wait = NULL, *first = NULL;
	struct login_ask ask = basic("bob", "correct horse", noon);
	struct user u;
	int64_t later;
	add_user(f, "bob", ROLE_READER);
	give_password(f, "bob", "correct horse");
	struct login_ask other = basic("nobody", "x", noon);
	other.wait = &first;
	ask.wait = &wait;
	pthread_mutex_lock(&gate);
	enum rc code = login_check(l, f->s, &other, &f->a, &u, &later);
	while (code == RC_AGAIN)
		code = login_check(l, f->s, &other, &f->a, &u, &later);
	assert_rc(code, RC_DENIED);
	assert_rc(login_check(l, f->s, &ask, &f->a, &u, &later), RC_AGAIN);
	assert_non_null(wait);
	give_password(f, "bob", "another horse");
	pthread_mutex_unlock(&gate);
	while ((code = login_check(l, f->s, &ask, &f->a, &u, &later)) == RC_AGAIN)
		usleep(1000);
	assert_rc(code, RC_DENIED);
	assert_null(wait);
	/* One that is never asked again is dropped with its request. */
	(void)!login_check(l, f->s, &ask, &f->a, &u, &later);
	login_drop(l, wait);
	login_stop(l);
	ask.credential.secret = SPAN("yet another one");
	wait = NULL;
	assert_rc(login_check(l, f->s, &ask, &f->a, &u, &later), RC_AGAIN);
	assert_null(wait);
	assert_int_equal(later, SECOND);
	login_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_fixture(a_verified_password_is_remembered_and_not_computed_again),
		with_fixture(a_removed_or_changed_user_is_out_at_once),
		with_fixture(users_without_password_and_unknown_names_are_nobody),
		with_fixture(tokens_and_certificates_are_one_users_until_taken_away),
		with_fixture(guessing_is_slowed_and_a_remembered_login_is_not),
		cmocka_unit_test(the_brake_waits_longer_up_to_its_bound_and_forgets),
		with_fixture(authorization_fields_are_read_strictly),
		with_fixture(many_threads_share_one_login_and_a_removal_reaches_all),
		with_fixture(a_password_changed_while_it_is_computed_lets_nobody_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
