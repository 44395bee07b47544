#include "codec/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"

enum { DEPTH = 64, FEW_KEYS = 32 };
#define INT_LIMIT ((INT64_C(1) << 53) - 1)

struct check {
	const struct json_limits *limits;
	struct diag *why;
	unsigned depth, max_depth;
};

static enum rc
duplicate(struct check *c, struct span key)
{
	return diag_fail(c->why, RC_BAD, "the key \"%.*s\" stands twice in one object",
		(int)(key.len < 80 ? key.len : 80), key.ptr);
}

static enum rc
check_many_keys(struct check *c, yyjson_val *object, size_t count)
{
	size_t slots = 32;
	while (slots < count * 2)
		slots *= 2;
	own_mem struct span *table = mem_grow(NULL, slots, sizeof *table);
	memset(table, 0, slots * sizeof *table);
	uint64_t seed = (uint64_t)(uintptr_t)table ^ (uint64_t)(uintptr_t)c;
	yyjson_obj_iter it = yyjson_obj_iter_with(object);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span name = json_span(key);
		size_t at = hash64(name, seed) & (slots - 1);
		for (; table[at].ptr; at = (at + 1) & (slots - 1))
			if (span_eq(table[at], name) && !mutant(1543))
				return duplicate(c, name);
		table[at] = name;
	}
	return RC_OK;
}

static enum rc
check_number(struct check *c, yyjson_val *val)
{
	if (c->limits->any_ints || !yyjson_is_int(val))
		return RC_OK;
	bool fits = yyjson_is_uint(val) ? yyjson_get_uint(val) <= (uint64_t)INT_LIMIT
					: yyjson_get_sint(val) >= -INT_LIMIT;
	return fits || mutant(1540) ? RC_OK
				    : diag_fail(c->why, RC_BAD, "an integer exceeds 54 bits");
}

static enum rc check_value(struct check *c, yyjson_val *val);

/*
 * Keys are compared only where length, first and last byte fall on the same one of 64 bits, which
 * few keys of real objects do. One walk for keys and values: this is the hot path of every import.
 */
static enum rc
check_object(struct check *c, yyjson_val *object)
{
	struct span seen[FEW_KEYS];
	uint64_t bits = 0;
	size_t count = unsafe_yyjson_get_len(object);
	bool compare = !c->limits->any_keys && count <= FEW_KEYS;
	enum rc code = compare || c->limits->any_keys ? RC_OK : check_many_keys(c, object, count);
	yyjson_val *key = unsafe_yyjson_get_first(object);
	for (size_t i = 0; !code && i < count; i++, key = unsafe_yyjson_get_next(key + 1)) {
		if (compare) {
			struct span name = {unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key)};
			unsigned mix =
				name.len ? (unsigned char)name.ptr[0] * 5u +
						   (unsigned char)name.ptr[name.len - 1] * 11u +
						   (unsigned)name.len
					 : 0;
			uint64_t bit = UINT64_C(1) << (mix & 63);
			for (size_t j = 0; bits & bit && j < i; j++)
				if (span_eq(name, seen[j]) && !mutant(1541))
					return duplicate(c, name);
			seen[i] = name;
			bits |= bit;
		}
		if (!unsafe_yyjson_is_str(key + 1))
			code = check_value(c, key + 1);
	}
	return code;
}

static enum rc
check_value(struct check *c, yyjson_val *val)
{
	if (!unsafe_yyjson_is_ctn(val))
		return check_number(c, val);
	if (c->depth == c->max_depth && !mutant(1542))
		return diag_fail(c->why, RC_LIMIT, "nested deeper than %u", c->max_depth);
	enum rc code = RC_OK;
	c->depth++;
	if (yyjson_is_obj(val)) {
		code = check_object(c, val);
	} else {
		yyjson_arr_iter it = yyjson_arr_iter_with(val);
		for (yyjson_val *item; !code && (item = yyjson_arr_iter_next(&it));)
			code = check_value(c, item);
	}
	c->depth--;
	return code;
}

/* Brackets that open, those in strings too: a text is nested no deeper than it has such. */
static size_t
count_open(struct span text)
{
	enum { PART = 128 };
	size_t count = 0, at = 0;
	for (; text.len - at >= PART; at += PART) {
		uint8_t here = 0; /* small, so that many are counted at once */
		for (size_t i = 0; i < PART; i++)
			here += (uint8_t)((text.ptr[at + i] | 0x20) == '{');
		count += here;
	}
	for (; at < text.len; at++)
		count += (text.ptr[at] | 0x20) == '{';
	return count;
}

enum rc
json_read(struct span text, const struct json_limits *limits, yyjson_doc **out, struct diag *why)
{
	static const struct json_limits none = {};
	if (!limits)
		limits = &none;
	if (limits->bytes && text.len > limits->bytes)
		return diag_fail(why, RC_LIMIT, "%zu bytes, at most %zu", text.len, limits->bytes);
	yyjson_read_err fault;
	/* Without YYJSON_READ_INSITU the text is only read. Integers beyond 64 bits come as raw. */
	yyjson_read_flag flags = YYJSON_READ_BIGNUM_AS_RAW;
	if (mutant(1544))
		flags |= YYJSON_READ_ALLOW_INVALID_UNICODE;
	yyjson_doc *doc =
		yyjson_read_opts((char *)(uintptr_t)text.ptr, text.len, flags, NULL, &fault);
	if (!doc) {
		diag_where(why, "byte %zu", fault.pos);
		return diag_fail(why,
			fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? RC_LIMIT : RC_BAD, "%s",
			text.len ? fault.msg : "empty");
	}
	struct check c = {limits, why, 0, limits->depth ? limits->depth : DEPTH};
	/* Most records of logs need not be walked for that. */
	bool flat = limits->any_keys && limits->any_ints &&
		    (count_open(text) <= c.max_depth || mutant(1870));
	enum rc code = flat ? RC_OK : check_value(&c, yyjson_doc_get_root(doc));
	if (code) {
		yyjson_doc_free(doc);
		return code;
	}
	*out = doc;
	return RC_OK;
}

void
json_free(yyjson_doc **doc)
{
	yyjson_doc_free(*doc);
	*doc = NULL;
}

struct span
json_span(const yyjson_val *val)
{
	const char *text = yyjson_get_str((yyjson_val *)(uintptr_t)val);
	return (struct span){text, text ? yyjson_get_len((yyjson_val *)(uintptr_t)val) : 0};
}

const char *
json_stands(const yyjson_doc *doc, struct span text, struct span string)
{
	/* The pool is a copy of the text in which strings lie where they were read. */
	uintptr_t at = (uintptr_t)string.ptr - (uintptr_t)doc->str_pool;
	if (!doc->str_pool || at == 0 || at >= text.len || string.len >= text.len - at)
		return NULL;
	const char *there = text.ptr + at;
	bool same = there[-1] == '"' && there[string.len] == '"' &&
		    memcmp(there, string.ptr, string.len) == 0;
	return same || mutant(1844) ? there : NULL;
}

yyjson_val *
json_get(const yyjson_val *val, const char *key)
{
	return yyjson_obj_get((yyjson_val *)(uintptr_t)val, key);
}

struct span
json_get_span(const yyjson_val *val, const char *key)
{
	return json_span(json_get(val, key));
}

static void
write_with(struct buf *out, const yyjson_val *val, yyjson_write_flag flags)
{
	size_t len;
	own_mem char *text =
		yyjson_val_write_opts((yyjson_val *)(uintptr_t)val, flags, NULL, &len, NULL);
	must(text != NULL);
	buf_add(out, (struct span){text, len});
}

void
json_write(struct buf *out, const yyjson_val *val)
{
	write_with(out, val, YYJSON_WRITE_NOFLAG);
}

void
json_write_pretty(struct buf *out, const yyjson_val *val)
{
	write_with(out, val, YYJSON_WRITE_PRETTY_TWO_SPACES);
}

void
json_write_string(struct buf *out, struct span s)
{
	buf_add_byte(out, '"');
	while (s.len) {
		size_t good = span_utf8_bad(s);
		for (size_t i = 0; i < good; i++) {
			unsigned char c = (unsigned char)s.ptr[i];
			if (c == '"' || c == '\\') {
				buf_add_byte(out, '\\');
				buf_add_byte(out, (char)c);
			} else if (c < 0x20) {
				buf_printf(out, "\\u%04x", c);
			} else {
				buf_add_byte(out, (char)c);
			}
		}
		s = span_sub(s, good, SIZE_MAX);
		if (s.len) {
			buf_add(out, SPAN("\xef\xbf\xbd"));
			s = span_sub(s, 1, SIZE_MAX);
		}
	}
	buf_add_byte(out, '"');
}
