#include "../test.h"

#include "base/uuid.h"

static void
text_round_trips_in_lower_case(void **state)
{
	(void)state;
	struct uuid u;
	char text[UUID_TEXT];
	assert_rc(uuid_parse(SPAN("00ABEDB4-aa42-466c-9c01-fed23315a9b7"), &u), RC_OK);
	uuid_text(&u, text);
	assert_string_equal(text, "00abedb4-aa42-466c-9c01-fed23315a9b7");
	assert_int_equal(uuid_version(&u), 4);
	assert_true(uuid_is_rfc(&u));
}

static void
malformed_text_is_refused(void **state)
{
	(void)state;
	struct uuid u;
	assert_rc(uuid_parse(SPAN("00abedb4aa42-466c-9c01-fed23315a9b7-"), &u), RC_BAD);
	assert_rc(uuid_parse(SPAN("00abedb4-aa42-466c-9c01-fed23315a9bg"), &u), RC_BAD);
	assert_rc(uuid_parse(SPAN("00abedb4-aa42-466c-9c01-fed23315a9b"), &u), RC_BAD);
}

static void
random_ones_carry_version_and_variant(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (int i = 0; i < 100; i++) {
		struct uuid u = uuid_v4(rng_seeded(&seed));
		assert_int_equal(uuid_version(&u), 4);
		assert_true(uuid_is_rfc(&u));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_round_trips_in_lower_case),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(random_ones_carry_version_and_variant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
