/* Requests as they are read: heads, bodies, many on one connection. */
#include "site.h"

#include <microhttpd.h>

/* ---- Heads ---- */

static void
a_request_reaches_its_handler_whole(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	bool closed;
	site_open(&site, &(struct server_config){});
	assert_int_equal(
		ask_open(&site,
			SPAN("POST /a%20b/%C3%BC/?q=%41&x HTTP/1.1\r\nHost: a\r\nX-Seen: one\r\n"
			     "Content-Length: 5\r\nx-seen:  two \r\n\r\nhello"),
			&answer, &closed),
		200);
	assert_false(closed);
	assert_true(span_ends(
		buf_span(&answer), SPAN("POST|/a b/\xc3\xbc/|q=%41&x|one,two,|5|127.0.0.1|hello")));
	assert_true(span_find(buf_span(&answer), SPAN("text/x-test;version=1\r\n")) != SIZE_MAX);
	assert_int_equal(ask_open(&site, SPAN("GET / HTTP/1.0\r\n\r\n"), &answer, &closed), 200);
	assert_true(closed);
	server_free(site.server);
}

struct refusal {
	const char *name;
	struct span request;
	unsigned status; /* 0: cut without an answer is fine too */
};

static const struct refusal refusals[] = {
	{"length and coding",
		SPAN(HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
		400},
	{"coding and length",
		SPAN(HEAD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" NEXT),
		400},
	{"length twice", SPAN(HEAD "Content-Length: 0\r\nContent-Length: 34\r\n\r\n" NEXT), 400},
	{"same length twice", SPAN(HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"), 400},
	{"length list", SPAN(HEAD "Content-Length: 1, 1\r\n\r\nx"), 400},
	{"length signed", SPAN(HEAD "Content-Length: +1\r\n\r\nx"), 400},
	{"length hexadecimal", SPAN(HEAD "Content-Length: 0x1\r\n\r\nx"), 400},
	{"length empty", SPAN(HEAD "Content-Length:\r\n\r\n" NEXT), 400},
	{"coding twice",
		SPAN(HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
			  "chunked\r\n\r\n0\r\n\r\n"),
		400},
	{"coding identity", SPAN(HEAD "Transfer-Encoding: identity\r\n\r\n" NEXT), 501},
	{"coding list", SPAN(HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT), 501},
	{"coding with vt", SPAN(HEAD "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" NEXT), 400},
	{"vt before a value", SPAN(HEAD "X: \va\r\n\r\n" NEXT), 400},
	{"form feed behind a value", SPAN(HEAD "X: a\f\r\n\r\n" NEXT), 400},
	{"user in an absolute target", SPAN("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"coding in 1.0",
		SPAN("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT), 400},
	{"blank before colon", SPAN(HEAD "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" NEXT), 400},
	{"folded line", SPAN(HEAD "X: a\r\n b\r\n\r\n"), 400},
	{"folded first line", SPAN("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
	{"folded coding", SPAN(HEAD "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" NEXT), 400},
	{"bare LF in a header", SPAN(HEAD "X: a\nContent-Length: 34\r\n\r\n" NEXT), 400},
	{"bare LF at the end", SPAN("GET / HTTP/1.1\r\nHost: a\r\n\n" NEXT), 400},
	{"bare LF everywhere", SPAN("GET / HTTP/1.1\nHost: a\n\n"), 400},
	{"bare CR in a value", SPAN(HEAD "X: a\rContent-Length: 3\r\n\r\n"), 400},
	{"NUL in a value", SPAN(HEAD "X: a\0b\r\n\r\n"), 400},
	{"NUL in a name", SPAN(HEAD "X\0Y: b\r\n\r\n"), 400},
	{"NUL starts a line", SPAN(HEAD "\0X: b\r\nY: c\r\n\r\n" NEXT), 400},
	{"NUL line", SPAN(HEAD "\0\r\nY: c\r\n\r\n" NEXT), 400},
	{"NUL in the path", SPAN("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"NUL after the path", SPAN("GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"NUL in the method", SPAN("GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"NUL in the query", SPAN("GET /?a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"control byte in the path", SPAN("GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"tab in the path", SPAN("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"blank in the path", SPAN("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"two blanks", SPAN("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"DEL in the path", SPAN("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"byte above ASCII in the path", SPAN("GET /\xc3\xbc HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"escaped NUL", SPAN("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"escaped newline", SPAN("GET /a%0ab HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"escaped slash", SPAN("GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"escaped backslash", SPAN("GET /a%5Cb HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"broken escape", SPAN("GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"cut escape", SPAN("GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"escaped bad UTF-8", SPAN("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"parent folder", SPAN("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"escaped parent folder", SPAN("GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"fragment", SPAN("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"relative path", SPAN("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"no Host", SPAN("GET / HTTP/1.1\r\n\r\n"), 400},
	{"two Hosts", SPAN(HEAD "Host: b\r\n\r\n"), 400},
	{"malformed Host", SPAN("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
	{"no colon", SPAN(HEAD "oops\r\n\r\n"), 400},
	{"empty name", SPAN(HEAD ": a\r\n\r\n"), 400},
	{"name with a bracket", SPAN(HEAD "X(: a\r\n\r\n"), 400},
	{"method with a bracket", SPAN("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{"TRACE", SPAN("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
	{"CONNECT", SPAN("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
	{"unknown expectation", SPAN(HEAD "Expect: more\r\n\r\n"), 417},
	{"HTTP/0.9", SPAN("GET /\r\n\r\n"), 400},
	{"HTTP/2.0", SPAN("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
	{"lower case version", SPAN("GET / http/1.1\r\nHost: a\r\n\r\n"), 400},
};

static void
what_two_readers_could_read_differently_is_refused(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	unsigned bad = 0;
	site_open(&site, &(struct server_config){});
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *r = &refusals[i];
		unsigned status = ask(&site, r->request, &answer);
		/* Garbage may be cut short by the library; it must never be served. */
		bool fine = status == r->status || status == 0 ||
			    (status >= 400 && status < 600 && r->status >= 400);
		bool handled = span_find(buf_span(&answer), SPAN("GET|")) != SIZE_MAX ||
			       span_find(buf_span(&answer), SPAN("POST|")) != SIZE_MAX;
		if (!fine || handled) {
			print_error("%s: %u instead of %u: %.*s\n", r->name, status, r->status,
				(int)answer.len, answer.len ? answer.ptr : "");
			bad++;
		} else if (status != r->status) {
			print_message("# %s: the library answers %u itself\n", r->name, status);
		}
	}
	assert_int_equal(bad, 0);
	assert_int_equal(atomic_load(&site.handled), 0);
	server_free(site.server);
}

/* Versions of the library before 1.0 answered these twice, in HTML; later ones do it once, as they like. */
static void
a_malformed_length_is_answered_once_by_us(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "-1", "+1", "five", "0x1", "1, 1", "1 1",
		"18446744073709551616", "99999999999999999999999999"};
	struct site site = {};
	own_buf struct buf answer = {}, request = {};
	site_open(&site, &(struct server_config){});
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		buf_reset(&request);
		buf_printf(&request, HEAD "X: y\r\nContent-Length: %s\r\n\r\nhello" NEXT, bad[i]);
		bool closed;
		unsigned status = ask_open(&site, buf_span(&request), &answer, &closed);
		assert_int_equal(status, strlen(bad[i]) < 20 ? 400 : 413);
		assert_true(closed);
		assert_int_equal(raw_answers(buf_span(&answer)), 1);
		assert_true(
			span_find(buf_span(&answer), SPAN("Connection: close\r\n")) != SIZE_MAX);
		if (MHD_get_version()[0] != '0')
			continue;
		assert_true(span_find(buf_span(&answer), SPAN("text/x-test")) != SIZE_MAX);
		assert_true(span_find(buf_span(&answer), SPAN("<html>")) == SIZE_MAX);
	}
	server_free(site.server);
}

/* ---- Bodies ---- */

static void
bodies_over_their_limit_are_drained_and_refused(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {}, request = {};
	site_open(&site, &(struct server_config){.body_limit = 10000});
	const struct {
		size_t len;
		unsigned chunk; /* 0: Content-Length */
		unsigned status;
	} cases[] = {{10000, 0, 200}, {10001, 0, 413}, {20000, 0, 413}, {20001, 0, 413},
		{10000, 100, 200}, {10001, 100, 413}, {20000, 1000, 413}, {20001, 1000, 0},
		{500000, 50000, 0}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_reset(&request);
		buf_printf(&request, "POST / HTTP/1.1\r\nHost: a\r\n");
		if (cases[i].chunk)
			buf_printf(&request, "Transfer-Encoding: chunked\r\n\r\n");
		else
			buf_printf(&request, "Content-Length: %zu\r\n\r\n", cases[i].len);
		for (size_t left = cases[i].len; left;) {
			size_t piece = left;
			if (cases[i].chunk && piece > cases[i].chunk)
				piece = cases[i].chunk;
			if (cases[i].chunk)
				buf_printf(&request, "%zx\r\n", piece);
			memset(buf_room(&request, piece), 'b', piece);
			request.len += piece;
			if (cases[i].chunk)
				buf_printf(&request, "\r\n");
			left -= piece;
		}
		if (cases[i].chunk)
			buf_printf(&request, "0\r\n\r\n");
		bool closed;
		unsigned status = ask_open(&site, buf_span(&request), &answer, &closed);
		if (status != cases[i].status)
			print_error("%zu bytes, chunks of %u\n", cases[i].len, cases[i].chunk);
		assert_int_equal(status, cases[i].status);
		/* Nothing behind a chunked body is read as a request. */
		assert_true(closed || !cases[i].chunk);
	}
	struct server_stats stats;
	server_stats(site.server, &stats);
	assert_int_equal(stats.body_bytes, 0);
	server_free(site.server);
}

static void
a_client_that_asks_first_is_refused_before_its_body(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	bool closed;
	site_open(&site, &(struct server_config){.body_limit = 10});
	assert_int_equal(ask_open(&site,
				 SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n"
				      "Expect: 100-continue\r\n\r\n"),
				 &answer, &closed),
		413);
	assert_true(closed);
	assert_int_equal(ask_open(&site,
				 SPAN("POST / HTTP/1.1\r\nHost: a\r\nX-Limit: 11\r\n"
				      "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n"),
				 &answer, &closed),
		100);
	assert_int_equal(ask_open(&site,
				 SPAN("POST /locked HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n"
				      "Expect: 100-continue\r\n\r\n"),
				 &answer, &closed),
		401);
	/* Without asking it is heard out, and the connection serves on. */
	assert_int_equal(
		ask_open(&site,
			SPAN("POST /locked HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
			     "abc" HEAD "\r\n"),
			&answer, &closed),
		401);
	assert_false(closed);
	assert_int_equal(raw_answers(buf_span(&answer)), 2);
	assert_int_equal(atomic_load(&site.handled), 1);
	server_free(site.server);
}

static void
all_bodies_together_are_bounded(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	site_open(&site, &(struct server_config){.body_limit = 1000, .bodies_limit = 1500});
	int one = raw_connect(server_port(site.server));
	int two = raw_connect(server_port(site.server));
	char bytes[1000];
	memset(bytes, 'b', sizeof bytes);
	struct span part = {bytes, 900};
	raw_send(one, SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"));
	raw_send(one, part);
	usleep(200000);
	raw_send(two, SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"));
	raw_send(two, (struct span){bytes, 1000});
	raw_read(two, &answer, 3000, "at once");
	assert_int_equal(raw_status(buf_span(&answer)), 503);
	assert_true(span_find(buf_span(&answer), SPAN("Retry-After: 5\r\n")) != SIZE_MAX);
	buf_reset(&answer);
	raw_send(one, (struct span){bytes, 100});
	raw_read(one, &answer, 3000, "bbb");
	assert_int_equal(raw_status(buf_span(&answer)), 200);
	close(one);
	close(two);
	server_free(site.server);
}

static void
malformed_chunks_are_refused(void **state)
{
	(void)state;
	static const char *const chunks[] = {"x\r\na\r\n0\r\n\r\n", "-1\r\na\r\n0\r\n\r\n",
		"0x1\r\na\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", " 1\r\na\r\n0\r\n\r\n",
		"fffffffffffffffff\r\na\r\n0\r\n\r\n", "\r\n", "1;\r\na0\r\n\r\n"};
	struct site site = {};
	own_buf struct buf answer = {}, request = {};
	site_open(&site, &(struct server_config){});
	for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
		buf_reset(&request);
		buf_printf(&request, HEAD "Transfer-Encoding: chunked\r\n\r\n%s" NEXT, chunks[i]);
		unsigned status = ask(&site, buf_span(&request), &answer);
		assert_true(status == 0 || (status >= 400 && status < 500));
		assert_int_equal(atomic_load(&site.handled), 0);
	}
	server_free(site.server);
}

/* ---- Many requests on one connection ---- */

static void
pipelined_requests_are_answered_in_order(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {}, request = {};
	bool closed;
	site_open(&site, &(struct server_config){});
	for (int i = 0; i < 50; i++)
		buf_printf(&request,
			"POST /n/%d HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", i);
	buf_printf(&request, "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" NEXT);
	ask_open(&site, buf_span(&request), &answer, &closed);
	assert_true(closed);
	assert_int_equal(raw_answers(buf_span(&answer)), 51);
	struct span rest = buf_span(&answer);
	for (int i = 0; i < 50; i++) {
		char text[32];
		snprintf(text, sizeof text, "POST|/n/%d|", i);
		size_t at = span_find(rest, span_of(text));
		assert_true(at != SIZE_MAX);
		rest = span_sub(rest, at, SIZE_MAX);
	}
	assert_true(span_find(rest, SPAN("GET|/last|")) != SIZE_MAX);
	struct server_stats stats;
	server_stats(site.server, &stats);
	assert_int_equal(stats.connections, 1);
	server_free(site.server);
}

static void
what_follows_a_chunked_body_is_not_a_request(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	bool closed;
	site_open(&site, &(struct server_config){});
	assert_int_equal(ask_open(&site,
				 SPAN(HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
					   "0\r\nTrailer: t\r\n\r\n" NEXT),
				 &answer, &closed),
		200);
	assert_true(closed);
	assert_int_equal(raw_answers(buf_span(&answer)), 1);
	assert_int_equal(atomic_load(&site.handled), 1);
	/* Extensions mean nothing here; libmicrohttpd 1.0.1 stumbles over them and refuses. */
	unsigned status = ask_open(&site,
		SPAN(HEAD "Transfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\n\r\n" NEXT),
		&answer, &closed);
	assert_true(closed);
	assert_int_equal(raw_answers(buf_span(&answer)), 1);
	assert_true(status == 400 ||
		    (status == 200 && span_ends(buf_span(&answer), SPAN("|3|127.0.0.1|abc"))));
	server_free(site.server);
}

static void
head_and_options_are_answered(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	bool closed;
	site_open(&site, &(struct server_config){});
	assert_int_equal(ask_open(&site, SPAN("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" HEAD "\r\n"),
				 &answer, &closed),
		200);
	/* The length of what GET would give, and no body: the next answer follows at once. */
	size_t end = span_find(buf_span(&answer), SPAN("\r\n\r\n"));
	assert_true(span_find(buf_span(&answer), SPAN("Content-Length: 22\r\n")) < end);
	assert_true(
		span_starts(span_sub(buf_span(&answer), end + 4, SIZE_MAX), SPAN("HTTP/1.1 200")));
	assert_int_equal(
		ask_open(&site, SPAN("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), &answer, &closed),
		200);
	assert_true(span_find(buf_span(&answer), SPAN("OPTIONS|*|")) != SIZE_MAX);
	assert_int_equal(ask_open(&site, SPAN("GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n"),
				 &answer, &closed),
		200);
	assert_true(span_find(buf_span(&answer), SPAN("GET|/x|y|")) != SIZE_MAX);
	server_free(site.server);
}

static void
a_head_over_its_limit_is_refused(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {}, request = {};
	bool closed;
	site_open(&site, &(struct server_config){});
	/* Past the connection's whole memory the library may have no room left to answer in. */
	static const size_t sizes[] = {
		100, 1000, 4000, 5900, 6200, 6500, 7000, 7100, 7200, 8000, 16000, 64000};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		buf_reset(&request);
		buf_printf(&request, "GET /fat HTTP/1.1\r\nHost: a\r\nX-Big: ");
		memset(buf_room(&request, sizes[i]), 'h', sizes[i]);
		request.len += sizes[i];
		buf_printf(&request, "\r\n\r\n");
		unsigned status = ask_open(&site, buf_span(&request), &answer, &closed);
		print_message("# %zu bytes: %u\n", sizes[i], status);
		if (sizes[i] < SERVER_HEAD)
			assert_int_equal(status, 200);
		else
			assert_true(status == 431 || (status == 0 && closed && sizes[i] > 8000));
	}
	/* The target alone. */
	buf_reset(&request);
	buf_printf(&request, "GET /");
	memset(buf_room(&request, 9000), 'p', 9000);
	request.len += 9000;
	buf_printf(&request, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(ask_open(&site, buf_span(&request), &answer, &closed), 414);
	/* Many small ones. */
	buf_reset(&request);
	buf_printf(&request, HEAD);
	for (int i = 0; i < 200; i++)
		buf_printf(&request, "X-%d: y\r\n", i);
	buf_printf(&request, "\r\n");
	unsigned status = ask_open(&site, buf_span(&request), &answer, &closed);
	assert_true(status == 431 || (status == 0 && closed));
	assert_int_equal(atomic_load(&site.handled), 4);
	server_free(site.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_reaches_its_handler_whole),
		cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
		cmocka_unit_test(a_malformed_length_is_answered_once_by_us),
		cmocka_unit_test(bodies_over_their_limit_are_drained_and_refused),
		cmocka_unit_test(a_client_that_asks_first_is_refused_before_its_body),
		cmocka_unit_test(all_bodies_together_are_bounded),
		cmocka_unit_test(malformed_chunks_are_refused),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(what_follows_a_chunked_body_is_not_a_request),
		cmocka_unit_test(head_and_options_are_answered),
		cmocka_unit_test(a_head_over_its_limit_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
