#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/row.h"

static void
members_nest_and_empty_ones_are_left_out(void **state)
{
	(void)state;
	struct row row;
	row_begin(&row);
	row_text(&row, "name", SPAN("a\""));
	row_text(&row, "absent", (struct span){});
	row_open(&row, "in");
	row_number(&row, "n", INT64_MIN);
	row_flag(&row, "f", true);
	row_close(&row);
	row_list_open(&row, "l");
	row_text(&row, NULL, SPAN("x"));
	row_raw(&row, NULL, SPAN("{}"));
	row_list_close(&row);
	row_time(&row, "never", TIME_NONE);
	row_time(&row, "at", 0);
	assert_span(buf_span(&row.text), "{\"name\":\"a\\\"\",\"in\":{\"n\":-"
					 "9223372036854775808,\"f\":true},\"l\":[\"x\",{}],"
					 "\"at\":\"1970-01-01T00:00:00.000000Z\"");
	buf_fini(&row.text);
}

static void
plain(struct span text, const char *expected)
{
	char *made = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&made, &len);
	row_plain(to, text);
	fclose(to);
	assert_string_equal(made, expected);
	free(made);
}

static void
nothing_foreign_steers_the_terminal(void **state)
{
	(void)state;
	plain(SPAN("b\xc3\xbc"
		   "cher.de\t\xf0\x9f\x94\x94"),
		"b\xc3\xbc"
		"cher.de\t\xf0\x9f\x94\x94");
	plain(SPAN("\x1b[2J\n\r\x7f"), "\\x1b[2J\\x0a\\x0d\\x7f");
	plain(SPAN("a\xe2\x80\xae"
		   "b\xe2\x81\xa6"),
		"a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6");
	plain(SPAN("\xc2\x9b"
		   "2J"),
		"\\xc2\\x9b2J");
	plain(SPAN("\xff\xc3"), "\\xff\\xc3");
	plain(SPAN("a\0b"), "a\\x00b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_nest_and_empty_ones_are_left_out),
		cmocka_unit_test(nothing_foreign_steers_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
