#include "taxii/query.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"

enum rc
query_decode(struct span raw, struct arena *mem, struct span *out, struct diag *why)
{
	char *text = arena_bytes(mem, raw.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];
		if (c == '%') {
			int high = i + 2 < raw.len ? ascii_hex(raw.ptr[i + 1]) : -1;
			int low = high >= 0 ? ascii_hex(raw.ptr[i + 2]) : -1;
			if (i + 2 >= raw.len || high < 0 || low < 0)
				return diag_fail(why, RC_BAD,
					"a percent sign without two hexadecimal digits");
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == 0)
			return diag_fail(why, RC_BAD, "a NUL byte");
		text[len++] = c;
	}
	struct span decoded = {text, len};
	if (!span_is_utf8(decoded))
		return diag_fail(why, RC_BAD, "malformed UTF-8");
	*out = decoded;
	return RC_OK;
}

static const struct {
	struct span name;
	enum query_field field;
} names[] = {
	{SPAN("added_after"), QUERY_ADDED_AFTER},
	{SPAN("limit"), QUERY_LIMIT},
	{SPAN("next"), QUERY_NEXT_TOKEN},
	{SPAN("match[id]"), QUERY_ID},
	{SPAN("match[type]"), QUERY_TYPE},
	{SPAN("match[version]"), QUERY_VERSION},
	{SPAN("match[spec_version]"), QUERY_SPEC},
};

static unsigned
field_of(struct span name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, names[i].name))
			return names[i].field;
	return 0;
}

static bool
is_word(struct span s, const char *extra)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i]) && !strchr(extra, s.ptr[i]))
			return false;
	return s.len > 0;
}

/* Digits, a dot, digits. */
static bool
is_spec(struct span s)
{
	size_t dot = span_find_byte(s, '.');
	uint64_t number;
	return dot != SIZE_MAX && span_to_u64(span_sub(s, 0, dot), &number) &&
	       span_to_u64(span_sub(s, dot + 1, SIZE_MAX), &number);
}

static int
order_spans(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static int
order_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Comma-separated values without blanks (section 3.4), sorted, each once. */
static enum rc
take_values(struct span text, struct arena *mem, struct query_values *out, struct diag *why)
{
	size_t count = 1, kept = 0;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == ',';
	if (count > QUERY_VALUES)
		return diag_fail(why, RC_BAD, "%zu values, at most %d", count, QUERY_VALUES);
	struct span *at = arena_new(mem, count * sizeof *at), piece;
	count = 0;
	while (span_cut(&text, ',', &piece)) {
		if (piece.len == 0)
			return diag_fail(why, RC_BAD, "an empty value");
		at[count++] = piece;
	}
	qsort(at, count, sizeof *at, order_spans);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !span_eq(at[kept - 1], at[i]))
			at[kept++] = at[i];
	*out = (struct query_values){at, mutant(342) ? 1 : kept};
	return RC_OK;
}

static enum rc
check_values(const struct query_values *values, enum query_field field, struct diag *why)
{
	for (size_t i = 0; i < values->count; i++) {
		struct span one = values->at[i];
		bool good = field == QUERY_ID	  ? is_word(one, "-_.")
			    : field == QUERY_TYPE ? is_word(one, "-_")
						  : is_spec(one);
		if (!good)
			return diag_fail(why, RC_BAD, "\"%.*s\" has not the form it must have",
				(int)(one.len < 80 ? one.len : 80), one.ptr);
	}
	return RC_OK;
}

/* Keywords and instants of match[version] (section 3.4.1). */
static enum rc
take_versions(struct span text, struct arena *mem, struct query *q, struct diag *why)
{
	size_t count = 1;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == ',';
	if (count > QUERY_VALUES)
		return diag_fail(why, RC_BAD, "%zu values, at most %d", count, QUERY_VALUES);
	int64_t *at = arena_new(mem, count * sizeof *at);
	struct span piece;
	size_t words = 0, times = 0;
	unsigned digits = 0;
	q->last = false;
	q->versioned = true;
	while (span_cut(&text, ',', &piece)) {
		bool *word = span_eq(piece, SPAN("all"))     ? &q->all
			     : span_eq(piece, SPAN("first")) ? &q->first
			     : span_eq(piece, SPAN("last"))  ? &q->last
							     : NULL;
		if (word && *word && !mutant(352))
			return diag_fail(
				why, RC_BAD, "%.*s stands twice", (int)piece.len, piece.ptr);
		if (word) {
			*word = true;
			words++;
		} else if (time_parse(piece, &at[times++], &digits) ||
			   (mutant(353) && digits != 3)) {
			return diag_fail(why, RC_BAD, "neither first, last, all nor a timestamp");
		}
	}
	if (q->all && words + times > 1 && !mutant(351))
		return diag_fail(why, RC_BAD, "all stands beside other values");
	qsort(at, times, sizeof *at, order_times);
	for (size_t i = 1; i < times; i++)
		if (at[i - 1] == at[i] && !mutant(352))
			return diag_fail(why, RC_BAD, "one instant stands twice");
	q->versions = at;
	q->version_count = times;
	return RC_OK;
}

static enum rc
take_limit(struct span text, struct query *q, struct diag *why)
{
	uint64_t limit;
	bool good = span_to_u64(text, &limit) && (limit <= QUERY_LIMIT_MOST || mutant(84));
	if (!good && mutant(81))
		return RC_OK;
	if (!good || (limit == 0 && !mutant(80)))
		return diag_fail(why, RC_BAD, "not a whole number from 1 on");
	q->limit = limit;
	return RC_OK;
}

static enum rc
take_field(enum query_field field, struct span text, struct arena *mem, struct query *q,
	struct diag *why)
{
	struct query_values *values = field == QUERY_ID	    ? &q->ids
				      : field == QUERY_TYPE ? &q->types
							    : &q->specs;
	unsigned digits;
	if (text.len == 0)
		return diag_fail(why, RC_BAD, "an empty value");
	switch (field) {
	case QUERY_ADDED_AFTER:
		if (mutant(82) && time_parse(text, &q->added_after, NULL))
			return RC_OK;
		if (time_parse(text, &q->added_after, &digits) || (mutant(200) && digits != 6))
			return diag_fail(
				why, RC_BAD, "no timestamp like 2026-11-22T07:37:10.000000Z");
		if (mutant(201))
			q->added_after -= q->added_after % 1000;
		return RC_OK;
	case QUERY_LIMIT: return take_limit(text, q, why);
	case QUERY_NEXT_TOKEN:
		if (text.len > QUERY_NEXT)
			return diag_fail(why, RC_BAD, "no cursor of ours");
		q->next = text;
		return RC_OK;
	case QUERY_VERSION: return take_versions(text, mem, q, why);
	default: break;
	}
	enum rc code = take_values(text, mem, values, why);
	return code ? code : check_values(values, field, why);
}

enum rc
query_parse(
	struct span raw, unsigned fields, struct arena *mem, struct query *out, struct diag *why)
{
	struct query q = {.added_after = TIME_NONE, .last = true};
	unsigned seen = 0;
	struct span piece;
	diag_where(why, "query");
	if (raw.len > QUERY_BYTES)
		return diag_fail(why, RC_BAD, "%zu bytes, at most %d", raw.len, QUERY_BYTES);
	while (raw.ptr && span_cut(&raw, '&', &piece)) {
		if (piece.len == 0)
			continue;
		size_t equals = span_find_byte(piece, '=');
		struct span name, text = span_sub(piece,
					  equals == SIZE_MAX ? piece.len : equals + 1, SIZE_MAX);
		enum rc code = query_decode(span_sub(piece, 0, equals), mem, &name, why);
		if (!code)
			code = query_decode(text, mem, &text, why);
		if (code)
			return code;
		unsigned field = field_of(name);
		if (mutant(343) && field == 0 && span_starts(name, SPAN("match[")))
			return diag_fail(why, RC_BAD, "unknown match field");
		if (!(field & fields))
			continue;
		diag_where(why, "parameter %.*s", (int)name.len, name.ptr);
		if (seen & field && !mutant(83))
			return diag_fail(why, RC_BAD, "stands twice");
		seen |= field;
		code = take_field(field, text, mem, &q, why);
		if (code)
			return code;
	}
	*out = q;
	return RC_OK;
}

static void
digest_u64(crypto_generichash_state *state, uint64_t value)
{
	unsigned char bytes[8];
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
	crypto_generichash_update(state, bytes, sizeof bytes);
}

static void
digest_values(crypto_generichash_state *state, const struct query_values *values)
{
	digest_u64(state, values->count);
	for (size_t i = 0; i < values->count; i++) {
		digest_u64(state, values->at[i].len);
		crypto_generichash_update(
			state, (const unsigned char *)values->at[i].ptr, values->at[i].len);
	}
}

void
query_digest(const struct query *q, uint8_t out[static QUERY_DIGEST])
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, QUERY_DIGEST);
	digest_u64(&state, (uint64_t)q->added_after);
	if (mutant(280))
		digest_u64(&state, q->limit);
	digest_values(&state, &q->ids);
	digest_values(&state, &q->types);
	digest_values(&state, &q->specs);
	digest_u64(&state, (unsigned)q->first | (unsigned)q->last << 1 | (unsigned)q->all << 2);
	digest_u64(&state, q->version_count);
	for (size_t i = 0; i < q->version_count; i++)
		digest_u64(&state, (uint64_t)q->versions[i]);
	crypto_generichash_final(&state, out, QUERY_DIGEST);
}
