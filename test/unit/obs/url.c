#include "../test.h"

#include <string.h>

#include "obs/url.h"

static struct arena arena;

static const char *
normal(const char *text)
{
	struct url u;
	return url_parse(span_of(text), SCHEME_OPTIONAL, &arena, &u, NULL) ? "none" : u.text.ptr;
}

static void
urls_that_mean_the_same_come_out_alike(void **state)
{
	(void)state;
	static const char *const same[][2] = {
		{"HTTP://Evil.Example", "http://evil.example/"},
		{"http://evil.example:80/", "http://evil.example/"},
		{"https://evil.example:443/a", "https://evil.example/a"},
		{"https://evil.example:8443/a", "https://evil.example:8443/a"},
		{"http://evil.example:/a", "http://evil.example/a"},
		{"http://user:pass@evil.example/a", "http://evil.example/a"},
		{"http://evil.example./a", "http://evil.example/a"},
		/* RFC 3986 section 6.2.2 */
		{"http://evil.example/%7esmith/%7Ea", "http://evil.example/~smith/~a"},
		{"http://evil.example/a%c2%b1b", "http://evil.example/a%C2%B1b"},
		{"http://evil.example/a/./b/../b/%63/%7bfoo%7d",
			"http://evil.example/a/b/c/%7Bfoo%7D"},
		{"http://evil.example/a/b/..", "http://evil.example/a/"},
		{"http://evil.example/../../a", "http://evil.example/a"},
		{"http://evil.example/a?x=/../b", "http://evil.example/a?x=/../b"},
		{"http://evil.example?x", "http://evil.example/?x"},
		{"http://evil.example/a b", "http://evil.example/a%20b"},
		{"http://evil.example/b\xc3\xbc", "http://evil.example/b%C3%BC"},
		{"http://b\xc3\xbc"
		 "cher.de/",
			"http://xn--bcher-kva.de/"},
		{"http://%65vil.example/", "http://evil.example/"},
		{"http://3221225985/x", "http://192.0.2.1/x"},
		{"http://0xC0.0.02.1/x", "http://192.0.2.1/x"},
		{"http://192.0.513/x", "http://192.0.2.1/x"},
		{"http://[2001:DB8:0::1]:8080/x", "http://[2001:db8::1]:8080/x"},
		{"http://[::ffff:192.0.2.1]/x", "http://192.0.2.1/x"},
		{"evil.example/a", "//evil.example/a"},
		{"evil.example:8080/a", "//evil.example:8080/a"},
		{"http://evil.example/#/a", "http://evil.example/#/a"},
		{"http://evil.example/100%", "http://evil.example/100%25"},
		{"http://evil.example/%%41f", "http://evil.example/%25Af"},
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_string_equal(normal(same[i][0]), same[i][1]);
	arena_fini(&arena);
}

static void
a_normal_form_is_its_own_normal_form(void **state)
{
	(void)state;
	static const char *const texts[] = {"http://evil.example/%25zz/..%2F?%",
		"http://[2001:db8::1]/", "//evil.example:80/a/b/../", "ftp://192.0.2.1/a;b",
		"http://evil.example/a/.../b/.%2e/c"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *once = normal(texts[i]);
		assert_string_not_equal(once, "none");
		assert_string_equal(normal(once), once);
	}
	arena_fini(&arena);
}

static void
the_host_of_a_normal_form_is_found_without_parsing(void **state)
{
	(void)state;
	static const char *const texts[] = {"http://Evil.Example:8080/a:b/[c]", "//evil.example/a",
		"evil.example?x=http://other.example/", "http://[2001:db8::1]:81/a",
		"http://u:p@192.0.2.1#x//y"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct url u;
		assert_rc(url_parse(span_of(texts[i]), SCHEME_OPTIONAL, &arena, &u, NULL), RC_OK);
		struct span host = url_normal_host(u.text);
		assert_true(host.len == u.host.len && !memcmp(host.ptr, u.host.ptr, host.len));
	}
	assert_int_equal(url_normal_host(SPAN("evil.example")).len, 0);
	arena_fini(&arena);
}

static void
what_has_no_host_is_no_url(void **state)
{
	(void)state;
	static const char *const bad[] = {"http://", "http:///a", "http://evil/",
		"http://evil.example:99999/", "http://evil.example:x/", "http://[::1/",
		"http://256.1.1.1/", "/a/b", "mailto:a@b.example", ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_string_equal(normal(bad[i]), "none");
	struct url u;
	assert_rc(url_parse(SPAN("evil.example/a"), SCHEME_NEEDED, &arena, &u, NULL), RC_BAD);
	arena_fini(&arena);
}

static void
a_url_in_a_sentence_ends_before_its_full_stop(void **state)
{
	(void)state;
	assert_int_equal(url_extent(SPAN("http://a.example/b. Then")), 18);
	assert_int_equal(url_extent(SPAN("http://a.example/b(c)) x")), 21);
	assert_int_equal(url_extent(SPAN("http://a.example/b\",\"c")), 18);
	assert_int_equal(url_extent(SPAN("http://[::1]/], ")), 13);
	assert_int_equal(url_extent(SPAN("")), 0);
	assert_int_equal(url_extent(SPAN("http://a.example/b\xe2\x80\x9d x")), 18);
	assert_int_equal(url_extent(SPAN("http://a.example/b\xe3\x80\x81")), 18);
	assert_int_equal(url_extent(SPAN("http://a.example/\xc3\xbc\xc2\xa0z")), 19);
	assert_int_equal(url_extent(SPAN("http://a.example/\xfc/x")), 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_that_mean_the_same_come_out_alike),
		cmocka_unit_test(a_normal_form_is_its_own_normal_form),
		cmocka_unit_test(the_host_of_a_normal_form_is_found_without_parsing),
		cmocka_unit_test(what_has_no_host_is_no_url),
		cmocka_unit_test(a_url_in_a_sentence_ends_before_its_full_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
