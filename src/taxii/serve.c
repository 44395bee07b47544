#include "taxii/serve.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"

enum { HELD_FIELDS = 16 };

struct taxii_serve {
	struct taxii_server *server;
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	struct taxii_reader **idle;
	size_t idle_count;
};

/* One exchange's state; net ends it with the exchange. */
struct served {
	struct taxii_serve *serve;
	struct taxii_call call;
	struct arena mem;
};

struct taxii_serve *
taxii_serve_new(struct taxii_server *server, struct taxii_reader *readers, size_t count)
{
	must(count > 0);
	struct taxii_serve *s = mem_new(sizeof *s);
	s->server = server;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->given_back, NULL);
	s->idle = mem_grow(NULL, count, sizeof(struct taxii_reader *));
	for (size_t i = 0; i < count; i++)
		s->idle[s->idle_count++] = &readers[i];
	return s;
}

void
taxii_serve_free(struct taxii_serve *s)
{
	if (!s)
		return;
	pthread_cond_destroy(&s->given_back);
	pthread_mutex_destroy(&s->lock);
	free(s->idle);
	free(s);
}

static struct taxii_reader *
reader_take(struct taxii_serve *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->idle_count == 0)
		pthread_cond_wait(&s->given_back, &s->lock);
	struct taxii_reader *r = s->idle[--s->idle_count];
	pthread_mutex_unlock(&s->lock);
	return r;
}

static void
reader_give(struct taxii_serve *s, struct taxii_reader *r)
{
	pthread_mutex_lock(&s->lock);
	s->idle[s->idle_count++] = r;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_signal(&s->given_back);
}

static void
served_free(void *state)
{
	struct served *served = state;
	taxii_call_fini(served->serve->server, &served->call);
	arena_fini(&served->mem);
	free(served);
}

/* All fields of one name, joined by "," (RFC 9110 section 5.3); ptr NULL where there is none. */
static struct span
joined(const struct exchange *x, struct arena *mem, struct span name)
{
	struct span value, all;
	if (!exchange_header(x, name, 0, &all))
		return (struct span){};
	if (!all.ptr)
		all = SPAN("");
	for (unsigned nth = 1; nth < HELD_FIELDS && exchange_header(x, name, nth, &value); nth++)
		all = arena_printf(
			mem, "%.*s,%.*s", (int)all.len, all.ptr, (int)value.len, value.ptr);
	return all;
}

static struct span
certificate_of(const struct exchange *x, struct arena *mem)
{
	const struct cert *cert = exchange_cert(x);
	char pin[CERT_PIN_TEXT];
	if (!cert)
		return (struct span){};
	cert_pin_text(cert->pin, pin);
	return arena_printf(mem, "sha256:%s", pin);
}

/*
 * Who waits keeps a connection: at most half of them are given to that, lest one partner with many
 * patient requests shuts out all others. A preference may be passed over (RFC 7240 section 2).
 */
static struct span
preference(const struct exchange *x, struct arena *mem)
{
	struct span prefer = joined(x, mem, SPAN("Prefer"));
	return prefer.ptr && exchange_crowded(x) && !mutant(500) ? (struct span){} : prefer;
}

static struct served *
served_new(struct taxii_serve *s, struct exchange *x)
{
	struct served *served = mem_new(sizeof *served);
	struct arena *mem = &served->mem;
	served->serve = s;
	served->call.request = (struct taxii_request){
		.method = exchange_method(x),
		.path = exchange_raw_path(x),
		.accept = joined(x, mem, SPAN("Accept")),
		.content_type = joined(x, mem, SPAN("Content-Type")),
		.content_encoding = joined(x, mem, SPAN("Content-Encoding")),
		.authorization = joined(x, mem, SPAN("Authorization")),
		.prefer = preference(x, mem),
		.certificate = certificate_of(x, mem),
		.address = span_of(exchange_address(x)),
		.body = exchange_body(x),
		.exchange = exchange_id(x),
	};
	if (exchange_has_query(x)) {
		struct span query = exchange_query(x);
		served->call.request.query = query.ptr ? query : SPAN("");
	}
	exchange_set_state(x, served, served_free);
	return served;
}

static void
answer(struct exchange *x, struct taxii_call *call)
{
	for (size_t i = 0; i < call->headers; i++)
		exchange_answer_header(
			x, span_of(call->header[i].name), span_of(call->header[i].value));
	if (call->body.len)
		exchange_answer_buf(x, call->status, &call->body);
	else
		exchange_answer_empty(x, call->status);
}

static enum http_next
handle(void *ctx, struct exchange *x)
{
	struct taxii_serve *s = ctx;
	struct served *served = exchange_state(x);
	if (!served)
		served = served_new(s, x);
	enum taxii_next next = TAXII_DONE;
	if (exchange_stopping(x)) {
		taxii_refuse(&served->call, 503, SPAN("the server ends"));
	} else {
		struct taxii_reader *r = reader_take(s);
		next = taxii_handle(s->server, r, &served->call);
		reader_give(s, r);
	}
	if (next == TAXII_WAIT) {
		exchange_wait_until(x, served->call.wait_until);
		return HTTP_WAIT;
	}
	answer(x, &served->call);
	return HTTP_DONE;
}

static void
refuse(void *ctx, struct exchange *x, unsigned status, const char *why)
{
	struct taxii_call call = {};
	struct taxii_serve *s = ctx;
	if (mutant(51))
		return;
	/* A certificate that is not trusted is a failed login (sections 5.1 to 5.8): 401, not 403.
	 */
	taxii_refuse(&call, status == 403 ? 401 : status, span_of(why));
	answer(x, &call);
	taxii_call_fini(s->server, &call);
}

/*
 * Whoever shows no credentials is told so at once, and his body is not kept. What is smaller than
 * max_content_length is never 413 (section 4.2.1), whoever sends it.
 */
static void
admit(void *ctx, struct exchange *x)
{
	struct taxii_serve *s = ctx;
	struct span value;
	bool shown = exchange_header(x, SPAN("Authorization"), 0, &value) || exchange_cert(x);
	exchange_set_body_limit(x, mutant(124) ? 65536 : s->server->config.max_content);
	if (!shown && !mutant(92))
		refuse(s, x, 401, "");
}

struct handler
taxii_serve_handler(struct taxii_serve *s)
{
	return (struct handler){admit, handle, refuse, s};
}
