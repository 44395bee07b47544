#include "feed/misp_pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "feed/misp.h"

enum { OVERLAP = 3600, BODY = 64 << 20, TRIES = 4, INDEX_MOST = 1000000 };

/* "tag:osint+!tag:test" -> one term a call. */
static bool
next_term(struct span *rest, struct span *term)
{
	while (rest->ptr && span_cut(rest, '+', term)) {
		*term = span_trim(*term);
		if (term->len)
			return true;
	}
	return false;
}

static bool
cut_prefix(struct span term, struct span prefix, struct span *value)
{
	if (!span_starts(term, prefix) || term.len == prefix.len)
		return false;
	*value = span_sub(term, prefix.len, SIZE_MAX);
	return true;
}

enum rc
misp_remote_check(struct span remote, bool push, struct diag *why)
{
	struct span rest = remote, term, value;
	uint64_t number;
	size_t count = 0;
	while (next_term(&rest, &term)) {
		count++;
		if (span_eq(term, SPAN("events")))
			continue;
		if (push &&
			(span_eq(term, SPAN("publish")) || cut_prefix(term, SPAN("tag:"), &value)))
			continue;
		if (!push && (span_eq(term, SPAN("unpublished")) ||
				     cut_prefix(term, SPAN("tag:"), &value) ||
				     cut_prefix(term, SPAN("!tag:"), &value) ||
				     cut_prefix(term, SPAN("org:"), &value)))
			continue;
		if (!push && cut_prefix(term, SPAN("threat:"), &value) &&
			span_to_u64(value, &number))
			continue;
		count = 0;
		break;
	}
	if (count)
		return RC_OK;
	diag_where(why, "%.*s", (int)(remote.len < 100 ? remote.len : 100), remote.ptr);
	diag_todo(why, push ? "\"events\", \"events+publish\", \"events+tag:NAME\""
			    : "\"events\", or terms joined by \"+\": tag:NAME, !tag:NAME, "
			      "org:NAME, threat:1..4, unpublished");
	return diag_fail(why, RC_BAD, "no events of a MISP server");
}

void
misp_pull_init(struct misp_pull *p, const struct misp_pull_config *config,
	const struct misp_pull_cursor *stored)
{
	*p = (struct misp_pull){.config = *config, .full = true, .page = 1};
	if (stored)
		p->cursor = *stored;
	p->next = p->cursor;
	if (!p->config.page)
		p->config.page = MISP_PULL_PAGE;
	if (!p->config.body_limit)
		p->config.body_limit = BODY;
	while (p->config.url.len && p->config.url.ptr[p->config.url.len - 1] == '/')
		p->config.url.len--;
}

void
misp_pull_fini(struct misp_pull *p)
{
	free(p->entries.at);
	buf_fini(&p->url);
	buf_fini(&p->body);
	*p = (struct misp_pull){};
}

static void
add_list(struct buf *to, const char *key, struct span remote, struct span prefix, const char *mark)
{
	struct span rest = remote, term, value;
	size_t count = 0;
	while (next_term(&rest, &term)) {
		if (!cut_prefix(term, prefix, &value))
			continue;
		own_buf struct buf text = {};
		buf_printf(&text, "%s%.*s", mark, (int)value.len, value.ptr);
		if (count++)
			buf_add_byte(to, ',');
		else
			buf_printf(to, ",\"%s\":[", key);
		json_write_string(to, buf_span(&text));
	}
	if (count)
		buf_add_byte(to, ']');
}

static bool
has_term(struct span remote, struct span wanted)
{
	struct span rest = remote, term;
	while (next_term(&rest, &term))
		if (span_eq(term, wanted))
			return true;
	return false;
}

static void
add_one(struct buf *to, const char *key, struct span remote, struct span prefix)
{
	struct span rest = remote, term, value;
	while (next_term(&rest, &term))
		if (cut_prefix(term, prefix, &value)) {
			buf_printf(to, ",\"%s\":", key);
			json_write_string(to, value);
			return;
		}
}

static void
index_body(struct misp_pull *p)
{
	struct buf *to = &p->body;
	struct span remote = p->config.remote;
	buf_printf(to,
		"{\"minimal\":true,\"sort\":\"id\",\"direction\":\"asc\",\"limit\":%llu,"
		"\"page\":%llu",
		(unsigned long long)p->config.page, (unsigned long long)p->page);
	if (!has_term(remote, SPAN("unpublished")))
		buf_add(to, SPAN(",\"published\":1"));
	if (!p->full && p->cursor.changed > OVERLAP)
		buf_printf(to, ",\"timestamp\":\"%lld\"", (long long)p->cursor.changed - OVERLAP);
	/* "tags" takes those to have and, with "!", those not to have. */
	own_buf struct buf have = {}, not = {};
	add_list(&have, "tags", remote, SPAN("tag:"), "");
	add_list(&not, "tags", remote, SPAN("!tag:"), "!");
	if (have.len && not .len) {
		buf_add(to, span_sub(buf_span(&have), 0, have.len - 1));
		buf_add_byte(to, ',');
		buf_add(to, span_sub(buf_span(&not ), strlen(",\"tags\":["), SIZE_MAX));
	} else {
		buf_add(to, buf_span(have.len ? &have : &not ));
	}
	add_one(to, "org", remote, SPAN("org:"));
	add_one(to, "threatlevel", remote, SPAN("threat:"));
	buf_add_byte(to, '}');
}

/* The next event that is wanted; false: none on this page. */
static bool
seek(struct misp_pull *p)
{
	while (p->at < p->entries.len && !p->entries.at[p->at].wanted)
		p->at++;
	return p->at < p->entries.len;
}

void
misp_pull_ask(struct misp_pull *p, struct ask *out)
{
	buf_reset(&p->url);
	buf_reset(&p->body);
	*out = (struct ask){.method = SPAN("POST"),
		.accept = SPAN("application/json"),
		.content_type = SPAN("application/json"),
		.body_limit = p->config.body_limit,
		.seconds = 300};
	buf_add(&p->url, p->config.url);
	switch (p->phase) {
	case MISP_VERSION:
		buf_add(&p->url, SPAN("/servers/getVersion"));
		out->method = SPAN("GET");
		out->content_type = (struct span){};
		out->body_limit = 1 << 20;
		break;
	case MISP_INDEX:
		buf_add(&p->url, SPAN("/events/index"));
		index_body(p);
		break;
	case MISP_EVENTS:
		buf_printf(&p->url, "/events/view/%s", p->entries.at[p->at].uuid);
		buf_add(&p->body, SPAN("{\"deleted\":[0,1]}"));
		break;
	}
	out->url = buf_span(&p->url);
	out->body = buf_span(&p->body);
}

void
misp_describe(const struct reply *r, struct diag *why)
{
	own_json yyjson_doc *doc = NULL;
	char text[200] = "";
	static const struct json_limits limits = {
		.bytes = 1 << 20, .any_keys = true, .any_ints = true};
	if (r->code) {
		if (!why->what[0])
			diag_what(why, "the request failed: %s", rc_word(r->code));
		return;
	}
	if (!json_read(r->body, &limits, &doc, NULL)) {
		yyjson_val *root = yyjson_doc_get_root(doc);
		struct span message = json_get_span(root, "errors");
		if (!message.len)
			message = json_get_span(root, "message");
		if (!message.len)
			message = json_get_span(root, "name");
		span_copy(message, text, sizeof text);
		for (char *c = text; *c; c++)
			if ((unsigned char)*c < 0x20 || *c == 0x7f)
				*c = ' ';
	}
	diag_what(why, "the server answered %u%s%s", r->status, text[0] ? ": " : "", text);
	if (r->status == 401 || r->status == 403)
		diag_todo(why, "is the key right, and may its user do this?");
}

static enum misp_pull_step
fault(struct misp_pull *p, const struct reply *r, struct misp_pull_turn *turn, enum rc code)
{
	turn->code = code;
	turn->sleep = backoff_next(&p->backoff, r->retry_after, &p->config.chance);
	/* A refusal is not lifted by asking often. */
	if (code == RC_DENIED && turn->sleep < p->config.every)
		turn->sleep = p->config.every;
	return MISP_PULL_FAULT;
}

static enum misp_pull_step
refused(struct misp_pull *p, const struct reply *r, struct misp_pull_turn *turn, struct diag *why)
{
	misp_describe(r, why);
	return fault(p, r, turn,
		r->code				       ? r->code
		: r->status == 401 || r->status == 403 ? RC_DENIED
						       : RC_AGAIN);
}

static enum misp_pull_step
swept(struct misp_pull *p, struct misp_pull_turn *turn)
{
	p->cursor = p->next;
	p->phase = MISP_INDEX;
	p->page = 1;
	p->full = ++p->sweeps % MISP_PULL_FULL == 0;
	p->entries.len = p->at = 0;
	turn->cursor = p->cursor;
	turn->sleep = p->config.every;
	return MISP_PULL_SWEPT;
}

enum misp_pull_step
misp_pull_next(struct misp_pull *p, struct misp_pull_turn *turn)
{
	if (seek(p))
		return MISP_PULL_ASK;
	if (p->last)
		return swept(p, turn);
	p->page++;
	p->phase = MISP_INDEX;
	return MISP_PULL_ASK;
}

static void
add_entry(struct misp_pull *p, yyjson_val *val)
{
	yyjson_val *inner = json_get(val, "Event");
	if (yyjson_is_obj(inner))
		val = inner;
	struct misp_entry e = {.timestamp = misp_number(val, "timestamp", 0),
		.sighted = misp_number(val, "sighting_timestamp", 0),
		.wanted = true};
	struct uuid u;
	if (uuid_parse(json_get_span(val, "uuid"), &u))
		return; /* an event without a name cannot be asked for */
	uuid_text(&u, e.uuid);
	if (!misp_uuid(val, "orgc_uuid", e.org) && !misp_uuid(json_get(val, "Orgc"), "uuid", e.org))
		e.org[0] = 0;
	e.sightings = e.sighted > p->cursor.sighted;
	if (e.timestamp > p->next.changed)
		p->next.changed = e.timestamp;
	if (e.sighted > p->next.sighted)
		p->next.sighted = e.sighted;
	*vec_add(&p->entries) = e;
}

static enum misp_pull_step
take_index(
	struct misp_pull *p, const struct reply *r, struct misp_pull_turn *turn, struct diag *why)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true, .depth = 32};
	own_json yyjson_doc *doc = NULL;
	if (json_read(r->body, &limits, &doc, why)) {
		diag_what(why, "the index of events is no JSON");
		diag_todo(why, "is this the address of a MISP server?");
		return fault(p, r, turn, RC_BAD);
	}
	yyjson_val *root = yyjson_doc_get_root(doc), *one;
	if (yyjson_is_arr(json_get(root, "response")))
		root = json_get(root, "response");
	if (!yyjson_is_arr(root)) {
		diag_what(why, "the index of events is no list");
		return fault(p, r, turn, RC_BAD);
	}
	backoff_reset(&p->backoff);
	p->entries.len = p->at = 0;
	yyjson_arr_iter it = yyjson_arr_iter_with(root);
	while ((one = yyjson_arr_iter_next(&it)) != NULL && p->entries.len < INDEX_MOST)
		add_entry(p, one);
	const char *first = p->entries.len ? p->entries.at[0].uuid : "";
	/* A server that takes no limit sends all of it at once, one that takes no page always the same. */
	bool again = p->page > 1 && strcmp(first, p->first) == 0;
	if (again)
		p->entries.len = 0;
	p->last = again || yyjson_arr_size(root) == 0 || yyjson_arr_size(root) > p->config.page;
	memcpy(p->first, first, strlen(first) + 1);
	p->phase = MISP_EVENTS;
	turn->entries = p->entries.at;
	turn->count = p->entries.len;
	return MISP_PULL_LIST;
}

/* One event is done, whatever became of it. */
static void
event_done(struct misp_pull *p)
{
	p->at++;
	p->tries = 0;
	backoff_reset(&p->backoff);
}

static enum misp_pull_step
left(struct misp_pull *p, struct diag *why)
{
	diag_where(why, "event %s", p->entries.at[p->at].uuid);
	event_done(p);
	return MISP_PULL_LEFT;
}

static enum misp_pull_step
take_event(
	struct misp_pull *p, const struct reply *r, struct misp_pull_turn *turn, struct diag *why)
{
	if (r->code == RC_LIMIT) {
		diag_what(why, "larger than %zu bytes", p->config.body_limit);
		return left(p, why);
	}
	if (!r->code && r->status == 404) { /* deleted since, or no longer for us */
		diag_what(why, "listed, and not there");
		return left(p, why);
	}
	if (r->code || r->status != 200) {
		/* One event that breaks the server must not hide the others. */
		if (!r->code && r->status >= 500 && ++p->tries == TRIES) {
			misp_describe(r, why);
			return left(p, why);
		}
		return refused(p, r, turn, why);
	}
	struct span text = span_trim(r->body);
	if (text.len == 0 || text.ptr[0] != '{') {
		diag_what(why, "an event that is no JSON object");
		if (++p->tries == TRIES)
			return left(p, why);
		return fault(p, r, turn, RC_BAD);
	}
	turn->event = text;
	turn->entry = &p->entries.at[p->at];
	event_done(p);
	return MISP_PULL_EVENT;
}

enum misp_pull_step
misp_pull_take(
	struct misp_pull *p, const struct reply *r, struct misp_pull_turn *turn, struct diag *why)
{
	*turn = (struct misp_pull_turn){};
	if (p->phase == MISP_EVENTS)
		return take_event(p, r, turn, why);
	if (r->code || r->status != 200)
		return refused(p, r, turn, why);
	if (p->phase == MISP_INDEX)
		return take_index(p, r, turn, why);
	own_json yyjson_doc *doc = NULL;
	if (json_read(r->body, NULL, &doc, why) ||
		!json_get_span(yyjson_doc_get_root(doc), "version").len) {
		diag_what(why, "no MISP server answers there");
		diag_todo(why, "give the address its users open, without a path of the API");
		return fault(p, r, turn, RC_BAD);
	}
	backoff_reset(&p->backoff);
	p->phase = MISP_INDEX;
	return MISP_PULL_ASK;
}
