#include "../test.h"
#include "conf/conf.h"

static void
addresses_are_numbers_with_a_port(void **state)
{
	(void)state;
	struct conf_address a;
	assert_rc(conf_address_parse(SPAN("192.0.2.1:80"), &a), RC_OK);
	assert_string_equal(a.host, "192.0.2.1");
	assert_int_equal(a.port, 80);
	assert_false(a.loopback);
	assert_rc(conf_address_parse(SPAN("[2001:db8::1]:65535"), &a), RC_OK);
	assert_string_equal(a.host, "2001:db8::1");
	assert_int_equal(a.port, 65535);
	static const char *const bad[] = {"", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536",
		"192.0.2.1:-1", "192.0.2.1:+1", "192.0.2:80", "[192.0.2.1]:80", "::1:80", "[::1]",
		"[::1:80", "example.org:80", "[]:80", " 192.0.2.1:80"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_rc(conf_address_parse(span_of(bad[i]), &a), RC_BAD);
	assert_rc(conf_address_parse(SPAN("127.0.0.1\0.evil:80"), &a), RC_BAD);
}

static void
loopback_is_told_from_what_only_looks_like_it(void **state)
{
	(void)state;
	struct conf_address a;
	static const char *const inside[] = {
		"127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "localhost:1"};
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		assert_rc(conf_address_parse(span_of(inside[i]), &a), RC_OK);
		assert_true(a.loopback);
	}
	static const char *const outside[] = {
		"0.0.0.0:1", "[::]:1", "128.0.0.1:1", "[::ffff:127.0.0.1]:1", "[1::1]:1"};
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		assert_rc(conf_address_parse(span_of(outside[i]), &a), RC_OK);
		assert_false(a.loopback);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_numbers_with_a_port),
		cmocka_unit_test(loopback_is_told_from_what_only_looks_like_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
