#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "keys/password.h"

/* The reference implementation's published strings for Argon2id version 19. */
static void
argon2id_strings_of_the_reference_verify(void **state)
{
	(void)state;
	assert_rc(password_check(SPAN("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
				      "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
			  SPAN("password")),
		RC_OK);
	assert_rc(password_check(SPAN("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
				      "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
			  SPAN("password")),
		RC_OK);
	assert_rc(password_check(SPAN("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
				      "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
			  SPAN("passwore")),
		RC_DENIED);
}

static void
what_was_hashed_verifies_and_nothing_else_does(void **state)
{
	(void)state;
	char one[PASSWORD_TEXT], two[PASSWORD_TEXT];
	struct password_cost cost = password_cost_least();
	struct span with_nul = SPAN("a\0b");
	assert_rc(password_hash(with_nul, cost, one, NULL), RC_OK);
	assert_rc(password_hash(with_nul, cost, two, NULL), RC_OK);
	assert_string_not_equal(one, two);
	assert_rc(password_check(span_of(one), with_nul), RC_OK);
	assert_rc(password_check(span_of(two), with_nul), RC_OK);
	assert_rc(password_check(span_of(one), SPAN("a")), RC_DENIED);
	assert_rc(password_check(span_of(one), SPAN("a\0c")), RC_DENIED);
	assert_rc(password_check(span_of(one), SPAN("")), RC_DENIED);
}

static void
a_stored_text_that_would_cost_the_machine_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"plain",
		"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/"
		"4",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/"
		"uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=4000000000,p=1$c29tZXNhbHQ$nf65EOgLrQMR/"
		"uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=64$c29tZXNhbHQ$nf65EOgLrQMR/"
		"uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256$c29tZXNhbHQ$nf65",
		"$argon2id$v=19$m=256,t=2",
		"$argon2id$v=19$m=",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_rc(password_check(span_of(bad[i]), SPAN("password")), RC_BAD);
	/* Sane cost, but the rest is cut: wrong, not a crash. */
	assert_rc(
		password_check(SPAN("$argon2id$v=19$m=256,t=2,p=1"), SPAN("password")), RC_DENIED);
}

static void
a_changed_cost_makes_old_strings_stale(void **state)
{
	(void)state;
	char text[PASSWORD_TEXT];
	assert_rc(password_hash(SPAN("password"), password_cost_least(), text, NULL), RC_OK);
	assert_false(password_is_stale(span_of(text), password_cost_least()));
	assert_true(password_is_stale(span_of(text), password_cost_default()));
	assert_true(password_is_stale(SPAN("rubbish"), password_cost_default()));
	password_decoy(SPAN("password"), password_cost_least());
}

static void
new_passwords_are_long_enough_and_text(void **state)
{
	(void)state;
	static char long_one[PASSWORD_LONGEST + 1];
	struct diag why = {};
	memset(long_one, 'x', sizeof long_one);
	assert_rc(password_fit(SPAN("eleven char"), &why), RC_BAD);
	assert_true(why.todo[0] != 0);
	assert_rc(password_fit(SPAN("twelve chars"), NULL), RC_OK);
	assert_rc(password_fit(SPAN("パスワードです"), NULL), RC_OK);
	assert_rc(password_fit(SPAN("tab\tis no text"), NULL), RC_BAD);
	assert_rc(password_fit(SPAN("not utf8 \xff at all"), NULL), RC_BAD);
	assert_rc(password_fit((struct span){long_one, PASSWORD_LONGEST}, NULL), RC_OK);
	assert_rc(password_fit((struct span){long_one, PASSWORD_LONGEST + 1}, NULL), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(argon2id_strings_of_the_reference_verify),
		cmocka_unit_test(what_was_hashed_verifies_and_nothing_else_does),
		cmocka_unit_test(a_stored_text_that_would_cost_the_machine_is_refused),
		cmocka_unit_test(a_changed_cost_makes_old_strings_stale),
		cmocka_unit_test(new_passwords_are_long_enough_and_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
