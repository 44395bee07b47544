#include "taxii/server.h"

#include <stdio.h>
#include <string.h>

#include "base/mutant.h"
#include "memo/grant.h"
#include "memo/role.h"
#include "taxii/media.h"
#include "taxii/server-internal.h"

void
taxii_server_init(struct taxii_server *s, const struct taxii_config *config)
{
	*s = (struct taxii_server){.config = *config};
	struct taxii_config *c = &s->config;
	c->title = c->title.len ? c->title : SPAN("Tocsin");
	c->root = c->root.len ? c->root : SPAN("/api/");
	c->max_content = c->max_content ? c->max_content : 10 << 20;
	c->page = c->page ? c->page : 1000;
	c->page_most = c->page_most ? c->page_most : 10000;
	c->page_bytes = c->page_bytes ? c->page_bytes : 32 << 20;
	c->wait_most = c->wait_most ? c->wait_most : 300;
	c->write_seconds = c->write_seconds ? c->write_seconds : 60;
	if (mutant(281))
		rng_fill(c->chance, c->key, sizeof c->key);
	s->about = (struct encode_server){
		c->title, c->description, c->contact, c->root, c->max_content};
}

void
taxii_call_fini(struct taxii_server *s, struct taxii_call *call)
{
	if (call->writing)
		s->config.ops.drop(s->config.ops.ctx, &call->write);
	call->writing = false;
	login_drop(s->config.login, call->login_wait);
	call->login_wait = NULL;
	pass_free(&call->pass);
	buf_fini(&call->body);
	arena_fini(&call->mem);
}

/* ---- answers ---- */

void
answer_header(struct taxii_call *call, const char *name, const char *value)
{
	if (call->headers == TAXII_HEADERS)
		return;
	struct taxii_header *h = &call->header[call->headers++];
	h->name = name;
	snprintf(h->value, sizeof h->value, "%s", value);
}

enum taxii_next
answer_ok(struct taxii_call *call, unsigned status)
{
	call->status = status;
	if (!(mutant(50) && status >= 400))
		answer_header(
			call, "Content-Type", mutant(11) ? "application/taxii+json" : TAXII_MEDIA);
	answer_header(call, "Cache-Control", "no-store");
	answer_header(call, "X-Content-Type-Options", "nosniff");
	return TAXII_DONE;
}

static struct span
title_of(unsigned status)
{
	switch (status) {
	case 400: return SPAN("Bad request");
	case 401: return SPAN("Authentication required");
	case 403: return SPAN("Forbidden");
	case 404: return SPAN("Not found");
	case 405: return SPAN("Method not allowed");
	case 406: return SPAN("Not acceptable");
	case 408: return SPAN("Request timeout");
	case 413: return SPAN("Body too large");
	case 415: return SPAN("Unsupported media type");
	case 422: return SPAN("Unprocessable envelope");
	case 429: return SPAN("Too many requests");
	case 431: return SPAN("Header fields too large");
	case 503: return SPAN("Service unavailable");
	default: return status < 500 ? SPAN("Request refused") : SPAN("Server failure");
	}
}

enum taxii_next
answer_error(struct taxii_call *call, unsigned status, struct span description)
{
	buf_reset(&call->body);
	encode_error(&call->body, status, title_of(status), description);
	return answer_ok(call, status);
}

static void
challenge(struct taxii_call *call)
{
	answer_header(call, "WWW-Authenticate", "Basic realm=\"TAXII\", charset=\"UTF-8\"");
	answer_header(call, "WWW-Authenticate", "Bearer realm=\"TAXII\"");
}

void
taxii_refuse(struct taxii_call *call, unsigned status, struct span description)
{
	call->headers = 0;
	if (status == 401)
		challenge(call);
	(void)answer_error(call, status, description);
}

enum taxii_next
answer_absent(struct taxii_call *call)
{
	return answer_error(call, 404, (struct span){});
}

enum taxii_next
answer_diag(struct taxii_call *call, unsigned status, const struct diag *why)
{
	struct span text = arena_printf(&call->mem, "%s%s%s%s%s", why->where,
		why->where[0] ? ": " : "", why->what, why->todo[0] ? "; " : "", why->todo);
	return answer_error(call, status, text);
}

enum taxii_next
answer_failure(struct taxii_call *call, enum rc code)
{
	if (code != RC_AGAIN && code != RC_LIMIT && code != RC_FULL)
		return answer_error(call, 500, (struct span){});
	answer_header(call, "Retry-After", code == RC_FULL ? "60" : "2");
	return answer_error(call, 503,
		code == RC_FULL ? SPAN("no space is left; nothing was stored")
				: SPAN("busy; try again"));
}

enum taxii_next
answer_unwritten(struct taxii_call *call, enum rc code)
{
	if (code != RC_IO)
		return answer_failure(call, code);
	answer_header(call, "Retry-After", "60");
	return answer_error(
		call, 503, SPAN("this server cannot store it now; send it again later"));
}

/* ---- who asks ---- */

/* The password is computed beside us: sleep, but not for ever. */
static enum taxii_next
await_login(struct taxii_server *s, struct taxii_call *call)
{
	int64_t now = clock_monotonic();
	if (!call->login_until)
		call->login_until = now + (int64_t)s->config.write_seconds * SECOND;
	if (now >= call->login_until)
		return answer_failure(call, RC_AGAIN);
	call->wait_until = call->login_until;
	return TAXII_WAIT;
}

static enum taxii_next
answer_unknown(struct taxii_server *s, struct taxii_call *call, enum rc code, int64_t wait)
{
	char text[24];
	if (code == RC_AGAIN && call->login_wait)
		return await_login(s, call);
	if (code == RC_AGAIN) {
		snprintf(text, sizeof text, "%lld", (long long)(wait / SECOND + 1));
		answer_header(call, "Retry-After", text);
		return answer_error(
			call, 429, SPAN("too many logins at once, or that failed; wait"));
	}
	if (code != RC_DENIED)
		return answer_failure(call, code);
	if (!mutant(90))
		challenge(call);
	return answer_error(call, 401, (struct span){});
}

/* An Authorization field counts before a certificate; a malformed one is nobody's. */
static enum rc
identify(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call, int64_t *wait)
{
	struct login_ask ask = {.from = call->request.address,
		.now = clock_now(s->config.clock),
		.waker = call->request.exchange,
		.wait = &call->login_wait};
	if (call->request.authorization.ptr) {
		if (credential_parse(call->request.authorization, &call->mem, &ask.credential))
			return RC_DENIED;
	} else if (call->request.certificate.len) {
		ask.credential = (struct credential){
			.kind = CREDENTIAL_CERT, .secret = call->request.certificate};
	}
	if (ask.credential.kind == CREDENTIAL_NONE)
		return RC_DENIED;
	return login_check(s->config.login, r->store, &ask, &call->mem, &call->user, wait);
}

struct span
call_owner(struct taxii_call *call)
{
	return arena_printf(&call->mem, "%.*s#%lld", (int)call->user.name.len, call->user.name.ptr,
		(long long)call->user.number);
}

/* ---- what he may ---- */

static enum rc
rights_of(struct taxii_reader *r, const struct taxii_call *call, const struct vault_collection *c,
	unsigned *out, struct diag *why)
{
	enum grant grant = GRANT_NONE;
	char id[UUID_TEXT];
	uuid_text(&c->id, id);
	*out = 0;
	enum rc code = grant_get(r->store, span_of(id), call->user.name, &grant, why);
	if (code)
		return code == RC_NONE ? RC_OK : code;
	if (grant & GRANT_READ && !c->never_leaves && role_may(call->user.roles, ACT_READ))
		*out |= ENCODE_READ;
	if (grant & GRANT_WRITE && role_may(call->user.roles, ACT_WRITE))
		*out |= ENCODE_WRITE;
	return RC_OK;
}

enum rc
call_pass(struct taxii_server *s, struct taxii_call *call, const struct vault_collection *c,
	struct diag *why)
{
	if (call->pass)
		return RC_OK;
	char id[UUID_TEXT];
	uuid_text(&c->id, id);
	const struct release_ask ask = {
		.to = {READER_USER, call->user.name},
		.from = {.id = span_of(id), .alias = c->alias, .never_leaves = c->never_leaves},
		.action = GATE_SEND,
		.now = clock_now(s->config.clock),
	};
	return s->config.ops.pass(s->config.ops.ctx, call, &ask, &call->pass, why);
}

enum taxii_next
await_pass(struct taxii_server *s, struct taxii_call *call)
{
	int64_t now = clock_monotonic();
	if (!call->pass_until)
		call->pass_until = now + (int64_t)s->config.write_seconds * SECOND;
	if (now >= call->pass_until)
		return answer_failure(call, RC_AGAIN);
	call->wait_until = call->pass_until;
	return TAXII_WAIT;
}

/* ---- routes without objects ---- */

static enum taxii_next
serve_collections(struct taxii_reader *r, struct taxii_call *call)
{
	struct diag why = {};
	struct vault_collection c;
	struct encode_list list;
	uint32_t number = 0;
	enum rc code;
	encode_list_begin(&list, &call->body, "collections");
	while ((code = vault_collection_next(r->vault, &number, &c, &why)) == RC_OK) {
		unsigned rights;
		code = rights_of(r, call, &c, &rights, &why);
		if (code)
			return answer_failure(call, code);
		if (!rights)
			continue;
		encode_list_next(&list);
		encode_collection(&call->body, &c, rights);
	}
	if (code != RC_NONE)
		return answer_failure(call, code);
	encode_list_end(&list, false, (struct span){});
	return answer_ok(call, 200);
}

/* Which rights a request needs, and what is answered to those who have only the other
 * (section 5.4-5.8). */
static enum taxii_next
serve_in_collection(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call)
{
	struct diag why = {};
	struct vault_collection c = {};
	unsigned rights = 0;
	bool post = span_eq(call->request.method, SPAN("POST"));
	bool erase = span_eq(call->request.method, SPAN("DELETE"));
	unsigned needed = post ? ENCODE_WRITE : erase ? ENCODE_READ | ENCODE_WRITE : ENCODE_READ;
	enum rc code = vault_collection_find(r->vault, call->route.collection, &c, &why);
	if (code && code != RC_NONE)
		return answer_failure(call, code);
	bool there = code == RC_OK;
	code = rights_of(
		r, call, &c, &rights, &why); /* also of none: what is not there costs the same */
	if (code)
		return answer_failure(call, code);
	if (mutant(110) && there && !rights)
		return answer_error(call, 404, SPAN("the collection is not yours"));
	if (!there || !rights)
		return answer_absent(call);
	if (call->route.kind == ROUTE_COLLECTION) {
		encode_collection(&call->body, &c, rights);
		return answer_ok(call, 200);
	}
	if (mutant(101) && erase && rights != needed)
		return answer_absent(call);
	if ((rights & needed) != needed && !mutant(100))
		return answer_error(call, 403, (struct span){});
	if (post)
		return serve_post(s, r, call, &c);
	return erase ? serve_delete(s, r, call, &c) : serve_pages(s, r, call, &c);
}

static bool
method_served(enum route_kind kind, struct span method)
{
	struct span rest = route_methods(kind), one;
	while (span_cut(&rest, ',', &one))
		if (span_eq(span_trim(one), method))
			return true;
	return false;
}

static enum taxii_next
serve_route(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call)
{
	struct diag why = {};
	enum route_kind kind = call->route.kind;
	bool erase = span_eq(call->request.method, SPAN("DELETE"));
	if (!media_accepts(call->request.accept))
		return answer_error(call, 406, SPAN("only " TAXII_MEDIA " is spoken here"));
	if (kind == ROUTE_NONE)
		return answer_absent(call);
	if (!method_served(kind, call->request.method)) {
		answer_header(call, "Allow", route_methods(kind).ptr);
		return answer_error(call, 405, (struct span){});
	}
	if (query_parse(call->request.query, erase ? route_delete_fields() : route_fields(kind),
		    &call->mem, &call->query, &why))
		return answer_diag(call, 400, &why);
	switch (kind) {
	case ROUTE_DISCOVERY: encode_discovery(&call->body, &s->about); return answer_ok(call, 200);
	case ROUTE_ROOT: encode_root(&call->body, &s->about); return answer_ok(call, 200);
	case ROUTE_STATUS: return serve_status(s, r, call);
	case ROUTE_COLLECTIONS: return serve_collections(r, call);
	default: return serve_in_collection(s, r, call);
	}
}

/* A held answer sleeps on while nothing was committed since and its time is not over. */
static bool
still_holding(struct taxii_reader *r, struct taxii_call *call)
{
	int64_t last;
	if (!call->hold_until || clock_monotonic() >= call->hold_until)
		return false;
	return vault_last(r->vault, &last, NULL) == RC_OK && last == call->seen;
}

enum taxii_next
taxii_handle(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call)
{
	int64_t wait = 0;
	if (call->hold_until && still_holding(r, call)) {
		call->wait_until = call->hold_until;
		return TAXII_WAIT;
	}
	/*
	 * Everything is judged anew each time, who asks first of all: a user removed while his
	 * answer was held gets none. Only a write that was handed over goes on where it was.
	 */
	if (!call->writing) {
		arena_reset(&call->mem);
		pass_free(&call->pass);
		call->pass = NULL;
	}
	buf_reset(&call->body);
	call->headers = 0;
	if (call->writing)
		return serve_route(s, r, call);
	call->route = route_parse(call->request.path, s->config.root, &call->mem);
	enum rc code = identify(s, r, call, &wait);
	if (code && !mutant(91))
		return answer_unknown(s, call, code, wait);
	return serve_route(s, r, call);
}
