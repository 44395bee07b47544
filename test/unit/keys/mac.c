#include "../test.h"

#include <string.h>

#include "keys/digest.h"
#include "keys/mac.h"

static struct span
run_of(char *room, char byte, size_t len)
{
	memset(room, byte, len);
	return (struct span){room, len};
}

static struct span
count_up(char *room, unsigned from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		room[i] = (char)(from + i);
	return (struct span){room, len};
}

static void
check_hmac(struct span key, struct span text, const char *want)
{
	uint8_t mac[MAC_SIZE];
	char hex[2 * MAC_SIZE + 1];
	hmac_sha256(key, text, mac);
	hex_text(mac, sizeof mac, hex);
	assert_string_equal(hex, want);
}

/* RFC 4231 section 4, cases 1 to 4, 6 and 7. */
static void
hmac_equals_rfc_4231(void **state)
{
	(void)state;
	char key[200], text[200];
	check_hmac(run_of(key, 0x0b, 20), SPAN("Hi There"),
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	check_hmac(SPAN("Jefe"), SPAN("what do ya want for nothing?"),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	check_hmac(run_of(key, (char)0xaa, 20), run_of(text, (char)0xdd, 50),
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	check_hmac(count_up(key, 1, 25), run_of(text, (char)0xcd, 50),
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	check_hmac(run_of(key, (char)0xaa, 131),
		SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check_hmac(run_of(key, (char)0xaa, 131),
		SPAN("This is a test using a larger than block-size key and a larger than "
		     "block-size "
		     "data. The key needs to be hashed before being used by the HMAC algorithm."),
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void
check_hkdf(struct span secret, struct span salt, struct span info, const char *want)
{
	uint8_t out[100];
	char hex[201];
	size_t len = strlen(want) / 2;
	hkdf_sha256(secret, salt, info, out, len);
	hex_text(out, len, hex);
	assert_string_equal(hex, want);
}

/* RFC 5869 appendix A.1 to A.3. */
static void
hkdf_equals_rfc_5869(void **state)
{
	(void)state;
	char secret[80], salt[80], info[80];
	check_hkdf(run_of(secret, 0x0b, 22), count_up(salt, 0, 13), count_up(info, 0xf0, 10),
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8871858"
		"65");
	check_hkdf(count_up(secret, 0, 80), count_up(salt, 0x60, 80), count_up(info, 0xb0, 80),
		"b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271"
		"cb"
		"41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
	check_hkdf(run_of(secret, 0x0b, 22), SPAN(""), SPAN(""),
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96"
		"c8");
}

static void
a_mac_is_refused_when_a_bit_or_its_length_differs(void **state)
{
	(void)state;
	uint64_t seed = 1;
	struct mac_key key = mac_key_new(rng_seeded(&seed)),
		       other = mac_key_derive(&key, SPAN("x"));
	uint8_t mac[MAC_SIZE];
	struct span s = {(const char *)mac, sizeof mac};
	mac_of(&key, SPAN("text"), mac);
	assert_true(mac_check(&key, SPAN("text"), s));
	assert_false(mac_check(&other, SPAN("text"), s));
	assert_false(mac_check(&key, SPAN("texu"), s));
	assert_false(mac_check(&key, SPAN("text"), span_sub(s, 0, 31)));
	assert_false(mac_check(&key, SPAN("text"), (struct span){}));
	for (size_t bit = 0; bit < 8 * sizeof mac; bit++) {
		mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(mac_check(&key, SPAN("text"), s));
		mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
keys_of_two_labels_differ_and_wiping_leaves_nothing(void **state)
{
	(void)state;
	uint64_t seed = 2;
	struct mac_key key = mac_key_new(rng_seeded(&seed)), empty = {};
	struct mac_key a = mac_key_derive(&key, SPAN("a")), b = mac_key_derive(&key, SPAN("b"));
	struct mac_key again = mac_key_derive(&key, SPAN("a"));
	assert_memory_not_equal(&a, &b, sizeof a);
	assert_memory_equal(&a, &again, sizeof a);
	mac_key_fini(&a);
	assert_memory_equal(&a, &empty, sizeof a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_equals_rfc_4231),
		cmocka_unit_test(hkdf_equals_rfc_5869),
		cmocka_unit_test(a_mac_is_refused_when_a_bit_or_its_length_differs),
		cmocka_unit_test(keys_of_two_labels_differ_and_wiping_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
