#include "node/front.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "base/own.h"
#include "keys/password.h"
#include "memo/login.h"
#include "net/server.h"
#include "node/desk.h"
#include "node/layout.h"
#include "node/talk.h"
#include "taxii/serve.h"

enum { THREADS = 2, PAUSE_DRAIN = 1 };

struct front {
	struct front_options options;
	struct node desk_node, nodes[THREADS];
	struct taxii_reader readers[THREADS];
	struct login *login;
	struct desk *desk;
	struct taxii_server taxii;
	struct taxii_serve *serve;
	struct server *server, *local;
	_Atomic(struct server *) woken; /* the server, once it is whole */
	struct arena text, tls_text;
	struct server_tls tls; /* as last read, in tls_text; without pins */
	struct jail_state jail;
	struct diag jail_note;
};

static enum rc
tls_read(const struct conf *conf, struct arena *a, struct server_tls *out, struct diag *why)
{
	*out = (struct server_tls){};
	enum rc code = layout_read(a, conf->tls_cert, 1 << 20, &out->cert, why);
	if (!code)
		code = layout_read(a, conf->tls_key, 1 << 20, &out->key, why);
	if (!code && conf->client_ca)
		code = layout_read(a, conf->client_ca, 4 << 20, &out->client_ca, why);
	return code;
}

struct pin {
	uint8_t byte[CERT_PIN];
};

/* Pins of all users' certificates: whom we know by certificate is trusted by it. */
static enum rc
pins_read(struct node *n, struct arena *a, struct server_tls *tls, struct diag *why)
{
	struct user u = {};
	vec_of(struct pin) pins = {};
	enum rc code;
	while (!(code = user_next(n->store, a, &u, why))) {
		own_buf struct buf one = {};
		while (u.certs && !(code = user_next_cert(n->store, &u, &one, why))) {
			struct span hex = buf_span(&one);
			if (span_starts(hex, SPAN("sha256:")))
				hex = span_sub(hex, 7, SIZE_MAX);
			struct pin pin;
			if (!cert_pin_parse(hex, pin.byte))
				*vec_add(&pins) = pin;
		}
		if (code && code != RC_NONE)
			break;
	}
	if (code == RC_NONE)
		code = RC_OK;
	if (!code && pins.len) {
		void *kept = arena_new(a, pins.len * sizeof *pins.at);
		memcpy(kept, pins.at, pins.len * sizeof *pins.at);
		tls->pins = kept;
		tls->pins_len = pins.len;
	}
	free(pins.at);
	tls->client = CLIENT_CERT_MAY;
	return code;
}

static enum rc
tls_load(struct front *f, struct arena *a, struct server_tls *out, struct diag *why)
{
	enum rc code = tls_read(f->options.conf, a, out, why);
	return code ? code : pins_read(&f->desk_node, a, out, why);
}

/* What is in use now; the arena is taken over. */
static void
tls_keep(struct front *f, struct arena *a, const struct server_tls *tls)
{
	arena_fini(&f->tls_text);
	f->tls_text = *a;
	*a = (struct arena){};
	f->tls = *tls;
	f->tls.pins = NULL;
	f->tls.pins_len = 0;
}

static enum rc
reload(void *ctx, struct diag *why)
{
	struct front *f = ctx;
	own_arena struct arena a = {};
	struct server_tls tls;
	if (!f->options.conf->tls_cert)
		return RC_OK;
	enum rc code = tls_load(f, &a, &tls, why);
	if (code)
		return code;
	diag_where(why, "%s", f->options.conf->tls_cert);
	code = server_reload(f->server, &tls, why);
	if (!code)
		tls_keep(f, &a, &tls);
	return code;
}

/* The pins of now beside what was read last: files are read again when an administrator says so. */
static enum rc
learn(void *ctx, struct diag *why)
{
	struct front *f = ctx;
	own_arena struct arena a = {};
	struct server_tls tls = f->tls;
	if (!f->options.conf->tls_cert)
		return RC_OK;
	enum rc code = pins_read(&f->desk_node, &a, &tls, why);
	return code ? code : server_reload(f->server, &tls, why);
}

static enum rc
open_node(struct front *f, struct node *n, struct diag *why)
{
	struct node_options options = {
		.dir = f->options.dir,
		.clock = f->options.clock,
		.rng = f->options.rng,
		.mode = STORE_READ,
		.mmap_mb = 0,
		.cache_kb = 4096,
	};
	return node_open(n, &options, why);
}

static void
wake_login(void *ctx, uint64_t waker)
{
	struct front *f = ctx;
	struct server *s = atomic_load(&f->woken);
	if (s)
		server_wake(s, waker);
}

static void
taxii_start(struct front *f, const struct ring *ring)
{
	const struct conf *conf = f->options.conf;
	struct taxii_config config = {
		.title = span_of(conf->title),
		.contact = span_of(conf->contact),
		.max_content = (uint64_t)conf->max_content_length,
		.page = (uint64_t)conf->page_default,
		.page_most = (uint64_t)conf->page_cap,
		.wait_most = (uint64_t)(conf->wait_cap / SECOND),
		.clock = f->options.clock,
		.chance = f->options.rng,
		.login = f->login,
		.ops = desk_ops(f->desk),
	};
	must(sizeof config.key == sizeof ring->cursor.byte);
	memcpy(config.key, ring->cursor.byte, sizeof config.key);
	taxii_server_init(&f->taxii, &config);
	for (size_t i = 0; i < THREADS; i++)
		f->readers[i] = (struct taxii_reader){f->nodes[i].store, f->nodes[i].vault};
	f->serve = taxii_serve_new(&f->taxii, f->readers, THREADS);
}

static enum http_next
local_handle(void *ctx, struct exchange *x)
{
	struct front *f = ctx;
	own_buf struct buf body = {};
	struct server_stats stats;
	server_stats(f->server, &stats);
	bool fine = atomic_load(&f->options.meter->keeper_ok) == 1;
	if (!span_eq(exchange_method(x), SPAN("GET")) &&
		!span_eq(exchange_method(x), SPAN("HEAD"))) {
		exchange_answer_header(x, SPAN("Allow"), SPAN("GET, HEAD"));
		exchange_answer_copy(x, 405, SPAN("only read\n"));
	} else if (span_eq(exchange_path(x), SPAN("/metrics"))) {
		meter_text(f->options.meter, &stats, &body);
		exchange_answer_header(x, SPAN("Content-Type"), SPAN("text/plain; version=0.0.4"));
		exchange_answer_buf(x, 200, &body);
	} else if (span_eq(exchange_path(x), SPAN("/health"))) {
		buf_printf(&body, "{\"status\":\"%s\",\"writer\":%s,\"open\":%llu}\n",
			fine ? "ok" : "failing", fine ? "true" : "false",
			(unsigned long long)stats.open);
		exchange_answer_header(x, SPAN("Content-Type"), SPAN("application/json"));
		exchange_answer_buf(x, fine ? 200 : 503, &body);
	} else {
		exchange_answer_copy(x, 404, SPAN("here are /metrics and /health\n"));
	}
	return HTTP_DONE;
}

static enum rc
servers_start(struct front *f, struct diag *why)
{
	const struct conf *conf = f->options.conf;
	own_arena struct arena a = {};
	struct server_tls tls;
	struct handler handler = taxii_serve_handler(f->serve);
	*why = (struct diag){}; /* what went well before names no place of a fault here */
	struct server_config config = {
		.listen_fd = f->options.listen_fd,
		.threads = THREADS,
		.connections = (unsigned)conf->max_connections,
		.per_address = (unsigned)conf->max_connections_per_address,
		.body_limit = (size_t)conf->max_content_length,
	};
	enum rc code = RC_OK;
	if (conf->tls_cert) {
		code = tls_load(f, &a, &tls, why);
		config.tls = &tls;
	}
	if (!code)
		code = server_new(&config, &handler, &f->server, why);
	if (!code && config.tls)
		tls_keep(f, &a, &tls);
	if (!code) {
		/* It has served since before this line: whoever missed a wake looks now. */
		atomic_store(&f->woken, f->server);
		server_wake_all(f->server);
	}
	if (code || f->options.local_fd < 0)
		return code;
	struct server_config local = {
		.listen_fd = f->options.local_fd, .threads = 1, .connections = 32};
	struct handler metrics = {.handle = local_handle, .ctx = f};
	return server_new(&local, &metrics, &f->local, why);
}

static const char *
folder_of(struct arena *a, struct span path)
{
	while (path.len && path.ptr[path.len - 1] != '/')
		path.len--;
	return path.len ? arena_printf(a, "%.*s", (int)path.len, path.ptr).ptr : ".";
}

/*
 * The folders of a file, as it is named and where links lead: Landlock holds on to what it was shown, and who
 * renews a certificate puts a new file in the old one's place, or a link to it.
 */
static size_t
folders_of(struct arena *a, const char *path, const char **out)
{
	own_mem char *real = realpath(path, NULL);
	out[0] = folder_of(a, span_of(path));
	out[1] = real ? folder_of(a, span_of(real)) : NULL;
	return real ? 2 : 1;
}

static enum rc
jail_self(struct front *f, struct diag *why)
{
	const struct conf *conf = f->options.conf;
	const char *dir = f->options.dir;
	const char *const files[] = {
		conf->tls_cert, conf->tls_cert ? conf->tls_key : NULL, conf->client_ca};
	const char *read[12] = {dir, "/etc/ssl", "/dev/urandom"};
	size_t n = 3;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (files[i])
			n += folders_of(&f->text, files[i], &read[n]);
	const char *write[] = {layout_path(&f->text, dir, LAYOUT_STORE "-shm"), NULL};
	struct jail jail = jail_front;
	jail.read = read;
	jail.write = write;
	return jail_enter(&jail, &f->jail, why);
}

/* A ring with the two keys the front may have; the node's key is never read here. */
static enum rc
start(struct front *f, struct diag *why)
{
	struct ring ring = {};
	const char *keys = layout_path(&f->text, f->options.dir, LAYOUT_KEYS);
	enum rc code = ring_open(keys, RING_MAC, &ring, why);
	if (!code)
		code = jail_self(f, &f->jail_note);
	if (code) {
		if (f->jail_note.what[0])
			*why = f->jail_note;
		return code;
	}
	code = open_node(f, &f->desk_node, why);
	for (size_t i = 0; !code && i < THREADS; i++)
		code = open_node(f, &f->nodes[i], why);
	if (code)
		return code;
	struct login_options login = {.rng = f->options.rng,
		.cost = password_cost_default(),
		.remember = f->options.conf->login_memory,
		.wake = wake_login,
		.ctx = f};
	f->login = login_new(&login);
	struct desk_options desk = {.keeper = f->options.keeper,
		.node = &f->desk_node,
		.key = ring.pass,
		.reload = reload,
		.learn = learn,
		.ctx = f};
	f->desk = desk_new(&desk);
	taxii_start(f, &ring);
	ring_fini(&ring);
	return servers_start(f, why);
}

static void
say_ready(struct front *f, enum rc code, const struct diag *why)
{
	own_buf struct buf out = {};
	struct diag said = code ? *why : f->jail_note;
	pack_number(&out, code);
	pack_number(&out, code ? 0 : server_port(f->server));
	talk_diag(&out, &said);
	struct message m = {TALK_READY, 0, buf_span(&out)};
	if (pipe_send(f->options.keeper, &m, 10 * SECOND))
		_exit(3);
}

/* Pages come and go by the megabyte: given back to the kernel each time, each is cleared anew. */
static void
keep_freed_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

void
front_main(const struct front_options *options)
{
	keep_freed_memory();
	struct front *f = mem_new(sizeof *f);
	struct diag why = {};
	struct message m;
	f->options = *options;
	if (pipe_receive(options->keeper, 60 * SECOND, &m) || m.type != TALK_GO)
		_exit(3);
	enum rc code = start(f, &why);
	say_ready(f, code, &why);
	if (code)
		_exit(3);
	code = desk_run(f->desk, f->server);
	/* The keeper has gone: what waits is answered, what runs ends. */
	login_stop(f->login);
	server_free(f->local);
	server_free(f->server);
	jail_exit(code == RC_NONE ? 0 : 3);
}
