#pragma once
/*
 * A TAXII server over a fresh database, its users and two collections, without sockets: what the
 * tests of the server share. The clock stands still until a test moves it.
 *
 *     user    shared (alias)   other
 *     alice   read and write   -
 *     bob     read             read
 *     carol   write            -
 *     dave    -                -
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../test.h"

#include "base/own.h"
#include "codec/json.h"
#include "local.h"
#include "memo/grant.h"
#include "memo/login.h"
#include "memo/user.h"
#include "store/store.h"
#include "taxii/media.h"
#include "taxii/server.h"
#include "vault/quarantine.h"
#include "vault/status.h"
#include "vault/vault.h"

enum { ALICE, BOB, CAROL, DAVE, USERS, NOBODY = USERS, LIAR };

#define SHARED "/api/collections/shared/"
#define OTHER "/api/collections/other/"
#define IDENTITY "identity--aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"

static struct world {
	char path[64];
	int64_t now;
	struct store *store, *read;
	struct vault *vault, *pages;
	struct login *login;
	struct taxii_local *local;
	struct taxii_server server;
	struct taxii_reader reader;
	struct taxii_call call;
	char authorization[USERS][TOKEN_TEXT + 16];
	const char *accept, *content_type, *content_encoding, *prefer;
	struct vault_collection shared, other;
	bool waits;
	char target[512];
} w;

static const struct store_schema *const world_schemas[] = {&vault_schema, &memo_schema, NULL};

static inline int64_t
world_now(const void *ctx)
{
	(void)ctx;
	return w.now;
}

static inline struct clock
world_clock(void)
{
	return (struct clock){world_now, NULL};
}

static inline void
world_open(void)
{
	struct diag why = {};
	struct store_options o = {.path = w.path, .mode = STORE_CREATE, .schemas = world_schemas};
	assert_rc(store_open(&o, &w.store, &why), RC_OK);
	o.mode = STORE_READ;
	assert_rc(store_open(&o, &w.read, &why), RC_OK);
	assert_rc(vault_open(w.store, world_clock(), &w.vault, &why), RC_OK);
	assert_rc(vault_open(w.read, world_clock(), &w.pages, &why), RC_OK);
	const struct login_options login = {.rng = rng_system(), .cost = password_cost_least()};
	w.login = login_new(&login);
	w.local = taxii_local_new(w.store, w.vault);
	w.reader = (struct taxii_reader){w.read, w.pages};
	const struct taxii_config config = {
		.title = SPAN("Test \"node\""),
		.max_content = 100000,
		.page = 5,
		.page_most = 20,
		.key = {1, 2, 3},
		.clock = world_clock(),
		.chance = rng_system(),
		.login = w.login,
		.ops = taxii_local_ops(w.local),
	};
	taxii_server_init(&w.server, &config);
}

static inline void
world_close(void)
{
	taxii_call_fini(&w.server, &w.call);
	w.call = (struct taxii_call){};
	taxii_local_free(w.local);
	login_free(w.login);
	vault_close(&w.pages);
	vault_close(&w.vault);
	store_close(&w.read);
	store_close(&w.store);
}

static inline void
world_users(void)
{
	static const char *const names[USERS] = {"alice", "bob", "carol", "dave"};
	static const enum grant grants[USERS][2] = {{GRANT_BOTH, GRANT_NONE},
		{GRANT_READ, GRANT_READ}, {GRANT_WRITE, GRANT_NONE}, {GRANT_NONE, GRANT_NONE}};
	struct diag why = {};
	for (size_t i = 0; i < USERS; i++) {
		char token[TOKEN_TEXT], id[UUID_TEXT];
		struct user u = {.name = span_of(names[i]), .roles = ROLE_ANALYST};
		if (i == ALICE)
			u.identity = SPAN(IDENTITY);
		assert_rc(user_add(w.store, world_clock(), &u, &why), RC_OK);
		assert_rc(user_add_token(w.store, u.name, rng_system(), w.now, token, &why), RC_OK);
		snprintf(w.authorization[i], sizeof w.authorization[i], "Bearer %s", token);
		uuid_text(&w.shared.id, id);
		assert_rc(grant_set(w.store, span_of(id), u.name, grants[i][0], &why), RC_OK);
		uuid_text(&w.other.id, id);
		assert_rc(grant_set(w.store, span_of(id), u.name, grants[i][1], &why), RC_OK);
	}
}

static inline int
world_begin(void **state)
{
	(void)state;
	struct diag why = {};
	w = (struct world){.now = INT64_C(1704103200000000)}; /* 2024-01-01T10:00:00Z */
	snprintf(w.path, sizeof w.path, "/tmp/tocsin-taxii-XXXXXX");
	own_fd int fd = mkstemp(w.path);
	assert_true(fd >= 0);
	unlink(w.path);
	world_open();
	w.shared = (struct vault_collection){.id = uuid_v4(rng_system()),
		.alias = SPAN("shared"),
		.title = SPAN("Shared things")};
	w.other = (struct vault_collection){
		.id = uuid_v4(rng_system()), .alias = SPAN("other"), .title = SPAN("Other things")};
	assert_rc(vault_collection_add(w.vault, &w.shared, &why), RC_OK);
	assert_rc(vault_collection_add(w.vault, &w.other, &why), RC_OK);
	world_users();
	return 0;
}

static inline int
world_end(void **state)
{
	(void)state;
	char name[80];
	world_close();
	for (size_t i = 0; i < 3; i++) {
		static const char *const tails[] = {"", "-wal", "-shm"};
		snprintf(name, sizeof name, "%s%s", w.path, tails[i]);
		unlink(name);
	}
	return 0;
}

/* One call from its beginning; `w.waits` says whether it waits, else the status is returned. */
static inline unsigned
ask_as(int who, const char *method, const char *target, struct span body)
{
	taxii_call_fini(&w.server, &w.call);
	w.call = (struct taxii_call){};
	snprintf(w.target, sizeof w.target, "%s", target);
	struct span path = span_of(w.target);
	size_t mark = span_find_byte(path, '?');
	w.call.request = (struct taxii_request){
		.method = span_of(method),
		.path = span_sub(path, 0, mark),
		.query = mark == SIZE_MAX ? (struct span){} : span_sub(path, mark + 1, SIZE_MAX),
		.accept = w.accept ? span_of(w.accept) : SPAN(TAXII_MEDIA),
		.content_type = w.content_type ? span_of(w.content_type) : SPAN(TAXII_MEDIA),
		.content_encoding =
			w.content_encoding ? span_of(w.content_encoding) : (struct span){},
		.prefer = w.prefer ? span_of(w.prefer) : (struct span){},
		.authorization = who < USERS ? span_of(w.authorization[who])
				 : who == LIAR
					 ? SPAN("Bearer tcs_00000000000000000000000000000000000")
					 : (struct span){},
		.body = body,
		.address = SPAN("192.0.2.1"),
		.exchange = 7,
	};
	w.waits = taxii_handle(&w.server, &w.reader, &w.call) == TAXII_WAIT;
	return w.waits ? 0 : w.call.status;
}

static inline unsigned
get_as(int who, const char *target)
{
	return ask_as(who, "GET", target, (struct span){});
}

static inline unsigned
get(const char *target)
{
	return get_as(ALICE, target);
}

static inline unsigned
post_as(int who, const char *collection, const char *body)
{
	char target[200];
	snprintf(target, sizeof target, "%sobjects/", collection);
	return ask_as(who, "POST", target, span_of(body));
}

static inline const char *
header(const char *name)
{
	for (size_t i = 0; i < w.call.headers; i++)
		if (strcmp(w.call.header[i].name, name) == 0)
			return w.call.header[i].value;
	return NULL;
}

static inline struct span
body(void)
{
	return buf_span(&w.call.body);
}

static inline bool
body_has(const char *text)
{
	return span_find(body(), span_of(text)) != SIZE_MAX;
}

/* The body as JSON until the next call of this function. */
static inline yyjson_val *
json(void)
{
	static yyjson_doc *doc;
	json_free(&doc);
	assert_rc(json_read(body(), NULL, &doc, NULL), RC_OK);
	return yyjson_doc_get_root(doc);
}

static inline size_t
count_of(const char *list)
{
	return yyjson_arr_size(json_get(json(), list));
}

static inline bool
says_more(void)
{
	return yyjson_is_true(json_get(json(), "more"));
}

#define INDICATOR "indicator--%08x-0000-4000-8000-000000000000"

/* An indicator's text, in one of a few buffers in turn. */
static inline const char *
indicator_text(unsigned number, const char *modified)
{
	static char text[4][700];
	static unsigned turn;
	char *out = text[turn++ % 4];
	snprintf(out, sizeof text[0],
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"" INDICATOR "\","
		"\"created\":\"2023-01-01T00:00:00.000Z\",\"modified\":\"%s\",\"name\":\"n%u\","
		"\"pattern\":\"[domain-name:value = 'x%u.example']\",\"pattern_type\":\"stix\","
		"\"indicator_types\":[\"malicious-activity\"],\"valid_from\":\"2023-01-01T00:00:"
		"00Z\"}",
		number, modified, number, number);
	return out;
}

/* POSTs one object as alice; every post moves the clock by a second unless it stands. */
static inline unsigned
put(const char *object)
{
	static char text[2000];
	snprintf(text, sizeof text, "{\"objects\":[%s]}", object);
	w.now += SECOND;
	return post_as(ALICE, SHARED, text);
}

static inline void
put_indicator(unsigned number, const char *modified)
{
	assert_int_equal(put(indicator_text(number, modified)), 202);
	assert_true(body_has("\"success_count\":1"));
}

/* `count` indicators numbered from `first` in one envelope. */
static inline void
put_many(unsigned first, unsigned count)
{
	own_buf struct buf text = {};
	buf_add(&text, SPAN("{\"objects\":["));
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_add_byte(&text, ',');
		buf_add(&text, span_of(indicator_text(first + i, "2023-01-01T00:00:00.000Z")));
	}
	buf_add(&text, SPAN("]}"));
	buf_add_byte(&text, 0);
	assert_int_equal(post_as(ALICE, SHARED, text.ptr), 202);
	char success[40];
	snprintf(success, sizeof success, "\"success_count\":%u", count);
	assert_true(body_has(success));
}

/* Number in an indicator's id. */
static inline unsigned
number_of(yyjson_val *object)
{
	struct span id = json_get_span(object, "id");
	char digits[9] = "";
	assert_true(id.len > 19);
	memcpy(digits, id.ptr + 11, 8);
	return (unsigned)strtoul(digits, NULL, 16);
}

/* Name of an identifier of one more user of these, so that no test includes what it does not use.
 */
#define T(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
