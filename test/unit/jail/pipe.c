#include "../test.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "jail/pipe.h"

enum { LIMIT = 16 << 20 };

static void
messages_arrive_whole_and_in_order(void **state)
{
	(void)state;
	struct pipe *a, *b;
	struct message m;
	struct diag why = {};
	assert_rc(pipe_pair(1000, &a, &b, &why), RC_OK);
	assert_rc(pipe_receive(b, 0, &m), RC_AGAIN);
	assert_rc(pipe_send(a, &(struct message){1, 7, SPAN("hello")}, -1), RC_OK);
	assert_rc(pipe_send(a, &(struct message){2, UINT64_MAX, SPAN("")}, -1), RC_OK);
	assert_rc(pipe_send(b, &(struct message){3, 1, SPAN("back")}, -1), RC_OK);
	assert_rc(pipe_receive(b, -1, &m), RC_OK);
	assert_int_equal(m.type, 1);
	assert_int_equal(m.id, 7);
	assert_span(m.payload, "hello");
	assert_rc(pipe_receive(b, 0, &m), RC_OK);
	assert_int_equal(m.type, 2);
	assert_true(m.id == UINT64_MAX);
	assert_int_equal(m.payload.len, 0);
	assert_rc(pipe_receive(a, 0, &m), RC_OK);
	assert_span(m.payload, "back");
	int64_t start = clock_monotonic();
	assert_rc(pipe_receive(b, 50000, &m), RC_AGAIN);
	assert_true(clock_monotonic() - start >= 50000);
	pipe_free(a);
	assert_rc(pipe_receive(b, -1, &m), RC_NONE);
	assert_rc(pipe_send(b, &(struct message){1, 1, SPAN("x")}, -1), RC_NONE);
	pipe_free(b);
}

struct job {
	struct pipe *pipe;
	unsigned messages, sender;
	size_t size;
};

static void *
send_many(void *ctx)
{
	struct job *job = ctx;
	char *bytes = malloc(job->size);
	for (unsigned i = 0; i < job->messages; i++) {
		memset(bytes, (int)(job->sender * 16 + i % 16), job->size);
		struct message m = {job->sender, i, {bytes, job->size - i % 7}};
		if (pipe_send(job->pipe, &m, -1) != RC_OK)
			break;
	}
	free(bytes);
	return NULL;
}

static void
large_messages_of_many_senders_do_not_mix(void **state)
{
	(void)state;
	struct pipe *a, *b;
	struct message m;
	struct diag why = {};
	pthread_t threads[3];
	struct job jobs[3];
	unsigned next[4] = {};
	assert_rc(pipe_pair(LIMIT, &a, &b, &why), RC_OK);
	for (unsigned i = 0; i < 3; i++) {
		jobs[i] = (struct job){a, 12, i + 1, i == 0 ? 10 << 20 : 100000 * i + 1};
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < 36; i++) {
		assert_rc(pipe_receive(b, -1, &m), RC_OK);
		assert_true(m.type >= 1 && m.type <= 3);
		assert_int_equal(m.id, next[m.type]++);
		assert_int_equal(m.payload.len, jobs[m.type - 1].size - m.id % 7);
		for (size_t at = 0; at < m.payload.len; at += 997)
			assert_int_equal((unsigned char)m.payload.ptr[at], m.type * 16 + m.id % 16);
	}
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	pipe_free(a);
	pipe_free(b);
}

static void
a_queue_never_blocks_and_is_bounded(void **state)
{
	(void)state;
	struct pipe *a, *b;
	struct message m;
	struct diag why = {};
	char *bytes = calloc(1, 1 << 20);
	unsigned queued = 0, received = 0;
	assert_rc(pipe_pair(1 << 20, &a, &b, &why), RC_OK);
	struct message big = {1, 0, {bytes, 1 << 20}};
	while (pipe_queue(a, &big) == RC_OK)
		big.id = ++queued;
	assert_in_range(queued, 4, 10);
	assert_rc(pipe_queue(a, &big), RC_LIMIT);
	assert_rc(pipe_flush(a), RC_AGAIN);
	struct message larger = {1, 0, {bytes, (1 << 20) + 1}};
	assert_rc(pipe_queue(a, &larger), RC_LIMIT);
	assert_rc(pipe_send(a, &larger, -1), RC_LIMIT);
	while (received < queued) {
		enum rc code = pipe_receive(b, 0, &m);
		if (code == RC_AGAIN) {
			(void)!pipe_flush(a);
			continue;
		}
		assert_rc(code, RC_OK);
		assert_int_equal(m.id, received++);
	}
	assert_rc(pipe_flush(a), RC_OK);
	free(bytes);
	pipe_free(a);
	pipe_free(b);
}

static void
a_reader_that_sleeps_does_not_hold_the_sender(void **state)
{
	(void)state;
	struct pipe *a, *b;
	struct message m;
	struct diag why = {};
	char *bytes = calloc(1, 8 << 20);
	assert_rc(pipe_pair(LIMIT, &a, &b, &why), RC_OK);
	int64_t start = clock_monotonic();
	assert_rc(pipe_send(a, &(struct message){1, 1, {bytes, 8 << 20}}, SECOND / 10), RC_AGAIN);
	assert_true(clock_monotonic() - start < 5 * SECOND);
	/* Half of it is out: nothing may follow it. */
	assert_rc(pipe_send(a, &(struct message){1, 2, SPAN("x")}, -1), RC_NONE);
	assert_rc(pipe_receive(b, -1, &m), RC_BAD);
	free(bytes);
	pipe_free(a);
	pipe_free(b);
}

static void
put(int fd, const char *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
a_hostile_peer_gets_nothing_through(void **state)
{
	(void)state;
	struct {
		const char *name;
		char head[MESSAGE_HEAD];
	} cases[] = {
		{"wrong magic", "TMSX\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{"type zero", "TMSG\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{"over the limit", "TMSG\1\0\0\0\351\3\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{"four gigabytes", "TMSG\1\0\0\0\377\377\377\377\0\0\0\0\0\0\0\0\0\0\0"},
		{"padding used", "TMSG\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int fds[2];
		struct pipe *p;
		struct message m;
		struct diag why = {};
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_rc(pipe_new(fds[0], 1000, &p, &why), RC_OK);
		put(fds[1], cases[i].head, MESSAGE_HEAD);
		put(fds[1], "x", 1);
		assert_rc(pipe_receive(p, -1, &m), RC_BAD);
		assert_rc(pipe_receive(p, -1, &m), RC_BAD);
		close(fds[1]);
		pipe_free(p);
	}
}

static void
a_message_that_comes_in_drops_is_put_together(void **state)
{
	(void)state;
	static const char bytes[] = "TMSG\1\0\0\0\3\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0abc"
				    "TMSG\2\0\0\0\0\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0";
	int fds[2];
	struct pipe *p;
	struct message m;
	struct diag why = {};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_rc(pipe_new(fds[0], 1000, &p, &why), RC_OK);
	for (size_t i = 0; i < 27; i++) {
		assert_rc(pipe_receive(p, 0, &m), RC_AGAIN);
		put(fds[1], bytes + i, 1);
	}
	assert_rc(pipe_receive(p, 0, &m), RC_OK);
	assert_int_equal(m.id, 5);
	assert_span(m.payload, "abc");
	put(fds[1], bytes + 27, 24);
	assert_rc(pipe_receive(p, 0, &m), RC_OK);
	assert_int_equal(m.type, 2);
	put(fds[1], bytes, 25); /* cut inside */
	close(fds[1]);
	assert_rc(pipe_receive(p, -1, &m), RC_BAD);
	pipe_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_arrive_whole_and_in_order),
		cmocka_unit_test(large_messages_of_many_senders_do_not_mix),
		cmocka_unit_test(a_queue_never_blocks_and_is_bounded),
		cmocka_unit_test(a_reader_that_sleeps_does_not_hold_the_sender),
		cmocka_unit_test(a_hostile_peer_gets_nothing_through),
		cmocka_unit_test(a_message_that_comes_in_drops_is_put_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
