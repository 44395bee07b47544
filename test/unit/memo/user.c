#include "fixture.h"

static void
a_user_is_added_found_listed_and_removed(void **state)
{
	struct fixture *f = *state;
	struct user one = {.name = SPAN("bob"),
		.roles = ROLE_READER | ROLE_ADMIN,
		.identity = SPAN("identity--00000001-0000-4000-8000-00000000000A"),
		.party = SPAN("jp.example")};
	struct user got = {};
	struct diag why = {};
	assert_rc(user_add(f->s, clock_system(), &one, &why), RC_OK);
	add_user(f, "alice", ROLE_ANALYST);
	assert_rc(user_get(f->s, SPAN("bob"), &f->a, &got, &why), RC_OK);
	assert_int_equal(got.number, one.number);
	assert_int_equal(got.roles, ROLE_READER | ROLE_ADMIN);
	assert_span(got.identity, "identity--00000001-0000-4000-8000-00000000000a");
	assert_span(got.party, "jp.example");
	assert_false(got.has_password);
	struct user at = {};
	assert_rc(user_next(f->s, &f->a, &at, &why), RC_OK);
	assert_span(at.name, "alice");
	assert_int_equal(at.identity.len, 0);
	assert_rc(user_next(f->s, &f->a, &at, &why), RC_OK);
	assert_span(at.name, "bob");
	assert_rc(user_next(f->s, &f->a, &at, &why), RC_NONE);
	assert_rc(user_remove(f->s, SPAN("bob"), &why), RC_OK);
	assert_rc(user_get(f->s, SPAN("bob"), &f->a, &got, &why), RC_NONE);
	assert_rc(user_remove(f->s, SPAN("bob"), &why), RC_NONE);
	assert_string_equal(why.where, "bob");
}

static void
what_cannot_be_a_user_is_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"", "-a", "a b", "a:b", "public", "Self", "local", "ü",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static const char *const parties[] = {
		"jp", "JP.example", "jp..example", "-a.b", ".jp", "a b.c"};
	struct diag why = {};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct user u = {.name = span_of(names[i]), .roles = ROLE_READER};
		assert_rc(user_add(f->s, clock_system(), &u, &why), RC_BAD);
	}
	for (size_t i = 0; i < sizeof parties / sizeof *parties; i++) {
		struct user u = {
			.name = SPAN("x"), .roles = ROLE_READER, .party = span_of(parties[i])};
		assert_rc(user_add(f->s, clock_system(), &u, &why), RC_BAD);
	}
	struct user u = {.name = SPAN("x")};
	assert_rc(user_add(f->s, clock_system(), &u, &why), RC_BAD);
	u.roles = 64;
	assert_rc(user_add(f->s, clock_system(), &u, &why), RC_BAD);
	u.roles = ROLE_READER;
	u.identity = SPAN("indicator--00000001-0000-4000-8000-000000000000");
	assert_rc(user_add(f->s, clock_system(), &u, &why), RC_BAD);
	u.identity = SPAN("identity--00000001-0000-4000-8000-000000000000");
	assert_rc(user_add(f->s, clock_system(), &u, &why), RC_OK);
	assert_rc(user_add(f->s, clock_system(), &u, &why), RC_CONFLICT);
	u.name = SPAN("y");
	assert_rc(user_add(f->s, clock_system(), &u, &why), RC_CONFLICT);
	assert_non_null(strstr(why.what, "identity"));
}

static void
a_number_never_passes_to_another_user(void **state)
{
	struct fixture *f = *state;
	enum grant rights;
	struct user one = add_user(f, "bob", ROLE_READER);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_BOTH, NULL), RC_OK);
	assert_rc(user_remove(f->s, SPAN("bob"), NULL), RC_OK);
	struct user two = add_user(f, "bob", ROLE_READER);
	assert_true(two.number > one.number);
	assert_rc(grant_get(f->s, SPAN(COLLECTION), SPAN("bob"), &rights, NULL), RC_OK);
	assert_int_equal(rights, GRANT_NONE);
}

static void
every_change_gives_the_user_and_the_node_a_new_epoch(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT];
	int64_t seen[16], before;
	uint64_t dropped;
	size_t n = 0;
	struct user u;
	add_user(f, "bob", ROLE_READER);
	assert_rc(memo_epoch(f->s, &before, NULL), RC_OK);
	for (int step = 0; step < 7; step++) {
		enum rc code = RC_OK;
		struct password_cost cost = password_cost_least();
		if (step == 0)
			code = user_set_password(
				f->s, SPAN("bob"), SPAN("twelve chars"), cost, NULL);
		else if (step == 1)
			code = user_add_token(f->s, SPAN("bob"), rng_system(), noon, token, NULL);
		else if (step == 2)
			code = user_drop_tokens(f->s, SPAN("bob"), &dropped, NULL);
		else if (step == 3)
			code = user_add_cert(f->s, SPAN("bob"),
				SPAN("sha256:"
				     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2001"
				     "5ad"),
				noon, NULL);
		else if (step == 4)
			code = grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_READ, NULL);
		else if (step == 5)
			code = grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_NONE, NULL);
		else
			code = user_set_password(f->s, SPAN("bob"), SPAN(""), cost, NULL);
		assert_rc(code, RC_OK);
		int64_t now;
		assert_rc(memo_epoch(f->s, &now, NULL), RC_OK);
		assert_true(now != before);
		before = now;
		assert_rc(user_get(f->s, SPAN("bob"), &f->a, &u, NULL), RC_OK);
		for (size_t i = 0; i < n; i++)
			assert_true(seen[i] != u.epoch);
		seen[n++] = u.epoch;
	}
	assert_int_equal(dropped, 1);
	assert_int_equal(u.certs, 1);
	assert_int_equal(u.tokens, 0);
	assert_false(u.has_password);
	assert_rc(user_remove(f->s, SPAN("bob"), NULL), RC_OK);
	int64_t now;
	assert_rc(memo_epoch(f->s, &now, NULL), RC_OK);
	assert_true(now != before);
}

static void
credentials_are_bounded_and_belong_to_one_user(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT], print[80];
	struct diag why = {};
	add_user(f, "bob", ROLE_READER);
	add_user(f, "eve", ROLE_READER);
	for (int i = 0; i < USER_CREDENTIALS; i++) {
		snprintf(print, sizeof print, "%064x", i);
		assert_rc(user_add_cert(f->s, SPAN("bob"), span_of(print), noon, &why), RC_OK);
	}
	assert_rc(user_add_token(f->s, SPAN("bob"), rng_system(), noon, token, &why), RC_LIMIT);
	assert_rc(user_add_cert(f->s, SPAN("eve"), span_of(print), noon, &why), RC_CONFLICT);
	assert_rc(user_add_cert(f->s, SPAN("eve"), SPAN("rubbish"), noon, &why), RC_BAD);
	assert_rc(user_add_cert(f->s, SPAN("nobody"), SPAN("rubbish"), noon, &why), RC_BAD);
	assert_rc(user_add_token(f->s, SPAN("nobody"), rng_system(), noon, token, &why), RC_NONE);
	assert_rc(user_add_token(f->s, SPAN("public"), rng_system(), noon, token, &why), RC_NONE);
	struct user bob;
	own_buf struct buf at = {};
	assert_rc(user_get(f->s, SPAN("bob"), &f->a, &bob, &why), RC_OK);
	for (int i = 0; i < USER_CREDENTIALS; i++) {
		assert_rc(user_next_cert(f->s, &bob, &at, &why), RC_OK);
		snprintf(print, sizeof print, "sha256:%064x", i);
		assert_true(span_eq(buf_span(&at), span_of(print)));
	}
	assert_rc(user_next_cert(f->s, &bob, &at, &why), RC_NONE);
	/* Removing the user frees its fingerprints. */
	assert_rc(user_remove(f->s, SPAN("bob"), &why), RC_OK);
	assert_rc(user_add_cert(f->s, SPAN("eve"), buf_span(&at), noon, &why), RC_OK);
}

static void
bound_identities_come_sorted(void **state)
{
	struct fixture *f = *state;
	struct uuid *all;
	size_t count;
	for (int i = 9; i > 0; i--) {
		char name[8], identity[64];
		snprintf(name, sizeof name, "u%d", i);
		snprintf(identity, sizeof identity, "identity--%08x-0000-4000-8000-000000000000",
			i * 77);
		struct user u = {
			.name = span_of(name), .roles = ROLE_READER, .identity = span_of(identity)};
		assert_rc(user_add(f->s, clock_system(), &u, NULL), RC_OK);
	}
	add_user(f, "without", ROLE_READER);
	assert_rc(user_identities(f->s, &f->a, &all, &count, NULL), RC_OK);
	assert_int_equal(count, 9);
	for (size_t i = 1; i < count; i++)
		assert_true(memcmp(&all[i - 1], &all[i], sizeof *all) < 0);
}

static void
grants_are_set_listed_and_taken_away(void **state)
{
	struct fixture *f = *state;
	struct diag why = {};
	enum grant rights;
	struct grant_row row = {};
	add_user(f, "bob", ROLE_READER);
	add_user(f, "zoe", ROLE_READER);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("zoe"), GRANT_WRITE, &why), RC_OK);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("public"), GRANT_READ, &why), RC_OK);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_READ, &why), RC_OK);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_BOTH, &why), RC_OK);
	assert_rc(grant_set(f->s, SPAN(OTHER_COLLECTION), SPAN("bob"), GRANT_READ, &why), RC_OK);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("public"), GRANT_BOTH, &why), RC_BAD);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("nobody"), GRANT_READ, &why), RC_NONE);
	assert_rc(grant_set(f->s, SPAN("alias"), SPAN("bob"), GRANT_READ, &why), RC_BAD);
	static const char *const want[] = {"bob both", "public read", "zoe write", "bob read"};
	for (size_t i = 0; i < 4; i++) {
		char text[80];
		assert_rc(grant_next(f->s, &f->a, &row, &why), RC_OK);
		snprintf(text, sizeof text, "%.*s %s", (int)row.user.len, row.user.ptr,
			grant_word(row.rights));
		assert_string_equal(text, want[i]);
	}
	assert_rc(grant_next(f->s, &f->a, &row, &why), RC_NONE);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_NONE, &why), RC_OK);
	assert_rc(grant_get(f->s, SPAN(COLLECTION), SPAN("bob"), &rights, &why), RC_OK);
	assert_int_equal(rights, GRANT_NONE);
	assert_rc(grant_forget(f->s, SPAN(COLLECTION), &why), RC_OK);
	assert_rc(grant_get(f->s, SPAN(COLLECTION), SPAN("public"), &rights, &why), RC_OK);
	assert_int_equal(rights, GRANT_NONE);
	assert_rc(grant_get(f->s, SPAN(OTHER_COLLECTION), SPAN("bob"), &rights, &why), RC_OK);
	assert_int_equal(rights, GRANT_READ);
}

static void
roles_are_words_both_ways(void **state)
{
	(void)state;
	unsigned roles = 0;
	own_buf struct buf text = {};
	assert_rc(roles_parse(SPAN("admin, reader"), &roles, NULL), RC_OK);
	assert_int_equal(roles, ROLE_READER | ROLE_ADMIN);
	roles_text(roles, &text);
	assert_span(buf_span(&text), "reader,admin");
	assert_rc(roles_parse(SPAN(""), &roles, NULL), RC_BAD);
	assert_rc(roles_parse(SPAN("root"), &roles, NULL), RC_BAD);
	assert_rc(roles_parse(SPAN("reader,"), &roles, NULL), RC_BAD);
	assert_rc(roles_parse(SPAN("reader,READER"), &roles, NULL), RC_BAD);
	enum grant g;
	for (enum grant i = GRANT_NONE; i <= GRANT_BOTH; i++) {
		assert_rc(grant_parse(span_of(grant_word(i)), &g), RC_OK);
		assert_int_equal(g, i);
	}
	assert_rc(grant_parse(SPAN("all"), &g), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_fixture(a_user_is_added_found_listed_and_removed),
		with_fixture(what_cannot_be_a_user_is_refused_with_a_reason),
		with_fixture(a_number_never_passes_to_another_user),
		with_fixture(every_change_gives_the_user_and_the_node_a_new_epoch),
		with_fixture(credentials_are_bounded_and_belong_to_one_user),
		with_fixture(bound_identities_come_sorted),
		with_fixture(grants_are_set_listed_and_taken_away),
		cmocka_unit_test(roles_are_words_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
