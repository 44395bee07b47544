#include "../test.h"

#include "base/hash.h"
#include "base/once.h"

static uint64_t
key_of(uint64_t number)
{
	return hash64((struct span){(const char *)&number, sizeof number}, 7);
}

static void
what_was_met_is_known_until_it_is_forgotten(void **state)
{
	(void)state;
	enum { MANY = 5000 };
	struct once o = {};
	once_forget(&o, 1); /* of nothing */
	for (uint64_t i = 0; i < MANY; i++)
		assert_true(once_first(&o, key_of(i)));
	for (uint64_t i = 0; i < MANY; i++)
		assert_false(once_first(&o, key_of(i)));
	/* Others stay findable behind a place that is free again, also after growing. */
	for (uint64_t i = 0; i < MANY; i += 3)
		once_forget(&o, key_of(i));
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(once_first(&o, key_of(i)), i % 3 == 0);
	for (uint64_t i = MANY; i < 4 * MANY; i++)
		assert_true(once_first(&o, key_of(i)));
	for (uint64_t i = 0; i < 4 * MANY; i++)
		assert_false(once_first(&o, key_of(i)));
	size_t slots = o.slots;
	once_reset(&o);
	assert_int_equal(o.slots, slots);
	assert_true(once_first(&o, key_of(0)));
	once_fini(&o);
	assert_true(once_first(&o, 0));
	assert_false(once_first(&o, 0));
	once_fini(&o);
}

/* Met and forgotten again and again, a table stays as large as what it holds. */
static void
forgetting_takes_no_memory_in_the_long_run(void **state)
{
	(void)state;
	struct once o = {};
	for (uint64_t i = 0; i < 100000; i++) {
		assert_true(once_first(&o, key_of(i)));
		once_forget(&o, key_of(i));
	}
	assert_true(o.slots <= 128);
	once_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_met_is_known_until_it_is_forgotten),
		cmocka_unit_test(forgetting_takes_no_memory_in_the_long_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
