#include "feed/misp_push.h"

#include <string.h>

#include "codec/json.h"
#include "feed/misp_pull.h"

enum { TRIES = 4 };

void
misp_push_init(struct misp_push *p, const struct misp_push_config *config,
	struct misp_push_item *items, size_t count)
{
	*p = (struct misp_push){.config = *config, .items = items, .count = count};
	while (p->config.url.len && p->config.url.ptr[p->config.url.len - 1] == '/')
		p->config.url.len--;
}

void
misp_push_fini(struct misp_push *p)
{
	buf_fini(&p->url);
	buf_fini(&p->body);
	arena_fini(&p->mem);
	*p = (struct misp_push){};
}

static bool
wants_publishing(const struct misp_push *p)
{
	struct span rest = p->config.remote, term;
	while (rest.ptr && span_cut(&rest, '+', &term))
		if (span_eq(span_trim(term), SPAN("publish")))
			return true;
	return false;
}

void
misp_push_ask(struct misp_push *p, struct ask *out)
{
	const struct misp_push_item *item = &p->items[p->at];
	buf_reset(&p->url);
	*out = (struct ask){.method = SPAN("POST"),
		.accept = SPAN("application/json"),
		.content_type = SPAN("application/json"),
		.body = item->text,
		.body_limit = 64 << 20,
		.seconds = 600};
	buf_add(&p->url, p->config.url);
	if (item->sighting) {
		buf_printf(&p->url, "/sightings/add/%s", item->uuid);
	} else if (p->phase == MISP_ADD) {
		buf_add(&p->url, SPAN("/events/add"));
	} else if (p->phase == MISP_EDIT) {
		buf_printf(&p->url, "/events/edit/%s", item->uuid);
	} else {
		buf_printf(&p->url, "/events/publish/%s", item->uuid);
		out->body = SPAN("{}");
	}
	out->url = buf_span(&p->url);
}

static enum misp_push_step
fault(struct misp_push *p, const struct reply *r, struct misp_push_turn *turn, enum rc code)
{
	turn->code = code;
	turn->sleep = backoff_next(&p->backoff, r->retry_after, &p->config.chance);
	return MISP_PUSH_FAULT;
}

/* The item under way has its fate. */
static enum misp_push_step
done(struct misp_push *p, enum misp_fate fate, struct span message)
{
	p->items[p->at].fate = fate;
	p->items[p->at].message = arena_dup(&p->mem, message);
	p->phase = MISP_ADD;
	p->tries = 0;
	backoff_reset(&p->backoff);
	return ++p->at == p->count ? MISP_PUSH_DONE : MISP_PUSH_ASK;
}

static enum misp_push_step
accepted(struct misp_push *p)
{
	if (p->phase != MISP_PUBLISH && !p->items[p->at].sighting && wants_publishing(p)) {
		p->phase = MISP_PUBLISH;
		return MISP_PUSH_ASK;
	}
	return done(p, MISP_TAKEN, (struct span){});
}

static bool
says(const struct reply *r, const char *words)
{
	return span_find(r->body, span_of(words)) != SIZE_MAX;
}

/* A success must look like one: proxies and log-in pages answer 200 too. */
static enum misp_push_step
take_success(
	struct misp_push *p, const struct reply *r, struct misp_push_turn *turn, struct diag *why)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true};
	own_json yyjson_doc *doc = NULL;
	if (json_read(r->body, &limits, &doc, NULL)) {
		diag_what(why, "the server's answer is no JSON");
		diag_todo(why, "is this the address of a MISP server?");
		return fault(p, r, turn, RC_BAD);
	}
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct span message = json_get_span(root, "message");
	if (p->items[p->at].sighting) {
		if (json_get(root, "Sighting") || json_get(root, "date_sighting"))
			return accepted(p);
		return done(p, MISP_FAILED, message.len ? message : SPAN("no sighting came back"));
	}
	if (p->phase == MISP_PUBLISH)
		return done(p, MISP_TAKEN, (struct span){});
	if (!json_get(root, "Event"))
		return done(p, MISP_FAILED, message.len ? message : SPAN("no event came back"));
	return accepted(p);
}

enum misp_push_step
misp_push_take(
	struct misp_push *p, const struct reply *r, struct misp_push_turn *turn, struct diag *why)
{
	struct diag refusal = {};
	*turn = (struct misp_push_turn){};
	if (!r->code && r->status == 200)
		return take_success(p, r, turn, why);
	/* MISP answers 404, with or without a redirection, where the event is there. */
	bool there = says(r, "already exists") || (r->status == 302 && r->location.len);
	if (!r->code && !p->items[p->at].sighting && p->phase == MISP_ADD && there &&
		r->status < 500) {
		p->phase = MISP_EDIT;
		return MISP_PUSH_ASK;
	}
	if (!r->code && p->phase == MISP_EDIT && says(r, "not newer than the local copy"))
		return done(p, MISP_CURRENT, (struct span){});
	bool key = !r->code &&
		   (r->status == 401 || (r->status == 403 && says(r, "Authentication failed")));
	bool passing =
		reply_is_passing(r) && !(!r->code && r->status == 500 && ++p->tries >= TRIES);
	if (r->code || key || passing) {
		misp_describe(r, why);
		return fault(p, r, turn, key ? RC_DENIED : r->code ? r->code : RC_AGAIN);
	}
	/* A published state that could not be had costs the event nothing. */
	misp_describe(r, &refusal);
	return done(p, MISP_FAILED, span_of(refusal.what));
}
