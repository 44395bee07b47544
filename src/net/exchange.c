#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "net/server-internal.h"

/* ---- From libmicrohttpd ---- */

static struct conn *
conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info->socket_context;
}

void *
exchange_new(void *server, const char *uri, struct MHD_Connection *mhd)
{
	struct server *s = server;
	struct exchange *x = mem_new(sizeof *x);
	x->server = s;
	x->conn = conn_of(mhd);
	exchange_abandon(x->conn);
	x->target_at = uri;
	x->raw_target = arena_dup(&x->arena, span_of(uri ? uri : ""));
	x->body_limit = s->config.body_limit;
	slot_bind(s, x);
	pthread_mutex_lock(&x->conn->lock);
	x->conn->served = true;
	x->conn->thread = pthread_self();
	pthread_mutex_unlock(&x->conn->lock);
	atomic_fetch_add(&s->requests, 1);
	conn_phase(x->conn, PHASE_HEAD);
	return x;
}

static void
drop_body(struct exchange *x)
{
	atomic_fetch_sub(&x->server->body_bytes, x->body.len);
	buf_fini(&x->body);
}

void
exchange_end(void *server, struct MHD_Connection *mhd, void **exchange,
	enum MHD_RequestTerminationCode code)
{
	(void)mhd;
	(void)code;
	struct exchange *x = *exchange;
	if (!x)
		return;
	*exchange = NULL;
	slot_unbind(server, x);
	if (x->state && x->state_fini)
		x->state_fini(x->state);
	drop_body(x);
	buf_fini(&x->headers);
	if (x->response)
		MHD_destroy_response(x->response);
	push_flush(x->conn);
	atomic_fetch_sub(&x->server->answer_bytes, x->charged);
	conn_phase(x->conn, PHASE_IDLE);
	arena_fini(&x->arena);
	free(x);
}

void
exchange_abandon(struct conn *c)
{
	pthread_mutex_lock(&c->server->wait_lock);
	void *left = c->server->slots.at[c->slot].x;
	pthread_mutex_unlock(&c->server->wait_lock);
	exchange_end(c->server, c->mhd, &left, MHD_REQUEST_TERMINATED_WITH_ERROR);
}

struct field_list {
	struct head_field *at;
	size_t len, cap;
};

static enum MHD_Result
take_field(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
	size_t value_len)
{
	struct field_list *list = ctx;
	(void)kind;
	if (list->len == list->cap)
		return MHD_NO;
	list->at[list->len++] = (struct head_field){
		.name = {name, name_len},
		.value = {value ? value : "", value_len},
	};
	return MHD_YES;
}

/* Before 1.0 the library reads heads tolerantly, so we look at the bytes themselves. */
static bool
library_is_tolerant(void)
{
	return MHD_get_version()[0] == '0';
}

static unsigned
read_head(struct exchange *x, const char *method, const char *version, const char **why)
{
	struct MHD_Connection *mhd = x->conn->mhd;
	int count = MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, NULL, NULL);
	struct field_list list = {.cap = count > 0 ? (size_t)count : 0};
	list.at = arena_new(&x->arena, (list.cap + 1) * sizeof *list.at);
	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, take_field, &list);
	size_t size =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
	x->head = (struct head){
		.method = span_of(method),
		.target = {x->target_at, x->raw_target.len},
		.version = span_of(version),
		.fields = list.at,
		.len = list.len,
	};
	/* A NUL in the target ends the library's string early; the version then lies further on. */
	bool whole = x->target_at && x->head.target.ptr == method + x->head.method.len + 1 &&
		     version == x->target_at + x->raw_target.len + 1;
	struct head seen = x->head;
	x->head.target = x->raw_target;
	if (!whole) {
		*why = "the request line holds a NUL or surplus blanks";
		return 400;
	}
	if (library_is_tolerant() &&
		(size > SERVER_POOL || !head_layout((struct span){method, size}, &seen))) {
		*why = "a header line is folded, ends in a bare LF or holds a NUL";
		return 400;
	}
	if (size + list.len * 72 > SERVER_HEAD) {
		*why = "the request's head is too large";
		return 431;
	}
	unsigned status = head_check(&x->head, &x->framing, why);
	if (status == 0)
		status = head_target(&x->arena, x->raw_target, &x->target, why);
	return status;
}

/* ---- Certificates ---- */

static unsigned
judge_peer(struct exchange *x, const char **why)
{
	struct conn *c = x->conn;
	if (!c->tls)
		return 0;
	struct tls *now = server_tls_now(x->server);
	if (now == c->judged) {
		tls_free(now);
	} else {
		struct cert cert;
		tls_free(c->judged);
		c->judged = now;
		free(c->cert);
		c->cert = NULL;
		c->verdict = tls_judge(now, c->session, &cert);
		if (c->verdict == TLS_PEER_GOOD) {
			c->cert = mem_new(sizeof cert);
			*c->cert = cert;
		}
	}
	if (c->cert && c->cert->not_after < (int64_t)time(NULL) * SECOND) {
		*why = "the client certificate has expired";
		return 403;
	}
	switch (c->verdict) {
	case TLS_PEER_MISSING: *why = "a client certificate is needed"; return 403;
	case TLS_PEER_BAD: *why = "the client certificate is not trusted here"; return 403;
	case TLS_PEER_NONE:
	case TLS_PEER_GOOD: break;
	}
	return 0;
}

/* ---- The steps of a request ---- */

static void
queue(struct exchange *x)
{
	conn_phase(x->conn, PHASE_SEND);
	pthread_mutex_lock(&x->conn->lock);
	x->conn->answer = x->charged;
	pthread_mutex_unlock(&x->conn->lock);
	/* From half of the places on nobody keeps one whom nobody knows. */
	if (x->status == 401 && atomic_load(&x->server->taken) * 2 >= x->server->config.connections)
		x->close = true;
	if (x->close)
		MHD_add_response_header(x->response, "Connection", "close");
	MHD_queue_response(x->conn->mhd, x->status, x->response);
}

static bool
has_body(const struct exchange *x)
{
	return x->framing.chunked || x->framing.length > 0;
}

/* How many bytes of a refused or oversized body are read and thrown away before the answer. */
static uint64_t
drain_limit(const struct exchange *x)
{
	return (uint64_t)x->body_limit * 2;
}

/* Head in. Decides what happens with the body; an answer may be there already. */
static void
begin(struct exchange *x, const char *method, const char *version)
{
	struct server *s = x->server;
	const char *why = NULL;
	unsigned status = read_head(x, method, version, &why);
	if (status) {
		/* What follows on this connection cannot be trusted to be a request. */
		x->close = true;
		x->framing = (struct framing){.chunked = true, .expects = true};
		x->told = status == 431;
		if (x->told)
			mend_refuse(x, status, why);
		else
			exchange_refuse(x, status, why);
		return;
	}
	status = judge_peer(x, &why);
	if (status)
		exchange_refuse(x, status, why);
	else if (s->handler.admit)
		s->handler.admit(s->handler.ctx, x);
	if (!x->response && x->framing.length > x->body_limit)
		exchange_refuse(x, 413, "the body is larger than accepted here");
	x->drain = x->response != NULL;
	x->close |= x->framing.chunked;
}

/* True when the answer has to go out before the body: it is not wanted, or too long to throw away.
 */
static bool
answers_early(const struct exchange *x)
{
	return x->response && has_body(x) &&
	       (x->framing.expects || x->framing.length > drain_limit(x));
}

static enum MHD_Result
take_body(struct exchange *x, struct span data)
{
	struct server *s = x->server;
	x->body_seen += data.len;
	atomic_fetch_add(&x->conn->body_bytes, data.len);
	if (x->framing.chunked && x->body_seen > drain_limit(x)) {
		atomic_fetch_add(&s->cut, 1);
		return MHD_NO;
	}
	if (x->drain)
		return MHD_YES;
	if (x->body_seen > x->body_limit) {
		drop_body(x);
		exchange_refuse(x, 413, "the body is larger than accepted here");
		x->drain = true;
		return MHD_YES;
	}
	if (atomic_fetch_add(&s->body_bytes, data.len) + data.len > s->config.bodies_limit) {
		atomic_fetch_sub(&s->body_bytes, data.len);
		drop_body(x);
		exchange_answer_header(x, SPAN("Retry-After"), SPAN("5"));
		exchange_refuse(x, 503, "too many bodies are being received at once");
		x->drain = true;
		return MHD_YES;
	}
	buf_add(&x->body, data);
	return MHD_YES;
}

enum MHD_Result
exchange_step(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **exchange)
{
	struct exchange *x = *exchange;
	(void)server;
	(void)mhd;
	(void)url;
	if (!x)
		return MHD_NO;
	if (!x->begun) {
		x->begun = true;
		begin(x, method, version);
		if (x->told)
			return MHD_NO;
		conn_phase(x->conn, has_body(x) ? PHASE_BODY : PHASE_WORK);
		if (answers_early(x)) {
			x->close = true;
			queue(x);
		}
		return MHD_YES;
	}
	if (*size) {
		struct span piece = {data, *size};
		*size = 0;
		return take_body(x, piece);
	}
	if (!x->response) {
		conn_phase(x->conn, PHASE_WORK);
		exchange_run(x);
	}
	if (x->response)
		queue(x);
	return MHD_YES;
}

/* ---- Answers ---- */

void
exchange_answer_header(struct exchange *x, struct span name, struct span value)
{
	must(!x->response);
	for (size_t i = 0; i < value.len; i++)
		must((unsigned char)value.ptr[i] >= 0x20 && value.ptr[i] != 0x7f);
	for (size_t i = 0; i < name.len; i++)
		must(name.ptr[i] > 0x20 && name.ptr[i] < 0x7f && name.ptr[i] != ':');
	buf_add(&x->headers, name);
	buf_add_byte(&x->headers, 0);
	buf_add(&x->headers, value);
	buf_add_byte(&x->headers, 0);
}

/* True: the answer was wanted as bytes. */
static bool
answer_aside(struct exchange *x, unsigned status, struct span body)
{
	if (!x->aside)
		return false;
	buf_printf(x->aside, "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
		status, MHD_get_reason_phrase_for(status), body.len);
	const char *at = x->headers.ptr, *end = at + x->headers.len;
	while (at < end) {
		const char *value = at + strlen(at) + 1;
		buf_printf(x->aside, "%s: %s\r\n", at, value);
		at = value + strlen(value) + 1;
	}
	buf_add(x->aside, SPAN("\r\n"));
	buf_add(x->aside, body);
	return true;
}

/*
 * What is not read stays in memory: a few who ask for large pages and read them slowly would take all of it. False:
 * there is no room for this answer, and he is told so. Small ones always go.
 */
static bool
afford(struct exchange *x, size_t len)
{
	enum { SMALL = 64 << 10 };
	struct server *s = x->server;
	if (len <= SMALL)
		return true;
	if (atomic_fetch_add(&s->answer_bytes, len) + len <= s->config.answers_limit) {
		x->charged = len;
		return true;
	}
	atomic_fetch_sub(&s->answer_bytes, len);
	buf_reset(&x->headers);
	x->close = true; /* what he has sent behind it would be worked for in vain, too */
	exchange_answer_header(x, SPAN("Retry-After"), SPAN("5"));
	exchange_refuse(x, 503, "too many large answers wait to be read; ask again, or for less");
	return false;
}

static void
answer(struct exchange *x, unsigned status, struct MHD_Response *response)
{
	must(!x->response && response && status >= 200 && status <= 599);
	const char *at = x->headers.ptr, *end = at + x->headers.len;
	while (at < end) {
		const char *value = at + strlen(at) + 1;
		must(MHD_add_response_header(response, at, value) == MHD_YES);
		at = value + strlen(value) + 1;
	}
	x->response = response;
	x->status = status;
}

void
exchange_answer_empty(struct exchange *x, unsigned status)
{
	if (answer_aside(x, status, (struct span){}))
		return;
	answer(x, status, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void
exchange_answer_copy(struct exchange *x, unsigned status, struct span body)
{
	if (answer_aside(x, status, body))
		return;
	answer(x, status,
		MHD_create_response_from_buffer(body.len, (void *)body.ptr, MHD_RESPMEM_MUST_COPY));
}

void
exchange_answer_buf(struct exchange *x, unsigned status, struct buf *body)
{
	if (body->len == 0) {
		buf_fini(body);
		exchange_answer_empty(x, status);
		return;
	}
	if (answer_aside(x, status, buf_span(body)) || !afford(x, body->len)) {
		buf_fini(body);
		return;
	}
	answer(x, status,
		MHD_create_response_from_buffer(body->len, body->ptr, MHD_RESPMEM_MUST_FREE));
	*body = (struct buf){};
}

struct http_body {
	atomic_uint count;
	struct buf bytes;
};

struct http_body *
http_body_new(struct buf *bytes)
{
	struct http_body *b = mem_new(sizeof *b);
	atomic_init(&b->count, 1);
	b->bytes = *bytes;
	*bytes = (struct buf){};
	return b;
}

struct http_body *
http_body_hold(struct http_body *b)
{
	atomic_fetch_add(&b->count, 1);
	return b;
}

void
http_body_free(struct http_body *b)
{
	if (!b || atomic_fetch_sub(&b->count, 1) != 1)
		return;
	buf_fini(&b->bytes);
	free(b);
}

struct span
http_body_span(const struct http_body *b)
{
	return buf_span(&b->bytes);
}

static void
body_sent(void *body)
{
	http_body_free(body);
}

void
exchange_answer_shared(struct exchange *x, unsigned status, struct http_body *body)
{
	if (body->bytes.len == 0) {
		http_body_free(body);
		exchange_answer_empty(x, status);
		return;
	}
	/* Of a body that others hold too this answer costs nothing more. */
	if (answer_aside(x, status, buf_span(&body->bytes)) ||
		(atomic_load(&body->count) == 1 && !afford(x, body->bytes.len))) {
		http_body_free(body);
		return;
	}
	answer(x, status,
		MHD_create_response_from_buffer_with_free_callback_cls(
			body->bytes.len, body->bytes.ptr, body_sent, body));
}

void
exchange_refuse(struct exchange *x, unsigned status, const char *why)
{
	struct server *s = x->server;
	atomic_fetch_add(&s->refused, 1);
	if (s->handler.refuse)
		s->handler.refuse(s->handler.ctx, x, status, why);
	if (!x->response && !(x->aside && x->aside->len)) {
		exchange_answer_header(x, SPAN("Content-Type"), SPAN("text/plain; charset=utf-8"));
		struct span text = arena_printf(&x->arena, "%s\n", why);
		exchange_answer_copy(x, status, text);
	}
}

/* ---- Reading ---- */

uint64_t
exchange_id(const struct exchange *x)
{
	return x->id;
}

struct span
exchange_method(const struct exchange *x)
{
	return x->head.method.ptr ? x->head.method : SPAN("");
}

struct span
exchange_path(const struct exchange *x)
{
	return x->target.path.ptr ? x->target.path : SPAN("");
}

struct span
exchange_raw_path(const struct exchange *x)
{
	return x->target.raw_path.ptr ? x->target.raw_path : SPAN("");
}

struct span
exchange_query(const struct exchange *x)
{
	return x->target.query.ptr ? x->target.query : SPAN("");
}

bool
exchange_has_query(const struct exchange *x)
{
	return x->target.query.ptr != NULL;
}

bool
exchange_header(const struct exchange *x, struct span name, unsigned nth, struct span *value)
{
	for (size_t i = 0; i < x->head.len; i++) {
		if (!span_eq_fold(x->head.fields[i].name, name) || nth-- > 0)
			continue;
		*value = span_trim(x->head.fields[i].value);
		return true;
	}
	return false;
}

struct span
exchange_body(const struct exchange *x)
{
	return buf_span(&x->body);
}

bool
exchange_is_tls(const struct exchange *x)
{
	return x->conn->tls != NULL;
}

const char *
exchange_address(const struct exchange *x)
{
	/* Written once, by the one thread that serves the exchange. */
	struct exchange *own = (struct exchange *)x;
	const struct sockaddr *address =
		MHD_get_connection_info(x->conn->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			->client_addr;
	if (own->address[0] || !address)
		return own->address;
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)address;
		inet_ntop(AF_INET, &four->sin_addr, own->address, sizeof own->address);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
		if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
			inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], own->address,
				sizeof own->address);
		else
			inet_ntop(AF_INET6, &six->sin6_addr, own->address, sizeof own->address);
	}
	return own->address;
}

const struct cert *
exchange_cert(const struct exchange *x)
{
	return x->conn->cert;
}

void
exchange_set_body_limit(struct exchange *x, size_t limit)
{
	x->body_limit = limit;
}

void
exchange_set_state(struct exchange *x, void *state, void (*fini)(void *state))
{
	if (x->state && x->state_fini && x->state != state)
		x->state_fini(x->state);
	x->state = state;
	x->state_fini = fini;
}

void *
exchange_state(const struct exchange *x)
{
	return x->state;
}

void
exchange_wait_until(struct exchange *x, int64_t deadline)
{
	x->wait_until = deadline > 0 ? deadline : 1;
}

bool
exchange_timed_out(const struct exchange *x)
{
	return x->timed_out;
}

bool
exchange_stopping(const struct exchange *x)
{
	pthread_mutex_lock(&x->server->wait_lock);
	bool stopping = x->server->stopping;
	pthread_mutex_unlock(&x->server->wait_lock);
	return stopping;
}

bool
exchange_crowded(const struct exchange *x)
{
	pthread_mutex_lock(&x->server->wait_lock);
	bool crowded = x->server->waiting * 2 >= x->server->config.connections;
	pthread_mutex_unlock(&x->server->wait_lock);
	return crowded;
}
