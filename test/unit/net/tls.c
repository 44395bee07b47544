#include "../test.h"

#include "../../certificate.h"
#include "raw.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>

#include "net/server.h"

/* ---- Certificates ---- */

/* Everything the tests need, made once. */
static struct pair ca, other_ca, leaf, next_leaf, good, stranger, expired, early, server_only,
	pinned, early_pinned;

static int
make_all(void **state)
{
	(void)state;
	ca = make_cert((struct wish){"CA", CERT_CA, NULL, 0, 0});
	other_ca = make_cert((struct wish){"other CA", CERT_CA, NULL, 0, 0});
	leaf = make_cert((struct wish){"server", CERT_SERVER, &ca, 0, 0});
	next_leaf = make_cert((struct wish){"next server", CERT_SERVER, &ca, 0, 0});
	good = make_cert((struct wish){"good", CERT_CLIENT, &ca, 0, 0});
	stranger = make_cert((struct wish){"stranger", CERT_CLIENT, &other_ca, 0, 0});
	expired = make_cert((struct wish){"expired", CERT_CLIENT, &ca, -7200, -3600});
	early = make_cert((struct wish){"early", CERT_CLIENT, &ca, 3600, 7200});
	server_only = make_cert((struct wish){"server only", CERT_SERVER, &ca, 0, 0});
	pinned = make_cert((struct wish){"pinned", CERT_CLIENT, NULL, 0, 0});
	early_pinned = make_cert((struct wish){"early pinned", CERT_CLIENT, NULL, 3600, 7200});
	return 0;
}

static int
drop_all(void **state)
{
	(void)state;
	struct pair *all[] = {&ca, &other_ca, &leaf, &next_leaf, &good, &stranger, &expired, &early,
		&server_only, &pinned, &early_pinned};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		pair_fini(all[i]);
	return 0;
}

/* ---- A server that tells whom it sees ---- */

static enum http_next
handle(void *ctx, struct exchange *x)
{
	char pin[CERT_PIN_TEXT] = "";
	own_buf struct buf out = {};
	(void)ctx;
	const struct cert *c = exchange_cert(x);
	if (c)
		cert_pin_text(c->pin, pin);
	buf_printf(
		&out, "tls=%d peer=%s pin=%s.", exchange_is_tls(x), c ? c->subject : "none", pin);
	exchange_answer_buf(x, 200, &out);
	return HTTP_DONE;
}

static struct server *
serve(const struct server_tls *tls, unsigned head_seconds)
{
	struct server *s = NULL;
	struct diag why = {};
	struct handler handler = {.handle = handle};
	struct server_config config = {
		.listen = SPAN("127.0.0.1:0"), .tls = tls, .head_seconds = head_seconds};
	assert_rc(server_new(&config, &handler, &s, &why), RC_OK);
	return s;
}

/* ---- A client that can misbehave ---- */

struct caller {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t creds;
};

static int
call(struct caller *c, struct server *s, const char *priorities, const struct pair *cert,
	const gnutls_datum_t *resume)
{
	*c = (struct caller){.fd = raw_connect(server_port(s))};
	gnutls_certificate_allocate_credentials(&c->creds);
	if (cert) {
		gnutls_datum_t pem = {(unsigned char *)cert->pem.ptr, (unsigned)cert->pem.len};
		gnutls_datum_t key = {(unsigned char *)cert->key.ptr, (unsigned)cert->key.len};
		assert_true(gnutls_certificate_set_x509_key_mem(
				    c->creds, &pem, &key, GNUTLS_X509_FMT_PEM) >= 0);
	}
	gnutls_init(&c->session, GNUTLS_CLIENT);
	gnutls_priority_set_direct(c->session, priorities ? priorities : "NORMAL", NULL);
	gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->creds);
	gnutls_transport_set_int(c->session, c->fd);
	gnutls_handshake_set_timeout(c->session, 5000);
	if (resume)
		gnutls_session_set_data(c->session, resume->data, resume->size);
	int code;
	do
		code = gnutls_handshake(c->session);
	while (code < 0 && !gnutls_error_is_fatal(code));
	return code;
}

static void
hang_up(struct caller *c)
{
	gnutls_deinit(c->session);
	gnutls_certificate_free_credentials(c->creds);
	close(c->fd);
}

static bool
is_whole(struct span answer)
{
	static const char name[] = "Content-Length: ";
	size_t end = span_find(answer, SPAN("\r\n\r\n")), at = span_find(answer, span_of(name));
	if (end == SIZE_MAX || at == SIZE_MAX)
		return false;
	char digits[16]; /* the answer has no NUL behind it */
	span_copy(span_sub(answer, at + strlen(name), sizeof digits - 1), digits, sizeof digits);
	return answer.len >= end + 4 + strtoul(digits, NULL, 10);
}

/* Status of one GET; 0: no answer. */
static unsigned
ask(struct caller *c, struct buf *answer)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	buf_reset(answer);
	if (gnutls_record_send(c->session, request, sizeof request - 1) < 0)
		return 0;
	gnutls_record_set_timeout(c->session, 3000);
	for (;;) {
		ssize_t got = gnutls_record_recv(c->session, buf_room(answer, 4096), 4096);
		if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
			continue;
		if (got <= 0)
			break;
		answer->len += (size_t)got;
		if (is_whole(buf_span(answer)))
			break;
	}
	return raw_status(buf_span(answer));
}

static unsigned
call_and_ask(struct server *s, const struct pair *cert, struct buf *answer)
{
	struct caller c;
	unsigned status = 0;
	if (call(&c, s, NULL, cert, NULL) == 0)
		status = ask(&c, answer);
	hang_up(&c);
	return status;
}

static bool
says(const struct buf *answer, const char *text)
{
	return span_find(buf_span(answer), span_of(text)) != SIZE_MAX;
}

/* ---- Tests ---- */

static void
tls_1_2_and_1_3_are_spoken_and_nothing_older(void **state)
{
	(void)state;
	struct server_tls tls = {.cert = buf_span(&leaf.pem), .key = buf_span(&leaf.key)};
	struct server *s = serve(&tls, 0);
	own_buf struct buf answer = {};
	struct caller c;
	assert_int_equal(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL, NULL), 0);
	assert_int_equal(gnutls_protocol_get_version(c.session), GNUTLS_TLS1_3);
	assert_int_equal(ask(&c, &answer), 200);
	assert_true(says(&answer, "tls=1 peer=none"));
	hang_up(&c);
	assert_int_equal(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL, NULL), 0);
	assert_int_equal(gnutls_protocol_get_version(c.session), GNUTLS_TLS1_2);
	assert_int_equal(ask(&c, &answer), 200);
	hang_up(&c);
	assert_true(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL, NULL) < 0);
	hang_up(&c);
	assert_true(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.0", NULL, NULL) < 0);
	hang_up(&c);
	/* No forward secrecy, no handshake. */
	assert_true(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", NULL, NULL) < 0);
	hang_up(&c);
	assert_true(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC", NULL,
			    NULL) < 0);
	hang_up(&c);
	server_free(s);
}

static void
client_certificates_are_judged_by_us(void **state)
{
	(void)state;
	uint8_t pins[3][CERT_PIN] = {{1}};
	struct cert known, old;
	own_buf struct buf answer = {};
	assert_rc(cert_read(buf_span(&pinned.pem), &known, NULL), RC_OK);
	assert_rc(cert_read(buf_span(&early_pinned.pem), &old, NULL), RC_OK);
	memcpy(pins[1], known.pin, CERT_PIN);
	memcpy(pins[2], old.pin, CERT_PIN);
	struct server_tls tls = {.cert = buf_span(&leaf.pem),
		.key = buf_span(&leaf.key),
		.client_ca = buf_span(&ca.pem),
		.pins = pins,
		.pins_len = 3,
		.client = CLIENT_CERT_MUST};
	struct server *s = serve(&tls, 0);
	assert_int_equal(call_and_ask(s, &good, &answer), 200);
	assert_true(says(&answer, "peer=CN=good"));
	assert_int_equal(call_and_ask(s, &pinned, &answer), 200);
	char text[CERT_PIN_TEXT];
	cert_pin_text(known.pin, text);
	assert_true(says(&answer, text));
	assert_int_equal(call_and_ask(s, NULL, &answer), 403);
	assert_true(says(&answer, "is needed"));
	assert_int_equal(call_and_ask(s, &stranger, &answer), 403);
	assert_int_equal(call_and_ask(s, &expired, &answer), 403);
	assert_int_equal(call_and_ask(s, &early, &answer), 403);
	assert_int_equal(call_and_ask(s, &early_pinned, &answer), 403);
	assert_int_equal(call_and_ask(s, &server_only, &answer), 403);
	server_free(s);

	tls.client = CLIENT_CERT_MAY;
	s = serve(&tls, 0);
	assert_int_equal(call_and_ask(s, NULL, &answer), 200);
	assert_true(says(&answer, "peer=none"));
	assert_int_equal(call_and_ask(s, &good, &answer), 200);
	assert_true(says(&answer, "peer=CN=good"));
	assert_int_equal(call_and_ask(s, &stranger, &answer), 403);
	server_free(s);

	tls.client = CLIENT_CERT_NEVER;
	s = serve(&tls, 0);
	assert_int_equal(call_and_ask(s, &good, &answer), 200);
	assert_true(says(&answer, "peer=none"));
	server_free(s);
}

static void
a_reload_holds_from_the_next_request_on(void **state)
{
	(void)state;
	struct server_tls tls = {.cert = buf_span(&leaf.pem),
		.key = buf_span(&leaf.key),
		.client_ca = buf_span(&ca.pem),
		.client = CLIENT_CERT_MUST};
	struct server *s = serve(&tls, 0);
	own_buf struct buf answer = {};
	struct caller live, fresh;
	struct diag why = {};
	assert_int_equal(call(&live, s, NULL, &good, NULL), 0);
	assert_int_equal(ask(&live, &answer), 200);
	/* A reload that fails changes nothing. */
	struct server_tls broken = tls;
	broken.key = buf_span(&good.key);
	assert_rc(server_reload(s, &broken, &why), RC_BAD);
	broken = tls;
	broken.client_ca = SPAN("not PEM");
	assert_rc(server_reload(s, &broken, &why), RC_BAD);
	assert_int_equal(ask(&live, &answer), 200);
	/* Another certificate, another list: the live connection's peer is out at once. */
	tls.cert = buf_span(&next_leaf.pem);
	tls.key = buf_span(&next_leaf.key);
	tls.client_ca = buf_span(&other_ca.pem);
	assert_rc(server_reload(s, &tls, &why), RC_OK);
	assert_int_equal(ask(&live, &answer), 403);
	hang_up(&live);
	assert_int_equal(call(&fresh, s, NULL, &stranger, NULL), 0);
	unsigned len = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(fresh.session, &len);
	gnutls_x509_crt_t crt;
	char name[64];
	size_t size = sizeof name;
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_get_dn(crt, name, &size);
	gnutls_x509_crt_deinit(crt);
	assert_string_equal(name, "CN=next server");
	assert_int_equal(ask(&fresh, &answer), 200);
	hang_up(&fresh);
	server_free(s);
}

static void
a_resumed_session_is_judged_again(void **state)
{
	(void)state;
	struct server_tls tls = {.cert = buf_span(&leaf.pem),
		.key = buf_span(&leaf.key),
		.client_ca = buf_span(&ca.pem),
		.client = CLIENT_CERT_MUST};
	static const char *const versions[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
	for (size_t i = 0; i < 2; i++) {
		struct server *s = serve(&tls, 0);
		own_buf struct buf answer = {};
		struct caller c;
		gnutls_datum_t ticket = {};
		assert_int_equal(call(&c, s, versions[i], &good, NULL), 0);
		assert_int_equal(ask(&c, &answer), 200);
		assert_int_equal(gnutls_session_get_data2(c.session, &ticket), 0);
		hang_up(&c);
		assert_int_equal(call(&c, s, versions[i], &good, &ticket), 0);
		assert_true(gnutls_session_is_resumed(c.session));
		assert_int_equal(ask(&c, &answer), 200);
		assert_true(says(&answer, "peer=CN=good"));
		hang_up(&c);
		struct server_tls stricter = tls;
		struct diag why = {};
		stricter.client_ca = buf_span(&other_ca.pem);
		assert_rc(server_reload(s, &stricter, &why), RC_OK);
		assert_int_equal(call(&c, s, versions[i], &good, &ticket), 0);
		assert_int_equal(ask(&c, &answer), 403);
		hang_up(&c);
		gnutls_free(ticket.data);
		server_free(s);
	}
}

/* Early data could be replayed (RFC 8446 section 8): even who insists gets none accepted. */
static void
early_data_is_not_accepted(void **state)
{
	(void)state;
	struct server_tls tls = {.cert = buf_span(&leaf.pem), .key = buf_span(&leaf.key)};
	struct server *s = serve(&tls, 0);
	own_buf struct buf answer = {};
	struct caller c;
	gnutls_datum_t ticket = {};
	assert_int_equal(call(&c, s, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL, NULL), 0);
	assert_int_equal(ask(&c, &answer), 200);
	assert_int_equal(gnutls_session_get_data2(c.session, &ticket), 0);
	hang_up(&c);
	c = (struct caller){.fd = raw_connect(server_port(s))};
	gnutls_certificate_allocate_credentials(&c.creds);
	gnutls_init(&c.session, GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA);
	gnutls_priority_set_direct(c.session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
	gnutls_credentials_set(c.session, GNUTLS_CRD_CERTIFICATE, c.creds);
	gnutls_transport_set_int(c.session, c.fd);
	gnutls_session_set_data(c.session, ticket.data, ticket.size);
	gnutls_record_send_early_data(c.session, "GET /early HTTP/1.1\r\nHost: a\r\n\r\n", 32);
	assert_int_equal(gnutls_handshake(c.session), 0);
	assert_true(gnutls_session_is_resumed(c.session));
	assert_int_equal(gnutls_session_get_flags(c.session) & GNUTLS_SFLAGS_EARLY_DATA, 0);
	assert_int_equal(ask(&c, &answer), 200);
	struct server_stats stats;
	server_stats(s, &stats);
	assert_int_equal(stats.requests, 2);
	hang_up(&c);
	gnutls_free(ticket.data);
	server_free(s);
}

static void
handshakes_that_stall_are_cut(void **state)
{
	(void)state;
	struct server_tls tls = {.cert = buf_span(&leaf.pem), .key = buf_span(&leaf.key)};
	struct server *s = serve(&tls, 1);
	own_buf struct buf answer = {};
	static const struct span starts[] = {{"", 0}, {"\x16", 1}, {"\x16\x03\x01\x02\x00\x01", 6}};
	for (size_t i = 0; i < 3; i++) {
		int fd = raw_connect(server_port(s));
		int64_t start = clock_monotonic();
		raw_send(fd, starts[i]);
		assert_true(raw_read(fd, &answer, 5000, NULL));
		assert_in_range(clock_monotonic() - start, SECOND / 2, 3 * SECOND);
		close(fd);
	}
	/* Plain HTTP to a TLS port is no handshake either. */
	int fd = raw_connect(server_port(s));
	raw_send(fd, SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	buf_reset(&answer);
	assert_true(raw_read(fd, &answer, 5000, NULL));
	assert_int_equal(raw_status(buf_span(&answer)), 0);
	close(fd);
	server_free(s);
}

struct crowd {
	struct server *server;
	unsigned answered;
};

static void *
many_calls(void *ctx)
{
	struct crowd *crowd = ctx;
	own_buf struct buf answer = {};
	for (int i = 0; i < 15; i++)
		crowd->answered += call_and_ask(crowd->server, &good, &answer) == 200;
	return NULL;
}

static void
reloads_while_clients_come_and_go_lose_nobody(void **state)
{
	(void)state;
	struct server_tls tls = {.cert = buf_span(&leaf.pem),
		.key = buf_span(&leaf.key),
		.client_ca = buf_span(&ca.pem),
		.client = CLIENT_CERT_MUST};
	struct server *s = serve(&tls, 0);
	struct crowd crowds[4];
	pthread_t threads[4];
	struct diag why = {};
	for (int i = 0; i < 4; i++) {
		crowds[i] = (struct crowd){s, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, many_calls, &crowds[i]), 0);
	}
	for (int i = 0; i < 50; i++) {
		const struct pair *one = i % 2 ? &leaf : &next_leaf;
		tls.cert = buf_span(&one->pem);
		tls.key = buf_span(&one->key);
		assert_rc(server_reload(s, &tls, &why), RC_OK);
		usleep(3000);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowds[i].answered, 15);
	}
	server_free(s);
}

static void
certificates_are_read_and_refused_with_a_reason(void **state)
{
	(void)state;
	struct cert c;
	struct diag why = {};
	uint8_t pin[CERT_PIN];
	char text[CERT_PIN_TEXT];
	assert_rc(cert_read(buf_span(&good.pem), &c, &why), RC_OK);
	assert_string_equal(c.subject, "CN=good");
	assert_true(c.not_before < c.not_after);
	cert_pin_text(c.pin, text);
	assert_rc(cert_pin_parse(span_of(text), pin), RC_OK);
	assert_memory_equal(pin, c.pin, CERT_PIN);
	assert_rc(cert_pin_parse(SPAN("AA:bb:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:"
				      "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:fF"),
			  pin),
		RC_OK);
	assert_int_equal(pin[31], 0xff);
	assert_rc(cert_pin_parse(span_sub(span_of(text), 0, 63), pin), RC_BAD);
	assert_rc(cert_pin_parse(SPAN(""), pin), RC_BAD);
	assert_rc(cert_read(SPAN("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"),
			  &c, &why),
		RC_BAD);
	assert_rc(cert_read(buf_span(&good.key), &c, &why), RC_BAD);
	assert_true(why.todo[0] != 0);
	assert_rc(cert_check_key(buf_span(&good.pem), buf_span(&good.key), &why), RC_OK);
	assert_rc(cert_check_key(buf_span(&good.pem), buf_span(&leaf.key), &why), RC_BAD);
	assert_string_equal(why.what, "the private key is not the certificate's");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_read_and_refused_with_a_reason),
		cmocka_unit_test(tls_1_2_and_1_3_are_spoken_and_nothing_older),
		cmocka_unit_test(client_certificates_are_judged_by_us),
		cmocka_unit_test(a_reload_holds_from_the_next_request_on),
		cmocka_unit_test(a_resumed_session_is_judged_again),
		cmocka_unit_test(early_data_is_not_accepted),
		cmocka_unit_test(handshakes_that_stall_are_cut),
		cmocka_unit_test(reloads_while_clients_come_and_go_lose_nobody),
	};
	return cmocka_run_group_tests(tests, make_all, drop_all);
}
