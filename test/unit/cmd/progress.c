#include "cmd/progress.h"
#include "../test.h"

static void
the_line_tells_share_rate_and_time_left(void **state)
{
	(void)state;
	char line[160];
	struct progress p = {
		.label = "import", .unit = "objects", .done = 412000, .total = 1000000};
	progress_text(&p, 4 * SECOND, line, sizeof line);
	assert_string_equal(line, "import  41%  412,000 of 1,000,000 objects  103,000/s  6s left");
	p = (struct progress){.label = "scan",
		.unit = "bytes",
		.done = UINT64_C(3) << 30,
		.total = UINT64_C(300) << 30};
	progress_text(&p, 60 * SECOND, line, sizeof line);
	assert_string_equal(line, "scan   1%  3.0 GiB of 300.0 GiB  51.2 MiB/s  1h39m left");
}

static void
an_unknown_total_shows_no_share(void **state)
{
	(void)state;
	char line[160];
	struct progress p = {.label = "scan", .unit = "bytes", .done = 1023};
	progress_text(&p, SECOND, line, sizeof line);
	assert_string_equal(line, "scan  1023 B  1023 B/s");
}

static void
more_done_than_planned_never_passes_100(void **state)
{
	(void)state;
	char line[160];
	struct progress p = {.label = "x", .unit = "files", .done = 7, .total = 5};
	progress_text(&p, SECOND, line, sizeof line);
	assert_string_equal(line, "x  100%  7 of 5 files  7/s  0s left");
	p.done = 0;
	progress_text(&p, 0, line, sizeof line);
	assert_string_equal(line, "x   0%  0 of 5 files  0/s  - left");
}

static void
the_end_tells_amount_rate_and_memory_to_who_watches(void **state)
{
	(void)state;
	char line[160] = "";
	struct progress p = {.label = "scan", .unit = "bytes", .done = UINT64_C(3) << 30};
	assert_true(progress_came_to(&p, SECOND * 3 / 2, 25 << 20, line, sizeof line));
	assert_string_equal(line, "3.0 GiB in 1.50 s, 2.0 GiB/s, 25.0 MiB of memory");
	p = (struct progress){.label = "x", .unit = "files", .done = 1200};
	assert_true(progress_came_to(&p, 0, 1 << 10, line, sizeof line));
	assert_string_equal(line, "1,200 files in 0.00 s, 1,200,000,000/s, 1.0 KiB of memory");
	p.off = true;
	assert_false(progress_came_to(&p, SECOND, 1 << 10, line, sizeof line));
	p = (struct progress){.label = "x", .unit = "files"};
	assert_false(progress_came_to(&p, SECOND, 1 << 10, line, sizeof line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_tells_share_rate_and_time_left),
		cmocka_unit_test(an_unknown_total_shows_no_share),
		cmocka_unit_test(more_done_than_planned_never_passes_100),
		cmocka_unit_test(the_end_tells_amount_rate_and_memory_to_who_watches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
