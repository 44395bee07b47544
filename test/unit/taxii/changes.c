/* POST, DELETE and status: what becomes of objects, and who learns of it. */
#include "world.h"

#define ONE "indicator--00000001-0000-4000-8000-000000000000"
#define STATUS_TEXT 200

static void
keep_status_target(char out[static STATUS_TEXT])
{
	struct span id = json_get_span(json(), "id");
	snprintf(out, STATUS_TEXT, "/api/status/%.*s/", (int)id.len, id.ptr);
}

static uint64_t
number(const char *name)
{
	return yyjson_get_uint(json_get(json(), name));
}

static void
a_post_is_202_with_its_status(void **state)
{
	(void)state;
	struct uuid id;
	assert_int_equal(put(indicator_text(1, "2023-01-01T00:00:00.000Z")), 202);
	assert_rc(uuid_parse(json_get_span(json(), "id"), &id), RC_OK);
	assert_int_equal(uuid_version(&id), 4);
	assert_span(json_get_span(json(), "status"), "complete");
	assert_int_equal(number("total_count"), 1);
	assert_int_equal(number("success_count"), 1);
	assert_int_equal(number("failure_count"), 0);
	assert_int_equal(number("pending_count"), 0);
	assert_null(json_get(json(), "failures"));
	assert_null(json_get(json(), "pendings"));
}

static void
every_id_of_a_status_has_its_version(void **state)
{
	(void)state;
	char text[3000];
	snprintf(text, sizeof text,
		"{\"objects\":[%s,%s,{\"id\":\"" ONE "\",\"modified\":\"yesterday\"},{\"a\":1}]}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"),
		"{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-"
		"b5bc3caf07c4\",\"value\":\"198.51.100.3\"}");
	assert_int_equal(post_as(ALICE, SHARED, text), 202);
	static const char *const lists[] = {"successes", "failures"};
	for (size_t i = 0; i < 2; i++) {
		size_t at, max;
		yyjson_val *one;
		assert_int_equal(count_of(lists[i]), 2);
		yyjson_arr_foreach(json_get(json(), lists[i]), at, max, one)
		{
			assert_true(json_get_span(one, "id").len > 0);
			assert_true(json_get_span(one, "version").len > 0);
			if (i == 1)
				assert_true(json_get_span(one, "message").len > 0);
		}
	}
}

static void
counts_add_up(void **state)
{
	(void)state;
	char text[3000];
	snprintf(text, sizeof text, "{\"objects\":[%s,{\"type\":\"indicator\"},%s]}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"),
		indicator_text(2, "2023-01-01T00:00:00.000Z"));
	assert_int_equal(post_as(ALICE, SHARED, text), 202);
	assert_int_equal(number("total_count"), 3);
	assert_int_equal(number("success_count"), 2);
	assert_int_equal(number("failure_count"), 1);
	assert_int_equal(number("total_count"),
		number("success_count") + number("failure_count") + number("pending_count"));
}

static void
a_duplicate_is_a_success(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(put(indicator_text(1, "2023-01-01T00:00:00.000Z")), 202);
		assert_int_equal(number("success_count"), 1);
		assert_int_equal(count_of("successes"), 1);
	}
	assert_int_equal(get(SHARED "objects/?match[version]=all"), 200);
	assert_int_equal(count_of("objects"), 1);
}

static void
a_status_is_its_owners_alone(void **state)
{
	(void)state;
	char target[STATUS_TEXT];
	assert_int_equal(put(indicator_text(1, "2023-01-01T00:00:00.000Z")), 202);
	keep_status_target(target);
	assert_int_equal(get_as(ALICE, target), 200);
	own_buf struct buf foreign = {};
	assert_int_equal(get_as(BOB, target), 404);
	buf_add(&foreign, body());
	assert_int_equal(get_as(BOB, "/api/status/22222222-2222-4222-8222-222222222222/"), 404);
	assert_int_equal(foreign.len, body().len);
	assert_memory_equal(foreign.ptr, body().ptr, foreign.len);
	assert_int_equal(get_as(ALICE, "/api/status/nonsense/"), 404);
}

static void
a_status_survives_a_restart_for_a_day(void **state)
{
	(void)state;
	char target[STATUS_TEXT];
	struct diag why = {};
	assert_int_equal(put(indicator_text(1, "2023-01-01T00:00:00.000Z")), 202);
	keep_status_target(target);
	world_close();
	world_open();
	w.now += INT64_C(24) * 3600 * SECOND;
	assert_rc(vault_status_tidy(w.vault, w.now, &why), RC_OK);
	assert_int_equal(get(target), 200);
	assert_span(json_get_span(json(), "status"), "complete");
	assert_int_equal(number("success_count"), 1);
	/* For as long as the configuration says, then no more. */
	const int64_t week = INT64_C(7) * 24 * 3600 * SECOND;
	vault_status_keep(w.vault, week);
	w.now += INT64_C(5) * 24 * 3600 * SECOND;
	assert_rc(vault_status_tidy(w.vault, w.now, &why), RC_OK);
	assert_int_equal(get(target), 200);
	w.now += INT64_C(2) * 24 * 3600 * SECOND;
	assert_rc(vault_status_tidy(w.vault, w.now, &why), RC_OK);
	assert_int_equal(get(target), 404);
}

static void
a_status_goes_from_pending_to_complete(void **state)
{
	(void)state;
	struct diag why = {};
	char target[STATUS_TEXT], id[UUID_TEXT];
	struct arena mem = {};
	struct user alice;
	const struct uuid status = uuid_v4(rng_system());
	assert_rc(user_get(w.store, SPAN("alice"), &mem, &alice, &why), RC_OK);
	const struct vault_request request = {
		.collection = w.shared.number,
		.source = {.name = SPAN("user:alice")},
		.status = &status,
		.owner = arena_printf(&mem, "alice#%lld", (long long)alice.number),
		.received = w.now,
	};
	assert_rc(vault_status_pend(w.vault, &request, 3, &why), RC_OK);
	uuid_text(&status, id);
	snprintf(target, sizeof target, "/api/status/%s/", id);
	assert_int_equal(get(target), 200);
	assert_span(json_get_span(json(), "status"), "pending");
	assert_int_equal(number("pending_count"), 3);
	assert_int_equal(number("total_count"), 3);
	assert_rc(vault_status_tidy(w.vault, w.now + 1, &why), RC_OK);
	assert_int_equal(get(target), 200);
	assert_span(json_get_span(json(), "status"), "complete");
	assert_int_equal(number("pending_count"), 0);
	arena_fini(&mem);
}

static void
one_bad_object_fails_alone(void **state)
{
	(void)state;
	char text[4000];
	snprintf(text, sizeof text,
		"{\"objects\":[%s,"
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000009-"
		"0000-4000-8000-000000000000\","
		"\"created\":\"yesterday\",\"modified\":\"yesterday\",\"pattern\":\"[a:b=1]\","
		"\"pattern_type\":\"stix\","
		"\"valid_from\":\"2023-01-01T00:00:00Z\"},%s]}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"),
		indicator_text(2, "2023-01-01T00:00:00.000Z"));
	assert_int_equal(post_as(ALICE, SHARED, text), 202);
	assert_int_equal(number("success_count"), 2);
	assert_int_equal(number("failure_count"), 1);
	yyjson_val *failed = yyjson_arr_get(json_get(json(), "failures"), 0);
	assert_span(json_get_span(failed, "id"), "indicator--00000009-0000-4000-8000-000000000000");
	assert_true(json_get_span(failed, "message").len > 0);
	static const char *const reads[] = {SHARED "objects/", SHARED "manifest/", SHARED};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(get(reads[i]), 200);
	assert_int_equal(get(SHARED "objects/"), 200);
	assert_int_equal(count_of("objects"), 2);
}

static void
an_object_that_breaks_a_must_is_not_stored(void **state)
{
	(void)state;
	assert_int_equal(put("{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"" ONE "\","
			     "\"created\":\"2023-01-01T00:00:00.000Z\",\"modified\":\"2023-01-"
			     "01T00:00:00.000Z\","
			     "\"pattern_type\":\"stix\",\"valid_from\":\"2023-01-01T00:00:00Z\"}"),
		202);
	assert_int_equal(number("failure_count"), 1);
	assert_int_equal(number("success_count"), 0);
	assert_int_equal(get(SHARED "objects/" ONE "/"), 404);
}

static void
deleted_is_gone_everywhere(void **state)
{
	(void)state;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	put_indicator(1, "2023-02-01T00:00:00.000Z");
	put_indicator(2, "2023-01-01T00:00:00.000Z");
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/" ONE "/", (struct span){}), 200);
	assert_int_equal(body().len, 0);
	assert_string_equal(header("Content-Type"), "application/taxii+json;version=2.1");
	assert_int_equal(get(SHARED "objects/" ONE "/"), 404);
	assert_int_equal(get(SHARED "objects/" ONE "/versions/"), 404);
	assert_int_equal(get(SHARED "objects/?match[version]=all"), 200);
	assert_int_equal(count_of("objects"), 1);
	assert_int_equal(get(SHARED "manifest/?match[version]=all"), 200);
	assert_int_equal(count_of("objects"), 1);
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/" ONE "/", (struct span){}), 404);
}

static void
delete_with_match_version_takes_only_those(void **state)
{
	(void)state;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	put_indicator(1, "2023-02-01T00:00:00.000Z");
	put_indicator(1, "2023-03-01T00:00:00.000Z");
	assert_int_equal(ask_as(ALICE, "DELETE",
				 SHARED "objects/" ONE "/?match[version]=2023-02-01T00:00:00Z",
				 (struct span){}),
		200);
	assert_int_equal(get(SHARED "objects/" ONE "/versions/"), 200);
	assert_int_equal(count_of("versions"), 2);
	assert_false(body_has("2023-02-01"));
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/" ONE "/?match[version]=last",
				 (struct span){}),
		200);
	assert_int_equal(get(SHARED "objects/" ONE "/versions/"), 200);
	assert_true(body_has("[\"2023-01-01T00:00:00.000Z\"]"));
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/" ONE "/?match[version]=all,last",
				 (struct span){}),
		400);
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/" ONE "/?match[spec_version]=2.0",
				 (struct span){}),
		200);
	assert_int_equal(get(SHARED "objects/" ONE "/"), 200);
	assert_int_equal(ask_as(ALICE, "DELETE", SHARED "objects/" ONE "/?match[version]=all",
				 (struct span){}),
		200);
	assert_int_equal(get(SHARED "objects/" ONE "/"), 404);
}

/* TAXII 2.1 section 5.7: fetching that version again is 404; the others are where they were. */
static void
a_deleted_version_is_404(void **state)
{
	(void)state;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	put_indicator(1, "2023-02-01T00:00:00.000Z");
	const char *jan = SHARED "objects/" ONE "/?match[version]=2023-01-01T00:00:00Z";
	assert_int_equal(get(jan), 200);
	assert_int_equal(ask_as(ALICE, "DELETE", jan, (struct span){}), 200);
	assert_int_equal(get(jan), 404);
	assert_int_equal(get(SHARED "objects/" ONE "/?match[version]=2023-02-01T00:00:00Z"), 200);
	assert_int_equal(get(SHARED "objects/" ONE
				    "/?match[version]=2023-01-01T00:00:00Z,2023-02-01T00:00:00Z"),
		200);
	assert_int_equal(count_of("objects"), 1);
	assert_int_equal(get(SHARED "objects/" ONE "/?match[version]=first"), 200);
	assert_int_equal(get(SHARED "objects/?match[id]=" ONE "&match[version]=all"), 200);
	assert_int_equal(count_of("objects"), 1);
	assert_int_equal(get(SHARED "manifest/?match[version]=all"), 200);
	assert_false(body_has("2023-01-01"));
}

static const char *
by(const char *creator, const char *modified)
{
	static char text[2][900];
	static unsigned turn;
	char *out = text[turn++ % 2];
	const char *plain = indicator_text(1, modified);
	snprintf(out, sizeof text[0], "%.*s,\"created_by_ref\":\"%s\"}", (int)strlen(plain) - 1,
		plain, creator);
	return out;
}

static void
a_version_by_another_than_the_creator_is_quarantined(void **state)
{
	(void)state;
	char text[1500];
	struct diag why = {};
	uint64_t kept;
	assert_int_equal(put(by(IDENTITY, "2023-01-01T00:00:00.000Z")), 202);
	assert_int_equal(number("success_count"), 1);
	snprintf(text, sizeof text, "{\"objects\":[%s]}", by(IDENTITY, "2023-09-01T00:00:00.000Z"));
	assert_int_equal(post_as(CAROL, SHARED, text), 202);
	assert_int_equal(number("failure_count"), 1);
	assert_true(
		json_get_span(yyjson_arr_get(json_get(json(), "failures"), 0), "message").len > 0);
	assert_rc(vault_quarantine_count(w.vault, &kept, &why), RC_OK);
	assert_int_equal(kept, 1);
	assert_int_equal(get(SHARED "objects/?match[version]=all"), 200);
	assert_int_equal(count_of("objects"), 1);
	assert_false(body_has("2023-09-01"));
}

/* ---- a writer in another process ---- */

static struct slow {
	struct taxii_ops real;
	unsigned asked, dropped;
	bool ready;
	enum rc fails;
} slow;

static enum rc
slow_pass(void *ctx, const struct taxii_call *call, const struct release_ask *ask,
	struct pass **out, struct diag *why)
{
	(void)ctx;
	return slow.ready ? slow.real.pass(slow.real.ctx, call, ask, out, why) : RC_AGAIN;
}

static enum rc
slow_write(void *ctx, struct taxii_write *write, struct diag *why)
{
	(void)ctx;
	slow.asked++;
	if (slow.fails)
		return slow.fails;
	return slow.ready ? slow.real.write(slow.real.ctx, write, why) : RC_AGAIN;
}

static void
slow_drop(void *ctx, struct taxii_write *write)
{
	(void)ctx;
	(void)write;
	slow.dropped++;
}

static void
slow_down(void)
{
	slow = (struct slow){.real = w.server.config.ops};
	w.server.config.ops = (struct taxii_ops){slow_pass, slow_write, slow_drop, NULL};
}

static void
a_post_waits_for_the_writer_without_holding_a_thread(void **state)
{
	(void)state;
	slow_down();
	put(indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_true(w.waits);
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_WAIT);
	slow.ready = true;
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_DONE);
	assert_int_equal(w.call.status, 202);
	assert_int_equal(number("success_count"), 1);
	assert_int_equal(slow.asked, 3);
	assert_int_equal(slow.dropped, 0);
}

static void
a_writer_that_never_answers_is_503_in_the_end(void **state)
{
	(void)state;
	slow_down();
	put(indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_true(w.waits);
	w.call.wait_until = clock_monotonic() - 1;
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_DONE);
	assert_int_equal(w.call.status, 503);
	assert_non_null(header("Retry-After"));
	assert_int_equal(slow.dropped, 1);
}

static void
a_client_that_leaves_drops_its_write(void **state)
{
	(void)state;
	slow_down();
	put(indicator_text(1, "2023-01-01T00:00:00.000Z"));
	assert_true(w.waits);
	taxii_call_fini(&w.server, &w.call);
	w.call = (struct taxii_call){};
	assert_int_equal(slow.dropped, 1);
}

static void
a_page_waits_for_its_pass(void **state)
{
	(void)state;
	put_indicator(1, "2023-01-01T00:00:00.000Z");
	slow_down();
	get(SHARED "objects/");
	assert_true(w.waits);
	slow.ready = true;
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_DONE);
	assert_int_equal(w.call.status, 200);
	slow.ready = false;
	get(SHARED "objects/");
	assert_true(w.waits);
	w.call.pass_until = clock_monotonic() - 1;
	assert_int_equal(taxii_handle(&w.server, &w.reader, &w.call), TAXII_DONE);
	assert_int_equal(w.call.status, 503);
}

static void
what_the_writer_refuses_is_told(void **state)
{
	(void)state;
	static const struct {
		enum rc code;
		unsigned status;
	} cases[] = {{RC_NONE, 404}, {RC_LIMIT, 503}, {RC_FULL, 503}, {RC_IO, 503}};
	slow_down();
	for (size_t i = 0; i < 4; i++) {
		slow.fails = cases[i].code;
		assert_int_equal(
			put(indicator_text(1, "2023-01-01T00:00:00.000Z")), cases[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_post_is_202_with_its_status),
		T(every_id_of_a_status_has_its_version),
		T(counts_add_up),
		T(a_duplicate_is_a_success),
		T(a_status_is_its_owners_alone),
		T(a_status_survives_a_restart_for_a_day),
		T(a_status_goes_from_pending_to_complete),
		T(one_bad_object_fails_alone),
		T(an_object_that_breaks_a_must_is_not_stored),
		T(deleted_is_gone_everywhere),
		T(delete_with_match_version_takes_only_those),
		T(a_deleted_version_is_404),
		T(a_version_by_another_than_the_creator_is_quarantined),
		T(a_post_waits_for_the_writer_without_holding_a_thread),
		T(a_writer_that_never_answers_is_503_in_the_end),
		T(a_client_that_leaves_drops_its_write),
		T(a_page_waits_for_its_pass),
		T(what_the_writer_refuses_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
