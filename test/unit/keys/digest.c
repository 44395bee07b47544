#include "../test.h"

#include <string.h>

#include "keys/digest.h"

/* FIPS 180-4 examples, RFC 1321 section A.5. */
static const struct {
	enum digest kind;
	const char *text, *want;
} known[] = {
	{DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
	{DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
	{DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{DIGEST_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{DIGEST_SHA384, "abc",
		"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358"
		"ba"
		"eca134c825a7"},
	{DIGEST_SHA512, "abc",
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836"
		"ba"
		"3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

static void
digests_equal_the_published_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint8_t sum[DIGEST_MAX];
		char hex[2 * DIGEST_MAX + 1];
		digest_of(known[i].kind, span_of(known[i].text), sum);
		hex_text(sum, digest_size(known[i].kind), hex);
		assert_string_equal(hex, known[i].want);
	}
}

static void
a_digest_over_pieces_is_that_of_the_whole_and_can_start_anew(void **state)
{
	(void)state;
	struct digest_run *run = digest_new(DIGEST_SHA256);
	for (int round = 0; round < 2; round++) {
		uint8_t sum[SHA256_SIZE], want[SHA256_SIZE];
		digest_add(run, SPAN("a"));
		digest_add(run, SPAN(""));
		digest_add(run, SPAN("bc"));
		digest_take(run, sum);
		sha256_of(SPAN("abc"), want);
		assert_memory_equal(sum, want, sizeof sum);
	}
	digest_free(run);
	digest_free(NULL);
}

static void
hexadecimal_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	uint8_t out[2] = {9, 9};
	assert_rc(hex_parse(SPAN("00fg"), out, 2), RC_BAD);
	assert_rc(hex_parse(SPAN("00f"), out, 2), RC_BAD);
	assert_rc(hex_parse(SPAN("00ffa"), out, 2), RC_BAD);
	assert_int_equal(out[0], 9);
	assert_rc(hex_parse(SPAN("A0fF"), out, 2), RC_OK);
	assert_int_equal(out[0], 0xa0);
	assert_int_equal(out[1], 0xff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_equal_the_published_ones),
		cmocka_unit_test(a_digest_over_pieces_is_that_of_the_whole_and_can_start_anew),
		cmocka_unit_test(hexadecimal_is_read_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
