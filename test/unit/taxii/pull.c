#include <stdio.h>
#include <string.h>

#include "../test.h"

#include "taxii/pull.h"

#define URL "https://h/api/collections/c/objects/"
#define A "2024-01-02T10:00:00.000001Z"
#define B "2024-01-02T10:00:00.000002Z"

static uint64_t seed = 1;
static struct pull p;
static struct ask ask;
static struct pull_turn turn;
static struct diag why;

static void
start(const struct pull_cursor *stored)
{
	const struct pull_config config = {
		.url = SPAN(URL),
		.filters = SPAN("match[type]=indicator"),
		.limit = 100,
		.every = 60 * SECOND,
		.chance = rng_seeded(&seed),
	};
	pull_fini(&p);
	pull_init(&p, &config, stored);
}

static int
clear(void **state)
{
	(void)state;
	pull_fini(&p);
	return 0;
}

static enum pull_step
page(const char *body, const char *last)
{
	const struct reply r = {.status = 200, .body = span_of(body), .date_last = span_of(last)};
	pull_ask(&p, &ask);
	return pull_take(&p, &r, &turn, &why);
}

static enum pull_step
status(unsigned code)
{
	const struct reply r = {.status = code, .body = SPAN("<html>no</html>")};
	pull_ask(&p, &ask);
	return pull_take(&p, &r, &turn, &why);
}

static bool
asks(const char *part)
{
	pull_ask(&p, &ask);
	return span_find(ask.url, span_of(part)) != SIZE_MAX;
}

static void
next_goes_with_the_same_filters(void **state)
{
	(void)state;
	const struct pull_cursor stored = {.added_after = A, .last = A};
	start(&stored);
	assert_true(
		asks("match[type]=indicator&added_after=2024-01-02T10:00:00.000001Z&limit=100"));
	assert_int_equal(
		page("{\"more\":true,\"next\":\"a b&c\",\"objects\":[{\"id\":1}]}", B), PULL_PAGE);
	assert_true(turn.more);
	assert_true(asks("match[type]=indicator&added_after=" A));
	assert_true(asks("&next=a%20b%26c"));
}

static void
more_without_next_goes_on_behind_the_last_stamp(void **state)
{
	(void)state;
	start(NULL);
	assert_false(asks("added_after"));
	assert_int_equal(page("{\"more\":true,\"objects\":[{},{}]}", A), PULL_PAGE);
	assert_int_equal(turn.count, 2);
	assert_true(asks("added_after=" A));
	assert_false(asks("next="));
	assert_int_equal(page("{\"objects\":[{\"x\":1}]}", B), PULL_PAGE);
	assert_string_equal(turn.cursor.added_after, B);
}

static void
pages_follow_without_sleep_while_there_is_more(void **state)
{
	(void)state;
	start(NULL);
	for (int i = 0; i < 20; i++) {
		char body[80], last[40];
		snprintf(body, sizeof body, "{\"more\":true,\"objects\":[{\"n\":%d}]}", i);
		snprintf(last, sizeof last, "2024-01-02T10:00:00.0000%02dZ", i + 10);
		assert_int_equal(page(body, last), PULL_PAGE);
		assert_int_equal(turn.sleep, 0);
	}
	assert_int_equal(page("{}", ""), PULL_QUIET);
	assert_in_range(turn.sleep, 50 * SECOND, 70 * SECOND);
}

static void
a_server_that_repeats_its_pages_is_noticed(void **state)
{
	(void)state;
	for (int length = 1; length < 6; length++) {
		start(NULL);
		int turns = 0;
		enum pull_step step;
		do {
			char body[80];
			snprintf(body, sizeof body,
				"{\"more\":true,\"next\":\"t%d\",\"objects\":[{\"n\":%d}]}", turns,
				turns % length);
			step = page(body, A);
		} while (step == PULL_PAGE && ++turns < 100);
		assert_int_equal(step, PULL_FAULT);
		assert_rc(turn.code, RC_BAD);
		assert_true(turns <= 4 * length + 2);
		assert_true(turn.sleep >= 100 * SECOND);
	}
}

static void
more_without_progress_is_a_fault(void **state)
{
	(void)state;
	const struct pull_cursor stored = {.added_after = A, .last = A};
	start(&stored);
	assert_int_equal(page("{\"more\":true,\"objects\":[{}]}", A), PULL_FAULT);
	start(NULL);
	assert_int_equal(page("{\"more\":true,\"objects\":[{}]}", "undefined"), PULL_FAULT);
	assert_rc(turn.code, RC_BAD);
}

static void
objects_before_a_dead_end_are_handed_over_once(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(page("{\"more\":true,\"objects\":[{\"a\":1}]}", ""), PULL_FAULT);
	assert_int_equal(turn.count, 1);
	assert_span(turn.objects, "[{\"a\":1}]");
	assert_true(turn.cursor.added_after[0] == 0 && turn.sleep > 0);
	assert_int_equal(page("{\"more\":true,\"objects\":[{\"a\":1}]}", ""), PULL_FAULT);
	assert_int_equal(turn.count, 0);
}

/* Who reads once must not take it for the end. */
static void
what_is_asked_in_another_way_is_asked_at_once(void **state)
{
	(void)state;
	static const unsigned codes[] = {406, 413, 400, 404};
	for (size_t i = 0; i < 4; i++) {
		const struct pull_cursor stored = {.last = A, .next = "token"};
		start(codes[i] == 404 ? &stored : NULL);
		assert_int_equal(status(codes[i]), PULL_QUIET);
		assert_true(turn.more);
		assert_int_equal(turn.sleep, 0);
	}
}

static void
a_server_that_only_pretends_to_hold_is_polled(void **state)
{
	(void)state;
	start(NULL);
	p.config.wait = 30;
	assert_int_equal(page("{\"objects\":[{\"a\":1}]}", A), PULL_PAGE);
	assert_int_equal(turn.sleep, 0);
	/* The same page at once, whatever it says: first unmoved, then with a stamp that moves. */
	static const char *const stamps[] = {A, B};
	for (size_t i = 0; i < 2; i++) {
		const struct reply again = {.status = 200,
			.body = SPAN("{\"objects\":[{\"a\":1}]}"),
			.date_last = span_of(stamps[i]),
			.applied = SPAN("wait=30"),
			.elapsed = 1000};
		pull_ask(&p, &ask);
		pull_take(&p, &again, &turn, &why);
		assert_true(turn.sleep >= 50 * SECOND);
	}
}

static void
the_first_stamp_moves_on_where_there_is_no_last(void **state)
{
	(void)state;
	start(NULL);
	const struct reply one = {.status = 200,
		.body = SPAN("{\"more\":true,\"objects\":[{\"a\":1}]}"),
		.date_first = SPAN(A)};
	pull_ask(&p, &ask);
	assert_int_equal(pull_take(&p, &one, &turn, &why), PULL_PAGE);
	assert_true(asks("added_after=" A));
	const struct reply both = {.status = 200,
		.body = SPAN("{\"objects\":[{\"a\":2},{\"a\":3}]}"),
		.date_first = SPAN(A),
		.date_last = SPAN(B)};
	assert_int_equal(pull_take(&p, &both, &turn, &why), PULL_PAGE);
	assert_true(asks("added_after=" B));
}

static void
odd_stamps_of_other_servers_are_understood(void **state)
{
	(void)state;
	const struct {
		const char *sent, *used;
	} cases[] = {
		{"2024-01-02T10:00:00.123456Z", "2024-01-02T10:00:00.123456Z"},
		{"2024-01-02T10:00:00.123456789Z", "2024-01-02T10:00:00.123456789Z"},
		{"2024-01-02T10:00:00Z", "2024-01-02T10:00:00Z"},
		{"2024-01-02T10:00:00.123+00:00", "2024-01-02T10:00:00.123Z"},
		{"2024-01-02 10:00:00.25Z", "2024-01-02T10:00:00.25Z"},
		{"2024-01-02t10:00:00z", "2024-01-02T10:00:00Z"},
		{"2024-01-02T12:00:00.5+02:00", "2024-01-02T10:00:00.500000Z"},
		{"2024-01-02 10:00:00.000001-00:30", "2024-01-02T10:30:00.000001Z"},
		{"Tue Jan 02 2024 10:00:00 GMT+0000 (Coordinated Universal Time)",
			"2024-01-02T10:00:00.000000Z"},
		{"Tue, 02 Jan 2024 10:00:00 GMT", "2024-01-02T10:00:00.000000Z"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(NULL);
		assert_int_equal(page("{\"objects\":[{}]}", cases[i].sent), PULL_PAGE);
		assert_string_equal(turn.cursor.added_after, cases[i].used);
	}
}

static void
an_undefined_stamp_is_no_stamp(void **state)
{
	(void)state;
	char out[STAMP_TEXT];
	const char *bad[] = {"undefined", "", "null", "NaN", "Invalid Date", "2024-01-02",
		"2024-13-02T10:00:00+00:00", "2024-01-02T10:00:00", "2024-01-02T10:00:00+0",
		"1704189600", "Tue Foo 02 2024 10:00:00 GMT"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_rc(stamp_read(span_of(bad[i]), out), RC_BAD);
	start(NULL);
	/* Without a stamp nothing moves on; what comes again at each poll is stored once. */
	assert_int_equal(page("{\"objects\":[{}]}", "undefined"), PULL_PAGE);
	assert_string_equal(turn.cursor.added_after, "");
	assert_int_equal(page("{\"objects\":[{}]}", "undefined"), PULL_QUIET);
	assert_int_equal(page("{\"objects\":[{},{}]}", "undefined"), PULL_PAGE);
}

static void
a_stamp_never_moves_backwards(void **state)
{
	(void)state;
	const struct pull_cursor stored = {.added_after = B, .last = B};
	start(&stored);
	assert_int_equal(page("{\"objects\":[{}]}", A), PULL_PAGE);
	assert_string_equal(turn.cursor.added_after, B);
	assert_true(stamp_cmp("2024-01-02T10:00:00.1Z", "2024-01-02T10:00:00.100000000Z") == 0);
	assert_true(
		stamp_cmp("2024-01-02T10:00:00.123456788Z", "2024-01-02T10:00:00.123456789Z") < 0);
	assert_true(stamp_cmp("", A) < 0);
	assert_true(stamp_cmp(B, A) > 0);
}

static void
reading_resumes_from_a_stored_cursor(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(page("{\"more\":true,\"next\":\"tok\",\"objects\":[{}]}", A), PULL_PAGE);
	const struct pull_cursor stored = turn.cursor;
	start(&stored);
	assert_true(asks("next=tok"));
	assert_false(asks("added_after"));
	assert_int_equal(page("{\"objects\":[{}]}", B), PULL_PAGE);
	const struct pull_cursor end = turn.cursor;
	start(&end);
	assert_true(asks("added_after=" B));
	assert_false(asks("next="));
}

static void
a_forgotten_next_is_replaced_by_the_last_stamp(void **state)
{
	(void)state;
	const unsigned codes[] = {400, 404, 410, 422};
	for (size_t i = 0; i < 4; i++) {
		start(NULL);
		assert_int_equal(
			page("{\"more\":true,\"next\":\"tok\",\"objects\":[{}]}", A), PULL_PAGE);
		assert_int_equal(status(codes[i]), PULL_QUIET);
		assert_int_equal(turn.sleep, 0);
		assert_false(asks("next="));
		assert_true(asks("added_after=" A));
	}
}

static void
an_empty_last_page_ends_behind_the_page_before(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(page("{\"more\":true,\"next\":\"tok\",\"objects\":[{}]}", A), PULL_PAGE);
	assert_int_equal(page("{}", ""), PULL_PAGE);
	assert_int_equal(turn.count, 0);
	assert_string_equal(turn.cursor.added_after, A);
	assert_string_equal(turn.cursor.next, "");
}

static void
empty_pages_with_more_are_followed_for_a_while(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(page("{\"more\":true,\"next\":\"t\"}", ""), PULL_PAGE);
	for (int i = 0; i < PULL_EMPTY - 1; i++)
		assert_int_not_equal(
			page("{\"more\":true,\"next\":\"t\",\"objects\":[]}", ""), PULL_FAULT);
	assert_int_equal(page("{\"more\":true,\"next\":\"t\"}", ""), PULL_FAULT);
}

static void
too_large_pages_are_asked_smaller(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(status(413), PULL_QUIET);
	assert_true(asks("limit=50"));
	const struct reply large = {.code = RC_LIMIT};
	for (int i = 0; i < 5; i++)
		assert_int_equal(pull_take(&p, &large, &turn, &why), PULL_QUIET);
	assert_true(asks("limit=1"));
	assert_int_equal(pull_take(&p, &large, &turn, &why), PULL_FAULT);
	assert_rc(turn.code, RC_LIMIT);
	for (int i = 0; i < 16; i++)
		page("{\"objects\":[{}]}", A);
	assert_true(asks("limit=2"));
}

static void
failures_back_off_with_jitter_and_heed_retry_after(void **state)
{
	(void)state;
	start(NULL);
	int64_t former = 0;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(status(503), PULL_FAULT);
		assert_rc(turn.code, RC_AGAIN);
		assert_in_range(turn.sleep, (SECOND << i) / 2, SECOND << i);
		assert_true(turn.sleep >= former / 2);
		former = turn.sleep;
	}
	assert_int_equal(status(503), PULL_FAULT);
	assert_true(turn.sleep <= 300 * SECOND);
	const struct reply busy = {.status = 429, .retry_after = 900};
	assert_int_equal(pull_take(&p, &busy, &turn, &why), PULL_FAULT);
	assert_in_range(turn.sleep, 900 * SECOND, 901 * SECOND);
	const struct reply away = {.code = RC_AGAIN};
	assert_int_equal(pull_take(&p, &away, &turn, &why), PULL_FAULT);
	assert_int_equal(page("{\"objects\":[{}]}", A), PULL_PAGE);
	assert_int_equal(status(500), PULL_FAULT);
	assert_true(turn.sleep <= SECOND);
}

static void
refusals_are_told_and_tried_again_rarely(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(status(401), PULL_FAULT);
	assert_rc(turn.code, RC_DENIED);
	assert_true(turn.sleep >= 100 * SECOND);
	assert_non_null(strstr(why.what, "401"));
	assert_int_equal(status(404), PULL_FAULT);
	assert_rc(turn.code, RC_NONE);
}

static void
other_spellings_of_accept_are_tried_at_406(void **state)
{
	(void)state;
	start(NULL);
	pull_ask(&p, &ask);
	assert_span(ask.accept, "application/taxii+json;version=2.1");
	assert_int_equal(status(406), PULL_QUIET);
	pull_ask(&p, &ask);
	assert_span(ask.accept, "application/taxii+json; version=2.1");
	assert_int_equal(status(406), PULL_QUIET);
	assert_int_equal(status(406), PULL_QUIET);
	assert_int_equal(status(406), PULL_FAULT);
}

static void
a_server_that_takes_no_limit_is_asked_without(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(status(400), PULL_QUIET);
	assert_false(asks("limit="));
	assert_int_equal(status(400), PULL_FAULT);
	assert_rc(turn.code, RC_BAD);
}

static void
a_holding_server_is_asked_again_at_once_others_are_polled(void **state)
{
	(void)state;
	start(NULL);
	p.config.wait = 30;
	pull_ask(&p, &ask);
	assert_int_equal(ask.wait, 0);
	assert_int_equal(page("{\"objects\":[{}]}", A), PULL_PAGE);
	assert_int_equal(turn.sleep, 0);
	pull_ask(&p, &ask);
	assert_int_equal(ask.wait, 30);
	assert_true(ask.seconds > 30);
	const struct reply held = {.status = 200,
		.body = SPAN("{}"),
		.applied = SPAN("wait=30"),
		.elapsed = 30 * SECOND};
	assert_int_equal(pull_take(&p, &held, &turn, &why), PULL_QUIET);
	assert_int_equal(turn.sleep, 0);
	const struct reply woken = {.status = 200,
		.body = SPAN("{\"objects\":[{\"a\":1}]}"),
		.date_last = SPAN(B),
		.applied = SPAN("wait")};
	assert_int_equal(pull_take(&p, &woken, &turn, &why), PULL_PAGE);
	assert_int_equal(turn.sleep, 0);
	const struct reply liar = {
		.status = 200, .body = SPAN("{}"), .applied = SPAN("wait=30"), .elapsed = 1000};
	assert_int_equal(pull_take(&p, &liar, &turn, &why), PULL_QUIET);
	assert_true(turn.sleep >= 50 * SECOND);
	const struct reply plain = {.status = 200, .body = SPAN("{}"), .elapsed = 1000};
	assert_int_equal(pull_take(&p, &plain, &turn, &why), PULL_QUIET);
	assert_true(turn.sleep >= 50 * SECOND);
}

static void
a_server_that_holds_for_less_than_asked_is_asked_again_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *applied;
		int64_t elapsed;
		bool again;
	} of[] = {
		{"wait=8", 8 * SECOND, true},
		{"wait=8", 5 * SECOND, true},
		{"wait=8", 3 * SECOND, false},
		{"wait=30", 6 * SECOND, true}, /* a proxy's patience, not its own */
		{"wait=30", 4 * SECOND, false},
		{"wait", 6 * SECOND, true},
		{"wait=1", SECOND, true},
		{"wait=0", SECOND / 2, false},
		{"", 6 * SECOND, false}, /* merely slow */
		{"", 16 * SECOND, true},
	};
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		start(NULL);
		p.config.wait = 30;
		assert_int_equal(page("{\"objects\":[{}]}", A), PULL_PAGE);
		const struct reply empty = {.status = 200,
			.body = SPAN("{}"),
			.applied = span_of(of[i].applied),
			.elapsed = of[i].elapsed};
		pull_ask(&p, &ask);
		assert_int_equal(pull_take(&p, &empty, &turn, &why), PULL_QUIET);
		assert_int_equal(turn.sleep == 0, of[i].again);
	}
}

static void
pages_that_are_no_envelopes_are_faults(void **state)
{
	(void)state;
	const char *bad[] = {"", "null", "[]", "<html>", "{\"objects\":{}}", "{\"objects\":[1]}",
		"{\"type\":\"bundle\",\"objects\":[{}]}", "{\"objects\":[{}],\"objects\":[{}]}",
		"{\"objects\":[{}]", "{\"objects\":[{}]}x", "{\"more\":true,\"more\":false}",
		"{\"objects\":[{},]}"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		start(NULL);
		assert_int_equal(page(bad[i], A), PULL_FAULT);
		assert_int_not_equal(turn.code, RC_OK);
	}
}

static void
the_objects_of_a_page_are_its_exact_bytes(void **state)
{
	(void)state;
	struct arena mem = {};
	struct page got;
	assert_rc(page_read(SPAN(" {\"x\":[\"objects\"], \"objects\" : [ {\"a\":\"]}\\\"\"} ,\n{} "
				 "] , \"next\":\"\\u0041\"}"),
			  &mem, &got, &why),
		RC_OK);
	assert_int_equal(got.count, 2);
	assert_span(got.objects, "[ {\"a\":\"]}\\\"\"} ,\n{} ]");
	assert_span(got.next, "A");
	assert_false(got.more);
	arena_fini(&mem);
}

#define T(name) cmocka_unit_test_teardown(name, clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(next_goes_with_the_same_filters),
		T(more_without_next_goes_on_behind_the_last_stamp),
		T(pages_follow_without_sleep_while_there_is_more),
		T(a_server_that_repeats_its_pages_is_noticed),
		T(more_without_progress_is_a_fault),
		T(objects_before_a_dead_end_are_handed_over_once),
		T(what_is_asked_in_another_way_is_asked_at_once),
		T(a_server_that_only_pretends_to_hold_is_polled),
		T(the_first_stamp_moves_on_where_there_is_no_last),
		T(odd_stamps_of_other_servers_are_understood),
		T(an_undefined_stamp_is_no_stamp),
		T(a_stamp_never_moves_backwards),
		T(reading_resumes_from_a_stored_cursor),
		T(a_forgotten_next_is_replaced_by_the_last_stamp),
		T(an_empty_last_page_ends_behind_the_page_before),
		T(empty_pages_with_more_are_followed_for_a_while),
		T(too_large_pages_are_asked_smaller),
		T(failures_back_off_with_jitter_and_heed_retry_after),
		T(refusals_are_told_and_tried_again_rarely),
		T(other_spellings_of_accept_are_tried_at_406),
		T(a_server_that_takes_no_limit_is_asked_without),
		T(a_holding_server_is_asked_again_at_once_others_are_polled),
		T(a_server_that_holds_for_less_than_asked_is_asked_again_at_once),
		T(pages_that_are_no_envelopes_are_faults),
		T(the_objects_of_a_page_are_its_exact_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
