/*
 * The server works inside the front's jail and the client inside the fetcher's, with TLS, threads,
 * waiting and reload: what a jail takes away must not be what they live on.
 */
#include "../certificate.h"
#include "../unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "jail/jail.h"
#include "jail/pipe.h"
#include "net/client.h"
#include "net/server.h"

static enum http_next
handle(void *ctx, struct exchange *x)
{
	(void)ctx;
	if (span_eq(exchange_path(x), SPAN("/wait")) && !exchange_timed_out(x)) {
		exchange_wait_until(x, clock_monotonic() + SECOND / 10);
		return HTTP_WAIT;
	}
	own_buf struct buf out = {};
	buf_printf(&out, "%s %zu", exchange_cert(x) ? exchange_cert(x)->subject : "-",
		exchange_body(x).len);
	exchange_answer_buf(x, 200, &out);
	return HTTP_DONE;
}

struct setting {
	struct pair ca, leaf, mine;
	int listening;
	uint16_t port;
	struct pipe *front, *keeper;
};

enum { READY = 1, RELOAD, RELOADED };

/* The process that faces the network: told over its pipe to reload and to end. */
static int
be_front(struct setting *s)
{
	struct jail jail = jail_front;
	struct jail_state state;
	struct diag why = {};
	struct message m;
	struct server *server;
	struct handler handler = {.handle = handle};
	struct server_tls tls = {.cert = buf_span(&s->leaf.pem),
		.key = buf_span(&s->leaf.key),
		.client_ca = buf_span(&s->ca.pem),
		.client = CLIENT_CERT_MAY};
	struct server_config config = {.listen_fd = s->listening, .tls = &tls, .connections = 100};
	jail.user = "nobody";
	if (jail_enter(&jail, &state, &why) != RC_OK)
		return 1;
	if (server_new(&config, &handler, &server, &why) != RC_OK)
		return 2;
	if (pipe_send(s->front, &(struct message){.type = READY}, -1) != RC_OK)
		return 3;
	while (pipe_receive(s->front, -1, &m) == RC_OK && m.type == RELOAD)
		if (server_reload(server, &tls, &why) != RC_OK ||
			pipe_send(s->front, &(struct message){.type = RELOADED}, -1) != RC_OK)
			return 4;
	server_free(server);
	return 0;
}

static int
be_fetch(struct setting *s)
{
	struct jail jail = jail_fetch;
	struct jail_state state;
	struct diag why = {};
	struct client *c;
	struct client_answer a = {};
	char url[64];
	struct client_config config = {.ca = buf_span(&s->ca.pem),
		.cert = buf_span(&s->mine.pem),
		.key = buf_span(&s->mine.key)};
	jail.user = "nobody";
	if (client_load(&why) != RC_OK || jail_enter(&jail, &state, &why) != RC_OK)
		return 1;
	/* By name: resolving makes a thread. */
	if (client_new(&config, &c, &why) != RC_OK)
		return 2;
	snprintf(url, sizeof url, "https://localhost:%u/wait", s->port);
	struct client_request q = {
		.method = SPAN("POST"), .url = span_of(url), .body = SPAN("abc")};
	for (int i = 0; i < 3; i++) {
		enum rc code = client_fetch(c, &q, &a, &why);
		if (code != RC_OK || a.status != 200 ||
			!span_eq(buf_span(&a.body), SPAN("CN=fetcher 3"))) {
			fprintf(stderr, "%s: %u %s\n", rc_word(code), a.status, why.what);
			return 3;
		}
	}
	client_free(c);
	client_answer_fini(&a);
	return 0;
}

static void
server_and_client_work_inside_their_jails(void **state)
{
	(void)state;
	struct setting s = {};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	struct diag why = {};
	struct message m;
	int status;
	s.ca = make_cert((struct wish){"CA", CERT_CA, NULL, 0, 0});
	s.leaf = make_cert((struct wish){"server", CERT_SERVER, &s.ca, 0, 0});
	s.mine = make_cert((struct wish){"fetcher", CERT_CLIENT, &s.ca, 0, 0});
	s.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s.listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s.listening, 16), 0);
	assert_int_equal(getsockname(s.listening, (struct sockaddr *)&at, &len), 0);
	s.port = ntohs(at.sin_port);
	assert_rc(pipe_pair(1 << 20, &s.front, &s.keeper, &why), RC_OK);
	pid_t front = fork();
	if (front == 0)
		_exit(be_front(&s));
	assert_rc(pipe_receive(s.keeper, 10 * SECOND, &m), RC_OK);
	assert_int_equal(m.type, READY);
	pid_t fetch = fork();
	if (fetch == 0)
		_exit(be_fetch(&s));
	for (int i = 0; i < 5; i++) {
		assert_rc(pipe_send(s.keeper, &(struct message){.type = RELOAD}, -1), RC_OK);
		assert_rc(pipe_receive(s.keeper, 10 * SECOND, &m), RC_OK);
		assert_int_equal(m.type, RELOADED);
	}
	assert_int_equal(waitpid(fetch, &status, 0), fetch);
	assert_int_equal(status, 0);
	assert_rc(pipe_send(s.keeper, &(struct message){.type = READY}, -1), RC_OK);
	assert_int_equal(waitpid(front, &status, 0), front);
	assert_int_equal(status, 0);
	pipe_free(s.front);
	pipe_free(s.keeper);
	close(s.listening);
	struct pair *all[] = {&s.ca, &s.leaf, &s.mine};
	for (size_t i = 0; i < 3; i++)
		pair_fini(all[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_and_client_work_inside_their_jails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
