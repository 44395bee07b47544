/* STIX as it comes: a bundle, a TAXII envelope, one object, an array of objects, or JSON lines of them. */
#include <stdlib.h>

#include "base/mem.h"
#include "codec/json.h"
#include "feed/in-internal.h"
#include "match/table.h"

enum shape { SHAPE_OBJECTS, SHAPE_ARRAY, SHAPE_LINES, SHAPE_ONE };

struct stix_state {
	enum shape shape;
	struct json_slice slice;
	bool done;
};

static bool
sniff(struct span start)
{
	start = span_trim(start);
	if (table_is_json(start))
		return false;
	if (start.len == 0 || start.ptr[0] != '[')
		return start.len && start.ptr[0] == '{';
	/* An address in brackets, and the title of an ad blocker's list, begin so too. */
	start = span_trim(span_sub(start, 1, SIZE_MAX));
	return start.len == 0 || start.ptr[0] == '{' || start.ptr[0] == ']';
}

/* The first line holds one whole value and another follows: JSON lines. */
static bool
is_lines(struct span text)
{
	struct span rest = span_trim(text), line;
	if (!span_cut(&rest, '\n', &line) || rest.ptr == NULL)
		return false;
	rest = span_trim(rest);
	line = span_trim(line);
	return rest.len && rest.ptr[0] == '{' && line.len && line.ptr[line.len - 1] == '}';
}

static enum rc
begin(struct in *in, struct diag *why)
{
	struct stix_state *st = in->state = mem_new(sizeof *st);
	struct span text = span_trim(in->text);
	json_slice_init(&st->slice, in->text);
	if (text.len && text.ptr[0] == '[') {
		st->shape = SHAPE_ARRAY;
		return json_slice_array(&st->slice, why);
	}
	if (is_lines(in->text)) {
		st->shape = SHAPE_LINES;
		return RC_OK;
	}
	enum rc code = json_slice_member(&st->slice, SPAN("objects"), why);
	st->shape = SHAPE_OBJECTS;
	if (code == RC_NONE || code == RC_UNKNOWN) {
		/* A bundle or envelope without objects, or one object alone. */
		st->shape = SHAPE_ONE;
		code = RC_OK;
	}
	return code;
}

static enum rc
next_line(struct in *in, struct in_object *out, struct diag *why)
{
	struct span line;
	while (in_line(in, &line)) {
		line = span_trim(line);
		if (line.len == 0)
			continue;
		diag_where(why, "line %llu", (unsigned long long)in->line);
		if (line.ptr[0] != '{')
			return diag_fail(why, RC_UNKNOWN, "no JSON object");
		out->text = line;
		return RC_OK;
	}
	return RC_NONE;
}

static enum rc
next_one(struct in *in, struct in_object *out)
{
	struct stix_state *st = in->state;
	own_json yyjson_doc *doc = NULL;
	if (st->done)
		return RC_NONE;
	st->done = true;
	in->at = in->text.len;
	struct span text = span_trim(in->text);
	/* What cannot be read goes on whole: the checker says why it is refused. */
	if (!json_read(text, NULL, &doc, NULL)) {
		struct span type = json_get_span(yyjson_doc_get_root(doc), "type");
		bool empty = yyjson_obj_size(yyjson_doc_get_root(doc)) == 0;
		if (span_eq(type, SPAN("bundle")) || empty)
			return RC_NONE;
	}
	out->text = text;
	return RC_OK;
}

static enum rc
next(struct in *in, struct in_object *out, struct diag *why)
{
	struct stix_state *st = in->state;
	if (st->shape == SHAPE_LINES)
		return next_line(in, out, why);
	if (st->shape == SHAPE_ONE)
		return next_one(in, out);
	enum rc code = json_slice_next(&st->slice, &out->text, why);
	in->at = st->slice.at;
	if (code != RC_NONE || st->done)
		return code;
	st->done = true;
	code = json_slice_end(&st->slice, SPAN("objects"), why);
	return code ? code : RC_NONE;
}

static void
end(struct in *in)
{
	free(in->state);
}

const struct in_format in_stix = {
	"stix", "STIX 2.1 bundle, envelope, array or JSON lines", sniff, begin, next, end};
