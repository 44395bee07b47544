/* Client and server together over loopback: finding, reading, sending, and being woken by a commit.
 */
#include "world.h"

#include <pthread.h>

#include "taxii/client.h"
#include "taxii/serve.h"

static struct link {
	struct taxii_serve *serve;
	struct server *http;
	struct client *client;
	struct taxii_peer peer;
	char base[64], token[TOKEN_TEXT];
} l;

static int
link_begin(void **state)
{
	struct diag why = {};
	world_begin(state);
	l.serve = taxii_serve_new(&w.server, &w.reader, 1);
	const struct handler handler = taxii_serve_handler(l.serve);
	const struct server_config config = {.listen = SPAN("127.0.0.1:0"), .threads = 2};
	assert_rc(server_new(&config, &handler, &l.http, &why), RC_OK);
	snprintf(l.base, sizeof l.base, "http://127.0.0.1:%u", server_port(l.http));
	span_copy(span_of(w.authorization[ALICE] + strlen("Bearer ")), l.token, sizeof l.token);
	assert_rc(client_new(&(struct client_config){}, &l.client, &why), RC_OK);
	l.peer = (struct taxii_peer){.client = l.client,
		.auth = CLIENT_AUTH_BEARER,
		.secret = span_of(l.token),
		.clock = clock_system()};
	return 0;
}

static int
link_end(void **state)
{
	client_free(l.client);
	server_free(l.http);
	taxii_serve_free(l.serve);
	return world_end(state);
}

static struct span
objects_url(char out[static 200])
{
	snprintf(out, 200, "%s" SHARED "objects/", l.base);
	return span_of(out);
}

/* Pulls until a turn that is no page; objects read. */
static size_t
pull_all(struct pull *p, struct pull_cursor *cursor)
{
	own_answer struct client_answer answer = {};
	size_t count = 0;
	for (int turns = 0; turns < 100; turns++) {
		struct ask ask;
		struct reply reply;
		struct pull_turn turn;
		struct diag why = {};
		pull_ask(p, &ask);
		taxii_send(&l.peer, &ask, &answer, &reply, &why);
		enum pull_step step = pull_take(p, &reply, &turn, &why);
		assert_int_not_equal(step, PULL_FAULT);
		count += turn.count;
		*cursor = turn.cursor;
		if (!turn.more)
			return count;
		assert_int_equal(turn.sleep, 0);
	}
	fail();
	return 0;
}

static void
a_collection_is_found_by_its_alias(void **state)
{
	(void)state;
	own_answer struct client_answer answer = {};
	struct find f;
	struct diag why = {};
	enum rc code;
	enum find_step step;
	assert_rc(find_init(&f, span_of(l.base), SPAN("shared"), &why), RC_OK);
	do {
		struct ask ask;
		struct reply reply;
		find_ask(&f, &ask);
		taxii_send(&l.peer, &ask, &answer, &reply, &why);
		step = find_take(&f, &reply, &code, &why);
	} while (step == FIND_ASK);
	assert_int_equal(step, FIND_DONE);
	assert_true(f.found.at[0].can_read && f.found.at[0].can_write);
	assert_int_equal(f.found.at[0].max_content, 100000);
	find_fini(&f);
}

/* TAXII 2.1 sections 4.2.1 and 5.5: below max_content_length nothing is 413, and strangers get 401. */
static void
a_large_body_of_a_stranger_is_401_and_of_nobody_413(void **state)
{
	(void)state;
	own_answer struct client_answer answer = {};
	struct diag why = {};
	char url[200];
	static char text[100001];
	memset(text, ' ', sizeof text);
	static const char *const methods[] = {"POST", "PUT"};
	static const unsigned known[] = {400, 405};
	const struct client_header type = {SPAN("Content-Type"), SPAN(TAXII_MEDIA)};
	for (size_t i = 0; i < 2; i++) {
		struct client_request q = {.method = span_of(methods[i]),
			.url = objects_url(url),
			.headers = &type,
			.headers_len = 1,
			.body = {text, 99999}};
		assert_rc(client_fetch(l.client, &q, &answer, &why), RC_OK);
		assert_int_equal(answer.status, 401);
		q.auth = CLIENT_AUTH_BEARER;
		q.secret = span_of(l.token);
		assert_rc(client_fetch(l.client, &q, &answer, &why), RC_OK);
		assert_int_equal(answer.status, known[i]);
		q.body.len = 100001;
		assert_rc(client_fetch(l.client, &q, &answer, &why), RC_OK);
		assert_int_equal(answer.status, 413);
		q.auth = CLIENT_AUTH_NONE;
		assert_rc(client_fetch(l.client, &q, &answer, &why), RC_OK);
		assert_int_equal(answer.status, 401);
	}
}

static void
everything_is_read_once_and_reading_resumes(void **state)
{
	(void)state;
	char url[200];
	struct pull p;
	struct pull_cursor cursor = {};
	put_many(1, 33);
	const struct pull_config config = {
		.url = objects_url(url), .limit = 10, .every = SECOND, .chance = rng_system()};
	pull_init(&p, &config, NULL);
	assert_int_equal(pull_all(&p, &cursor), 33);
	pull_fini(&p);
	put_many(50, 7);
	pull_init(&p, &config, &cursor);
	assert_int_equal(pull_all(&p, &cursor), 7);
	pull_fini(&p);
}

static void
objects_are_sent_and_each_has_its_fate(void **state)
{
	(void)state;
	own_answer struct client_answer answer = {};
	char url[200], root[100], ids[30][64], texts[30][700];
	struct push_item items[30];
	struct push p;
	enum push_step step;
	for (unsigned i = 0; i < 30; i++) {
		snprintf(ids[i], sizeof ids[i], INDICATOR, i);
		snprintf(texts[i], sizeof texts[i], "%s",
			indicator_text(i, "2023-01-01T00:00:00.000Z"));
		items[i] = (struct push_item){.id = span_of(ids[i]), .text = span_of(texts[i])};
	}
	items[17].text = SPAN("{\"id\":\"indicator--00000011-0000-4000-8000-000000000000\","
			      "\"type\":\"indicator\"}");
	snprintf(root, sizeof root, "%s/api/", l.base);
	const struct push_config config = {.objects_url = objects_url(url),
		.root_url = span_of(root),
		.batch = 8,
		.chance = rng_system()};
	push_init(&p, &config, items, 30);
	do {
		struct ask ask;
		struct reply reply;
		struct push_turn turn;
		struct diag why = {};
		push_ask(&p, &ask);
		taxii_send(&l.peer, &ask, &answer, &reply, &why);
		step = push_take(&p, &reply, &turn, &why);
	} while (step == PUSH_ASK);
	assert_int_equal(step, PUSH_DONE);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(items[i].fate, i == 17 ? PUSH_FAILED : PUSH_TAKEN);
	assert_true(items[17].message.len > 0);
	push_fini(&p);
}

static void *
commit_soon(void *ctx)
{
	static char text[1000];
	struct diag why = {};
	struct taxii_write write = {.kind = TAXII_POST,
		.collection = w.shared.number,
		.objects = 1,
		.owner = SPAN("alice"),
		.received = w.now};
	write.user = *(struct user *)ctx;
	usleep(200000);
	snprintf(text, sizeof text, "{\"objects\":[%s]}",
		indicator_text(1, "2023-01-01T00:00:00.000Z"));
	write.body = span_of(text);
	write.status = uuid_v4(rng_system());
	struct taxii_ops ops = taxii_local_ops(w.local);
	assert_rc(ops.write(ops.ctx, &write, &why), RC_OK);
	server_wake_all(l.http);
	return NULL;
}

static void
a_waiting_reader_has_a_new_object_at_once(void **state)
{
	(void)state;
	own_answer struct client_answer answer = {};
	char url[200];
	struct pull p;
	struct pull_cursor cursor;
	struct ask ask;
	struct reply reply;
	struct pull_turn turn;
	struct diag why = {};
	pthread_t thread;
	const struct pull_config config = {
		.url = objects_url(url), .wait = 20, .every = 60 * SECOND, .chance = rng_system()};
	pull_init(&p, &config, NULL);
	assert_int_equal(pull_all(&p, &cursor), 0);
	own_arena struct arena mem = {};
	struct user alice;
	/* Looked up here: the handle belongs to whoever serves. */
	assert_rc(user_get(w.store, SPAN("alice"), &mem, &alice, NULL), RC_OK);
	pthread_create(&thread, NULL, commit_soon, &alice);
	pull_ask(&p, &ask);
	assert_int_equal(ask.wait, 20);
	taxii_send(&l.peer, &ask, &answer, &reply, &why);
	pthread_join(thread, NULL);
	assert_int_equal(pull_take(&p, &reply, &turn, &why), PULL_PAGE);
	assert_int_equal(turn.count, 1);
	assert_int_equal(turn.sleep, 0);
	assert_true(reply.elapsed < 5 * SECOND);
	pull_fini(&p);
}

#define L(name) cmocka_unit_test_setup_teardown(name, link_begin, link_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		L(a_collection_is_found_by_its_alias),
		L(a_large_body_of_a_stranger_is_401_and_of_nobody_413),
		L(everything_is_read_once_and_reading_resumes),
		L(objects_are_sent_and_each_has_its_fate),
		L(a_waiting_reader_has_a_new_object_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
