#include <stdio.h>
#include <string.h>

#include "../test.h"

#include "taxii/push.h"

enum { MANY = 10 };

static uint64_t seed = 1;
static struct push p;
static struct push_turn turn;
static struct diag why;
static struct push_item items[MANY];
static char ids[MANY][16];

static void
start(size_t count, uint64_t room)
{
	const struct push_config config = {
		.objects_url = SPAN("https://h/a/collections/c/objects/"),
		.root_url = SPAN("https://h/a/"),
		.max_content = room,
		.chance = rng_seeded(&seed),
	};
	for (size_t i = 0; i < count; i++) {
		snprintf(ids[i], sizeof ids[i], "i%zu", i);
		items[i] = (struct push_item){.id = span_of(ids[i]),
			.version = SPAN("2024-01-01T00:00:00.000Z"),
			.text = SPAN("{\"some\":\"object\"}")};
	}
	push_fini(&p);
	push_init(&p, &config, items, count);
}

static int
clear(void **state)
{
	(void)state;
	push_fini(&p);
	return 0;
}

static enum push_step
answer(unsigned status, const char *body)
{
	struct ask ask;
	push_ask(&p, &ask);
	const struct reply r = {.status = status, .body = span_of(body)};
	return push_take(&p, &r, &turn, &why);
}

static void
envelopes_stay_within_the_servers_limit(void **state)
{
	(void)state;
	struct ask ask;
	start(MANY, 80);
	size_t posts = 0;
	enum push_step step = PUSH_ASK;
	while (step == PUSH_ASK) {
		push_ask(&p, &ask);
		assert_true(ask.body.len <= 80);
		assert_span(ask.method, "POST");
		assert_span(ask.content_type, "application/taxii+json;version=2.1");
		posts++;
		step = answer(202, "{\"id\":\"s\",\"status\":\"complete\",\"failure_count\":0}");
	}
	assert_int_equal(step, PUSH_DONE);
	assert_int_equal(posts, 4);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(items[i].fate, PUSH_TAKEN);
}

static void
a_pending_status_is_followed_to_its_end(void **state)
{
	(void)state;
	struct ask ask;
	start(2, 0);
	assert_int_equal(answer(202, "{\"id\":\"s-1\",\"status\":\"pending\"}"), PUSH_ASK);
	assert_in_range(turn.sleep, 1, SECOND);
	push_ask(&p, &ask);
	assert_span(ask.url, "https://h/a/status/s-1/");
	assert_span(ask.method, "GET");
	assert_int_equal(answer(200, "{\"id\":\"s-1\",\"status\":\"pending\"}"), PUSH_ASK);
	assert_int_equal(answer(503, ""), PUSH_FAULT);
	assert_int_equal(answer(200, "{\"id\":\"s-1\",\"status\":\"complete\",\"failure_count\":1,"
				     "\"failures\":[{\"id\":\"i1\","
				     "\"version\":\"2024-01-01T00:00:00Z\",\"message\":\"bad\"}]}"),
		PUSH_DONE);
	assert_int_equal(items[0].fate, PUSH_TAKEN);
	assert_int_equal(items[1].fate, PUSH_FAILED);
	assert_span(items[1].message, "bad");
}

static void
a_status_without_lists_leaves_what_it_does_not_tell_unknown(void **state)
{
	(void)state;
	start(2, 0);
	assert_int_equal(answer(202, "{\"id\":\"s\",\"status\":\"complete\",\"failure_count\":1,"
				     "\"successes\":[{\"id\":\"i0\"}]}"),
		PUSH_DONE);
	assert_int_equal(items[0].fate, PUSH_TAKEN);
	assert_int_equal(items[1].fate, PUSH_UNKNOWN);
}

static void
a_status_that_never_ends_is_given_up(void **state)
{
	(void)state;
	start(1, 0);
	int turns = 0;
	while (answer(202, "{\"id\":\"s\",\"status\":\"pending\"}") == PUSH_ASK)
		assert_true(++turns < 1000);
	assert_int_equal(items[0].fate, PUSH_UNKNOWN);
	start(1, 0);
	assert_int_equal(answer(202, "{\"id\":\"../../x\",\"status\":\"pending\"}"), PUSH_DONE);
	assert_int_equal(items[0].fate, PUSH_UNKNOWN);
}

static void
one_bad_object_does_not_hold_back_the_others(void **state)
{
	(void)state;
	struct ask ask;
	start(8, 0);
	items[5].text = SPAN("{\"poison\":1}");
	enum push_step step = PUSH_ASK;
	for (int turns = 0; step == PUSH_ASK; turns++) {
		assert_true(turns < 40);
		push_ask(&p, &ask);
		bool bad = span_find(ask.body, SPAN("poison")) != SIZE_MAX;
		step = answer(bad ? 422 : 202,
			bad ? "{\"title\":\"no\"}" : "{\"id\":\"s\",\"status\":\"complete\"}");
	}
	assert_int_equal(step, PUSH_DONE);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(items[i].fate, i == 5 ? PUSH_FAILED : PUSH_TAKEN);
	assert_non_null(strstr(items[5].message.ptr, "422"));
}

static void
an_object_larger_than_a_body_fails_alone(void **state)
{
	(void)state;
	start(3, 40);
	items[0].text = items[2].text =
		SPAN("{\"a\":\"0123456789012345678901234567890123456789\"}");
	assert_int_equal(answer(202, "{\"id\":\"s\",\"status\":\"complete\"}"), PUSH_DONE);
	assert_int_equal(items[0].fate, PUSH_FAILED);
	assert_int_equal(items[1].fate, PUSH_TAKEN);
	assert_int_equal(items[2].fate, PUSH_FAILED);
}

static void
a_refusal_to_us_is_a_fault_and_loses_nothing(void **state)
{
	(void)state;
	start(2, 0);
	assert_int_equal(answer(403, "{}"), PUSH_FAULT);
	assert_rc(turn.code, RC_DENIED);
	assert_int_equal(push_left(&p), 2);
	assert_int_equal(answer(503, "{}"), PUSH_FAULT);
	assert_rc(turn.code, RC_AGAIN);
	assert_int_equal(answer(202, "{\"id\":\"s\",\"status\":\"complete\"}"), PUSH_DONE);
	assert_int_equal(push_left(&p), 0);
}

#define T(name) cmocka_unit_test_teardown(name, clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(envelopes_stay_within_the_servers_limit),
		T(a_pending_status_is_followed_to_its_end),
		T(a_status_without_lists_leaves_what_it_does_not_tell_unknown),
		T(a_status_that_never_ends_is_given_up),
		T(one_bad_object_does_not_hold_back_the_others),
		T(an_object_larger_than_a_body_fails_alone),
		T(a_refusal_to_us_is_a_fault_and_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
