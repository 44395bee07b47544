#include "../test.h"

#include "../../certificate.h"
#include "raw.h"

#include <pthread.h>
#include <stdatomic.h>

#include "net/client.h"
#include "net/server.h"

/* ---- A server of ours to ask ---- */

static int64_t
now(void)
{
	return clock_now(clock_system());
}

static atomic_uint handled;

static enum http_next
handle(void *ctx, struct exchange *x)
{
	struct span path = exchange_path(x), value = {};
	own_buf struct buf out = {};
	(void)ctx;
	atomic_fetch_add(&handled, 1);
	if (span_eq(path, SPAN("/big"))) {
		memset(buf_room(&out, 300000), 'x', 300000);
		out.len = 300000;
		exchange_answer_buf(x, 200, &out);
		return HTTP_DONE;
	}
	if (span_eq(path, SPAN("/moved"))) {
		exchange_answer_header(x, SPAN("Location"), SPAN("/echo"));
		exchange_answer_empty(x, 302);
		return HTTP_DONE;
	} else if (span_eq(path, SPAN("/elsewhere"))) {
		exchange_answer_header(x, SPAN("Location"), SPAN("http://127.0.0.2:1/echo"));
		exchange_answer_empty(x, 302);
		return HTTP_DONE;
	} else if (span_eq(path, SPAN("/busy"))) {
		exchange_answer_header(x, SPAN("Retry-After"), SPAN("17"));
		exchange_answer_empty(x, 429);
		return HTTP_DONE;
	} else if (span_eq(path, SPAN("/slow"))) {
		if (!exchange_timed_out(x) && !exchange_stopping(x)) {
			exchange_wait_until(x, clock_monotonic() + 30 * SECOND);
			return HTTP_WAIT;
		}
	}
	exchange_header(x, SPAN("authorization"), 0, &value);
	buf_printf(&out, "%.*s %.*s auth=%.*s body=%.*s cert=%s", (int)exchange_method(x).len,
		exchange_method(x).ptr, (int)path.len, path.ptr, (int)value.len,
		value.len ? value.ptr : "", (int)exchange_body(x).len, exchange_body(x).ptr,
		exchange_cert(x) ? exchange_cert(x)->subject : "none");
	exchange_answer_header(x, SPAN("X-One"), SPAN("first"));
	exchange_answer_header(x, SPAN("X-One"), SPAN("second"));
	exchange_answer_buf(x, 200, &out);
	return HTTP_DONE;
}

static struct server *
serve(const struct server_tls *tls)
{
	struct server *s = NULL;
	struct diag why = {};
	struct handler handler = {.handle = handle};
	struct server_config config = {.listen = SPAN("127.0.0.1:0"), .tls = tls};
	assert_rc(server_new(&config, &handler, &s, &why), RC_OK);
	return s;
}

static enum rc
get(struct client *c, struct server *s, const char *path, struct client_answer *a, struct diag *why)
{
	char url[128];
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server_port(s), path);
	return client_fetch(c, &(struct client_request){.url = span_of(url)}, a, why);
}

static enum rc
get_tls(struct client *c, struct server *s, struct client_answer *a, struct diag *why)
{
	char url[128];
	snprintf(url, sizeof url, "https://localhost:%u/echo", server_port(s));
	return client_fetch(c, &(struct client_request){.url = span_of(url)}, a, why);
}

/* ---- Requests and answers ---- */

static void
a_request_carries_method_body_headers_and_credentials(void **state)
{
	(void)state;
	struct server *s = serve(NULL);
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	char url[128];
	struct span value;
	assert_rc(client_new(&(struct client_config){}, &c, &why), RC_OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/echo?x=1", server_port(s));
	struct client_header extra = {SPAN("X-Extra"), SPAN("yes")};
	struct client_request q = {.method = SPAN("POST"),
		.url = span_of(url),
		.headers = &extra,
		.headers_len = 1,
		.body = SPAN("hello"),
		.auth = CLIENT_AUTH_BASIC,
		.user = SPAN("ada"),
		.secret = SPAN("pass:word")};
	assert_rc(client_fetch(c, &q, &a, &why), RC_OK);
	assert_int_equal(a.status, 200);
	assert_span(buf_span(&a.body),
		"POST /echo auth=Basic YWRhOnBhc3M6d29yZA== body=hello cert=none");
	assert_true(client_header(&a, SPAN("x-one"), 1, &value));
	assert_span(value, "second");
	assert_false(client_header(&a, SPAN("x-one"), 2, &value));
	q.auth = CLIENT_AUTH_BEARER;
	q.secret = SPAN("tok");
	q.method = SPAN("DELETE");
	q.body = SPAN("");
	assert_rc(client_fetch(c, &q, &a, &why), RC_OK);
	assert_span(buf_span(&a.body), "DELETE /echo auth=Bearer tok body= cert=none");
	struct server_stats stats;
	server_stats(s, &stats);
	assert_int_equal(stats.connections, 1); /* kept alive */
	client_free(c);
	server_free(s);
}

static void
an_answer_over_the_limit_is_refused(void **state)
{
	(void)state;
	struct server *s = serve(NULL);
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	char url[128];
	assert_rc(client_new(&(struct client_config){}, &c, &why), RC_OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/big", server_port(s));
	struct client_request q = {.url = span_of(url), .body_limit = 299999};
	assert_rc(client_fetch(c, &q, &a, &why), RC_LIMIT);
	assert_true(a.body.len <= 299999);
	q.body_limit = 300000;
	assert_rc(client_fetch(c, &q, &a, &why), RC_OK);
	assert_int_equal(a.body.len, 300000);
	client_free(c);
	server_free(s);
}

static void
redirects_stay_within_their_origin(void **state)
{
	(void)state;
	struct server *s = serve(NULL);
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	char url[128];
	assert_rc(client_new(&(struct client_config){}, &c, &why), RC_OK);
	assert_rc(get(c, s, "/moved", &a, &why), RC_OK);
	assert_int_equal(a.status, 302); /* not followed unless asked for */
	snprintf(url, sizeof url, "http://127.0.0.1:%u/moved", server_port(s));
	struct client_request q = {.url = span_of(url), .redirects = 3};
	assert_rc(client_fetch(c, &q, &a, &why), RC_OK);
	assert_int_equal(a.status, 200);
	assert_true(span_starts(buf_span(&a.body), SPAN("GET /echo")));
	snprintf(url, sizeof url, "http://127.0.0.1:%u/elsewhere", server_port(s));
	q.url = span_of(url);
	assert_rc(client_fetch(c, &q, &a, &why), RC_OK);
	assert_int_equal(a.status, 302);
	assert_rc(get(c, s, "/busy", &a, &why), RC_OK);
	assert_int_equal(client_retry_after(&a, now()), 17);
	client_free(c);
	server_free(s);
}

static void *
cancel_soon(void *client)
{
	usleep(200000);
	client_cancel(client);
	return NULL;
}

static void
a_held_request_can_be_cancelled_and_times_out(void **state)
{
	(void)state;
	struct server *s = serve(NULL);
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	pthread_t thread;
	char url[128];
	assert_rc(client_new(&(struct client_config){}, &c, &why), RC_OK);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, c), 0);
	int64_t start = clock_monotonic();
	assert_rc(get(c, s, "/slow", &a, &why), RC_AGAIN);
	assert_true(clock_monotonic() - start < 5 * SECOND);
	assert_string_equal(why.what, "cancelled");
	pthread_join(thread, NULL);
	assert_rc(get(c, s, "/echo", &a, &why), RC_AGAIN);
	client_uncancel(c);
	assert_rc(get(c, s, "/echo", &a, &why), RC_OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/slow", server_port(s));
	struct client_request q = {.url = span_of(url), .seconds = 1};
	assert_rc(client_fetch(c, &q, &a, &why), RC_AGAIN);
	client_free(c);
	server_free(s);
}

static void
a_peer_that_trickles_is_given_up(void **state)
{
	(void)state;
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	char url[128];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	pid_t child = fork();
	if (child == 0) {
		int one = accept(fd, NULL, NULL);
		char junk[1000];
		if (recv(one, junk, sizeof junk, 0) > 0)
			raw_send(one, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"));
		while (raw_send(one, SPAN("x")))
			usleep(100000);
		_exit(0);
	}
	assert_rc(client_new(&(struct client_config){.slow_seconds = 1}, &c, &why), RC_OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(at.sin_port));
	struct client_request q = {.url = span_of(url), .seconds = 20};
	assert_rc(client_fetch(c, &q, &a, &why), RC_AGAIN);
	assert_true(strstr(why.what, "slower than") != NULL);
	client_free(c);
	close(fd);
}

static void
bad_urls_and_dangers_are_refused_before_a_byte_is_sent(void **state)
{
	(void)state;
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	static const char *const urls[] = {"ftp://a/", "file:///etc/passwd", "a", "", "https://",
		"https://u:p@a/", "https://a/#f", "https://a:0/", "https://a:65536/",
		"https://a b/", "https://a/\n", "https://[::1/", "https://a\\@b/", "https://-a/"};
	assert_rc(client_new(&(struct client_config){}, &c, &why), RC_OK);
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
		assert_rc(client_fetch(
				  c, &(struct client_request){.url = span_of(urls[i])}, &a, &why),
			RC_BAD);
	struct client_request q = {
		.url = SPAN("http://192.0.2.1/"), .auth = CLIENT_AUTH_BEARER, .secret = SPAN("t")};
	assert_rc(client_fetch(c, &q, &a, &why), RC_BAD);
	assert_true(strstr(why.what, "in clear") != NULL);
	q.url = SPAN("http://127.evil.example/");
	assert_rc(client_fetch(c, &q, &a, &why), RC_BAD);
	assert_true(strstr(why.what, "in clear") != NULL);
	q = (struct client_request){.url = SPAN("http://127.0.0.1:1/")};
	assert_rc(client_fetch(c, &q, &a, &why), RC_AGAIN);
	assert_true(why.todo[0] != 0);
	client_free(c);
	assert_rc(client_new(&(struct client_config){.ca = SPAN("no PEM")}, &c, &why), RC_BAD);
}

/* ---- TLS ---- */

static void
the_server_is_known_by_its_issuer_or_its_pin(void **state)
{
	(void)state;
	struct pair ca = make_cert((struct wish){"test CA", CERT_CA, NULL, 0, 0});
	struct pair other = make_cert((struct wish){"other CA", CERT_CA, NULL, 0, 0});
	struct pair leaf = make_cert((struct wish){"server", CERT_SERVER, &ca, 0, 0});
	struct server_tls tls = {.cert = buf_span(&leaf.pem), .key = buf_span(&leaf.key)};
	struct server *s = serve(&tls);
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	struct cert known;
	uint8_t wrong[CERT_PIN] = {1};
	assert_rc(cert_read(buf_span(&leaf.pem), &known, &why), RC_OK);

	assert_rc(client_new(&(struct client_config){.ca = buf_span(&ca.pem)}, &c, &why), RC_OK);
	assert_rc(get_tls(c, s, &a, &why), RC_OK);
	assert_memory_equal(a.peer.pin, known.pin, CERT_PIN);
	assert_string_equal(a.peer.subject, "CN=server");
	client_free(c);
	unsigned before = atomic_load(&handled);
	assert_rc(client_new(&(struct client_config){.ca = buf_span(&other.pem)}, &c, &why), RC_OK);
	assert_rc(get_tls(c, s, &a, &why), RC_DENIED);
	client_free(c);
	assert_rc(client_new(&(struct client_config){}, &c, &why), RC_OK);
	assert_rc(get_tls(c, s, &a, &why), RC_DENIED);
	client_free(c);
	assert_rc(client_new(&(struct client_config){.pin = wrong}, &c, &why), RC_OK);
	assert_rc(get_tls(c, s, &a, &why), RC_DENIED);
	client_free(c);
	assert_int_equal(atomic_load(&handled), before); /* nothing was sent to a stranger */
	assert_rc(client_new(&(struct client_config){.pin = known.pin}, &c, &why), RC_OK);
	for (int i = 0; i < 3; i++)
		assert_rc(get_tls(c, s, &a, &why), RC_OK);
	client_free(c);
	struct client_config both = {.pin = known.pin, .ca = buf_span(&other.pem)};
	assert_rc(client_new(&both, &c, &why), RC_OK);
	assert_rc(get_tls(c, s, &a, &why), RC_DENIED);
	client_free(c);
	server_free(s);
	pair_fini(&ca);
	pair_fini(&other);
	pair_fini(&leaf);
}

static void
the_client_shows_its_certificate(void **state)
{
	(void)state;
	struct pair ca = make_cert((struct wish){"test CA", CERT_CA, NULL, 0, 0});
	struct pair leaf = make_cert((struct wish){"server", CERT_SERVER, &ca, 0, 0});
	struct pair mine = make_cert((struct wish){"party one", CERT_CLIENT, &ca, 0, 0});
	struct server_tls tls = {.cert = buf_span(&leaf.pem),
		.key = buf_span(&leaf.key),
		.client_ca = buf_span(&ca.pem),
		.client = CLIENT_CERT_MUST};
	struct server *s = serve(&tls);
	struct client *c;
	own_answer struct client_answer a = {};
	struct diag why = {};
	struct client_config config = {
		.ca = buf_span(&ca.pem), .cert = buf_span(&mine.pem), .key = buf_span(&mine.key)};
	assert_rc(client_new(&config, &c, &why), RC_OK);
	for (int i = 0; i < 3; i++) {
		assert_rc(get_tls(c, s, &a, &why), RC_OK);
		assert_int_equal(a.status, 200);
		assert_true(span_ends(buf_span(&a.body), SPAN("cert=CN=party one")));
	}
	client_free(c);
	assert_rc(client_new(&(struct client_config){.ca = buf_span(&ca.pem)}, &c, &why), RC_OK);
	assert_rc(get_tls(c, s, &a, &why), RC_OK);
	assert_int_equal(a.status, 403);
	client_free(c);
	config.key = buf_span(&leaf.key);
	assert_rc(client_new(&config, &c, &why), RC_BAD);
	server_free(s);
	pair_fini(&ca);
	pair_fini(&leaf);
	pair_fini(&mine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_carries_method_body_headers_and_credentials),
		cmocka_unit_test(an_answer_over_the_limit_is_refused),
		cmocka_unit_test(redirects_stay_within_their_origin),
		cmocka_unit_test(a_held_request_can_be_cancelled_and_times_out),
		cmocka_unit_test(a_peer_that_trickles_is_given_up),
		cmocka_unit_test(bad_urls_and_dangers_are_refused_before_a_byte_is_sent),
		cmocka_unit_test(the_server_is_known_by_its_issuer_or_its_pin),
		cmocka_unit_test(the_client_shows_its_certificate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
