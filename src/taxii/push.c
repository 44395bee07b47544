#include "taxii/push.h"

#include <string.h>

#include "codec/json.h"
#include "taxii/media.h"

enum { STATUS_BYTES = 16 << 20, ENVELOPE_OVERHEAD = 14 };
static const int64_t first_look = SECOND / 5, slowest_look = 5 * SECOND;

void
push_fini(struct push *p)
{
	buf_fini(&p->body);
	buf_fini(&p->url);
	arena_fini(&p->mem);
}

size_t
push_left(const struct push *p)
{
	size_t left = 0;
	for (size_t i = 0; i < p->count; i++)
		left += p->items[i].fate == PUSH_WAITING;
	return left;
}

/* An object that alone is larger than a body may be fails here, so that the others go. */
static void
fail_large(struct push *p)
{
	while (p->first < p->count) {
		struct push_item *item = &p->items[p->first];
		if (item->fate == PUSH_WAITING && item->text.len + ENVELOPE_OVERHEAD > p->room) {
			item->fate = PUSH_FAILED;
			item->message = SPAN("larger than the server takes");
		}
		if (item->fate == PUSH_WAITING)
			return;
		p->first++;
	}
}

void
push_init(struct push *p, const struct push_config *config, struct push_item *items, size_t count)
{
	*p = (struct push){
		.config = *config, .items = items, .count = count, .backoff = config->backoff};
	p->batch = config->batch ? config->batch : 1000;
	p->room = config->max_content ? config->max_content : 10 << 20;
	if (p->config.patience == 0)
		p->config.patience = 600 * SECOND;
	fail_large(p);
}

static void
build(struct push *p)
{
	buf_reset(&p->body);
	buf_add(&p->body, SPAN("{\"objects\":["));
	p->len = 0;
	for (size_t i = p->first; i < p->count && p->len < p->batch; i++) {
		const struct push_item *item = &p->items[i];
		if (item->fate != PUSH_WAITING ||
			(p->len && p->body.len + item->text.len + 3 > p->room))
			break;
		if (p->len++)
			buf_add_byte(&p->body, ',');
		buf_add(&p->body, item->text);
	}
	buf_add(&p->body, SPAN("]}"));
}

void
push_ask(struct push *p, struct ask *out)
{
	*out = (struct ask){.method = SPAN("GET"),
		.accept = SPAN(TAXII_MEDIA),
		.body_limit = STATUS_BYTES,
		.seconds = 300};
	buf_reset(&p->url);
	if (p->status.len) {
		buf_add(&p->url, p->config.root_url);
		buf_add(&p->url, SPAN("status/"));
		buf_add(&p->url, p->status);
		buf_add_byte(&p->url, '/');
		out->url = buf_span(&p->url);
		return;
	}
	fail_large(p);
	build(p);
	out->method = SPAN("POST");
	out->url = p->config.objects_url;
	out->content_type = SPAN(TAXII_MEDIA);
	out->body = buf_span(&p->body);
}

static bool
same_version(struct span a, struct span b)
{
	int64_t x, y;
	return a.len == 0 || b.len == 0 || span_eq(a, b) ||
	       (!time_parse(a, &x, NULL) && !time_parse(b, &y, NULL) && x == y);
}

static bool
is_failure(struct push *p, const struct push_item *item, yyjson_val *failures, struct span *message)
{
	size_t at, max;
	yyjson_val *one;
	yyjson_arr_foreach(failures, at, max, one)
	{
		struct span id = json_get_span(one, "id"), version = json_get_span(one, "version");
		if (span_eq(yyjson_is_str(one) ? json_span(one) : id, item->id) &&
			same_version(version, item->version)) {
			struct span text = json_get_span(one, "message");
			*message = arena_dup(&p->mem, span_sub(text, 0, 500));
			return true;
		}
	}
	return false;
}

static bool
is_listed(const struct push_item *item, yyjson_val *list)
{
	size_t at, max;
	yyjson_val *one;
	yyjson_arr_foreach(list, at, max,
		one) if (span_eq(yyjson_is_str(one) ? json_span(one) : json_get_span(one, "id"),
				 item->id) &&
			 same_version(json_get_span(one, "version"), item->version)) return true;
	return false;
}

/*
 * What a complete status says of each item. Lists are optional (TAXII 2.1 section 4.3): without the
 * list of failures the counts alone tell whether everything was taken.
 */
static void
settle(struct push *p, const yyjson_val *root)
{
	yyjson_val *failures = json_get(root, "failures"), *successes = json_get(root, "successes");
	uint64_t failed = yyjson_get_uint(json_get(root, "failure_count"));
	bool told = failed == 0 || yyjson_arr_size(failures) >= failed;
	for (size_t i = p->first; i < p->first + p->len; i++) {
		struct push_item *item = &p->items[i];
		if (is_failure(p, item, failures, &item->message))
			item->fate = PUSH_FAILED;
		else
			item->fate = told || is_listed(item, successes) ? PUSH_TAKEN : PUSH_UNKNOWN;
	}
}

static enum push_step
finish(struct push *p, struct push_turn *turn)
{
	size_t most = p->config.batch ? p->config.batch : 1000;
	p->batch = p->batch * 2 < most ? p->batch * 2 : most;
	p->first += p->len;
	p->len = 0;
	p->status = (struct span){};
	p->followed = 0;
	turn->sleep = 0;
	fail_large(p);
	return p->first == p->count ? PUSH_DONE : PUSH_ASK;
}

static enum push_step
give_up(struct push *p, struct push_turn *turn)
{
	for (size_t i = p->first; i < p->first + p->len; i++)
		p->items[i].fate = PUSH_UNKNOWN;
	return finish(p, turn);
}

static bool
is_path_word(struct span id)
{
	for (size_t i = 0; i < id.len; i++)
		if ((unsigned char)id.ptr[i] <= ' ' || (unsigned char)id.ptr[i] > 126 ||
			strchr("/?#%", id.ptr[i]))
			return false;
	return id.len > 0 && id.len <= 200;
}

static enum push_step
take_status(struct push *p, const struct reply *r, struct push_turn *turn)
{
	own_json yyjson_doc *doc = NULL;
	static const struct json_limits limits = {
		.bytes = STATUS_BYTES, .depth = 16, .any_keys = true, .any_ints = true};
	const yyjson_val *root = NULL;
	if (!json_read(r->body, &limits, &doc, NULL))
		root = yyjson_doc_get_root(doc);
	backoff_reset(&p->backoff);
	if (span_eq(json_get_span(root, "status"), SPAN("complete"))) {
		settle(p, root);
		return finish(p, turn);
	}
	struct span id = json_get_span(root, "id");
	if (p->status.len == 0 && !is_path_word(id))
		return give_up(p, turn);
	if (p->status.len == 0)
		p->status = arena_dup(&p->mem, id);
	if (p->followed >= p->config.patience)
		return give_up(p, turn);
	int64_t look = p->followed < first_look ? first_look : p->followed / 2;
	turn->sleep = look < slowest_look ? look : slowest_look;
	p->followed += turn->sleep + r->elapsed;
	return PUSH_ASK;
}

/* A whole envelope was refused: halve it until the object that is to blame stands alone. */
static enum push_step
split(struct push *p, const struct reply *r, struct push_turn *turn)
{
	turn->sleep = 0;
	if (p->len > 1) {
		p->batch = p->len / 2;
		return PUSH_ASK;
	}
	struct diag why = {};
	reply_describe(r, &why);
	p->items[p->first].fate = PUSH_FAILED;
	p->items[p->first].message = arena_dup(&p->mem, span_of(why.what));
	return finish(p, turn);
}

enum push_step
push_take(struct push *p, const struct reply *r, struct push_turn *turn, struct diag *why)
{
	*turn = (struct push_turn){};
	if (p->len == 0)
		return finish(p, turn);
	if (!r->code && r->status >= 200 && r->status < 300)
		return take_status(p, r, turn);
	bool posting = p->status.len == 0;
	if (posting && !r->code && (r->status == 413 || r->status == 400 || r->status == 422))
		return split(p, r, turn);
	if (!posting && !r->code && (r->status == 404 || r->status == 410))
		return give_up(p, turn);
	reply_describe(r, why);
	bool passing = reply_is_passing(r);
	if (!passing)
		backoff_late(&p->backoff); /* a person has to act */
	turn->code = passing				    ? RC_AGAIN
		     : r->code				    ? r->code
		     : r->status == 401 || r->status == 403 ? RC_DENIED
		     : r->status == 404			    ? RC_NONE
							    : RC_BAD;
	turn->sleep = backoff_next(&p->backoff, r->retry_after, &p->config.chance);
	p->followed += posting ? 0 : turn->sleep;
	return PUSH_FAULT;
}
