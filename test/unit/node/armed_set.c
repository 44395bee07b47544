/*
 * A node's set and what came since must be what arming anew gives, whatever happened in between: histories of
 * chance, in which three sets are compared after each step - one that has lived all along, one that begins
 * now on the file that is there, and one that begins now without.
 */
#include "armed_world.h"

static void
change(struct fixture *f)
{
	unsigned c = (unsigned)random() % COLLECTIONS, o = (unsigned)random() % OBJECTS,
		 v = (unsigned)random() % VERSIONS;
	switch (random() % 24) {
	case 0: take_away(f, c, o, NULL); break;
	case 1:
	case 2: take_away(f, c, o, &v); break;
	case 3:
		if (random() % 4)
			break;
		assert_rc(vault_collection_remove(f->n.vault, f->collection[c], NULL), RC_OK);
		add_collection(f, c);
		break;
	case 4:
		if (random() % 4 == 0)
			change_users(f);
		break;
	case 5: accept_one(f); break;
	case 6: put(f, c, o, v, (unsigned)random(), true); break;
	default: put(f, c, o, v, (unsigned)random(), false);
	}
}

static void
a_file_and_what_came_since_are_what_arming_anew_gives(void **state)
{
	struct fixture *f = *state;
	struct armed *live = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(1);
	const char *given = getenv("TOCSIN_SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)getpid(), used = 0, lived = 0;
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (unsigned step = 0; step < 500; step++) {
		for (long changes = random() % 5; changes >= 0; changes--)
			change(f);
		if (random() % 9 == 0)
			compile(f, random() % 4 == 0);
		own_buf struct buf want = {}, now = {}, all_along = {};
		describe_fresh(f, true, &want);
		describe_fresh(f, false, &now);
		compare(&want, &now, "what begins now", step);
		if (random() % 3 == 0) {
			refresh(live, set);
			describe(set, live, &all_along);
			compare(&want, &all_along, "what lived all along", step);
			lived += match_set_is_over(set);
		}
		used += look(f).usable == RC_OK;
	}
	assert_true(used > 100 && lived > 20);
	match_set_free(&set);
	armed_free(live);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
		TEST(a_file_and_what_came_since_are_what_arming_anew_gives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
