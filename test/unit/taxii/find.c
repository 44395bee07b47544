#include <string.h>

#include "../test.h"

#include "taxii/find.h"

static struct find f;
static struct diag why;
static enum rc code;

static void
start(const char *url, const char *wanted)
{
	find_fini(&f);
	why = (struct diag){};
	assert_rc(find_init(&f, span_of(url), span_of(wanted), &why), RC_OK);
}

static int
clear(void **state)
{
	(void)state;
	find_fini(&f);
	return 0;
}

/* Checks what is asked, answers it. */
static enum find_step
answer(const char *url, unsigned status, const char *body)
{
	struct ask ask;
	find_ask(&f, &ask);
	assert_int_equal(ask.url.len, strlen(url));
	assert_memory_equal(ask.url.ptr, url, strlen(url));
	const struct reply r = {.status = status, .body = span_of(body)};
	return find_take(&f, &r, &code, &why);
}

#define TWO \
	"{\"collections\":[{\"id\":\"11111111-1111-4111-8111-111111111111\",\"title\":\"High\"," \
	"\"alias\":\"hi\"," \
	"\"can_read\":true,\"can_write\":false},{\"id\":\"22222222-2222-4222-8222-222222222222\"," \
	"\"title\":\"Low\"," \
	"\"can_read\":true,\"can_write\":true}]}"
#define ROOT \
	"{\"title\":\"r\",\"versions\":[\"application/" \
	"taxii+json;version=2.1\"],\"max_content_length\":1000}"

static void
discovery_leads_over_roots_to_the_collection(void **state)
{
	(void)state;
	const char *names[] = {"22222222-2222-4222-8222-222222222222", "Low", "LOW"};
	for (size_t i = 0; i < 3; i++) {
		start("https://h/taxii2", names[i]);
		assert_int_equal(answer("https://h/taxii2/", 200,
					 "{\"title\":\"t\",\"default\":\"https://h/b/"
					 "\",\"api_roots\":[\"/a/\",\"https://h/b/\"]}"),
			FIND_ASK);
		assert_int_equal(answer("https://h/b/", 404, "<html>"), FIND_ASK);
		assert_int_equal(answer("https://h/a/", 200, ROOT), FIND_ASK);
		assert_int_equal(answer("https://h/a/collections/", 200, TWO), FIND_DONE);
		assert_int_equal(f.found.len, 1);
		assert_span(f.found.at[0].url,
			"https://h/a/collections/22222222-2222-4222-8222-222222222222/");
		assert_span(f.found.at[0].root, "https://h/a/");
		assert_int_equal(f.found.at[0].max_content, 1000);
		assert_true(f.found.at[0].can_write);
	}
}

static void
any_url_of_the_server_will_do(void **state)
{
	(void)state;
	start("https://h/api/", "hi");
	assert_int_equal(answer("https://h/api/", 200, ROOT), FIND_ASK);
	assert_int_equal(answer("https://h/api/", 200, ROOT), FIND_ASK);
	assert_int_equal(answer("https://h/api/collections/", 200, TWO), FIND_DONE);
	assert_span(f.found.at[0].title, "High");
	start("https://h/api/collections/", "hi");
	assert_int_equal(answer("https://h/api/collections/", 200, TWO), FIND_DONE);
	start("https://h/api/collections/x/", "");
	assert_int_equal(answer("https://h/api/collections/x/", 200,
				 "{\"id\":\"x\",\"can_read\":true,\"title\":\"t\"}"),
		FIND_DONE);
	assert_span(f.found.at[0].url, "https://h/api/collections/x/");
	start("https://h", "");
	assert_int_equal(answer("https://h/", 404, "no"), FIND_ASK);
	assert_int_equal(answer("https://h/taxii2/", 200, "{\"api_roots\":[\"/api/\"]}"), FIND_ASK);
	assert_int_equal(answer("https://h/api/", 200, ROOT), FIND_ASK);
	assert_int_equal(answer("https://h/api/collections/", 200, TWO), FIND_DONE);
	assert_int_equal(f.found.len, 2);
}

static void
roots_of_another_server_are_not_asked(void **state)
{
	(void)state;
	start("https://h/taxii2/", "hi");
	assert_int_equal(answer("https://h/taxii2/", 200,
				 "{\"api_roots\":[\"https://evil/a/\",\"//evil/a/\",\"http://h/a/"
				 "\",\"ftp://h/\",\"\"]}"),
		FIND_FAILED);
	assert_rc(code, RC_NONE);
	assert_non_null(strstr(why.what, "another server"));
}

static void
a_root_that_is_no_url_is_told(void **state)
{
	(void)state;
	start("https://h/taxii2/", "hi");
	assert_int_equal(
		answer("https://h/taxii2/", 200, "{\"api_roots\":[\"../a/\"]}"), FIND_FAILED);
	assert_rc(code, RC_NONE);
	assert_non_null(strstr(why.what, "API root \"../a/\""));
	start("https://h/taxii2/", "hi");
	assert_int_equal(
		answer("https://h/taxii2/", 200, "{\"api_roots\":[\"../a/\",\"/b/\"]}"), FIND_ASK);
	assert_int_equal(answer("https://h/b/", 200, ROOT), FIND_ASK);
	assert_int_equal(answer("https://h/b/collections/", 200, TWO), FIND_DONE);
}

/* Every path asked for ends in "/" (TAXII 2.1 section 3.1), and every request names TAXII in Accept. */
static void
other_spellings_of_accept_are_tried_here_too(void **state)
{
	(void)state;
	struct ask ask;
	start("https://h/taxii2", "hi");
	for (size_t i = 0; i < ASK_ACCEPTS; i++) {
		find_ask(&f, &ask);
		assert_true(span_ends(ask.url, SPAN("/")));
		assert_true(span_starts(ask.accept, SPAN("application/taxii+json")));
		assert_true(span_eq(ask.accept, ask_accepts[i]));
		if (i + 1 < ASK_ACCEPTS)
			assert_int_equal(answer("https://h/taxii2/", 406, "{}"), FIND_ASK);
	}
	assert_int_equal(answer("https://h/taxii2/", 200, "{\"api_roots\":[\"/b\"]}"), FIND_ASK);
	assert_int_equal(answer("https://h/b/", 200, ROOT), FIND_ASK);
	find_ask(&f, &ask);
	assert_true(span_eq(ask.accept, ask_accepts[ASK_ACCEPTS - 1]));
	assert_int_equal(answer("https://h/b/collections/", 200, TWO), FIND_DONE);
	start("https://h/taxii2/", "hi");
	for (size_t i = 0; i + 1 < ASK_ACCEPTS; i++)
		assert_int_equal(answer("https://h/taxii2/", 406, "{}"), FIND_ASK);
	assert_int_equal(answer("https://h/taxii2/", 406, "{}"), FIND_FAILED);
}

static void
a_redirect_that_is_not_followed_says_where_to(void **state)
{
	(void)state;
	start("https://h/taxii2/", "hi");
	const struct reply r = {
		.status = 301, .body = SPAN(""), .location = SPAN("https://other/taxii2/\x1b[2J")};
	assert_int_equal(find_take(&f, &r, &code, &why), FIND_FAILED);
	assert_non_null(strstr(why.what, "it moved to https://other/taxii2/?[2J"));
	assert_non_null(strstr(why.todo, "add the peer with it"));
}

static void
two_of_one_title_must_be_named_by_id(void **state)
{
	(void)state;
	start("https://h/a/collections/", "T");
	assert_int_equal(answer("https://h/a/collections/", 200,
				 "{\"collections\":[{\"id\":\"1\",\"title\":\"T\"},{\"id\":\"2\","
				 "\"title\":\"T\"}]}"),
		FIND_FAILED);
	assert_rc(code, RC_CONFLICT);
}

static void
ids_that_would_change_the_path_are_left_out(void **state)
{
	(void)state;
	start("https://h/a/collections/", "");
	assert_int_equal(
		answer("https://h/a/collections/", 200,
			"{\"collections\":[{\"id\":\"../"
			"x\"},{\"id\":\"a?b\"},{\"id\":7},{},{\"id\":\"a b\"},{\"id\":\"ok\"}]}"),
		FIND_DONE);
	assert_int_equal(f.found.len, 1);
}

static void
failures_say_what_they_are(void **state)
{
	(void)state;
	start("https://h/taxii2/", "x");
	assert_int_equal(answer("https://h/taxii2/", 401, "{}"), FIND_FAILED);
	assert_rc(code, RC_DENIED);
	start("https://h/taxii2/", "x");
	assert_int_equal(answer("https://h/taxii2/", 503, ""), FIND_FAILED);
	assert_rc(code, RC_AGAIN);
	start("https://h/taxii2/", "x");
	assert_int_equal(answer("https://h/taxii2/", 200, "<html>hello</html>"), FIND_FAILED);
	assert_rc(code, RC_BAD);
	start("https://h/a/collections/", "nobody");
	assert_int_equal(answer("https://h/a/collections/", 200, TWO), FIND_FAILED);
	assert_rc(code, RC_NONE);
	find_fini(&f);
	assert_rc(find_init(&f, SPAN("ftp://h/"), SPAN(""), &why), RC_BAD);
}

#define T(name) cmocka_unit_test_teardown(name, clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(discovery_leads_over_roots_to_the_collection),
		T(any_url_of_the_server_will_do),
		T(roots_of_another_server_are_not_asked),
		T(a_root_that_is_no_url_is_told),
		T(other_spellings_of_accept_are_tried_here_too),
		T(a_redirect_that_is_not_followed_says_where_to),
		T(two_of_one_title_must_be_named_by_id),
		T(ids_that_would_change_the_path_are_left_out),
		T(failures_say_what_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
