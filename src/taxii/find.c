#include "taxii/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "codec/json.h"
#include "net/url.h"
#include "taxii/media.h"

enum { PHASE_START, PHASE_ROOT, PHASE_COLLECTIONS };

static bool
same_origin(struct span a, struct span b)
{
	struct http_url x, y;
	return !http_url_parse(a, &x, NULL) && !http_url_parse(b, &y, NULL) &&
	       url_same_origin(&x, &y);
}

/* Scheme and authority of an absolute URL, without the path. */
static struct span
origin_of(struct span url)
{
	size_t at = span_find(url, SPAN("://"));
	struct span rest = span_sub(url, at + 3, SIZE_MAX);
	size_t slash = span_find_byte(rest, '/'), query = span_find_byte(rest, '?');
	size_t end = slash < query ? slash : query;
	return end == SIZE_MAX ? url : span_sub(url, 0, at + 3 + end);
}

/* Without query, ending in "/". */
static struct span
as_folder(struct arena *mem, struct span url)
{
	size_t query = span_find_byte(url, '?');
	url = span_sub(url, 0, query);
	const char *slash = span_ends(url, SPAN("/")) ? "" : "/";
	return arena_printf(mem, "%.*s%s", (int)url.len, url.ptr, slash);
}

/* An api_roots entry, absolute or relative (TAXII 2.1 section 4.1.1); empty where it is neither. */
static struct span
resolve(struct find *f, struct span text)
{
	struct http_url ignored;
	struct span origin = origin_of(f->url);
	if (span_starts(text, SPAN("/")) && !span_starts(text, SPAN("//")))
		text = arena_printf(
			&f->mem, "%.*s%.*s", (int)origin.len, origin.ptr, (int)text.len, text.ptr);
	if (text.len == 0 || text.len > 2048 || http_url_parse(text, &ignored, NULL))
		return (struct span){};
	return as_folder(&f->mem, text);
}

enum rc
find_init(struct find *f, struct span url, struct span wanted, struct diag *why)
{
	struct http_url parsed;
	*f = (struct find){};
	enum rc code = http_url_parse(url, &parsed, why);
	if (code)
		return code;
	f->url = as_folder(&f->mem, url);
	f->wanted = arena_dup(&f->mem, span_trim(wanted));
	struct span origin = origin_of(f->url);
	f->tries[f->tries_len++] = f->url;
	if (!span_ends(f->url, SPAN("/taxii2/"))) {
		f->tries[f->tries_len++] =
			arena_printf(&f->mem, "%.*s/taxii2/", (int)origin.len, origin.ptr);
		if (!span_eq(parsed.path, SPAN("/")))
			f->tries[f->tries_len++] =
				arena_printf(&f->mem, "%.*staxii2/", (int)f->url.len, f->url.ptr);
	}
	return RC_OK;
}

void
find_fini(struct find *f)
{
	free(f->roots.at);
	free(f->found.at);
	arena_fini(&f->mem);
	*f = (struct find){};
}

void
find_ask(struct find *f, struct ask *out)
{
	*out = (struct ask){
		.method = SPAN("GET"),
		.url = f->url,
		.accept = ask_accepts[f->accept],
		.body_limit = FIND_BYTES,
		.seconds = 60,
	};
}

static void
add_root(struct find *f, struct span text)
{
	struct span url = resolve(f, text);
	if (url.len == 0 && !f->fault.what[0]) {
		diag_what(&f->fault,
			"API root \"%.*s\" is neither an https URL nor a path from \"/\"",
			(int)(text.len < 120 ? text.len : 120), text.ptr ? text.ptr : "");
		diag_todo(&f->fault, "give the URL of the API root itself");
	}
	if (url.len == 0 || f->roots.len == FIND_ROOTS)
		return;
	if (!same_origin(url, f->url)) {
		if (!f->fault.what[0]) {
			diag_what(&f->fault, "API root %.*s lies on another server", (int)url.len,
				url.ptr);
			diag_todo(&f->fault, "if you trust it, give that URL itself");
		}
		return;
	}
	for (size_t i = 0; i < f->roots.len; i++)
		if (span_eq(f->roots.at[i], url))
			return;
	*vec_add(&f->roots) = url;
}

static void
take_discovery(struct find *f, const yyjson_val *root)
{
	size_t at, max;
	yyjson_val *one, *list = json_get(root, "api_roots");
	if (json_get(root, "default"))
		add_root(f, json_get_span(root, "default"));
	yyjson_arr_foreach(list, at, max, one) add_root(f, json_span(one));
}

static void
add_collection(struct find *f, const yyjson_val *val, struct span root)
{
	struct span id = json_get_span(val, "id");
	if (id.len == 0 || id.len > 200 || f->found.len == FIND_COLLECTIONS)
		return;
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] <= ' ' || strchr("/?#%&\"<>\\", id.ptr[i]) ||
			(unsigned char)id.ptr[i] > 126)
			return;
	*vec_add(&f->found) = (struct find_collection){
		.url = arena_printf(&f->mem, "%.*scollections/%.*s/", (int)root.len, root.ptr,
			(int)id.len, id.ptr),
		.root = root,
		.id = arena_dup(&f->mem, id),
		.alias = arena_dup(&f->mem, json_get_span(val, "alias")),
		.title = arena_dup(&f->mem, json_get_span(val, "title")),
		.can_read = yyjson_is_true(json_get(val, "can_read")),
		.can_write = yyjson_is_true(json_get(val, "can_write")),
		.max_content = f->max_content,
	};
}

static void
take_collections(struct find *f, const yyjson_val *root, struct span url)
{
	size_t at, max;
	yyjson_val *one;
	yyjson_arr_foreach(json_get(root, "collections"), at, max, one) add_collection(f, one, url);
}

/* The part of a .../collections/... URL before that word; empty where there is none. */
static struct span
root_of(struct span url)
{
	size_t at = span_find(url, SPAN("/collections/"));
	return at == SIZE_MAX ? (struct span){} : span_sub(url, 0, at + 1);
}

static bool
matches(const struct find_collection *c, struct span wanted, unsigned way)
{
	switch (way) {
	case 0: return span_eq_fold(c->id, wanted);
	case 1: return span_eq(c->alias, wanted);
	case 2: return span_eq(c->title, wanted);
	default: return span_eq_fold(c->title, wanted);
	}
}

/* Id before alias before title before title in any case; two of one kind are ambiguous. */
static enum find_step
choose(struct find *f, enum rc *code, struct diag *why)
{
	if (f->wanted.len == 0)
		return FIND_DONE;
	for (unsigned way = 0; way < 4; way++) {
		size_t hits = 0, hit = 0;
		for (size_t i = 0; i < f->found.len; i++)
			if (matches(&f->found.at[i], f->wanted, way)) {
				hits++;
				hit = i;
			}
		if (hits > 1) {
			*code = diag_fail(why, RC_CONFLICT, "%zu collections are called %.*s", hits,
				(int)f->wanted.len, f->wanted.ptr);
			diag_todo(why, "name the collection by its id");
			return FIND_FAILED;
		}
		if (hits == 1) {
			f->found.at[0] = f->found.at[hit];
			f->found.len = 1;
			return FIND_DONE;
		}
	}
	if (f->found.len == 0 && f->fault.what[0])
		*why = f->fault;
	else
		diag_what(why, "the server shows us no collection %.*s", (int)f->wanted.len,
			f->wanted.ptr);
	*code = RC_NONE;
	return FIND_FAILED;
}

static enum find_step
next_root(struct find *f, enum rc *code, struct diag *why)
{
	f->max_content = 0;
	if (f->root == f->roots.len)
		return choose(f, code, why);
	f->phase = PHASE_ROOT;
	f->url = f->roots.at[f->root];
	return FIND_ASK;
}

/* What the first URL leads to is told by what its answer holds. */
static enum find_step
take_start(struct find *f, const yyjson_val *root, enum rc *code, struct diag *why)
{
	struct span before = root_of(f->url);
	if (json_get(root, "api_roots") || json_get(root, "default")) {
		take_discovery(f, root);
		return next_root(f, code, why);
	}
	if (json_get(root, "versions") || json_get(root, "max_content_length")) {
		*vec_add(&f->roots) = f->url;
		return next_root(f, code, why);
	}
	if (before.len && json_get(root, "collections")) {
		take_collections(f, root, before);
		return choose(f, code, why);
	}
	if (before.len && json_get(root, "id") && json_get(root, "can_read")) {
		add_collection(f, root, before);
		if (f->found.len && f->wanted.len == 0)
			return FIND_DONE;
		return choose(f, code, why);
	}
	return FIND_FAILED;
}

static enum find_step
start_failed(struct find *f, const struct reply *r, enum rc *code, struct diag *why)
{
	bool there = !r->code && r->status == 200;
	bool elsewhere =
		there || (!r->code && (r->status == 404 || r->status == 406 || r->status == 405));
	if (elsewhere && f->try + 1 < f->tries_len) {
		f->url = f->tries[++f->try];
		f->accept = 0;
		return FIND_ASK;
	}
	reply_describe(r, why);
	if (there)
		diag_what(why, "no TAXII 2.1 server answers at %.*s", (int)f->tries[0].len,
			f->tries[0].ptr);
	*code = r->code				       ? r->code
		: r->status == 401 || r->status == 403 ? RC_DENIED
		: reply_is_passing(r)		       ? RC_AGAIN
		: r->status == 404		       ? RC_NONE
						       : RC_BAD;
	return FIND_FAILED;
}

enum find_step
find_take(struct find *f, const struct reply *r, enum rc *code, struct diag *why)
{
	own_json yyjson_doc *doc = NULL;
	static const struct json_limits limits = {
		.bytes = FIND_BYTES, .depth = 32, .any_keys = true, .any_ints = true};
	*code = RC_OK;
	const yyjson_val *root = NULL;
	if (!r->code && r->status == 200 && !json_read(r->body, &limits, &doc, NULL))
		root = yyjson_doc_get_root(doc);
	bool good = root && yyjson_is_obj((yyjson_val *)(uintptr_t)root);
	if (!r->code && r->status == 406 && f->accept + 1 < ASK_ACCEPTS && !mutant(324)) {
		f->accept++;
		return FIND_ASK;
	}
	if (f->phase == PHASE_START) {
		enum find_step step = good ? take_start(f, root, code, why) : FIND_FAILED;
		return step == FIND_FAILED && !*code ? start_failed(f, r, code, why) : step;
	}
	if (f->phase == PHASE_ROOT && good) {
		struct span url = f->roots.at[f->root];
		f->max_content = yyjson_get_uint(json_get(root, "max_content_length"));
		f->phase = PHASE_COLLECTIONS;
		f->url = arena_printf(&f->mem, "%.*scollections/", (int)url.len, url.ptr);
		return FIND_ASK;
	}
	if (f->phase == PHASE_COLLECTIONS && good)
		take_collections(f, root, f->roots.at[f->root]);
	else if (!f->fault.what[0]) {
		f->fault = *why; /* one root that fails does not hide the others */
		reply_describe(r, &f->fault);
	}
	f->root++;
	return next_root(f, code, why);
}
