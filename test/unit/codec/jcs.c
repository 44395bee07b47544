#include "../test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "codec/jcs.h"
#include "codec/json.h"

static void
assert_number(uint64_t bits, const char *expected)
{
	own_buf struct buf out = {};
	double number;
	memcpy(&number, &bits, sizeof number);
	jcs_write_number(&out, number);
	buf_add_byte(&out, 0);
	assert_string_equal(out.ptr, expected);
}

/* RFC 8785 appendix B; NaN and Infinity are refused before. */
static void
numbers_are_those_of_the_rfc(void **state)
{
	(void)state;
	assert_number(0x0000000000000000, "0");
	assert_number(0x8000000000000000, "0");
	assert_number(0x0000000000000001, "5e-324");
	assert_number(0x8000000000000001, "-5e-324");
	assert_number(0x7fefffffffffffff, "1.7976931348623157e+308");
	assert_number(0xffefffffffffffff, "-1.7976931348623157e+308");
	assert_number(0x4340000000000000, "9007199254740992");
	assert_number(0xc340000000000000, "-9007199254740992");
	assert_number(0x4430000000000000, "295147905179352830000");
	assert_number(0x44b52d02c7e14af5, "9.999999999999997e+22");
	assert_number(0x44b52d02c7e14af6, "1e+23");
	assert_number(0x44b52d02c7e14af7, "1.0000000000000001e+23");
	assert_number(0x444b1ae4d6e2ef4e, "999999999999999700000");
	assert_number(0x444b1ae4d6e2ef4f, "999999999999999900000");
	assert_number(0x444b1ae4d6e2ef50, "1e+21");
	assert_number(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7");
	assert_number(0x3eb0c6f7a0b5ed8d, "0.000001");
	assert_number(0x41b3de4355555553, "333333333.3333332");
	assert_number(0x41b3de4355555554, "333333333.33333325");
	assert_number(0x41b3de4355555555, "333333333.3333333");
	assert_number(0x41b3de4355555556, "333333333.3333334");
	assert_number(0x41b3de4355555557, "333333333.33333343");
	assert_number(0xbecbf647612f3696, "-0.0000033333333333333333");
	assert_number(0x43143ff3c1cb0959, "1424953923781206.2");
}

static size_t
digits_of(const char *text)
{
	size_t count = 0, zeros = 0;
	for (; *text && *text != 'e'; text++) {
		if (*text == '-' || *text == '.' || (*text == '0' && count == 0))
			continue;
		zeros = *text == '0' ? zeros + 1 : 0;
		count++;
	}
	return count - zeros;
}

/* An oracle of its own: printf's digits, one more at a time until they read back. */
static void
random_numbers_read_back_and_are_shortest(void **state)
{
	(void)state;
	uint64_t seed = 8785;
	struct rng r = rng_seeded(&seed);
	own_buf struct buf out = {};
	for (int i = 0; i < 100000; i++) {
		double number;
		rng_fill(r, &number, sizeof number);
		if (i % 4 == 0)
			number = (double)(int64_t)(rng_below(r, UINT64_C(1) << 60)) / 1000;
		if (!isfinite(number) || number == 0)
			continue;
		buf_reset(&out);
		jcs_write_number(&out, number);
		buf_add_byte(&out, 0);
		assert_true(strtod(out.ptr, NULL) == number);
		char text[40];
		for (int precision = 0; precision < 18; precision++) {
			snprintf(text, sizeof text, "%.*e", precision, number);
			if (strtod(text, NULL) == number)
				break;
		}
		assert_true(digits_of(out.ptr) <= digits_of(text));
		assert_null(strchr(out.ptr, 'E'));
	}
}

static enum rc
canonical(struct span text, struct buf *out)
{
	static const struct json_limits loose = {.any_keys = true, .any_ints = true};
	own_json yyjson_doc *doc = NULL;
	assert_rc(json_read(text, &loose, &doc, NULL), RC_OK);
	buf_reset(out);
	return jcs_write(out, yyjson_doc_get_root(doc), NULL);
}

#define assert_canonical(text, expected) \
	do { \
		own_buf struct buf out_ = {}; \
		assert_rc(canonical(SPAN(text), &out_), RC_OK); \
		assert_span(buf_span(&out_), expected); \
	} while (0)

/* RFC 8785 sections 3.2.2 and 3.2.3. */
static void
the_rfcs_samples_are_met(void **state)
{
	(void)state;
	assert_canonical(
		"{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n"
		"              2e-3, 0.000000000000000000000000001],\n"
		"  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
		"  \"literals\": [null, true, false]\n}",
		"{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-"
		"27],"
		"\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	assert_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
			 "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
			 "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
			 "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
		"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
		"\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro "
		"Sign\","
		"\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
		"\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

static void
integers_are_doubles_too(void **state)
{
	(void)state;
	assert_canonical("[-0, 56.0, 1e21, 1E-7, 9007199254740993, 123456789012345678901234567890]",
		"[0,56,1e+21,1e-7,9007199254740992,1.2345678901234568e+29]");
	own_buf struct buf out = {};
	char huge[400];
	memset(huge, '9', sizeof huge);
	assert_rc(canonical((struct span){huge, sizeof huge}, &out), RC_BAD);
	assert_int_equal(out.len, 0);
}

static void
a_name_that_stands_twice_is_refused(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	assert_rc(canonical(SPAN("{\"b\":1,\"a\":2,\"\\u0062\":3}"), &out), RC_BAD);
	assert_int_equal(out.len, 0);
}

static void
every_control_character_has_its_one_escape(void **state)
{
	(void)state;
	own_buf struct buf out = {};
	char raw[32];
	for (int i = 0; i < 32; i++)
		raw[i] = (char)i;
	jcs_write_string(&out, (struct span){raw, sizeof raw});
	assert_span(buf_span(&out), "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b"
				    "\\t\\n\\u000b\\f\\r\\u000e\\u000f"
				    "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u001"
				    "8\\u0019\\u001a\\u001b\\u001c"
				    "\\u001d\\u001e\\u001f\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_rfc),
		cmocka_unit_test(random_numbers_read_back_and_are_shortest),
		cmocka_unit_test(the_rfcs_samples_are_met),
		cmocka_unit_test(integers_are_doubles_too),
		cmocka_unit_test(a_name_that_stands_twice_is_refused),
		cmocka_unit_test(every_control_character_has_its_one_escape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
