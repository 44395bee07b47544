/* The OASIS pattern lists and matcher cases of TOCSIN_SHARED; see test/golden/KNOWN.md. */
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/json.h"
#include "pattern/match.h"

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

/* What the matcher says of one case: "true", "false" or "error". */
static const char *
verdict(yyjson_val *one, struct diag *why)
{
	own_arena struct arena a = {};
	struct pattern p = {};
	own_matcher struct matcher *m = NULL;
	own_observations struct observations *o = observations_new();
	if (pattern_parse(json_get_span(one, "pattern"), &a, &p, why) || matcher_new(&p, &m, why))
		return "error";
	assert_rc(observations_add(o, json_get(one, "observations"), why), RC_OK);
	enum rc rc = matcher_run(m, o, why);
	return rc == RC_OK ? "true" : rc == RC_NONE ? "false" : rc == RC_BAD ? "error" : "limit";
}

/* The standard wants these to be false: test/golden/KNOWN.md, WITHIN. */
static bool
is_known(yyjson_val *one, const char *got)
{
	static const struct span touching[] = {
		SPAN("([person:name = 'alice'] AND [person:name < 'carol']) WITHIN 5 SECONDS"),
		SPAN("([person:name='alice'] AND [person:name='bob']) WITHIN 1 SECONDS"),
		SPAN("([person:name='alice'] AND [person:name='bob']) WITHIN 2 SECONDS"),
	};
	struct span pattern = json_get_span(one, "pattern");
	for (size_t i = 0; i < sizeof touching / sizeof touching[0]; i++)
		if (span_eq(pattern, touching[i]) && !strcmp(got, "false"))
			return true;
	return false;
}

static void
run_cases(const char *name, size_t least, size_t expected_known)
{
	own_buf struct buf text = {};
	read_shared(name, &text);
	size_t cases = 0, known = 0, wrong = 0;
	struct span rest = buf_span(&text), line;
	while (span_cut(&rest, '\n', &line)) {
		if (!line.len)
			continue;
		own_json yyjson_doc *doc = NULL;
		struct diag why = {};
		assert_rc(json_read(line, &(struct json_limits){}, &doc, &why), RC_OK);
		yyjson_val *one = yyjson_doc_get_root(doc), *want = json_get(one, "expected");
		const char *expected = yyjson_is_true(want)    ? "true"
				       : yyjson_is_false(want) ? "false"
							       : "error";
		const char *got = verdict(one, &why);
		cases++;
		if (!strcmp(got, expected))
			continue;
		if (!strcmp(expected, "true") && is_known(one, got)) {
			known++;
			continue;
		}
		struct span pattern = json_get_span(one, "pattern");
		print_error("%.*s: %s, not %s; %s %s\n", (int)pattern.len, pattern.ptr, got,
			expected, why.where, why.what);
		wrong++;
	}
	assert_true(cases >= least);
	assert_int_equal(wrong, 0);
	assert_int_equal(known, expected_known);
}

static void
every_matcher_case_has_its_verdict_but_for_windows_that_just_touch(void **state)
{
	(void)state;
	run_cases("matcher-cases.jsonl", 150, 3);
}

static void
every_case_that_must_be_refused_is_an_error_and_no_mismatch(void **state)
{
	(void)state;
	run_cases("matcher-errors.jsonl", 10, 0);
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
		cmocka_unit_test(
			every_matcher_case_has_its_verdict_but_for_windows_that_just_touch),
		cmocka_unit_test(every_case_that_must_be_refused_is_an_error_and_no_mismatch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
