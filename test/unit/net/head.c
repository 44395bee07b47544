#include "../test.h"

#include <string.h>

#include "net/head.h"
#include "net/url.h"

static unsigned
target(struct arena *a, const char *text, struct target *t)
{
	const char *why = NULL;
	unsigned status = head_target(a, span_of(text), t, &why);
	assert_true((status != 0) == (why != NULL));
	return status;
}

static void
targets_are_cut_and_decoded_once(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	struct target t;
	assert_int_equal(target(&a, "/a/%2525/b%2Bc+d?x=%41&y#", &t), 400);
	assert_int_equal(target(&a, "/a/%2525/b%2Bc+d?x=%41&y", &t), 0);
	assert_span(t.raw_path, "/a/%2525/b%2Bc+d");
	assert_span(t.path, "/a/%25/b+c+d");
	assert_span(t.query, "x=%41&y");
	assert_int_equal(target(&a, "/", &t), 0);
	assert_null(t.query.ptr);
	assert_int_equal(target(&a, "/?", &t), 0);
	assert_non_null(t.query.ptr);
	assert_int_equal(t.query.len, 0);
	assert_int_equal(target(&a, "https://h:1/p?q", &t), 0);
	assert_span(t.path, "/p");
	assert_int_equal(target(&a, "http://h", &t), 0);
	assert_span(t.path, "/");
	assert_int_equal(target(&a, "http://h?q", &t), 0);
	assert_span(t.path, "/");
	assert_span(t.query, "q");
	static const char *const bad[] = {"", "a", "ftp://h/", "http:///x", "//..", "/.", "/..",
		"/a/.", "/%2e", "/%2E%2e/", "/%2f", "/%5c", "/%", "/%4", "/%g1", "/%00", "/%1f",
		"/%7f", "/%c3", "/%ed%a0%80", "/%c0%af", "/a b", "/a\t", "/\x80", "*a"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(target(&a, bad[i], &t), 400);
}

/* A head as a tolerant parser leaves it behind: "\r\n" became two NULs, the colon and two blanks
 * one. */
struct cut {
	char raw[256];
	size_t len;
	struct head_field fields[4];
	struct head head;
};

static void
cut_up(struct cut *c, struct span raw)
{
	memcpy(c->raw, raw.ptr, raw.len);
	c->len = raw.len;
	char *p = c->raw;
	c->head = (struct head){.fields = c->fields};
	c->head.method = span_of(p);
	p += c->head.method.len + 1;
	c->head.target = span_of(p);
	p += c->head.target.len + 1;
	c->head.version = span_of(p);
	p += c->head.version.len + 2;
	while (p < c->raw + c->len - 2 && c->head.len < 4) {
		struct head_field *f = &c->fields[c->head.len++];
		f->name = span_of(p);
		p += f->name.len + 1;
		while (*p == ' ')
			p++;
		f->value = span_of(p);
		p += f->value.len + 2;
	}
}

static bool
layout(struct span raw)
{
	struct cut c = {};
	cut_up(&c, raw);
	return head_layout((struct span){c.raw, c.len}, &c.head);
}

static void
a_layout_with_a_surplus_byte_is_seen(void **state)
{
	(void)state;
#define START "GET\0/a\0HTTP/1.1\0\0"
	assert_true(layout(SPAN(START "Host\0a\0\0\0\0")));
	assert_true(layout(SPAN(START "Host\0   a\0\0X\0y z \0\0\0\0")));
	assert_true(layout(SPAN(START "\0\0")));
	assert_false(layout(SPAN(START "Host\0a\0\0\0")));
	assert_false(layout(SPAN(START "Host\0a\0\0\0\0\0")));
	assert_false(layout(SPAN(START "Host\0a\0X\0y\0\0\0\0")));
	assert_false(layout(SPAN("GET\0\0/a\0HTTP/1.1\0\0Host\0a\0\0\0\0")));
	assert_false(layout(SPAN("GET\0/a\0\0HTTP/1.1\0\0Host\0a\0\0\0\0")));
	struct cut c = {};
	cut_up(&c, SPAN(START "Host\0a\0\0\0\0"));
	for (size_t len = 0; len < c.len; len++)
		assert_false(head_layout((struct span){c.raw, len}, &c.head));
	c.fields[0].value.ptr++;
	assert_false(head_layout((struct span){c.raw, c.len}, &c.head));
}

static unsigned
check(const char *version, const struct head_field *fields, size_t len, struct framing *f)
{
	const char *why = NULL;
	struct head h = {SPAN("POST"), SPAN("/"), span_of(version), fields, len};
	return head_check(&h, f, &why);
}

static void
framing_is_read_or_refused(void **state)
{
	(void)state;
	struct framing f;
	const struct head_field length[] = {{SPAN("Host"), SPAN("a")},
		{SPAN("CONTENT-length"), SPAN(" 18446744073709551615 ")}};
	assert_int_equal(check("HTTP/1.1", length, 2, &f), 0);
	assert_true(f.has_length && f.length == UINT64_MAX && !f.chunked);
	const struct head_field over[] = {
		{SPAN("Host"), SPAN("a")}, {SPAN("Content-Length"), SPAN("18446744073709551616")}};
	assert_int_equal(check("HTTP/1.1", over, 2, &f), 400);
	const struct head_field coded[] = {{SPAN("Host"), SPAN("a:8443")},
		{SPAN("transfer-encoding"), SPAN("ChunkeD")},
		{SPAN("Expect"), SPAN("100-Continue")}};
	assert_int_equal(check("HTTP/1.1", coded, 3, &f), 0);
	assert_true(f.chunked && !f.has_length && f.expects);
	assert_int_equal(check("HTTP/1.0", coded, 3, &f), 400);
	assert_int_equal(check("HTTP/1.0", NULL, 0, &f), 0);
	assert_int_equal(check("HTTP/1.1", NULL, 0, &f), 400);
	assert_int_equal(check("HTTP/2.0", length, 2, &f), 505);
	assert_int_equal(check("HTTP/1.1x", length, 2, &f), 505);
}

static void
urls_are_parsed_whole_or_refused(void **state)
{
	(void)state;
	struct http_url u, v;
	assert_rc(http_url_parse(SPAN("HTTPS://Example.org:8443/a?b=c"), &u, NULL), RC_OK);
	assert_true(u.tls && u.port == 8443);
	assert_span(u.host, "Example.org");
	assert_span(u.path, "/a");
	assert_span(u.query, "b=c");
	assert_rc(http_url_parse(SPAN("http://[::1]"), &u, NULL), RC_OK);
	assert_span(u.host, "::1");
	assert_span(u.path, "/");
	assert_int_equal(u.port, 80);
	assert_rc(http_url_parse(SPAN("https://example.ORG:8443/"), &v, NULL), RC_OK);
	assert_rc(http_url_parse(SPAN("https://example.org:8443"), &u, NULL), RC_OK);
	assert_true(url_same_origin(&u, &v));
	assert_rc(http_url_parse(SPAN("https://example.org"), &v, NULL), RC_OK);
	assert_false(url_same_origin(&u, &v));
	own_arena struct arena a = {};
	struct span out;
	assert_rc(url_decode(&a, SPAN("a%20b%2F%C3%BC~"), &out), RC_OK);
	assert_span(out, "a b/\xc3\xbc~");
}

static void
only_this_machine_is_local(void **state)
{
	(void)state;
	static const char *const local[] = {"http://localhost/", "http://LOCALHOST:80",
		"http://[::1]/", "http://127.0.0.1/", "http://127.9.8.7:1/x"};
	static const char *const foreign[] = {"http://127.evil.example/",
		"http://127.0.0.1.example/", "http://localhost.example/", "http://128.0.0.1/",
		"http://[::2]/", "http://127.1/", "http://127.0.0.1234/"};
	struct http_url u;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
		assert_rc(http_url_parse(span_of(local[i]), &u, NULL), RC_OK);
		assert_true(url_is_local(&u));
	}
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		assert_rc(http_url_parse(span_of(foreign[i]), &u, NULL), RC_OK);
		assert_false(url_is_local(&u));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_cut_and_decoded_once),
		cmocka_unit_test(a_layout_with_a_surplus_byte_is_seen),
		cmocka_unit_test(framing_is_read_or_refused),
		cmocka_unit_test(urls_are_parsed_whole_or_refused),
		cmocka_unit_test(only_this_machine_is_local),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
