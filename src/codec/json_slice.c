/* json_slice of codec/json.h: where the elements of an array lie in a text. */
#include <string.h>

#include "base/ascii.h"
#include "codec/json.h"

enum { DEPTH = 512 };

static enum rc
fail(const struct json_slice *it, struct diag *why, const char *what)
{
	diag_where(why, "byte %zu", it->at);
	return diag_fail(why, RC_BAD, "%s", what);
}

static void
skip_blanks(struct json_slice *it)
{
	while (it->at < it->text.len) {
		char c = it->text.ptr[it->at];
		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			return;
		it->at++;
	}
}

static char
peek(const struct json_slice *it)
{
	return it->at < it->text.len ? it->text.ptr[it->at] : 0;
}

/* From an opening quote to behind the closing one. */
static enum rc
skip_string(struct json_slice *it, struct diag *why)
{
	const char *p = it->text.ptr;
	size_t i = it->at + 1, len = it->text.len;
	for (;;) {
		const char *quote = i < len ? memchr(p + i, '"', len - i) : NULL;
		if (!quote)
			return fail(it, why, "a string has no end");
		size_t end = (size_t)(quote - p), slashes = 0;
		while (end - slashes > i && p[end - slashes - 1] == '\\')
			slashes++;
		i = end + 1;
		if (slashes % 2 == 0)
			break;
	}
	it->at = i;
	return RC_OK;
}

/* A container: counts brackets outside strings. The kinds of brackets are checked by a bit stack.
 */
static enum rc
skip_container(struct json_slice *it, struct diag *why)
{
	uint64_t square[DEPTH / 64] = {};
	size_t depth = 0;
	while (it->at < it->text.len) {
		char c = it->text.ptr[it->at];
		if (c == '"') {
			enum rc code = skip_string(it, why);
			if (code)
				return code;
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == DEPTH) {
				diag_where(why, "byte %zu", it->at);
				return diag_fail(why, RC_LIMIT, "nested deeper than %d", DEPTH);
			}
			uint64_t bit = UINT64_C(1) << depth % 64;
			square[depth / 64] = (square[depth / 64] & ~bit) | (c == '[' ? bit : 0);
			depth++;
		} else if (c == '}' || c == ']') {
			depth--;
			if ((square[depth / 64] >> depth % 64 & 1) != (c == ']'))
				return fail(it, why, "a bracket closes what it did not open");
			if (depth == 0) {
				it->at++;
				return RC_OK;
			}
		}
		it->at++;
	}
	return fail(it, why, "an object or array has no end");
}

static enum rc
skip_value(struct json_slice *it, struct diag *why)
{
	char c = peek(it);
	if (c == '"')
		return skip_string(it, why);
	if (c == '{' || c == '[')
		return skip_container(it, why);
	size_t start = it->at;
	while (it->at < it->text.len) {
		c = it->text.ptr[it->at];
		if (!ascii_is_alnum(c) && c != '-' && c != '+' && c != '.')
			break;
		it->at++;
	}
	return it->at > start ? RC_OK : fail(it, why, "a value is missing");
}

void
json_slice_init(struct json_slice *it, struct span text)
{
	*it = (struct json_slice){.text = text, .first = true};
}

/* Reads `"key":`; the key's raw bytes without quotes (an escaped key never equals one of ours). */
static enum rc
read_key(struct json_slice *it, struct span *key, struct diag *why)
{
	skip_blanks(it);
	if (peek(it) != '"')
		return fail(it, why, "a key is missing");
	size_t start = it->at + 1;
	enum rc code = skip_string(it, why);
	if (code)
		return code;
	*key = span_sub(it->text, start, it->at - 1 - start);
	skip_blanks(it);
	if (peek(it) != ':')
		return fail(it, why, "a colon is missing");
	it->at++;
	skip_blanks(it);
	return RC_OK;
}

static enum rc
open_array(struct json_slice *it, struct diag *why)
{
	if (peek(it) != '[')
		return diag_fail(why, RC_UNKNOWN, "no array");
	it->at++;
	it->first = true;
	it->done = false;
	return RC_OK;
}

enum rc
json_slice_member(struct json_slice *it, struct span key, struct diag *why)
{
	struct span name;
	skip_blanks(it);
	if (peek(it) != '{')
		return fail(it, why, "no JSON object");
	it->object = true;
	it->at++;
	skip_blanks(it);
	if (peek(it) == '}')
		return diag_fail(why, RC_NONE, "no member \"%.*s\"", (int)key.len, key.ptr);
	for (;;) {
		enum rc code = read_key(it, &name, why);
		if (code)
			return code;
		if (span_eq(name, key))
			return open_array(it, why);
		code = skip_value(it, why);
		if (code)
			return code;
		skip_blanks(it);
		if (peek(it) == '}')
			return diag_fail(why, RC_NONE, "no member \"%.*s\"", (int)key.len, key.ptr);
		if (peek(it) != ',')
			return fail(it, why, "a comma is missing");
		it->at++;
	}
}

enum rc
json_slice_array(struct json_slice *it, struct diag *why)
{
	skip_blanks(it);
	if (peek(it) != '[')
		return fail(it, why, "no JSON array");
	return open_array(it, why);
}

enum rc
json_slice_next(struct json_slice *it, struct span *element, struct diag *why)
{
	if (it->done)
		return RC_NONE;
	skip_blanks(it);
	if (peek(it) == ']') {
		if (!it->first && it->text.ptr[it->at - 1] == ',')
			return fail(it, why, "a value is missing");
		it->at++;
		it->done = true;
		return RC_NONE;
	}
	if (!it->first) {
		if (peek(it) != ',')
			return fail(it, why, "a comma is missing");
		it->at++;
		skip_blanks(it);
	}
	size_t start = it->at;
	enum rc code = skip_value(it, why);
	if (code)
		return code;
	it->first = false;
	*element = span_sub(it->text, start, it->at - start);
	return RC_OK;
}

enum rc
json_slice_end(struct json_slice *it, struct span again, struct diag *why)
{
	struct span name;
	skip_blanks(it);
	while (it->object && peek(it) == ',') {
		it->at++;
		enum rc code = read_key(it, &name, why);
		if (code)
			return code;
		if (again.len && span_eq(name, again))
			return fail(it, why, "a key stands twice in one object");
		code = skip_value(it, why);
		if (code)
			return code;
		skip_blanks(it);
	}
	if (it->object) {
		if (peek(it) != '}')
			return fail(it, why, "an object has no end");
		it->at++;
	}
	skip_blanks(it);
	return it->at == it->text.len ? RC_OK : fail(it, why, "something follows the value");
}
