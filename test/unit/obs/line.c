#include "../test.h"

#include <string.h>

#include "obs/line.h"

static struct arena arena;

/* "kind value", or the result code's word. */
static const char *
read_line(const char *line)
{
	struct observable o;
	enum rc code = obs_line(span_of(line), &arena, &o, NULL);
	return code ? rc_word(code)
		    : arena_printf(
			      &arena, "%s %.*s", obs_word(o.kind), (int)o.value.len, o.value.ptr)
			       .ptr;
}

static void
kinds_are_detected(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"192.0.2.1", "ipv4 192.0.2.1"},
		{"192.0.2.1:8080", "ipv4 192.0.2.1"},
		{"192.0.2.9/24", "cidr4 192.0.2.0/24"},
		{"192.0.2.9/32", "ipv4 192.0.2.9"},
		{"2001:DB8::1", "ipv6 2001:db8::1"},
		{"[2001:db8::1]", "ipv6 2001:db8::1"},
		{"::ffff:192.0.2.1", "ipv4 192.0.2.1"},
		{"2001:db8::/32", "cidr6 2001:db8::/32"},
		{"Evil.Example.", "domain evil.example"},
		{"*.evil.example", "domain evil.example"},
		{".evil.example", "domain evil.example"},
		{"evil.example:443", "domain evil.example"},
		{"b\xc3\xbc"
		 "cher.de",
			"domain xn--bcher-kva.de"},
		{"http://192.0.2.1:81/pixel.gif", "url http://192.0.2.1:81/pixel.gif"},
		{"evil.example/wp/a.php", "url //evil.example/wp/a.php"},
		{"Bad.Guy@Evil.Example", "email bad.guy@evil.example"},
		{"D41D8CD98F00B204E9800998ECF8427E", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"da39a3ee5e6b4b0d3255bfef95601890afd80709",
			"sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			"sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"t13d1516h2_8daaf6152771_e5627efa2ab1",
			"ja4 t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"ja3: d41d8cd98f00b204e9800998ecf8427e", "ja3 d41d8cd98f00b204e9800998ecf8427e"},
		{"md5=d41d8cd98f00b204e9800998ecf8427e,", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{"0.0.0.0 evil.example # sinkholed", "domain evil.example"},
		{"  \"evil.example\" , ", "domain evil.example"},
		{"192.0.2.1 # scanner", "ipv4 192.0.2.1"},
		{"evil.example 2026-01-01", "domain evil.example"},
		{"\xef\xbb\xbf"
		 "evil.example\r",
			"domain evil.example"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
defanged_forms_are_undone(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"hxxp://evil[.]example/a", "url http://evil.example/a"},
		{"hXXps[:]//evil(.)example/a", "url https://evil.example/a"},
		{"hxxps[://]evil{.}example", "url https://evil.example/"},
		{"h**p://evil.example/a", "url http://evil.example/a"},
		{"meow://evil[.]example/", "url http://evil.example/"},
		{"evil[dot]example", "domain evil.example"},
		{"evil(DOT)example", "domain evil.example"},
		{"evil\\.example", "domain evil.example"},
		{"192[.]0[.]2[.]1", "ipv4 192.0.2.1"},
		{"192.0.2[.]1", "ipv4 192.0.2.1"},
		{"2001[:]db8[:][:]1", "ipv6 2001:db8::1"},
		{"bad[at]evil[.]example", "email bad@evil.example"},
		{"bad(at)evil.example", "email bad@evil.example"},
		{"fxp://evil[.]example/", "url ftp://evil.example/"},
		/* What only looks like it stays. */
		{"xhxxp.example", "domain xhxxp.example"},
		{"meow.example", "domain meow.example"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
blanks_comments_and_nonsense_are_told_apart(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "none"},
		{"   ", "none"},
		{"# evil.example", "none"},
		{"; evil.example", "none"},
		{"// evil.example", "none"},
		{"evil", "unknown"},
		{"1234", "unknown"},
		{"evil..example", "bad"},
		{"1.2.3.4.5", "bad"},
		{"http:///a", "bad"},
		{"sha256: d41d8cd98f00b204e9800998ecf8427e", "bad"},
		{"\"\"", "unknown"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_line(cases[i][0]), cases[i][1]);
	arena_fini(&arena);
}

static void
an_observable_says_itself_as_a_stix_pattern(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	obs_pattern((struct observable){OBS_DOMAIN, SPAN("evil.example")}, &b);
	buf_add_byte(&b, '\n');
	obs_pattern((struct observable){OBS_CIDR4, SPAN("192.0.2.0/24")}, &b);
	buf_add_byte(&b, '\n');
	obs_pattern((struct observable){OBS_SHA256, SPAN("00")}, &b);
	buf_add_byte(&b, '\n');
	obs_pattern((struct observable){OBS_URL, SPAN("//evil.example/it's")}, &b);
	assert_span(buf_span(&b),
		"[domain-name:value = 'evil.example']\n"
		"[ipv4-addr:value ISSUBSET '192.0.2.0/24']\n"
		"[file:hashes.'SHA-256' = '00']\n"
		"[url:value IN ('http://evil.example/it\\'s', 'https://evil.example/it\\'s')]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_detected),
		cmocka_unit_test(defanged_forms_are_undone),
		cmocka_unit_test(blanks_comments_and_nonsense_are_told_apart),
		cmocka_unit_test(an_observable_says_itself_as_a_stix_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
