#include "taxii/pull.h"

#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "codec/json.h"
#include "taxii/media.h"

enum { GROW_AFTER = 16, REST_BYTES = 256 * 1024 };

void
pull_init(struct pull *p, const struct pull_config *config, const struct pull_cursor *stored)
{
	*p = (struct pull){.config = *config, .backoff = config->backoff};
	if (stored)
		p->cursor = *stored;
	if (p->config.limit == 0)
		p->config.limit = PULL_LIMIT;
	if (p->config.body_limit == 0)
		p->config.body_limit = 64 << 20;
	p->limit = p->config.limit;
	p->power = 1;
	p->more = true; /* the first ask never waits */
}

void
pull_fini(struct pull *p)
{
	buf_fini(&p->url);
	arena_fini(&p->page);
}

static void
add_encoded(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			memchr("-._~:", c, 5))
			buf_add_byte(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void
add_parameter(struct buf *url, char *separator, const char *name, struct span value)
{
	buf_add_byte(url, *separator);
	*separator = '&';
	buf_add(url, span_of(name));
	buf_add_byte(url, '=');
	add_encoded(url, value);
}

void
pull_ask(struct pull *p, struct ask *out)
{
	char separator = '?';
	buf_reset(&p->url);
	buf_add(&p->url, p->config.url);
	if (p->config.filters.len) {
		buf_add_byte(&p->url, separator);
		buf_add(&p->url, p->config.filters);
		separator = '&';
	}
	/* TAXII 2.1 section 3.2: next goes with the same filters, added_after among them. */
	if (p->cursor.added_after[0] && !(mutant(320) && p->cursor.next[0]))
		add_parameter(&p->url, &separator, "added_after", span_of(p->cursor.added_after));
	if (!p->unlimited) {
		buf_printf(&p->url, "%climit=%llu", separator, (unsigned long long)p->limit);
		separator = '&';
	}
	if (p->cursor.next[0])
		add_parameter(&p->url, &separator, "next", span_of(p->cursor.next));
	uint64_t wait = p->more ? 0 : p->config.wait;
	*out = (struct ask){
		.method = SPAN("GET"),
		.url = buf_span(&p->url),
		.accept = ask_accepts[p->accept],
		.wait = wait,
		.body_limit = p->config.body_limit,
		.seconds = 300 + (unsigned)wait,
	};
}

enum rc
page_read(struct span body, struct arena *mem, struct page *out, struct diag *why)
{
	struct json_slice it;
	struct span element, rest = body, array = {};
	struct page page = {};
	json_slice_init(&it, body);
	enum rc code = json_slice_member(&it, SPAN("objects"), why);
	if (code && code != RC_NONE)
		return diag_fail(why, RC_BAD, "no envelope");
	if (!code) {
		size_t start = it.at - 1;
		while ((code = json_slice_next(&it, &element, why)) == RC_OK) {
			if (element.ptr[0] != '{')
				return diag_fail(why, RC_BAD, "an element of objects is no object");
			page.count++;
		}
		if (code != RC_NONE)
			return code;
		array = span_sub(body, start, it.at - start);
		code = json_slice_end(&it, SPAN("objects"), why);
		if (code)
			return code;
		/* The envelope without what lies in the array, small enough to be read as a tree.
		 */
		size_t tail = body.len - start - array.len;
		if (start + tail > REST_BYTES)
			return diag_fail(why, RC_LIMIT, "an envelope of more than objects");
		char *text = arena_bytes(mem, start + tail + 2);
		memcpy(text, body.ptr, start);
		memcpy(text + start, "[]", 2);
		memcpy(text + start + 2, array.ptr + array.len, tail);
		rest = (struct span){text, start + tail + 2};
	}
	own_json yyjson_doc *doc = NULL;
	static const struct json_limits limits = {
		.bytes = REST_BYTES + 2, .depth = 16, .any_ints = true};
	code = json_read(rest, &limits, &doc, why);
	if (code)
		return code;
	const yyjson_val *root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj((yyjson_val *)(uintptr_t)root) || json_get(root, "type"))
		return diag_fail(why, RC_BAD, "no envelope");
	page.more = yyjson_is_true(json_get(root, "more"));
	page.next = arena_dup(mem, json_get_span(root, "next"));
	page.objects = page.count ? array : (struct span){};
	*out = page;
	return RC_OK;
}

static enum pull_step
fault(struct pull *p, struct pull_turn *turn, enum rc code, const struct reply *r)
{
	turn->code = code;
	turn->sleep = backoff_next(&p->backoff, r->retry_after, &p->config.chance);
	return PULL_FAULT;
}

/* Forgets the server's token and goes on by time stamp, which at worst brings objects a second
 * time. */
static void
drop_next(struct pull *p)
{
	p->cursor.next[0] = 0;
	if (stamp_cmp(p->cursor.last, p->cursor.added_after) > 0)
		memcpy(p->cursor.added_after, p->cursor.last, STAMP_TEXT);
	p->steps = 0;
	p->power = 1;
	p->seen = 0;
	p->empties = 0;
}

/* The same again in another way, at once. */
static enum pull_step
ask_again(struct pull_turn *turn)
{
	turn->more = !mutant(335);
	return PULL_QUIET;
}

/* Too large for us or for the server. */
static enum pull_step
shrink(struct pull *p, const struct reply *r, struct pull_turn *turn, struct diag *why)
{
	if (p->limit == 1 || p->unlimited) {
		diag_what(why, "one object alone is larger than a page may be");
		diag_todo(why, "raise the page size this node takes, or leave the object out with "
			       "a filter");
		return fault(p, turn, RC_LIMIT, r);
	}
	p->limit /= 2;
	p->good = 0;
	return ask_again(turn);
}

/* An answer that is no page: what can be tried at once is, the rest is reported and tried again
 * later. */
static enum pull_step
refused(struct pull *p, const struct reply *r, struct pull_turn *turn, struct diag *why)
{
	if (r->code == RC_LIMIT || (!r->code && r->status == 413))
		return shrink(p, r, turn, why);
	bool malformed = !r->code && (r->status == 400 || r->status == 404 || r->status == 410 ||
					     r->status == 422);
	if (malformed && p->cursor.next[0]) {
		drop_next(p);
		return ask_again(turn);
	}
	if (!r->code && r->status == 400 && !p->unlimited) {
		p->unlimited = true;
		return ask_again(turn);
	}
	if (!r->code && r->status == 406 && p->accept + 1 < ASK_ACCEPTS) {
		p->accept++;
		return ask_again(turn);
	}
	p->accept = !r->code && r->status == 406 ? 0 : p->accept;
	reply_describe(r, why);
	if (reply_is_passing(r))
		return fault(p, turn, RC_AGAIN, r);
	backoff_late(&p->backoff); /* a person has to act */
	if (r->code)
		return fault(p, turn, r->code, r);
	if (r->status == 401 || r->status == 403) {
		diag_todo(why, "ask the server's operator for access, or correct user, token or "
			       "certificate");
		return fault(p, turn, RC_DENIED, r);
	}
	return fault(p, turn, r->status == 404 ? RC_NONE : RC_BAD, r);
}

/* True when this page was met before in the same pass: the server leads us in a circle. */
static bool
circles(struct pull *p, const struct page *page)
{
	if (page->count == 0)
		return ++p->empties > PULL_EMPTY;
	p->empties = 0;
	uint64_t digest = hash64(page->objects, 1) | 1;
	if (digest == p->seen)
		return !mutant(331);
	if (++p->steps == p->power) {
		p->seen = digest;
		p->steps = 0;
		p->power *= 2;
	}
	return false;
}

/* The cursor behind a page; false: it says there is more and gives no way to it. */
static bool
advance(struct pull *p, const struct page *page, const char *last, struct pull_cursor *out)
{
	struct pull_cursor next = p->cursor;
	if (last[0])
		memcpy(next.last, last, STAMP_TEXT);
	next.next[0] = 0;
	if (page->more && page->next.len && page->next.len < PULL_NEXT &&
		!memchr(page->next.ptr, 0, page->next.len)) {
		span_copy(page->next, next.next, sizeof next.next);
		*out = next;
		return true;
	}
	bool forward = stamp_cmp(next.last, next.added_after) > 0;
	if (mutant(321) && page->more)
		return false;
	if (page->more && !forward)
		return false;
	if (forward)
		memcpy(next.added_after, next.last, STAMP_TEXT);
	*out = next;
	return true;
}

static void
grow(struct pull *p)
{
	if (p->limit < p->config.limit && ++p->good >= GROW_AFTER) {
		p->limit = p->limit * 2 < p->config.limit ? p->limit * 2 : p->config.limit;
		p->good = 0;
	}
}

/* Whether the server says that it holds answers; for how long, where it says so. */
static bool
holds(const struct reply *r, uint64_t *seconds)
{
	return prefer_wait(r->applied, seconds) == RC_OK ||
	       span_eq_fold(span_trim(r->applied), SPAN("wait"));
}

/*
 * How long an empty answer must have taken at least to have been held. Servers, and proxies before them, hold for less
 * than they were asked, and say so or not: of one that says it holds, five seconds do, which is no hot loop.
 */
static int64_t
held_at_least(const struct pull *p, const struct reply *r)
{
	uint64_t seconds = p->config.wait;
	int64_t half = (int64_t)p->config.wait * SECOND / 2;
	if (!holds(r, &seconds))
		return half;
	int64_t least = seconds < 10 ? (int64_t)seconds * SECOND / 2 : 5 * SECOND;
	if (least < SECOND)
		least = SECOND;
	return least < half ? least : half;
}

/*
 * How long to pause at the end of a pass. `held`: this request asked the server to hold its answer.
 * One that says it does and answers at once, empty or what we have already, would be asked in a hot
 * loop: it is polled instead.
 */
static int64_t
pause_after(struct pull *p, const struct reply *r, bool held, bool fresh)
{
	uint64_t seconds;
	int64_t every = p->config.every, tenth = every / 10;
	bool long_enough = r->elapsed >= held_at_least(p, r);
	if (p->config.wait &&
		(!held || long_enough || (holds(r, &seconds) && (fresh || mutant(333)))))
		return 0;
	return every - tenth + (int64_t)rng_below(p->config.chance, (uint64_t)tenth * 2 + 1);
}

static void
take_objects(const struct page *page, struct pull_turn *turn)
{
	turn->objects = page->objects;
	turn->count = page->count;
}

enum pull_step
pull_take(struct pull *p, const struct reply *r, struct pull_turn *turn, struct diag *why)
{
	struct page page;
	char last[STAMP_TEXT] = "";
	*turn = (struct pull_turn){.cursor = p->cursor};
	arena_reset(&p->page);
	if (r->code || r->status != 200)
		return refused(p, r, turn, why);
	enum rc code = page_read(r->body, &p->page, &page, why);
	if (code)
		return fault(p, turn, code, r);
	/* A page of one object comes from some servers with its first stamp alone. The first of many
	 * moves us on as well, and brings the others again. */
	if (stamp_read(r->date_last, last) && (mutant(223) || stamp_read(r->date_first, last)))
		last[0] = 0;
	uint64_t whole = page.count ? hash64(page.objects, 2) : 0;
	bool repeated = page.count && whole == p->whole;
	p->whole = whole;
	if (page.more && circles(p, &page)) {
		drop_next(p);
		backoff_late(&p->backoff);
		diag_what(why, "the server repeats its pages for ever");
		diag_todo(why, "tell its operator; reading goes on later behind the newest object");
		return fault(p, turn, RC_BAD, r);
	}
	if (!advance(p, &page, last, &turn->cursor)) {
		backoff_late(&p->backoff);
		diag_what(why, "the server says there is more and gives neither next nor a later "
			       "X-TAXII-Date-Added-Last");
		diag_todo(why, "tell its operator; what it showed is stored, the rest stays there");
		if (!repeated && !mutant(334))
			take_objects(&page, turn);
		return fault(p, turn, RC_BAD, r);
	}
	backoff_reset(&p->backoff);
	grow(p);
	bool moved = memcmp(&turn->cursor, &p->cursor, sizeof p->cursor) != 0;
	bool was_end = !p->more;
	p->cursor = turn->cursor;
	p->more = page.more;
	turn->more = page.more;
	take_objects(&page, turn);
	if (!page.more || mutant(330)) {
		turn->sleep = pause_after(p, r, was_end, page.count && moved && !repeated);
		p->steps = 0;
		p->power = 1;
		p->seen = 0;
	}
	/* Without a stamp to move on by, the same page comes at each poll: store it once. */
	bool known = !moved && repeated;
	return (page.count && !known) || moved ? PULL_PAGE : PULL_QUIET;
}
