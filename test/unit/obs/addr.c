#include "../test.h"

#include "obs/addr.h"

static const char *
text_of(const char *text)
{
	static char out[ADDR_TEXT];
	struct addr a;
	struct span s = span_of(text);
	if (!addr_parse_range(s, &a) && !addr_parse(s, &a))
		return "none";
	addr_text(&a, out);
	return out;
}

static void
addresses_come_out_as_rfc_5952_spells_them(void **state)
{
	(void)state;
	/* The examples of RFC 5952 sections 1, 4 and 5. */
	assert_string_equal(text_of("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
	assert_string_equal(text_of("2001:0db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
	assert_string_equal(text_of("2001:db8::1:0:0:1"), "2001:db8::1:0:0:1");
	assert_string_equal(text_of("2001:DB8:0:0:1::1"), "2001:db8::1:0:0:1");
	assert_string_equal(text_of("2001:db8::0001"), "2001:db8::1");
	assert_string_equal(text_of("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");
	assert_string_equal(text_of("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
	assert_string_equal(text_of("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
	assert_string_equal(text_of("::FFFF:192.0.2.1"), "::ffff:192.0.2.1");
	assert_string_equal(text_of("::ffff:c000:201"), "::ffff:192.0.2.1");
	assert_string_equal(text_of("::"), "::");
	assert_string_equal(text_of("::1"), "::1");
	assert_string_equal(text_of("1::"), "1::");
	assert_string_equal(text_of("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
	assert_string_equal(text_of("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
}

static void
what_is_no_address_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ",
		"1..2.3", "1.2.3.", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"12345::", "g::", ":1", "1:", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "fe80::1%eth0",
		"[::1]", "", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/08", "::/129", "1.2.3.4/-1",
		"1.2.3.4/8/8"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_string_equal(text_of(bad[i]), "none");
}

static void
ranges_lose_their_host_bits_and_hold_what_is_theirs(void **state)
{
	(void)state;
	assert_string_equal(text_of("192.0.2.77/24"), "192.0.2.0/24");
	assert_string_equal(text_of("192.0.2.77/32"), "192.0.2.77");
	assert_string_equal(text_of("255.255.255.255/0"), "0.0.0.0/0");
	assert_string_equal(text_of("2001:db8:ffff::1/33"), "2001:db8:8000::/33");
	struct addr net, one;
	assert_true(addr_parse_range(SPAN("192.0.2.128/25"), &net));
	assert_true(addr_parse(SPAN("192.0.2.128"), &one) && addr_holds(&net, &one));
	assert_true(addr_parse(SPAN("192.0.2.127"), &one) && !addr_holds(&net, &one));
	assert_true(addr_parse(SPAN("c000:280::"), &one) && !addr_holds(&net, &one));
	assert_true(addr_parse_range(SPAN("192.0.2.0/24"), &one) && !addr_holds(&net, &one));
}

static void
mapped_addresses_are_the_ipv4_ones_and_internal_ones_are_known(void **state)
{
	(void)state;
	struct addr a;
	char text[ADDR_TEXT];
	assert_true(addr_parse(SPAN("::ffff:10.1.2.3"), &a));
	assert_true(addr_is_internal(&a));
	a = addr_unmap(a);
	addr_text(&a, text);
	assert_string_equal(text, "10.1.2.3");
	static const char *const inside[] = {"0.1.2.3", "10.0.0.0", "100.127.255.255", "127.0.0.1",
		"169.254.1.1", "172.31.255.255", "192.168.0.1", "224.0.0.1", "255.255.255.255",
		"::", "::1", "fd00::1", "fe80::1", "ff02::fb"};
	static const char *const outside[] = {"8.8.8.8", "100.128.0.0", "172.32.0.0",
		"172.15.255.255", "11.0.0.0", "192.0.2.1", "2001:db8::1", "2a00::1", "::2"};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		assert_true(addr_parse(span_of(inside[i]), &a) && addr_is_internal(&a));
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		assert_true(addr_parse(span_of(outside[i]), &a) && !addr_is_internal(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_out_as_rfc_5952_spells_them),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(ranges_lose_their_host_bits_and_hold_what_is_theirs),
		cmocka_unit_test(mapped_addresses_are_the_ipv4_ones_and_internal_ones_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
