#pragma once
/* A small site on a server of ours that says what it saw, and ways to ask it. */
#include "../test.h"

#include "raw.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "net/server.h"

struct site {
	struct server *server;
	atomic_uint handled, finished;
	atomic_uint open; /* the gate that /wait waits for */
	struct http_body *shared;
};

static inline void
count_end(void *state)
{
	struct site *site = state;
	atomic_fetch_add(&site->finished, 1);
}

static inline void
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

static inline enum http_next
site_handle(void *ctx, struct exchange *x)
{
	struct site *site = ctx;
	struct span path = exchange_path(x), value;
	own_buf struct buf out = {};
	atomic_fetch_add(&site->handled, 1);
	if (span_starts(path, SPAN("/race"))) {
		/* The wake comes while the handler still runs: the sleep that follows must not happen. */
		if (exchange_state(x)) {
			exchange_answer_copy(x, 200, SPAN("not lost"));
			return HTTP_DONE;
		}
		exchange_set_state(x, site, NULL);
		if (span_eq(path, SPAN("/race/all")))
			server_wake_all(site->server);
		else
			server_wake(site->server, exchange_id(x));
		exchange_wait_until(x, clock_monotonic() + 20 * SECOND);
		return HTTP_WAIT;
	}
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
	if (span_eq(path, SPAN("/fat")))
		for (int i = 0; i < 8; i++)
			exchange_answer_header(x, SPAN("X-Fat"),
				SPAN("0123456789012345678901234567890123456789012345678901234567890"
				     "123456789"
				     "012345678901234567890123456789"));
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

static inline void
site_refuse(void *ctx, struct exchange *x, unsigned status, const char *why)
{
	(void)ctx;
	exchange_answer_header(x, SPAN("Content-Type"), SPAN("text/x-test;version=1"));
	exchange_answer_copy(x, status, span_of(why));
}

static inline void
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

static inline unsigned
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
static inline unsigned
ask_open(struct site *site, struct span request, struct buf *answer, bool *closed)
{
	int fd = raw_connect(server_port(site->server));
	buf_reset(answer);
	raw_send(fd, request);
	*closed = raw_read(fd, answer, 400, NULL);
	close(fd);
	return raw_status(buf_span(answer));
}

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"
#define NEXT "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
