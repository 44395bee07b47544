#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "cmd/parse.h"

static enum cmd_exit
nothing_run(struct cmd_env *env)
{
	(void)env;
	return CMD_YES;
}

static const struct cmd_option scan_options[] = {
	{"ioc", "FILE", "list", .repeats = true},
	{"format", "auto|lines|json", "form"},
	{"to", "PARTY|public|self", "reader"},
	{"count", NULL, "only count", .letter = 'c'},
	{"list", NULL, "only names", .letter = 'l'},
	{"after", "N", "lines", .letter = 'A'},
	{},
};
static const struct command scan = {
	"scan", "FILE...", "scan", NEED_NOTHING, nothing_run, scan_options};
static const struct command grant = {
	"grant", "ALIAS USER read|write|both|none", "grant", NEED_NOTHING, nothing_run};
static const struct command sync_verbs[] = {
	{"list", NULL, "list", NEED_NOTHING, nothing_run},
	{"add", "NAME URL", "add", NEED_NOTHING, nothing_run},
	{},
};
static const struct command sync_command = {
	"sync", "[NAME]", "sync", NEED_NOTHING, nothing_run, .verbs = sync_verbs};
static const struct command *const table[] = {&scan, &grant, &sync_command, NULL};

static struct cmd_env env;
static struct diag why;

static enum rc
parse(const char *line)
{
	static char copy[512];
	static char *argv[64];
	parse_fini(&env);
	env = (struct cmd_env){};
	why = (struct diag){};
	snprintf(copy, sizeof copy, "tocsin %s", line);
	int argc = 0;
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	enum cmd_ask ask;
	return parse_line(argc, argv, table, &env, &ask, &why);
}

static void
options_stand_anywhere_in_either_form(void **state)
{
	(void)state;
	assert_rc(parse("--json scan a --ioc=x b --ioc y -cl -A3 -"), RC_OK);
	assert_ptr_equal(env.command, &scan);
	assert_true(env.json);
	assert_int_equal(env.words, 3);
	assert_string_equal(env.word[0], "a");
	assert_string_equal(env.word[2], "-");
	assert_true(cmd_flag(&env, "count"));
	assert_true(cmd_flag(&env, "list"));
	assert_string_equal(cmd_option(&env, "after"), "3");
	size_t at = 0;
	assert_string_equal(cmd_next(&env, "ioc", &at), "x");
	assert_string_equal(cmd_next(&env, "ioc", &at), "y");
	assert_null(cmd_next(&env, "ioc", &at));
	assert_rc(parse("scan -A 4 a"), RC_OK);
	assert_string_equal(cmd_option(&env, "after"), "4");
}

static void
numbers_are_bounded_and_keep_their_default(void **state)
{
	(void)state;
	uint64_t n = 7;
	assert_rc(parse("scan a"), RC_OK);
	assert_true(cmd_number(&env, "after", 0, 10, &n));
	assert_int_equal(n, 7);
	assert_rc(parse("scan a -A9"), RC_OK);
	assert_true(cmd_number(&env, "after", 0, 10, &n));
	assert_int_equal(n, 9);
	assert_int_equal(cmd_choice(&env, "format", 5), 5);
	assert_rc(parse("scan a --format lines"), RC_OK);
	assert_int_equal(cmd_choice(&env, "format", 5), 1);
}

static void
two_dashes_make_words_of_options(void **state)
{
	(void)state;
	assert_rc(parse("scan -- --count -c"), RC_OK);
	assert_int_equal(env.words, 2);
	assert_false(cmd_flag(&env, "count"));
}

static void
a_verb_is_taken_only_in_its_place(void **state)
{
	(void)state;
	assert_rc(parse("sync"), RC_OK);
	assert_ptr_equal(env.command, &sync_command);
	assert_rc(parse("sync peer"), RC_OK);
	assert_int_equal(env.words, 1);
	assert_rc(parse("sync add list http://x"), RC_OK);
	assert_ptr_equal(env.command, &sync_verbs[1]);
	assert_ptr_equal(env.parent, &sync_command);
	assert_string_equal(env.word[0], "list");
	assert_rc(parse("sync peer list"), RC_BAD);
	assert_rc(parse("sync list list"), RC_BAD);
}

static void
words_are_counted_and_choices_enforced(void **state)
{
	(void)state;
	assert_rc(parse("scan"), RC_BAD);
	assert_string_equal(why.what, "FILE is missing");
	assert_rc(parse("grant a b"), RC_BAD);
	assert_string_equal(why.what, "read|write|both|none is missing");
	assert_rc(parse("grant a b all"), RC_BAD);
	assert_string_equal(why.what, "\"all\" is none of read|write|both|none");
	assert_rc(parse("grant a b both"), RC_OK);
	assert_rc(parse("grant a b both c"), RC_BAD);
	assert_rc(parse("scan a --format xml"), RC_BAD);
	/* An upper-case word among them stands for any value. */
	assert_rc(parse("scan a --to cert-fi"), RC_OK);
	assert_string_equal(cmd_option(&env, "to"), "cert-fi");
}

static void
wrong_options_are_refused_and_near_ones_named(void **state)
{
	(void)state;
	assert_rc(parse("scan a --cuont"), RC_BAD);
	assert_string_equal(why.what, "no option --cuont; did you mean --count?");
	assert_rc(parse("scan a --qqqqqq"), RC_BAD);
	assert_string_equal(why.what, "no option --qqqqqq");
	assert_rc(parse("scan a --format lines --format json"), RC_BAD);
	assert_string_equal(why.what, "--format is said twice");
	assert_rc(parse("scan a --after"), RC_BAD);
	assert_rc(parse("scan a -cA"), RC_BAD);
	assert_rc(parse("scan a -cz"), RC_BAD);
	assert_rc(parse("scan a --count=1"), RC_BAD);
	assert_rc(parse("scan a --ioc="), RC_BAD);
	assert_rc(parse("scna a"), RC_BAD);
	assert_string_equal(why.what, "no command \"scna\"; did you mean scan?");
	/* Options of another row are not this row's. */
	assert_rc(parse("grant a b both --count"), RC_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere_in_either_form),
		cmocka_unit_test(numbers_are_bounded_and_keep_their_default),
		cmocka_unit_test(two_dashes_make_words_of_options),
		cmocka_unit_test(a_verb_is_taken_only_in_its_place),
		cmocka_unit_test(words_are_counted_and_choices_enforced),
		cmocka_unit_test(wrong_options_are_refused_and_near_ones_named),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	parse_fini(&env);
	return failed;
}
