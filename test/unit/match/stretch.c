/* What a sweep says of a stretch of text: ends of lines between any two places. */
#include "../test.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/rng.h"
#include "match/stretch.h"

enum { LEN = 3 * SWEEP_CHUNK + 100 };

static uint64_t
plainly(const char *text, size_t from, size_t to)
{
	uint64_t count = 0;
	for (size_t i = from; i < to; i++)
		count += text[i] == '\n';
	return count;
}

static void
ends_of_lines_are_counted_between_any_two_places(void **state)
{
	(void)state;
	uint64_t seed = 3;
	struct rng rng = rng_seeded(&seed);
	own_mem char *text = mem_new(LEN);
	/* One byte in so many is an end: all, half, few; and what is one bit from an end. */
	static const uint8_t rare[] = {1, 2, 100};
	for (size_t k = 0; k < sizeof rare / sizeof *rare; k++) {
		uint16_t ends[LEN / SWEEP_CHUNK + 1] = {};
		rng_fill(rng, text, LEN);
		for (size_t i = 0; i < LEN; i++)
			text[i] = (uint8_t)text[i] % rare[k] == 0
					  ? '\n'
					  : (char)('\n' ^ 1 << ((uint8_t)text[i] % 8));
		for (size_t i = 0; i <= LEN / SWEEP_CHUNK; i++) {
			size_t to = (i + 1) * SWEEP_CHUNK;
			ends[i] = (uint16_t)plainly(text, i * SWEEP_CHUNK, to < LEN ? to : LEN);
		}
		struct stretch s = {.text = {text, LEN},
			.found = {.line_ends = ends, .chunks = LEN / SWEEP_CHUNK + 1}};
		for (unsigned turn = 0; turn < 4000; turn++) {
			uint32_t places[2];
			rng_fill(rng, places, sizeof places);
			size_t from = places[0] % (LEN + 1), to = from + places[1] % 600;
			to = turn % 2 ? from + places[1] % (LEN + 1 - from) : to < LEN ? to : LEN;
			assert_int_equal(stretch_lines(&s, from, to), plainly(text, from, to));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_of_lines_are_counted_between_any_two_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
