/* The machines that read and write a MISP server, without one: what they ask, and what they bear. */
#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "feed/misp_pull.h"
#include "feed/misp_push.h"

#define ONE "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a0001"
#define TWO "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a0002"
#define INDEX(uuid, time) \
	"{\"id\":\"1\",\"timestamp\":\"" time \
	"\",\"sighting_timestamp\":\"0\",\"published\":true," \
	"\"uuid\":\"" uuid "\"}"

static uint64_t seed = 1;
static struct misp_pull p;
static struct misp_push q;
static struct misp_push_item items[3];
static struct ask ask;
static struct misp_pull_turn turn;
static struct misp_push_turn pushed;
static struct diag why;

static void
start(const char *remote, const struct misp_pull_cursor *stored)
{
	struct misp_pull_config config = {.url = SPAN("https://misp.example/base/"),
		.remote = span_of(remote),
		.page = 2,
		.every = 300 * SECOND,
		.chance = rng_seeded(&seed)};
	misp_pull_fini(&p);
	misp_pull_init(&p, &config, stored);
}

static int
clear(void **state)
{
	(void)state;
	misp_pull_fini(&p);
	misp_push_fini(&q);
	return 0;
}

static enum misp_pull_step
answer(unsigned status, const char *body)
{
	struct reply r = {.status = status, .body = span_of(body)};
	why = (struct diag){};
	misp_pull_ask(&p, &ask);
	return misp_pull_take(&p, &r, &turn, &why);
}

static bool
asks(const char *path, const char *body)
{
	misp_pull_ask(&p, &ask);
	return span_ends(ask.url, span_of(path)) && span_find(ask.body, span_of(body)) != SIZE_MAX;
}

static void
to_index(const char *remote, const struct misp_pull_cursor *stored)
{
	start(remote, stored);
	assert_int_equal(answer(200, "{\"version\":\"2.5.1\"}"), MISP_PULL_ASK);
}

static void
version_index_events_then_quiet(void **state)
{
	(void)state;
	start("events", NULL);
	assert_true(asks("https://misp.example/base/servers/getVersion", ""));
	assert_true(span_eq(ask.method, SPAN("GET")));
	assert_int_equal(answer(200, "{\"version\":\"2.5.1\"}"), MISP_PULL_ASK);
	assert_true(asks("/base/events/index", "\"page\":1"));
	assert_true(asks("/events/index", "\"published\":1"));
	assert_int_equal(
		answer(200, "[" INDEX(ONE, "100") "," INDEX(TWO, "90") "]"), MISP_PULL_LIST);
	assert_int_equal(turn.count, 2);
	turn.entries[0].wanted = false;
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_ASK);
	assert_true(asks("/events/view/" TWO, "{\"deleted\":[0,1]}"));
	assert_int_equal(answer(200, "{\"Event\":{}}"), MISP_PULL_EVENT);
	assert_string_equal(turn.entry->uuid, TWO);
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_ASK);
	assert_true(asks("/events/index", "\"page\":2")); /* the first was full */
	assert_int_equal(answer(200, "[]"), MISP_PULL_LIST);
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_SWEPT);
	assert_int_equal(turn.cursor.changed, 100);
	assert_int_equal(turn.sleep, 300 * SECOND);
}

/* Protected events are left out of a page after it was cut: short, and not the last. */
static void
a_short_page_is_not_the_last(void **state)
{
	(void)state;
	to_index("events", NULL);
	assert_int_equal(answer(200, "[" INDEX(ONE, "100") "]"), MISP_PULL_LIST);
	turn.entries[0].wanted = false;
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_ASK);
	assert_true(asks("/events/index", "\"page\":2"));
	assert_int_equal(answer(200, "[" INDEX(TWO, "90") "]"), MISP_PULL_LIST);
	turn.entries[0].wanted = false;
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_ASK);
	assert_true(asks("/events/index", "\"page\":3"));
	assert_int_equal(answer(200, "[]"), MISP_PULL_LIST);
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_SWEPT);
}

static void
a_server_that_always_sends_one_page_is_left(void **state)
{
	(void)state;
	to_index("events", NULL);
	for (int page = 1; page <= 2; page++) {
		assert_int_equal(answer(200, "[" INDEX(ONE, "100") "," INDEX(TWO, "90") "]"),
			MISP_PULL_LIST);
		for (size_t i = 0; i < turn.count; i++)
			turn.entries[i].wanted = false;
		assert_int_equal(
			misp_pull_next(&p, &turn), page == 1 ? MISP_PULL_ASK : MISP_PULL_SWEPT);
	}
}

static void
a_sweep_asks_for_what_changed_and_every_twelfth_for_all(void **state)
{
	(void)state;
	struct misp_pull_cursor stored = {.changed = 10000};
	to_index("events", &stored);
	for (int i = 0; i <= MISP_PULL_FULL; i++) {
		bool full = i == 0 || i == MISP_PULL_FULL;
		assert_int_equal(asks("/events/index", "\"timestamp\":\"6400\""), !full);
		assert_int_equal(answer(200, "[]"), MISP_PULL_LIST);
		assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_SWEPT);
		assert_int_equal(turn.cursor.changed, 10000);
	}
}

static void
the_cursor_moves_only_when_a_sweep_has_ended(void **state)
{
	(void)state;
	to_index("events", NULL);
	assert_int_equal(
		answer(200, "[" INDEX(ONE, "100") "," INDEX(TWO, "90") "]"), MISP_PULL_LIST);
	assert_int_equal(p.cursor.changed, 0);
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_ASK);
	assert_int_equal(answer(500, "no"), MISP_PULL_FAULT);
	assert_int_equal(p.cursor.changed, 0);
	assert_true(asks("/events/view/" ONE, ""));
}

static void
newer_sightings_are_noticed(void **state)
{
	(void)state;
	struct misp_pull_cursor stored = {.changed = 100, .sighted = 50};
	to_index("events", &stored);
	assert_int_equal(
		answer(200, "[{\"uuid\":\"" ONE
			    "\",\"timestamp\":\"90\",\"sighting_timestamp\":\"51\"},"
			    "{\"uuid\":\"" TWO "\",\"timestamp\":90,\"sighting_timestamp\":50}]"),
		MISP_PULL_LIST);
	assert_true(turn.entries[0].sightings);
	assert_false(turn.entries[1].sightings);
}

static void
filters_are_what_the_api_calls_them(void **state)
{
	(void)state;
	to_index("tag:tlp:green+tag:a\"b+!tag:test+org:CERT-A+threat:1", NULL);
	assert_true(asks("/events/index", "\"tags\":[\"tlp:green\",\"a\\\"b\",\"!test\"]"));
	assert_true(asks("/events/index", "\"org\":\"CERT-A\""));
	assert_true(asks("/events/index", "\"threatlevel\":\"1\""));
	to_index("unpublished+!tag:x", NULL);
	assert_false(asks("/events/index", "published"));
	assert_true(asks("/events/index", "\"tags\":[\"!x\"]"));
}

static void
a_remote_is_checked_by_its_way(void **state)
{
	(void)state;
	assert_rc(misp_remote_check(SPAN("events"), false, &why), RC_OK);
	assert_rc(misp_remote_check(SPAN("tag:x+unpublished"), false, &why), RC_OK);
	assert_rc(misp_remote_check(SPAN("publish"), false, &why), RC_BAD);
	assert_rc(misp_remote_check(SPAN("threat:high"), false, &why), RC_BAD);
	assert_rc(misp_remote_check(SPAN("tag:"), false, &why), RC_BAD);
	assert_rc(misp_remote_check(SPAN(""), false, &why), RC_BAD);
	assert_rc(misp_remote_check(SPAN("events+publish+tag:x"), true, &why), RC_OK);
	assert_rc(misp_remote_check(SPAN("org:x"), true, &why), RC_BAD);
}

static void
an_event_too_large_or_gone_is_left_out_by_name(void **state)
{
	(void)state;
	to_index("events", NULL);
	assert_int_equal(answer(200, "[" INDEX(ONE, "1") "," INDEX(TWO, "2") "]"), MISP_PULL_LIST);
	struct reply large = {.code = RC_LIMIT};
	misp_pull_ask(&p, &ask);
	assert_int_equal(misp_pull_take(&p, &large, &turn, &why), MISP_PULL_LEFT);
	assert_non_null(strstr(why.where, ONE));
	assert_int_equal(misp_pull_next(&p, &turn), MISP_PULL_ASK);
	assert_int_equal(answer(404, "{\"message\":\"Invalid event.\"}"), MISP_PULL_LEFT);
	assert_non_null(strstr(why.where, TWO));
}

static void
an_event_that_breaks_the_server_is_given_up_after_some_tries(void **state)
{
	(void)state;
	to_index("events", NULL);
	assert_int_equal(answer(200, "[" INDEX(ONE, "1") "]"), MISP_PULL_LIST);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			answer(500, "{\"message\":\"An Internal Error\"}"), MISP_PULL_FAULT);
	assert_int_equal(answer(500, "{\"message\":\"An Internal Error\"}"), MISP_PULL_LEFT);
	assert_non_null(strstr(why.what, "An Internal Error"));
}

static void
a_refused_key_is_not_tried_often(void **state)
{
	(void)state;
	start("events", NULL);
	assert_int_equal(answer(403, "{\"message\":\"Authentication failed.\"}"), MISP_PULL_FAULT);
	assert_rc(turn.code, RC_DENIED);
	assert_true(turn.sleep >= 300 * SECOND);
	assert_non_null(strstr(why.what, "Authentication failed."));
}

static void
what_is_no_misp_server_is_said(void **state)
{
	(void)state;
	static const char *const bodies[] = {"<html>", "[]", "{}", "", "{\"version\":7}"};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		start("events", NULL);
		assert_int_equal(answer(200, bodies[i]), MISP_PULL_FAULT);
		assert_non_null(strstr(why.what, "no MISP server"));
	}
}

static void
control_bytes_of_a_server_s_words_do_not_reach_the_terminal(void **state)
{
	(void)state;
	start("events", NULL);
	assert_int_equal(answer(500, "{\"message\":\"a\\u001b[2Jb\\nc\"}"), MISP_PULL_FAULT);
	assert_null(strchr(why.what, '\x1b'));
	assert_null(strchr(why.what, '\n'));
}

/* ---- pushing ---- */

static void
push_start(const char *remote, size_t count)
{
	struct misp_push_config config = {.url = SPAN("https://misp.example"),
		.remote = span_of(remote),
		.chance = rng_seeded(&seed)};
	memset(items, 0, sizeof items);
	for (size_t i = 0; i < count; i++) {
		items[i].text = SPAN("{\"Event\":{}}");
		snprintf(items[i].uuid, sizeof items[i].uuid, "%s", i ? TWO : ONE);
	}
	misp_push_fini(&q);
	misp_push_init(&q, &config, items, count);
}

static enum misp_push_step
said(unsigned status, const char *body)
{
	struct reply r = {.status = status, .body = span_of(body)};
	why = (struct diag){};
	misp_push_ask(&q, &ask);
	return misp_push_take(&q, &r, &pushed, &why);
}

static bool
sends(const char *path)
{
	misp_push_ask(&q, &ask);
	return span_ends(ask.url, span_of(path));
}

#define EXISTS \
	"{\"message\":\"Event already exists, if you would like to edit it, use the url in the " \
	"location header.\"}"
#define OLDER \
	"{\"saved\":false,\"errors\":\"Event could not be saved: Event in the request not newer " \
	"than the local copy.\"}"

static void
an_event_is_added_or_edited_where_it_is_there(void **state)
{
	(void)state;
	push_start("events", 2);
	assert_true(sends("/events/add"));
	assert_int_equal(said(200, "{\"Event\":{\"id\":\"1\"}}"), MISP_PUSH_ASK);
	assert_int_equal(items[0].fate, MISP_TAKEN);
	assert_true(sends("/events/add"));
	assert_int_equal(said(404, EXISTS), MISP_PUSH_ASK);
	assert_true(sends("/events/edit/" TWO));
	assert_int_equal(said(200, "{\"Event\":{}}"), MISP_PUSH_DONE);
	assert_int_equal(items[1].fate, MISP_TAKEN);
}

static void
a_redirection_to_the_event_means_it_is_there(void **state)
{
	(void)state;
	push_start("events", 1);
	struct reply r = {
		.status = 302, .body = SPAN(""), .location = SPAN("https://misp.example/events/7")};
	misp_push_ask(&q, &ask);
	assert_int_equal(misp_push_take(&q, &r, &pushed, &why), MISP_PUSH_ASK);
	assert_true(sends("/events/edit/" ONE));
}

static void
a_server_that_has_it_already_is_up_to_date(void **state)
{
	(void)state;
	push_start("events", 1);
	assert_int_equal(said(404, EXISTS), MISP_PUSH_ASK);
	assert_int_equal(said(403, OLDER), MISP_PUSH_DONE);
	assert_int_equal(items[0].fate, MISP_CURRENT);
}

static void
publishing_follows_where_the_remote_says_so(void **state)
{
	(void)state;
	push_start("events+publish", 1);
	assert_int_equal(said(200, "{\"Event\":{}}"), MISP_PUSH_ASK);
	assert_true(sends("/events/publish/" ONE));
	assert_int_equal(said(200, "{\"saved\":true}"), MISP_PUSH_DONE);
	assert_int_equal(items[0].fate, MISP_TAKEN);
}

static void
a_refusal_costs_one_event(void **state)
{
	(void)state;
	push_start("events", 2);
	assert_int_equal(
		said(403, "{\"message\":\"Event blocked by event blocklist.\"}"), MISP_PUSH_ASK);
	assert_int_equal(items[0].fate, MISP_FAILED);
	assert_non_null(strstr(items[0].message.ptr, "blocklist"));
	assert_int_equal(said(200, "{\"Event\":{}}"), MISP_PUSH_DONE);
}

static void
nothing_is_lost_while_the_server_is_away(void **state)
{
	(void)state;
	push_start("events", 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(said(503, "busy"), MISP_PUSH_FAULT);
	assert_int_equal(said(200, "<html>log in</html>"), MISP_PUSH_FAULT);
	assert_int_equal(
		said(403, "{\"message\":\"Authentication failed. Please\"}"), MISP_PUSH_FAULT);
	assert_rc(pushed.code, RC_DENIED);
	assert_int_equal(items[0].fate, MISP_WAITING);
	assert_int_equal(said(200, "{\"Event\":{}}"), MISP_PUSH_DONE);
}

static void
a_sighting_without_its_attribute_is_refused_with_a_200(void **state)
{
	(void)state;
	push_start("events", 2);
	items[0].sighting = items[1].sighting = true;
	assert_true(sends("/sightings/add/" ONE));
	assert_int_equal(said(200, "{\"message\":\"Could not add the Sighting. Reason: No valid "
				   "attributes\"}"),
		MISP_PUSH_ASK);
	assert_int_equal(items[0].fate, MISP_FAILED);
	assert_int_equal(said(200, "{\"Sighting\":{\"id\":\"1\"}}"), MISP_PUSH_DONE);
	assert_int_equal(items[1].fate, MISP_TAKEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(version_index_events_then_quiet, clear),
		cmocka_unit_test_teardown(a_short_page_is_not_the_last, clear),
		cmocka_unit_test_teardown(a_server_that_always_sends_one_page_is_left, clear),
		cmocka_unit_test_teardown(
			a_sweep_asks_for_what_changed_and_every_twelfth_for_all, clear),
		cmocka_unit_test_teardown(the_cursor_moves_only_when_a_sweep_has_ended, clear),
		cmocka_unit_test_teardown(newer_sightings_are_noticed, clear),
		cmocka_unit_test_teardown(filters_are_what_the_api_calls_them, clear),
		cmocka_unit_test(a_remote_is_checked_by_its_way),
		cmocka_unit_test_teardown(an_event_too_large_or_gone_is_left_out_by_name, clear),
		cmocka_unit_test_teardown(
			an_event_that_breaks_the_server_is_given_up_after_some_tries, clear),
		cmocka_unit_test_teardown(a_refused_key_is_not_tried_often, clear),
		cmocka_unit_test_teardown(what_is_no_misp_server_is_said, clear),
		cmocka_unit_test_teardown(
			control_bytes_of_a_server_s_words_do_not_reach_the_terminal, clear),
		cmocka_unit_test_teardown(an_event_is_added_or_edited_where_it_is_there, clear),
		cmocka_unit_test_teardown(a_redirection_to_the_event_means_it_is_there, clear),
		cmocka_unit_test_teardown(a_server_that_has_it_already_is_up_to_date, clear),
		cmocka_unit_test_teardown(publishing_follows_where_the_remote_says_so, clear),
		cmocka_unit_test_teardown(a_refusal_costs_one_event, clear),
		cmocka_unit_test_teardown(nothing_is_lost_while_the_server_is_away, clear),
		cmocka_unit_test_teardown(
			a_sighting_without_its_attribute_is_refused_with_a_200, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
