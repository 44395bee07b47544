#include "fixture.h"

#include "memo/role.h"

/* doc/roles.md, typed again. */
static void
each_role_may_what_the_manual_says_and_nothing_more(void **state)
{
	(void)state;
	static const struct {
		unsigned role;
		const char *may;
	} want[] = {
		{ROLE_READER, "read write"},
		{ROLE_ANALYST, "read write analyse"},
		{ROLE_RELEASER, "read write release"},
		{ROLE_OFFICER, "read write approve"},
		{ROLE_AUDITOR, "audit"},
		{ROLE_ADMIN, "configure"},
		{ROLE_AUDITOR | ROLE_ADMIN, "audit configure"},
		{ROLE_READER | ROLE_ADMIN, "read write configure"},
		{0, ""},
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		own_buf struct buf may = {};
		for (enum role_act act = ACT_READ; act < ROLE_ACTS; act++)
			if (role_may(want[i].role, act))
				buf_printf(&may, "%s%s", may.len ? " " : "", role_act_word(act));
		buf_add_byte(&may, 0);
		assert_string_equal(may.ptr, want[i].may);
	}
}

/* memorandum: an auditor has no content, an admin decides nothing about content. */
static void
content_and_configuration_share_no_role(void **state)
{
	(void)state;
	unsigned content = role_of_act(ACT_READ) | role_of_act(ACT_WRITE) |
			   role_of_act(ACT_ANALYSE) | role_of_act(ACT_RELEASE) |
			   role_of_act(ACT_APPROVE);
	assert_int_equal(content & (role_of_act(ACT_CONFIGURE) | role_of_act(ACT_AUDIT)), 0);
	assert_int_equal(role_of_act(ACT_RELEASE) & role_of_act(ACT_APPROVE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_may_what_the_manual_says_and_nothing_more),
		cmocka_unit_test(content_and_configuration_share_no_role),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
