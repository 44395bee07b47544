/* Pages of objects, manifests and versions: TAXII 2.1 sections 5.3, 5.4, 5.6 and 5.8. */
#include <stdio.h>
#include <string.h>

#include "base/mutant.h"
#include "taxii/ends.h"
#include "taxii/media.h"
#include "taxii/server-internal.h"

enum { SCAN_MOST = 200000 }; /* versions looked at for one page, where the gate denies most */

static const unsigned every_spec[] = {VAULT_SPEC_2_0, VAULT_SPEC_2_1};

/* ---- what is asked ---- */

static enum rc
specs_of(const struct query *q, struct arena *mem, struct vault_filter *f)
{
	unsigned *specs = arena_new(mem, (q->specs.count + 1) * sizeof *specs);
	for (size_t i = 0; i < q->specs.count; i++) {
		if (span_eq(q->specs.at[i], SPAN("2.0")))
			specs[f->spec_count++] = VAULT_SPEC_2_0;
		else if (span_eq(q->specs.at[i], SPAN("2.1")))
			specs[f->spec_count++] = VAULT_SPEC_2_1;
	}
	f->specs = specs;
	if (mutant(370) && !q->specs.count) {
		f->specs = every_spec;
		f->spec_count = 2;
	}
	if (mutant(371))
		f->spec_count = 0;
	/* Only versions nobody has: nothing matches. */
	return q->specs.count && !f->spec_count ? RC_NONE : RC_OK;
}

/* RC_NONE: nothing can match. */
static enum rc
filter_of(struct taxii_call *call, struct vault_filter *f)
{
	const struct query *q = &call->query;
	*f = (struct vault_filter){
		.ids = q->ids.at,
		.id_count = q->ids.count,
		.types = q->types.at,
		.type_count = q->types.count,
		.at = q->versions,
		.at_count = q->version_count,
		.which = (q->last ? VAULT_LAST : 0) | (q->first ? VAULT_FIRST : 0) |
			 (q->all ? VAULT_ALL : 0),
		.after = q->added_after == TIME_NONE ? 0 : q->added_after,
	};
	if (mutant(350) && q->last)
		f->which = VAULT_ALL;
	if (mutant(340))
		f->type_count = 0;
	if (call->route.kind == ROUTE_VERSIONS) {
		f->which = VAULT_ALL;
		f->at_count = 0;
	}
	if (call->route.kind == ROUTE_OBJECT || call->route.kind == ROUTE_VERSIONS) {
		f->ids = &call->route.object;
		f->id_count = 1;
	}
	if (mutant(210) && f->after > 0)
		f->after--;
	return specs_of(q, &call->mem, f);
}

static struct cursor_scope
scope_of(struct taxii_call *call, const struct vault_collection *c)
{
	struct cursor_scope scope = {
		.reader = call_owner(call),
		.collection = c->id,
		.endpoint = (unsigned char)call->route.kind,
		.object = call->route.object,
	};
	query_digest(&call->query, scope.filter);
	return scope;
}

/* ---- a page ---- */

struct page_state {
	struct encode_list list;
	int64_t first, last; /* of what is on the page */
	int64_t scanned;     /* of what was looked at */
	bool more;
};

static const char *
list_name(enum route_kind kind)
{
	return kind == ROUTE_VERSIONS ? "versions" : "objects";
}

static bool
encode_one(struct taxii_call *call, struct encode_list *list, const struct vault_item *item,
	const struct facts_source *ends)
{
	switch (call->route.kind) {
	case ROUTE_MANIFEST: return encode_manifest(list, call->pass, item, ends);
	case ROUTE_VERSIONS: return encode_version(list, call->pass, item, ends);
	default: return encode_object(list, call->pass, item, ends);
	}
}

/*
 * Takes what fits, then looks for one more that this reader may see: `more` is true iff there is
 * one (section 3.4). Manifests and versions have no next, so they end only behind something that is
 * on them.
 */
static enum rc
fill_page(struct taxii_server *s, struct taxii_call *call, struct vault_page *page,
	const struct facts_source *ends, struct page_state *st, struct diag *why)
{
	const struct taxii_config *config = &s->config;
	uint64_t limit = call->query.limit ? call->query.limit : config->page;
	struct vault_item item;
	enum rc code;
	if (limit > config->page_most && !mutant(302))
		limit = config->page_most;
	if (mutant(300))
		limit++;
	size_t looked = 0;
	bool has_next = call->route.kind == ROUTE_OBJECTS || call->route.kind == ROUTE_OBJECT;
	while ((code = vault_page_next(page, &item, why)) == RC_OK) {
		size_t before = call->body.len, count = st->list.count;
		bool full = count >= limit ||
			    (count && before + item.object.bytes.len > config->page_bytes);
		if (++looked > SCAN_MOST && (has_next || count)) {
			st->more = true;
			return RC_OK;
		}
		if (!encode_one(call, &st->list, &item, ends)) {
			if (!full)
				st->scanned = item.added;
			continue;
		}
		if (full) {
			call->body.len = before; /* it is the first of the next page */
			st->list.count = count;
			st->more = true;
			return RC_OK;
		}
		st->scanned = st->last = item.added;
		if (!st->first)
			st->first = item.added;
	}
	return code == RC_NONE ? RC_OK : code;
}

/* A page grown by doubling is copied once more, and its memory touched twice. */
static void
make_room(const struct taxii_reader *r, struct taxii_call *call, const struct taxii_config *config)
{
	uint64_t limit = call->query.limit ? call->query.limit : config->page;
	if (!r->page_objects || call->route.kind != ROUTE_OBJECTS)
		return;
	if (limit > r->page_objects)
		limit = r->page_objects;
	size_t room = r->page_bytes / r->page_objects * limit;
	buf_room(&call->body, room + room / 16 + 1024);
}

static void
add_stamps(struct taxii_call *call, const struct page_state *st)
{
	char text[TIME_TEXT];
	if (!st->first) {
		if (mutant(221))
			answer_header(call, "X-TAXII-Date-Added-Last", "undefined");
		return; /* an empty page has neither first nor last */
	}
	if (mutant(220) || (mutant(311) && !(call->route.kind == ROUTE_OBJECTS)))
		return;
	time_text(st->first, text);
	if (mutant(192))
		time_text_ms(st->first, text);
	answer_header(call, "X-TAXII-Date-Added-First", text);
	time_text(st->last, text);
	if (mutant(192))
		time_text_ms(st->last, text);
	answer_header(call, "X-TAXII-Date-Added-Last", text);
}

enum rc
call_sees(struct taxii_reader *r, struct taxii_call *call, const struct vault_collection *c,
	struct instants versions, struct diag *why)
{
	own_vault_page struct vault_page *page = NULL;
	own_buf struct buf scratch = {};
	struct facts_source ends = vault_ends(r->vault);
	struct encode_list list;
	struct vault_item item;
	const struct vault_filter f = {.ids = &call->route.object,
		.id_count = 1,
		.specs = every_spec,
		.spec_count = 2,
		.at = versions.at,
		.at_count = versions.count,
		.which = versions.count ? 0 : VAULT_ALL};
	enum rc code = vault_page_open(r->vault, c->number, &f, VAULT_BYTES, &page, why);
	encode_list_begin(&list, &scratch, "versions");
	while (!code && (code = vault_page_next(page, &item, why)) == RC_OK)
		if (encode_version(&list, call->pass, &item, &ends))
			break;
	return code;
}

/*
 * An empty page of one object: is there such an object at all (sections 5.6 and 5.8), and does a
 * version still exist that was asked for by its instant? One that was deleted is 404 (section 5.7).
 */
static enum taxii_next
answer_empty(struct taxii_reader *r, struct taxii_call *call, const struct vault_collection *c)
{
	struct diag why = {};
	if (call->route.kind == ROUTE_OBJECT || call->route.kind == ROUTE_VERSIONS) {
		const struct query *q = &call->query;
		struct instants asked = {};
		if (call->route.kind == ROUTE_OBJECT && !q->first && !q->last && !mutant(413))
			asked = (struct instants){q->versions, q->version_count};
		enum rc code = call_sees(r, call, c, asked, &why);
		if (code == RC_NONE && !mutant(call->route.kind == ROUTE_OBJECT ? 400 : 390))
			return answer_absent(call);
		if (code && code != RC_NONE)
			return answer_failure(call, code);
	}
	return mutant(401) ? answer_absent(call) : answer_ok(call, 200);
}

/* RFC 7240: holds an empty answer until the next commit, at most as long as was asked. */
static bool
hold(struct taxii_server *s, struct taxii_call *call, uint64_t seconds, int64_t newest)
{
	int64_t now = clock_monotonic();
	if (seconds > s->config.wait_most)
		seconds = s->config.wait_most;
	if (!call->hold_until)
		call->hold_until = now + (int64_t)seconds * SECOND;
	if (now >= call->hold_until)
		return false;
	call->seen = newest;
	call->wait_until = call->hold_until;
	return true;
}

static enum taxii_next
answer_page(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c, struct page_state *st)
{
	char next[CURSOR_TEXT] = "";
	bool has_next = call->route.kind == ROUTE_OBJECTS || call->route.kind == ROUTE_OBJECT;
	if (st->more && (has_next || mutant(310))) {
		struct cursor_scope scope = scope_of(call, c);
		cursor_seal(s->config.key, &scope, st->scanned + mutant(260), next);
	}
	encode_list_end(&st->list, mutant(301) ? false : st->more, span_of(next));
	add_stamps(call, st);
	call->objects = st->list.count;
	if (st->list.count && call->route.kind == ROUTE_OBJECTS) {
		r->page_objects = st->list.count;
		r->page_bytes = call->body.len;
	}
	return st->list.count ? answer_ok(call, 200) : answer_empty(r, call, c);
}

enum taxii_next
serve_pages(struct taxii_server *s, struct taxii_reader *r, struct taxii_call *call,
	const struct vault_collection *c)
{
	own_vault_page struct vault_page *page = NULL;
	struct diag why = {};
	struct vault_filter f;
	struct facts_source ends = vault_ends(r->vault);
	struct page_state st = {};
	uint64_t seconds = 0;
	int64_t newest = 0;
	enum rc code = call_pass(s, call, c, &why);
	if (code == RC_DENIED)
		return answer_absent(call);
	if (code == RC_AGAIN)
		return await_pass(s, call);
	if (!code)
		code = vault_last(r->vault, &newest, &why); /* before the snapshot of the page */
	if (code)
		return answer_failure(call, code);
	bool none = filter_of(call, &f) == RC_NONE;
	if (call->query.next.ptr) {
		struct cursor_scope scope = scope_of(call, c);
		int64_t position;
		if (cursor_open(s->config.key, &scope, call->query.next, &position, &why))
			return answer_diag(call, 400, &why);
		f.after = position > f.after ? position : f.after;
	}
	st.scanned = f.after;
	if (!none)
		make_room(r, call, &s->config);
	encode_list_begin(&st.list, &call->body, list_name(call->route.kind));
	if (!none) {
		bool bytes_only =
			call->route.kind == ROUTE_OBJECTS || call->route.kind == ROUTE_OBJECT;
		code = vault_page_open(r->vault, c->number, &f,
			bytes_only ? VAULT_SEND : VAULT_BYTES, &page, &why);
		if (!code)
			code = fill_page(s, call, page, &ends, &st, &why);
		vault_page_close(&page);
		if (code == RC_LIMIT)
			return answer_diag(call, 400, &why);
		if (code)
			return answer_failure(call, code);
	}
	bool held = call->route.kind == ROUTE_OBJECTS &&
		    prefer_wait(call->request.prefer, &seconds) == RC_OK;
	if (held && !st.list.count && !st.more && hold(s, call, seconds, newest))
		return TAXII_WAIT;
	if (held) {
		char text[40];
		snprintf(text, sizeof text, "wait=%llu",
			(unsigned long long)(seconds < s->config.wait_most ? seconds
									   : s->config.wait_most));
		answer_header(call, "Preference-Applied", text);
	}
	return answer_page(s, r, call, c, &st);
}
