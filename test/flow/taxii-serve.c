/*
 * A TAXII server in one process, for flow tests and measurements without a node: net, taxii and
 * vault over a database in a folder, users alice (reads and writes "shared"), bob (reads it) and
 * dave (nothing).
 *
 *     taxii-serve FOLDER [--tls] [--fill N] [--objects-page N]
 *
 * Prints one line of JSON (port, tokens, certificate files), then serves until its standard input
 * ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../certificate.h"
#include "../unit/taxii/local.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/own.h"
#include "keys/token.h"
#include "memo/grant.h"
#include "memo/login.h"
#include "memo/user.h"
#include "store/store.h"
#include "taxii/serve.h"
#include "vault/vault.h"

enum { THREADS = 2 };

static const struct store_schema *const schemas[] = {&vault_schema, &memo_schema, NULL};

struct program {
	const char *folder;
	bool tls;
	unsigned long fill;
	struct store *store, *read[THREADS];
	struct vault *vault, *pages[THREADS];
	struct taxii_reader readers[THREADS];
	struct taxii_local *local;
	struct taxii_ops real;
	struct taxii_server taxii;
	struct taxii_serve *serve;
	struct server *http;
	struct pair ca, own, client;
};

static void
check(enum rc code, const struct diag *why)
{
	if (code == RC_OK)
		return;
	fprintf(stderr, "%s: %s %s (%s)\n", rc_word(code), why->where, why->what, why->todo);
	exit(3);
}

static void
open_database(struct program *p)
{
	struct diag why = {};
	char path[512];
	snprintf(path, sizeof path, "%s/test.db", p->folder);
	struct store_options o = {.path = path, .mode = STORE_CREATE, .schemas = schemas};
	check(store_open(&o, &p->store, &why), &why);
	check(vault_open(p->store, clock_system(), &p->vault, &why), &why);
	o.mode = STORE_READ;
	o.mmap_mb = 4096;
	for (size_t i = 0; i < THREADS; i++) {
		check(store_open(&o, &p->read[i], &why), &why);
		check(vault_open(p->read[i], clock_system(), &p->pages[i], &why), &why);
		p->readers[i] = (struct taxii_reader){p->read[i], p->pages[i]};
	}
}

static void
add_users(struct program *p, struct buf *out)
{
	static const char *const names[] = {"alice", "bob", "dave"};
	static const enum grant grants[] = {GRANT_BOTH, GRANT_READ, GRANT_NONE};
	struct diag why = {};
	char id[UUID_TEXT];
	struct vault_collection c = {.id = uuid_v4(rng_system()),
		.alias = SPAN("shared"),
		.title = SPAN("Shared things")};
	if (vault_collection_find(p->vault, SPAN("shared"), &c, &why) == RC_NONE)
		check(vault_collection_add(p->vault, &c, &why), &why);
	uuid_text(&c.id, id);
	buf_printf(out, ",\"collection\":\"%s\"", id);
	for (size_t i = 0; i < 3; i++) {
		struct user u = {.name = span_of(names[i]), .roles = ROLE_ANALYST};
		char token[TOKEN_TEXT];
		struct arena mem = {};
		struct user had;
		if (user_get(p->store, u.name, &mem, &had, &why) == RC_NONE)
			check(user_add(p->store, clock_system(), &u, &why), &why);
		arena_fini(&mem);
		check(user_add_token(p->store, u.name, rng_system(), clock_now(clock_system()),
			      token, &why),
			&why);
		char password[40];
		snprintf(password, sizeof password, "password of %s", names[i]);
		check(user_set_password(
			      p->store, u.name, span_of(password), password_cost_least(), &why),
			&why);
		check(grant_set(p->store, span_of(id), u.name, grants[i], &why), &why);
		buf_printf(out, ",\"%s\":\"%s\"", names[i], token);
	}
}

static void
write_file(struct program *p, const char *name, const struct buf *text)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", p->folder, name);
	FILE *file = fopen(path, "w");
	must(file && fwrite(text->ptr, 1, text->len, file) == text->len && fclose(file) == 0);
}

/* An authority, the server's certificate, and one for alice. */
static void
make_certificates(struct program *p, struct buf *out)
{
	struct diag why = {};
	struct cert cert;
	char pin[CERT_PIN_TEXT], fingerprint[CERT_PIN_TEXT + 8];
	p->ca = make_cert((struct wish){"test authority", CERT_CA, NULL, 0, 0});
	p->own = make_cert((struct wish){"localhost", CERT_SERVER, &p->ca, 0, 0});
	p->client = make_cert((struct wish){"alice", CERT_CLIENT, &p->ca, 0, 0});
	check(cert_read(buf_span(&p->client.pem), &cert, &why), &why);
	cert_pin_text(cert.pin, pin);
	snprintf(fingerprint, sizeof fingerprint, "sha256:%s", pin);
	check(user_add_cert(p->store, SPAN("alice"), span_of(fingerprint),
		      clock_now(clock_system()), &why),
		&why);
	write_file(p, "ca.pem", &p->ca.pem);
	write_file(p, "client.pem", &p->client.pem);
	write_file(p, "client.key", &p->client.key);
	buf_add(out, SPAN(",\"tls\":true"));
}

/* Wakes held answers after each commit, as `serve` does. */
static enum rc
write_and_wake(void *ctx, struct taxii_write *w, struct diag *why)
{
	struct program *p = ctx;
	enum rc code = p->real.write(p->real.ctx, w, why);
	if (code == RC_OK)
		server_wake_all(p->http);
	return code;
}

static enum rc
make_pass(void *ctx, const struct taxii_call *call, const struct release_ask *ask,
	struct pass **out, struct diag *why)
{
	struct program *p = ctx;
	return p->real.pass(p->real.ctx, call, ask, out, why);
}

static void
drop(void *ctx, struct taxii_write *w)
{
	struct program *p = ctx;
	p->real.drop(p->real.ctx, w);
}

/* N indicators of about 670 bytes. */
static void
fill(struct program *p)
{
	struct diag why = {};
	struct vault_collection c;
	struct vault_batch *batch = vault_batch_new(p->vault);
	check(vault_collection_find(p->vault, SPAN("shared"), &c, &why), &why);
	const struct vault_request request = {
		.collection = c.number, .source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	for (unsigned long done = 0; done < p->fill;) {
		struct arena mem = {};
		vault_batch_reset(batch);
		vault_batch_request(batch, &request);
		for (unsigned i = 0; i < 20000 && done < p->fill; i++, done++) {
			struct span id = arena_printf(
				&mem, "indicator--%08lx-0000-4000-8000-000000000000", done);
			struct span text = arena_printf(&mem,
				"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%.*s\","
				"\"created\":\"2024-01-01T00:00:00.000Z\","
				"\"modified\":\"2024-01-01T00:00:00.000Z\",\"name\":\"host%lu."
				"example.org\",\"description\":\"%0200lu\","
				"\"pattern\":\"[domain-name:value = "
				"'host%lu.example.org']\",\"pattern_type\":\"stix\","
				"\"valid_from\":\"2024-01-01T00:00:00Z\",\"labels\":[\"malicious-"
				"activity\"],\"confidence\":75,"
				"\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-"
				"a766-dfca5abac2bb\"]}",
				(int)id.len, id.ptr, done, done, done);
			const struct vault_object o = {.id = id,
				.version = SPAN("2024-01-01T00:00:00.000Z"),
				.version_at = INT64_C(1704067200000000),
				.created_at = INT64_C(1704067200000000),
				.spec = VAULT_SPEC_2_1,
				.tlp = TLP_GREEN,
				.bytes = text};
			check(vault_batch_add(batch, &o), &why);
		}
		check(vault_batch_commit(batch, &why), &why);
		arena_fini(&mem);
	}
	vault_batch_free(&batch);
}

static void
start(struct program *p, struct buf *out)
{
	struct diag why = {};
	const struct login_options login = {.rng = rng_system(), .cost = password_cost_least()};
	p->local = taxii_local_new(p->store, p->vault);
	p->real = taxii_local_ops(p->local);
	const struct taxii_config config = {
		.title = SPAN("Test server"),
		.key = {42},
		.max_content = 4 << 20,
		.clock = clock_system(),
		.chance = rng_system(),
		.login = login_new(&login),
		.ops = {make_pass, write_and_wake, drop, p},
	};
	taxii_server_init(&p->taxii, &config);
	p->serve = taxii_serve_new(&p->taxii, p->readers, THREADS);
	const struct handler handler = taxii_serve_handler(p->serve);
	const struct server_tls tls = {.cert = buf_span(&p->own.pem),
		.key = buf_span(&p->own.key),
		.client_ca = buf_span(&p->ca.pem),
		.client = CLIENT_CERT_MAY};
	const struct server_config http = {
		.listen = SPAN("127.0.0.1:0"), .threads = THREADS, .tls = p->tls ? &tls : NULL};
	check(server_new(&http, &handler, &p->http, &why), &why);
	buf_printf(out, ",\"port\":%u}", server_port(p->http));
}

int
main(int argc, char **argv)
{
	static struct program p;
	own_buf struct buf out = {};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--tls") == 0)
			p.tls = true;
		else if (strcmp(argv[i], "--fill") == 0 && i + 1 < argc)
			p.fill = strtoul(argv[++i], NULL, 10);
		else
			p.folder = argv[i];
	}
	if (!p.folder)
		return 2;
	buf_add(&out, SPAN("{\"pid\":0"));
	open_database(&p);
	add_users(&p, &out);
	if (p.tls)
		make_certificates(&p, &out);
	fill(&p);
	start(&p, &out);
	printf("%.*s\n", (int)out.len, out.ptr);
	fflush(stdout);
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	server_free(p.http);
	taxii_serve_free(p.serve);
	taxii_local_free(p.local);
	login_free(p.taxii.config.login);
	for (size_t i = 0; i < THREADS; i++) {
		vault_close(&p.pages[i]);
		store_close(&p.read[i]);
	}
	vault_close(&p.vault);
	store_close(&p.store);
	pair_fini(&p.ca);
	pair_fini(&p.own);
	pair_fini(&p.client);
	return 0;
}
