#pragma once
/*
 * JSON from strangers: RFC 8259 text that is also I-JSON (RFC 7493) - UTF-8, no duplicate keys, no
 * lone surrogates, integers within 54 bits - read by yyjson within limits. A document owns its
 * values; values die with it. Not shared between threads while being read.
 *
 * STIX objects are kept byte for byte, so json_slice finds where array elements lie in the text
 * without building a tree of the whole: each element is then read, checked and stored alone.
 */
#include <yyjson.h>

#include "base/rc.h"

struct json_limits {
	size_t bytes;	/* of text; 0: no limit */
	unsigned depth; /* of containers; 0: 64 */
	bool any_keys;	/* keep duplicate keys (the first wins) instead of refusing */
	bool any_ints;	/* keep integers beyond 54 bits instead of refusing */
};

#define own_json __attribute__((cleanup(json_free)))

/*
 * Reads one whole value; blanks may surround it. RC_BAD: malformed (why->where "byte N"), duplicate
 * key, bad UTF-8, large integer; RC_LIMIT: too long or deep. Use json_free.
 */
enum rc json_read(
	struct span text, const struct json_limits *limits, yyjson_doc **out, struct diag *why);
void json_free(yyjson_doc **doc); /* NULL accepted */

/* Borrowed text of a string value; {NULL, 0} when it is none. */
struct span json_span(const yyjson_val *val);
/* The bytes of `text`, which the document was read from, that are this string's as they stand; NULL: it has escapes. */
const char *json_stands(const yyjson_doc *doc, struct span text, struct span string);
/* Member `key` of an object, NULL when absent or val is no object. Key is a literal of ours. */
yyjson_val *json_get(const yyjson_val *val, const char *key);
/* Text of member `key`; {NULL, 0} when absent or no string. */
struct span json_get_span(const yyjson_val *val, const char *key);

/* Appends val as JSON text (compact, UTF-8 as is); `pretty` with two blanks an indent. */
struct buf;
void json_write(struct buf *out, const yyjson_val *val);
void json_write_pretty(struct buf *out, const yyjson_val *val);
/* Appends `s` as a JSON string with its quotes; malformed UTF-8 becomes U+FFFD. */
void json_write_string(struct buf *out, struct span s);

/*
 * Walks the text of one JSON value from the outside, without a tree:
 *     struct json_slice it;  json_slice_init(&it, text);
 *     json_slice_member(&it, SPAN("objects"))      positions at an array member of the top object
 *     while (json_slice_next(&it, &element) == RC_OK) ...
 * It checks nesting, strings and commas, not numbers and literals: json_read of the element does.
 */
struct json_slice {
	struct span text;
	size_t at;
	bool first, done, object;
};

void json_slice_init(struct json_slice *it, struct span text);
/*
 * At the first member called `key` of the top-level object. RC_NONE: an object without it; RC_BAD:
 * no object, or malformed before it; RC_UNKNOWN: that member is no array.
 */
enum rc json_slice_member(struct json_slice *it, struct span key, struct diag *why);
/* For a top-level array: positions before its first element. */
enum rc json_slice_array(struct json_slice *it, struct diag *why);
/* Next element's exact bytes. RC_NONE after the last; RC_BAD malformed; RC_LIMIT deeper than 512.
 */
enum rc json_slice_next(struct json_slice *it, struct span *element, struct diag *why);
/*
 * After the last element: skips the remaining members (or only blanks, for a top-level array) and
 * says whether the text ends where the value does. `again`, where not empty, is a key that must not
 * occur in the rest (a second "objects").
 */
enum rc json_slice_end(struct json_slice *it, struct span again, struct diag *why);
