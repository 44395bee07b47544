#include "../test.h"

#include <string.h>

#include "base/buf.h"
#include "pattern/syntax.h"

static struct arena arena;

static enum rc
parse(const char *text, struct pattern *p, struct diag *why)
{
	arena_reset(&arena);
	return pattern_parse(span_of(text), &arena, p, why);
}

static void
assert_good(const char *text)
{
	struct pattern p = {};
	struct diag why = {};
	if (parse(text, &p, &why))
		fail_msg("%s: %s: %s", text, why.where, why.what);
}

static void
assert_refused(const char *text, size_t column)
{
	struct pattern p = {};
	struct diag why = {};
	if (!parse(text, &p, &why))
		fail_msg("%s: parsed", text);
	if (p.column != column)
		fail_msg("%s: column %zu, not %zu: %s", text, p.column, column, why.what);
	assert_true(*why.what);
}

static void
assert_prints(const char *text, const char *canonical)
{
	struct pattern p = {};
	struct diag why = {};
	own_buf struct buf out = {};
	assert_rc(parse(text, &p, &why), RC_OK);
	pattern_print(&out, &p);
	buf_add_byte(&out, 0);
	assert_string_equal(out.ptr, canonical);
}

static void
comparison_and_binds_before_or_and_observations_before_followedby(void **state)
{
	(void)state;
	struct pattern p = {};
	assert_rc(parse("[a:b=1 OR a:c=2 AND a:d=3]", &p, NULL), RC_OK);
	const struct pattern_expr *e = p.root->expr;
	assert_int_equal(e->kind, PATTERN_ANY_OF);
	assert_int_equal(e->child->kind, PATTERN_TEST);
	assert_int_equal(e->child->next->kind, PATTERN_ALL);
	assert_rc(parse("[a:b=1] FOLLOWEDBY [a:b=2] OR [a:b=3] AND [a:b=4] WITHIN 5 SECONDS", &p,
			  NULL),
		RC_OK);
	const struct pattern_node *n = p.root;
	assert_int_equal(n->kind, PATTERN_FOLLOWEDBY);
	assert_int_equal(n->child->next->kind, PATTERN_OR);
	n = n->child->next->child->next;
	assert_int_equal(n->kind, PATTERN_AND);
	assert_int_equal(n->child->next->kind, PATTERN_WITHIN);
	assert_int_equal(p.tests, 4);
}

static void
qualifiers_bind_to_what_stands_before_them_in_order(void **state)
{
	(void)state;
	struct pattern p = {};
	assert_rc(
		parse("([a:b=1] AND [a:c=1]) REPEATS 5 TIMES WITHIN 2.5 SECONDS", &p, NULL), RC_OK);
	assert_int_equal(p.root->kind, PATTERN_WITHIN);
	assert_true(p.root->number.real == 2.5);
	assert_int_equal(p.root->child->kind, PATTERN_REPEATS);
	assert_int_equal(p.root->child->number.integer, 5);
	assert_int_equal(p.root->child->child->kind, PATTERN_AND);
}

static void
a_qualifier_kind_stands_once_after_brackets(void **state)
{
	(void)state;
	assert_refused("[a:b=1] REPEATS 2 TIMES REPEATS 2 TIMES", 25);
	assert_refused("[a:b=1] WITHIN 1 SECONDS REPEATS 2 TIMES WITHIN 1 SECONDS", 42);
	assert_refused("[a:b=1] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z' "
		       "START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
		68);
	assert_good("([a:b=1] REPEATS 2 TIMES) REPEATS 2 TIMES");
	assert_good("([a:b=1]) REPEATS 2 TIMES REPEATS 2 TIMES");
	assert_good("[a:b=1] WITHIN 1 SECONDS AND [a:b=2] WITHIN 1 SECONDS");
	assert_prints("([a:b=1]) REPEATS 2 TIMES REPEATS 3 TIMES",
		"([a:b = 1] REPEATS 2 TIMES) REPEATS 3 TIMES");
}

static void
constants_are_read_in_every_form(void **state)
{
	(void)state;
	struct pattern p = {};
	assert_rc(parse("[a:b IN (1, -2, 1.5, -.25, 9223372036854775808, 'it\\'s \\\\', h'00fF', "
			"b'AAH/', true, t'2020-02-29T23:59:60.5Z')]",
			  &p, NULL),
		RC_OK);
	const struct pattern_const *c = p.root->expr->test.constants;
	assert_true(c->type == PATTERN_INTEGER && c->integer == 1 && c->real == 1);
	c = c->next;
	assert_true(c->type == PATTERN_INTEGER && c->integer == -2);
	c = c->next;
	assert_true(c->type == PATTERN_FLOAT && c->real == 1.5);
	c = c->next;
	assert_true(c->type == PATTERN_FLOAT && c->real == -0.25);
	c = c->next;
	assert_true(c->type == PATTERN_FLOAT && c->real == 9223372036854775808.0);
	c = c->next;
	assert_span(c->text, "it's \\");
	c = c->next;
	assert_true(c->type == PATTERN_BINARY);
	assert_span(c->text, "\x00\xff");
	c = c->next;
	assert_span(c->text, "\x00\x01\xff");
	c = c->next;
	assert_true(c->type == PATTERN_BOOLEAN && c->integer == 1);
	c = c->next;
	assert_true(c->type == PATTERN_TIMESTAMP);
	assert_null(c->next);
}

static void
numbers_follow_the_grammar(void **state)
{
	(void)state;
	assert_good("[a:b = +5]");
	assert_good("[a:b = 0]");
	assert_good("[a:b = -0]");
	assert_good("[a:b = .5]");
	assert_good("[a:b = 00.5]");
	assert_good("[a:b=1]REPEATS 5TIMES");
	assert_refused("[a:b = 007]", 8);
	assert_refused("[a:b = 5.]", 9);
	assert_refused("[a:b = 1e5]", 9);
	assert_refused("[a:b = 1.5.2]", 11);
	assert_refused("[a:b = -]", 8);
	assert_refused("[a:b=1] REPEATS 1.5 TIMES", 17);
	assert_refused("[a:b=1] REPEATS -1 TIMES", 17);
	assert_refused("[a:b=1] WITHIN -.5 SECONDS", 16);
}

static void
binary_constants_need_whole_pairs_and_quanta(void **state)
{
	(void)state;
	assert_good("[a:b = h'']");
	assert_good("[a:b = b'ABI=']");
	assert_good("[a:b = b'AB\nI=']"); /* section 9.2: line feeds MUST be supported */
	assert_refused("[a:b = h'fff']", 8);
	assert_refused("[a:b = h'gg']", 8);
	assert_refused("[a:b = b'']", 8);
	assert_refused("[a:b = b'A=']", 8);
	assert_refused("[a:b = b'A===']", 8);
	assert_refused("[a:b = b'=AAA']", 8);
	assert_refused("[a:b = b'AB-_']", 8);
}

static void
timestamps_are_judged_by_shape_alone(void **state)
{
	(void)state;
	assert_good("[a:b = t'2024-02-30T12:00:00Z']");
	assert_good("[a:b = t'0000-01-01T00:00:00.0123456789Z']");
	assert_refused("[a:b = t'2024-13-01T12:00:00Z']", 8);
	assert_refused("[a:b = t'2024-01-01T24:00:00Z']", 8);
	assert_refused("[a:b = t'2024-01-01T12:00:61Z']", 8);
	assert_refused("[a:b = t'2024-01-01T12:00:00.Z']", 8);
	assert_refused("[a:b = t'2024-01-01T12:00:00+00:00']", 8);
	assert_refused("[a:b = t'2024-01-01t12:00:00Z']", 8);
	assert_refused("[a:b=1] START '2024-01-01T12:00:00Z' STOP '2025-01-01T12:00:00Z'", 15);
}

static void
strings_escape_only_the_apostrophe_and_the_backslash(void **state)
{
	(void)state;
	assert_good("[a:b = 'x\\'y\\\\z']");
	assert_good("[a:b = 'two\nlines']");
	assert_good("[a:b = '']");
	assert_refused("[a:b = 'x\\ny']", 10);
	assert_refused("[a:b = 'open]", 8);
	assert_refused("[a:b = 'open\\", 13);
	assert_refused("[a:b = \"x\"]", 8);
}

static void
paths_know_quoted_keys_indexes_and_stars(void **state)
{
	(void)state;
	struct pattern p = {};
	assert_rc(parse("[obj-type:a.b[*][1].'c-d'[-2] NOT ISSUPERSET '1.2.3.4/16']", &p, NULL),
		RC_OK);
	const struct pattern_test *t = &p.root->expr->test;
	assert_span(t->path.type, "obj-type");
	const struct pattern_step *s = t->path.steps;
	assert_span(s->key, "a");
	s = s->next->next;
	assert_int_equal(s->kind, PATTERN_ANY);
	s = s->next;
	assert_true(s->kind == PATTERN_INDEX && s->index == 1);
	s = s->next;
	assert_span(s->key, "c-d");
	assert_true(s->next->index == -2);
	assert_true(t->negated && t->op == PATTERN_ISSUPERSET);
	assert_refused("[a:b-c = 1]", 4);
	assert_refused("[a:b. = 1]", 7);
	assert_refused("[a:b[x] = 1]", 6);
	assert_refused("[a:b[1.5] = 1]", 6);
	assert_refused("[a: = 1]", 5);
	assert_refused("[a = 1]", 4);
	assert_refused("[a:AND = 1]", 4);
	assert_good("[a:'AND' = 1]");
	assert_good("[ file : name [ 0 ] . x = 1 ]");
}

static void
operators_take_the_constants_they_can_compare(void **state)
{
	(void)state;
	assert_refused("[a:b > true]", 8);
	assert_refused("[a:b LIKE 5]", 11);
	assert_refused("[a:b MATCHES h'00']", 14);
	assert_refused("[a:b ISSUBSET t'2020-01-01T00:00:00Z']", 15);
	assert_refused("[a:b IN 5]", 9);
	assert_refused("[a:b IN (5,)]", 12);
	assert_refused("[a:b = (5)]", 8);
	assert_refused("[a:b EXISTS]", 6);
	assert_refused("[a:b like 'x']", 6);
	assert_refused("[NOT a:b = 5]", 6);
	assert_refused("[a:b ! 5]", 6);
	assert_good("[a:b IN ()]");
	assert_good("[EXISTS a:b[*].c AND NOT EXISTS a:d]");
	assert_prints("[a:b == 1 OR a:b <> 2]", "[a:b = 1 OR a:b != 2]");
}

static void
blanks_of_unicode_and_comments_separate_words(void **state)
{
	(void)state;
	assert_good("[a:b\xc2\xa0=\xe2\x80\x83"
		    "1\xe3\x80\x80]");
	assert_good("/* who */ [a:b = 1 // why\n] ");
	assert_refused("[a:b = 1] /* open", 11);
	assert_refused("[a:b \xe2\x80\x8b= 1]", 6);	 /* U+200B is no blank */
	assert_refused("[a:'\xc3\xa9\xc3\xa9' = ]", 11); /* columns count characters */
}

static void
hash_values_have_their_algorithms_length(void **state)
{
	(void)state;
	assert_good("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']");
	assert_good("[file:hashes.md5 = 'D41D8CD98F00B204E9800998ECF8427E']");
	assert_good("[file:hashes.'SHA-256' LIKE 'aec07%']");
	assert_good("[file:hashes.x_own = 'zz']");
	assert_good("[file:hashes[*] = 'd41d']");
	assert_good("[file:hashes.SSDEEP = '3:abc:x/y+z']");
	assert_refused("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427']", 20);
	assert_refused("[file:hashes.MD5 = 'g41d8cd98f00b204e9800998ecf8427e']", 20);
	assert_refused("[file:hashes.'SHA-256' = 'd41d8cd98f00b204e9800998ecf8427e']", 26);
	assert_refused(
		"[file:hashes.'SHA-1' IN ('da39a3ee5e6b4b0d3255bfef95601890afd80709', 'da39')]",
		70);
	assert_refused("[x:content_ref.hashes.'SHA-512' != 'da39']", 36);
}

static void
broken_structure_is_told_where_it_breaks(void **state)
{
	(void)state;
	assert_refused("", 1);
	assert_refused("a:b = 1", 1);
	assert_refused("(a:b = 1)", 2);
	assert_refused("[]", 2);
	assert_refused("[a:b = 1", 9);
	assert_refused("[a:b = 1] AND", 14);
	assert_refused("[a:b = 1] [a:b = 2]", 11);
	assert_refused("([a:b = 1]", 11);
	assert_refused("[(a:b = 1]", 10);
	assert_refused("[a:b = 1 FOLLOWEDBY a:b = 2]", 10);
	assert_refused("[a:b = 1] and [a:b = 2]", 11);
	assert_refused("[a:b = '\xff']", 9);
	assert_refused("[a:b = 1];", 10);
}

static void
assert_says(const char *text, size_t column, const char *said)
{
	struct pattern p = {};
	struct diag why = {};
	assert_rc(parse(text, &p, &why), RC_BAD);
	if (p.column != column || !strstr(why.what, said))
		fail_msg("%s: column %zu: %s", text, p.column, why.what);
}

static void
common_slips_are_told_what_to_do(void **state)
{
	(void)state;
	assert_says("[a:b = 1] within 2 SECONDS", 11, "keywords are in upper case");
	assert_says("[a:b = 1 and a:c = 2]", 10, "keywords are in upper case");
	assert_says("[a:b Like 'x']", 6, "keywords are in upper case");
	assert_says("[not a:b = 1]", 2, "keywords are in upper case");
	assert_says("[exists a:b]", 2, "keywords are in upper case");
	assert_says("[a:b = TRUE]", 8, "true and false are in lower case");
	assert_says("[a:b = null]", 8, "EXISTS");
	assert_says("[file:hashes.SHA-256 = 'x']", 14, "apostrophes: 'SHA-256'");
	assert_says("[a:IN = 1]", 4, "apostrophes: 'IN'");
	assert_says("[a:b = 'C:\\temp']", 11, "one is written as two");
	assert_says("[a:b = \xe2\x80\x98x\xe2\x80\x99]", 8, "typographic");
	assert_says("[a:\xc3\xa9 = 1]", 4, "beyond ASCII");
	assert_says("[a:b MATCHES /x/]", 14, "not between slashes");
	assert_says("[a:b = 1e5]", 9, "no exponent");
	assert_says("[a:b = 1.5E-3]", 11, "no exponent");
	assert_says("[a:b = 1] WITHIN 5 MINUTES", 20, "SECONDS");
	assert_says("[a:b = 1] /* x", 11, "never closed");
	/* What only looks like a slip is none. */
	assert_good("[and:in = 1 OR like:null = 2]");
	assert_good("[a:b IN(1,2)OR e5:b=1AND a:c=1]");
}

static void
depth_and_length_are_bounded(void **state)
{
	(void)state;
	own_buf struct buf text = {};
	for (int i = 0; i < 100000; i++)
		buf_add_byte(&text, '(');
	struct pattern p = {};
	struct diag why = {};
	assert_rc(pattern_parse(buf_span(&text), &arena, &p, &why), RC_LIMIT);
	assert_int_equal(p.column, PATTERN_DEPTH_MAX + 1);
	buf_reset(&text);
	buf_add_byte(&text, '[');
	for (int i = 0; i < 100000; i++)
		buf_add_byte(&text, '(');
	assert_rc(pattern_parse(buf_span(&text), &arena, &p, &why), RC_LIMIT);
	buf_reset(&text);
	buf_add(&text, SPAN("([a:b=1])"));
	for (int i = 0; i < 100000; i++)
		buf_add(&text, SPAN(" WITHIN 1 SECONDS"));
	assert_rc(pattern_parse(span_sub(buf_span(&text), 0, 1000000), &arena, &p, &why), RC_LIMIT);
	assert_rc(pattern_parse(buf_span(&text), &arena, &p, &why), RC_LIMIT);
	buf_reset(&text);
	buf_add(&text, SPAN("[a:b=1"));
	for (int i = 0; i < 20000; i++)
		buf_add(&text, SPAN(" OR a:b=1"));
	buf_add_byte(&text, ']');
	assert_rc(pattern_parse(buf_span(&text), &arena, &p, &why), RC_OK);
	assert_int_equal(p.tests, 20001);
	buf_reset(&text);
	for (int i = 0; i < PATTERN_BYTES_MAX; i++)
		buf_add_byte(&text, ' ');
	buf_add(&text, SPAN("[a:b=1]"));
	assert_rc(pattern_parse(buf_span(&text), &arena, &p, &why), RC_LIMIT);
}

static void
printing_keeps_the_meaning_of_parentheses(void **state)
{
	(void)state;
	assert_prints("[((a:b=1 OR a:c=1)) AND a:d=1]", "[(a:b = 1 OR a:c = 1) AND a:d = 1]");
	assert_prints("[a:b=1 OR (a:c=1 OR a:d=1)]", "[a:b = 1 OR a:c = 1 OR a:d = 1]");
	assert_prints("([a:b=1] FOLLOWEDBY [a:b=2]) AND [a:b=3]",
		"([a:b = 1] FOLLOWEDBY [a:b = 2]) AND [a:b = 3]");
	assert_prints("([a:b=1] AND [a:b=2]) WITHIN .5 SECONDS",
		"([a:b = 1] AND [a:b = 2]) WITHIN .5 SECONDS");
	assert_prints("[a:'b.c'.'d'=b'AAH/']", "[a:'b.c'.d = h'0001ff']");
	assert_prints("[a:b NOT IN('x\\'',2)]", "[a:b NOT IN ('x\\'', 2)]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparison_and_binds_before_or_and_observations_before_followedby),
		cmocka_unit_test(qualifiers_bind_to_what_stands_before_them_in_order),
		cmocka_unit_test(a_qualifier_kind_stands_once_after_brackets),
		cmocka_unit_test(constants_are_read_in_every_form),
		cmocka_unit_test(numbers_follow_the_grammar),
		cmocka_unit_test(binary_constants_need_whole_pairs_and_quanta),
		cmocka_unit_test(timestamps_are_judged_by_shape_alone),
		cmocka_unit_test(strings_escape_only_the_apostrophe_and_the_backslash),
		cmocka_unit_test(paths_know_quoted_keys_indexes_and_stars),
		cmocka_unit_test(operators_take_the_constants_they_can_compare),
		cmocka_unit_test(blanks_of_unicode_and_comments_separate_words),
		cmocka_unit_test(hash_values_have_their_algorithms_length),
		cmocka_unit_test(broken_structure_is_told_where_it_breaks),
		cmocka_unit_test(common_slips_are_told_what_to_do),
		cmocka_unit_test(depth_and_length_are_bounded),
		cmocka_unit_test(printing_keeps_the_meaning_of_parentheses),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
