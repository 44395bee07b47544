#include "../test.h"

#include "raw.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "net/server.h"

/* ---- A small site: says what it saw ---- */

struct site {
	struct server *server;
	atomic_uint handled, finished;
	atomic_uint open; /* the gate that /wait waits for */
	struct http_body *shared;
};

static void
count_end(void *state)
{
	struct site *site = state;
	atomic_fetch_add(&site->finished, 1);
}

static void
site_admit(void *ctx, struct exchange *x)
{
	(void)ctx;
	struct span value;
	if (span_eq(exchange_path(x), SPAN("/locked"))) {
		exchange_answer_header(x, SPAN("WWW-Authenticate"), SPAN("Basic"));
		exchange_answer_copy(x, 401, SPAN("who are you?"));
	}
	if (exchange_header(x, SPAN("x-limit"), 0, &value)) {
		uint64_t limit;
		if (span_to_u64(value, &limit))
			exchange_set_body_limit(x, limit);
	}
}

static enum http_next
site_handle(void *ctx, struct exchange *x)
{
	struct site *site = ctx;
	struct span path = exchange_path(x), value;
	own_buf struct buf out = {};
	atomic_fetch_add(&site->handled, 1);
	if (span_starts(path, SPAN("/wait"))) {
		if (!exchange_state(x))
			exchange_set_state(x, site, count_end);
		if (exchange_timed_out(x)) {
			exchange_answer_copy(x, 200, SPAN("too late"));
			return HTTP_DONE;
		}
		if (exchange_stopping(x) || atomic_load(&site->open)) {
			exchange_answer_copy(x, 200, SPAN("woken"));
			return HTTP_DONE;
		}
		int64_t wait = span_eq(path, SPAN("/wait/long")) ? 20 * SECOND : SECOND / 5;
		exchange_wait_until(x, clock_monotonic() + wait);
		return HTTP_WAIT;
	}
	if (span_eq(path, SPAN("/shared"))) {
		exchange_answer_shared(x, 200, http_body_hold(site->shared));
		return HTTP_DONE;
	}
	buf_printf(&out, "%.*s|%.*s|%.*s|", (int)exchange_method(x).len, exchange_method(x).ptr,
		(int)path.len, path.ptr, (int)exchange_query(x).len, exchange_query(x).ptr);
	for (unsigned i = 0; exchange_header(x, SPAN("X-Seen"), i, &value); i++)
		buf_printf(&out, "%.*s,", (int)value.len, value.ptr);
	buf_printf(&out, "|%zu|%s|", exchange_body(x).len, exchange_address(x));
	buf_add(&out, span_sub(exchange_body(x), 0, 100));
	exchange_answer_header(x, SPAN("Content-Type"), SPAN("text/x-test;version=1"));
	exchange_answer_buf(x, 200, &out);
	return HTTP_DONE;
}

static void
site_refuse(void *ctx, struct exchange *x, unsigned status, const char *why)
{
	(void)ctx;
	exchange_answer_header(x, SPAN("Content-Type"), SPAN("text/x-test;version=1"));
	exchange_answer_copy(x, status, span_of(why));
}

static void
site_open(struct site *site, const struct server_config *wanted)
{
	struct server_config config = *wanted;
	struct handler handler = {
		.admit = site_admit, .handle = site_handle, .refuse = site_refuse, .ctx = site};
	struct diag why = {};
	config.listen = SPAN("127.0.0.1:0");
	enum rc code = server_new(&config, &handler, &site->server, &why);
	if (code != RC_OK)
		print_error("%s %s\n", why.where, why.what);
	assert_rc(code, RC_OK);
	assert_true(server_port(site->server) != 0);
}

static unsigned
ask(struct site *site, struct span request, struct buf *answer)
{
	int fd = raw_connect(server_port(site->server));
	buf_reset(answer);
	raw_send(fd, request);
	shutdown(fd, SHUT_WR);
	raw_read(fd, answer, 5000, NULL);
	close(fd);
	return raw_status(buf_span(answer));
}

/* As ask, but leaves the writing side open: a server that reads on keeps us waiting. */
static unsigned
ask_open(struct site *site, struct span request, struct buf *answer, bool *closed)
{
	int fd = raw_connect(server_port(site->server));
	buf_reset(answer);
	raw_send(fd, request);
	*closed = raw_read(fd, answer, 400, NULL);
	close(fd);
	return raw_status(buf_span(answer));
}

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

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"
#define NEXT "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_reaches_its_handler_whole),
		cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
