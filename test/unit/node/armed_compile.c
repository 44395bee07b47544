/* When a node's set is compiled, by whom, and who takes it up. */
#include "armed_world.h"

enum { MANY = 3000 };

static void
compiling_is_due_by_share_and_one_process_does_it(void **state)
{
	struct fixture *f = *state;
	struct armed_options options = options_of(f, false);
	struct diag why = {};
	assert_false(look(f).there || look(f).due);
	assert_rc(compile_set(&options, NULL, &why), RC_NONE);
	put_many(f, 0, COMPILE_LEAST - 1);
	assert_false(look(f).due);
	put_many(f, COMPILE_LEAST - 1, 1);
	assert_true(look(f).due);
	own_fd int lock = -1;
	assert_rc(layout_lock(f->dir, "set", &lock, NULL), RC_OK);
	assert_rc(compile_set(&options, NULL, &why), RC_AGAIN);
	/* Who waits does so for as long as he says, and no longer than needed. */
	int64_t began = clock_monotonic();
	assert_rc(compile_wait(f->dir, SECOND / 2, &why), RC_AGAIN);
	assert_true(clock_monotonic() - began >= SECOND / 2);
	assert_string_equal(why.what, "another process compiles this node's set");
	assert_non_null(strstr(why.what, "another process"));
	close(own_fd_take(&lock));
	compile(f, false);
	struct compile_state s = look(f);
	assert_true(s.there && !s.due && s.usable == RC_OK && s.indicators == COMPILE_LEAST &&
		    s.came == 0 && s.went == 0 && s.held == COMPILE_LEAST);
	put_many(f, 5000, COMPILE_LEAST);
	assert_true(look(f).due && look(f).came == COMPILE_LEAST);
	compile(f, false);
	put_many(f, 10000, 40000);
	compile(f, false);
	put_many(f, 60000, 2000);
	s = look(f);
	assert_true(s.came == 2000 && s.went == 0 && !s.due);
	put_many(f, 62000, 1000);
	assert_true(look(f).due);
	take_away(f, 0, 1, NULL);
	uint64_t removed;
	assert_rc(vault_delete(f->n.vault, f->collection[0],
			  SPAN("indicator--00000000-0000-4000-9000-000000000005"),
			  &(struct vault_filter){}, &removed, NULL),
		RC_OK);
	assert_int_equal(look(f).went, 1);
	/* Nobody is driven out of memory by what he did not ask for. */
	assert_true(compile_fits(1000000, UINT64_C(2) << 30));
	assert_false(compile_fits(1000000, UINT64_C(1) << 30));
	assert_false(compile_fits(10000000, UINT64_C(8) << 30));
	/* What a killed writer left goes with the next one. */
	char left[100];
	snprintf(left, sizeof left, "%s.new-Abc123", f->path);
	close(open(left, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	compile(f, false);
	assert_int_equal(access(left, F_OK), -1);
	assert_rc(compile_remove(f->dir, NULL), RC_OK);
	assert_false(look(f).there);
}

static void
a_compiler_does_it_in_the_background_and_who_runs_takes_it_up(void **state)
{
	struct fixture *f = *state;
	struct armed_options options = options_of(f, false);
	struct compiler *c = NULL;
	struct armed *live = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(1);
	put_many(f, 0, MANY);
	refresh(live, set);
	assert_false(match_set_is_over(set));
	assert_rc(compiler_new(&options, &c, NULL), RC_OK);
	for (unsigned i = 0; i < 200 && !match_set_is_over(set); i++) {
		usleep(100000);
		refresh(live, set);
	}
	assert_true(match_set_is_over(set));
	enum rc news = compiler_news(c, NULL); /* told behind the rename */
	for (unsigned i = 0; i < 200 && news == RC_NONE; i++) {
		usleep(100000);
		news = compiler_news(c, NULL);
	}
	assert_rc(news, RC_OK);
	assert_rc(compiler_news(c, NULL), RC_NONE);
	/* Armed at once meanwhile, on top of it. */
	put_many(f, MANY, 5);
	refresh(live, set);
	assert_true(match_set_is_over(set) && match_set_count(set) == MANY + 5);
	compiler_free(c);
	match_set_free(&set);
	armed_free(live);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
		TEST(compiling_is_due_by_share_and_one_process_does_it),
		TEST(a_compiler_does_it_in_the_background_and_who_runs_takes_it_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
