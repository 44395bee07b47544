#include <stdio.h>

#include "../test.h"
#include "cmd/scan-internal.h"

static struct match_set *
set_of(const char *name)
{
	struct match_set *set = match_set_new(1);
	struct indicator what = {.about = {OBS_DOMAIN, span_of(name)},
		.reach = REACH_COVERING,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	assert_int_equal(match_set_add(set, &what), RC_OK);
	return set;
}

static struct hit
hit_of(uint32_t item, struct span pattern, int64_t time)
{
	return (struct hit){.item = item, .pattern = pattern, .time = time, .match = HIT_EXACT};
}

static void
hits_of_an_item_are_its_indicators(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.example");
	struct scan_job job = {.scan.set = set};
	struct hit hits[600];
	char names[600][8];
	for (uint32_t i = 0; i < 600; i++) {
		snprintf(names[i], sizeof names[i], "p%u", i % 300);
		/* Two items may be of one indicator, and some hits are of no item. */
		hits[i] = hit_of(i % 7 ? i + 1 : 0, span_of(names[i]), (int64_t)i);
	}
	for (unsigned turn = 0; turn < 3; turn++)
		scan_groups_count(&job, hits, 600);
	scan_groups_settle(&job);
	assert_int_equal(job.groups.list.len, 300);
	for (size_t i = 0; i < 300; i++) {
		const struct scan_group *one = &job.groups.list.at[i];
		assert_true(span_eq(one->pattern, span_of(names[i])));
		assert_int_equal(one->hits, 6);
		assert_int_equal(one->first, (int64_t)i);
		assert_int_equal(one->last, (int64_t)i + 300);
	}
	scan_groups_free(&job);
}

static void
an_items_number_is_forgotten_with_its_set(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.example");
	struct scan_job job = {.scan.set = set};
	struct hit old = hit_of(1, SPAN("old"), 5), later = hit_of(1, SPAN("later"), 6);
	scan_groups_count(&job, &old, 1);
	match_set_reset(set);
	scan_groups_count(&job, &later, 1);
	scan_groups_settle(&job);
	assert_int_equal(job.groups.list.len, 2);
	assert_int_equal(job.groups.list.at[1].hits, 1);
	assert_true(span_eq(job.groups.list.at[1].pattern, SPAN("later")));
	scan_groups_free(&job);
}

static void
another_sets_items_are_others(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of("evil.example"),
				       *second = set_of("other.example");
	struct scan_job job = {.scan.set = set};
	struct hit hit = hit_of(1, SPAN("one"), 5), other = hit_of(1, SPAN("two"), 6);
	scan_groups_count(&job, &hit, 1);
	job.scan.set = second;
	scan_groups_count(&job, &other, 1);
	job.scan.set = set;
	scan_groups_count(&job, &hit, 1);
	scan_groups_settle(&job);
	assert_int_equal(job.groups.list.len, 2);
	assert_int_equal(job.groups.list.at[0].hits, 2);
	assert_int_equal(job.groups.list.at[1].hits, 1);
	scan_groups_free(&job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hits_of_an_item_are_its_indicators),
		cmocka_unit_test(an_items_number_is_forgotten_with_its_set),
		cmocka_unit_test(another_sets_items_are_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
