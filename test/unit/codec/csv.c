#include "../test.h"

#include "base/buf.h"
#include "codec/csv.h"

/* Every record as "line:field|field|" and every fault as its word. */
static const char *
all(struct span text, char separator)
{
	static struct buf out;
	own_arena struct arena a = {};
	struct csv it;
	struct csv_record r;
	enum rc code;
	buf_reset(&out);
	csv_init(&it, text, separator);
	while ((code = csv_next(&it, &a, &r, NULL)) != RC_NONE) {
		if (code) {
			buf_printf(&out, "%s;", rc_word(code));
			continue;
		}
		buf_printf(&out, "%llu:", (unsigned long long)it.line);
		for (size_t i = 0; i < r.count; i++) {
			buf_add(&out, r.field[i].value);
			buf_add_byte(&out, '|');
			assert_true(r.field[i].at + r.field[i].len <= text.len);
		}
		assert_true(r.at + r.len <= text.len);
	}
	buf_add_byte(&out, 0);
	return out.ptr;
}

static void
records_keep_what_rfc_4180_says(void **state)
{
	(void)state;
	assert_string_equal(all(SPAN("a,b\r\nc,d"), ','), "1:a|b|2:c|d|");
	assert_string_equal(all(SPAN("a,\"b,\"\"c\"\"\nd\",e\nf"), ','), "1:a|b,\"c\"\nd|e|3:f|");
	assert_string_equal(all(SPAN("\n\na,,\n\"\"\n"), ','), "3:a|||4:|");
	assert_string_equal(all(SPAN("a;b,c"), ';'), "1:a|b,c|");
	assert_string_equal(all(SPAN(""), ','), "");
	assert_string_equal(all(SPAN("a b \"c\" d"), ','), "1:a b \"c\" d|");
}

static void
a_fault_costs_a_line_and_not_the_rest(void **state)
{
	(void)state;
	assert_string_equal(all(SPAN("\"a\"b\nc\n"), ','), "bad;2:c|");
	assert_string_equal(all(SPAN("a\n\"b,c\nd,e\n"), ','), "1:a|bad;3:d|e|");
}

static void
the_separator_is_guessed_outside_quotes(void **state)
{
	(void)state;
	assert_int_equal(csv_guess(SPAN("a;b;c\n,,,,,")), ';');
	assert_int_equal(csv_guess(SPAN("\"a,b,c\"\td")), '\t');
	assert_int_equal(csv_guess(SPAN("abc")), ',');
}

static void
what_is_written_is_read_back(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	csv_write(&b, SPAN("a\"b"), ',');
	buf_add_byte(&b, ',');
	csv_write(&b, SPAN("c,\r\nd"), ',');
	buf_add_byte(&b, ',');
	csv_write(&b, SPAN(" e"), ',');
	assert_span(buf_span(&b), "\"a\"\"b\",\"c,\r\nd\",\" e\"");
	assert_string_equal(all(buf_span(&b), ','), "1:a\"b|c,\r\nd| e|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_keep_what_rfc_4180_says),
		cmocka_unit_test(a_fault_costs_a_line_and_not_the_rest),
		cmocka_unit_test(the_separator_is_guessed_outside_quotes),
		cmocka_unit_test(what_is_written_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
