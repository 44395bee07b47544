#include "codec/json.h"
#include "vault/vault-internal.h"

/*
 * What search reads of an object: its string values, a line each, without those that say nothing to
 * a person who searches (identifiers' own words stay out by their keys). Characters of scripts
 * written without blanks are set apart, so that any run of them is found as a phrase.
 */
static const struct json_limits limits = {.any_keys = true, .any_ints = true, .depth = 256};

static bool
key_is_plumbing(struct span key)
{
	static const struct span plumbing[] = {
		{"spec_version", 12},
		{"created", 7},
		{"modified", 8},
		{"created_by_ref", 14},
		{"object_marking_refs", 19},
		{"granular_markings", 17},
		{"pattern_type", 12},
		{"pattern_version", 15},
		{"valid_from", 10},
	};
	for (size_t i = 0; i < sizeof plumbing / sizeof plumbing[0]; i++)
		if (span_eq(key, plumbing[i]))
			return true;
	return false;
}

/* Kana, Han, Hangul and their extensions: one character is one word. */
static bool
stands_alone(uint32_t c)
{
	return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x31f0 && c <= 0x31ff) ||
	       (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) ||
	       (c >= 0xac00 && c <= 0xd7af) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xff66 && c <= 0xff9d) || (c >= 0x20000 && c <= 0x3ffff);
}

static size_t
decode(struct span s, size_t at, uint32_t *out)
{
	unsigned char c = (unsigned char)s.ptr[at];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t value = len == 1 ? c : c & (0xffu >> (len + 1));
	if (at + len > s.len)
		len = s.len - at;
	for (size_t i = 1; i < len; i++)
		value = value << 6 | ((unsigned char)s.ptr[at + i] & 0x3f);
	*out = value;
	return len;
}

void
vault_text_words(struct span s, struct buf *out)
{
	size_t from = 0;
	for (size_t at = 0; at < s.len;) {
		uint32_t c;
		size_t len = (unsigned char)s.ptr[at] < 0x80 ? 1 : decode(s, at, &c);
		if (len > 2 && stands_alone(c)) {
			buf_add(out, span_sub(s, from, at - from));
			buf_add_byte(out, ' ');
			buf_add(out, span_sub(s, at, len));
			buf_add_byte(out, ' ');
			from = at + len;
		}
		at += len;
	}
	buf_add(out, span_sub(s, from, s.len));
}

static void
collect(yyjson_val *val, unsigned depth, struct buf *out)
{
	size_t i, count;
	yyjson_val *key, *member;
	if (yyjson_is_str(val)) {
		vault_text_words(json_span(val), out);
		buf_add_byte(out, '\n');
	} else if (yyjson_is_arr(val) && depth < 256) {
		yyjson_arr_foreach(val, i, count, member) collect(member, depth + 1, out);
	} else if (yyjson_is_obj(val) && depth < 256) {
		yyjson_obj_foreach(val, i, count, key, member) if (!key_is_plumbing(json_span(key)))
			collect(member, depth + 1, out);
	}
}

void
vault_text_of(struct span bytes, struct buf *out)
{
	own_json yyjson_doc *doc = NULL;
	if (json_read(bytes, &limits, &doc, NULL) == RC_OK)
		collect(yyjson_doc_get_root(doc), 0, out);
}
