#include "taxii/envelope.h"

#include <string.h>

#include "base/buf.h"
#include "base/mutant.h"

enum rc
envelope_open(struct span body, struct json_slice *it, struct diag *why)
{
	json_slice_init(it, body);
	return json_slice_member(it, SPAN("objects"), why);
}

/* The envelope with an empty list of objects is small: it is read as a tree. */
static enum rc
check_frame(struct span body, size_t start, size_t end, struct diag *why)
{
	own_json yyjson_doc *doc = NULL;
	own_buf struct buf frame = {};
	static const struct json_limits limits = {.bytes = 1 << 20, .depth = 16, .any_ints = true};
	buf_add(&frame, span_sub(body, 0, start));
	buf_add(&frame, SPAN("[]"));
	buf_add(&frame, span_sub(body, end, SIZE_MAX));
	enum rc code = json_read(buf_span(&frame), &limits, &doc, why);
	if (code)
		return code;
	if (json_get(yyjson_doc_get_root(doc), "type") && !mutant(122))
		return diag_fail(why, RC_BAD, "a bundle is no envelope: send {\"objects\": [...]}");
	return RC_OK;
}

/* Syntax alone: what an object says is judged by whoever stores it. */
static enum rc
check_syntax(struct span element, struct diag *why)
{
	own_json yyjson_doc *doc = NULL;
	static const struct json_limits limits = {.any_keys = true, .any_ints = true, .depth = 512};
	if (element.ptr[0] != '{')
		return diag_fail(why, RC_BAD, "no JSON object");
	return mutant(123) ? RC_OK : json_read(element, &limits, &doc, why);
}

enum rc
envelope_check(struct span body, size_t *count, struct diag *why)
{
	struct json_slice it;
	struct span element;
	size_t objects = 0;
	if (!span_is_utf8(body))
		return diag_fail(why, RC_BAD, "not UTF-8");
	enum rc code = envelope_open(body, &it, why);
	if (code == RC_NONE || code == RC_UNKNOWN)
		return diag_fail(why, RC_BAD, "no envelope: it has no list of objects");
	if (code)
		return code;
	size_t start = it.at - 1;
	while ((code = json_slice_next(&it, &element, why)) == RC_OK) {
		code = check_syntax(element, why);
		if (code) {
			diag_where(why, "objects[%zu]", objects);
			return code;
		}
		if (++objects > ENVELOPE_OBJECTS)
			return diag_fail(why, RC_LIMIT, "more than %d objects", ENVELOPE_OBJECTS);
	}
	if (code != RC_NONE)
		return code;
	size_t end = it.at;
	code = json_slice_end(&it, SPAN("objects"), why);
	if (!code)
		code = check_frame(body, start, end, why);
	if (code)
		return code;
	if (objects == 0)
		return diag_fail(why, RC_BAD, "an empty list is forbidden (TAXII 2.1 section 2)");
	*count = objects;
	return RC_OK;
}

static struct span
name_of(const yyjson_val *root, const char *key, struct arena *mem)
{
	struct span text = json_get_span(root, key);
	return text.len && text.len <= 300 ? arena_dup(mem, text) : (struct span){};
}

void
envelope_names(struct span object, struct arena *mem, struct span *id, struct span *version)
{
	own_json yyjson_doc *doc = NULL;
	static const struct json_limits limits = {.any_keys = true, .any_ints = true, .depth = 500};
	*id = *version = (struct span){};
	if (json_read(object, &limits, &doc, NULL))
		return;
	const yyjson_val *root = yyjson_doc_get_root(doc);
	*id = name_of(root, "id", mem);
	*version = name_of(root, "modified", mem);
	if (version->len == 0)
		*version = name_of(root, "created", mem);
}
