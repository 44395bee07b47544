#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "node/talk.h"

static void
what_was_packed_is_unpacked(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	pack_number(&b, 7);
	pack_span(&b, SPAN("seven"));
	pack_span(&b, SPAN(""));
	pack_number(&b, UINT64_MAX);
	struct unpack u = {buf_span(&b), false};
	assert_int_equal(unpack_number(&u), 7);
	assert_span(unpack_span(&u), "seven");
	assert_span(unpack_span(&u), "");
	assert_false(unpack_done(&u));
	assert_true(unpack_number(&u) == UINT64_MAX);
	assert_true(unpack_done(&u));
	assert_int_equal(unpack_number(&u), 0);
	assert_false(unpack_done(&u));
}

/* A length that reaches past the end, by one or by all a number can say, reads nothing. */
static void
a_length_past_the_end_breaks_and_reads_nothing(void **state)
{
	(void)state;
	static const uint64_t lengths[] = {4, 5, 1 << 30, UINT64_MAX, UINT64_MAX - 7};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		own_buf struct buf b = {};
		pack_number(&b, lengths[i]);
		buf_add(&b, SPAN("abc"));
		struct unpack u = {buf_span(&b), false};
		assert_int_equal(unpack_span(&u).len, 0);
		assert_true(u.broken);
		assert_int_equal(unpack_number(&u), 0);
		assert_false(unpack_done(&u));
	}
}

static struct taxii_write
a_write(void)
{
	static const unsigned specs[] = {VAULT_SPEC_2_1};
	static const int64_t at[] = {1, INT64_MAX};
	struct taxii_write w = {
		.kind = TAXII_POST,
		.collection = 3,
		.body = SPAN("{\"objects\":[]}"),
		.objects = 9,
		.owner = SPAN("bob"),
		.received = 12345,
		.object = SPAN("x"),
		.filter = {.specs = specs, .spec_count = 1, .at = at, .at_count = 2, .which = 1},
	};
	w.user.name = SPAN("bob");
	memset(w.status.byte, 7, sizeof w.status.byte);
	return w;
}

static void
a_write_arrives_as_it_was_sent(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	struct taxii_write w = a_write();
	struct talk_write got;
	assert_rc(talk_write_pack(&w, &b), RC_OK);
	assert_rc(talk_write_unpack(buf_span(&b), &got), RC_OK);
	assert_int_equal(got.kind, TAXII_POST);
	assert_span(got.user, "bob");
	assert_int_equal(got.collection, 3);
	assert_span(got.body, "{\"objects\":[]}");
	assert_int_equal(got.received, 12345);
	assert_int_equal(got.spec_count, 1);
	assert_int_equal(got.at_count, 2);
	assert_true(got.at[1] == INT64_MAX);
	assert_memory_equal(got.status.byte, w.status.byte, sizeof w.status.byte);
}

static void
a_filter_of_more_times_than_fit_is_not_sent(void **state)
{
	(void)state;
	static int64_t many[65];
	own_buf struct buf b = {};
	struct taxii_write w = a_write();
	w.filter.at = many;
	w.filter.at_count = 65;
	assert_rc(talk_write_pack(&w, &b), RC_LIMIT);
}

static void
every_cut_and_every_tail_of_a_write_is_refused(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	struct taxii_write w = a_write();
	struct talk_write got;
	assert_rc(talk_write_pack(&w, &b), RC_OK);
	for (size_t len = 0; len < b.len; len++) {
		char *exact = malloc(len + 1); /* so that a sanitizer sees one byte too many */
		memcpy(exact, b.ptr, len);
		assert_rc(talk_write_unpack((struct span){exact, len}, &got), RC_BAD);
		free(exact);
	}
	buf_add(&b, SPAN("x"));
	assert_rc(talk_write_unpack(buf_span(&b), &got), RC_BAD);
}

/* The front may have been taken over: no payload of its may make the keeper read what is not there. */
static void
bytes_changed_at_random_never_lead_outside(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	struct taxii_write w = a_write();
	size_t taken = 0;
	uint64_t x = 88172645463325252u;
	assert_rc(talk_write_pack(&w, &b), RC_OK);
	for (int i = 0; i < 20000; i++) {
		char *copy = malloc(b.len);
		memcpy(copy, b.ptr, b.len);
		for (int j = 0; j < 3; j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			copy[x % b.len] = (char)(x >> 32);
		}
		struct talk_write got;
		if (talk_write_unpack((struct span){copy, b.len}, &got) == RC_OK) {
			taken++;
			assert_in_range(got.kind, 0, TAXII_DELETE);
			assert_in_range(got.at_count, 0, 64);
			assert_in_range(got.spec_count, 0, 4);
			assert_true(got.body.len <= b.len);
			if (got.body.len)
				assert_true(got.body.ptr >= copy &&
					    got.body.ptr + got.body.len <= copy + b.len);
		}
		free(copy);
	}
	assert_in_range(taken, 1, 19999);
}

static void
an_ask_of_no_known_kind_is_refused(void **state)
{
	(void)state;
	struct release_ask ask = {.to = {READER_USER, SPAN("bob")},
		.from = {SPAN("id"), SPAN("main"), true},
		.action = GATE_SEND,
		.now = 5};
	struct release_ask got;
	own_buf struct buf b = {};
	talk_ask_pack(&ask, &b);
	assert_rc(talk_ask_unpack(buf_span(&b), &got), RC_OK);
	assert_span(got.to.name, "bob");
	assert_span(got.from.alias, "main");
	assert_true(got.from.never_leaves);
	assert_int_equal(got.action, GATE_SEND);
	for (size_t len = 0; len < b.len; len++)
		assert_rc(talk_ask_unpack((struct span){b.ptr, len}, &got), RC_BAD);
	b.ptr[0] = 99; /* the reader's kind */
	assert_rc(talk_ask_unpack(buf_span(&b), &got), RC_BAD);
}

/* A diagnosis longer than ours holds is cut, not written past its end. */
static void
a_diagnosis_of_any_length_is_cut_to_size(void **state)
{
	(void)state;
	own_buf struct buf b = {}, text = {};
	for (int i = 0; i < 5000; i++)
		buf_add(&text, SPAN("x"));
	for (int i = 0; i < 3; i++)
		pack_span(&b, buf_span(&text));
	struct unpack u = {buf_span(&b), false};
	struct diag why = {};
	talk_diag_read(&u, &why);
	assert_true(unpack_done(&u));
	assert_int_equal(strlen(why.what), sizeof why.what - 1);
	assert_int_equal(strlen(why.where), sizeof why.where - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_is_unpacked),
		cmocka_unit_test(a_length_past_the_end_breaks_and_reads_nothing),
		cmocka_unit_test(a_write_arrives_as_it_was_sent),
		cmocka_unit_test(a_filter_of_more_times_than_fit_is_not_sent),
		cmocka_unit_test(every_cut_and_every_tail_of_a_write_is_refused),
		cmocka_unit_test(bytes_changed_at_random_never_lead_outside),
		cmocka_unit_test(an_ask_of_no_known_kind_is_refused),
		cmocka_unit_test(a_diagnosis_of_any_length_is_cut_to_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
