/* Time and room: who is slow, who waits, and how many may. */
#include "site.h"

/* ---- Slowness ---- */

/* Sends one byte each 100 ms, until the server cuts. Microseconds it took; -1: never. */
static int64_t
trickle(struct site *site, struct span first, char byte)
{
	int fd = raw_connect(server_port(site->server));
	own_buf struct buf answer = {};
	int64_t start = clock_monotonic();
	raw_send(fd, first);
	while (clock_monotonic() - start < 8 * SECOND) {
		if (raw_read(fd, &answer, 100, NULL) || !raw_send(fd, (struct span){&byte, 1})) {
			close(fd);
			return clock_monotonic() - start;
		}
	}
	close(fd);
	return -1;
}

static void
who_dawdles_is_cut(void **state)
{
	(void)state;
	struct site site = {};
	site_open(&site, &(struct server_config){.head_seconds = 1, .idle_seconds = 2});
	const struct {
		const char *name;
		struct span first;
	} cases[] = {{"request line", SPAN("GET /")}, {"headers", SPAN(HEAD "X: ")},
		{"body", SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n")},
		{"chunked body", SPAN("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
				      "chunked\r\n\r\nfff\r\n")},
		{"refused body",
			SPAN("POST /locked HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n")},
		{"second request", SPAN(HEAD "\r\n"
					     "GET /")},
		{"silence after the first byte", SPAN("G")}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t took = trickle(&site, cases[i].first, '1');
		if (took < SECOND / 2 || took > 4 * SECOND)
			print_error("%s: cut after %ld us\n", cases[i].name, (long)took);
		assert_in_range(took, SECOND / 2, 4 * SECOND);
	}
	/* The client sees the end a moment before the server has counted it. */
	struct server_stats stats = {};
	for (int i = 0; i < 500 && stats.cut < sizeof cases / sizeof cases[0]; i++) {
		usleep(10000);
		server_stats(site.server, &stats);
	}
	assert_int_equal(stats.cut, sizeof cases / sizeof cases[0]);
	server_free(site.server);
}

static void
silent_and_idle_connections_end_and_fast_ones_do_not(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {}, body = {};
	site_open(&site, &(struct server_config){.head_seconds = 2, .idle_seconds = 3});
	int silent = raw_connect(server_port(site.server));
	int idle = raw_connect(server_port(site.server));
	int64_t start = clock_monotonic();
	raw_send(idle, SPAN(HEAD "\r\n"));
	assert_true(raw_read(silent, &answer, 5000, NULL));
	assert_in_range(clock_monotonic() - start, SECOND, 4 * SECOND);
	memset(buf_room(&body, 1000), 'b', 1000);
	body.len = 1000;
	int busy = raw_connect(server_port(site.server));
	raw_send(busy, SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n"));
	for (int i = 0; i < 20; i++) { /* 5 KB a second */
		assert_true(raw_send(busy, buf_span(&body)));
		usleep(200000);
	}
	assert_true(raw_read(idle, &answer, 5000, NULL));
	assert_int_equal(raw_status(buf_span(&answer)), 200);
	buf_reset(&answer);
	raw_read(busy, &answer, 5000, "|20000|");
	assert_int_equal(raw_status(buf_span(&answer)), 200);
	close(silent);
	close(idle);
	close(busy);
	server_free(site.server);
}

static void
a_reader_that_does_not_read_is_cut(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf big = {}, answer = {};
	memset(buf_room(&big, 30 << 20), 'p', 30 << 20);
	big.len = 30 << 20;
	site.shared = http_body_new(&big);
	site_open(&site, &(struct server_config){.head_seconds = 1, .threads = 1});
	int fd = raw_connect(server_port(site.server));
	raw_send(fd, SPAN("GET /shared HTTP/1.1\r\nHost: a\r\n\r\n"));
	struct server_stats stats = {};
	for (int i = 0; i < 60 && stats.cut == 0; i++) {
		usleep(100000);
		server_stats(site.server, &stats);
	}
	assert_int_equal(stats.cut, 1);
	raw_read(fd, &answer, 3000, NULL);
	assert_true(answer.len < (size_t)30 << 20);
	close(fd);
	/* Who reads gets all of it. */
	buf_reset(&answer);
	fd = raw_connect(server_port(site.server));
	raw_send(fd, SPAN("GET /shared HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
	raw_read(fd, &answer, 3000, NULL);
	assert_true(answer.len > (size_t)30 << 20);
	close(fd);
	server_free(site.server);
	http_body_free(site.shared);
}

/* ---- Waiting ---- */

struct waiters {
	struct site *site;
	unsigned rounds;
	atomic_uint woken, late;
};

static void *
wait_often(void *ctx)
{
	struct waiters *w = ctx;
	own_buf struct buf answer = {};
	int fd = raw_connect(server_port(w->site->server));
	for (unsigned i = 0; i < w->rounds; i++) {
		buf_reset(&answer);
		raw_send(fd, i % 3 ? SPAN("GET /wait/long HTTP/1.1\r\nHost: a\r\n\r\n")
				   : SPAN("POST /wait/long HTTP/1.1\r\nHost: a\r\n"
					  "Content-Length: 3\r\n\r\nabc"));
		raw_read(fd, &answer, 15000, "woken");
		if (span_find(buf_span(&answer), SPAN("woken")) != SIZE_MAX)
			atomic_fetch_add(&w->woken, 1);
	}
	close(fd);
	return NULL;
}

static void
who_waits_is_woken_and_no_wake_is_lost(void **state)
{
	(void)state;
	enum { THREADS = 8, ROUNDS = 30 };
	struct site site = {};
	struct waiters w = {.site = &site, .rounds = ROUNDS};
	pthread_t threads[THREADS];
	site_open(&site, &(struct server_config){});
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_often, &w), 0);
	int64_t start = clock_monotonic();
	/* The gate opens and shuts all the time: a lost wake would cost 20 seconds. */
	while (atomic_load(&w.woken) < THREADS * ROUNDS &&
		clock_monotonic() - start < 60 * SECOND) {
		atomic_store(&site.open, 1);
		server_wake_all(site.server);
		usleep(500);
		atomic_store(&site.open, 0);
		for (uint64_t id = 0; id < 100; id++)
			server_wake(
				site.server, id << 24 | (id % 8)); /* right, wrong and dead ones */
		usleep(500);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&w.woken), THREADS * ROUNDS);
	assert_int_equal(atomic_load(&site.finished), THREADS * ROUNDS);
	assert_true(clock_monotonic() - start < 15 * SECOND);
	server_free(site.server);
}

/* Each commit tells all who wait; many of them are not asked at each of many commits. */
static void
many_who_wait_are_not_woken_at_every_commit(void **state)
{
	(void)state;
	enum { MANY = 200, COMMITS = 100 };
	struct site site = {};
	own_buf struct buf answer = {};
	int waiting[MANY];
	site_open(&site, &(struct server_config){});
	for (int i = 0; i < MANY; i++) {
		waiting[i] = raw_connect(server_port(site.server));
		raw_send(waiting[i], SPAN("GET /wait/long HTTP/1.1\r\nHost: a\r\n\r\n"));
	}
	struct server_stats stats = {};
	for (int i = 0; i < 200 && stats.waiting < MANY; i++, usleep(20000))
		server_stats(site.server, &stats);
	assert_int_equal(stats.waiting, MANY);
	unsigned before = atomic_load(&site.handled);
	int64_t start = clock_monotonic();
	for (int i = 0; i < COMMITS; i++, usleep(1000))
		server_wake_soon(site.server);
	int64_t lasted = clock_monotonic() - start;
	usleep(100000);
	/* One time at once, then one every 50 ms (200 times 0.25 ms); 200 handlers each. */
	unsigned times = (atomic_load(&site.handled) - before) / MANY;
	assert_in_range(times, 2, (uintmax_t)(lasted + 100000) / 50000 + 2);
	/* And the last one is not lost. */
	atomic_store(&site.open, 1);
	server_wake_soon(site.server);
	start = clock_monotonic();
	for (int i = 0; i < MANY; i++) {
		buf_reset(&answer);
		raw_read(waiting[i], &answer, 5000, "woken");
		assert_int_equal(raw_status(buf_span(&answer)), 200);
		close(waiting[i]);
	}
	assert_true(clock_monotonic() - start < 5 * SECOND);
	server_free(site.server);
}

static void
a_wake_while_the_handler_runs_is_kept(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	site_open(&site, &(struct server_config){});
	static const struct span requests[] = {{"GET /race/all HTTP/1.1\r\nHost: a\r\n\r\n", 36},
		{"GET /race/one HTTP/1.1\r\nHost: a\r\n\r\n", 36}};
	for (size_t i = 0; i < 2; i++) {
		int fd = raw_connect(server_port(site.server));
		buf_reset(&answer);
		raw_send(fd, requests[i]);
		raw_read(fd, &answer, 3000, "not lost");
		assert_int_equal(raw_status(buf_span(&answer)), 200);
		close(fd);
	}
	server_free(site.server);
}

static void
a_wait_ends_at_its_deadline(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	site_open(&site, &(struct server_config){});
	int fd = raw_connect(server_port(site.server));
	int64_t start = clock_monotonic();
	raw_send(fd, SPAN("GET /wait/short HTTP/1.1\r\nHost: a\r\n\r\n"));
	raw_read(fd, &answer, 5000, "too late");
	assert_in_range(clock_monotonic() - start, SECOND / 5, 2 * SECOND);
	assert_int_equal(raw_status(buf_span(&answer)), 200);
	/* Sleepers do not hold the threads: four of them on two threads, and others are served. */
	int sleepers[4];
	for (int i = 0; i < 4; i++) {
		sleepers[i] = raw_connect(server_port(site.server));
		raw_send(sleepers[i], SPAN("GET /wait/long HTTP/1.1\r\nHost: a\r\n\r\n"));
	}
	bool closed;
	usleep(100000);
	assert_int_equal(ask_open(&site, SPAN(HEAD "\r\n"), &answer, &closed), 200);
	struct server_stats stats;
	server_stats(site.server, &stats);
	assert_int_equal(stats.waiting, 4);
	/* Who goes away does not sleep on. */
	close(sleepers[0]);
	for (int i = 0; i < 30 && stats.waiting == 4; i++) {
		usleep(100000);
		server_stats(site.server, &stats);
	}
	assert_int_equal(stats.waiting, 3);
	/* The end wakes them, and they get their answers. */
	start = clock_monotonic();
	server_free(site.server);
	assert_true(clock_monotonic() - start < 4 * SECOND);
	for (int i = 1; i < 4; i++) {
		buf_reset(&answer);
		raw_read(sleepers[i], &answer, 1000, "woken");
		assert_int_equal(raw_status(buf_span(&answer)), 200);
		close(sleepers[i]);
	}
	close(fd);
	assert_int_equal(atomic_load(&site.finished), 5);
}

static void
connections_over_the_limit_wait_outside(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	site_open(&site, &(struct server_config){.connections = 4, .threads = 1});
	int fds[5];
	for (int i = 0; i < 5; i++) {
		fds[i] = raw_connect(server_port(site.server));
		raw_send(fds[i], SPAN(HEAD "\r\n"));
		buf_reset(&answer);
		raw_read(fds[i], &answer, i < 4 ? 3000 : 300, "127.0.0.1");
		assert_int_equal(raw_status(buf_span(&answer)), i < 4 ? 200 : 0);
	}
	close(fds[0]);
	raw_read(fds[4], &answer, 3000, "127.0.0.1");
	assert_int_equal(raw_status(buf_span(&answer)), 200);
	for (int i = 1; i < 5; i++)
		close(fds[i]);
	server_free(site.server);
}

static void
a_crowd_of_idle_connections_makes_room(void **state)
{
	(void)state;
	struct site site = {};
	own_buf struct buf answer = {};
	site_open(
		&site, &(struct server_config){.connections = 4, .threads = 1, .head_seconds = 1});
	int fds[5];
	for (int i = 0; i < 4; i++) {
		fds[i] = raw_connect(server_port(site.server));
		raw_send(fds[i], SPAN(HEAD "\r\n"));
		buf_reset(&answer);
		raw_read(fds[i], &answer, 3000, "127.0.0.1");
	}
	/* idle_seconds is 75: without the rule the fifth would not be served in this test. */
	fds[4] = raw_connect(server_port(site.server));
	raw_send(fds[4], SPAN(HEAD "\r\n"));
	buf_reset(&answer);
	raw_read(fds[4], &answer, 5000, "127.0.0.1");
	assert_int_equal(raw_status(buf_span(&answer)), 200);
	for (int i = 0; i < 5; i++)
		close(fds[i]);
	server_free(site.server);
}

static void
an_address_that_cannot_be_listened_on_is_explained(void **state)
{
	(void)state;
	struct server *s, *again;
	struct handler handler = {.handle = site_handle};
	struct diag why = {};
	static const char *const bad[] = {
		"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "[::1:1", "no such host:1"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_rc(server_new(&(struct server_config){.listen = span_of(bad[i])}, &handler,
				  &s, &why),
			RC_BAD);
	assert_rc(server_new(&(struct server_config){.listen = SPAN("127.0.0.1:0")}, &handler, &s,
			  &why),
		RC_OK);
	char text[32];
	snprintf(text, sizeof text, "127.0.0.1:%u", server_port(s));
	assert_rc(server_new(
			  &(struct server_config){.listen = span_of(text)}, &handler, &again, &why),
		RC_IO);
	assert_true(strstr(why.todo, "port") != NULL);
	assert_rc(server_reload(s, &(struct server_tls){}, &why), RC_BAD);
	server_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_dawdles_is_cut),
		cmocka_unit_test(silent_and_idle_connections_end_and_fast_ones_do_not),
		cmocka_unit_test(a_reader_that_does_not_read_is_cut),
		cmocka_unit_test(who_waits_is_woken_and_no_wake_is_lost),
		cmocka_unit_test(many_who_wait_are_not_woken_at_every_commit),
		cmocka_unit_test(a_wake_while_the_handler_runs_is_kept),
		cmocka_unit_test(a_wait_ends_at_its_deadline),
		cmocka_unit_test(connections_over_the_limit_wait_outside),
		cmocka_unit_test(a_crowd_of_idle_connections_makes_room),
		cmocka_unit_test(an_address_that_cannot_be_listened_on_is_explained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
