#include "../test.h"

#include <string.h>

#include "obs/name.h"

static struct arena arena;

static const char *
normal(const char *text)
{
	struct span out;
	return name_normalize(span_of(text), &arena, &out, NULL) ? "none" : out.ptr;
}

static void
names_come_out_in_lower_case_a_labels(void **state)
{
	(void)state;
	assert_string_equal(normal("Evil.Example"), "evil.example");
	assert_string_equal(normal("evil.example."), "evil.example");
	assert_string_equal(normal("_dmarc.evil.example"), "_dmarc.evil.example");
	assert_string_equal(normal("b\xc3\xbc"
				   "cher.de"),
		"xn--bcher-kva.de");
	assert_string_equal(normal("B\xc3\x9c"
				   "CHER.DE."),
		"xn--bcher-kva.de");
	assert_string_equal(normal("bu\xcc\x88"
				   "cher.de"),
		"xn--bcher-kva.de");
	assert_string_equal(normal("fa\xc3\x9f.de"), "xn--fa-hia.de");
	assert_string_equal(
		normal("\xe4\xbe\x8b\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95"), "xn--fsq.xn--0zwm56d");
	assert_string_equal(normal("XN--BCHER-KVA.de"), "xn--bcher-kva.de");
	arena_fini(&arena);
}

static void
what_is_no_name_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ".", "evil", "evil..example", ".evil.example",
		"1.2.3.4", "evil.123", "ev il.example", "evil.example..", "a/b.example",
		("b\xfc"
		 "cher.de"),
		"evil.exa\xe2\x80\x9d"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_string_equal(normal(bad[i]), "none");
	char label[80];
	memset(label, 'a', sizeof label);
	memcpy(label + 64, ".example", 9);
	assert_string_equal(normal(label), "none");
	assert_int_equal(strlen(normal(label + 1)), 71);
	arena_fini(&arena);
}

static void
a_name_of_253_bytes_passes_and_one_of_254_does_not(void **state)
{
	(void)state;
	char name[256];
	for (int i = 0; i < 255; i++)
		name[i] = i % 4 == 3 ? '.' : 'a';
	name[253] = 0;
	assert_int_equal(strlen(normal(name)), 253);
	name[253] = 'a';
	name[254] = 0;
	assert_string_equal(normal(name), "none");
	arena_fini(&arena);
}

static void
public_suffixes_and_registrable_names_are_told_apart(void **state)
{
	(void)state;
	assert_true(name_is_public_suffix(SPAN("co.uk")));
	assert_true(name_is_public_suffix(SPAN("com")));
	assert_true(name_is_public_suffix(SPAN("github.io")));
	assert_false(name_is_public_suffix(SPAN("evil.co.uk")));
	assert_false(name_is_public_suffix(SPAN("evil.example")));
	assert_span(name_registrable(SPAN("a.b.evil.co.uk")), "evil.co.uk");
	assert_span(name_registrable(SPAN("co.uk")), "");
	assert_true(name_is_under(SPAN("a.evil.org"), SPAN("evil.org")));
	assert_true(name_is_under(SPAN("evil.org"), SPAN("evil.org")));
	assert_false(name_is_under(SPAN("michigan.org"), SPAN("higan.org")));
	assert_true(name_is_internal(SPAN("printer.corp")));
	assert_true(name_is_internal(SPAN("4.3.20.172.in-addr.arpa")));
	assert_false(name_is_internal(SPAN("4.3.32.172.in-addr.arpa")));
	assert_false(name_is_internal(SPAN("incorp.com")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_out_in_lower_case_a_labels),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(a_name_of_253_bytes_passes_and_one_of_254_does_not),
		cmocka_unit_test(public_suffixes_and_registrable_names_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
