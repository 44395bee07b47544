/*
 * What a page of 1,000 indicators costs the server beside copying its bytes, and what taking in an
 * envelope of 1,000 costs beside storing the same objects; processor time of this thread, no
 * sockets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/taxii/local.h"
#include "base/must.h"
#include "memo/grant.h"
#include "memo/login.h"

enum { OBJECTS = 100000, ENVELOPE = 1000, ROUNDS = 90 };

static struct bench {
	struct store *store;
	struct vault *vault;
	struct vault_collection c;
	struct taxii_server server;
	struct taxii_reader reader;
	char authorization[TOKEN_TEXT + 8];
} b;

static double
cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
check(enum rc code, const struct diag *why)
{
	if (code == RC_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", rc_word(code), why->where, why->what);
	exit(1);
}

static void
open_all(const char *path)
{
	static const struct store_schema *const schemas[] = {&vault_schema, &memo_schema, NULL};
	static const uint8_t any_key = 7;
	struct diag why = {};
	struct user u = {.name = SPAN("alice"), .roles = ROLE_ANALYST};
	char token[TOKEN_TEXT], id[UUID_TEXT];
	const struct store_options o = {
		.path = path, .mode = STORE_CREATE, .schemas = schemas, .mmap_mb = 1024};
	check(store_open(&o, &b.store, &why), &why);
	check(vault_open(b.store, clock_system(), &b.vault, &why), &why);
	b.c = (struct vault_collection){
		.id = uuid_v4(rng_system()), .alias = SPAN("c"), .title = SPAN("c")};
	check(vault_collection_add(b.vault, &b.c, &why), &why);
	check(user_add(b.store, clock_system(), &u, &why), &why);
	check(user_add_token(b.store, u.name, rng_system(), 1, token, &why), &why);
	uuid_text(&b.c.id, id);
	check(grant_set(b.store, span_of(id), u.name, GRANT_BOTH, &why), &why);
	snprintf(b.authorization, sizeof b.authorization, "Bearer %s", token);
	const struct login_options login = {.rng = rng_system(), .cost = password_cost_least()};
	const struct taxii_config config = {
		.key = {any_key},
		.clock = clock_system(),
		.chance = rng_system(),
		.login = login_new(&login),
		.ops = taxii_local_ops(taxii_local_new(b.store, b.vault)),
	};
	taxii_server_init(&b.server, &config);
	b.reader = (struct taxii_reader){b.store, b.vault};
}

static void
add_indicator(struct buf *out, unsigned long n)
{
	buf_printf(out,
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--%08lx-0000-"
		"4000-8000-000000000000\","
		"\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00."
		"000Z\","
		"\"name\":\"host%lu.example.org\",\"description\":\"%0200lu\","
		"\"pattern\":\"[domain-name:value = "
		"'host%lu.example.org']\",\"pattern_type\":\"stix\","
		"\"valid_from\":\"2024-01-01T00:00:00Z\",\"labels\":[\"malicious-activity\"],"
		"\"confidence\":75,"
		"\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-"
		"dfca5abac2bb\"]}",
		n, n, n, n);
}

static void
call(struct taxii_call *call, const char *method, const char *query, struct span body)
{
	*call = (struct taxii_call){
		.request = {
			.method = span_of(method),
			.path = SPAN("/api/collections/c/objects/"),
			.query = query ? span_of(query) : (struct span){},
			.content_type = SPAN("application/taxii+json;version=2.1"),
			.authorization = span_of(b.authorization),
			.body = body,
		}};
	must(taxii_handle(&b.server, &b.reader, call) == TAXII_DONE);
	must(call->status == 200 || call->status == 202);
}

static void
take_in(void)
{
	double spent = 0;
	for (unsigned long done = 0; done < OBJECTS; done += ENVELOPE) {
		own_buf struct buf body = {};
		struct taxii_call c;
		buf_add(&body, SPAN("{\"objects\":["));
		for (unsigned long i = 0; i < ENVELOPE; i++) {
			if (i)
				buf_add_byte(&body, ',');
			add_indicator(&body, done + i);
		}
		buf_add(&body, SPAN("]}"));
		double start = cpu_seconds();
		call(&c, "POST", NULL, buf_span(&body));
		spent += cpu_seconds() - start;
		must(span_find(buf_span(&c.body), SPAN("\"success_count\":1000")) != SIZE_MAX);
		taxii_call_fini(&b.server, &c);
	}
	printf("envelopes of %d: %.1f us of processor an object, checked, durable, with their "
	       "status (%d objects)\n",
		ENVELOPE, spent / OBJECTS * 1e6, OBJECTS);
}

static void
give_out(void)
{
	double spent = 0, copied = 0, best = 1;
	size_t bytes = 0;
	char query[120] = "limit=1000";
	for (int i = 0; i < ROUNDS; i++) {
		struct taxii_call c;
		double start = cpu_seconds();
		call(&c, "GET", query, (struct span){});
		double one = cpu_seconds() - start;
		spent += one;
		best = one < best ? one : best;
		char *copy = malloc(c.body.len);
		must(copy != NULL);
		start = cpu_seconds();
		memcpy(copy, c.body.ptr, c.body.len);
		copied += cpu_seconds() - start;
		bytes += c.body.len;
		must(copy[c.body.len - 1] == '}');
		free(copy);
		size_t next = span_find(buf_span(&c.body), SPAN("\"next\":\""));
		must(next != SIZE_MAX);
		struct span rest = span_sub(buf_span(&c.body), next + 8, SIZE_MAX);
		snprintf(query, sizeof query, "limit=1000&next=%.*s",
			(int)span_find_byte(rest, '"'), rest.ptr);
		taxii_call_fini(&b.server, &c);
	}
	printf("pages of 1000 objects, %zu KB: %.3f ms of processor each, the quickest %.3f; "
	       "memcpy of the same bytes %.3f ms\n",
		bytes / ROUNDS / 1000, spent / ROUNDS * 1e3, best * 1e3, copied / ROUNDS * 1e3);
}

int
main(void)
{
	char path[] = "/tmp/tocsin-bench-XXXXXX", name[64];
	int fd = mkstemp(path);
	must(fd >= 0);
	close(fd);
	unlink(path);
	open_all(path);
	take_in();
	vault_idle(b.vault); /* the log is in the database, as it is a minute after any import */
	give_out();
	static const char *const tails[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, tails[i]);
		unlink(name);
	}
	return 0;
}
