/*
 * MISP events: one ({"Event": ...} or the event alone), an array of them, a server's answer
 * ({"response": [...]}), JSON lines. A feed's folder is a file an event (cmd/import reads its manifest).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/json.h"
#include "feed/in-internal.h"
#include "feed/misp.h"
#include "feed/misp_event.h"

enum { EVENT_BYTES = 256 << 20, EVENT_DEPTH = 40 };

enum shape { SHAPE_LIST, SHAPE_LINES, SHAPE_ONE };

struct misp_state {
	enum shape shape;
	struct json_slice slice;
	struct misp_objects made;
	size_t next; /* of made.all */
	uint64_t events;
	bool wrapped, done; /* wrapped: in "response" */
};

/* The first of some words, SIZE_MAX: none. */
static size_t
first_of(struct span start, const char *const *words)
{
	size_t first = SIZE_MAX;
	for (; *words; words++) {
		size_t at = span_find(start, span_of(*words));
		first = at < first ? at : first;
	}
	return first;
}

static bool
sniff(struct span start)
{
	static const char *const theirs[] = {"\"Event\"", "\"Orgc\"", "\"threat_level_id\"",
		"\"orgc_id\"", "\"Attribute\"", NULL};
	static const char *const stix[] = {
		"\"spec_version\"", "\"bundle\"", "\"objects\"", "\"created_by_ref\"", NULL};
	start = span_trim(start);
	if (start.len == 0 || (start.ptr[0] != '{' && start.ptr[0] != '['))
		return false;
	size_t at = first_of(start, theirs);
	return at != SIZE_MAX && at < first_of(start, stix);
}

/* The first line holds one whole value and another follows. */
static bool
is_lines(struct span text)
{
	struct span rest = span_trim(text), line;
	if (!span_cut(&rest, '\n', &line) || rest.ptr == NULL)
		return false;
	rest = span_trim(rest);
	line = span_trim(line);
	own_json yyjson_doc *doc = NULL;
	if (rest.len == 0 || rest.ptr[0] != '{' || line.len < 3 || line.ptr[line.len - 1] != '}')
		return false;
	return json_read(line,
		       &(struct json_limits){
			       .bytes = EVENT_BYTES, .any_keys = true, .any_ints = true},
		       &doc, NULL) == RC_OK;
}

static enum rc
begin(struct in *in, struct diag *why)
{
	struct misp_state *st = in->state = mem_new(sizeof *st);
	struct span text = span_trim(in->text);
	misp_constants(&st->made);
	json_slice_init(&st->slice, in->text);
	if (text.len && text.ptr[0] == '[')
		return json_slice_array(&st->slice, why);
	if (is_lines(in->text)) {
		st->shape = SHAPE_LINES;
		return RC_OK;
	}
	enum rc code = json_slice_member(&st->slice, SPAN("response"), why);
	st->wrapped = code == RC_OK;
	if (code == RC_NONE || code == RC_UNKNOWN) {
		st->shape = SHAPE_ONE;
		code = RC_OK;
	}
	return code;
}

/* Text of the next event; RC_NONE after the last. */
static enum rc
next_text(struct in *in, struct span *text, struct diag *why)
{
	struct misp_state *st = in->state;
	if (st->shape == SHAPE_LINES) {
		while (in_line(in, text)) {
			*text = span_trim(*text);
			diag_where(why, "line %llu", (unsigned long long)in->line);
			if (text->len)
				return RC_OK;
		}
		return RC_NONE;
	}
	diag_where(why, "event %llu", (unsigned long long)st->events + 1);
	if (st->shape == SHAPE_ONE) {
		if (st->done)
			return RC_NONE;
		st->done = true;
		in->at = in->text.len;
		*text = span_trim(in->text);
		return RC_OK;
	}
	enum rc code = json_slice_next(&st->slice, text, why);
	in->at = st->slice.at;
	if (code != RC_NONE || st->done)
		return code;
	st->done = true;
	code = json_slice_end(&st->slice, st->wrapped ? SPAN("response") : SPAN(""), why);
	return code ? code : RC_NONE;
}

/* Whatever wraps an event: {"Event": ...}, {"response": {"Event": ...}}, nothing. */
static yyjson_val *
unwrap(yyjson_val *root)
{
	for (int depth = 0; depth < 3; depth++) {
		yyjson_val *inner = json_get(root, "Event");
		if (!inner)
			inner = json_get(root, "response");
		if (!yyjson_is_obj(inner))
			break;
		root = inner;
	}
	return root;
}

static enum rc
read_event(struct in *in, struct span text, struct diag *why)
{
	static const struct json_limits limits = {
		.bytes = EVENT_BYTES, .depth = EVENT_DEPTH, .any_keys = true, .any_ints = true};
	struct misp_state *st = in->state;
	own_json yyjson_doc *doc = NULL;
	misp_objects_reset(&st->made);
	st->next = 0;
	st->events++;
	enum rc code = json_read(text, &limits, &doc, why);
	if (!code)
		code = misp_event_read(unwrap(yyjson_doc_get_root(doc)), &in->plan, &st->made, why);
	return code;
}

static enum rc
hand_out(struct in *in, struct in_object *out, struct diag *why)
{
	struct misp_state *st = in->state;
	const struct misp_made *m = &st->made.all.at[st->next++];
	struct span text = {st->made.text.ptr + m->at, m->len};
	if (m->left_out) {
		size_t tab = span_find_byte(text, '\t');
		diag_where(why, "%.*s", (int)tab, text.ptr);
		diag_what(why, "%.*s", (int)(text.len - tab - 1), text.ptr + tab + 1);
		return RC_UNKNOWN;
	}
	*out = (struct in_object){
		.text = text,
		.id = {st->made.text.ptr + m->id_at, m->id_len},
		.made = m->fixed,
		.created_at = m->fixed ? 0 : m->created_at - m->at,
		.modified_at = m->fixed ? 0 : m->modified_at - m->at,
	};
	return RC_OK;
}

static enum rc
next(struct in *in, struct in_object *out, struct diag *why)
{
	struct misp_state *st = in->state;
	for (;;) {
		struct span text;
		if (st->next < st->made.all.len)
			return hand_out(in, out, why);
		enum rc code = next_text(in, &text, why);
		if (code)
			return code;
		/* One event that cannot be read costs itself only, where others may follow. */
		code = read_event(in, text, why);
		if (code && st->shape != SHAPE_ONE)
			return RC_UNKNOWN;
		if (code)
			return code;
	}
}

static void
end(struct in *in)
{
	struct misp_state *st = in->state;
	if (st)
		misp_objects_fini(&st->made);
	free(st);
}

const struct in_format in_misp = {"misp",
	"MISP events: one, an array, a server's answer, JSON lines", sniff, begin, next, end};
