/* Each match of a text holds one of its pieces: whoever looks for pieces alone loses nothing. */
#include "../seed.h"
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "match/literal.h"
#include "pattern/regex.h"

/* Pieces with "|" between. */
static const char *
pieces_of(enum pattern_form form, enum pattern_property property, const char *text)
{
	static struct buf out;
	own_arena struct arena a = {};
	struct literals all;
	buf_reset(&out);
	literal_of(form, property, span_of(text), NULL, &a, &all);
	for (size_t i = 0; i < all.len; i++)
		buf_printf(&out, "%s%.*s", i ? "|" : "", (int)all.at[i].len, all.at[i].ptr);
	buf_add_byte(&out, 0);
	return out.ptr;
}

static void
pieces_are_what_must_be_there(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"evil\\.exe", "evil.exe"},
		{"(?i)EVIL-Stuff", "evil-stuff"},
		{"^/gate[0-9]+\\.php$", "gate"},
		{"abcd?efgh", "efgh"},
		{"abcd*efgh", "efgh"},
		{"abcde+fgh", "abcde"},
		{"abcd{2}efgh", "defgh"},
		{"abcd{0,3}efghi", "efghi"},
		{"(abcd|efgh)xy", "abcd|efgh"},
		{"(abcd|ef)xyzw", "xyzw"},
		{"(?:abcdef)?ghij", "ghij"},
		{"(?:abcdef)+gh", "abcdef"},
		{"(?=abcdefgh)ijkl", "ijkl"},
		{"(?<!abcdefgh)ijkl", "ijkl"},
		{"(?<name>abcdef)gh", "abcdef"},
		{"(?#comment!)abcd", "abcd"},
		{"[.]evil[.]org", ".evil.org"},
		{"[a-z]evil[^b]org1", "evil"},
		{"[]x]evil", "evil"},
		{"[\\]x]evil", "evil"},
		{"[[:alpha:]]evil", "evil"},
		{"\\bevil\\b-org", "evil-org"},
		{"evil\\d{4}orgx", "evil"},
		{"\\x41bcdefgh", "bcdefgh"},
		{"(evil)\\1abc", "evil"},
		{"abcd|efgh", "abcd|efgh"},
		{"abcd|", ""},
		{"abc", ""},
		{"ab.cd", ""},
		{"evil/path", "evil"},
		{"evil\\\\path", "evil"},
		/* Nothing is said of these. */
		{"(?x)evil stuff", ""},
		{"\\Qevil.exe\\E", ""},
		{"(*UCP)evil", ""},
		{"(?(1)evil|evil)", ""},
		{"(?R)?evil", ""},
		{"evil\\x{41}stuff", ""},
		{"evil\\p{L}stuff", ""},
		{"evil{,3}stuff", ""},
		{"evil{1, 3}stuff", ""},
		{"evil{stuff", ""},
		{"(evil", ""},
		{"evil)", ""},
		{"[evil", ""},
		{"evil\\", ""},
		{"(?", ""},
		{"(?<", ""},
		{"[[:", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
			pieces_of(FORM_MATCHES, PROPERTY_FILE, cases[i][0]), cases[i][1]);
}

static void
what_is_rewritten_before_it_is_compared_is_no_piece(void **state)
{
	(void)state;
	assert_string_equal(
		pieces_of(FORM_EQUAL, PROPERTY_KEY, "HKEY_LOCAL_MACHINE\\Soft\\Evil1"), "evil1");
	assert_string_equal(pieces_of(FORM_MATCHES, PROPERTY_KEY, "LOCAL_MACHINE.Evil"), "evil");
	assert_string_equal(pieces_of(FORM_MATCHES, PROPERTY_KEY, "^HKLM"), "");
	assert_string_equal(pieces_of(FORM_MATCHES, PROPERTY_URL, "^https?://ev1l"), "ev1l");
	assert_string_equal(pieces_of(FORM_MATCHES, PROPERTY_URL, "^http:"), "");
	assert_string_equal(pieces_of(FORM_EQUAL, PROPERTY_AGENT, "Evil Agent/1.0"), "agent");
	assert_string_equal(pieces_of(FORM_LIKE, PROPERTY_FILE, "%evil_stuff%.doc"), "stuff");
	assert_string_equal(pieces_of(FORM_EQUAL, PROPERTY_MUTEX,
				    "caf\xc3\xa9"
				    "-mutex"),
		"-mutex");
}

static void
what_the_log_is_full_of_is_not_looked_for_first(void **state)
{
	(void)state;
	static const struct span words[] = {SPAN("failed"), SPAN("password")};
	static const struct literal_common common = {words, 2};
	own_arena struct arena a = {};
	struct literals all;
	literal_of(FORM_MATCHES, PROPERTY_NONE, SPAN("password for.*evil1"), &common, &a, &all);
	assert_int_equal(all.len, 1);
	assert_span(all.at[0], "evil1");
	assert_int_equal(all.alsos, 1);
	assert_span(all.also[0], "password");
	/* Where there is nothing else it is. */
	literal_of(FORM_MATCHES, PROPERTY_NONE, SPAN("password"), &common, &a, &all);
	assert_span(all.at[0], "password");
}

static bool
begins(enum pattern_form form, enum pattern_property property, const char *text)
{
	own_arena struct arena a = {};
	struct literals all;
	literal_of(form, property, span_of(text), NULL, &a, &all);
	return all.begins;
}

/* Before its piece something stands that is no letter and no digit, or the text does not begin there. */
static void
a_piece_of_a_whole_text_begins_where_no_letter_stands(void **state)
{
	(void)state;
	assert_true(begins(FORM_EQUAL, PROPERTY_FILE, "evil.exe"));
	assert_true(begins(FORM_EQUAL, PROPERTY_KEY, "HKLM\\Software\\a1b2c3d4e5"));
	assert_true(begins(FORM_EQUAL, PROPERTY_AGENT, "an evil-agent"));
	assert_true(begins(FORM_EQUAL, PROPERTY_MUTEX, "\xc3\xa9vilmutex"));
	/* Of a longer word the second piece goes on in it. */
	static const struct span words[] = {SPAN("abcdefghijklmnopqrstuvwxyz012345")};
	static const struct literal_common common = {words, 1};
	own_arena struct arena a = {};
	struct literals all;
	literal_of(FORM_EQUAL, PROPERTY_MUTEX, SPAN("abcdefghijklmnopqrstuvwxyz0123456789"),
		&common, &a, &all);
	assert_span(all.at[0], "6789");
	assert_false(all.begins);
	literal_of(FORM_EQUAL, PROPERTY_MUTEX, SPAN("abcdefghijklmnopqrstuvwxyz012345 6789"),
		&common, &a, &all);
	assert_span(all.at[0], "6789");
	assert_true(all.begins);
	/* Found anywhere; behind a terminal's sequence. */
	assert_false(begins(FORM_LIKE, PROPERTY_FILE, "evil.exe"));
	assert_false(begins(FORM_LIKE, PROPERTY_FILE, "%evil.exe"));
	assert_false(begins(FORM_MATCHES, PROPERTY_FILE, "^evil\\.exe$"));
	assert_false(begins(FORM_EQUAL, PROPERTY_DOMAIN, "evil.example"));
	assert_false(begins(FORM_EQUAL, PROPERTY_URL, "http://evil.example/"));
}

static bool
holds(struct span text, struct span piece)
{
	for (size_t at = 0; at + piece.len <= text.len; at++)
		if (span_eq_fold(span_sub(text, at, piece.len), piece))
			return true;
	return false;
}

/* An expression of parts, and a text of what some of them match. */
static void
make_pair(struct rng rng, struct buf *expression, struct buf *text)
{
	static const char *const parts[][2] = {{"abcd", "abcd"}, {"e?", ""}, {"e?", "e"},
		{"(fghi|jklm)", "fghi"}, {"(fghi|jklm)", "jklm"}, {"(?:nopq)*", ""},
		{"(?:nopq)*", "nopqnopq"}, {"[a-f]{2,4}", "abc"}, {"\\d+", "42"}, {".", "z"},
		{"\\.", "."}, {"[.]", "."}, {"x{0,2}", ""}, {"x{3}", "xxx"}, {"x{1,}", "xx"},
		{"(?i:ABCD)", "aBcD"}, {"(?i)", ""}, {"\\b", ""}, {"(?=.?)", ""}, {"(?!qqqq)", ""},
		{"(ab(cdef|ghij)k)+", "abcdefkabghijk"}, {"(ab(cdef|ghij)?k)", "abk"}, {"^?", ""},
		{"\\x41", "A"}, {"(?<n>wxyz)", "wxyz"}, {"-+", "--"}, {"_", "_"}, {"a|bcde", "a"},
		{"(?>mnop)", "mnop"}, {"[^q]", "r"}, {"[]]", "]"}, {"\\\\", "\\"}, {"/", "/"}};
	enum { PARTS = sizeof parts / sizeof *parts };
	buf_reset(expression);
	buf_reset(text);
	for (uint32_t n = 1 + chance(rng, 6); n; n--) {
		size_t i = chance(rng, PARTS);
		buf_add(expression, span_of(parts[i][0]));
		buf_add(text, span_of(parts[i][1]));
		if (chance(rng, 6) == 0)
			buf_add(text, SPAN("--abcd.xxefgh"));
	}
}

static void
random_matches_hold_a_piece(void **state)
{
	(void)state;
	enum { TURNS = 30000 };
	struct rng rng = rng_system();
	own_buf struct buf expression = {}, text = {};
	unsigned matched = 0;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		own_arena struct arena a = {};
		struct literals all;
		struct regex *regex = NULL;
		make_pair(rng, &expression, &text);
		if (regex_new(buf_span(&expression), REGEX_TEXT, &regex, NULL))
			continue;
		literal_of(FORM_MATCHES, PROPERTY_FILE, buf_span(&expression), NULL, &a, &all);
		bool some = all.len == 0;
		for (size_t i = 0; i < all.len; i++)
			some |= holds(buf_span(&text), all.at[i]);
		for (size_t i = 0; i < all.alsos; i++)
			some &= holds(buf_span(&text), all.also[i]);
		if (!regex_search(regex, buf_span(&text), NULL)) {
			matched += all.len > 0;
			if (!some)
				fail_msg("%.*s matches %.*s without its pieces",
					(int)expression.len, expression.ptr, (int)text.len,
					text.ptr);
		}
		regex_free(regex);
	}
	assert_true(matched > TURNS / 20);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_what_must_be_there),
		cmocka_unit_test(what_is_rewritten_before_it_is_compared_is_no_piece),
		cmocka_unit_test(what_the_log_is_full_of_is_not_looked_for_first),
		cmocka_unit_test(a_piece_of_a_whole_text_begins_where_no_letter_stands),
		cmocka_unit_test(random_matches_hold_a_piece),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
