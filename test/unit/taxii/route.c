#include <string.h>

#include "../test.h"

#include "taxii/route.h"

static struct arena mem;

static struct route
parse(const char *path)
{
	return route_parse(span_of(path), SPAN("/api/"), &mem);
}

static void
each_endpoint_has_its_path(void **state)
{
	(void)state;
	const struct {
		const char *path;
		enum route_kind kind;
	} cases[] = {
		{"/taxii2/", ROUTE_DISCOVERY},
		{"/api/", ROUTE_ROOT},
		{"/api/status/1/", ROUTE_STATUS},
		{"/api/collections/", ROUTE_COLLECTIONS},
		{"/api/collections/c/", ROUTE_COLLECTION},
		{"/api/collections/c/manifest/", ROUTE_MANIFEST},
		{"/api/collections/c/objects/", ROUTE_OBJECTS},
		{"/api/collections/c/objects/o/", ROUTE_OBJECT},
		{"/api/collections/c/objects/o/versions/", ROUTE_VERSIONS},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(parse(cases[i].path).kind, cases[i].kind);
	struct route r = parse("/api/collections/a%2Db/objects/x--%31/versions/");
	assert_span(r.collection, "a-b");
	assert_span(r.object, "x--1");
	assert_span(parse("/api/status/s/").status, "s");
}

static void
the_last_slash_may_be_missing(void **state)
{
	(void)state;
	assert_int_equal(parse("/taxii2").kind, ROUTE_DISCOVERY);
	assert_int_equal(parse("/api").kind, ROUTE_ROOT);
	assert_int_equal(parse("/api/collections").kind, ROUTE_COLLECTIONS);
	assert_int_equal(parse("/api/collections/c/objects").kind, ROUTE_OBJECTS);
	assert_int_equal(parse("/api/collections/c/objects/o/versions").kind, ROUTE_VERSIONS);
}

static void
nothing_else_is_served(void **state)
{
	(void)state;
	const char *bad[] = {"", "/", "//", "/taxii2//", "/apis/", "/api//collections/",
		"/api/collections//", "/api/collections/c//objects/",
		"/api/collections/c/objects/o/versions/x/", "/api/status/",
		"/api/collections/c/other/", "/api/collections/%zz/",
		"/api/collections/c/objects/o/v/", "/api/collections/c/objects/o/versions/x/y/",
		"/api/collections/%00/", "taxii2/", "/api/collections/%ff/", "/api/status/a/b/",
		"/api/../taxii2/"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(parse(bad[i]).kind, ROUTE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_endpoint_has_its_path),
		cmocka_unit_test(the_last_slash_may_be_missing),
		cmocka_unit_test(nothing_else_is_served),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&mem);
	return failed;
}
