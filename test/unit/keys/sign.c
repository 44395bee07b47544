#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/sign.h"
#include "keys/token.h"

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
	const char *seed, *public, *text, *signature;
} known[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc6"
		"1e"
		"39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e45"
		"8f"
		"3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae"
		"67"
		"f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void
signatures_equal_rfc_8032(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint8_t seed[32], public[32], want[64], got[64];
		char text[8];
		struct span message = {text, strlen(known[i].text) / 2};
		assert_rc(hex_parse(span_of(known[i].seed), seed, 32), RC_OK);
		assert_rc(hex_parse(span_of(known[i].public), public, 32), RC_OK);
		assert_rc(hex_parse(span_of(known[i].signature), want, 64), RC_OK);
		assert_rc(hex_parse(span_of(known[i].text), text, message.len), RC_OK);
		struct sign_key key = sign_key_from_seed(seed);
		struct sign_public p = sign_key_public(&key);
		assert_memory_equal(p.byte, public, 32);
		sign_make(&key, message, got);
		assert_memory_equal(got, want, 64);
		assert_true(sign_check(&p, message, (struct span){(char *)got, 64}));
		assert_false(sign_check(&p, SPAN("other"), (struct span){(char *)got, 64}));
		assert_false(sign_check(&p, message, (struct span){(char *)got, 63}));
		got[i] ^= 1;
		assert_false(sign_check(&p, message, (struct span){(char *)got, 64}));
	}
}

/* S + L instead of S (RFC 8032 section 5.1.7) and the identity point as key. */
static void
malleable_signatures_and_small_points_are_refused(void **state)
{
	(void)state;
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t seed[32] = {1}, mac[64];
	struct sign_key key = sign_key_from_seed(seed);
	struct sign_public p = sign_key_public(&key), small = {{1}};
	sign_make(&key, SPAN("x"), mac);
	assert_true(sign_check(&p, SPAN("x"), (struct span){(char *)mac, 64}));
	unsigned carry = 0;
	for (int i = 0; i < 32; i++) {
		carry += mac[32 + i] + order[i];
		mac[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(sign_check(&p, SPAN("x"), (struct span){(char *)mac, 64}));
	uint8_t forged[64] = {1};
	assert_false(sign_check(&small, SPAN("x"), (struct span){(char *)forged, 64}));
}

static void
keys_survive_pem_both_ways(void **state)
{
	(void)state;
	uint64_t chance = 3;
	struct sign_key key = sign_key_new(rng_seeded(&chance)), back = {};
	struct sign_public public = sign_key_public(&key), public_back = {};
	own_buf struct buf secret = {}, open = {};
	sign_key_pem(&key, &secret);
	sign_public_pem(&public, &open);
	assert_rc(sign_key_from_pem(buf_span(&secret), &back, NULL), RC_OK);
	assert_memory_equal(&key, &back, sizeof key);
	assert_rc(sign_public_from_pem(buf_span(&open), &public_back, NULL), RC_OK);
	assert_memory_equal(&public, &public_back, sizeof public);
	assert_rc(sign_public_from_pem(buf_span(&secret), &public_back, NULL), RC_BAD);
	assert_rc(sign_key_from_pem(buf_span(&open), &back, NULL), RC_BAD);
	for (size_t cut = 0; cut < secret.len - 1; cut++)
		assert_rc(sign_key_from_pem(span_sub(buf_span(&secret), 0, cut), &back, NULL),
			RC_BAD);
}

/* RFC 8410 section 10.1 and 10.3. */
static void
the_example_keys_of_rfc_8410_are_read(void **state)
{
	(void)state;
	struct sign_key key;
	struct sign_public p;
	assert_rc(sign_key_from_pem(SPAN("-----BEGIN PRIVATE KEY-----\n"
					 "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++"
					 "CXqI9EdVhC\n"
					 "-----END PRIVATE KEY-----\n"),
			  &key, NULL),
		RC_OK);
	assert_rc(sign_public_from_pem(
			  SPAN("-----BEGIN PUBLIC KEY-----\r\n"
			       "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"
			       "=\r\n-----END PUBLIC KEY-----\r\n"),
			  &p, NULL),
		RC_OK);
	assert_memory_equal(sign_key_public(&key).byte, p.byte, 32);
	char fingerprint[FINGERPRINT_TEXT];
	sign_public_fingerprint(&p, fingerprint);
	assert_int_equal(strlen(fingerprint), FINGERPRINT_TEXT - 1);
}

static void
tokens_have_their_form_and_never_repeat(void **state)
{
	(void)state;
	char one[TOKEN_TEXT], two[TOKEN_TEXT], digest[65];
	token_new(rng_system(), one);
	token_new(rng_system(), two);
	assert_string_not_equal(one, two);
	assert_true(token_is(span_of(one)));
	assert_false(token_is(span_sub(span_of(one), 0, TOKEN_TEXT - 2)));
	assert_false(token_is(SPAN("tocsin_")));
	assert_false(token_is(SPAN("Tocsin_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
	assert_false(token_is(SPAN("tocsin_AAAAAAAAAAAAAAAAAAAAA=AAAAAAAAAAAAAAAAAAAAA")));
	token_digest(SPAN("abc"), digest);
	assert_string_equal(
		digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_equal_rfc_8032),
		cmocka_unit_test(malleable_signatures_and_small_points_are_refused),
		cmocka_unit_test(keys_survive_pem_both_ways),
		cmocka_unit_test(the_example_keys_of_rfc_8410_are_read),
		cmocka_unit_test(tokens_have_their_form_and_never_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
