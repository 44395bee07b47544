/* The OASIS pattern lists and matcher cases of TOCSIN_SHARED; see test/golden/KNOWN.md. */
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "pattern/syntax.h"

static void
read_shared(const char *name, struct buf *out)
{
	struct buf path = {};
	buf_printf(&path, "%s/data/stix/%s", getenv("TOCSIN_SHARED"), name);
	FILE *f = fopen(path.ptr, "r");
	assert_non_null(f);
	size_t got;
	while ((got = fread(buf_room(out, 65536), 1, 65536, f)))
		out->len += got;
	fclose(f);
	buf_fini(&path);
}

/* How many lines of a list parse; each is also printed and parsed again. */
static size_t
count_parsed(const char *name, size_t *lines)
{
	own_buf struct buf text = {}, first = {}, second = {};
	own_arena struct arena a = {};
	read_shared(name, &text);
	size_t parsed = 0;
	struct span rest = buf_span(&text), line;
	while (span_cut(&rest, '\n', &line)) {
		if (!line.len)
			continue;
		++*lines;
		struct pattern p = {};
		struct diag why = {};
		if (pattern_parse(line, &a, &p, &why))
			continue;
		parsed++;
		buf_reset(&first);
		buf_reset(&second);
		pattern_print(&first, &p);
		assert_rc(pattern_parse(buf_span(&first), &a, &p, &why), RC_OK);
		pattern_print(&second, &p);
		assert_true(span_eq(buf_span(&first), buf_span(&second)));
	}
	return parsed;
}

static void
every_valid_pattern_of_the_list_parses_and_prints_alike(void **state)
{
	(void)state;
	size_t lines = 0, parsed = count_parsed("patterns-valid.txt", &lines);
	assert_true(lines > 200);
	assert_int_equal(parsed, lines);
}

static void
every_invalid_pattern_of_the_list_is_refused(void **state)
{
	(void)state;
	size_t lines = 0, parsed = count_parsed("patterns-invalid.txt", &lines);
	assert_true(lines > 30);
	assert_int_equal(parsed, 0);
}

int
main(void)
{
	struct buf path = {};
	const char *shared = getenv("TOCSIN_SHARED");
	buf_printf(&path, "%s/data/stix/patterns-valid.txt", shared ? shared : "");
	FILE *f = fopen(path.ptr, "r");
	buf_fini(&path);
	if (!f) {
		printf("1..0 # SKIP TOCSIN_SHARED holds no data/stix\n");
		return 0;
	}
	fclose(f);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_valid_pattern_of_the_list_parses_and_prints_alike),
		cmocka_unit_test(every_invalid_pattern_of_the_list_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
