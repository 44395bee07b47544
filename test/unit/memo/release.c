#include "fixture.h"

static const struct mac_key key = {{1, 2, 3}};

static struct release_ask
ask_of(enum reader_kind kind, const char *name, enum gate_action action)
{
	return (struct release_ask){.to = {kind, span_of(name)},
		.from = {SPAN(COLLECTION), SPAN("shared"), false},
		.action = action,
		.now = noon};
}

static void
a_pass_names_its_clause_reader_collection_and_end(void **state)
{
	struct fixture *f = *state;
	own_pass struct pass *pass = NULL;
	struct diag why = {};
	struct release_ask ask = ask_of(READER_USER, "bob", GATE_SEND);
	add_user(f, "bob", ROLE_READER);
	assert_rc(memo_release(f->s, &ask, &pass, &why), RC_DENIED);
	assert_null(pass);
	assert_string_equal(why.todo, "tocsin grant shared bob read");
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_READ, NULL), RC_OK);
	assert_rc(memo_release(f->s, &ask, &pass, &why), RC_OK);
	assert_span(pass_clause(pass), "grant:shared");
	assert_span(pass_reader(pass), "user:bob");
	assert_span(pass_collection(pass), COLLECTION);
	assert_int_equal(pass_action(pass), GATE_SEND);
	assert_int_equal(pass_until(pass), noon + PASS_LIFE);
}

static void
a_pass_is_stale_after_its_minute_or_any_change_of_users_and_grants(void **state)
{
	struct fixture *f = *state;
	own_pass struct pass *pass = NULL;
	struct release_ask ask = ask_of(READER_USER, "bob", GATE_SEND);
	int64_t epoch;
	add_user(f, "bob", ROLE_READER);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_READ, NULL), RC_OK);
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_OK);
	assert_rc(memo_epoch(f->s, &epoch, NULL), RC_OK);
	assert_true(pass_fresh(pass, noon, epoch));
	assert_true(pass_fresh(pass, noon + PASS_LIFE - 1, epoch));
	assert_false(pass_fresh(pass, noon + PASS_LIFE, epoch));
	assert_false(pass_fresh(pass, noon - 3600 * SECOND, epoch));
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_NONE, NULL), RC_OK);
	assert_rc(memo_epoch(f->s, &epoch, NULL), RC_OK);
	assert_false(pass_fresh(pass, noon, epoch));
}

static struct pass *
some_pass(struct fixture *f)
{
	struct pass *pass = NULL;
	struct release_ask ask = ask_of(READER_USER, "bob", GATE_SEND);
	add_user(f, "bob", ROLE_READER);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("bob"), GRANT_READ, NULL), RC_OK);
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_OK);
	return pass;
}

static void
a_packed_pass_comes_back_whole_and_altered_in_one_bit_never(void **state)
{
	struct fixture *f = *state;
	own_pass struct pass *pass = some_pass(f), *back = NULL;
	own_buf struct buf packed = {};
	struct mac_key other = {{9}};
	struct diag why = {};
	buf_add(&packed, SPAN("before"));
	pass_pack(pass, &key, &packed);
	struct span s = span_sub(buf_span(&packed), 6, SIZE_MAX);
	assert_true(s.len <= PASS_PACKED);
	assert_rc(pass_unpack(s, &key, &back, &why), RC_OK);
	assert_span(pass_clause(back), "grant:shared");
	assert_span(pass_reader(back), "user:bob");
	assert_span(pass_collection(back), COLLECTION);
	assert_int_equal(pass_until(back), pass_until(pass));
	assert_int_equal(pass_action(back), GATE_SEND);
	pass_free(&back);
	assert_rc(pass_unpack(s, &other, &back, &why), RC_BAD);
	for (size_t len = 0; len < s.len; len++)
		assert_rc(pass_unpack(span_sub(s, 0, len), &key, &back, &why), RC_BAD);
	for (size_t bit = 0; bit < 8 * s.len; bit++) {
		packed.ptr[6 + bit / 8] ^= (char)(1 << bit % 8);
		assert_rc(pass_unpack(s, &key, &back, &why), RC_BAD);
		packed.ptr[6 + bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_null(back);
}

/* Forms that only a holder of the key could send: unknown ones are told apart, broken ones refused.
 */
static void
a_pass_under_the_right_key_must_hold_together_too(void **state)
{
	struct fixture *f = *state;
	own_pass struct pass *pass = some_pass(f), *back = NULL;
	static const struct {
		size_t at;
		char byte;
		enum rc code;
	} cases[] = {{4, 2, RC_NEWER}, {5, 4, RC_BAD}, {6, 5, RC_BAD}, {32, 79, RC_BAD},
		{33, 1, RC_BAD}, {34, 0, RC_BAD}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		own_buf struct buf packed = {};
		uint8_t mac[MAC_SIZE];
		pass_pack(pass, &key, &packed);
		packed.ptr[cases[i].at] = cases[i].byte;
		packed.len -= MAC_SIZE;
		mac_of(&key, buf_span(&packed), mac);
		buf_add(&packed, (struct span){(const char *)mac, sizeof mac});
		assert_rc(pass_unpack(buf_span(&packed), &key, &back, NULL), cases[i].code);
	}
}

static void
what_is_no_question_is_refused(void **state)
{
	struct fixture *f = *state;
	own_pass struct pass *pass = NULL;
	static char long_name[300];
	memset(long_name, 'a', sizeof long_name - 1);
	struct release_ask ask = ask_of(READER_SELF, "", GATE_SEND);
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_BAD);
	ask = ask_of(READER_PARTY, "Not A Party", GATE_EXPORT);
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_BAD);
	ask = ask_of(READER_USER, long_name, GATE_SEND);
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_BAD);
	ask = ask_of(READER_SELF, "", GATE_SHOW);
	ask.from.id = SPAN("shared");
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_BAD);
	ask = ask_of(READER_SELF, "", GATE_SHOW);
	ask.from.alias = span_of(long_name);
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_BAD);
	assert_null(pass);
}

static enum rc
no_end(void *ctx, struct span id, struct facts *out)
{
	(void)ctx;
	(void)id;
	(void)out;
	return RC_NONE;
}

/* ---- facts ---- */

static struct facts
facts_from(const char *text)
{
	own_stix struct stix_object o = {};
	struct diag why = {};
	if (stix_read(span_of(text), &o, &why) != RC_OK)
		fail_msg("%s: %s", text, why.what);
	return facts_of(&o, NULL);
}

#define DATES \
	"\"spec_version\":\"2.1\",\"created\":\"2020-01-01T00:00:00.000Z\"," \
	"\"modified\":\"2020-01-01T00:00:00.000Z\","
#define OBJECT(type, rest) \
	"{\"type\":\"" type "\",\"id\":\"" type \
	"--11111111-0000-4000-8000-000000000001\"," DATES rest "}"
#define SCO(type, rest) \
	"{\"type\":\"" type "\",\"id\":\"" type "--11111111-0000-4000-8000-000000000001\"," \
	"\"spec_version\":\"2.1\"," rest "}"
#define INDICATOR(pattern) \
	OBJECT("indicator", "\"pattern_type\":\"stix\",\"pattern\":\"" pattern "\"")

static void
the_level_of_personal_data_is_computed_from_what_an_object_holds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum privacy want;
	} cases[] = {
		{INDICATOR("[ipv4-addr:value = '192.0.2.1']"), PRIVACY_TECHNICAL},
		{INDICATOR("[file:hashes.'SHA-256' = 'email-addr:value']"), PRIVACY_TECHNICAL},
		{INDICATOR("[url:value = 'a\\\\'user-account:x']"), PRIVACY_TECHNICAL},
		{INDICATOR("[email-addr:value = 'a@b.example']"), PRIVACY_PERSON},
		{INDICATOR("[url:value = 'x'] AND [user-account:user_id='u']"), PRIVACY_PERSON},
		{INDICATOR("[x-unheard-of:value = 'x']"), PRIVACY_PERSON},
		{INDICATOR("[mutex:name = 'x']"), PRIVACY_NONE},
		{OBJECT("indicator", "\"pattern_type\":\"snort\",\"pattern\":\"alert tcp\""),
			PRIVACY_TECHNICAL},
		{OBJECT("indicator",
			 "\"pattern_type\":\"yara\",\"pattern\":\"$a = \\\"x@y.z\\\"\""),
			PRIVACY_PERSON},
		{OBJECT("malware", "\"is_family\":true"), PRIVACY_NONE},
		{OBJECT("incident", "\"name\":\"x\""), PRIVACY_VICTIM},
		{OBJECT("x-custom", "\"name\":\"x\""), PRIVACY_PERSON},
		{OBJECT("identity", "\"name\":\"Ministry\",\"identity_class\":\"organization\""),
			PRIVACY_NONE},
		{OBJECT("identity", "\"name\":\"M\",\"identity_class\":\"organization\","
				    "\"contact_information\":\"x@jp.example\""),
			PRIVACY_PERSON},
		{OBJECT("identity", "\"name\":\"Ann\",\"identity_class\":\"individual\""),
			PRIVACY_PERSON},
		{OBJECT("identity", "\"name\":\"Ann\""), PRIVACY_PERSON},
		{OBJECT("note", "\"content\":\"x\",\"authors\":[\"Ann\"]"), PRIVACY_PERSON},
		{OBJECT("note", "\"content\":\"x\""), PRIVACY_NONE},
		{OBJECT("observed-data",
			 "\"object_refs\":[\"url--11111111-0000-4000-8000-000000000001\"]"),
			PRIVACY_TECHNICAL},
		{OBJECT("observed-data",
			 "\"object_refs\":[\"url--11111111-0000-4000-8000-000000000001\","
			 "\"email-addr--11111111-0000-4000-8000-000000000001\"]"),
			PRIVACY_PERSON},
		{OBJECT("observed-data", "\"objects\":{\"0\":{\"type\":\"user-account\"}}"),
			PRIVACY_PERSON},
		{SCO("domain-name", "\"value\":\"a.example\""), PRIVACY_TECHNICAL},
		{SCO("email-addr", "\"value\":\"a@b.example\""), PRIVACY_PERSON},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(privacy_word((enum privacy)facts_from(cases[i].text).privacy),
			privacy_word(cases[i].want));
}

static void
joining_takes_the_stricter_of_each_and_keeps_what_is_unmarked(void **state)
{
	(void)state;
	struct facts a = {STIX_CLASS_LINK, TLP_CLEAR, PRIVACY_NONE, 0};
	struct facts b = {STIX_CLASS_ACTOR, TLP_NONE, PRIVACY_PERSON, FACTS_NEVER_LEAVES};
	struct facts j = facts_join(a, b), k = facts_join(b, a);
	assert_int_equal(j.class, STIX_CLASS_LINK);
	assert_int_equal(k.class, STIX_CLASS_ACTOR);
	assert_int_equal(j.privacy, PRIVACY_PERSON);
	assert_true(j.flags & FACTS_NEVER_LEAVES);
	/* Clear and unmarked: whatever unmarked means, at least that. */
	assert_int_equal(facts_level(j, TLP_AMBER), TLP_AMBER);
	assert_int_equal(facts_level(j, TLP_RED), TLP_RED);
	assert_int_equal(facts_level(k, TLP_CLEAR), TLP_CLEAR);
	b.tlp = TLP_RED;
	assert_int_equal(facts_level(facts_join(j, b), TLP_CLEAR), TLP_RED);
	assert_int_equal(facts_level(facts_absent(), TLP_GREEN), TLP_GREEN);
}

static void
bytes_out_of_range_are_read_as_the_strictest(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		struct facts f = facts_kept((uint8_t)byte, (uint8_t)byte, (uint8_t)byte);
		assert_int_equal(f.class, byte <= STIX_CLASS_OTHER ? byte : STIX_CLASS_OTHER);
		assert_int_equal(f.tlp, byte <= TLP_RED ? byte : TLP_RED);
		assert_int_equal(f.privacy, byte <= PRIVACY_VICTIM ? byte : PRIVACY_VICTIM);
	}
}

static void
ends_are_found_in_their_order_and_nothing_else_is(void **state)
{
	(void)state;
	static const char text[] = OBJECT("sighting",
		"\"where_sighted_refs\":[\"identity--b\",7],\"sighting_of_ref\":\"malware--a\","
		"\"observed_data_refs\":[null,\"observed-data--c\",\"observed-data--d\"],"
		"\"other_ref\":\"malware--x\"");
	static const char *const want[] = {
		"malware--a", "observed-data--c", "observed-data--d", "identity--b"};
	own_stix struct stix_object o = {};
	struct span id;
	size_t at = 0;
	assert_rc(stix_read(span_of(text), &o, NULL), RC_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_rc(facts_end(&o, &at, &id), RC_OK);
		assert_true(span_eq(id, span_of(want[i])));
	}
	assert_rc(facts_end(&o, &at, &id), RC_NONE);
	assert_rc(facts_end(&o, &at, &id), RC_NONE);
}

static void
marks_within_observed_data_count_as_marks_on_a_part(void **state)
{
	(void)state;
#define WITHIN(type, mark) \
	OBJECT(type, "\"objects\":{\"0\":{\"type\":\"url\"},\"1\":{\"type\":\"url\",\"object_" \
		     "marking_refs\":[\"" mark "\"]}}")
	static const char red[] =
		WITHIN("observed-data", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1");
	static const char clear[] =
		WITHIN("observed-data", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487");
	static const char unknown[] =
		WITHIN("observed-data", "marking-definition--00000000-0000-4000-8000-00000000000f");
	static const char other[] =
		WITHIN("malware", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1");
	assert_int_equal(facts_from(red).tlp, TLP_RED);
	assert_int_equal(facts_from(clear).tlp, TLP_AMBER);
	assert_int_equal(facts_from(unknown).tlp, TLP_RED);
	assert_int_equal(facts_from(other).tlp, TLP_NONE);
}

/* Whoever names very many ends would make every reader pay for looking them up. */
static void
an_object_of_too_many_ends_is_hidden(void **state)
{
	struct fixture *f = *state;
	own_pass struct pass *pass = some_pass(f);
	struct facts_source ends = {no_end, NULL};
	for (unsigned count = 4000; count <= 5000; count += 1000) {
		own_buf struct buf text = {};
		buf_add(&text, SPAN("{\"type\":\"sighting\",\"id\":\"sighting--11111111-0000-4000-"
				    "8000-000000000001\"," DATES "\"observed_data_refs\":["));
		for (unsigned i = 0; i < count; i++)
			buf_printf(&text, "%s\"observed-data--%u\"", i ? "," : "", i);
		buf_add(&text, SPAN("]}"));
		struct facts facts = facts_kept(STIX_CLASS_SIGHTING, TLP_GREEN, PRIVACY_NONE);
		assert_int_equal(pass_object(pass, facts, buf_span(&text), &ends), count < 4096);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_fixture(a_pass_names_its_clause_reader_collection_and_end),
		with_fixture(a_pass_is_stale_after_its_minute_or_any_change_of_users_and_grants),
		with_fixture(a_packed_pass_comes_back_whole_and_altered_in_one_bit_never),
		with_fixture(a_pass_under_the_right_key_must_hold_together_too),
		with_fixture(what_is_no_question_is_refused),
		cmocka_unit_test(the_level_of_personal_data_is_computed_from_what_an_object_holds),
		cmocka_unit_test(joining_takes_the_stricter_of_each_and_keeps_what_is_unmarked),
		cmocka_unit_test(bytes_out_of_range_are_read_as_the_strictest),
		cmocka_unit_test(marks_within_observed_data_count_as_marks_on_a_part),
		with_fixture(an_object_of_too_many_ends_is_hidden),
		cmocka_unit_test(ends_are_found_in_their_order_and_nothing_else_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
