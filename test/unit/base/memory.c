#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/rng.h"
#include "base/vec.h"

static void
arena_hands_out_zeroed_aligned_memory_that_stays(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	char *kept[500];
	for (size_t i = 0; i < 500; i++) {
		kept[i] = arena_new(&a, i * 7 % 300 + 1);
		assert_int_equal((uintptr_t)kept[i] % sizeof(void *), 0);
		assert_int_equal(kept[i][0], 0);
		kept[i][0] = (char)i;
		arena_bytes(&a, i % 3);
	}
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(kept[i][0], (char)i);
	assert_span(arena_printf(&a, "%s-%d", "x", 5), "x-5");
}

static void
arena_reset_keeps_memory_bounded(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	for (int round = 0; round < 100; round++) {
		arena_reset(&a);
		for (int i = 0; i < 100; i++)
			arena_new(&a, 10000);
	}
	assert_true(a.total < (size_t)8 << 20);
}

static void
buffers_grow_and_print(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	buf_add_u64(&b, UINT64_MAX);
	assert_true(span_starts(buf_span(&b), SPAN("0,1,2,")));
	assert_true(span_ends(buf_span(&b), SPAN("999,18446744073709551615")));
}

static void
vectors_keep_what_was_added(void **state)
{
	(void)state;
	vec_of(int) v = {};
	for (int i = 0; i < 100; i++)
		*vec_add(&v) = i;
	for (size_t i = 0; i < v.len; i++)
		assert_int_equal(v.at[i], i);
	free(v.at);
}

static void
seeded_chance_repeats_and_stays_below_its_bound(void **state)
{
	(void)state;
	uint64_t one = 7, two = 7;
	for (int i = 0; i < 1000; i++) {
		uint64_t a = rng_below(rng_seeded(&one), 10), b = rng_below(rng_seeded(&two), 10);
		assert_int_equal(a, b);
		assert_true(a < 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_hands_out_zeroed_aligned_memory_that_stays),
		cmocka_unit_test(arena_reset_keeps_memory_bounded),
		cmocka_unit_test(buffers_grow_and_print),
		cmocka_unit_test(vectors_keep_what_was_added),
		cmocka_unit_test(seeded_chance_repeats_and_stays_below_its_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
